"""Folders for the time of a process, closed to others; what a killed process left is removed when the next one begins.

The records of a command lie in one while it works, so that none may outlive a process that had no time to remove it.
Every command of `vi-risk` begins with a `sweep`, and whatever makes a folder removes those of its kind beside it.
"""

import contextlib
import shutil
import tempfile
import weakref
from pathlib import Path

from filelock import FileLock

from vi_risk.running.lock import is_free

PREFIX = "vi-risk-"  # of the name of every such folder
_LOCK = ".lock"
_UNNAMED = "new-"


class ScratchFolder:
    """A folder that its owner alone can look into, held by this process until `remove`, or until it ends.

    Parameters
    ----------
    prefix
        Begins the name. Folders beside it of the same prefix whose process was killed are removed first.
    within
        Where to make it; None for the system's folder of temporary files.
    """

    def __init__(self, prefix: str, within: Path | None = None) -> None:
        parent = Path(tempfile.gettempdir()) if within is None else within
        remove_abandoned(parent, prefix)
        # Named when it is held, so that nobody takes it for an abandoned one on the way.
        unnamed = Path(tempfile.mkdtemp(prefix=f".{_UNNAMED}{prefix}", dir=parent))
        lock = FileLock(unnamed / _LOCK, timeout=0, mode=0o600, thread_local=False)
        lock.acquire()
        self.path = unnamed.rename(parent / unnamed.name.removeprefix(f".{_UNNAMED}"))
        self._remove = weakref.finalize(self, _remove, self.path, lock)

    def remove(self) -> None:
        """Remove the folder with all that is in it; removing it twice is harmless."""
        self._remove()


def sweep() -> None:
    """Remove what killed processes of this user left in the system's folder of temporary files."""
    with contextlib.suppress(OSError):  # there is none that can be used: who needs one is told
        remove_abandoned(Path(tempfile.gettempdir()), PREFIX)


def remove_abandoned(parent: Path, prefix: str) -> None:
    """Remove the folders of that prefix that no process holds; any that never was a scratch folder stays."""
    for folder in parent.glob(f"{prefix}*"):
        with contextlib.suppress(OSError):  # of another user, who alone may look into it
            if (folder / _LOCK).is_file() and is_free(folder / _LOCK):
                shutil.rmtree(folder, ignore_errors=True)


def _remove(path: Path, lock: FileLock) -> None:
    lock.release()
    shutil.rmtree(path, ignore_errors=True)
