"""What a person's records show at an index date, a second time: slow, obvious, one person and one source at a time.

Written from features/README.md (its sources, and what a feature sees), without a look at the engine. A row is a
dictionary; each one that is seen says in `happened_on` the day that windows go by.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from tests.spec.records.slow_spells import slow_continuous_spells
from vi_risk.features.sources import ADMISSIONS, CODED_ENTRIES, CONTACTS, OF_THE_SPELL, SOURCES
from vi_risk.records.tables import TABLES

Row = dict[str, Any]

_REGULAR_ATTENDERS = ("3", "4")
_SEEN = ("5", "6")
# Settings in their order on one day: table, its day, and what makes a row of it a contact.
_CONTACTS: tuple[tuple[str, str, Mapping[str, tuple[str, ...]]], ...] = (
    ("gp", "gp_appointments", {"status": ("attended",)}),
    ("community", "community_contacts", {"attended": _SEEN}),
    ("outpatient", "outpatient_appointments", {"attended": _SEEN}),
    ("ed", "ed_attendances", {}),
    ("admission", "spells", {}),
)
_OF_AN_ADMISSION = ("provider_code", "admission_method", "patient_classification", "treatment_function")
_OF_A_DISCHARGE = ("discharged_on", "discharge_method", "discharge_destination")


class Tables:
    """The canonical tables as lists of plain rows, with the columns that each has."""

    def __init__(self, frames: Mapping[str, pd.DataFrame]) -> None:
        self.rows = {name: rows_of(frame) for name, frame in frames.items()}
        self.columns = {name: set(frame.columns) for name, frame in frames.items()}

    def __contains__(self, table: str) -> bool:
        return table in self.columns

    def of_person(self, patient_id: str) -> "Tables":
        """Return the rows of one person, those of a spell among them."""
        person = Tables({})
        person.columns = self.columns
        spells = {row["spell_id"] for row in self.rows["spells"] if row["patient_id"] == patient_id}
        for name, rows in self.rows.items():
            person.rows[name] = [
                row for row in rows if row.get("patient_id") == patient_id or (row.get("spell_id") in spells)
            ]
        return person


@dataclass(frozen=True)
class Moment:
    """When a feature of a person is asked: the index date, and since when the practice's tables are seen."""

    index_date: date
    gp_seen_from: date | None

    def sees_practice_on(self, day: date) -> bool:
        return self.gp_seen_from is not None and self.gp_seen_from <= day


def rows_of(frame: pd.DataFrame) -> list[Row]:
    """Return the rows as dictionaries, with None for every kind of missing value."""
    return [
        {str(column): None if pd.isna(value) else value for column, value in row.items()}
        for row in frame.astype(object).to_dict("records")
    ]


# --- what the records lack -----------------------------------------------------------------------------------------


def columns_of(tables: Tables, source: str) -> set[str] | None:
    """Return the columns that a source has in these records; None where the records lack the source."""
    if source == CODED_ENTRIES:
        return {"event_on", "code_system", "code"} if "diagnoses" in tables or "gp_events" in tables else None
    if source == CONTACTS:
        whole = all(table in tables and set(need) <= tables.columns[table] for _, table, need in _CONTACTS)
        return {"event_on", "setting", "previous_setting", "days_after_previous"} if whole else None
    if source == ADMISSIONS:
        return set(SOURCES[ADMISSIONS].column_names) & (tables.columns["spells"] | {"nights", "days_after_discharge"})
    if source not in tables:
        return None
    if source in ("diagnoses", "procedures"):
        return tables.columns[source] | {"event_on"} | (tables.columns["spells"] & set(OF_THE_SPELL))
    return tables.columns[source]


# --- what had happened, had arrived and is seen --------------------------------------------------------------------


def seen_rows(tables: Tables, source: str, moment: Moment) -> list[Row]:
    """Return one person's rows that had happened and arrived before the index date."""
    match source:
        case "coded_entries":
            return [
                {name: row[name] for name in ("happened_on", "event_on", "code_system", "code")}
                for table in ("diagnoses", "gp_events")
                if table in tables
                for row in seen_rows(tables, table, moment)
            ]
        case "diagnoses" | "procedures":
            return _rows_of_spells(tables, source, moment)
        case "admissions":
            return _admissions(tables, moment)
        case "contacts":
            return _contacts(tables, moment)
    declared = TABLES[source]
    seen = []
    for row in (dict.fromkeys(declared.column_names) | row for row in tables.rows[source]):
        happened_on = _day(row[str(declared.event)])
        if not _arrived(row, moment) or happened_on >= moment.index_date:
            continue
        if declared.held_by == "practice" and not moment.sees_practice_on(happened_on):
            continue
        for column in declared.columns:
            if column.known_from is not None:
                known_from = row[column.known_from]
                if known_from is None or known_from >= moment.index_date:
                    row[column.name] = None
        seen.append(row | {"happened_on": happened_on})
    return seen


def _rows_of_spells(tables: Tables, table: str, moment: Moment) -> list[Row]:
    """A coded row of a spell is dated, and known from, the day of discharge; spell and row must both have arrived."""
    discharged = {
        spell["spell_id"]: spell for spell in seen_rows(tables, "spells", moment) if spell["discharged_on"] is not None
    }
    system = {"diagnoses": "icd10", "procedures": "opcs4"}[table]
    found = []
    for row in tables.rows[table]:
        if row["spell_id"] in discharged and _arrived(row, moment):
            spell = discharged[row["spell_id"]]
            dated = {"happened_on": spell["discharged_on"], "event_on": spell["discharged_on"], "code_system": system}
            found.append({name: spell[name] for name in OF_THE_SPELL} | row | dated)
    return found


def _admissions(tables: Tables, moment: Moment) -> list[Row]:
    """Spells as they were known, joined by transfer; regular attenders stand apart."""
    known = {spell["spell_id"]: spell for spell in seen_rows(tables, "spells", moment)}
    stays: dict[str, list[Row]] = {}
    for spell_id, began_with in slow_continuous_spells(list(known.values())).items():  # in the order of time
        stays.setdefault(began_with, []).append(known[spell_id])
    admissions: list[Row] = []
    before: Row | None = None
    for spells in stays.values():
        first, last = spells[0], spells[-1]
        stay = {"happened_on": first["admitted_on"], "admitted_on": first["admitted_on"]}
        stay |= {name: first[name] for name in _OF_AN_ADMISSION} | {name: last[name] for name in _OF_A_DISCHARGE}
        stay["nights"] = _days(first["admitted_on"], last["discharged_on"])
        stay["days_after_discharge"] = None
        if first["patient_classification"] not in _REGULAR_ATTENDERS:
            if before is not None:
                days = _days(before["discharged_on"], first["admitted_on"])
                # A stay that was still going on is no stay before: two hospitals at once.
                stay["days_after_discharge"] = None if days is None or days < 0 else days
            before = stay
        admissions.append(stay)
    return admissions


def _contacts(tables: Tables, moment: Moment) -> list[Row]:
    """Person, day and setting, each once, with the one before; nothing from before the practice was seen."""
    found = {
        (row["happened_on"], place, setting)
        for place, (setting, table, need) in enumerate(_CONTACTS)
        for row in seen_rows(tables, table, moment)
        if all(row[column] in values for column, values in need.items())
        and not (table == "spells" and row["patient_classification"] in _REGULAR_ATTENDERS)
        and moment.sees_practice_on(row["happened_on"])
    }
    contacts: list[Row] = []
    for day, _, setting in sorted(found):
        before = contacts[-1] if contacts and _days(contacts[-1]["event_on"], day) in range(366) else None
        contacts.append(
            {
                "happened_on": day,
                "event_on": day,
                "setting": setting,
                "previous_setting": before["setting"] if before else None,
                "days_after_previous": (day - before["event_on"]).days if before else None,
            }
        )
    return contacts


def _arrived(row: Row, moment: Moment) -> bool:
    recorded_on = row.get("recorded_on")
    return recorded_on is None or recorded_on < moment.index_date


def _day(happened: Any) -> date:
    """Return the calendar day of a date or a timestamp."""
    return happened.date() if isinstance(happened, datetime) else happened


def _days(start: date | None, end: date | None) -> int | None:
    return None if start is None or end is None else (end - start).days
