"""``python -m benchmarks.replay``: how long a replay of twelve dates takes for 50,000 people, and its peak memory.

A synthetic trust of seven years is written first, which is not counted. The command is run as a user runs it; on a
machine on which others work too, its processor time says more than the clock.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from benchmarks.demo_stages import peak_memory_megabytes, timed_stages
from vi_risk.records.synthetic import write_trust
from vi_risk.replaying.dates import step_of

_LINES_OF_A_FAULT = 10
FIRST_DAY, LAST_DAY = date(2018, 1, 1), date(2024, 12, 31)
FROM = date(2021, 1, 2)  # the first day with look-back and two windows before it


def time_replay(
    *, patients: int, dates: int, seed: int, folder: Path, records: Path | None = None, every: str = "3m"
) -> int:
    """Print seconds for each stage of the replay, its processor time and peak memory; return its exit code."""
    trust = records or folder / "trust"
    if records is None:
        write_trust(trust, patients=patients, seed=seed, first_day=FIRST_DAY, last_day=LAST_DAY)
    last = step_of(every).after(FROM, dates - 1)
    command = [str(Path(sys.executable).with_name("vi-risk")), "replay", "--records", str(trust)]
    command += ["--from", str(FROM), "--to", str(last), "--every", every, "--out", str(folder / "replay")]
    started, before = time.perf_counter(), _cpu_seconds()
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
    ) as replay:
        assert replay.stdout is not None  # noqa: S101  (it is piped)
        said: deque[str] = deque(maxlen=_LINES_OF_A_FAULT)
        for seconds, stage in timed_stages(_kept(replay.stdout, said)):
            print(f"{seconds:7.1f} s  {stage}", flush=True)
    if replay.returncode:
        print("".join(said))
        print(f"The replay ended with exit code {replay.returncode}: what follows is not of a whole one.")
    total, cpu = time.perf_counter() - started, _cpu_seconds() - before
    memory = peak_memory_megabytes()
    print(f"{total:7.1f} s by the clock, {cpu:.1f} s of processors, in all: {dates} dates, {patients:,} people")
    print(f"{'unknown' if memory is None else f'{memory:,.0f} MB'} at the peak; {os.cpu_count()} cores")
    return replay.returncode


def _kept(lines: Iterable[str], said: deque[str]) -> Iterator[str]:
    """Yield the lines, and keep the last of them."""
    for line in lines:
        said.append(line)
        yield line


def _cpu_seconds() -> float:
    """Return the processor time of commands that have ended."""
    spent = os.times()
    return spent.children_user + spent.children_system


def main() -> int:
    """Time a replay; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--patients", type=int, default=50_000)
    parser.add_argument("--dates", type=int, default=12)
    parser.add_argument("--every", default="3m", help="the step; 13w shares training dates, 3m does not")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--records", type=Path, help="a synthetic trust that is there already, of 2018 to 2024")
    parser.add_argument("--keep", type=Path, help="a folder in which the replay stays; else it goes")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = given.keep.resolve() if given.keep else Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        records = given.records.resolve() if given.records else None
        return time_replay(
            patients=given.patients,
            dates=given.dates,
            seed=given.seed,
            folder=folder,
            records=records,
            every=given.every,
        )


if __name__ == "__main__":
    sys.exit(main())
