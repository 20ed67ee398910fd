"""What a mapping makes of a site's files, told without stopping at the first fault: for whoever writes the mapping.

It counts and names; it shows nothing of any record.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from vi_risk.errors import InputError
from vi_risk.records import mapping as mappings
from vi_risk.records.casting import quoted
from vi_risk.records.linked import Workspace
from vi_risk.records.mapping import CANONICAL, TableMapping, load_mapping
from vi_risk.records.reading import (
    MappedTable,
    canonical_plan,
    count_unread,
    lacking_columns,
    lacking_table,
    map_table,
    open_sources,
    write_table,
)
from vi_risk.records.sources import Sources, source_of
from vi_risk.records.tables import TABLES, Table

Counts = dict[str, int]  # name -> number of rows


@dataclass(frozen=True)
class SourceReport:
    """A source that the mapping defines: its rows, and the rows of what it is made of."""

    name: str
    rows: int
    made_of: Counts
    lacking: tuple[str, ...] = ()  # of a stack: "file: column, column" that others have


@dataclass(frozen=True)
class TableReport:
    """What the mapping makes of one canonical table.

    Attributes
    ----------
    rows_in, rows_left_out, rows_out
        Rows of the source, those that `where` leaves out, and rows of the canonical table.
    mapped, not_mapped
        Canonical columns that the mapping gives, and those that it could give and does not.
    required_missing
        Required columns that the mapping does not give.
    unlisted
        Column -> rows with a value that its value map does not list.
    unreadable
        Column -> rows with a value that cannot be read as its type.
    empty
        Required column -> rows without a value.
    repeated
        Rows whose key another row has too.
    without
        Table -> rows that name no row of it (a spell of nobody in patients).
    faults
        What is wrong, each with what to do; a table with none can be read.
    """

    table: str
    source: str
    rows_in: int = 0
    rows_left_out: int = 0
    rows_out: int = 0
    mapped: tuple[str, ...] = ()
    not_mapped: tuple[str, ...] = ()
    required_missing: tuple[str, ...] = ()
    unlisted: Counts = field(default_factory=dict)
    unreadable: Counts = field(default_factory=dict)
    empty: Counts = field(default_factory=dict)
    repeated: int = 0
    without: Counts = field(default_factory=dict)
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class MappingReport:
    """What a mapping makes of a site's files."""

    mapping: str
    records: str
    sources: tuple[SourceReport, ...]
    tables: tuple[TableReport, ...]
    tables_not_mapped: tuple[str, ...]
    faults: tuple[str, ...] = ()  # of the mapping or of the place, not of one table

    @property
    def fits(self) -> bool:
        """Whether the records can be read with this mapping."""
        return not self.faults and not any(table.faults for table in self.tables)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {**asdict(self), "fits": self.fits}

    def lines(self) -> list[str]:
        """Return it as lines for a terminal."""
        lines = [f"mapping {self.mapping} on {self.records}", ""]
        if self.sources:
            lines += ["sources of the mapping", *(_source_line(source) for source in self.sources)]
            lines += [f"    {lacks}" for source in self.sources for lacks in source.lacking] + [""]
        for table in self.tables:
            lines += [*_table_lines(table), ""]
        if self.tables_not_mapped:
            lines += [f"not mapped: {', '.join(self.tables_not_mapped)} (their features will be missing)", ""]
        faults = [*self.faults, *(fault for table in self.tables for fault in table.faults)]
        lines += [f"  - {fault}" for fault in faults]
        lines.append(f"{len(faults)} faults to mend." if faults else "The mapping fits: these records can be read.")
        return lines


def check_mapping(
    folder: str | Path,
    mapping: str | Path | mappings.Mapping | None,
    *,
    report: Callable[[str], None] | None = None,
) -> MappingReport:
    """Say what a mapping makes of a site's files: what maps, what does not, how many rows each rule leaves out.

    Parameters
    ----------
    folder
        Folder of CSV or Parquet files, or the URL of a database.
    mapping
        As for `read_records`; a mapping file may still lack required tables and columns, which are then told.
    report
        Called with the name of each table before it is looked at.

    Raises
    ------
    InputError
        The folder or the database cannot be opened at all.
    SpecificationError
        The mapping file is not a mapping: not TOML, an unknown key, no SQL.
    """
    chosen = load_mapping(mapping, partly=True) if isinstance(mapping, str | Path) else mapping
    workspace = Workspace()
    try:
        sources = open_sources(folder, workspace, chosen, report)
        return _Check(sources, chosen, report).result()
    finally:
        workspace.close()


class _Check:
    """One check: tables that were made so far, to look up the links of later ones."""

    def __init__(
        self, sources: Sources, mapping: mappings.Mapping | None, report: Callable[[str], None] | None
    ) -> None:
        self.sources = sources
        self.mapping = mapping
        self.report = report
        self.made: dict[str, MappedTable] = {}

    def result(self) -> MappingReport:
        plans, faults = self._plans()
        broken = [self.sources.unusable[name] for name in self.sources.reads if name in self.sources.unusable]
        order = [name for name in TABLES if name in plans]  # patients first: others link to it
        tables = tuple(self._table(TABLES[name], plans[name]) for name in order)
        told = {fault for table in tables for fault in table.faults}
        faults += [fault for fault in dict.fromkeys(broken) if fault not in told]
        return MappingReport(
            mapping=self.mapping.name if self.mapping else CANONICAL,
            records=self.sources.place,
            sources=tuple(self._sources()),
            tables=tables,
            tables_not_mapped=tuple(name for name in TABLES if name not in plans),
            faults=tuple(faults),
        )

    def _plans(self) -> tuple[dict[str, TableMapping], list[str]]:
        if self.mapping is not None:
            return self.mapping.tables, [
                f"mapping: tables.{table.name} is missing; a mapping makes at least patients and spells."
                for table in TABLES.values()
                if table.required and table.name not in self.mapping.tables
            ]
        there = [table for table in TABLES.values() if table.name in self.sources.columns]
        plans = {table.name: canonical_plan(self.sources, table) for table in there}
        faults = [self.sources.unusable[name] for name in TABLES if name in self.sources.unusable]
        known = {*plans, *self.sources.unusable}
        return plans, faults + [
            lacking_table(self.sources, table)
            for table in TABLES.values()
            if table.required and table.name not in known
        ]

    # --- sources ------------------------------------------------------------------------------------------------

    def _sources(self) -> Iterator[SourceReport]:
        for name, read in self.sources.reads.items():
            if name in self.sources.columns:
                try:
                    yield SourceReport(
                        name, self._count(name), {part: self._count(part) for part in read}, self._uneven(name, read)
                    )
                except duckdb.Error:  # its rows cannot be read; the tables made of it say why
                    continue

    def _uneven(self, name: str, read: tuple[str, ...]) -> tuple[str, ...]:
        """Say which files of a stack lack columns that the stack has."""
        defined = self.mapping.sources if self.mapping else {}
        if name in defined and not isinstance(defined[name], mappings.Stack):
            return ()
        told = []
        for part in read:
            if part in self.sources.reads:
                continue
            there = {column.casefold() for column in self.sources.columns[part]}
            absent = [column for column in self.sources.columns[name] if column.casefold() not in there]
            if absent:
                told.append(f"{part} lacks {', '.join(absent)}")
        return tuple(told)

    def _count(self, source: str, condition: str = "true") -> int:
        sql = f"SELECT count(*) FILTER (WHERE {condition}) FROM {quoted(source)}"  # noqa: S608
        found = self.sources.run(sql).fetchone()
        return int(found[0]) if found else 0

    # --- tables -------------------------------------------------------------------------------------------------

    def _table(self, table: Table, plan: TableMapping) -> TableReport:
        if self.report is not None:
            self.report(table.name)
        missing = tuple(c.name for c in table.columns if (c.required or c.mapped) and c.name not in plan.columns)
        known: dict[str, Any] = {
            "table": table.name,
            "source": plan.source_name,
            "mapped": tuple(plan.columns),
            "not_mapped": tuple(name for name in table.column_names if name not in plan.columns),
            "required_missing": missing,
        }
        faults = self._lacking(table, missing)
        try:
            mapped, unbound = map_table(self.sources, table, plan)
        except InputError as error:
            return TableReport(**known, faults=(*faults, str(error)))
        known["mapped"] = tuple(mapped.casts)
        faults += unbound
        try:
            counts = self._counts(mapped, plan)
        except duckdb.Error:
            return TableReport(**known, faults=(*faults, f"{table.name}: {self.sources.row_fault(mapped.source)}"))
        return TableReport(**known, **counts, faults=(*faults, *_faults_of_rows(mapped, counts)))

    def _lacking(self, table: Table, missing: tuple[str, ...]) -> list[str]:
        if self.mapping is None:
            return lacking_columns(self.sources, table)
        return [
            f"mapping: tables.{table.name}: columns lacks {name} ({table.column(name).meaning})."
            f" {table.name} needs it; add its expression."
            for name in missing
        ]

    def _counts(self, mapped: MappedTable, plan: TableMapping) -> dict[str, Any]:
        rows_in = self._count(source_of(mapped.table.name, plan))
        rows_out, unread = count_unread(self.sources, mapped)
        write_table(self.sources, mapped)
        self.made[mapped.table.name] = mapped
        listed = {name: number for name, number in unread.items() if name in plan.values}
        unreadable = {name: number for name, number in unread.items() if name not in plan.values}
        return {
            "rows_in": rows_in,
            "rows_left_out": rows_in - rows_out,
            "rows_out": rows_out,
            "unlisted": listed,
            "unreadable": unreadable,
            "empty": self._empty(mapped, unread),
            "repeated": self._repeated(mapped),
            "without": self._without(mapped),
        }

    def _empty(self, mapped: MappedTable, unread: Counts) -> Counts:
        found = {}
        for column in mapped.table.columns:
            if column.required and column.name in mapped.casts:
                nulls = self._count(f"canonical_{mapped.table.name}", f"{quoted(column.name)} IS NULL")
                found[column.name] = nulls - unread.get(column.name, 0)
        return {name: number for name, number in found.items() if number}

    def _repeated(self, mapped: MappedTable) -> int:
        key = mapped.table.key
        if not key or not set(key) <= set(mapped.casts):
            return 0
        columns = ", ".join(quoted(name) for name in key)
        found = self.sources.run(
            f"SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM canonical_{mapped.table.name}"  # noqa: S608
            f" GROUP BY {columns} HAVING count(*) > 1)"
        ).fetchone()
        return int(found[0]) if found else 0

    def _without(self, mapped: MappedTable) -> Counts:
        found = {}
        for link in mapped.table.links:
            other = self.made.get(link.table)
            if other is None or link.column not in mapped.casts or link.column not in other.casts:
                continue
            column = quoted(link.column)
            rows = self.sources.run(
                f"SELECT count(*) FROM canonical_{mapped.table.name} AS here"  # noqa: S608
                f" ANTI JOIN canonical_{link.table} AS there ON here.{column} = there.{column}"
                f" WHERE here.{column} IS NOT NULL"
            ).fetchone()
            if rows and rows[0]:
                found[link.table] = int(rows[0])
        return found


def _faults_of_rows(mapped: MappedTable, counts: dict[str, Any]) -> Iterator[str]:
    name, rows = mapped.table.name, counts["rows_out"]
    if rows == 0 and not (mapped.optional or mapped.table.may_be_empty):
        yield f"{name}: has no rows. Expected at least one; where the site does not have this table, leave it out."
    for column, number in (counts["unlisted"] | counts["unreadable"]).items():
        yield f"{name}.{column}: {number:,} of {rows:,} rows {mapped.casts[column].complaint}"
    for column, number in counts["empty"].items():
        yield (
            f"{name}.{column}: {number:,} of {rows:,} rows have no value, which {name} needs."
            " Leave these rows out with where, or give the column another expression."
        )
    if counts["repeated"]:
        yield (
            f"{name}: {counts['repeated']:,} of {rows:,} rows share their key ({', '.join(mapped.table.key)}) with"
            " another. Expected one row each; keep one of them in a view under [sources]."
        )


def _source_line(source: SourceReport) -> str:
    parts = ", ".join(f"{name} {rows:,}" for name, rows in source.made_of.items()) or "no file"
    return f"  {source.name}: {source.rows:,} rows, made of {parts}"


def _table_lines(table: TableReport) -> Iterator[str]:
    yield f"{table.table}, from {table.source}"
    left_out = f", {table.rows_left_out:,} left out by where" if table.rows_left_out else ""
    yield f"  rows: {table.rows_in:,} in{left_out}, {table.rows_out:,} out"
    yield f"  mapped: {', '.join(table.mapped)}"
    if table.not_mapped:
        yield f"  not mapped: {', '.join(table.not_mapped)}"
    if table.required_missing:
        yield f"  needed and not mapped: {', '.join(table.required_missing)}"
    for words, counts in (
        ("not in the value map", table.unlisted),
        ("cannot be read", table.unreadable),
        ("without a value that is needed", table.empty),
        ("naming no row there", table.without),
    ):
        if counts:
            yield f"  {words}: {', '.join(f'{name} {rows:,} rows' for name, rows in counts.items())}"
    if table.repeated:
        yield f"  repeating the key: {table.repeated:,} rows"
