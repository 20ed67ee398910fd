"""``python -m benchmarks.lists.work FOLDER --capacity N``: the stage of the case lists in a process of its own.

It is the stage as `vi-risk caselist` runs it, from the files of a folder to the packs in it, and says what it took; how
much of that each step took stands in steps.json. Steps are timed where the stage calls them, one inside another once.
"""

import argparse
import functools
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.measured import measured
from vi_risk.caselists import listing
from vi_risk.caselists.choosing.rules import load_rules
from vi_risk.caselists.packs import writing
from vi_risk.running.progress import Silence
from vi_risk.running.run_file import read_run
from vi_risk.stages import listing as stage

STEPS_FILE = "steps.json"

# Step in words -> what is called for it, where its caller finds it.
STEPS: dict[str, tuple[tuple[Any, str], ...]] = {
    "read what was scored": ((stage, "spec_and_snapshots"), (stage, "model_in"), (stage, "scored")),
    "everyone looked at": ((listing, "people_at_list"),),
    "who is listed": ((listing, "in_order"),),
    "how sure places are": ((listing, "share_listed"),),
    "the list before": ((listing, "ranked_people"),),
    "reasons": ((listing, "explain"),),
    "what moved": ((listing, "what_moved"),),
    "prompts": ((listing, "prompts_for"),),
    "practices in one view": ((listing, "practice_summaries"),),
    "lists put together": ((listing, "case_lists"),),
    "packs: networks joined": ((writing, "network_lists"),),
    "packs: pages": ((writing, "html_pack"),),
    "packs: workbooks": ((writing, "xlsx_pack"),),
    "packs: CSV and JSON lines": ((writing, "csv_pack"), (writing, "json_pack")),
    "page of pathways": ((stage, "_pathways"),),
}
_REST = "the rest"


@dataclass(frozen=True, slots=True)
class Step:
    """What a step took, of all its calls."""

    seconds: float
    cpu_seconds: float


class Stopwatch:
    """What each step took; while a step calls another, the clock of the other runs alone."""

    def __init__(self) -> None:
        self._took = {step: [0.0, 0.0] for step in (*STEPS, _REST)}
        self._running, self._since = [_REST], _clocks()

    def timed(self, step: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return the same work, timed."""

        @functools.wraps(work)
        def with_the_clock(*arguments: object, **named: object) -> object:
            self._stop()
            self._running.append(step)
            try:
                return work(*arguments, **named)
            finally:
                self._stop()
                self._running.pop()

        return with_the_clock

    def steps(self) -> dict[str, Step]:
        """Return what each step took so far, by its words."""
        self._stop()
        return {step: Step(*(round(took, 3) for took in both)) for step, both in self._took.items()}

    def _stop(self) -> None:
        """Charge the time until now to the step that runs."""
        now = _clocks()
        for place, (before, after) in enumerate(zip(self._since, now, strict=True)):
            self._took[self._running[-1]][place] += after - before
        self._since = now


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


@contextmanager
def _timing(watch: Stopwatch) -> Iterator[None]:
    """Put the timed steps where their callers find them, for the while."""
    own = {(module, name): getattr(module, name) for places in STEPS.values() for module, name in places}
    try:
        for step, places in STEPS.items():
            for module, name in places:
                setattr(module, name, watch.timed(step, own[module, name]))
        yield
    finally:
        for (module, name), work in own.items():
            setattr(module, name, work)


def make_lists(folder: Path, capacity: int) -> None:
    """Make the lists and packs of a folder, and say what that took."""
    with measured() as told:
        watch = Stopwatch()
        with _timing(watch):
            stage.case_lists(folder, load_rules(), capacity, Silence())
        steps = watch.steps()
        told["rows"] = sum(read_run(folder, needs="case_lists", command="caselist")["case_lists"]["lists"].values())
    told_of_steps = {step: asdict(took) for step, took in steps.items()}
    (folder / STEPS_FILE).write_text(json.dumps(told_of_steps, indent=2) + "\n", encoding="utf-8")


def steps_of(folder: Path) -> dict[str, Step]:
    """Return what each step took when the lists of a folder were made."""
    told = json.loads((folder / STEPS_FILE).read_text(encoding="utf-8"))
    return {step: Step(**took) for step, took in told.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lists.work")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--capacity", type=int, required=True)
    asked = parser.parse_args()
    make_lists(asked.folder, asked.capacity)
