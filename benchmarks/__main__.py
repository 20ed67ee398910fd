"""``python -m benchmarks``: the feature engine against those who make the same features by other means.

All read the same generated records, each in a process of its own, one after the other. Prints one table with the ratios
to the engine and whether the aims are reached, and writes the same as JSON to benchmarks/out/.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from benchmarks.bench import HEAD, Bench, by_hand, by_hand_of_all, growing, peers, warm_up
from benchmarks.place import COPIES
from benchmarks.runs import ROOT, Failed, Took, run


def machine() -> dict[str, object]:
    """Return what the figures depend on, beside the code."""
    return {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        **{name: version(name) for name in ("duckdb", "ibis-framework", "numba", "pandas")},
    }


def bench_features(asked: argparse.Namespace) -> int:
    """Print the table; return 1 where values differ or a contender did not finish."""
    here = machine()
    with tempfile.TemporaryDirectory(prefix="vi-risk-bench-") as name:
        folder = Path(name)
        events = asked.events or asked.patients * 100
        sizes = ("--patients", asked.patients, "--events", events, "--seed", asked.seed)
        made = run("benchmarks.make_records", "--folder", folder, *sizes)
        if isinstance(made, Failed):
            print(f"the records could not be made: {made.reason}", file=sys.stderr)
            return 1
        print(f"{asked.patients:,} patients and {made.rows:,} rows, made in {made.seconds:.0f} s")
        print(", ".join(f"{what.replace('_', ' ')} {value}" for what, value in here.items()))
        print(HEAD)
        bench = Bench(folder, asked.patients, asked.engine, asked.memory_gigabytes)
        warm_up(bench)
        by_hand(bench)
        by_hand_of_all(bench)
        growing(bench)
        if asked.peers:
            peers(bench)
    print()
    for aim in bench.judged:
        print(aim.words)
    print("UNEQUAL values, see above" if bench.unequal else "All made the same values as the engine.")
    _write(asked, here, made, bench)
    return 1 if bench.unequal or any(isinstance(one, Failed) for one in bench.took.values()) else 0


def _write(asked: argparse.Namespace, here: dict[str, object], made: Took, bench: Bench) -> None:
    out = ROOT / "benchmarks" / "out"
    out.mkdir(exist_ok=True)
    content = {
        "asked": {name: value for name, value in vars(asked).items() if name != "stages"},
        "machine": here,
        "rows": made.rows,
        "took": {name: asdict(took) for name, took in bench.took.items()},
        "aims": [asdict(aim) | {"reached": aim.reached} for aim in bench.judged],
        "unequal": bench.unequal,
    }
    path = out / "features.json"
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    print(f"The same as JSON: {path.relative_to(ROOT)}")


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=", description=__doc__)
    parser.add_argument("--patients", type=int, help="of the largest place (800,000), or of the demo (5,000)")
    parser.add_argument("--events", type=int, help="about so many rows; without it 100 for each patient")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peers", action="store_true", help="featuretools too: installs it for the while")
    parser.add_argument("--engine", choices=("auto", "portable", "sweep"), default="auto", help="of vi_risk.features")
    parser.add_argument("--memory-gigabytes", type=float, help="each process may hold no more; DuckDB is given half")
    parser.add_argument("--stages", action="store_true", help="time the stages of vi-risk demo instead")
    asked = parser.parse_args()
    if asked.stages:
        from benchmarks.demo_stages import time_demo  # noqa: PLC0415 - another benchmark

        return time_demo(patients=asked.patients or 5000, seed=asked.seed)
    asked.patients = asked.patients or 800_000
    if asked.patients < COPIES * 1000:
        parser.error(f"--patients: at least {COPIES * 1000:,}, so that the smallest place has a thousand")
    return bench_features(asked)


if __name__ == "__main__":
    sys.exit(main())
