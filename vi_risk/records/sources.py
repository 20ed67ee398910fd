"""What a mapping can read, as views in the engine: files, folders of parts, tables of a database, its own sources.

A fault of a source is noted, not raised, so that only those are told of that something reads, and all of them at once.
"""

import csv
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from vi_risk.errors import InputError
from vi_risk.records.casting import quoted, text_literal
from vi_risk.records.database import Database
from vi_risk.records.linked import Workspace
from vi_risk.records.mapping import Mapping, Source, Stack, TableMapping, Wide, sources_of
from vi_risk.records.tables import TABLES

_KINDS = (".csv", ".parquet")


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
    files: dict[str, tuple[Path, ...]] = field(default_factory=dict)
    reads: dict[str, tuple[str, ...]] = field(default_factory=dict)
    mapping_faults: list[str] = field(default_factory=list)

    # --- opening ------------------------------------------------------------------------------------------------

    def open_folder(self, folder: Path) -> None:
        """Make a view of each file and of each folder of parts, and shut the engine in."""
        self.files = _files_of(folder)
        for name, paths in self.files.items():
            empty = [path for path in paths if path.stat().st_size == 0]  # DuckDB would find a nameless column in it
            if empty:
                self.unusable[name] = f"{_shown(empty[0], name)}: is empty, 0 bytes. Write or copy it again."
                continue
            if twice := [(path, column) for path in paths for column in _columns_twice(path)]:
                path, column = twice[0]  # DuckDB would give the second one another name
                self.unusable[name] = f"{_shown(path, name)}: has two columns {column}. Name each column once."
                continue
            try:
                self._view(name, f"SELECT * FROM {_scan(paths)}")  # noqa: S608
            except duckdb.Error:
                self.unusable[name] = self._damage(name) or _not_alike(name)
        self._shut_in(folder)

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
        self._shut_in(None)

    def _shut_in(self, folder: Path | None) -> None:
        # From here on expressions of a mapping reach the records folder and the engine's own folder, nothing else.
        places = [f"{place.resolve()}/" for place in (folder, self.workspace.path) if place is not None]
        # The engine compares paths as they are written in a view, where signs of a pattern are escaped.
        written = [f"{_literal_path(str(folder))}/"] if folder is not None else []
        allowed = ", ".join(text_literal(place) for place in dict.fromkeys([*places, *written]))
        self.run(f"SET allowed_directories = [{allowed}]")
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
        result: duckdb.DuckDBPyConnection = self.workspace.backend.raw_sql(sql)
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
            if damage := self._damage(here):
                return damage
        return (
            "an expression of the mapping fails on some rows."
            " Use TRY_CAST or NULLIF in it, so that a value that does not fit becomes null."
        )

    def _damage(self, name: str) -> str | None:
        """Say which file of a source is damaged, by reading each of them whole; None where none is."""
        for path in self.files.get(name, ()):
            try:
                self.run(f"SELECT count(COLUMNS(*)) FROM {_scan((path,))}").fetchone()  # noqa: S608
            except duckdb.Error as error:
                return f"{_shown(path, name)}: {_file_fault(path, error)}"
        return None


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


def _files_of(folder: Path) -> dict[str, tuple[Path, ...]]:
    """Return source name -> files of a records folder: NAME.csv, NAME.parquet, or a folder NAME of parts."""
    found: dict[str, tuple[Path, ...]] = {}
    from_path: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "_")):
            continue
        if path.is_dir():
            name, files = path.name, tuple(sorted(p for p in path.rglob("*") if _is_part(p, path)))
        elif path.suffix.lower() in _KINDS:
            name, files = path.stem, (path,)
        else:
            continue
        if not files:
            continue
        alike = next((known for known in found if known.casefold() == name.casefold()), None)
        if alike is not None:
            msg = f"{folder}: holds both {from_path[alike].name} and {path.name}. Keep one file for each source."
            raise InputError(msg)
        if len({file.suffix.lower() for file in files}) > 1:
            msg = f"{folder}: the folder {path.name} holds both CSV and Parquet. Keep parts of one kind in a folder."
            raise InputError(msg)
        found[name], from_path[name] = files, path
    if not found:
        msg = f"{folder}: holds no CSV or Parquet file. Expected one file for each source, such as spells.parquet."
        raise InputError(msg)
    return found


def _columns_twice(path: Path) -> list[str]:
    """Return the names that stand more than once in the header of a CSV file, whatever their case."""
    if path.suffix.lower() != ".csv":
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = [name.strip().lower() for name in next(csv.reader(file), [])]
    except (UnicodeDecodeError, csv.Error):
        return []  # told of as a damaged file
    return sorted({name for name in header if header.count(name) > 1})


def _is_part(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
    return path.is_file() and path.suffix.lower() in _KINDS and not hidden


def _scan(paths: Iterable[Path]) -> str:
    files = [str(path) for path in paths]
    listed = f"[{', '.join(text_literal(_literal_path(file)) for file in files)}]"
    several = ", union_by_name = true" if len(files) > 1 else ""
    if files[0].lower().endswith(".parquet"):
        return f"read_parquet({listed}{several})"
    return (
        f"read_csv({listed}{several}, header = true, all_varchar = true, delim = ',', quote = '\"',"
        " escape = '\"', comment = '', skip = 0, nullstr = '', strict_mode = true, encoding = 'utf-8')"
    )


def _literal_path(path: str) -> str:
    """Return a path in which DuckDB sees no pattern: `*`, `?` and `[` stand for themselves."""
    return re.sub(r"([*?\[])", r"[\1]", path)


def _shown(path: Path, name: str) -> str:
    return path.name if path.stem == name else f"{name}/{path.name}"


def _not_alike(name: str) -> str:
    return f"{name}: its parts do not fit together. Expected the same columns, of the same types, in each."


def _file_fault(path: Path, error: duckdb.Error) -> str:
    """Say what is wrong with a file; the engine's own message may quote the record, so only its line number is kept."""
    if path.suffix.lower() == ".parquet":
        return "is not a whole Parquet file (truncated, or not Parquet). Write or copy it again."
    line = re.search(r"[Ll]ine:? (\d+)", str(error))
    at = f" at line {line[1]}" if line else ""
    return (
        f"cannot be read as CSV{at}. Expected UTF-8 text, commas, a header line,"
        " and as many cells in each row as in the header."
    )


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
        return [name for name in tables if name in TABLES]
    own = {name.casefold() for name in mapping.sources}
    read = [name for source in mapping.sources.values() for name in _names_read(source)]
    for name, table in mapping.tables.items():
        read += table.stacked.stack if table.stacked is not None else [source_of(name, table)]
    return [name for name in Stack(stack=read).members(tables) if name.casefold() not in own]
