"""What a mapping can read, as views in the engine: files, folders of parts, tables of a database, its own sources.

A fault of a source is noted, not raised, so that only those are told of that something reads, and all of them at once.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from vi_risk.errors import InputError
from vi_risk.records.casting import quoted, text_literal
from vi_risk.records.database import Database
from vi_risk.records.expressions import is_costly, sources_of
from vi_risk.records.extract_files import FileForm, SourceFiles, files_of, literal_path, not_alike, ready
from vi_risk.records.linked import Workspace
from vi_risk.records.mapping import Mapping, Source, Stack, TableMapping, Wide
from vi_risk.records.readable import READABLE

Tables = dict[str, TableMapping]


@dataclass
class Sources:
    """The sources of one reading.

    Attributes
    ----------
    columns
        Source -> its columns and their types in the engine, of all sources that can be read.
    unusable
        Source -> what is wrong with it.
    files
        Source -> its files; a source of the mapping or of a database has none.
    reads
        Source of the mapping -> the sources that it is made of.
    mapping_faults
        What is wrong with the mapping itself.
    """

    workspace: Workspace
    place: str
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    unusable: dict[str, str] = field(default_factory=dict)
    files: dict[str, SourceFiles] = field(default_factory=dict)
    reads: dict[str, tuple[str, ...]] = field(default_factory=dict)
    mapping_faults: list[str] = field(default_factory=list)
    _costly: set[str] = field(default_factory=set)
    _kept: list[str] = field(default_factory=list)

    # --- opening ------------------------------------------------------------------------------------------------

    def open_folder(self, folder: Path, mapping: Mapping | None) -> None:
        """Make a view of each file and of each folder of parts, and shut the engine in."""
        there = files_of(folder)
        wanted = _wanted(there, mapping)
        for name, paths in there.items():
            # What nobody reads is not copied into another encoding either.
            form = mapping.files if mapping is not None and name in wanted else FileForm()
            self.files[name] = SourceFiles(name, paths, paths)
            try:
                self.files[name] = ready(name, paths, form, self.workspace.path / "recoded")
                self._view(name, f"SELECT * FROM {self.files[name].scan}")  # noqa: S608
            except InputError as error:
                self.unusable[name] = str(error)
            except duckdb.Error:
                self.unusable[name] = self.files[name].damage(self.workspace.backend.con) or not_alike(name)
        self._shut_in()

    def open_database(self, url: str, mapping: Mapping | None, report: Callable[[str], None] | None) -> None:
        """Copy those tables of a database that the mapping reads, and shut the engine in."""
        database = Database(url)
        try:
            wanted = _wanted(database.tables, mapping)
            self.unusable = database.copy(wanted, self.workspace.backend, report)
        finally:
            database.close()
        for name in wanted:
            if name not in self.unusable:
                self.columns[name] = self.columns_of(name)
        self._shut_in()

    def _shut_in(self) -> None:
        # From here on the engine opens the files that are sources and no other, not even one that lies beside them. The
        # folder that it spills to stays open to itself.
        files = {str(path) for source in self.files.values() for path in source.readable}
        # The engine compares paths as they are written in a view, where signs of a pattern are escaped, and as found.
        allowed = ", ".join(text_literal(path) for path in sorted(files | {literal_path(path) for path in files}))
        self.run(f"SET allowed_paths = [{allowed}]")
        self.run("SET enable_external_access = false")
        self.run("SET lock_configuration = true")

    def define(self, mapping: Mapping) -> None:
        """Add the sources that the mapping defines, whatever their order: each after those that it is made of."""
        waiting = {name: _own_names_read(source, mapping) for name, source in mapping.sources.items()}
        while waiting:
            ready = [name for name, read in waiting.items() if not read & waiting.keys()]
            if not ready:
                circle = ", ".join(f"sources.{name}" for name in waiting)
                self.mapping_faults.append(
                    f"mapping: {circle}: made of one another or of itself, in a circle. Give each a name of its own,"
                    " other than that of the file that it reads."
                )
                return
            for name in ready:
                del waiting[name]
                self._define(name, mapping.sources[name])
        for name, table in mapping.tables.items():
            if table.stacked is not None:
                self._define(stack_of(name), table.stacked, called=table.source_name)

    def _define(self, name: str, source: Source, called: str | None = None) -> None:
        clash = next((file for file in self.files if file.casefold() == name.casefold()), None)
        if clash is not None:
            self.mapping_faults.append(
                f"mapping: sources.{name}: has the name of a source of the records, {clash}. Give one another name."
            )
            return
        known = self.names_read(source)
        self.reads[name] = tuple(known)
        lacking = self._lacking(source, known)
        if lacking:
            self.unusable[name] = "\n".join(lacking)
            return
        if isinstance(source, str) and is_costly(source):
            self._costly.add(name)
        try:
            self._view(name, self._query(source, known))
        except duckdb.Error as error:
            self.unusable[name] = expression_fault(f"sources.{called or name}", error)
            self.mapping_faults.append(self.unusable[name])

    def names_read(self, source: Source) -> list[str]:
        """Return the names of what a source is made of, as they are known here."""
        if isinstance(source, Stack):
            # A name with * stands for files and tables; a source of the mapping is stacked by its own name only.
            return source.members(
                n for n in (*self.columns, *self.unusable) if n not in self.reads or n in source.stack
            )
        read = {source.of} if isinstance(source, Wide) else sources_of(source)
        return sorted(self.known(name) for name in read)

    def _lacking(self, source: Source, read: list[str]) -> list[str]:
        lacking = [self.why_not(name) for name in read if name not in self.columns]
        if isinstance(source, Stack) and not source.columns:
            lacking += [self.missing(name) for name in source.lacking([*self.columns, *self.unusable])]
        if isinstance(source, Wide) and not lacking:
            lacking += self._lacking_of_wide(source)
        return lacking

    def _lacking_of_wide(self, source: Wide) -> list[str]:
        there = self.columns[self.known(source.of)]
        if not self._numbers_there(source):
            sought = ", ".join(source.numbered()[0][1].values())
            found = ", ".join(there)
            return [f"mapping: {source.of} has no column such as {sought}. It has {found}. Mend wide or numbers."]
        taken = sorted({c.casefold() for c in there} & {c.casefold() for c in (source.position, *source.wide)})
        return [f"mapping: {source.of} has a column {name} already. Name that of the rows otherwise." for name in taken]

    def keep_shared(self, tables: Tables) -> None:
        """Evaluate once, and keep, each view of the mapping that more than one table or source reads.

        A view that only picks rows and columns stays one: reading its file again costs less than a copy of it.
        """
        read = [source_of(name, table) for name, table in tables.items()]
        needed, waiting = set[str](), [*read]
        while waiting:
            name = waiting.pop()
            if name not in needed:
                needed.add(name)
                waiting += self.reads.get(name, ())
        readers = Counter([*read, *(part for name in needed for part in self.reads.get(name, ()))])
        for name in self.reads:  # each stands after those that it is made of
            if readers[name] > 1 and name in self._costly and name in self.columns:
                self._keep(name)

    def _keep(self, name: str) -> None:
        try:
            self.run(f"CREATE TABLE being_kept AS SELECT * FROM {quoted(name)}")  # noqa: S608
        except duckdb.Error:  # the tables made of it say which row or file is at fault
            return
        self.run(f"DROP VIEW {quoted(name)}")
        self.run(f"ALTER TABLE being_kept RENAME TO {quoted(name)}")
        self._kept.append(name)

    def let_go(self) -> None:
        """Drop what was kept, once all tables are read."""
        while self._kept:
            self.run(f"DROP TABLE {quoted(self._kept.pop())}")

    # --- the queries of a mapping's own sources -----------------------------------------------------------------

    def _query(self, source: Source, read: list[str]) -> str:
        if isinstance(source, str):
            return source
        return self._stacked(source, read) if isinstance(source, Stack) else self._as_rows(source)

    def _stacked(self, source: Stack, read: list[str]) -> str:
        there = {column.casefold() for name in read for column in self.columns[name]}
        parts = [f"SELECT * FROM {quoted(name)}" for name in read]  # noqa: S608
        absent = [column for column in source.columns if column.casefold() not in there]
        if absent:
            nulls = ", ".join(f"CAST(NULL AS VARCHAR) AS {quoted(column)}" for column in absent)
            parts.append(f"SELECT {nulls} WHERE false")
        return " UNION ALL BY NAME ".join(parts)

    def _numbers_there(self, source: Wide) -> list[tuple[int, dict[str, str]]]:
        """Return the numbers whose first column the source has: extracts hold 7, 12, 14 or 20 diagnoses."""
        there = {column.casefold() for column in self.columns[self.known(source.of)]}
        first = next(iter(source.wide))
        return [(number, names) for number, names in source.numbered() if names[first].casefold() in there]

    def _as_rows(self, source: Wide) -> str:
        of = self.known(source.of)
        there = {column.casefold() for column in self.columns[of]}
        numbers = self._numbers_there(source)
        entries = [
            f"{{{text_literal(source.position)}: {number}, "
            + ", ".join(
                f"{text_literal(column)}: CAST({quoted(name) if name.casefold() in there else 'NULL'} AS VARCHAR)"
                for column, name in names.items()
            )
            + "}"
            for number, names in numbers
        ]
        taken = {name.casefold() for _, names in numbers for name in names.values()}
        used = ", ".join(quoted(name) for name in self.columns[of] if name.casefold() in taken)
        first = quoted(next(iter(source.wide)))
        return (
            f"SELECT * FROM (SELECT numbered.* EXCLUDE (entry), unnest(entry) FROM"  # noqa: S608
            f" (SELECT * EXCLUDE ({used}), unnest([{', '.join(entries)}]) AS entry FROM {quoted(of)}) AS numbered)"
            f" WHERE nullif(trim(CAST({first} AS VARCHAR)), '') IS NOT NULL"
        )

    # --- asking -------------------------------------------------------------------------------------------------

    def run(self, sql: str) -> duckdb.DuckDBPyConnection:
        """Run one statement."""
        try:
            result: duckdb.DuckDBPyConnection = self.workspace.backend.raw_sql(sql)
        except UnicodeDecodeError:  # of the engine's own message, where it cuts a text of ours inside a sign
            msg = "the engine said why not, in what is no text"
            raise duckdb.InvalidInputException(msg) from None
        return result

    def _view(self, name: str, sql: str) -> None:
        self.run(f"CREATE OR REPLACE VIEW {quoted(name)} AS {sql}")
        self.columns[name] = self.columns_of(name)
        self.unusable.pop(name, None)

    def columns_of(self, name: str) -> dict[str, str]:
        """Return the columns of a table or view and their types."""
        return {row[0]: row[1] for row in self.run(f"DESCRIBE {quoted(name)}").fetchall()}

    def known(self, name: str) -> str:
        """Return a source's name as it is written here; upper and lower case are the same to the engine."""
        if name in self.columns or name in self.unusable:
            return name
        alike = [k for k in (*self.columns, *self.unusable) if k.casefold() == name.casefold()]
        return alike[0] if alike else name

    def why_not(self, name: str) -> str:
        """Say why a source cannot be read."""
        return self.unusable.get(name) or self.missing(name)

    def missing(self, name: str) -> str:
        """Say that a source is not there, and what is."""
        found = ", ".join(sorted(name for name in self.columns if name not in self.reads))
        mend = "Add the file" if self.files else "Let the user SELECT from it, or add the table,"
        return f"{self.place}: {name}, which the mapping reads, is missing. Found {found}. {mend} or mend the mapping."

    def row_fault(self, name: str) -> str:
        """Say why rows of a source cannot be read: a damaged file of those that it is made of, or an expression."""
        waiting, seen = [name], set()
        while waiting:
            here = waiting.pop()
            if here in seen:
                continue
            seen.add(here)
            waiting += self.reads.get(here, ())
            files = self.files.get(here)
            if files is not None and (damage := files.damage(self.workspace.backend.con)):
                return damage
        return (
            "an expression of the mapping fails on some rows."
            " Use TRY_CAST or NULLIF in it, so that a value that does not fit becomes null."
        )


def stack_of(table: str) -> str:
    """Return the name of the source that stacks the several sources of a canonical table."""
    return f"stack of {table}"


def source_of(table: str, plan: TableMapping) -> str:
    """Return the name of the one source from which a canonical table is made."""
    return stack_of(table) if plan.stacked is not None else str(plan.source)


def expression_fault(where: str, error: duckdb.Error, there: str = "Columns are those of its source") -> str:
    """Say what is wrong with an expression; binding happens before any row is read, so the message holds none."""
    first = str(error).splitlines()[0]
    if isinstance(error, duckdb.BinderException | duckdb.CatalogException | duckdb.ParserException):
        return f"mapping: {where}: {first.rstrip('.!')}. Mend the expression. {there}."
    if isinstance(error, duckdb.PermissionException):
        return f"mapping: {where}: reaches outside the records folder, which a mapping may not do."
    return f"mapping: {where}: cannot be evaluated ({type(error).__name__}). Mend the expression."


def _names_read(source: Source) -> list[str]:
    """Return the names, or patterns of names, of what a source of a mapping is made of, as they stand there."""
    if isinstance(source, Stack):
        return source.stack
    return [source.of] if isinstance(source, Wide) else sorted(sources_of(source))


def _own_names_read(source: Source, mapping: Mapping) -> set[str]:
    read = {name.casefold() for name in _names_read(source)}
    return {name for name in mapping.sources if name.casefold() in read}


def _wanted(tables: Iterable[str], mapping: Mapping | None) -> list[str]:
    """Return those tables of a database that the mapping reads, or the canonical ones where there is no mapping."""
    if mapping is None:
        return [name for name in tables if name in READABLE]
    own = {name.casefold() for name in mapping.sources}
    read = [name for source in mapping.sources.values() for name in _names_read(source)]
    for name, table in mapping.tables.items():
        read += table.stacked.stack if table.stacked is not None else [source_of(name, table)]
    return [name for name in Stack(stack=read).members(tables) if name.casefold() not in own]
