"""Where tracked runs are kept: what a tracking URI names, looked at without loading MLflow."""

import re
from pathlib import Path

from vi_risk.errors import UsageError
from vi_risk.tracking.existing_store import check_database, check_folder

DEFAULT_TRACKING_URI = "sqlite:///mlruns/mlflow.db"

_DATABASES = ("postgresql", "mysql", "mssql")
_SERVERS = ("http", "https", "databricks")
_ARTIFACTS = "artifacts"
_EXPECTED = (
    f"Expected {DEFAULT_TRACKING_URI}, another sqlite:///FOLDER/FILE.db, "
    "a database (postgresql://, mysql://, mssql://) or an MLflow server (https://, http://, databricks)."
)


def check_place(tracking_uri: str, *, out: Path | None = None) -> None:
    """Return if runs can, as far as the URI and the folders it names tell, be kept there. Nothing stays there.

    A store inside the output folder `out`, which is replaced as a whole, is refused. Of a server or a shared database
    only the URI is looked at, for its form, and the folder for files of runs, where there is one.

    Raises
    ------
    UsageError
        The URI names no kind of store that MLflow can open.
    ResourceError
        The SQLite file, its folder or that for files of runs cannot be written, its disk is full, or the file is
        something else or of another version of MLflow.

    Examples
    --------
    >>> check_place("sqlite:///mlruns/mlflow.db")
    >>> check_place("file:///mlruns")
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
        where = f"--tracking-uri: {database}"
        check_folder(database.parent, where=where)
        if database.exists():
            check_database(database, where=where)
        check_folder(database.parent / _ARTIFACTS, where=where)
        return
    scheme = tracking_uri.partition(":")[0].partition("+")[0].lower()
    named = tracking_uri.lower() == "databricks" or "://" in tracking_uri
    if not named or scheme not in (*_DATABASES, *_SERVERS):
        msg = f"--tracking-uri: {shown(tracking_uri)} is not a store that runs can be kept in. {_EXPECTED}"
        raise UsageError(msg)
    if scheme in _DATABASES:
        check_folder(_shared_files(), where=f"--tracking-uri: {shown(tracking_uri)}: its files")


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
    return (_shared_files() if database is None else database.parent / _ARTIFACTS).as_uri()


def shown(tracking_uri: str) -> str:
    """Return the URI as it may be shown: without the user and password of a database.

    Examples
    --------
    >>> shown("postgresql://matron:secret@db.trust.example/mlflow")
    'postgresql://db.trust.example/mlflow'
    """
    return re.sub(r"(?<=://).*@", "", tracking_uri)


def _shared_files() -> Path:
    return Path("mlruns").absolute() / _ARTIFACTS
