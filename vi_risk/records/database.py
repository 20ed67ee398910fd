"""A site's database as the place of its records: its tables are the sources, copied into the engine in batches.

Whatever ibis reaches can be named (`postgresql://`, `duckdb://`, ...). The tables are copied through Arrow rather than
read by an extension of DuckDB, because extensions are downloaded and a trust's machine may not. A password is in no
message and in no file: `shown` is what may be told of a URL. The SQL of a mapping runs on the copies, never in the
database. Nothing changes that: DuckDB's files are opened read-only, and PostgreSQL's session is one that only reads.
"""

import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import ibis.selectors as s
import pyarrow as pa

from vi_risk.errors import InputError, UsageError
from vi_risk.records.casting import quoted

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/+(?=.)")
_BATCH_ROWS = 100_000
# What ibis needs to reach a database, where its name is not that of the scheme.
_SCHEMES = {"postgres": "postgresql"}
_PACKAGES = {"postgresql": "psycopg[binary]", "mssql": "pyodbc", "mysql": "mysqlclient", "oracle": "oracledb"}


def url_of(place: str | Path) -> str | None:
    """Return the database URL that was given, or None where it is a folder.

    A path that was a URL has lost a slash (`postgresql:/host/db`) and is understood all the same.

    >>> url_of("postgresql:/host/records")
    'postgresql://host/records'
    >>> url_of("extracts") is None
    True
    """
    text = str(place)
    found = _URL.match(text)
    if found is None:
        return None
    scheme, rest = found[1].lower(), text[found.end() :]
    of_a_file = scheme in ("duckdb", "sqlite")  # their absolute paths follow three slashes
    slashes = "///" if of_a_file and found[0].endswith((":/", "///")) else "//"
    return f"{_SCHEMES.get(scheme, scheme)}:{slashes}{rest}"


def shown(url: str) -> str:
    """Return what may be told of a database URL: no user, no password, no query.

    >>> shown("postgresql://reader:secret@warehouse:5432/records?sslmode=require")
    'postgresql://warehouse:5432/records'
    """
    scheme, rest = url.split("://", 1)
    place = rest.split("?")[0].split("#")[0].rpartition("@")[2]  # a password may itself hold a / or an @
    return f"{scheme}://{place}"


class Database:
    """An open database: the names of its tables, and a copy of each where it is asked for.

    Raises
    ------
    UsageError
        ibis does not know such databases, or the package that reaches them is not installed.
    InputError
        It cannot be reached with these credentials.
    """

    def __init__(self, url: str) -> None:
        self.shown = shown(url)
        scheme = urlsplit(self.shown).scheme
        try:
            self._backend: Any = ibis.connect(url, **({"read_only": True} if scheme == "duckdb" else {}))
            if scheme == "postgresql":
                self._backend.raw_sql("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY").close()
            with _as_ibis_calls():
                self.tables: tuple[str, ...] = tuple(sorted(self._backend.list_tables()))
        except (ImportError, ModuleNotFoundError):
            package = _PACKAGES.get(scheme, f"ibis-framework[{scheme}]")
            msg = (
                f"{self.shown}: {scheme} needs the Python package {package}. Install it, or export the tables to files."
            )
            raise UsageError(msg) from None
        except Exception as error:  # each engine has its own kinds, and their words may hold what was given
            known = scheme in _PACKAGES or hasattr(ibis, scheme)
            if not known:
                msg = f"{self.shown}: {scheme} is no database that can be read. Expected for example postgresql://."
                raise UsageError(msg) from None
            msg = (
                f"{self.shown}: cannot be reached ({type(error).__name__}). Check that it runs, its name, and the user"
                " and password, which are best given apart from the URL (for PostgreSQL in PGUSER and PGPASSWORD)."
            )
            raise InputError(msg) from None

    def copy(self, names: Iterable[str], into: Any, report: Callable[[str], None] | None = None) -> dict[str, str]:
        """Copy tables into an engine, each as a table of its own name; return name -> why for those that fail."""
        failed = {}
        for name in names:
            if report is not None:
                report(f"copy {name}")
            try:
                with _as_ibis_calls():
                    _copy(self._backend.table(name), name, into)
            except Exception as error:  # as above; the words of an engine may hold a row
                failed[name] = (
                    f"{self.shown}: table {name} cannot be read ({type(error).__name__})."
                    " Check that the user may SELECT from it."
                )
        return failed

    def close(self) -> None:
        """Disconnect."""
        self._backend.disconnect()


@contextmanager
def _as_ibis_calls() -> Iterator[None]:
    """Let ibis 12 make calls of DuckDB that DuckDB 1.5 deprecates: where warnings are errors, they end otherwise."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def _copy(rows: ir.Table, name: str, into: Any) -> None:
    plain = rows.mutate(
        s.across(s.where(lambda column: not _is_plain(column.type())), lambda column: _as_plain(column))
    )
    batches = plain.to_pyarrow_batches(chunk_size=_BATCH_ROWS)
    connection = into.con
    connection.register("arriving", pa.RecordBatchReader.from_batches(batches.schema, batches))
    try:
        connection.execute(f"CREATE TABLE {quoted(name)} AS SELECT * FROM arriving")  # noqa: S608
    finally:
        connection.unregister("arriving")


def _is_plain(kind: dt.DataType) -> bool:
    return bool(
        kind.is_boolean()
        or kind.is_integer()
        or kind.is_floating()
        or kind.is_string()
        or kind.is_date()
        or kind.is_timestamp()
    )


def _as_plain(column: ir.Value) -> ir.Value:
    """Return a column of a type that only some engines have (numeric, uuid, json, ...) as text."""
    return column.cast("string")
