"""For every rule that the declarations make there is a row that breaks it, and it alone is told apart from sound rows.

The rows are made from the declarations too: a new table or column is tested without a line here. A rule for which no
row is made fails `test_every_rule_has_a_row_that_breaks_it`.
"""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from vi_risk.records.checks import check_records, pandera_schema
from vi_risk.records.checks.checking import row_rules
from vi_risk.records.checks.repeats import repeat_findings, repeated_rows
from vi_risk.records.checks.rules import Beside, beside
from vi_risk.records.checks.schemas import shape_findings, sound_columns
from vi_risk.records.linked import Records
from vi_risk.records.tables import TABLES, Column, Table

SOUND_ROWS, LINKED_ROWS = 3, 60  # of a table, and of one that others name: each broken row has a sound one there
BORN, HAPPENED, DONE, ARRIVED, ENDED = (
    date(1950, 6, 1), date(2024, 1, 10), date(2024, 1, 12), date(2024, 1, 15), date(2024, 1, 20),
)  # fmt: skip
DIED, TABLE_ENDS = date(2024, 6, 30), date(2024, 1, 31)
DATES = {"birth_month": BORN, "died_on": DIED, "performed_on": DONE, "recorded_on": ARRIVED}

LIMITS = ("below", "above")
CODES, REQUIRED = "code outside the list of the data dictionary", "missing, but required"
YEARS, BEYOND = "year outside 1850 to 2200", f"dated after {TABLE_ENDS}, where the table ends"

# Orders in time that the declarations do not say: table, column, rule, and what breaks it.
ORDERS: tuple[tuple[str, str, str, Mapping[str, Any]], ...] = (
    ("patients", "died_on", "before birth", {"died_on": date(1950, 5, 31)}),
    ("registrations", "registered_to", "before registered_from", {"registered_to": date(2024, 1, 9)}),
    ("spells", "discharged_on", "before admitted_on", {"discharged_on": date(2024, 1, 9)}),
    (
        "spells",
        "discharged_on",
        "missing for more than a year after admission",
        {"admitted_on": date(2023, 1, 30), "discharged_on": None},
    ),
    ("mdt_reviews", "review_on", "before reviewed_on", {"review_on": date(2024, 1, 9)}),
    ("procedures", "performed_on", "outside its spell", {"performed_on": date(2024, 1, 9)}),
    ("procedures", "performed_on", "outside its spell", {"performed_on": date(2024, 1, 21)}),
)


@dataclass(frozen=True)
class Case:
    """A row that breaks a rule."""

    table: str
    column: str
    rule: str
    change: Mapping[str, Any]

    @property
    def name(self) -> str:
        values = " ".join(str(value) for value in self.change.values())
        return f"{self.table}.{self.column}: {self.rule} ({values})"


def sound_value(table: Table, column: Column, number: int) -> Any:
    """Return what a sound row holds: of every key the number, so that links meet."""
    if column.values is not None:  # noqa: PD011 - no array, the codes
        return next(iter(column.values))
    if column.type == "text":
        return f"{column.name}-{number}"
    if column.type in ("integer", "number"):
        return column.minimum if column.minimum is not None else 1
    if column.type == "boolean":
        return True
    day = HAPPENED if column.name == table.event else DATES.get(column.name, ENDED)
    return datetime.combine(day, time(9, 30)) if column.type == "timestamp" else day


def of_type(column: Column, day: date) -> date:
    return datetime.combine(day, time(9, 30)) if column.type == "timestamp" else day


def cases_of(table: Table) -> Iterator[Case]:
    """Make a row for every rule that the declaration of a table implies."""
    for column in table.columns:
        if column.required:
            yield Case(table.name, column.name, REQUIRED, {column.name: None})
        if column.values is not None:  # noqa: PD011 - no array, the codes
            yield Case(table.name, column.name, CODES, {column.name: "zebra"})
        if column.minimum is not None:
            yield Case(table.name, column.name, f"below {column.minimum:g}", {column.name: column.minimum - 1})
        if column.maximum is not None:
            yield Case(table.name, column.name, f"above {column.maximum:g}", {column.name: column.maximum + 1})
        if column.type in ("date", "timestamp"):
            for year in (1849, 2201):
                yield Case(table.name, column.name, YEARS, {column.name: of_type(column, date(year, 1, 10))})
    linked = {link.table for link in table.links}
    for link in table.links:
        yield Case(table.name, link.column, f"not in {link.table}", {link.column: "zebra"})
    early = {"recorded_on": date(2024, 1, 9)}
    if table.event is not None:
        event = table.column(table.event)
        yield Case(table.name, event.name, BEYOND, {event.name: of_type(event, date(2024, 2, 1))})
        yield Case(table.name, "recorded_on", "recorded before it happened", early)
        if "patients" in linked:
            yield Case(table.name, event.name, "before birth", {event.name: of_type(event, date(1950, 5, 31))})
            yield Case(table.name, event.name, "after death", {event.name: of_type(event, date(2024, 7, 1))})
    elif "recorded_on" in table.column_names:
        yield Case(table.name, "recorded_on", "recorded before its spell began", early)


CASES = (*(case for table in TABLES.values() for case in cases_of(table)), *(Case(*order) for order in ORDERS))

ARROW = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "boolean": pa.bool_(),
}


def rows_of(table: Table) -> list[dict[str, Any]]:
    """Return the sound rows of a table and after them one for each of its cases, each with the name of its case."""
    links = {link.column for link in table.links}
    sound = sound_rows_of(table)
    rows = [
        {c.name: sound_value(table, c, number) for c in table.columns} | {"case": "sound"} for number in range(sound)
    ]
    for number, case in enumerate(case for case in CASES if case.table == table.name):
        own = {
            c.name: sound_value(table, c, LINKED_ROWS - 1 - number if c.name in links else sound + number)
            for c in table.columns
        }
        rows.append({**own, **case.change, "case": case.name})
    assert len(rows) - sound < LINKED_ROWS - SOUND_ROWS, "make LINKED_ROWS larger"
    return rows


def sound_rows_of(table: Table) -> int:
    linked = {link.table for other in TABLES.values() for link in other.links}
    return LINKED_ROWS if table.name in linked else SOUND_ROWS


@pytest.fixture(scope="module")
def records() -> Records:
    """Every table with its sound rows and a row for every case."""
    made = Records.from_frames({})
    tables = {}
    for name, table in TABLES.items():
        schema = pa.schema([*((column.name, ARROW[column.type]) for column in table.columns), ("case", pa.string())])
        rows = pa.Table.from_pylist(rows_of(table), schema=schema)
        tables[name] = made.workspace.backend.create_table(f"canonical_{name}", rows)
    return Records(tables, made.workspace)


def beside_of(records: Records, name: str) -> tuple[Beside, Any]:
    sound = {
        table: sound_columns(pandera_schema(TABLES[table], tuple(rows.columns)), rows)
        for table, rows in records.tables.items()
    }
    return beside(records, TABLES[name], sound), pandera_schema(TABLES[name], tuple(records.tables[name].columns))


@pytest.fixture(scope="module")
def broken(records: Records) -> Mapping[str, pd.DataFrame]:
    """Of every table: which rows (their case in the index) break which rules (column, text)."""
    flags = {}
    for name in TABLES:
        seen, schema = beside_of(records, name)
        rules = row_rules(seen, schema, TABLE_ENDS)
        marks = {f"rule_{n}": rule.broken.fill_null(False) for n, rule in enumerate(rules)}
        found = seen.rows.select(seen.rows.case, **marks).to_pyarrow().to_pandas().set_index("case")
        found.columns = pd.MultiIndex.from_tuples([(rule.column, rule.text) for rule in rules])
        flags[name] = found
    return flags


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_row_breaks_the_rule_that_it_was_made_for(broken: Mapping[str, pd.DataFrame], case: Case) -> None:
    marks = broken[case.table][(case.column, case.rule)]

    assert marks[[case.name]].tolist() == [True]


@pytest.mark.parametrize("table", TABLES)
def test_sound_rows_break_no_rule(broken: Mapping[str, pd.DataFrame], table: str) -> None:
    sound = broken[table].loc[["sound"]]

    assert len(sound) == sound_rows_of(TABLES[table])
    assert not sound.to_numpy().any()


@pytest.mark.parametrize("table", TABLES)
def test_every_rule_has_a_row_that_breaks_it(broken: Mapping[str, pd.DataFrame], table: str) -> None:
    made = {(case.column, case.rule) for case in CASES if case.table == table}

    assert set(broken[table].columns) == made


def test_findings_count_the_rows_that_break_a_rule_and_tell_no_value(
    records: Records, broken: Mapping[str, pd.DataFrame]
) -> None:
    report = check_records(records)
    found = {(finding.table, finding.column, finding.rule): finding.rows for finding in report.findings}

    assert "zebra" not in str(report.to_dict())
    for table, marks in broken.items():
        for (column, rule), rows in marks.sum().items():
            if "table ends" not in rule and "more than a year" not in rule:  # they hang on the end of the table
                assert found[table, column, rule] == rows, (table, column, rule)


# --- pandera ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLES)
def test_pandera_finds_the_same_rows_by_the_same_schema(
    records: Records, broken: Mapping[str, pd.DataFrame], name: str
) -> None:
    import pandera.errors

    rows, table = records.tables[name], TABLES[name]
    schema = pandera_schema(table, tuple(rows.columns))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(pandera.errors.SchemaErrors) as refused:
            schema.validate(rows, lazy=True)

    by_pandera = {}
    for fault in refused.value.schema_errors:
        rule = REQUIRED if fault.reason_code.name == "SERIES_CONTAINS_NULLS" else fault.check.name
        failures = fault.failure_cases
        by_pandera[fault.schema.name, rule] = len(
            failures.to_pyarrow() if hasattr(failures, "to_pyarrow") else failures
        )
    declared = {(c.column, c.rule) for c in CASES if c.table == name and c.rule.startswith((REQUIRED, CODES, *LIMITS))}
    assert by_pandera == {key: broken[name][key].sum() for key in declared}


# --- whole columns and tables -----------------------------------------------------------------------------------------

COLUMNS = [(table, column) for table in TABLES.values() for column in table.columns]
every_column = pytest.mark.parametrize(
    ("table", "column"), COLUMNS, ids=[f"{table.name}.{column.name}" for table, column in COLUMNS]
)


@every_column
def test_a_column_of_another_type_is_an_error(records: Records, table: Table, column: Column) -> None:
    import ibis

    other = ibis.literal("zebra") if column.type != "text" else ibis.literal(1.5)
    rows = records.tables[table.name].mutate(**{column.name: other})

    (finding,) = shape_findings(table, pandera_schema(table, tuple(rows.columns)), rows, 7)

    assert (finding.severity, str(finding)) == (
        "error", f"{table.name}.{column.name}: 7 of 7 rows: wrong type, expected {column.type}",
    )  # fmt: skip


@every_column
def test_a_needed_column_that_is_not_there_is_an_error(records: Records, table: Table, column: Column) -> None:
    rows = records.tables[table.name].drop(column.name)

    found = list(shape_findings(table, pandera_schema(table, tuple(rows.columns)), rows, 7))

    needed = column.required or column.mapped
    assert [(finding.column, finding.rule, finding.severity) for finding in found] == (
        [(column.name, "column is not there, but required", "error")] if needed else []
    )


@pytest.mark.parametrize("name", TABLES)
def test_a_key_or_a_row_that_is_there_twice_is_counted(records: Records, name: str) -> None:
    table, rows = TABLES[name], records.tables[name].drop("case")
    twice = rows.union(rows.filter(rows[table.key[0] if table.key else "patient_id"].notnull()).limit(1))
    total = rows.count().to_pyarrow().as_py() + 1

    (finding,) = repeat_findings(table, repeated_rows(table, twice, total), total)

    rule = f"duplicate key ({', '.join(table.key)})" if table.key else "the whole row repeats another"
    assert (finding.rule, finding.rows, finding.severity) == (rule, 1, "error" if table.key else "warning")
    assert repeated_rows(table, rows, total - 1) == 0


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if table.required])
def test_a_required_table_that_is_not_there_is_an_error(records: Records, name: str) -> None:
    others = {other: records.tables[other] for other in ("patients", "spells") if other != name}

    found = [str(finding) for finding in check_records(Records(others, records.workspace)).errors]

    assert f"{name}: the table is not there, but required" in found
