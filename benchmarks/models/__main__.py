"""``python -m benchmarks.models``: models learnt, asked and evaluated, against plain LightGBM on the same matrix.

Each piece of work runs in a process of its own, one after the other. Prints one table with the ratios and whether the
aims are reached, and writes the same as JSON to benchmarks/out/.
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

import numpy as np

from benchmarks.bench import HEAD
from benchmarks.models.matrix import Matrix
from benchmarks.models.table import LINES, Table, aims_of
from benchmarks.runs import ROOT

_LEAST_PEOPLE, _LEAST_FEATURES = 1000, 20


def machine() -> dict[str, object]:
    """Return what the figures depend on, beside the code."""
    return {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        **{name: version(name) for name in ("lightgbm", "numpy", "pandas", "scikit-learn")},
    }


def bench_models(asked: argparse.Namespace) -> int:
    """Print the table; return 1 where something did not finish."""
    here = machine()
    # As the command line of vi_risk does: threads that spin while they wait burn what others would use.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    with tempfile.TemporaryDirectory(prefix="vi-risk-bench-") as name:
        table = Table(Path(name))
        generator = np.random.default_rng(asked.seed)
        for kind, dates in (("train", asked.dates), ("test", 1)):
            Matrix(table.folder, kind).write(generator, people=asked.people, dates=dates, features=asked.features)
        events = Matrix(table.folder, "train").column("outcome").mean()
        print(f"{asked.people:,} people at {asked.dates} dates, {asked.features} features, {events:.1%} events")
        print(", ".join(f"{what.replace('_', ' ')} {value}" for what, value in here.items()))
        print(HEAD, flush=True)
        for work in LINES:
            table.measure(work)
    print()
    aims = aims_of(table.took)
    for aim in aims:
        print(aim.words)
    content = {
        "asked": vars(asked),
        "machine": here,
        "took": {work: asdict(took) for work, took in table.took.items()},
        "aims": [asdict(aim) | {"reached": aim.reached} for aim in aims],
    }
    path = ROOT / "benchmarks" / "out" / "models.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    print(f"The same as JSON: {path.relative_to(ROOT)}")
    return int(table.failed)


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="make bench-models ARGS=", description=__doc__)
    parser.add_argument("--people", type=int, default=280_000)
    parser.add_argument("--dates", type=int, default=8, help="training dates")
    parser.add_argument("--features", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    if asked.people < _LEAST_PEOPLE or asked.features < _LEAST_FEATURES or asked.dates < 1:
        parser.error(f"expected {_LEAST_PEOPLE:,} people, {_LEAST_FEATURES} features and a date, or more of each")
    return bench_models(asked)


if __name__ == "__main__":
    sys.exit(main())
