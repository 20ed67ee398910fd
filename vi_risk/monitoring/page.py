"""The page of a monitoring run: what is to be done first, then what changed, then all that was looked at.

Every number on it stands in monitor.json.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from vi_risk.models.templates import page_environment
from vi_risk.monitoring.told import titles, told
from vi_risk.monitoring.watching import SCORE, Monitored
from vi_risk.monitoring.wording import OF_A_WINDOW, heading_of, sentences, table_words

TEMPLATES = Path(__file__).parent / "templates"
_CLOSEST = 5  # features that are shown where none moved
_WIDTH, _HEIGHT = 240, 20  # of a bar or an interval, in units of the picture
_WIDEST = 2.5  # times as many events as expected, where the axis ends
_CALM = ("nothing", "too little to tell")


@dataclass(frozen=True, slots=True)
class Bar:
    """A PSI as a bar, with what chance makes of it as a mark; widths in units of the picture."""

    width: float
    chance: float


@dataclass(frozen=True, slots=True)
class Span:
    """Seen over expected with its interval, on an axis from 0; places in units of the picture."""

    value: float
    low: float
    high: float
    limits: tuple[float, float]
    one: float


def write_monitor_page(found: Monitored, path: Path) -> None:
    """Write what was found as one self-contained HTML page; the same result gives the same bytes."""
    content, named = told(found), titles(found)
    features: Mapping[str, Mapping[str, Any]] = content["features"]
    moved = {name: one for name, one in features.items() if one["passed"]}
    longest = max([one["psi"] for one in features.values()] + [1e-9])
    limits = found.watched.spec.monitoring.observed_over_expected

    def titled(line: str) -> str:
        name, colon, rest = line.partition(": ")
        return f"{named.get(name, table_words(name))}{colon}{rest}"

    page = (
        page_environment(TEMPLATES)
        .get_template("monitor.html.jinja")
        .render(
            told=content,
            title=found.watched.spec.title,
            heading=heading_of(found),
            stops=found.judged.verdict not in _CALM,
            sentences=sentences(found),
            passed=[titled(line) for line in content["passed"]],
            titles={**named, SCORE: "The score itself"},
            says=OF_A_WINDOW,
            moved=moved,
            shown=moved or dict(list(features.items())[:_CLOSEST]),
            bars={
                name: Bar(_WIDTH * one["psi"] / longest, min(_WIDTH, _WIDTH * one["by_chance"] / longest))
                for name, one in features.items()
            },
            spans=[_span(one, limits) for one in content["windows"]],
            size=(_WIDTH, _HEIGHT),
            today=found.today,
            run_of=found.watched.list_date,
            day=date.fromisoformat,
            months=[day for one in content["volumes"][:1] for day in map(date.fromisoformat, one["months"])],
            table_words=table_words,
        )
    )
    path.write_bytes(page.encode())


def _span(window: Mapping[str, Any], limits: tuple[float, float]) -> Span | None:
    """Return the picture of seen over expected; None where it may not be told."""
    ratio = window["observed_over_expected"]
    if ratio is None:
        return None

    def place(value: float) -> float:
        return _WIDTH * min(max(value, 0.0), _WIDEST) / _WIDEST

    low, high = (place(end) for end in limits)
    return Span(place(ratio["value"]), place(ratio["low"]), place(ratio["high"]), (low, high), place(1.0))
