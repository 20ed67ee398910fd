"""``python -m benchmarks.memory``: what a whole run takes of memory under limits, stage by stage.

Each run is the command as a user gives it, in a process of its own, on one synthetic trust. The peaks are those of the
JSON log: the most that the process had until the end of the stage, libraries and all. A limit is kept where the peak is
at most a quarter above it; a run that the limit ends, or that it is too small for, says so.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vi_risk.running.memory import TOLERANCE

_HEAD = f"{'people':>9} {'limit':>7} {'peak':>7} {'ratio':>6} {'seconds':>8}  peak by stage, MB"


@dataclass(frozen=True, slots=True)
class Took:
    """What one run took.

    Attributes
    ----------
    peaks
        Stage -> the most until its end, in MB (10^6 bytes).
    ended
        Why it did not end well; "" where it did.
    """

    peaks: Mapping[str, int]
    seconds: float
    ended: str = ""

    @property
    def peak(self) -> int:
        """The most in MB; 0 where no stage ended."""
        return max(self.peaks.values(), default=0)

    def keeps(self, limit: int | None) -> bool:
        """Whether it stayed within a quarter above the limit and went to its end."""
        return not self.ended and (limit is None or self.peak <= TOLERANCE * limit)


def took_of(lines: Iterable[str], seconds: float) -> Took:
    """Read what a run took from its JSON log."""
    peaks: dict[str, int] = {}
    ended = ""
    for line in lines:
        if not line.startswith("{"):
            continue
        said = json.loads(line)
        if said["event"] in ("stage_ended", "stage_broken_off") and said["peak_memory_mb"] is not None:
            peaks[said["stage"]] = said["peak_memory_mb"]
        elif said["event"] == "failed":
            ended = said["text"]
    return Took(peaks, seconds, ended)


def line_of(people: int, limit: int | None, took: Took) -> str:
    """Return a line of the table."""
    ratio = "" if limit is None else f"{took.peak / limit:.2f}"
    by_stage = ", ".join(f"{stage.split(',')[0].lower()} {peak:,}" for stage, peak in took.peaks.items())
    words = f"  ended: {took.ended}" if took.ended else ""
    shown = "none" if limit is None else f"{limit:,}"
    return f"{people:>9,} {shown:>7} {took.peak:>7,} {ratio:>6} {took.seconds:>8.0f}  {by_stage}{words}"


def bench_memory(people: int, limits: Sequence[int], *, seed: int) -> int:
    """Print the table; return 1 where a limit was not kept."""
    command = [str(Path(sys.executable).with_name("vi-risk"))]
    kept = True
    with tempfile.TemporaryDirectory(prefix="vi-risk-bench-") as name:
        folder = Path(name)
        made = [*command, "synth", "--patients", str(people), "--seed", str(seed), "--out", str(folder / "trust")]
        subprocess.run(made, check=True, capture_output=True)
        print(_HEAD, flush=True)
        for limit in (None, *limits):
            run = [*command, "--log", "json", "run", "--records", str(folder / "trust"), "--index-date", "2025-01-01"]
            run += ["--out", str(folder / "out"), "--tracking-uri", f"sqlite:///{folder / 'mlflow.db'}"]
            run += [] if limit is None else ["--memory-limit", str(limit), "--spill", str(folder)]
            began = time.perf_counter()
            ended = subprocess.run(run, check=False, capture_output=True, text=True, cwd=folder)
            took = took_of(ended.stderr.splitlines(), time.perf_counter() - began)
            print(line_of(people, limit, took), flush=True)
            kept &= took.keeps(limit)
    return 0 if kept else 1


if __name__ == "__main__":
    asked = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    asked.add_argument("--people", type=int, default=20_000)
    asked.add_argument("--limits", type=int, nargs="*", default=[950], metavar="MB")
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    sys.exit(bench_memory(given.people, given.limits, seed=given.seed))
