"""Whole runs killed at random moments: the last good outputs stay, and the next run gives what an undisturbed one does.

Every second run after a kill resumes the one that was killed, every other begins anew. The capacity changes from run to
run, so that the folder of the run before can be told from that of the next.
"""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.conftest import arguments, contents, environment

pytestmark = pytest.mark.faults

KILLS = int(os.environ.get("VI_RISK_KILLS", "50"))
SEED = int(os.environ.get("VI_RISK_KILLS_SEED", str(random.SystemRandom().randrange(10_000))))
SIDE_BY_SIDE = 2
CAPACITIES = (7, 5)


@dataclass
class Runs:
    """Whole runs in one working folder, one after the other, each a process that can be killed."""

    place: Path
    cwd: Path
    forking: "subprocess.Popen[str]"
    hit: Counter[str] = field(default_factory=Counter)

    @property
    def out(self) -> Path:
        return self.cwd / "out"

    @property
    def told(self) -> Path:
        return self.cwd / "told.txt"

    def run(self, capacity: int, *more: str, killed_after: float | None = None) -> int:
        """Return the status of a run; it is -9 if it was killed before it ended."""
        asked = [*arguments(self.place, capacity=capacity), "--cache", str(self.cwd / "cache"), *more]
        self._say(json.dumps({"arguments": asked, "cwd": str(self.cwd), "told": str(self.told)}))
        process = int(self._hear())
        if killed_after is not None:
            time.sleep(killed_after)
            with suppress(ProcessLookupError):  # it had ended by then
                os.kill(process, signal.SIGKILL)
        return int(self._hear())

    def stage_reached(self) -> str:
        lines = [line for line in self.told.read_text().splitlines() if line and not line.startswith(" ")]
        return lines[-1] if lines else "before the first stage"

    def _say(self, line: str) -> None:
        assert self.forking.stdin is not None
        self.forking.stdin.write(line + "\n")
        self.forking.stdin.flush()

    def _hear(self) -> str:
        assert self.forking.stdout is not None
        return self.forking.stdout.readline()


@contextmanager
def runs_in(cwd: Path, place: Path) -> Iterator[Runs]:
    (cwd / "tmp").mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.faults.forking"]
    with subprocess.Popen(
        command, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as forking:
        assert forking.stdout is not None
        assert forking.stdout.readline() == "loaded\n"
        yield Runs(place, cwd, forking)
        assert forking.stdin is not None
        forking.stdin.close()


def running_in_the_store(cwd: Path) -> int:
    with closing(sqlite3.connect(cwd / "mlruns" / "mlflow.db")) as store:
        return int(store.execute("SELECT count(*) FROM runs WHERE status = 'RUNNING'").fetchone()[0])


def killed_again_and_again(runs: Runs, kills: int, undisturbed: dict[int, dict[str, bytes]], seconds: float) -> None:
    """Kill so many runs, and look each time at what stands there, and at what the next run makes of it."""
    draws = random.Random(f"{SEED} {runs.cwd.name}")
    done, good = 0, CAPACITIES[0]
    while done < kills:
        other = CAPACITIES[(CAPACITIES.index(good) + 1) % 2]
        moment = draws.uniform(0, seconds)
        status = runs.run(other, killed_after=moment)
        where = f"seed {SEED}, kill {done} of {runs.cwd.name} after {moment:.2f} s: {runs.stage_reached()}"
        if status == 0:
            good = other  # it was quicker than usual: nothing was killed
            continue
        assert status == -signal.SIGKILL, (where, runs.told.read_text())
        done += 1
        runs.hit[runs.stage_reached()] += 1
        # Killed after the exchange, the new outputs stand there; at any moment it is one of the two, whole.
        found = contents(runs.out)
        assert found in (undisturbed[good], undisturbed[other]), where

        status = runs.run(other, *(["--resume"] if done % 2 else []))

        assert status == 0, (where, runs.told.read_text())
        assert contents(runs.out) == undisturbed[other], where
        assert {path.name for path in runs.cwd.iterdir()} == {"out", "mlruns", "cache", "tmp", "told.txt"}, where
        # MLflow, killed while it packs a model, leaves that in a folder of its own: no record of anybody is in it.
        assert list((runs.cwd / "tmp").glob("vi-risk-*")) == [], where
        assert running_in_the_store(runs.cwd) == 0, where
        good = other


def test_runs_killed_at_random_moments_lose_nothing_and_the_next_run_is_as_if_nothing_had_been(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    undisturbed = {}
    with runs_in(tmp_path / "alone", place) as runs:
        for capacity in reversed(CAPACITIES):
            begun = time.perf_counter()
            assert runs.run(capacity) == 0, runs.told.read_text()
            seconds = time.perf_counter() - begun  # of the second, whose features are in the cache
            undisturbed[capacity] = contents(runs.out)
    assert undisturbed[CAPACITIES[0]] != undisturbed[CAPACITIES[1]]

    def kill(number: int) -> Counter[str]:
        cwd = tmp_path / f"worker {number}"
        shutil.copytree(tmp_path / "alone", cwd, ignore=shutil.ignore_patterns("tmp"))
        with runs_in(cwd, place) as runs:
            killed_again_and_again(runs, KILLS // SIDE_BY_SIDE, undisturbed, seconds)
        return runs.hit

    hit: Counter[str] = Counter()
    with ThreadPoolExecutor(SIDE_BY_SIDE) as side_by_side:
        for found in side_by_side.map(kill, range(SIDE_BY_SIDE)):
            hit += found

    told = [f"\n{hit.total()} kills, seed {SEED}, a run takes {seconds:.1f} s:"]
    told += [f"  {number:3} in {stage}" for stage, number in hit.most_common()]
    with capsys.disabled():
        sys.stdout.write("\n".join(told) + "\n")
    assert hit.total() == KILLS // SIDE_BY_SIDE * SIDE_BY_SIDE
    assert len(hit) > 3
