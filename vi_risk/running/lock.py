"""One process at a time: a lock that says who holds it, and is free as soon as its holder is gone, however it went."""

import contextlib
import getpass
import os
import platform
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from vi_risk.errors import ResourceError


@contextlib.contextmanager
def held(file: Path, *, what: str) -> Iterator[None]:
    """Hold the lock `file` for as long as the block takes; the system lets go of it where the process is killed.

    Parameters
    ----------
    what
        What is held, as the message of a second process names it: ``--out out``.

    Raises
    ------
    ResourceError
        Another process holds it; the message says which, and nothing was waited for.
    """
    lock = FileLock(file, timeout=0, mode=0o660, thread_local=False)  # in the folder of a group its users ask in turn
    try:
        lock.acquire()
    except Timeout:
        msg = (
            f"{what}: another run is writing it ({_holder(file)}). Wait until that has ended, or name another folder;"
            " of a run that was killed nothing is held any more."
        )
        raise ResourceError(msg) from None
    except PermissionError:
        if not file.exists():  # then it is the folder that may not be written
            raise
        msg = (
            f"{what}: another user is writing it, or did and was killed ({file} is theirs). Wait until that has ended;"
            " where nothing runs, have them remove that file."
        )
        raise ResourceError(msg) from None
    try:
        file.write_text(_this_process(), encoding="utf-8")
        yield
    finally:
        file.unlink(
            missing_ok=True
        )  # while it is held: whoever opened it meanwhile finds that it has no name, and asks anew
        lock.release()


def refuse_held(file: Path, *, what: str) -> None:
    """Raise ResourceError where another process holds the lock `file`: asked before long work, which `held` repeats."""
    if file.exists():
        with held(file, what=what):
            pass


def is_free(file: Path) -> bool:
    """Whether no process holds the lock `file`, which is there."""
    try:
        with FileLock(file, timeout=0, thread_local=False):
            return True
    except (Timeout, OSError):
        return False


def _this_process() -> str:
    try:
        user = f" of {getpass.getuser()}"
    except (KeyError, OSError):  # a container's user without a name
        user = ""
    return f"process {os.getpid()}{user} on {platform.node() or 'this machine'}"


def _holder(file: Path) -> str:
    """Return who holds the lock, as it wrote there; a system that lets nobody read a held file does not say."""
    try:
        return file.read_text(encoding="utf-8").strip() or "it has just begun"
    except (OSError, UnicodeDecodeError):
        return "this system does not say which"
