"""A store of MLflow opened for a while: its folder made, busy times waited out, faults told in our own words."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from vi_risk.errors import ResourceError
from vi_risk.tracking.existing_store import other_version
from vi_risk.tracking.new_store import make_sqlite_store
from vi_risk.tracking.quiet import quiet_mlflow
from vi_risk.tracking.store import artifact_location, check_place, rooted, shown, sqlite_file

if TYPE_CHECKING:
    from mlflow import MlflowClient

Answer = TypeVar("Answer")

# SQLite takes one writer at a time. MLflow waits 20 seconds for its turn, and this is what comes after.
_BUSY = "database is locked"
_WAITS = (0.25, 0.5, 1.0, 2.0, 4.0)  # seconds


def check_store(tracking_uri: str, *, out: Path | None = None) -> None:
    """Return if runs can be kept at `tracking_uri`: asked before hours of work, not after. Nothing stays there.

    An SQLite store is looked at without loading MLflow, which takes seconds; a server or a shared database is asked
    what it has.

    Parameters
    ----------
    out
        The output folder, which is replaced as a whole: the store must not lie in it.

    Raises
    ------
    UsageError
        The tracking URI names no kind of store.
    ResourceError
        The store cannot be reached or written, its disk is full, or it belongs to another version of MLflow.
    """
    check_place(tracking_uri, out=out)
    if sqlite_file(tracking_uri) is None:
        with opened(tracking_uri) as client:
            retried(lambda: client.search_experiments(max_results=1))


@contextmanager
def opened(tracking_uri: str, *, purpose: str = "the run could not be kept there") -> Iterator["MlflowClient"]:
    """Give a client of the store at `tracking_uri`, made if it is an SQLite file that is not there yet.

    Parameters
    ----------
    purpose
        What could not be done, for the message of a store that cannot be reached.

    Raises
    ------
    UsageError
        The tracking URI names no kind of store.
    ResourceError
        The store cannot be reached or written, or belongs to another version of MLflow.
    """
    check_place(tracking_uri)
    tracking_uri = rooted(tracking_uri)
    with quiet_mlflow(tracking_uri), _told_as_resource_error(tracking_uri, purpose):
        import mlflow  # noqa: PLC0415

        database = sqlite_file(tracking_uri)
        if database is not None:
            make_sqlite_store(database, artifacts=artifact_location(tracking_uri) or "")
        yield mlflow.MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)


def retried(call: Callable[[], Answer]) -> Answer:
    """Return the answer of a call to the store; where other processes keep an SQLite file busy, ask again.

    A call that found the file busy has changed nothing, so asking again does nothing twice.
    """
    from mlflow.exceptions import MlflowException  # noqa: PLC0415
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415

    for wait in _WAITS:
        try:
            return call()
        except (MlflowException, OperationalError) as fault:
            if _BUSY not in str(fault):
                raise
        time.sleep(wait)
    return call()


@contextmanager
def _told_as_resource_error(tracking_uri: str, purpose: str) -> Iterator[None]:
    """Tell the kind of fault only: what MLflow and databases say is long, and may hold passwords and values."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    where = f"--tracking-uri: {shown(tracking_uri)}"
    other = "Or name another store: --tracking-uri sqlite:///FOLDER/FILE.db."
    try:
        yield
    except ModuleNotFoundError as fault:
        msg = f"{where}: expected the Python package {fault.name} for such a store, found none. Install it. {other}"
        raise ResourceError(msg) from None
    except (MlflowException, SQLAlchemyError, OSError) as fault:
        if "out-of-date database schema" in str(fault) or "Can't locate revision" in str(fault):
            raise other_version(where, shown(tracking_uri)) from None
        kind = getattr(fault, "error_code", None) or type(fault).__name__
        msg = (
            f"{where}: {purpose} ({kind}). "
            f"Check that it is reachable and can be written, and that its disk is not full. {other}"
        )
        raise ResourceError(msg) from None
