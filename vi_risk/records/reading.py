"""Reading a site's extracts: files or a database and a mapping in, canonical tables of the declared types out.

Text becomes a date, a number or a truth value only where it clearly is one; what cannot be read is counted and stops
the reading, and nothing of any record is shown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from vi_risk.errors import InputError, ResourceError, SpecificationError, ViRiskError
from vi_risk.records import mapping as mappings
from vi_risk.records.casting import Cast, quoted
from vi_risk.records.database import shown, url_of
from vi_risk.records.linked import Records, Workspace
from vi_risk.records.mapping import TableMapping, load_mapping
from vi_risk.records.sources import Sources, expression_fault, source_of
from vi_risk.records.tables import TABLES, Table

Report = Callable[[str], None]


def read_records(
    folder: str | Path,
    *,
    mapping: str | Path | mappings.Mapping | None = None,
    report: Report | None = None,
) -> Records:
    """Read linked records from a folder of CSV or Parquet files, or from a database.

    Parameters
    ----------
    folder
        Holds one file for each source, ``NAME.parquet`` or ``NAME.csv`` (UTF-8, comma, header), or a folder ``NAME`` of
        such files; or the URL of a database whose tables are the sources (``postgresql://host/database``).
    mapping
        Name of a shipped mapping, path of a mapping file, or a `Mapping`; None where files and columns have the
        canonical names.
    report
        Called with the name of each table before it is read.

    Returns
    -------
    Records
        The canonical tables that the site has, in an embedded engine on disk.

    Raises
    ------
    InputError
        A folder, file, column or value cannot be read; all faults at once, none with a value of a record.
    SpecificationError
        The mapping is wrong.
    UsageError
        A database is named that cannot be reached from here.
    """
    chosen = load_mapping(mapping) if isinstance(mapping, str | Path) else mapping
    workspace = Workspace()
    try:
        sources = open_sources(folder, workspace, chosen, report)
        if sources.mapping_faults:
            raise SpecificationError.of(sources.mapping_faults)
        raise_faults([sources.unusable[name] for name in sources.reads if name in sources.unusable])
        plans = _canonical_plans(sources) if chosen is None else chosen.tables
        tables: dict[str, Any] = {}
        wrong: dict[type[ViRiskError], list[str]] = {SpecificationError: [], InputError: []}
        for name, plan in plans.items():
            if report is not None:
                report(name)
            try:
                rows = _read(sources, TABLES[name], plan)
            except (SpecificationError, InputError) as error:  # all tables are told of at once
                wrong[type(error)].append(str(error))
            else:
                if rows is not None:
                    tables[name] = rows
        if wrong[SpecificationError]:
            raise SpecificationError.of(wrong[SpecificationError])
        raise_faults(wrong[InputError])
    except BaseException:
        workspace.close()
        raise
    return Records(tables, workspace, source=sources.place)


def open_sources(
    folder: str | Path, workspace: Workspace, mapping: mappings.Mapping | None, report: Report | None = None
) -> Sources:
    """Return the sources of a folder or a database, with those that the mapping defines."""
    url = url_of(folder)
    if url is not None:
        sources = Sources(workspace, shown(url))
        sources.open_database(url, mapping, report)
    else:
        path = Path(folder)
        if not path.is_dir():
            msg = f"{path}: no such folder. Expected a folder of CSV or Parquet files; name it with --records."
            raise InputError(msg)
        sources = Sources(workspace, path.name)
        sources.open_folder(path)
    if mapping is not None:
        sources.define(mapping)
    return sources


def raise_faults(faults: list[str]) -> None:
    """Raise one error for all faults, a line each, where there are any."""
    if faults:
        raise InputError("\n".join(dict.fromkeys(faults)))


def _canonical_plans(sources: Sources) -> dict[str, TableMapping]:
    """Return the mapping of records that already have the canonical names."""
    plans, faults = {}, []
    for table in TABLES.values():
        if table.name in sources.unusable:
            faults.append(sources.unusable[table.name])
        elif table.name in sources.columns:
            faults += lacking_columns(sources, table)
            plans[table.name] = canonical_plan(sources, table)
        elif table.required:
            faults.append(lacking_table(sources, table))
    raise_faults(faults)
    return plans


def canonical_plan(sources: Sources, table: Table) -> TableMapping:
    """Return the mapping of a table whose file and columns have the canonical names."""
    there = sources.columns[table.name]
    columns = {c.name: quoted(c.name) for c in table.columns if c.name in there}
    return TableMapping(source=table.name, columns=columns)


def lacking_table(sources: Sources, table: Table) -> str:
    """Say that a required table is not there under its canonical name."""
    return (
        f"{sources.place}: {table.name} is missing. Expected {table.name}.parquet or {table.name}.csv ({table.grain}),"
        " or a --mapping that makes it from other files."
    )


def lacking_columns(sources: Sources, table: Table) -> list[str]:
    """Say which needed columns a table of the canonical name lacks."""
    there = sources.columns[table.name]
    files = sources.files.get(table.name, ())
    called = files[0].name if len(files) == 1 else table.name
    return [
        f"{called}: column {column.name} ({column.meaning}) is missing."
        f" Found {', '.join(there)}. Add the column, or map another one to it with --mapping."
        for column in table.columns
        if (column.required or column.mapped) and column.name not in there
    ]


# --- one table ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MappedTable:
    """A canonical table as a view of the mapped columns, and how each becomes its canonical type."""

    table: Table
    source: str
    view: str
    casts: Mapping[str, Cast]
    optional: bool


def map_table(sources: Sources, table: Table, plan: TableMapping) -> tuple[MappedTable, list[str]]:
    """Make the view of a table's mapped columns; return it with the faults of its expressions, which are left out."""
    source = source_of(table.name, plan)
    if source not in sources.columns:
        raise InputError(sources.why_not(source))
    there = f"{plan.source_name} has the columns {', '.join(sources.columns[source])}"
    columns, faults = _bound_columns(sources, table, plan, there)
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
    return MappedTable(table, source, view, casts, plan.optional), faults


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


def _read(sources: Sources, table: Table, plan: TableMapping) -> Any | None:
    """Make one canonical table; None where it is optional and has no rows."""
    mapped, faults = map_table(sources, table, plan)
    if faults:
        raise SpecificationError.of(faults)
    try:
        rows, unread = count_unread(sources, mapped)
        if rows == 0 and (mapped.optional or table.may_be_empty):
            return None
        if rows == 0:
            msg = (
                f"{table.name}: has no rows. Expected at least one;"
                " where the site does not have this table, leave it out."
            )
            raise InputError(msg)
        raise_faults(
            [
                f"{table.name}.{name}: {number:,} of {rows:,} rows {mapped.casts[name].complaint}"
                for name, number in unread.items()
            ]
        )
        write_table(sources, mapped)
    except duckdb.Error as error:
        if "No space left" in str(error) or isinstance(error, duckdb.OutOfMemoryException):
            msg = (
                f"{table.name}: the folder for temporary files, which holds the records while they are read, is full."
                " Free space there, or name another folder in the environment variable TMPDIR."
            )
            raise ResourceError(msg) from None
        msg = f"{table.name}: {sources.row_fault(mapped.source)}"
        raise InputError(msg) from None
    return sources.workspace.backend.table(f"canonical_{table.name}")


def count_unread(sources: Sources, mapped: MappedTable) -> tuple[int, dict[str, int]]:
    """Return the number of rows, and of each column the number of values that cannot be read, where there are any."""
    doubtful = {name: cast for name, cast in mapped.casts.items() if cast.may_fail}
    counts = ", ".join(["count(*)", *(f"count(*) FILTER ({cast.failed})" for cast in doubtful.values())])
    rows, *unread = sources.run(f"SELECT {counts} FROM {mapped.view}").fetchone() or (0,)  # noqa: S608
    return int(rows), {name: int(number) for name, number in zip(doubtful, unread, strict=True) if number}


def write_table(sources: Sources, mapped: MappedTable) -> None:
    """Write the canonical table into the engine; a value that cannot be read is null."""
    casts = ", ".join(f"{cast.sql} AS {quoted(name)}" for name, cast in mapped.casts.items())
    sources.run(f"CREATE TABLE canonical_{mapped.table.name} AS SELECT {casts} FROM {mapped.view}")  # noqa: S608
