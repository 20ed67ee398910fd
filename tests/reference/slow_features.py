"""What every feature means, a second time: slow, obvious, one patient and one definition at a time.

Written from features/README.md, without a look at the engine, so that the two can disagree. Nothing here is clever
on purpose: rows are dictionaries, sets are sets, and each paragraph of the grammar is one function.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd

from vi_risk.features.codelists import plain_code
from vi_risk.features.declarations import CODED_ENTRIES, Catalogue, Definition
from vi_risk.records.tables import TABLES

Row = dict[str, Any]
GroupsOf = Callable[[Row], set[str]]


class Tables:
    """The canonical tables as lists of plain rows, with the columns that each has."""

    def __init__(self, frames: Mapping[str, pd.DataFrame]) -> None:
        self.rows = {name: _rows(frame) for name, frame in frames.items()}
        self.columns = {name: set(frame.columns) for name, frame in frames.items()}

    def __contains__(self, table: str) -> bool:
        return table in self.rows


@dataclass(frozen=True)
class Moment:
    """Of whom and when a feature is asked: a person, the index date, and since when the practice's tables are seen."""

    patient_id: str
    index_date: date
    gp_seen_from: date | None

    def sees_practice_on(self, day: date) -> bool:
        return self.gp_seen_from is not None and self.gp_seen_from <= day


def slow_features(tables: Mapping[str, pd.DataFrame], cohort: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Return one row per row of the cohort and one column per feature, NaN where it is missing.

    `tables` are canonical frames, `cohort` has patient_id, index_date and gp_seen_from (None: never seen).
    """
    plain = Tables(tables)
    rows = []
    for asked in _rows(cohort):
        moment = Moment(asked["patient_id"], asked["index_date"], asked["gp_seen_from"])
        row: Row = {"patient_id": moment.patient_id, "index_date": moment.index_date}
        for definition in catalogue.definitions:
            row |= _values(plain, moment, definition, catalogue)
        rows.append(row)
    names = [feature.name for feature in catalogue.features]
    answer = pd.DataFrame(rows, columns=["patient_id", "index_date", *names])
    answer[names] = answer[names].astype(float)
    return answer.sort_values(["patient_id", "index_date"], ignore_index=True)


def _values(tables: Tables, moment: Moment, definition: Definition, catalogue: Catalogue) -> dict[str, float | None]:
    features = catalogue.features_of(definition)
    if not _has_what_it_reads(tables, definition):
        return {feature.name: None for feature in features}
    if definition.measure in ("age", "is", "value"):
        return {features[0].name: _of_the_person(tables, moment, definition)}
    groups_of = _groups_of_codes(definition, catalogue)
    rows = [
        row
        for row in _seen_rows(tables, definition.table, moment)
        if all(row[column] in values for column, values in definition.where.items())
        and (definition.codes is None or groups_of(row))
    ]
    values: dict[str, float | None] = {}
    for feature in features:
        first_day = moment.index_date - timedelta(days=feature.window or 0)
        if definition.measure == "bed_days":
            nights = sum(_nights(row, first_day, moment.index_date) for row in rows)
            value: float | None = min(nights, feature.window or 0)  # stays that overlap are one bed at a time
        else:
            in_window = [row for row in rows if row["happened_on"] >= first_day]
            value = _measured(in_window, definition, moment.index_date, feature.group, groups_of, catalogue)
        if not _wholly_seen(tables, definition.table, moment, first_day) and not _certain(definition, value):
            value = None
        values[feature.name] = value
    return values


# --- what the records lack -----------------------------------------------------------------------------------------


def _has_what_it_reads(tables: Tables, definition: Definition) -> bool:
    """A table or column that the records lack makes its features missing; coded entries need one of their sources."""
    if definition.table == CODED_ENTRIES:
        return "diagnoses" in tables or "gp_events" in tables
    if definition.table not in tables:
        return False
    needed = [*definition.where, *([definition.of] if definition.of else [])]
    return all(column in tables.columns[definition.table] for column in needed)


# --- what had happened, had arrived and is seen --------------------------------------------------------------------


def _seen_rows(tables: Tables, table: str, moment: Moment) -> list[Row]:
    """Return the person's rows that had happened and arrived before the index date, each with its day happened_on."""
    if table == CODED_ENTRIES:
        return _coded_entries(tables, moment)
    if table == "diagnoses":
        return _diagnoses(tables, moment)
    declared = TABLES[table]
    seen = []
    for row in (dict.fromkeys(declared.column_names) | row for row in tables.rows[table]):
        if row["patient_id"] != moment.patient_id or not _arrived(row, moment):
            continue
        happened_on = _day(row[str(declared.event)])
        if happened_on >= moment.index_date:
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


def _diagnoses(tables: Tables, moment: Moment) -> list[Row]:
    """A diagnosis is dated, and known from, the day of discharge; it needs its spell and must itself have arrived."""
    discharged = {
        spell["spell_id"]: spell["discharged_on"]
        for spell in _seen_rows(tables, "spells", moment)
        if spell["discharged_on"] is not None
    }
    return [
        row | {"happened_on": discharged[row["spell_id"]], "code_system": "icd10"}
        for row in tables.rows["diagnoses"]
        if row["spell_id"] in discharged and _arrived(row, moment)
    ]


def _coded_entries(tables: Tables, moment: Moment) -> list[Row]:
    entries = []
    for table in ("diagnoses", "gp_events"):
        if table in tables:
            entries += [
                {
                    "patient_id": moment.patient_id,
                    "event_on": row["happened_on"],
                    "happened_on": row["happened_on"],
                    "code_system": row["code_system"],
                    "code": row["code"],
                }
                for row in _seen_rows(tables, table, moment)
            ]
    return entries


def _arrived(row: Row, moment: Moment) -> bool:
    recorded_on = row.get("recorded_on")
    return recorded_on is None or recorded_on < moment.index_date


def _wholly_seen(tables: Tables, table: str, moment: Moment, first_day: date) -> bool:
    """A practice's table is seen from the day it joined; coded entries are the hospital's where it is not seen."""
    if table == CODED_ENTRIES:
        return "diagnoses" in tables or moment.sees_practice_on(moment.index_date - timedelta(days=1))
    return TABLES[table].held_by == "trust" or moment.sees_practice_on(first_day)


def _certain(definition: Definition, value: float | None) -> bool:
    """What was seen is certain, though the window is not wholly seen: that there is a row, and when the last was."""
    if definition.measure == "days_since_last":
        return value is not None
    return definition.measure in ("any", "group_flags") and value == 1


# --- measures ------------------------------------------------------------------------------------------------------


def _measured(
    rows: list[Row],
    definition: Definition,
    index_date: date,
    group: str | None,
    groups_of: GroupsOf,
    catalogue: Catalogue,
) -> float | None:
    match definition.measure:
        case "count":
            return len(rows)
        case "any":
            return 1 if rows else 0
        case "distinct":
            values = {row[str(definition.of)] for row in rows} - {None}
            return len({str(value)[: definition.prefix] for value in values} if definition.prefix else values)
        case "days_since_last":
            return min(((index_date - row["happened_on"]).days for row in rows), default=None)
        case "days_since_first":
            return max(((index_date - row["happened_on"]).days for row in rows), default=None)
        case "groups":
            return len({found for row in rows for found in groups_of(row)})
        case "points":
            points = {entry.group: entry.points for entry in catalogue.codelists[str(definition.codes)].entries}
            return sum(points[found] for found in {found for row in rows for found in groups_of(row)})
        case "group_flags":
            return 1 if any(group in groups_of(row) for row in rows) else 0
    raise NotImplementedError(definition.measure)


def _nights(spell: Row, first_day: date, index_date: date) -> int:
    start = max(spell["admitted_on"], first_day)
    end = min(spell["discharged_on"] or index_date, index_date)
    nights: int = (end - start).days
    return max(nights, 0)


def _of_the_person(tables: Tables, moment: Moment, definition: Definition) -> float | None:
    found = [row for row in tables.rows["patients"] if row["patient_id"] == moment.patient_id]
    if not found:
        return None
    person = found[0]
    if definition.measure == "age":
        born = person["birth_month"]
        before_birthday = (moment.index_date.month, moment.index_date.day) < (born.month, born.day)
        years: int = moment.index_date.year - born.year - before_birthday
        return years
    if definition.measure == "value":
        value = person[str(definition.of)]
        return None if value is None else float(value)
    if any(person[column] is None for column in definition.where):
        return None
    return float(all(person[column] in values for column, values in definition.where.items()))


def _groups_of_codes(definition: Definition, catalogue: Catalogue) -> GroupsOf:
    """Return a function from a row to the groups of the code list that its code belongs to, by plain comparison."""
    if definition.codes is None:
        return lambda _: set()
    entries = catalogue.codelists[definition.codes].entries
    column = "bnf_code" if definition.table == "prescriptions" else "code"

    def groups_of(row: Row) -> set[str]:
        system = "bnf" if definition.table == "prescriptions" else row["code_system"]
        code = plain_code(system, row[column])
        below = system in ("icd10", "bnf")
        return {
            entry.group
            for entry in entries
            if entry.system == system and (code.startswith(entry.code) if below else code == entry.code)
        }

    return groups_of


# --- values as plain Python ----------------------------------------------------------------------------------------


def _rows(frame: pd.DataFrame) -> list[Row]:
    """Return the rows as dictionaries, with None for every kind of missing value."""
    return [
        {str(column): None if pd.isna(value) else value for column, value in row.items()}
        for row in frame.astype(object).to_dict("records")
    ]


def _day(happened: Any) -> date:
    """Return the calendar day of a date or a timestamp."""
    return happened.date() if isinstance(happened, datetime) else happened
