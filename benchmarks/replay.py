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
from datetime import date, timedelta
from pathlib import Path

from benchmarks.demo_stages import peak_memory_megabytes, timed_stages
from vi_risk.records.synthetic import write_trust

FIRST_DAY, LAST_DAY = date(2018, 1, 1), date(2024, 12, 31)
FROM, QUARTER = date(2021, 1, 2), timedelta(days=91)  # the first day with look-back and two windows before it


def time_replay(*, patients: int, dates: int, seed: int, folder: Path, records: Path | None = None) -> int:
    """Print seconds for each stage of the replay, its processor time and peak memory; return its exit code."""
    trust = records or folder / "trust"
    if records is None:
        write_trust(trust, patients=patients, seed=seed, first_day=FIRST_DAY, last_day=LAST_DAY)
    last = FROM + (dates - 1) * QUARTER
    command = [str(Path(sys.executable).with_name("vi-risk")), "replay", "--records", str(trust)]
    command += ["--from", str(FROM), "--to", str(last), "--every", "3m", "--out", str(folder / "replay")]
    started, before = time.perf_counter(), _cpu_seconds()
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
    ) as replay:
        assert replay.stdout is not None  # noqa: S101  (it is piped)
        for seconds, stage in timed_stages(replay.stdout):
            print(f"{seconds:7.1f} s  {stage}", flush=True)
    total, cpu = time.perf_counter() - started, _cpu_seconds() - before
    memory = peak_memory_megabytes()
    print(f"{total:7.1f} s by the clock, {cpu:.1f} s of processors, in all: {dates} dates, {patients:,} people")
    print(f"{'unknown' if memory is None else f'{memory:,.0f} MB'} at the peak; {os.cpu_count()} cores")
    return replay.returncode


def _cpu_seconds() -> float:
    """Return the processor time of commands that have ended."""
    spent = os.times()
    return spent.children_user + spent.children_system


def main() -> int:
    """Time a replay; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--patients", type=int, default=50_000)
    parser.add_argument("--dates", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--records", type=Path, help="a synthetic trust that is there already, of 2018 to 2024")
    parser.add_argument("--keep", type=Path, help="a folder in which the replay stays; else it goes")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = given.keep.resolve() if given.keep else Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        records = given.records.resolve() if given.records else None
        return time_replay(patients=given.patients, dates=given.dates, seed=given.seed, folder=folder, records=records)


if __name__ == "__main__":
    sys.exit(main())
