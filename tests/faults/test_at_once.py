"""Two runs on one output folder, a store kept busy, a clock that jumps: each is told, or changes nothing."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.conftest import Run, arguments, contents, environment
from vi_risk.running.files import replaced
from vi_risk.tracking import TrackedRun, opening, track_run

pytestmark = pytest.mark.faults

# `vi-risk` in a process whose time of day jumps back and forth by a day each time it is asked for.
CLOCK = """
import itertools, time
real, jump = time.time, itertools.cycle([0, -86_400, 86_400])
time.time = lambda: real() + next(jump)
time.time_ns = lambda: int(time.time() * 1e9)
from vi_risk.cli import main
main()
"""


def test_a_second_run_on_the_same_folder_ends_at_once_and_says_who_holds_it(run: Run, tmp_path: Path) -> None:
    with replaced(tmp_path / "out", keep=False, owned=()) as folder:
        ended = run()
        assert list(folder.iterdir()) == []

    assert ended.returncode == 6
    assert ended.stderr.startswith("\nvi-risk: --out out: another run is writing it (process ")
    assert "Read the records" not in ended.stderr


def test_a_store_that_another_process_keeps_busy_is_told_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_SQLALCHEMYSTORE_POOLCLASS", "NullPool")
    monkeypatch.setattr(opening, "_WAITS", (0.1,))
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    kept = TrackedRun(experiment="busy", run_name="first", parameters={}, metrics={})
    track_run(kept, tracking_uri=uri)

    with closing(sqlite3.connect(tmp_path / "mlflow.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Exception, match=r"^--tracking-uri: .*could not be kept there") as told:
            track_run(kept, tracking_uri=uri)
        other.execute("ROLLBACK")

    assert type(told.value).__name__ == "ResourceError"
    track_run(kept, tracking_uri=uri)


def test_a_clock_that_jumps_changes_no_output(place: Path, run: Run, tmp_path: Path) -> None:
    assert run().returncode == 0
    steady = contents(tmp_path / "out")

    jumping = subprocess.run(
        [sys.executable, "-c", CLOCK, *arguments(place)],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert jumping.returncode == 0, jumping.stderr
    assert contents(tmp_path / "out") == steady
