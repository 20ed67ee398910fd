"""What happened around an admission, drawn: rates in steps with their intervals, over the level of a year earlier."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from vi_risk.cohort.pathway_people import AFTER, BEFORE

WIDTH, HEIGHT = 360, 170
LEFT, TOP, FLOOR = 34, 8, HEIGHT - 22  # where the axes are

_HIGHEST = 1.6  # an interval may reach so many times the highest rate before it is cut off

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Rate:
    """Contacts for every 100 people in 30 days; `text` says why where there is no number."""

    text: str
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True, slots=True)
class Picture:
    """A setting drawn: paths of the rates, of their intervals and of the baseline, and the ticks of its axes."""

    rates: str
    intervals: str
    baseline: str
    baseline_interval: str
    across: tuple[tuple[float, str], ...]
    up: tuple[tuple[float, str], ...]
    admission: float


def what_is_drawn(tens: Mapping[Span, Rate], before: Rate, after: Rate) -> dict[Span, Rate]:
    """Return what can be drawn: every ten days of a side where they are told, and else the whole of it."""
    drawn: dict[Span, Rate] = {}
    for whole, rate in ((BEFORE, before), (AFTER, after)):
        parts = {span: ten for span, ten in tens.items() if whole[0] <= span[0] < whole[1]}
        told = not any(math.isnan(ten.value) for ten in parts.values())
        drawn |= parts if told else {} if math.isnan(rate.value) else {whole: rate}
    return drawn


def picture_of(drawn: Mapping[Span, Rate], baseline: Rate) -> Picture:
    """Return the picture of at least one rate; a baseline without a number is not drawn."""
    highest = max([rate.value for rate in drawn.values()] + ([] if math.isnan(baseline.value) else [baseline.value]))
    reach = max(rate.high for rate in drawn.values())
    tick = _round_number(max(min(reach, _HIGHEST * highest), 0.1))

    def across(day: float) -> float:
        return round(LEFT + (day - BEFORE[0]) / (AFTER[1] - BEFORE[0]) * (WIDTH - LEFT), 1)

    def up(value: float) -> float:
        return round(FLOOR - min(value, tick) / tick * (FLOOR - TOP), 1)

    def boxes(rates: Mapping[Span, Rate]) -> str:
        return "".join(
            f"M{across(start)} {up(rate.low)}H{across(end)}V{up(rate.high)}H{across(start)}z"
            for (start, end), rate in rates.items()
        )

    def steps(rates: Mapping[Span, Rate]) -> str:
        parts, end_before = [], None
        for (start, end), rate in rates.items():
            joined = f"V{up(rate.value)}" if start == end_before else f"M{across(start)} {up(rate.value)}"
            parts.append(f"{joined}H{across(end)}")
            end_before = end
        return "".join(parts)

    a_year_before = {} if math.isnan(baseline.value) else {(BEFORE[0], AFTER[1]): baseline}
    days = ((-90, "90 days before"), (0, "admission"), (91, "90 days after"))
    return Picture(
        rates=steps(drawn),
        intervals=boxes(drawn),
        baseline=steps(a_year_before),
        baseline_interval=boxes(a_year_before),
        across=tuple((across(day), words) for day, words in days),
        up=tuple((up(value), f"{value:,.3g}") for value in (0, tick / 2, tick)),
        admission=across(0.5),
    )


def _round_number(value: float) -> float:
    """Return the least of a few even numbers, times a power of ten, that is no less."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(times * power for times in (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10) if times * power >= value)
