"""Hold what the tests ran against the bars: so much of the lines and branches of each package, and of all together.

``python -m tools.coverage_bars REPORT`` reads a report of ``coverage json`` and says each bar with what was reached; it
ends with 1 where a bar is missed, and names the lines that no test ran. ``make coverage`` makes that report.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Folder -> the least share of lines and branches in per cent. What the lists rest on is run whole: who is listed, and
# by what. A line that no test can run says so where it stands (`pragma: no cover`, with the reason).
BARS: Mapping[str, int] = {"vi_risk": 95, "vi_risk/features": 100, "vi_risk/cohort": 100, "vi_risk/caselists": 100}
_MOST_PLACES = 20


@dataclass(frozen=True, slots=True)
class Reached:
    """What the tests ran of a folder: `ran` of `there` lines and branches, and the places that they did not run."""

    folder: str
    ran: int
    there: int
    places: tuple[str, ...]

    @property
    def percent(self) -> float:
        """The share in per cent; of a folder without code it is 0, for its bar is then of nothing."""
        return 100 * self.ran / self.there if self.there else 0.0


def reached(report: Mapping[str, Any], folder: str) -> Reached:
    """Return what a report of ``coverage json --branch`` says of the files of a folder, and of those below it."""
    files = {path: found for path, found in report["files"].items() if Path(path).as_posix().startswith(f"{folder}/")}
    summaries = [found["summary"] for found in files.values()]
    return Reached(
        folder,
        sum(one["covered_lines"] + one["covered_branches"] for one in summaries),
        sum(one["num_statements"] + one["num_branches"] for one in summaries),
        tuple(place for path, found in sorted(files.items()) for place in _places(Path(path).as_posix(), found)),
    )


def told(found: Reached, bar: int) -> list[str]:
    """Return a line with the bar and what was reached; where it is missed, with places that were not run."""
    line = f"{found.folder}: {found.percent:.2f} % of {found.there:,} lines and branches, bar {bar} %"
    if found.percent >= bar:
        return [line]
    more = len(found.places) - _MOST_PLACES
    rest = [f"  and {more} more; `coverage report -m` tells all"] if more > 0 else []
    return [f"{line}: MISSED", *(f"  {place}" for place in found.places[:_MOST_PLACES]), *rest]


def main(arguments: list[str]) -> int:
    """Print every bar, and return 1 where one is missed or the report cannot be read."""
    if len(arguments) != 1:
        sys.stderr.write("coverage_bars: expected one report of `coverage json`. `make coverage` makes it.\n")
        return 2
    try:
        report = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
        measured = report["meta"]["branch_coverage"]
    except (OSError, ValueError, KeyError, TypeError) as fault:
        sys.stderr.write(f"coverage_bars: {arguments[0]}: is no report of `coverage json` ({type(fault).__name__}).\n")
        return 2
    if not measured:
        sys.stderr.write(f"coverage_bars: {arguments[0]}: tells of no branches. Measure with --cov-branch.\n")
        return 2
    found = {folder: reached(report, folder) for folder in BARS}
    print("\n".join(line for folder, bar in BARS.items() for line in told(found[folder], bar)))
    return int(any(found[folder].percent < bar for folder, bar in BARS.items()))


def _places(path: str, found: Mapping[str, Any]) -> Iterable[str]:
    """Yield the lines that were not run, and the ways between lines that were not taken."""
    lines = set(found["missing_lines"])
    if lines:
        yield f"{path}: not run: {', '.join(map(str, sorted(lines)))}"
    ways = [(start, end) for start, end in found["missing_branches"] if start not in lines and end not in lines]
    if ways:
        words = ", ".join(f"{start} to {end if end > 0 else 'its end'}" for start, end in ways)
        yield f"{path}: not taken: {words}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
