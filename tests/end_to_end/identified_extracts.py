"""Extracts as a hospital has them: NHS numbers, names, addresses, dates of birth and postcodes, of nobody."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tests.unit.identity.people import numbers

# Names of the files are the site's, names of the columns of all but the patients canonical.
_TABLES = ("practices", "registrations", "spells", "ed_attendances", "gp_events", "mdt_reviews")
_MAPPING = """
name = "site"
[sources]
people = "SELECT p.*, l.LSOA21 FROM PMI AS p LEFT JOIN ONSPD AS l ON l.PCDS = p.POSTCODE"
[tables.patients]
source = "people"
columns.patient_id = "NHS_NUMBER"
columns.birth_month = "DATE_OF_BIRTH"
columns.sex = "SEX"
columns.died_on = "DIED"
columns.lsoa = "LSOA21"
"""


@dataclass(frozen=True)
class WhoIsWho:
    """Everything in the extracts that says who somebody is."""

    numbers: frozenset[str]
    names: frozenset[str]
    addresses: frozenset[str]
    postcodes: frozenset[str]

    @property
    def all(self) -> list[str]:
        return sorted(self.numbers | self.names | self.addresses | self.postcodes)


def write_identified_extracts(trust: Path, folder: Path) -> WhoIsWho:
    """Write the records of a synthetic trust as extracts with identifiers, and beside the folder their mapping."""
    folder.mkdir()
    people = pd.read_parquet(trust / "patients.parquet").sort_values("patient_id", ignore_index=True)
    people["nhs_number"] = numbers(len(people))
    places = range(len(people))
    pmi = pd.DataFrame(
        {
            "NHS_NUMBER": [f"{number[:3]} {number[3:6]} {number[6:]}" for number in people["nhs_number"]],
            "FORENAME": [f"Geheim{place % 40:02d}a" for place in places],
            "SURNAME": [f"Sekretname{place:04d}" for place in places],
            "ADDRESS": [f"{place + 1} Verborgen Street, Nirgendham" for place in places],
            "DATE_OF_BIRTH": (pd.to_datetime(people["birth_month"]) + pd.Timedelta(days=11)).dt.strftime("%Y-%m-%d"),
            "POSTCODE": [f"ZZ{place // 100} {place % 10}QX" for place in places],
            "SEX": people["sex"],
            "DIED": people["died_on"],
        }
    )
    pmi.to_csv(folder / "PMI.csv", index=False)
    areas = pd.DataFrame({"PCDS": pmi["POSTCODE"], "LSOA21": people["lsoa"]}).drop_duplicates("PCDS")
    areas.to_csv(folder / "ONSPD.csv", index=False)
    number_of = people.set_index("patient_id")["nhs_number"]
    mapping = [_MAPPING]
    for table in _TABLES:
        rows = pd.read_parquet(trust / f"{table}.parquet")
        if "patient_id" in rows:
            rows["patient_id"] = rows["patient_id"].map(number_of)
        if "plan" in rows:
            rows["plan"] = "rang " + rows["patient_id"].map(
                dict(zip(people["nhs_number"], pmi["SURNAME"], strict=True))
            )
        rows.to_parquet(folder / f"{table}.parquet", index=False)
        mapping += [f"[tables.{table}]", f'source = "{table}"', *(f"columns.{name} = '\"{name}\"'" for name in rows)]
    (folder.parent / "mapping.toml").write_text("\n".join(mapping))
    return WhoIsWho(
        frozenset(people["nhs_number"]),
        frozenset(pmi["FORENAME"]) | frozenset(pmi["SURNAME"]),
        frozenset(pmi["ADDRESS"]),
        frozenset(pmi["POSTCODE"]),
    )
