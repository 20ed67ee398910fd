"""The table of `make bench-lists`: what each step took, how it grows with people, and what should be reached."""

from collections.abc import Mapping

from benchmarks.aims import Aim
from benchmarks.lists.work import Step
from benchmarks.runs import Took

STEP_HEAD = f"{'CPU seconds of':<58} {'quarter':>9} {'everyone':>9} {'seconds':>9} {'x CPU':>10}"
# A step over in less says nothing of how it grows.
_TOO_SHORT = 0.05

_MOST_SECONDS, _MOST_TIMES = 60.0, 1.5
_MOST_MEGABYTES, _MOST_TO_OPEN = 3.0, 1.0


def step_lines(quarter: Mapping[str, Step], whole: Mapping[str, Step]) -> list[str]:
    """Return a line for each step: CPU of both, seconds of everyone, and how many times the quarter's CPU it took."""
    lines = []
    for step, took in whole.items():
        before = quarter[step]
        line = f"  {step:<56} {before.cpu_seconds:>9.1f} {took.cpu_seconds:>9.1f} {took.seconds:>9.1f}"
        grew = f" {took.cpu_seconds / before.cpu_seconds:>10.1f}" if before.cpu_seconds > _TOO_SHORT else ""
        lines.append(line + grew)
    return lines


def aims_of(
    people: int, whole: Took, quarter: Took, *, page_bytes: int, page_patients: int, to_open: float | None
) -> list[Aim]:
    """Return the aims: seconds for all, cost that follows the listed, and a long page that is small and opens at once.

    Parameters
    ----------
    people
        Scored, of whom the lists are made.
    page_bytes, page_patients
        Of the page of one long list.
    to_open
        Seconds until it is drawn; None where there is no browser.
    """
    aims = [
        Aim(f"{whole.rows:,} of {people:,} people scored become lists and packs, s", whole.seconds, _MOST_SECONDS),
        Aim("the same lists of four times the people, CPU", whole.cpu_seconds / quarter.cpu_seconds, _MOST_TIMES),
        Aim(f"a page of {page_patients:,} patients, MB", page_bytes / 1e6, _MOST_MEGABYTES),
    ]
    if to_open is not None:
        aims.append(Aim(f"a page of {page_patients:,} patients, seconds until it is drawn", to_open, _MOST_TO_OPEN))
    return aims
