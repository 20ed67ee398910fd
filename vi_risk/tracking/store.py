"""Where tracked runs are kept: a tracking URI, checked before a long run starts and without loading MLflow."""

import os
import re
from pathlib import Path

from vi_risk.errors import ResourceError, UsageError

DEFAULT_TRACKING_URI = "sqlite:///mlruns/mlflow.db"

_DATABASES = ("postgresql", "mysql", "mssql")
_SERVERS = ("http", "https", "databricks")
_SQLITE_HEADER = b"SQLite format 3\x00"
_EXPECTED = (
    f"Expected {DEFAULT_TRACKING_URI}, another sqlite:///FOLDER/FILE.db, "
    "a database (postgresql://, mysql://, mssql://) or an MLflow server (https://, http://, databricks)."
)


def check_store(tracking_uri: str, *, out: Path | None = None) -> None:
    """Return if runs can, as far as can be seen from here, be kept at `tracking_uri`. Nothing is created.

    A store inside the output folder `out`, which is replaced as a whole, is refused.

    A server or a shared database is only reached when the run is tracked; here its URI is checked for form.

    Raises
    ------
    UsageError
        The URI names no kind of store that MLflow can open.
    ResourceError
        The SQLite file or its folder cannot be written, or the file is something else.

    Examples
    --------
    >>> check_store("sqlite:///mlruns/mlflow.db")
    >>> check_store("file:///mlruns")
    Traceback (most recent call last):
        ...
    vi_risk.errors.UsageError: --tracking-uri: file:///mlruns is not a store that runs can be kept in. ...
    """
    database = sqlite_file(tracking_uri)
    if database is not None:
        if out is not None and database.resolve().is_relative_to(out.resolve()):
            msg = (
                f"--tracking-uri: {shown(tracking_uri)} lies inside --out, which is replaced whole. Name another place."
            )
            raise UsageError(msg)
        _check_sqlite_file(database)
        return
    scheme = tracking_uri.partition(":")[0].partition("+")[0].lower()
    named = tracking_uri.lower() == "databricks" or "://" in tracking_uri
    if not named or scheme not in (*_DATABASES, *_SERVERS):
        msg = f"--tracking-uri: {shown(tracking_uri)} is not a store that runs can be kept in. {_EXPECTED}"
        raise UsageError(msg)


def sqlite_file(tracking_uri: str) -> Path | None:
    """Return the file of an SQLite store, relative ones as seen from the working folder; None for other stores."""
    match = re.fullmatch(r"sqlite(?:\+\w+)?:///([^?]+?)(?:\?.*)?", tracking_uri)
    if match is None or match[1] == ":memory:":
        return None
    return Path(match[1]).absolute()


def rooted(tracking_uri: str) -> str:
    """Return the URI with the file of an SQLite store written out from the root.

    MLflow keeps an open store by its URI: a relative one would go on meaning the working folder of its first use.
    """
    database = sqlite_file(tracking_uri)
    if database is None:
        return tracking_uri
    written = re.fullmatch(r"(sqlite(?:\+\w+)?:///)[^?]+?(\?.*)?", tracking_uri)
    return tracking_uri if written is None else f"{written[1]}{database}{written[2] or ''}"


def artifact_location(tracking_uri: str) -> str | None:
    """Return the URI of the folder for files of runs: beside an SQLite database; None where a server decides.

    A shared database keeps no files, so theirs go where those of the default store do.
    """
    scheme = tracking_uri.partition(":")[0].partition("+")[0].lower()
    if scheme in _SERVERS:
        return None
    database = sqlite_file(tracking_uri)
    folder = database.parent if database is not None else Path("mlruns").absolute()
    return (folder / "artifacts").as_uri()


def shown(tracking_uri: str) -> str:
    """Return the URI as it may be shown: without the user and password of a database.

    Examples
    --------
    >>> shown("postgresql://matron:secret@db.trust.example/mlflow")
    'postgresql://db.trust.example/mlflow'
    """
    return re.sub(r"(?<=://).*@", "", tracking_uri)


def _check_sqlite_file(database: Path) -> None:
    where = f"--tracking-uri: {database}"
    instead = "Name another file (sqlite:///FOLDER/FILE.db) or give yourself the right to write there."
    if not database.exists():
        parent = next(folder for folder in database.parents if folder.exists())
        if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
            msg = f"{where}: expected a folder that can be written, found that {parent} is not. {instead}"
            raise ResourceError(msg)
        return
    if not database.is_file() or not os.access(database, os.R_OK | os.W_OK):
        msg = f"{where}: expected an SQLite file that can be read and written, found one that is not. {instead}"
        raise ResourceError(msg)
    if not os.access(database.parent, os.W_OK | os.X_OK):
        msg = f"{where}: expected its folder to be writable (SQLite keeps a journal there). {instead}"
        raise ResourceError(msg)
    with database.open("rb") as opened:
        header = opened.read(len(_SQLITE_HEADER))
    if header not in (b"", _SQLITE_HEADER):
        msg = f"{where}: expected an SQLite file, found something else. Name another file; this one is left as it is."
        raise ResourceError(msg)
