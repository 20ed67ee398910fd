"""Reading a site's extracts: files or a database and a mapping in, canonical tables of the declared types out.

Text becomes a date, a number or a truth value only where it clearly is one; what cannot be read is counted and stops
the reading, and nothing of any record is shown.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import ibis

from vi_risk.errors import InputError, ResourceError, SpecificationError, ViRiskError
from vi_risk.records import mapping as mappings
from vi_risk.records.casting import quoted
from vi_risk.records.database import shown, url_of
from vi_risk.records.episodes import spells_from_episodes
from vi_risk.records.faults import told_at_once
from vi_risk.records.linked import Records, Workspace
from vi_risk.records.mapped_tables import MappedTable, map_table, write_table
from vi_risk.records.mapping import TableMapping, load_mapping
from vi_risk.records.readable import EPISODES, MADE_OF_EPISODES, READABLE, declared_with
from vi_risk.records.sources import Sources, source_of
from vi_risk.records.tables import TABLES, Table
from vi_risk.running.memory import budget, no_room

Report = Callable[[str], None]
Door = Callable[[Collection[str]], None]


def read_records(
    folder: str | Path,
    *,
    mapping: str | Path | mappings.Mapping | None = None,
    report: Report | None = None,
    door: Door | None = None,
    workspace: Workspace | None = None,
) -> Records:
    """Read linked records from a folder of CSV or Parquet files, or from a database.

    What they may be used for is not asked here, and no features are built of what is read: that is for the door,
    through which `vi_risk.read_records` brings them.

    Parameters
    ----------
    folder
        Holds one file for each source, ``NAME.parquet`` or ``NAME.csv`` (UTF-8 with commas, or as the mapping says;
        with a header), or a folder ``NAME`` of such files; or the URL of a database whose tables are the sources
        (``postgresql://host/database``). With episodes in the place of spells, spells are made of them.
    mapping
        Name of a shipped mapping, path of a mapping file, or a `Mapping`; None where files and columns have the
        canonical names.
    report
        Called with the name of each table before it is read.
    door
        Called with the names of all canonical tables that are there, before a row is read; it raises where they may not
        be read.
    workspace
        The engine to read them into, for a bound of its memory or another folder; None takes a new one.

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
    workspace = workspace or Workspace()
    try:
        sources = open_sources(folder, workspace, chosen, report)
        if sources.mapping_faults:
            raise SpecificationError(told_at_once(sources.mapping_faults))
        raise_faults([sources.unusable[name] for name in sources.reads if name in sources.unusable])
        plans = _canonical_plans(sources) if chosen is None else chosen.tables
        if door is not None:
            door(_tables_there(sources, plans))
        sources.keep_shared(plans)
        tables: dict[str, Any] = {}
        wrong: dict[type[ViRiskError], list[str]] = {SpecificationError: [], InputError: []}
        for name, plan in plans.items():
            if report is not None:
                report(name)
            try:
                if name == EPISODES.name:
                    tables |= _read_as_spells(sources, plan)
                elif (rows := _read(sources, TABLES[name], plan)) is not None:
                    tables[name] = rows
            except (SpecificationError, InputError) as error:  # all tables are told of at once
                wrong[type(error)].append(str(error))
        if wrong[SpecificationError]:
            raise SpecificationError(told_at_once(wrong[SpecificationError]))
        raise_faults(wrong[InputError])
        sources.let_go()
    except BaseException:
        workspace.close()
        raise
    return Records(tables, workspace, source=sources.place)


def _tables_there(sources: Sources, plans: dict[str, TableMapping]) -> list[str]:
    """Return the canonical tables that would be read: those whose source is there."""
    there = [name for name, plan in plans.items() if source_of(name, plan) in sources.columns]
    return [table for name in there for table in (MADE_OF_EPISODES if name == EPISODES.name else (name,))]


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
        sources.open_folder(path, mapping)
    if mapping is not None:
        sources.define(mapping)
    return sources


def raise_faults(faults: list[str]) -> None:
    """Raise one error for all faults, as many as a person reads, where there are any."""
    if faults:
        raise InputError(told_at_once(faults))


def _canonical_plans(sources: Sources) -> dict[str, TableMapping]:
    """Return the mapping of records that already have the canonical names."""
    plans, faults = canonical_plans(sources)
    for name in plans:
        faults += lacking_columns(sources, READABLE[name])
    raise_faults(faults)
    return plans


def canonical_plans(sources: Sources) -> tuple[dict[str, TableMapping], list[str]]:
    """Return the mapping of the tables that are there under their canonical names, and what is wrong with the place."""
    faults = [sources.unusable[name] for name in READABLE if name in sources.unusable]
    plans = {name: _canonical_plan(sources, table) for name, table in READABLE.items() if name in sources.columns}
    known = {*plans, *sources.unusable}
    if EPISODES.name in known:
        faults += [
            f"{sources.place}: holds {EPISODES.name} and {name}, which is made of them. Keep one of the two."
            for name in MADE_OF_EPISODES
            if name in known
        ]
        known.update(MADE_OF_EPISODES)
    faults += [
        _lacking_table(sources, table) for table in TABLES.values() if table.required and table.name not in known
    ]
    return plans, faults


def _canonical_plan(sources: Sources, table: Table) -> TableMapping:
    there = _canonical_columns(sources, table)
    return TableMapping(source=table.name, columns={name: quoted(written) for name, written in there.items()})


def _canonical_columns(sources: Sources, table: Table) -> dict[str, str]:
    """Return each column of a table that is there with its name as it is written; case and space around are nothing."""
    written = {column.strip().casefold(): column for column in sources.columns[table.name]}
    return {c.name: written[c.name] for c in declared_with(table, written).columns if c.name in written}


def _lacking_table(sources: Sources, table: Table) -> str:
    instead = f" {EPISODES.name} of which they can be made," if table.name in MADE_OF_EPISODES else ""
    return (
        f"{sources.place}: {table.name} is missing. Expected {table.name}.parquet or {table.name}.csv ({table.grain}),"
        f"{instead} or a --mapping that makes it from other files."
    )


def lacking_columns(sources: Sources, table: Table) -> list[str]:
    """Say which needed columns a table of the canonical name lacks."""
    there = _canonical_columns(sources, table)
    # Without a header line the names would be a record's values.
    names = [
        name if name.isidentifier() else f"column {place}, whose name is no plain word"
        for place, name in enumerate(sources.columns[table.name], start=1)
    ]
    found = ", ".join(names) if there else f"no column of {table.name} in the first line"
    files = sources.files.get(table.name)
    called = files.paths[0].name if files is not None and len(files.paths) == 1 else table.name
    return [
        f"{called}: column {column.name} ({column.meaning}) is missing."
        f" Found {found}. Add the column, or map another one to it with --mapping."
        for column in table.columns
        if (column.required or column.mapped) and column.name not in there
    ]


# --- one table ----------------------------------------------------------------------------------------------------


def _read(sources: Sources, table: Table, plan: TableMapping) -> Any | None:
    """Make one canonical table; None where it is optional and has no rows."""
    mapped, faults = map_table(sources, table, plan)
    if faults:
        raise SpecificationError.of(faults)
    with _row_faults_told(sources, mapped):
        written = write_table(sources, mapped)
    if written.rows == 0 and (plan.optional or table.may_be_empty):
        return None
    if written.rows == 0:
        msg = (
            f"{table.name}: has no rows. Expected at least one; where the site does not have this table, leave it out."
        )
        raise InputError(msg)
    raise_faults(
        [
            f"{table.name}.{name}: {number:,} of {written.rows:,} rows {mapped.casts[name].complaint}"
            for name, number in written.unread.items()
        ]
    )
    return sources.workspace.backend.table(f"canonical_{table.name}")


def _read_as_spells(sources: Sources, plan: TableMapping) -> dict[str, Any]:
    """Read episodes, and return the tables that are made of them."""
    episodes = _read(sources, EPISODES, plan)
    if episodes is None:
        return {}
    raise_faults(unplaced_episodes(sources))
    with _row_faults_told(sources, None):
        made = write_spells(sources)
    sources.run(f"DROP TABLE canonical_{EPISODES.name}")
    return {name: sources.workspace.backend.table(f"canonical_{name}") for name, rows in made.items() if rows}


def unplaced_episodes(sources: Sources) -> list[str]:
    """Say how many of the episodes that were read lack what makes them part of a spell."""
    needed = [column.name for column in EPISODES.columns if column.required]
    counts = ", ".join(f"count(*) - count({quoted(name)})" for name in needed)
    rows, *empty = sources.run(f"SELECT count(*), {counts} FROM canonical_{EPISODES.name}").fetchone() or (0,)  # noqa: S608
    return [
        f"{EPISODES.name}.{name}: {number:,} of {rows:,} rows have no value, and without it belong to no spell."
        " Correct these rows, or leave them out in the mapping (where)."
        for name, number in zip(needed, empty, strict=True)
        if number
    ]


def write_spells(sources: Sources) -> dict[str, int]:
    """Write the tables that are made of the episodes that were read; return the number of rows of each."""
    written = {}
    for name, rows in spells_from_episodes(sources.workspace.backend.table(f"canonical_{EPISODES.name}")).items():
        sources.run(f"CREATE TABLE canonical_{name} AS {ibis.to_sql(rows, dialect='duckdb')}")
        counted = sources.run(f"SELECT count(*) FROM canonical_{name}").fetchone()  # noqa: S608
        written[name] = int(counted[0]) if counted else 0
    return written


@contextmanager
def _row_faults_told(sources: Sources, mapped: MappedTable | None) -> Iterator[None]:
    """Say what kept rows from being read without any of their values."""
    name = EPISODES.name if mapped is None else mapped.table.name
    try:
        yield
    except duckdb.Error as error:
        if no_room(error) or isinstance(error, duckdb.OutOfMemoryException):
            msg = f"{name}: {budget().folder_full}"
            raise ResourceError(msg) from None
        if mapped is None:
            raise
        msg = f"{name}: {sources.row_fault(mapped.source)}"
        raise InputError(msg) from None
