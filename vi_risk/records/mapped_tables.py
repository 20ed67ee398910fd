"""One table of a mapping: its columns as a view of its source, and their canonical values written into the engine."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb

from vi_risk.errors import InputError
from vi_risk.records.casting import Cast, quoted
from vi_risk.records.mapping import TableMapping
from vi_risk.records.readable import declared_with
from vi_risk.records.sources import Sources, expression_fault, source_of
from vi_risk.records.tables import Table
from vi_risk.records.units import converted, kept_as_written


@dataclass(frozen=True)
class MappedTable:
    """A canonical table as a view of the mapped columns, and how each becomes its canonical type."""

    table: Table
    source: str
    view: str
    casts: Mapping[str, Cast]
    plan: TableMapping


def map_table(sources: Sources, table: Table, plan: TableMapping) -> tuple[MappedTable, list[str]]:
    """Make the view of a table's mapped columns; return it with the faults of its expressions, which are left out."""
    source = source_of(table.name, plan)
    if source not in sources.columns:
        raise InputError(sources.why_not(source))
    there = f"{plan.source_name} has the columns {', '.join(sources.columns[source])}"
    plan, table, unnumbered = _numbered_out(sources.columns[source], table, plan, there)
    columns, faults = _bound_columns(sources, table, plan, there)
    faults = [*unnumbered, *faults]
    where = f" WHERE ({plan.where})" if plan.where else ""
    query = f"SELECT 1 FROM {quoted(source)}{where}"  # noqa: S608
    fault = _unbound(sources, query, f"{table.name}: where", there)
    if fault is not None:
        faults.append(fault)
        where = ""
    expressions = ", ".join(f"({sql}) AS {quoted(name)}" for name, sql in columns.items()) or "1 AS nothing"
    view = f"mapped_{table.name}"
    sources.run(f"CREATE OR REPLACE VIEW {view} AS SELECT {expressions} FROM {quoted(source)}{where}")  # noqa: S608
    types = sources.columns_of(view)
    casts = {
        name: Cast(table.column(name), types[name], plan.values.get(name), plan.formats.get(name)) for name in columns
    }
    return MappedTable(table, source, view, casts, plan), faults


def _numbered_out(
    columns: Iterable[str], table: Table, plan: TableMapping, there: str
) -> tuple[TableMapping, Table, list[str]]:
    """Return mapping and table with a column for each numbered one of the source, and what has none."""
    whole = plan.with_numbered(columns)
    faults = [
        f"mapping: tables.{table.name}: numbered.{name}: its source has no such column. Mend it. {there}."
        for name in plan.numbered
        if not any(column.startswith(f"{name}_") for column in whole.columns)
    ]
    return whole, declared_with(table, whole.columns), faults


def _bound_columns(sources: Sources, table: Table, plan: TableMapping, there: str) -> tuple[dict[str, str], list[str]]:
    """Return the expressions that the engine understands, and the faults of the others."""
    source = quoted(source_of(table.name, plan))
    together = ", ".join(f"({sql})" for sql in plan.columns.values()) or "1"
    if _unbound(sources, f"SELECT {together} FROM {source}", table.name, there) is None:  # noqa: S608
        return plan.columns, []
    columns, faults = {}, []
    for name, sql in plan.columns.items():  # one by one, so that each fault is told
        fault = _unbound(sources, f"SELECT ({sql}) FROM {source}", f"{table.name}: columns.{name}", there)  # noqa: S608
        if fault is None:
            columns[name] = sql
        else:
            faults.append(fault)
    return columns, faults


def _unbound(sources: Sources, sql: str, where: str, there: str) -> str | None:
    try:
        sources.run(f"DESCRIBE {sql}")
    except duckdb.Error as error:
        return expression_fault(f"tables.{where}", error, there)
    return None


@dataclass(frozen=True)
class WrittenTable:
    """A canonical table in the engine: rows, and of each column the values that could not be read, which are null."""

    rows: int
    unread: dict[str, int]
    kept_units: int = 0  # rows whose value is in a unit that the mapping's units do not know


def write_table(sources: Sources, mapped: MappedTable) -> WrittenTable:
    """Write the canonical table into the engine; a value that cannot be read is null, and is counted."""
    made = f"canonical_{mapped.table.name}"
    units = mapped.plan.units
    doubtful = {name: f"{name} was not read" for name, cast in mapped.casts.items() if cast.may_fail}
    casts = [f"{cast.sql} AS {quoted(name)}" for name, cast in mapped.casts.items()]
    # Rows are read once: what could not be read is noted beside each of them, and counted from there.
    casts += [f"({mapped.casts[name].failed}) AS {quoted(note)}" for name, note in doubtful.items()]
    sources.run(
        f"CREATE OR REPLACE TABLE {made} AS SELECT {converted(units) if units else '*'}"  # noqa: S608
        f" FROM (SELECT {', '.join(casts)} FROM {mapped.view})"
    )
    counts = ["count(*)", *(f"count(*) FILTER (WHERE {quoted(note)})" for note in doubtful.values())]
    counts += [f"count(*) FILTER (WHERE {kept_as_written(units)})"] if units else ["0"]
    rows, *unread, kept = sources.run(f"SELECT {', '.join(counts)} FROM {made}").fetchone() or (0, 0)  # noqa: S608
    for note in doubtful.values():
        sources.run(f"ALTER TABLE {made} DROP COLUMN {quoted(note)}")
    failed = {name: int(number) for name, number in zip(doubtful, unread, strict=True) if number}
    return WrittenTable(int(rows), failed, int(kept))
