"""Drawing: a choice from weighted menus, one choice for each row, rates along age."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Rows = NDArray[np.int64]  # positions: which person, month or choice a row belongs to
Values = NDArray[np.object_]

# The standard normal distribution on a fine grid: between its points a straight line is off by less than one part in
# two thousand, far into the tails. scipy has it exactly, but is no dependency of this project's own.
_GRID = np.linspace(-8, 8, 8_001)
_BELOW = np.array([math.erfc(-point / math.sqrt(2)) / 2 for point in _GRID])


@dataclass(frozen=True, slots=True)
class Menu:
    """Values to choose from and the weight of each; None stands for what nobody wrote down."""

    values: tuple[str | None, ...]
    weights: tuple[float, ...]

    @classmethod
    def of(cls, *choices: tuple[str | None, float]) -> "Menu":
        """Return a menu of (value, weight) pairs."""
        return cls(tuple(value for value, _ in choices), tuple(weight for _, weight in choices))

    def draw(self, rng: np.random.Generator, rows: int) -> Values:
        """Draw one value for each row."""
        return np.array(self.values, dtype=np.object_)[pick(rng, self.weights, rows)]


def pick(rng: np.random.Generator, weights: ArrayLike, rows: int) -> Rows:
    """Draw positions of `weights`, in proportion to them."""
    steps = np.cumsum(np.asarray(weights, dtype=np.float64))
    position: Rows = np.searchsorted(steps, rng.random(rows) * steps[-1], side="right")
    return position


def pick_each(rng: np.random.Generator, weights: NDArray[Any]) -> Rows:
    """Draw one position for each row of `weights` (rows, choices), in proportion to that row."""
    steps = np.cumsum(weights, axis=1)
    drawn = rng.random(len(weights)) * steps[:, -1]
    position: Rows = (steps <= drawn[:, None]).sum(axis=1)
    return position


def missing_at(rng: np.random.Generator, values: Values, share: float) -> Values:
    """Return the values with a share of them, at random, not written down."""
    return blank(values, rng.random(len(values)) < share)


def blank(values: NDArray[Any], where: NDArray[np.bool_]) -> Values:
    """Return the values with those `where` not written down."""
    known: Values = values.astype(np.object_)
    known[where] = None
    return known


def logistic(log_odds: NDArray[Any]) -> NDArray[np.float64]:
    """Return the probability of log odds."""
    probability: NDArray[np.float64] = 1 / (1 + np.exp(-log_odds))
    return probability


def normal_below(point: NDArray[Any]) -> NDArray[np.float64]:
    """Return the probability that a standard normal draw lies below each point.

    >>> normal_below(np.array([-1.959964, 0.0])).round(4).tolist()
    [0.025, 0.5]
    """
    return np.asarray(np.interp(point, _GRID, _BELOW))


def normal_quantile(probability: NDArray[Any]) -> NDArray[np.float64]:
    """Return the point below which a standard normal draw lies with each probability; within -8 and 8.

    >>> normal_quantile(np.array([0.025, 0.5])).round(4).tolist()
    [-1.96, 0.0]
    """
    return np.asarray(np.interp(probability, _BELOW, _GRID))


def log_rate_at(age: NDArray[np.float32], ages: Sequence[float], rates: Sequence[float]) -> NDArray[np.float32]:
    """Return the log rate at each age: straight on the log scale between the given ages, flat beyond them.

    >>> np.exp(log_rate_at(np.array([10.0, 15.0, 99.0], dtype=np.float32), (10, 20), (1, 4))).round(3).tolist()
    [1.0, 2.0, 4.0]
    """
    return np.interp(age, ages, np.log(rates)).astype(np.float32)
