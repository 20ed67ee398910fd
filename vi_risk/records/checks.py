"""Checks of the linked record: each table against its declaration (pandera), and the tables against one another.

A finding is a table, a column, a rule and a number of rows; never a value. Errors stop a run; warnings go on the card.
"""

import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from vi_risk.errors import InputError
from vi_risk.records.linked import Records, event_date
from vi_risk.records.tables import TABLES, Column, Table

# ruff: noqa: PLC0415 - pandera takes a second to import and only checking needs it

Severity = Literal["error", "warning"]

_TYPES = {
    "text": dt.string,
    "integer": dt.int64,
    "number": dt.float64,
    "date": dt.date,
    "timestamp": dt.Timestamp(scale=6),
    "boolean": dt.boolean,
}

# Codes decide who counts as an emergency admission and as a woman: there a code outside the list stops the run.
_DECISIVE = {("patients", "sex"), ("spells", "admission_method")}

# Earlier or later dates are slips of a pen: the year 24 for 2024, 1 January 1900 for "not known" is allowed.
_FIRST_YEAR, _LAST_YEAR = 1850, 2200

# More rows of unknown people than this share of a table stop the run.
_STRANGERS = 0.9

# A stay open for longer is a discharge that was never entered; it would count as a bed day every day.
_LONG_OPEN_DAYS = 365


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that some rows break."""

    table: str
    column: str
    rule: str
    rows: int
    of: int
    severity: Severity

    def __str__(self) -> str:
        """'spells.admission_method: 14 of 20,310 rows: code outside the NHS Data Dictionary list'."""
        at = f"{self.table}.{self.column}" if self.column else self.table
        return f"{at}: {self.rows:,} of {self.of:,} rows: {self.rule}"


@dataclass(frozen=True, slots=True)
class TableSummary:
    """Rows, date span and missing shares of one table."""

    table: str
    rows: int
    first: str | None
    last: str | None
    missing: dict[str, float]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What the checks found: a summary of each table, and the broken rules."""

    tables: tuple[TableSummary, ...]
    findings: tuple[Finding, ...]
    absent: tuple[str, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings that stop a run."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Findings that a run goes on with, counted on the model card."""
        return tuple(finding for finding in self.findings if finding.severity == "warning")

    def raise_errors(self) -> None:
        """Raise InputError with every finding that stops a run."""
        if self.errors:
            lines = [f"{finding}. Correct these rows or leave them out in the mapping." for finding in self.errors]
            raise InputError("\n".join(lines))

    def to_dict(self) -> dict[str, object]:
        """Return the report as plain values for check.json."""
        return {
            "tables": [asdict(table) for table in self.tables],
            "absent": list(self.absent),
            "errors": [asdict(finding) for finding in self.errors],
            "warnings": [asdict(finding) for finding in self.warnings],
        }


def check_records(records: Records) -> CheckReport:
    """Check every table that the records have; nothing is raised for what is found.

    Returns
    -------
    CheckReport
        Errors (types, keys, required values, decisive codes) and warnings (other codes, ranges, orphans, impossible
        orders), each with its number of rows.
    """
    findings: list[Finding] = []
    summaries = []
    for name, rows in records.tables.items():
        summary = _summary(TABLES[name], rows)
        summaries.append(summary)
        findings += _declared_rules(TABLES[name], rows, summary.rows)
        findings += _orders(records, TABLES[name], rows, summary.rows)
        findings += _beyond_the_end(records, TABLES[name], summary.rows)
        findings += _links(records, TABLES[name], rows, summary.rows)
    absent = tuple(name for name in TABLES if name not in records.tables)
    return CheckReport(tuple(summaries), tuple(findings), absent)


def _summary(table: Table, rows: ir.Table) -> TableSummary:
    measures: dict[str, Any] = {"rows": rows.count()}
    if table.event is not None:
        day = event_date(rows, table.event)
        measures |= {"first": day.min(), "last": day.max()}
    measures |= {f"null_{column}": rows[column].isnull().mean() for column in rows.columns}
    found = rows.aggregate(**measures).to_pyarrow().to_pylist()[0]
    missing = {column: round(found[f"null_{column}"] or 0.0, 4) for column in rows.columns}
    first, last = (str(found[end]) if found.get(end) else None for end in ("first", "last"))
    return TableSummary(table.name, found["rows"], first, last, missing)


# --- one table against its declaration ------------------------------------------------------------------------------


def pandera_schema(table: Table, columns: tuple[str, ...]) -> Any:
    """Return the pandera schema (ibis backend) of a table, restricted to the columns that are there."""
    import pandera.ibis as pa

    return pa.DataFrameSchema(
        {
            column.name: pa.Column(_TYPES[column.type], _rules(column), nullable=not column.required)
            for column in table.columns
            if column.name in columns
        },
        unique=list(table.key) or None,
        name=table.name,
    )


def _rules(column: Column) -> list[Any]:
    import pandera.ibis as pa

    rules = []
    if column.values is not None:
        rules.append(pa.Check.isin(list(column.values), name="code outside the list of the data dictionary"))
    if column.minimum is not None:
        rules.append(pa.Check.ge(column.minimum, name=f"below {column.minimum:g}"))
    if column.maximum is not None:
        rules.append(pa.Check.le(column.maximum, name=f"above {column.maximum:g}"))
    return rules


def _declared_rules(table: Table, rows: ir.Table, total: int) -> Iterator[Finding]:
    import pandera.errors

    schema = pandera_schema(table, tuple(rows.columns))
    try:
        with warnings.catch_warnings():  # the caller's filters are none of pandera's business
            warnings.simplefilter("ignore")
            schema.validate(rows, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        broken = [(fault.reason_code.name, fault, _rows_of(fault.failure_cases)) for fault in errors.schema_errors]
    else:
        return
    for reason, fault, number in broken:
        column = getattr(fault.schema, "name", "") or ""
        column = "" if column == table.name else column
        if reason == "DUPLICATES":
            keys = rows.group_by(list(table.key)).agg(times=lambda t: t.count())
            repeated = keys.filter(keys.times > 1)
            number = int((repeated.times.sum() - repeated.count()).fill_null(0).to_pyarrow().as_py())
            yield Finding(table.name, "", f"duplicate key ({', '.join(table.key)})", number, total, "error")
        elif reason == "SERIES_CONTAINS_NULLS":
            yield Finding(table.name, column, "missing, but required", number, total, "error")
        elif reason == "WRONG_DATATYPE":
            expected = table.column(column).type
            yield Finding(table.name, column, f"wrong type, expected {expected}", total, total, "error")
        else:
            severity: Severity = "error" if (table.name, column) in _DECISIVE else "warning"
            yield Finding(table.name, column, str(fault.check.name), number, total, severity)


def _rows_of(failures: Any) -> int:
    if failures is None or isinstance(failures, str):
        return 0
    return int(failures.count().to_pyarrow().as_py()) if isinstance(failures, ir.Table) else len(failures)


# --- orders in time -------------------------------------------------------------------------------------------------


def _orders(records: Records, table: Table, rows: ir.Table, total: int) -> Iterator[Finding]:
    rules: list[tuple[str, str, ir.BooleanValue]] = []
    if table.name == "spells":
        rules.append(("discharged_on", "before admitted_on", rows.discharged_on < rows.admitted_on))
        if (end := records.seen_to("spells")) is not None:
            open_days = ibis.literal(end).delta(rows.admitted_on, unit="day")
            forgotten = rows.discharged_on.isnull() & (open_days > _LONG_OPEN_DAYS)
            rules.append(("discharged_on", "missing for more than a year after admission", forgotten))
    if table.name == "registrations":
        rules.append(("registered_to", "before registered_from", rows.registered_to < rows.registered_from))
    for column in table.columns:
        if column.type in ("date", "timestamp") and column.name in rows.columns:
            year = rows[column.name].year()
            rule = f"year outside {_FIRST_YEAR} to {_LAST_YEAR}"
            rules.append((column.name, rule, (year < _FIRST_YEAR) | (year > _LAST_YEAR)))
    if rules:
        counts = rows.aggregate(**{f"rule_{n}": rule[2].sum() for n, rule in enumerate(rules)}).to_pyarrow()
        for n, (name, rule, _) in enumerate(rules):
            number = counts[f"rule_{n}"][0].as_py()
            if number:
                severity: Severity = "error" if rule.startswith("year") else "warning"
                yield Finding(table.name, name, rule, number, total, severity)
    if table.event is not None and "patient_id" in rows.columns:
        yield from _lifetimes(records, table.name, rows, table.event)


def _lifetimes(records: Records, table: str, rows: ir.Table, event: str) -> Iterator[Finding]:
    """Events before birth or after death."""
    patients = records.tables["patients"]
    lives = patients.select(
        patients.patient_id,
        born_on=patients.birth_month,
        ended_on=patients.died_on if "died_on" in patients.columns else ibis.null("date"),
    )
    events = rows.select(rows.patient_id, day=event_date(rows, event)).join(lives, "patient_id")
    counts = events.aggregate(
        before=(events.day < events.born_on).sum(), after=(events.day > events.ended_on).sum()
    ).to_pyarrow()
    for which, rule in (("before", "before birth"), ("after", "after death")):
        number = counts[which][0].as_py()
        if number:
            yield Finding(table, event, rule, number, int(rows.count().to_pyarrow().as_py()), "warning")


def _beyond_the_end(records: Records, table: Table, total: int) -> Iterator[Finding]:
    """Rows dated long after the table's usual months have ended: slips of a pen that would pass for news."""
    end = records.seen_to(table.name)
    if table.event is None or end is None:
        return
    rows = records.tables[table.name]
    beyond = int((event_date(rows, table.event) > ibis.literal(end)).sum().fill_null(0).to_pyarrow().as_py())
    if beyond:
        yield Finding(table.name, table.event, f"dated after {end}, where the table ends", beyond, total, "warning")


def _links(records: Records, table: Table, rows: ir.Table, total: int) -> Iterator[Finding]:
    for link in table.links:
        if link.table not in records.tables:
            continue
        known = records.tables[link.table].select(link.column).distinct()
        orphans = int(rows.anti_join(known, link.column).count().to_pyarrow().as_py())
        if orphans:
            # A table of strangers is a wrong identifier; its features would all be zero.
            strangers = link.column == "patient_id" and orphans > _STRANGERS * total
            severity: Severity = "error" if strangers else "warning"
            yield Finding(table.name, link.column, f"not in {link.table}", orphans, total, severity)
