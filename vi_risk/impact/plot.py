"""The event-study plot: the effect by half-years since joining, with a band that holds for all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 720.0, 260.0, 60.0, 16.0, 44.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A point with its band; places in units of the picture."""

    x: float
    y: float
    top: float
    bottom: float
    label: str


@dataclass(frozen=True, slots=True)
class EventStudy:
    """The picture: its marks, where no effect and the joining lie, and the ticks of the axis."""

    marks: tuple[Mark, ...]
    zero: float
    joining: float | None
    ticks: tuple[tuple[float, str], ...]
    width: float = _WIDTH
    height: float = _HEIGHT
    left: float = _LEFT
    bottom: float = _HEIGHT - _BOTTOM


def event_study(points: Sequence[Mapping[str, Any]]) -> EventStudy | None:
    """Return the picture of the points of one outcome; None without points."""
    if not points:
        return None
    reach: float = max(0.01, *(abs(point[end]) for point in points for end in ("low", "high")))

    def height(value: float) -> float:
        return _TOP + (1 - (value + reach) / (2 * reach)) * (_HEIGHT - _TOP - _BOTTOM)

    step = (_WIDTH - _LEFT) / len(points)
    marks = tuple(
        Mark(
            _LEFT + step * (number + 0.5),
            height(point["value"]),
            height(point["high"]),
            height(point["low"]),
            f"{point['from']} to {point['to']}",
        )
        for number, point in enumerate(points)
    )
    before = sum(point["from"] < 0 for point in points)
    ticks = tuple(
        (height(value), f"{value:+.2f}" if value else "0") for value in (reach, reach / 2, 0, -reach / 2, -reach)
    )
    return EventStudy(marks, height(0), _LEFT + step * before if 0 < before < len(points) else None, ticks)
