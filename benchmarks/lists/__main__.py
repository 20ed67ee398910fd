"""``python -m benchmarks.lists``: scored people become the lists and packs of 50 practices, and what that depends on.

The stage runs in a process of its own, from everyone and from a quarter of them with the same lists. Prints one table
with each step and whether the aims are reached, and writes the same as JSON to benchmarks/out/.
"""

import argparse
import json
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.bench import HEAD, line_of
from benchmarks.lists.page import seconds_to_open
from benchmarks.lists.prepare import CAPACITY, LISTS, LONG, LONG_LIST, Places
from benchmarks.lists.table import STEP_HEAD, aims_of, step_lines
from benchmarks.lists.work import steps_of
from benchmarks.models.__main__ import machine
from benchmarks.runs import ROOT, Failed, Took, run
from vi_risk.running.run_file import LISTS_FOLDER

# A quarter of fewer would hold little else than those who are listed.
_LEAST_PEOPLE = 20_000


def bench_lists(asked: argparse.Namespace) -> int:
    """Print the table; return 1 where something did not finish."""
    # As the command line of vi_risk does: threads that spin while they wait burn what others would use.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    with tempfile.TemporaryDirectory(prefix="vi-risk-bench-") as name:
        places = Places(Path(name))
        print("Making the trusts, learning and scoring: minutes, not part of the figures", flush=True)
        ready = run("benchmarks.lists.prepare", places.folder, "--people", asked.people, "--seed", asked.seed)
        if isinstance(ready, Failed):
            print(f"did not finish: {ready.reason}")
            return 1
        quarter_scored, scored = places.scored
        here = machine()
        print(", ".join(f"{what.replace('_', ' ')} {value}" for what, value in here.items()))
        print(HEAD, flush=True)
        took = {}
        lines = {
            places.quarter: (f"{LISTS} lists of {CAPACITY}, of {quarter_scored:,} people", CAPACITY),
            places.whole: (f"{LISTS} lists of {CAPACITY}, of {scored:,} people", CAPACITY),
            places.one: (f"one list of {LONG_LIST}", LONG_LIST),
        }
        for folder, (words, capacity) in lines.items():
            took[folder.name] = run("benchmarks.lists.work", folder, "--capacity", capacity)
            reference = took[places.quarter.name] if folder == places.whole else None
            print(line_of(words, took[folder.name], reference), flush=True)
        ended = {name: one for name, one in took.items() if isinstance(one, Took)}
        if len(ended) < len(took):
            return 1
        steps = {folder.name: steps_of(folder) for folder in (places.quarter, places.whole)}
        page = places.one / LISTS_FOLDER / f"{LONG}.html"
        aims = aims_of(
            scored,
            ended[places.whole.name],
            ended[places.quarter.name],
            page_bytes=page.stat().st_size,
            page_patients=ended[places.one.name].rows,
            to_open=seconds_to_open(page),
        )
    print("\n".join(["", STEP_HEAD, *step_lines(steps["quarter"], steps["whole"]), ""]))
    for aim in aims:
        print(aim.words)
    content = {
        "asked": vars(asked),
        "machine": here,
        "scored": {"quarter": quarter_scored, "whole": scored},
        "made_ready": asdict(ready),
        "took": {name: asdict(one) for name, one in ended.items()},
        "steps": {name: {step: asdict(one) for step, one in of.items()} for name, of in steps.items()},
        "aims": [asdict(aim) | {"reached": aim.reached} for aim in aims],
    }
    path = ROOT / "benchmarks" / "out" / "lists.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    print(f"The same as JSON: {path.relative_to(ROOT)}")
    return 0


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="make bench-lists ARGS=", description=__doc__)
    parser.add_argument("--people", type=int, default=280_000, help="of the trust; some seven in ten are scored")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    if asked.people < _LEAST_PEOPLE:
        parser.error(f"expected {_LEAST_PEOPLE:,} people or more")
    return bench_lists(asked)


if __name__ == "__main__":
    sys.exit(main())
