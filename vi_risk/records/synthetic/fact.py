"""One published figure beside what was made of it: shares, rates and quotients with their standard errors."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fact:
    """One published figure and what was made of it.

    Attributes
    ----------
    target
        The published value, or None where a range is published.
    standard_error
        Of `value`, from the people (or practices) that it is measured on.
    lowest, highest
        The published range; infinite where it is open.
    """

    name: str
    value: float
    target: float | None
    standard_error: float
    lowest: float = float("-inf")
    highest: float = float("inf")

    @property
    def inside(self) -> bool:
        """Whether the value lies where it should."""
        slack = 3 * self.standard_error
        if self.target is None:
            return self.lowest - slack <= self.value <= self.highest + slack
        return abs(self.value - self.target) <= max(0.1 * abs(self.target), slack)


def pooled(trusts: Sequence[Sequence[Fact]]) -> list[Fact]:
    """Return each fact over several trusts of one size: the mean value, and its standard error."""
    return [
        replace(
            same[0],
            value=float(np.mean([fact.value for fact in same])),
            standard_error=float(np.sqrt(np.sum([fact.standard_error**2 for fact in same])) / len(same)),
        )
        for same in zip(*trusts, strict=True)
    ]


def share_of(name: str, which: NDArray[np.bool_], target: float | None) -> Fact:
    """Return the share of rows for which something holds, with its binomial error."""
    share = float(which.mean())
    expected = share if target is None else target
    return Fact(name, share, target, float(np.sqrt(expected * (1 - expected) / len(which))))


def rate_of(name: str, counts: Counts, exposure: Counts, target: float | None) -> Fact:
    """Return the counts over the exposure of all people.

    The error comes from how far each person's count lies from what their exposure lets expect:
    ``sqrt(sum((count - rate * exposure)^2)) / sum(exposure)``.
    """
    rate = counts.sum() / exposure.sum()
    error = np.sqrt(((counts - rate * exposure) ** 2).sum()) / exposure.sum()
    return Fact(name, float(rate), target, float(error))


def quotient_of(name: str, above: Fact, below: Fact, target: float | None) -> Fact:
    """Return one fact over another, their relative errors taken as independent; without a target, one or more."""
    quotient = above.value / below.value
    error = quotient * np.hypot(above.standard_error / above.value, below.standard_error / below.value)
    return Fact(name, quotient, target, float(error), lowest=float("-inf") if target is not None else 1.0)
