"""``python -m benchmarks.lists.work FOLDER --capacity N``: the stage of the case lists in a process of its own.

It is the stage as `vi-risk caselist` runs it, from the files of a folder to the packs in it, and says what it took; how
much of that each step took stands in steps.json. Steps are timed where the stage calls them, one inside another once.
"""

import argparse
import functools
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.measured import measured
from vi_risk import listing, stages
from vi_risk.caselists.choosing.rules import load_rules
from vi_risk.caselists.packs import writing
from vi_risk.progress import Silence
from vi_risk.run_file import read_run

STEPS_FILE = "steps.json"

# Step in words -> what is called for it, where its caller finds it.
STEPS: dict[str, tuple[tuple[Any, str], ...]] = {
    "read what was scored": ((stages, "_prepared"), (stages, "_model"), (stages, "_companions"), (stages, "_scores")),
    "who is listed": ((listing, "ranked_people"),),
    "how sure places are": ((listing, "risks_in_refits"), (listing, "share_listed")),
    "the list before": ((listing, "score"),),
    "reasons": ((listing, "explain"),),
    "what moved": ((listing, "what_moved"),),
    "prompts": ((listing, "prompts_for"),),
    "practices in one view": ((listing, "people_at_list"), (listing, "practice_summaries")),
    "lists put together": ((listing, "case_lists"),),
    "packs: networks joined": ((writing, "network_lists"),),
    "packs: pages": ((writing, "html_pack"),),
    "packs: workbooks": ((writing, "xlsx_pack"),),
    "packs: CSV and JSON lines": ((writing, "csv_pack"), (writing, "json_pack")),
    "page of pathways": ((stages, "_pathways"),),
}
_REST = "the rest"


class Stopwatch:
    """Seconds of each step; while a step calls another, the clock of the other runs alone."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys([*STEPS, _REST], 0.0)
        self._running, self._since = [_REST], time.perf_counter()

    def timed(self, step: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return the same work, timed."""

        @functools.wraps(work)
        def with_the_clock(*arguments: object, **named: object) -> object:
            self._change(lambda: self._running.append(step))
            try:
                return work(*arguments, **named)
            finally:
                self._change(self._running.pop)

        return with_the_clock

    def stop(self) -> dict[str, float]:
        """Return step -> seconds."""
        self._change(lambda: None)
        return {step: round(seconds, 3) for step, seconds in self.seconds.items()}

    def _change(self, to: Callable[[], object]) -> None:
        now = time.perf_counter()
        self.seconds[self._running[-1]] += now - self._since
        to()
        self._since = time.perf_counter()


def make_lists(folder: Path, capacity: int) -> None:
    """Make the lists and packs of a folder, and say what that took."""
    with measured() as told:
        watch = Stopwatch()
        # The libraries are there; what each function is called through is changed in this process alone.
        for step, places in STEPS.items():
            for module, name in places:
                setattr(module, name, watch.timed(step, getattr(module, name)))
        stages.case_lists(folder, load_rules(), capacity, Silence())
        seconds = watch.stop()
        told["rows"] = sum(read_run(folder, needs="case_lists", command="caselist")["case_lists"]["lists"].values())
    (folder / STEPS_FILE).write_text(json.dumps(seconds, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lists.work")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--capacity", type=int, required=True)
    asked = parser.parse_args()
    make_lists(asked.folder, asked.capacity)
