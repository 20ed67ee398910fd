"""Controls taken away in a copy of the repository, one after the other, to see that a test of each fails without it."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.hazards import Removal

# What a test may need of the repository.
_NEEDED = ("vi_risk", "features", "models", "tests", "tools", "docs", "pyproject.toml", "README.md", "LICENSE")
_TESTS_FAILED = 1  # pytest's exit code; any other than 0 and this one is a fault of its own


def proven(removals: Sequence[Removal], root: Path) -> Iterator[tuple[Removal, bool]]:
    """Yield each removal with whether its test fails once the control is gone; all pass while they are there.

    Raises
    ------
    RuntimeError
        A test does not pass in the first place, or cannot be run.
    """
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "copy"
        copy.mkdir()
        for name in _NEEDED:
            _copied(root / name, copy / name)
        ends_with, failed = _run(sorted({removed.fails for removed in removals}), copy)
        if ends_with != 0:
            named = ", ".join(failed) or "the tests cannot be run"
            msg = f"pytest ends with {ends_with} while all controls are there: {named}. Mend that first."
            raise RuntimeError(msg)
        for removed in removals:
            yield removed, _fails_without(removed, copy)


def _fails_without(removed: Removal, copy: Path) -> bool:
    file = copy / removed.file
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(removed.before, removed.after), encoding="utf-8")
    ends_with, _ = _run([removed.fails], copy)
    file.write_text(text, encoding="utf-8")
    if ends_with not in (0, _TESTS_FAILED):
        msg = f"{removed.fails}: cannot be run without the control (pytest ends with {ends_with}). Change less."
        raise RuntimeError(msg)
    return ends_with == _TESTS_FAILED


def _copied(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    elif source.is_file():
        shutil.copy2(source, target)


def _run(tests: Sequence[str], folder: Path) -> tuple[int, list[str]]:
    """Return how pytest ends for some tests of a folder, whose own package it imports, and the tests that fail."""
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-m", "", *tests]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, text=True)
    told = [line.partition(" - ")[0] for line in done.stdout.splitlines()]
    return done.returncode, [line.partition(" ")[2] for line in told if line.startswith(("FAILED ", "ERROR "))]
