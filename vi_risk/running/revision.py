"""Which revision of the code made a run, as git has it."""

import subprocess
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_LONGEST_WAIT = 10  # seconds; a folder on a slow network must not hold up a run


@cache
def code_revision() -> str | None:
    """Return the revision of the checkout that this package runs from; None where it was installed as a wheel."""
    return revision_of(_PACKAGE / "__init__.py")


def revision_of(file: Path) -> str | None:
    """Return the commit that the working tree of `file` is at, with ``-dirty`` where tracked files differ from it.

    None where git is not there, or does not know the file: an installed package may lie inside the checkout of
    something else. No path is told.
    """
    if _git(file.parent, "ls-files", "--error-unmatch", "--", file.name) is None:
        return None
    return _git(file.parent, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")


def _git(folder: Path, *arguments: str) -> str | None:
    command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_WAIT, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() or None if answer.returncode == 0 else None
