"""What a mapping makes of a site's files, told without stopping at the first fault: for whoever writes the mapping.

It counts and names; it shows nothing of any record.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb

from vi_risk.errors import InputError
from vi_risk.records import mapping as mappings
from vi_risk.records.casting import quoted
from vi_risk.records.linked import Workspace
from vi_risk.records.mapped_tables import MappedTable, map_table, write_table
from vi_risk.records.mapping import CANONICAL, TableMapping, load_mapping
from vi_risk.records.mapping_report import Counts, MappingReport, SourceReport, TableReport
from vi_risk.records.readable import EPISODES, READABLE
from vi_risk.records.reading import canonical_plans, lacking_columns, open_sources, unplaced_episodes, write_spells
from vi_risk.records.sources import Sources, source_of
from vi_risk.records.tables import TABLES, Table


def check_mapping(
    folder: str | Path,
    mapping: str | Path | mappings.Mapping | None,
    *,
    report: Callable[[str], None] | None = None,
) -> MappingReport:
    """Say what a mapping makes of a site's files: what maps, what does not, how many rows each rule leaves out.

    It goes on after a fault, so that all are told at once, and shows nothing of any record: names and numbers of rows.
    No governance file is asked for, as nothing that it reads is kept or given.

    Parameters
    ----------
    folder
        Folder of CSV or Parquet files, or the URL of a database.
    mapping
        As for `read_records`; a mapping file may still lack required tables and columns, which are then told.
    report
        Called with the name of each table before it is looked at.

    Returns
    -------
    MappingReport
        What becomes of each source, table, column and row, and what is wrong.

    Raises
    ------
    InputError
        The folder or the database cannot be opened at all.
    SpecificationError
        The mapping file is not a mapping: not TOML, an unknown key, no SQL.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import vi_risk
    >>> with TemporaryDirectory() as folder:
    ...     vi_risk.write_trust(folder, patients=20)
    ...     (Path(folder) / "practices.parquet").unlink()
    ...     report = vi_risk.check_mapping(folder, None)
    >>> report.fits, report.tables_not_mapped
    (True, ('practices',))
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
        self.made: dict[str, set[str]] = {}  # table -> its columns

    def result(self) -> MappingReport:
        plans, faults = self._plans()
        unusable = [self.sources.unusable[name] for name in self.sources.reads if name in self.sources.unusable]
        broken = [fault for faults_of_it in unusable for fault in faults_of_it.splitlines()]
        self.sources.keep_shared(plans)
        tables: list[TableReport] = []
        for name, table in READABLE.items():  # patients first: others link to it
            if name in plans:
                tables.append(self._table(table, plans[name]))
            if name == EPISODES.name and name in self.made:
                tables += self._made_of_episodes(tables[-1])
        told = {fault for table in tables for fault in table.faults}
        faults += [fault for fault in dict.fromkeys(broken) if fault not in told]
        return MappingReport(
            mapping=self.mapping.name if self.mapping else CANONICAL,
            records=self.sources.place,
            sources=tuple(self._sources()),
            tables=tuple(tables),
            tables_not_mapped=tuple(name for name in TABLES if name not in {table.table for table in tables}),
            faults=tuple(faults),
        )

    def _plans(self) -> tuple[dict[str, TableMapping], list[str]]:
        if self.mapping is None:
            return canonical_plans(self.sources)
        return self.mapping.tables, [
            f"mapping: tables.{name} is missing; a mapping makes at least patients and spells."
            for name in self.mapping.lacking
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
            return TableReport(**known, faults=(*faults, *str(error).splitlines()))
        known["mapped"] = tuple(mapped.casts)
        known["not_mapped"] = tuple(name for name in table.column_names if name not in mapped.casts)
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
        written = write_table(self.sources, mapped)
        self.made[mapped.table.name] = set(mapped.casts)
        unread = written.unread
        return {
            "rows_in": rows_in,
            "rows_left_out": rows_in - written.rows,
            "rows_out": written.rows,
            "unlisted": {name: number for name, number in unread.items() if name in mapped.plan.values},
            "unreadable": {name: number for name, number in unread.items() if name not in mapped.plan.values},
            "kept_units": written.kept_units,
            **self._of_rows(mapped.table, unread),
        }

    def _of_rows(self, table: Table, unread: Counts) -> dict[str, Any]:
        return {
            "empty": self._empty(table, unread),
            "repeated": self._repeated(table),
            "without": self._without(table),
        }

    def _made_of_episodes(self, episodes: TableReport) -> Iterator[TableReport]:
        """Say what the episodes that were read make; nothing where they lack a column, or some belong to no spell."""
        needed = {column.name for column in EPISODES.columns if column.required or column.mapped}
        if needed - self.made[EPISODES.name] or unplaced_episodes(self.sources):
            return
        for name, rows in write_spells(self.sources).items():
            columns = tuple(self.sources.columns_of(f"canonical_{name}"))
            self.made[name] = set(columns)
            counts = self._of_rows(TABLES[name], {})
            yield TableReport(
                name,
                EPISODES.name,
                episodes.rows_out,
                rows_out=rows,
                mapped=columns,
                not_mapped=tuple(column for column in TABLES[name].column_names if column not in columns),
                **counts,
                faults=tuple(_faults_of_made_rows(TABLES[name], rows, counts)),
            )

    def _empty(self, table: Table, unread: Counts) -> Counts:
        found = {}
        for column in table.columns:
            if column.required and column.name in self.made[table.name]:
                nulls = self._count(f"canonical_{table.name}", f"{quoted(column.name)} IS NULL")
                found[column.name] = nulls - unread.get(column.name, 0)
        return {name: number for name, number in found.items() if number}

    def _repeated(self, table: Table) -> int:
        if not table.key or not set(table.key) <= self.made[table.name]:
            return 0
        columns = ", ".join(quoted(name) for name in table.key)
        found = self.sources.run(
            f"SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM canonical_{table.name}"  # noqa: S608
            f" GROUP BY {columns} HAVING count(*) > 1)"
        ).fetchone()
        return int(found[0]) if found else 0

    def _without(self, table: Table) -> Counts:
        found = {}
        for link in table.links:
            if not all(link.column in self.made.get(name, ()) for name in (table.name, link.table)):
                continue
            column = quoted(link.column)
            rows = self.sources.run(
                f"SELECT count(*) FROM canonical_{table.name} AS here"  # noqa: S608
                f" ANTI JOIN canonical_{link.table} AS there ON here.{column} = there.{column}"
                f" WHERE here.{column} IS NOT NULL"
            ).fetchone()
            if rows and rows[0]:
                found[link.table] = int(rows[0])
        return found


def _faults_of_rows(mapped: MappedTable, counts: dict[str, Any]) -> Iterator[str]:
    name, rows = mapped.table.name, counts["rows_out"]
    if rows == 0 and not (mapped.plan.optional or mapped.table.may_be_empty):
        yield f"{name}: has no rows. Expected at least one; where the site does not have this table, leave it out."
    for column, number in (counts["unlisted"] | counts["unreadable"]).items():
        yield f"{name}.{column}: {number:,} of {rows:,} rows {mapped.casts[column].complaint}"
    yield from _faults_of_made_rows(mapped.table, rows, counts)


def _faults_of_made_rows(table: Table, rows: int, counts: dict[str, Any]) -> Iterator[str]:
    for column, number in counts["empty"].items():
        yield (
            f"{table.name}.{column}: {number:,} of {rows:,} rows have no value, which {table.name} needs."
            " Leave these rows out with where, or give the column another expression."
        )
    if counts["repeated"]:
        yield (
            f"{table.name}: {counts['repeated']:,} of {rows:,} rows share their key ({', '.join(table.key)}) with"
            " another. Expected one row each; keep one of them in a view under [sources]."
        )
