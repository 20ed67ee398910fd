"""A new SQLite store, whole or not there: MLflow builds one in dozens of steps, and neither locks nor undoes them."""

import contextlib
import tempfile
from pathlib import Path


def make_sqlite_store(database: Path, *, artifacts: str) -> None:
    """Make an empty MLflow store at `database`, if there is none; `artifacts` is where its default files would go.

    It is built aside and then gets its name in one step. Of several processes that do so at once the first one counts,
    and an interruption leaves nothing.

    Raises
    ------
    OSError
        The folder cannot be written, or its disk is full.
    """
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore  # noqa: PLC0415

    if database.exists():
        return
    database.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{database.name}.", dir=database.parent) as aside:
        built = Path(aside) / database.name
        store = SqlAlchemyStore(f"sqlite:///{built}", artifacts)  # type: ignore[no-untyped-call]
        store.engine.dispose()
        with contextlib.suppress(FileExistsError):
            _name(built, database)


def _name(built: Path, database: Path) -> None:
    """Give the new file its name, unless another has it."""
    try:
        database.hardlink_to(built)
    except FileExistsError:
        raise
    except OSError:  # a file system without a second name for a file
        if database.exists():
            raise FileExistsError(database) from None
        built.rename(database)
