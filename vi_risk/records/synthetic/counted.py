"""Canonical tables counted by person: who is registered when, and how often what happened to whom."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vi_risk.errors import UsageError
from vi_risk.records.codes import EMERGENCY_ADMISSION_METHODS
from vi_risk.records.stays import stays
from vi_risk.records.synthetic.fact import Counts
from vi_risk.records.synthetic.frames import PANDAS_TYPES, canonical_schema
from vi_risk.records.synthetic.months import DAYS_IN_YEAR

if TYPE_CHECKING:
    import pandas as pd

Tables = Mapping[str, "pd.DataFrame"]
_OF_A_STAY = ("admitted_on", "discharged_on", "admission_method")


class CountedRecords:
    """The tables as arrays by person, and who is registered when."""

    def __init__(self, tables: Tables) -> None:
        import pandas as pd  # noqa: PLC0415

        self.tables = tables
        patients = tables["patients"]
        self.row_of = pd.Index(patients["patient_id"])
        self.persons = len(patients)
        self.born, self.died = (days_of(patients[name]) for name in ("birth_month", "died_on"))
        registrations = tables["registrations"]
        self.person = self.rows(registrations)
        self.since, self.until = (days_of(registrations[name]) for name in ("registered_from", "registered_to"))
        practices = tables["practices"]
        joined = pd.Series(days_of(practices["integrated_from"]), index=practices["practice_code"])
        self.practice = registrations["practice_code"].to_numpy()
        self.joined = joined.reindex(self.practice).to_numpy()

        whole_stays = stays_of(tables["spells"])
        self.stays = whole_stays[whole_stays["admission_method"].isin(EMERGENCY_ADMISSION_METHODS)]
        self.admitted_person, self.admitted_on = self.rows(self.stays), days_of(self.stays["admitted_on"])
        arrived = days_of(tables["ed_attendances"]["arrived_at"])
        self.first_day, self.last_day = arrived.min(), arrived.max()
        self.years = [
            (np.datetime64(f"{year}-01-01"), np.datetime64(f"{year + 1}-01-01"))
            for year in range(*(int(str(day)[:4]) for day in (self.first_day + 25, self.last_day + 35)))
            if np.datetime64(f"{year}-01-01") >= self.first_day - 25
        ]
        if not self.years:
            raise UsageError(
                f"facts: expected records of at least one whole calendar year, got {self.first_day} to "
                f"{self.last_day}. Let the synthetic trust run from a 1st of January to a 31st of December."
            )

    def rows(self, table: "pd.DataFrame") -> NDArray[np.int64]:
        """Return the position among the patients of each row's person."""
        return np.asarray(self.row_of.get_indexer(table["patient_id"]))

    def registered(self, day: np.datetime64) -> NDArray[np.int64]:
        """Return who is registered on a day, as positions of registrations, one of each person."""
        return np.flatnonzero((self.since <= day) & ~(self.until <= day))

    def person_years(self, counts: NDArray[np.bool_] | None = None) -> Counts:
        """Return the years within the records that each person was registered, with the registrations that count."""
        start, end = self.years[0][0], self.years[-1][1]
        days = (np.fmin(self.until, end) - np.maximum(self.since, start)).astype(np.float64)
        days = np.maximum(days, 0) * (1.0 if counts is None else counts)
        return np.bincount(self.person, weights=days, minlength=self.persons) / DAYS_IN_YEAR

    def events(self, table: "pd.DataFrame", column: str) -> Counts:
        """Return the number of rows of each person within the whole years of the records."""
        day = days_of(table[column])
        kept = (day >= self.years[0][0]) & (day < self.years[-1][1])
        return np.bincount(self.rows(table)[kept], minlength=self.persons).astype(np.float64)

    def age(self, person: NDArray[np.int64], day: np.datetime64) -> Counts:
        """Return the age of each person on a day, in years."""
        return (day - self.born[person]).astype(np.float64) / DAYS_IN_YEAR


def stays_of(spells: "pd.DataFrame") -> "pd.DataFrame":
    """Return the stays that the spells make up: whoever is moved to another hospital was admitted once."""
    import ibis  # noqa: PLC0415
    import pyarrow as pa  # noqa: PLC0415

    table = pa.Table.from_pandas(spells, schema=canonical_schema("spells"), preserve_index=False)
    found = stays(ibis.memtable(table)).to_pyarrow().select(["spell_id", "patient_id", *_OF_A_STAY])
    frame: pd.DataFrame = found.sort_by("spell_id").to_pandas(types_mapper=PANDAS_TYPES.get)
    return frame


def days_of(values: "pd.Series") -> NDArray[np.datetime64]:
    """Return the day of each value, as numpy counts days; NaT where there is none."""
    return values.astype("datetime64[s]").to_numpy().astype("datetime64[D]")
