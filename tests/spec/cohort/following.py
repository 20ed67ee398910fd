"""How the spec tables of outcomes ask: each line is a person of its own, whose days count from the index date."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd

from vi_risk.cohort.outcomes import outcomes_of
from vi_risk.records.linked import Records
from vi_risk.records.tables import TABLES

INDEX_DATE = date(2023, 3, 1)
HORIZON = 100

# table and row, without the person
Entry = tuple[str, dict[str, Any]]
# what it shows, the person's entries, outcome, how the window ended, on which day of it
Line = tuple[str, Sequence[Entry], float | None, str | None, int | None]


def day(number: int) -> date:
    return INDEX_DATE + timedelta(days=number)


def admitted(on: int, discharged: int | None = None, main: str | None = None, **other: Any) -> Entry:
    """Return a spell, an emergency unless it says otherwise; `main` is its primary diagnosis."""
    row = {"admission_method": "21", "discharge_destination": "19", "admitted_on": day(on), "main": main} | other
    return "spells", row | {"discharged_on": None if discharged is None else day(discharged)}


def died(on: int) -> Entry:
    return "patients", {"died_on": day(on)}


def registered(since: int, until: int | None = None, practice: str = "A", **other: Any) -> Entry:
    row = {"registered_from": day(since), "registered_to": None if until is None else day(until)}
    return "registrations", row | {"practice_code": practice} | other


def records_of(lines: Sequence[Line], *, without: Sequence[str] = ()) -> Records:
    """Return the records of all lines: who is not said to be registered is so for ever."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ("patients", "registrations", "spells", "diagnoses")}
    for person, entries, *_ in lines:
        patient = {"patient_id": person, "birth_month": date(1950, 6, 1), "sex": "1"}
        for number, (table, entry) in enumerate(entries):
            if table == "patients":
                patient |= entry
                continue
            spell_id = f"{person} {number}"
            rows[table].append({"patient_id": person, "spell_id": spell_id} | entry)
            for position, code in enumerate((entry.get("main") or "").split(), start=1):
                rows["diagnoses"].append({"spell_id": spell_id, "position": position, "code": code})
        rows["patients"].append(patient)
        if not any(table == "registrations" for table, _ in entries):
            rows["registrations"].append({"patient_id": person} | registered(-5000)[1])
    return Records.from_frames(
        {
            name: pd.DataFrame(
                [[row.get(column) for column in TABLES[name].column_names] for row in of_table],
                columns=TABLES[name].column_names,
                dtype=object,
            ).drop(columns=[column for column in without if column in TABLES[name].column_names])
            for name, of_table in rows.items()
            if name not in without
        }
    )


def assert_table(lines: Sequence[Line], *, known_by: int = 400, **asked: Any) -> None:
    """Each line of the table holds."""
    cohort = pd.DataFrame({"patient_id": [line[0] for line in lines], "index_date": INDEX_DATE}, dtype=object)
    asked = {"horizon_days": HORIZON, "known_by": day(known_by), "outcome": "emergency_admission"} | asked

    found = outcomes_of(records_of(lines), cohort, **asked)

    told = {
        person: tuple(None if pd.isna(value) else value for value in (row.outcome, row.ended, row.followed_days))
        for (person, *_), row in zip(lines, found.itertuples(), strict=True)
    }
    assert told == {person: tuple(expected) for person, _, *expected in lines}
