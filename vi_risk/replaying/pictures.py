"""Figures over time, drawn: a line with its interval, several lines beside each other, or parts of a whole."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 520, 230
LEFT, RIGHT, TOP, FLOOR = 52, WIDTH - 14, 14, HEIGHT - 30  # where the axes are
_TICKS_ACROSS = 5
_BAR = 0.6  # of the room between two dates

Values = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Line:
    """One figure at each date, as the path of a picture; `points` are those that are told."""

    words: str
    path: str
    band: str
    points: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of one date's whole: a box of the picture and its words."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    words: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture over time: lines or bars, the ticks of its axes and what it says in words."""

    words: str
    across: tuple[tuple[float, str], ...]
    up: tuple[tuple[float, str], ...]
    lines: tuple[Line, ...] = ()
    bars: tuple[Bar, ...] = ()
    level: float | None = None


@dataclass(frozen=True, slots=True)
class _Axes:
    days: Sequence[date]
    low: float
    high: float

    def x(self, place: int) -> float:
        room = (RIGHT - LEFT) / len(self.days)
        return round(LEFT + (place + 0.5) * room, 1)

    def y(self, value: float) -> float:
        held = min(max(value, self.low), self.high)
        return round(FLOOR - (held - self.low) / (self.high - self.low) * (FLOOR - TOP), 1)

    def across(self) -> tuple[tuple[float, str], ...]:
        every = max(1, math.ceil(len(self.days) / _TICKS_ACROSS))
        return tuple((self.x(n), f"{day:%b %Y}") for n, day in enumerate(self.days) if n % every == 0)

    def up(self, ticks: Sequence[float], words: str) -> tuple[tuple[float, str], ...]:
        return tuple((self.y(value), format(value, words)) for value in ticks)


def lines_over_time(
    days: Sequence[date],
    figures: Mapping[str, Values],
    *,
    words: str,
    form: str,
    intervals: Sequence[Sequence[float] | None] | None = None,
    level: float | None = None,
    from_zero: bool = False,
) -> Picture | None:
    """Return figures as lines over the dates; None where not one number is told.

    A date whose number is not told leaves a gap; a figure that is told at no date is left out.

    Parameters
    ----------
    words
        What the picture says, for those who do not see it.
    form
        How a value is written, as in ``.2f``.
    intervals
        Of the first figure, at each date.
    level
        A value to hold the lines against, such as 1 for a calibration slope.
    """
    told = [value for values in figures.values() for value in values if value is not None]
    if not told:
        return None
    ends = [end for interval in intervals or () if interval is not None for end in interval]
    low, high, ticks = _ticks([*told, *ends, *([] if level is None else [level]), *([0.0] if from_zero else [])])
    axes = _Axes(days, low, high)
    lines = tuple(
        _line(axes, name, values, form, intervals if n == 0 else None)
        for n, (name, values) in enumerate(figures.items())
        if any(value is not None for value in values)
    )
    return Picture(words, axes.across(), axes.up(ticks, form), lines, level=None if level is None else axes.y(level))


def parts_over_time(days: Sequence[date], parts: Mapping[str, Values], *, words: str) -> Picture | None:
    """Return numbers of people stacked over the dates; a part that is not told is not drawn."""
    wholes = [sum(values[place] or 0.0 for values in parts.values()) for place in range(len(days))]
    if not any(wholes):
        return None
    low, high, ticks = _ticks([0.0, *wholes])
    axes = _Axes(days, low, high)
    width = round((RIGHT - LEFT) / len(days) * _BAR, 1)
    bars = []
    for place, day in enumerate(days):
        below = 0.0
        for kind, values in parts.items():
            number = values[place]
            if not number:
                continue
            top, floor = axes.y(below + number), axes.y(below)
            x = round(axes.x(place) - width / 2, 1)
            bars.append(Bar(kind, x, top, width, round(floor - top, 1), f"{day}: {kind} {number:,.0f}"))
            below += number
    return Picture(words, axes.across(), axes.up(ticks, ",.0f"), bars=tuple(bars))


def _line(
    axes: _Axes, name: str, values: Values, form: str, intervals: Sequence[Sequence[float] | None] | None
) -> Line:
    points = tuple(
        (axes.x(place), axes.y(value), f"{axes.days[place]}: {name} {format(value, form)}")
        for place, value in enumerate(values)
        if value is not None
    )
    path, joined = "", False
    for place, value in enumerate(values):
        if value is not None:
            path += f"{'L' if joined else 'M'}{axes.x(place)} {axes.y(value)}"
        joined = value is not None
    return Line(name, path, _band(axes, intervals or ()), points)


def _band(axes: _Axes, intervals: Sequence[Sequence[float] | None]) -> str:
    """Return the intervals of dates that follow each other as one area each; of a lone date, an upright line."""
    path = ""
    run: list[tuple[float, float, float]] = []
    for place, interval in enumerate([*intervals, None]):
        if interval is not None:
            run.append((axes.x(place), axes.y(interval[0]), axes.y(interval[1])))
            continue
        if run:
            there = "L".join(f"{x} {low}" for x, low, _ in run)
            back = "L".join(f"{x} {high}" for x, _, high in reversed(run))
            path += f"M{there}L{back}z"
        run = []
    return path


def _ticks(values: Sequence[float]) -> tuple[float, float, list[float]]:
    """Return the ends of an axis that holds the values, and even numbers on it, both ends among them."""
    low, high = min(values), max(values)
    if high - low < 1e-9:
        low, high = low - 0.05, high + 0.05
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(times * power for times in (1, 2, 2.5, 5, 10) if times * power >= rough)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = [round(n * step, 10) for n in range(first, last + 1)]
    return ticks[0], ticks[-1], ticks
