"""The checks of all tables, each table's rows counted in one pass."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import ibis

from vi_risk.records.checks.code_shapes import code_findings
from vi_risk.records.checks.feeds import practice_feeds, practice_findings, silence_findings
from vi_risk.records.checks.findings import CheckReport, Finding, Lag, TableSummary
from vi_risk.records.checks.repeats import overlap_findings, repeat_findings, repeated_rows
from vi_risk.records.checks.rules import Beside, Rule, beside, link_rules, order_rules
from vi_risk.records.checks.schemas import pandera_schema, shape_findings, sound_columns, value_rules
from vi_risk.records.linked import Records
from vi_risk.records.tables import TABLES, Table
from vi_risk.records.volume import Volume, volume_of

# More rows of unknown people than this share of a table stop the run.
_STRANGERS = 0.9


def check_records(records: Records) -> CheckReport:
    """Check every table that the records have; nothing is raised for what is found.

    Returns
    -------
    CheckReport
        Errors (types, keys, required tables, columns and values, decisive codes, impossible years) and warnings (other
        codes, shapes of clinical codes, limits, orphans, repeated rows, impossible orders, overlapping registrations,
        months and practices without rows), each with its number of rows; and what each table holds.
    """
    schemas = {name: pandera_schema(TABLES[name], tuple(rows.columns)) for name, rows in records.tables.items()}
    sound = {name: sound_columns(schemas[name], rows) for name, rows in records.tables.items()}
    findings = [
        Finding(name, "", "the table is not there, but required", 0, 0, "error", "Add it, or map other files to it.")
        for name, table in TABLES.items()
        if table.required and name not in records.tables
    ]
    summaries = []
    for name in records.tables:
        seen = beside(records, TABLES[name], sound)
        volume = _volume(records, seen)
        summary, broken = _counted(seen, volume, schemas[name])
        summary = replace(summary, repeated=repeated_rows(TABLES[name], records.tables[name], summary.rows))
        summaries.append(summary)
        findings += [
            *shape_findings(TABLES[name], schemas[name], records.tables[name], summary.rows),
            *broken,
            *code_findings(TABLES[name], records.tables[name], sound[name]),
            *repeat_findings(TABLES[name], summary.repeated, summary.rows),
            *silence_findings(records, TABLES[name], volume, sound),
        ]
    feeds, practices = practice_feeds(records, sound)
    findings += [*overlap_findings(records, sound), *practice_findings(feeds, practices)]
    absent = tuple(name for name in TABLES if name not in records.tables)
    return CheckReport(tuple(summaries), tuple(findings), absent, feeds)


def _volume(records: Records, seen: Beside) -> Volume | None:
    """Return a table's monthly volume; what a stay was coded with counts in the month of discharge."""
    if seen.day is None:
        return None
    return records.volume(seen.table.name) if seen.table.dated else volume_of(seen.rows.select(day=seen.day))


def row_rules(seen: Beside, schema: Any, end: date | None) -> list[Rule]:
    """Return every rule on single rows of a table; `end` is the day on which the table ends."""
    return [*value_rules(seen.table, schema, seen.rows), *order_rules(seen, end), *link_rules(seen)]


def _counted(seen: Beside, volume: Volume | None, schema: Any) -> tuple[TableSummary, list[Finding]]:
    """Return what a table holds and which rules its rows break, by one aggregate query (and one of its lags)."""
    table, own = seen.table, tuple(schema.columns)
    end = None if volume is None else volume.seen_to()
    rules = row_rules(seen, schema, end)
    counts: dict[str, Any] = {"rows": seen.rows.count()}
    counts |= {f"missing_{n}": seen.rows[column].isnull().sum() for n, column in enumerate(own)}
    counts |= {f"broken_{n}": rule.broken.sum() for n, rule in enumerate(rules)}
    found = seen.rows.aggregate(**counts).to_pyarrow().to_pylist()[0]
    total = found["rows"]
    summary = TableSummary(
        table=table.name,
        rows=total,
        first=None if volume is None else str(min(month.first for month in volume.months)),
        last=None if volume is None else str(max(month.last for month in volume.months)),
        missing={column: round((found[f"missing_{n}"] or 0) / max(total, 1), 4) for n, column in enumerate(own)},
        months={} if volume is None else {f"{month.begins:%Y-%m}": month.rows for month in volume.months},
    )
    if volume is not None:
        summary = replace(summary, seen_from=str(volume.seen_from()), seen_to=str(end), lag=_lag(seen))
    return summary, list(_findings(table, rules, [found[f"broken_{n}"] or 0 for n in range(len(rules))], total))


def _findings(table: Table, rules: Sequence[Rule], broken: Sequence[int], total: int) -> Iterator[Finding]:
    for rule, rows in zip(rules, broken, strict=True):
        if not rows:
            continue
        # A table of strangers is a wrong identifier; its features would all be zero.
        strangers = rule.text == "not in patients" and rows > _STRANGERS * total
        yield Finding(
            table.name, rule.column, rule.text, rows, total, "error" if strangers else rule.severity, rule.mend
        )


def _lag(seen: Beside) -> Lag | None:
    if seen.day is None or "recorded_on" not in seen.sound:
        return None
    days = seen.rows.select(lag=seen.rows.recorded_on.delta(seen.day, unit="day"))
    counted = days.filter(days.lag.notnull()).group_by("lag").agg(rows=ibis._.count()).to_pyarrow().to_pylist()
    return Lag.of({entry["lag"]: entry["rows"] for entry in counted})
