"""What the tests of this folder share: a trust as small as a whole run can do with, and how to run on it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.conftest import SMALL_MODEL
from vi_risk.records.synthetic import write_trust

PEOPLE = 600
LIST_DATE = "2025-01-01"

MODEL = f"{SMALL_MODEL}[uncertainty]\nrefits = 3\n"

Run = Callable[..., subprocess.CompletedProcess[str]]


def environment(**more: str) -> dict[str, str]:
    """Return an environment in which runs side by side do not take each other's cores."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive", **more}


def arguments(place: Path, *, capacity: int = 7) -> list[str]:
    """Return what `vi-risk` is asked for in a whole run of the place that `place` makes."""
    records = ["run", "--records", str(place / "trust"), "--model", str(place / "small.toml")]
    return [*records, "--index-date", LIST_DATE, "--capacity", str(capacity)]


def contents(out: Path) -> dict[str, bytes]:
    """Return what a run made, by file: all of it but the ids that MLflow gave, which differ from run to run."""
    found = {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}
    run = json.loads(found["run.json"])
    del run["tracking"]
    return {**found, "run.json": json.dumps(run).encode()}


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the records of a synthetic trust and the spec of a small model."""
    folder = tmp_path_factory.mktemp("place")
    write_trust(folder / "trust", patients=PEOPLE, seed=3)
    (folder / "small.toml").write_text(MODEL)
    return folder


@pytest.fixture
def run(place: Path, tmp_path: Path) -> Run:
    """Run `vi-risk` in the test's own folder, as a person would."""

    def run(*more: str, cwd: Path = tmp_path, **settings: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "vi_risk", *arguments(place), *more]
        return subprocess.run(
            command, cwd=cwd, env=environment(**settings), capture_output=True, text=True, check=False, timeout=600
        )

    return run
