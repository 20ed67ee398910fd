"""What the engine is to reach, and whether it did."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.runs import Took


@dataclass(frozen=True, slots=True)
class Aim:
    """A figure and what it should be, at most or at least."""

    what: str
    found: float
    bound: float
    at_least: bool = False

    @property
    def reached(self) -> bool:
        """Whether the figure is what it should be."""
        return self.found >= self.bound if self.at_least else self.found <= self.bound

    @property
    def words(self) -> str:
        """The aim in a line."""
        bound = f"{'at least' if self.at_least else 'at most'} {self.bound:,g}"
        return f"{'reached' if self.reached else 'NOT reached'}: {self.what}: {self.found:,.2f}, aim {bound}"


def slower_by_hand(patients: int, engine: Took, by_hand: Took) -> list[Aim]:
    """Compare with hand-written SQL."""
    return [Aim(f"engine over hand-written SQL, {patients:,} patients, seconds", engine.seconds / by_hand.seconds, 1.2)]


def faster_and_leaner(name: str, engine: Took, other: Took, times: float) -> list[Aim]:
    """Compare with one who should be so many times slower, at five times the memory."""
    return [
        Aim(f"{name} over engine, seconds", other.seconds / engine.seconds, times, at_least=True),
        Aim(f"engine over {name}, peak memory", engine.peak_megabytes / other.peak_megabytes, 1 / 5),
    ]


def growth(patients: Sequence[int], took: Sequence[Took]) -> list[Aim]:
    """Say how cost grows with people: the exponent e of CPU = c patients^e, by least squares of the logarithms."""
    between = f"from {patients[0]:,} to {patients[-1]:,} patients"
    cost = exponent(patients, [one.cpu_seconds for one in took])
    last_step = exponent(patients[-2:], [one.cpu_seconds for one in took[-2:]])
    memory = exponent(patients, [one.peak_megabytes for one in took])
    return [
        Aim(f"growth exponent of CPU {between}", cost, 1.05),
        Aim(f"growth exponent of CPU over the last step, to {patients[-1]:,}", last_step, 1.05),
        Aim(f"growth exponent of peak memory {between}", memory, 1.05),
        Aim(f"peak memory with {patients[-1]:,} patients, GB", took[-1].peak_megabytes / 1024, 2.0),
    ]


def several_dates(one: Took, eight: Took) -> list[Aim]:
    """Compare eight index dates with one."""
    return [
        Aim("eight index dates over one, seconds", eight.seconds / one.seconds, 3.0),
        Aim("peak memory with eight index dates, GB", eight.peak_megabytes / 1024, 2.0),
    ]


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Return the slope of log cost on log size.

    Examples
    --------
    >>> round(exponent([1, 10, 100], [2, 20, 200]), 6)
    1.0
    """
    x, y = [math.log(size) for size in sizes], [math.log(cost) for cost in costs]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    across = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return across / sum((a - mean_x) ** 2 for a in x)
