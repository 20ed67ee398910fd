"""An SQLite store looked at before hours of work, without loading MLflow: whether its folder and file will do."""

import re
import shutil
import sqlite3
import tempfile
from contextlib import closing
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from vi_risk.errors import ResourceError

_HEADER = b"SQLite format 3\x00"
# What a run keeps is small; a disk with less than this is as good as full.
_LEAST_FREE_MB = 50
_PROBE = bytes(64 * 1024)
_INSTEAD = "Name another store (--tracking-uri sqlite:///FOLDER/FILE.db) or give yourself the right to write there."
# Of the files by which MLflow brings a store from one version to the next.
_REVISION = re.compile(r"^(down_)?revision\s*(?::[^=]+)?=\s*[\"'](\w+)[\"']", re.MULTILINE)


def check_folder(folder: Path, *, where: str) -> None:
    """Return if files can be written in `folder`, or it can be made; nothing stays there.

    Raises
    ------
    ResourceError
        It, or the folder above it that is there, is a file, cannot be written, or lies on a disk that is full.
    """
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if not there.is_dir():
        msg = f"{where}: expected a folder that can be written, found that {there} is a file. {_INSTEAD}"
        raise ResourceError(msg)
    try:
        with tempfile.TemporaryFile(dir=there) as probe:  # whoever may write by the letter cannot always write
            probe.write(_PROBE)
        free = shutil.disk_usage(there).free // 1_000_000
    except OSError as error:
        msg = (
            f"{where}: expected a folder that can be written, found that {there} is not ({error.strerror}). {_INSTEAD}"
        )
        raise ResourceError(msg) from None
    if free < _LEAST_FREE_MB:
        msg = (
            f"{where}: expected {_LEAST_FREE_MB} MB of free space in {there}, found {free}. Free space there, or name"
            " another store: --tracking-uri sqlite:///FOLDER/FILE.db."
        )
        raise ResourceError(msg)


def check_database(database: Path, *, where: str) -> None:
    """Return if the file at `database`, which is there, is a store of this version of MLflow and can be written.

    A file without anything in it will do: MLflow makes its tables there.

    Raises
    ------
    ResourceError
        It is a folder or something else, of another version, or cannot be written.
    """
    if not database.is_file():
        msg = f"{where}: expected an SQLite file, found a folder. Name a file in it: sqlite:///{database}/mlflow.db."
        raise ResourceError(msg)
    try:
        with database.open("r+b") as opened:
            header = opened.read(len(_HEADER))
    except OSError as error:
        msg = (
            f"{where}: expected an SQLite file that can be read and written, found one that is not"
            f" ({error.strerror}). {_INSTEAD}"
        )
        raise ResourceError(msg) from None
    if not header:
        return
    if header != _HEADER:
        raise _something_else(where, expected="an SQLite file")
    try:
        with closing(sqlite3.connect(database, timeout=0)) as connection:
            found = _revision(connection)
    except sqlite3.OperationalError:  # other processes keep it busy; `retried` waits for them when it matters
        return
    except sqlite3.DatabaseError:
        msg = f"{where}: the SQLite file is damaged. Put its last copy back, or name another store."
        raise ResourceError(msg) from None
    if found == "":
        raise _something_else(where, expected="an SQLite file that MLflow keeps its runs in")
    heads = heads_of_mlflow()
    if found is not None and heads and found not in heads:
        raise other_version(where, f"sqlite:///{database}")


def other_version(where: str, store: object) -> ResourceError:
    """Return the error of a store that another version of MLflow wrote."""
    return ResourceError(
        f"{where}: expected a store of MLflow {version('mlflow-skinny')}, found one that another version wrote. If it"
        f" is older, copy it and run: .venv/bin/mlflow db upgrade {store}. Or name another store: --tracking-uri"
        " sqlite:///FOLDER/FILE.db."
    )


def heads_of_mlflow() -> set[str]:
    """Return the revision of the tables that the installed MLflow wants, as it names it; nothing if it does not say."""
    package = find_spec("mlflow")  # loads nothing
    places = package.submodule_search_locations if package is not None else None
    steps = [
        step.read_text(encoding="utf-8")
        for place in places or ()
        for step in (Path(place) / "store" / "db_migrations" / "versions").glob("*.py")
    ]
    named = [match for step in steps for match in _REVISION.findall(step)]
    return {name for down, name in named if not down} - {name for down, name in named if down}


def _revision(connection: sqlite3.Connection) -> str | None:
    """Return the revision of MLflow's tables; None where there is no table yet, nothing where there are others only."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return None
    if "alembic_version" not in tables:
        return ""
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return "" if row is None else str(row[0])


def _something_else(where: str, *, expected: str) -> ResourceError:
    return ResourceError(
        f"{where}: expected {expected}, found something else. Name another file; this one is left as it is."
    )
