"""Small random linked records, dense where it matters: at the index date, at window edges, at what arrives late.

A record is a dictionary of canonical tables, each a list of rows (dictionaries); `frames` makes data frames of it.
Everything is thrown with dice, a `random.Random` that Hypothesis hands out: one that it shrinks for a few people, a
fast one for a crowd. What the columns hold follows from the declarations: half of a row's values are such that a
definition of the catalogue holds of it, so that a feature declared tomorrow is drawn as often as those of today.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any, Self

import pandas as pd

from vi_risk.features.catalogue import read_catalogue
from vi_risk.features.definition import Condition, Definition, Range, Values
from vi_risk.features.sources import ADMISSIONS, CODE_COLUMNS, CODED_ENTRIES, CONTACTS, SETTINGS
from vi_risk.records.tables import TABLES, Column

Row = dict[str, Any]
Record = dict[str, list[Row]]

# The corners declared beside this file, and with them all that is shipped.
CATALOGUE = read_catalogue(Path(__file__).parent / "features")

# A new year, a leap day, the day after one, the night the clocks go forward, a year after a leap year's March.
INDEX_DATES = (date(2024, 1, 1), date(2024, 2, 29), date(2024, 3, 1), date(2024, 4, 1), date(2025, 3, 1))

_WINDOWS = sorted({feature.window for feature in CATALOGUE.features if feature.window is not None})
_EDGES = sorted({-days + shift for window in _WINDOWS for days in (window, window // 2) for shift in (-1, 0, 1)} | {1})
_DAYS_AHEAD = (0, 0, 1, 2, 30, 400)
# The last is an hour that British clocks leave out on the last Sunday of March.
_HOURS = (time(0, 0), time(23, 59), time(23, 59, 59, 999_999), time(1, 30))

# Beside the numbers that definitions ask for: nothing, negative, more decimals than count, too far out to be one.
_NUMBERS = (0, 1, 28, 120.5, -2.75, 36.60004, 99.999964, 7.123449, 100_000, -9e15)
_BESIDE: Mapping[tuple[str, str], Sequence[object]] = {
    ("spells", "admission_method"): ("21", "81", "2B"),
    ("spells", "discharge_destination"): ("51", "19", "87"),
    ("spells", "patient_classification"): ("1", "1", "3", "4"),
    ("patients", "sex"): ("1", "2"),
    ("patients", "imd_decile"): (1, 10),
}
_CODES_BESIDE = (
    ("icd10", "I10"),
    ("icd10", "i501"),
    ("icd10", "E11.2"),
    ("icd10", "e115"),
    ("icd10", "C44.3"),
    ("opcs4", "W37.1"),
    ("opcs4", "K40"),
    ("snomed", "999999999"),
    ("read2", "C10.."),
    ("ctv3", "C10.."),
    ("read2", "c10.."),
    ("bnf", "0208020V0AAABAB"),
    ("bnf", "1001"),
    ("bnf", "210109000BBCAA0"),
)

DATED_TABLES = tuple(name for name, table in TABLES.items() if table.dated)
OF_SPELLS = ("diagnoses", "procedures")
_IDENTIFIERS = {"spells": "spell_id", "ed_attendances": "attendance_id", "outpatient_appointments": "appointment_id"}


def tables_behind(source: str) -> tuple[str, ...]:
    """Return the dated tables that a source of features is made of."""
    behind: Mapping[str, tuple[str, ...]] = {
        "patients": (),
        "diagnoses": ("spells",),
        "procedures": ("spells",),
        ADMISSIONS: ("spells",),
        CODED_ENTRIES: ("spells", "gp_events"),
        CONTACTS: tuple(SETTINGS.values()),
    }
    return behind.get(source, (source,))


# --- what a row holds ----------------------------------------------------------------------------------------------


# What a definition asks of the rows of one table.
Aim = tuple[Condition, Definition]


def aims_at(definitions: Iterable[Definition]) -> Mapping[str, Sequence[Aim]]:
    """Return canonical table -> what each definition asks of its rows."""
    aims: dict[str, list[Aim]] = {name: [] for name in TABLES}
    for definition in definitions:
        condition = {**definition.where, **definition.part}
        tables = {definition.table, *tables_behind(definition.table)} & set(TABLES)
        for table in tables if definition.table != CONTACTS else ():
            of_table = {c: wanted for c, wanted in condition.items() if c in TABLES[table].column_names}
            aims[table].append((of_table, definition))
    return aims


_ALL_AIMS = aims_at(CATALOGUE.definitions)


def _values_of(table: str, column: Column) -> tuple[object, ...]:
    """Return what a column may hold: what definitions ask for, something else, and a null where there may be one."""
    pool: list[object] = [] if column.required else [None]
    pool += _BESIDE.get((table, column.name), ())
    for condition, _ in _ALL_AIMS[table]:
        pool += _ends(condition[column.name]) if column.name in condition else ()
    match column.type:
        case "boolean":
            pool += (True, False)
        case "number":
            pool += _NUMBERS
        case "integer":
            pool += (1, 2, 3)
        case "text":
            codes = column.values  # noqa: PD011  the declared codes, not an array
            pool += list(codes)[:2] if codes else ("a", "b")
    return tuple(dict.fromkeys(pool)) if column.type == "text" else tuple(pool)


def _ends(wanted: Values | Range) -> Sequence[object]:
    """Return the values that are asked for; of a range its ends and what lies just inside and outside of them."""
    if not isinstance(wanted, Range):
        return wanted
    ends = [end for end in (wanted.min, wanted.max) if end is not None]
    return [int(end) + shift for end in ends for shift in (-1, 0, 1)]


# Columns that are thrown one by one: no keys, days or codes.
_COLUMNS: Mapping[str, Mapping[str, tuple[object, ...]]] = {
    name: {
        column.name: _values_of(name, column)
        for column in table.columns
        if column.type in ("text", "boolean", "integer", "number")
        and column.name not in ("patient_id", "spell_id", "position", "code_system", CODE_COLUMNS.get(name))
        and column.name != _IDENTIFIERS.get(name)
    }
    for name, table in TABLES.items()
}


def _codes_in(systems: Collection[str]) -> Mapping[str, Mapping[str, tuple[tuple[str, str], ...]]]:
    """Return name of a code list -> group -> its codes in these systems."""
    codes: dict[str, dict[str, tuple[tuple[str, str], ...]]] = {}
    for name, codelist in CATALOGUE.codelists.items():
        for entry in codelist.entries:
            if entry.system in systems:
                groups = codes.setdefault(name, {})
                groups[entry.group] = (*groups.get(entry.group, ()), (entry.system, entry.code))
    return codes


_SYSTEMS = {
    "diagnoses": ("icd10",),
    "procedures": ("opcs4",),
    "gp_events": ("snomed", "icd10", "read2", "ctv3"),
    "prescriptions": ("bnf",),
}
_CODES = {table: _codes_in(systems) for table, systems in _SYSTEMS.items()}


def _code(dice: Random, table: str, definition: Definition | None) -> tuple[str, str]:
    """Return system and code: mostly of a group that a definition reads, else one of those that may be in no list."""
    groups = _CODES[table].get(definition.codes or "", {}) if definition is not None else {}
    if definition is not None and definition.groups:
        groups = {group: codes for group, codes in groups.items() if group in definition.groups}
    if not groups or _is_so(dice, 6):
        return dice.choice([pair for pair in _CODES_BESIDE if pair[0] in _SYSTEMS[table]])
    return dice.choice(groups[dice.choice(list(groups))])


def _is_so(dice: Random, one_in: int) -> bool:
    return dice.randrange(one_in) == 0


def _contents(dice: Random, table: str, aim: Aim | None = None) -> Row:
    """Return values of a row such that, more often than not, a definition of the catalogue holds of it."""
    row: Row = {column: dice.choice(values) for column, values in _COLUMNS[table].items()}
    if (aim is None or _is_so(dice, 2)) and _ALL_AIMS[table]:
        aim = dice.choice(_ALL_AIMS[table])
    condition, definition = aim or ({}, None)
    for column, wanted in condition.items():
        if column in row and not _is_so(dice, 6):
            inside = _inside(wanted, TABLES[table].column(column)) if isinstance(wanted, Range) else wanted
            row[column] = dice.choice(inside)
    if table in _CODES:
        system, row[CODE_COLUMNS[table]] = _code(dice, table, definition)
        if "code_system" in TABLES[table].column_names:
            row["code_system"] = system
    return row


def _inside(wanted: Range, column: Column) -> list[float]:
    low, high = wanted.min, wanted.max
    if low is None or high is None:
        inside = [low if low is not None else high or 0]
    else:
        inside = [low, high, int((low + high) / 2), round((low * 2 + high) / 3, 1)]
    return [int(number) for number in inside] if column.type == "integer" else inside


# --- when it happened, when it arrived, what it is about --------------------------------------------------------------


@dataclass(frozen=True)
class Life:
    """Where the days of a person's rows fall: around the index date, or such that a row was not known on it.

    Every third day is one of the busy days, so that tables meet on one day. Half of the rows of a table are aimed at
    one definition, so that a person has several values of one kind.
    """

    index_date: date
    late: bool = False
    aims: Mapping[str, Aim] = field(default_factory=dict)
    busy: list[date] = field(default_factory=list)

    @classmethod
    def of(cls, number: int, index_date: date, aims: Mapping[str, Sequence[Aim]], *, late: bool = False) -> Self:
        """Make the life of the person of that number, who takes the next definition of every table."""
        own = {table: asked[number % len(asked)] for table, asked in aims.items() if asked}
        return cls(index_date, late, own)

    def throw(self, dice: Random) -> tuple[date, date | None]:
        """Return the day on which a row happened and the day on which it arrived, None where that is not said."""
        if not self.late:
            happened = self.past_or_future(dice)
            arrived = None if _is_so(dice, 2) else dice.choice((happened, happened, self.past_or_future(dice)))
        elif _is_so(dice, 2):
            happened = self.ahead(dice)
            arrived = dice.choice((None, happened, self.index_date - timedelta(days=1)))
        else:
            happened, arrived = self.past_or_future(dice), self.ahead(dice)
        return happened, arrived

    def arrival(self, dice: Random) -> date | None:
        """Return the day on which a row arrived that happened earlier, as a diagnosis does after its stay."""
        if self.late:
            return self.ahead(dice)
        return None if _is_so(dice, 2) else self.past_or_future(dice)

    def past_or_future(self, dice: Random) -> date:
        if self.busy and _is_so(dice, 3):
            return dice.choice(self.busy)
        days = dice.choice(
            (-1, dice.choice(_EDGES), dice.choice(_EDGES), dice.randint(-60, -1), dice.randint(-400, 10))
        )
        self.busy.append(self.index_date + timedelta(days=days))
        return self.busy[-1]

    def ahead(self, dice: Random) -> date:
        return self.index_date + timedelta(days=dice.choice(_DAYS_AHEAD))


def dated_row(dice: Random, table: str, patient_id: str, name: str, life: Life) -> Row:
    """Return a row of a dated table; `name` identifies it."""
    happened, arrived = life.throw(dice)
    event = str(TABLES[table].event)
    row = _contents(dice, table, life.aims.get(table)) | {
        "patient_id": patient_id,
        event: happened,
        "recorded_on": arrived,
    }
    if table in _IDENTIFIERS:
        row[_IDENTIFIERS[table]] = name
    match table:
        case "ed_attendances":
            row[event] = datetime.combine(happened, dice.choice(_HOURS))
        case "spells":
            length = dice.choice((None, 0, 0, 1, 3, 7, 400))
            row["discharged_on"] = None if length is None else happened + timedelta(days=length)
        case "registrations":
            row["registered_to"] = dice.choice((None, happened + timedelta(days=1), life.past_or_future(dice)))
        case "mdt_reviews":
            row["review_on"] = dice.choice((None, happened + timedelta(days=30)))
    return row


def discharge(dice: Random, discharged_on: date | None) -> Row:
    """Return the fields of a discharge; they may be filled in though the stay is open, as real extracts have it."""
    fields = ("discharge_method", "discharge_destination")
    return {"discharged_on": discharged_on} | {name: dice.choice(_COLUMNS["spells"][name]) for name in fields}


def coded_rows_of(dice: Random, table: str, spell: Row, life: Life, first_position: int = 1) -> list[Row]:
    """Return up to two coded diagnoses or procedures of a spell."""
    rows = []
    for step in range(dice.randint(0, 2)):
        row = _contents(dice, table, life.aims.get(table)) | {
            "spell_id": spell["spell_id"],
            "position": first_position + step,
        }
        if table == "procedures":
            row["performed_on"] = dice.choice((None, spell["admitted_on"]))
        rows.append(row | {"recorded_on": life.arrival(dice)})
    return rows


def _goes_on_elsewhere(dice: Random, before: Row, spell: Row) -> None:
    """Let a spell begin when the one before ended, or a few days later, as a transfer does or does not."""
    length = None if spell["discharged_on"] is None else spell["discharged_on"] - spell["admitted_on"]
    if _is_so(dice, 3):  # all on one day
        before["discharged_on"], length = before["admitted_on"], timedelta(0)
    spell["admitted_on"] = before["discharged_on"] + timedelta(days=dice.choice((0, 0, 0, 1, 2, 3)))
    spell["discharged_on"] = None if length is None or _is_so(dice, 4) else spell["admitted_on"] + length
    spell["recorded_on"] = None if _is_so(dice, 2) else spell["recorded_on"]
    if _is_so(dice, 2):
        before["discharge_destination"] = "51"
    else:
        spell["admission_method"] = dice.choice(("81", "2B", "21"))


# --- records, cohorts, what a site lacks ---------------------------------------------------------------------------


def throw_record(
    dice: Random,
    index_date: date,
    tables: Collection[str] = DATED_TABLES,
    *,
    people: int,
    max_rows: int = 5,
    definitions: Iterable[Definition] = CATALOGUE.definitions,
) -> Record:
    """Records of some people: rows in the tables named, at most `max_rows` a person in each; the others are empty.

    Half of the rows are aimed at `definitions`, the others at anything in the catalogue.
    """
    record: Record = {name: [] for name in ("patients", *DATED_TABLES, *OF_SPELLS)}
    aims = aims_at(definitions)
    for number in range(people):
        patient_id = f"p{number}"
        life = Life.of(number, index_date, aims)
        record["patients"].append(_person(dice, patient_id, index_date))
        for table in tables:
            rows: list[Row] = []
            most = max_rows * (2 if table == "gp_events" else 1)
            for name in dice.sample(range(most), dice.randint(0, most)):  # in an order that says nothing of time
                row = dated_row(dice, table, patient_id, f"{patient_id}-{table}-{name}", life)
                if table == "spells" and rows and rows[-1]["discharged_on"] and _is_so(dice, 2):
                    _goes_on_elsewhere(dice, rows[-1], row)
                rows.append(row)
            if rows and not TABLES[table].key and _is_so(dice, 4):
                rows.append(dict(rows[0]))  # sent twice
            record[table] += rows
            for coded in OF_SPELLS if table == "spells" else ():
                record[coded] += [row for spell in rows for row in coded_rows_of(dice, coded, spell, life)]
    return record


def _person(dice: Random, patient_id: str, index_date: date) -> Row:
    birth_months = (date(1940, 2, 1), index_date.replace(year=1950, day=1), date(1990, 12, 1))
    later = (None, None, index_date, index_date + timedelta(days=3))
    born = {"birth_month": dice.choice(birth_months), "died_on": dice.choice(later)}
    return _contents(dice, "patients") | {"patient_id": patient_id} | born


def throw_cohort(dice: Random, record: Record, index_date: date) -> pd.DataFrame:
    """Everyone at the index date, some at others too, with the day from which their practice is seen."""
    rows = []
    for person in record["patients"]:
        days = {index_date, *(dice.choice(INDEX_DATES) for _ in range(dice.randint(0, 2)))}
        for day in sorted(days):
            seen_from = dice.choice((None, -5000, -5000, -5000, dice.choice(_EDGES), dice.choice(_EDGES)))
            gp_seen_from = None if seen_from is None else day + timedelta(days=seen_from)
            rows.append({"patient_id": person["patient_id"], "index_date": day, "gp_seen_from": gp_seen_from})
    return pd.DataFrame(rows, dtype=object)


Gaps = tuple[Collection[str], Collection[tuple[str, str]]]
_OPTIONAL_TABLES = tuple(name for name in (*DATED_TABLES, *OF_SPELLS) if not TABLES[name].required)
_OPTIONAL_COLUMNS = tuple(
    (name, column.name)
    for name in ("patients", *DATED_TABLES, *OF_SPELLS)
    for column in TABLES[name].columns
    if not column.required and not column.mapped
)


def throw_gaps(dice: Random, tables: Collection[str]) -> Gaps:
    """What a site does not have of some tables: one of them, some columns; often nothing."""
    absent = [name for name in _OPTIONAL_TABLES if name in tables]
    columns = [(table, column) for table, column in _OPTIONAL_COLUMNS if table in tables]
    return (
        [dice.choice(absent)] if absent and _is_so(dice, 6) else [],
        [dice.choice(columns) for _ in range(dice.choice((0, 0, 1, 3)))],
    )


def frames(record: Record, without: Gaps = ((), ())) -> dict[str, pd.DataFrame]:
    """Return the canonical data frames of a record, without the tables and columns that a site lacks."""
    missing_tables, missing_columns = without
    made = {}
    for name, rows in record.items():
        if name not in missing_tables:
            columns = [column for column in TABLES[name].column_names if any(column in row for row in rows) or not rows]
            kept = [column for column in columns if (name, column) not in missing_columns]
            made[name] = pd.DataFrame([[row[column] for column in kept] for row in rows], columns=kept, dtype=object)
    return made
