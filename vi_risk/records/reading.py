"""Reading a site's extracts: files and a mapping in, canonical tables of the declared types out.

Text becomes a date, a number or a truth value only where it clearly is one; what cannot be read is counted and stops
the reading, and nothing of any record is shown.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from vi_risk.errors import InputError, SpecificationError
from vi_risk.records.casting import Cast, quoted, text_literal
from vi_risk.records.linked import Records, Workspace
from vi_risk.records.mapping import Mapping, TableMapping, load_mapping, sources_of
from vi_risk.records.tables import TABLES, Table


def read_records(
    folder: str | Path,
    *,
    mapping: str | Path | Mapping | None = None,
    report: Callable[[str], None] | None = None,
) -> Records:
    """Read linked records from a folder of CSV or Parquet files.

    Parameters
    ----------
    folder
        Holds one file for each source, ``NAME.parquet`` or ``NAME.csv`` (UTF-8, comma, header).
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
    """
    path = Path(folder)
    if not path.is_dir():
        msg = f"{path}: no such folder. Expected a folder of CSV or Parquet files; name it with --records."
        raise InputError(msg)
    chosen = load_mapping(mapping) if isinstance(mapping, str | Path) else mapping
    workspace = Workspace()
    try:
        reader = _Reader(path, workspace, _sources(path))
        reader.open_sources(chosen)
        plans = reader.canonical_plans() if chosen is None else chosen.tables
        for name in plans:
            if report is not None:
                report(name)
            reader.read(TABLES[name], plans[name])
        reader.raise_faults()
    except BaseException:
        workspace.close()
        raise
    return Records(reader.tables, workspace, source=path.name)


def _sources(folder: Path) -> dict[str, Path]:
    """Return source name -> file of a records folder."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in (".csv", ".parquet") or path.name.startswith("."):
            continue
        if path.stem in found:
            msg = f"{folder}: holds both {found[path.stem].name} and {path.name}. Keep one file for each source."
            raise InputError(msg)
        found[path.stem] = path
    if not found:
        msg = f"{folder}: holds no CSV or Parquet file. Expected one file for each source, such as spells.parquet."
        raise InputError(msg)
    return found


@dataclass
class _Reader:
    """One reading: the engine, the files, and the faults found so far."""

    folder: Path
    workspace: Workspace
    files: dict[str, Path]

    def __post_init__(self) -> None:
        self.tables: dict[str, Any] = {}
        self.faults: list[str] = []
        self.columns: dict[str, dict[str, str]] = {}  # source -> column -> engine type
        self.unreadable: dict[str, str] = {}  # source -> what is wrong with its file; told only where it is needed

    def raise_faults(self) -> None:
        if self.faults:
            raise InputError("\n".join(self.faults))

    def _run(self, sql: str) -> Any:
        return self.workspace.backend.raw_sql(sql)

    # --- sources ------------------------------------------------------------------------------------------------

    def open_sources(self, mapping: Mapping | None) -> None:
        """Make a view of each file, lock the engine in, and add the views that the mapping defines."""
        for name, path in self.files.items():
            try:
                if path.stat().st_size == 0:  # DuckDB would find a nameless column in it
                    raise duckdb.InvalidInputException
                self._run(f"CREATE VIEW {quoted(name)} AS SELECT * FROM {_scan(path)}")  # noqa: S608
            except duckdb.Error as error:
                self.unreadable[name] = f"{path.name}: {_file_fault(path, error)}"
            else:
                self.columns[name] = self._columns_of(name)
        # From here on expressions of a mapping reach the records folder and the engine's own folder, nothing else.
        allowed = ", ".join(text_literal(f"{place.resolve()}/") for place in (self.folder, self.workspace.path))
        self._run(f"SET allowed_directories = [{allowed}]")
        self._run("SET enable_external_access = false")
        self._run("SET lock_configuration = true")
        for name, sql in (mapping.sources if mapping else {}).items():
            self._raise_unusable(sorted(sources_of(sql)))
            try:
                self._run(f"CREATE OR REPLACE VIEW {quoted(name)} AS {sql}")
            except duckdb.Error as error:
                raise _mapping_fault(f"sources.{name}", error) from None
            self.columns[name] = self._columns_of(name)

    def _raise_unusable(self, sources: list[str]) -> None:
        """Stop where a view of the mapping needs a file that is damaged or not there."""
        for source in sources:
            if source in self.unreadable:
                self.faults.append(self.unreadable[source])
            elif source not in self.columns:
                self.faults.append(self._missing(source))
        self.raise_faults()

    def _missing(self, source: str) -> str:
        found = ", ".join(sorted(self.columns))
        return (
            f"{self.folder.name}: {source}, which the mapping reads, is missing. Found {found}."
            " Add the file or mend the mapping."
        )

    def _columns_of(self, source: str) -> dict[str, str]:
        described = self._run(f"DESCRIBE {quoted(source)}").fetchall()
        return {row[0]: row[1] for row in described}

    def canonical_plans(self) -> dict[str, TableMapping]:
        """Return the mapping of records that already have the canonical names."""
        plans = {}
        for table in TABLES.values():
            if table.name in self.unreadable:
                self.faults.append(self.unreadable[table.name])
                continue
            if table.name not in self.columns:
                if table.required:
                    self.faults.append(
                        f"{self.folder.name}: {table.name} is missing. Expected {table.name}.parquet or"
                        f" {table.name}.csv ({table.grain}), or a --mapping that makes it from other files."
                    )
                continue
            there = self.columns[table.name]
            missing = [c for c in table.columns if (c.required or c.mapped) and c.name not in there]
            self.faults += [
                f"{self.files[table.name].name}: column {column.name} ({column.meaning}) is missing."
                f" Found {', '.join(there)}. Add the column, or map another one to it with --mapping."
                for column in missing
            ]
            columns = {c.name: quoted(c.name) for c in table.columns if c.name in there}
            plans[table.name] = TableMapping(source=table.name, columns=columns)
        self.raise_faults()
        return plans

    # --- tables -------------------------------------------------------------------------------------------------

    def read(self, table: Table, plan: TableMapping) -> None:
        """Make one canonical table; faults are noted, not raised, so that all tables are told of at once."""
        if plan.source not in self.columns:
            self.faults.append(self.unreadable.get(plan.source) or self._missing(plan.source))
            return
        mapped = f"mapped_{table.name}"
        expressions = ", ".join(f"({sql}) AS {quoted(name)}" for name, sql in plan.columns.items())
        where = f" WHERE ({plan.where})" if plan.where else ""
        try:
            self._run(f"CREATE VIEW {mapped} AS SELECT {expressions} FROM {quoted(plan.source)}{where}")  # noqa: S608
        except duckdb.Error as error:
            there = f"{plan.source} has the columns {', '.join(self.columns[plan.source])}"
            raise _mapping_fault(f"tables.{table.name}", error, there) from None
        types = self._columns_of(mapped)
        readers = {
            name: Cast(table.column(name), types[name], plan.values.get(name), plan.formats.get(name))
            for name in plan.columns
        }
        try:
            if self._count_faults(table, mapped, readers):
                return
            casts = ", ".join(f"{cast.sql} AS {quoted(name)}" for name, cast in readers.items())
            self._run(f"CREATE TABLE canonical_{table.name} AS SELECT {casts} FROM {mapped}")  # noqa: S608
        except duckdb.Error as error:
            self.faults.append(f"{table.name}: {self._row_fault(plan.source, error)}")
            return
        self.tables[table.name] = self.workspace.backend.table(f"canonical_{table.name}")

    def _count_faults(self, table: Table, mapped: str, readers: dict[str, Cast]) -> int:
        """Note empty tables and values that cannot be read; return how many faults were noted."""
        doubtful = {name: cast for name, cast in readers.items() if cast.may_fail}
        counts = ", ".join(
            ["count(*)", *(f"count(*) FILTER ({cast.failed})" for cast in doubtful.values())],
        )
        rows, *failed = self._run(f"SELECT {counts} FROM {mapped}").fetchone()  # noqa: S608
        found = []
        if rows == 0:
            found.append(
                f"{table.name}: has no rows. Expected at least one;"
                " where the site does not have this table, leave it out."
            )
        found += [
            f"{table.name}.{name}: {number:,} of {rows:,} rows {cast.complaint}"
            for (name, cast), number in zip(doubtful.items(), failed, strict=True)
            if number
        ]
        self.faults += found
        return len(found)

    def _row_fault(self, source: str, error: duckdb.Error) -> str:
        path = self.files.get(source)
        if path is not None:
            return _file_fault(path, error)
        return (
            "an expression of the mapping fails on some rows."
            " Use TRY_CAST or NULLIF in it, so that a value that does not fit becomes null."
        )


def _scan(path: Path) -> str:
    if path.suffix.lower() == ".parquet":
        return f"read_parquet({text_literal(str(path))})"
    return (
        f"read_csv({text_literal(str(path))}, header = true, all_varchar = true, delim = ',', quote = '\"',"
        " escape = '\"', comment = '', skip = 0, nullstr = '', strict_mode = true, encoding = 'utf-8')"
    )


def _file_fault(path: Path, error: duckdb.Error) -> str:
    """Say what is wrong with a file; the engine's own message may quote the record, so only its line number is kept."""
    if path.stat().st_size == 0:
        return "is empty, 0 bytes. Write or copy it again."
    if path.suffix.lower() == ".parquet":
        return "is not a whole Parquet file (truncated, or not Parquet). Write or copy it again."
    line = re.search(r"[Ll]ine:? (\d+)", str(error))
    at = f" at line {line[1]}" if line else ""
    return (
        f"cannot be read as CSV{at}. Expected UTF-8 text, commas, a header line,"
        " and as many cells in each row as in the header."
    )


def _mapping_fault(where: str, error: duckdb.Error, there: str = "Columns are those of its source") -> Exception:
    """Say what is wrong with an expression; binding happens before any row is read, so the message holds none."""
    first = str(error).splitlines()[0]
    if isinstance(error, duckdb.BinderException | duckdb.CatalogException | duckdb.ParserException):
        return SpecificationError(f"mapping: {where}: {first.rstrip('.!')}. Mend the expression. {there}.")
    if isinstance(error, duckdb.PermissionException):
        return SpecificationError(f"mapping: {where}: reaches outside the records folder, which a mapping may not do.")
    return SpecificationError(f"mapping: {where}: cannot be evaluated ({type(error).__name__}). Mend the expression.")
