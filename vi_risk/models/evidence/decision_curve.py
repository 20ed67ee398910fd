"""Net benefit: what acting on a risk gains, in true cases per patient, at each threshold at which one might act."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from vi_risk.models.evidence.weights import followed
from vi_risk.models.learning.calibration import Floats

# From acting on a chance of 1 in 100 to acting on an even one.
THRESHOLDS = tuple(percent / 100 for percent in range(1, 51))


@dataclass(frozen=True, slots=True)
class DecisionCurve:
    """Net benefit at each threshold, of listing by each set of risks, of listing everyone and of listing no one.

    Attributes
    ----------
    list_threshold
        The threshold at which the model would list as many people as the case lists hold.
    """

    thresholds: tuple[float, ...]
    model: tuple[float, ...]
    all: tuple[float, ...]
    none: tuple[float, ...]
    comparators: Mapping[str, tuple[float, ...]]
    list_threshold: float


def net_benefit(risk: Floats, y: Floats, thresholds: ArrayLike, weight: ArrayLike | None = None) -> Floats:
    """Return, for each threshold t, TP / n - FP / n * t / (1 - t) of listing everyone whose risk is t or more.

    A false positive costs t / (1 - t) of what a true one gains: that is what acting at a risk of t means. With weights,
    TP, FP and n are sums of them.

    References
    ----------
    Vickers AJ, Elkin EB. Medical Decision Making, 2006. doi:10.1177/0272989X06295361

    Examples
    --------
    Two listed at a threshold of 0.2, one of them rightly: 1 / 4 - 1 / 4 * 0.25.

    >>> risk, y = np.array([0.9, 0.4, 0.1, 0.1]), np.array([1.0, 0.0, 1.0, 0.0])
    >>> net_benefit(risk, y, [0.2]).tolist()
    [0.1875]
    """
    at = np.asarray(thresholds, dtype=np.float64)
    risk, y, given = followed(risk, y, weight)
    event = y == 1
    if given is None:
        events, others = np.sort(risk[event]), np.sort(risk[~event])
        true_positives: Floats = (events.size - np.searchsorted(events, at, side="left")).astype(np.float64)
        false_positives: Floats = (others.size - np.searchsorted(others, at, side="left")).astype(np.float64)
        everyone = float(y.size)
    else:
        true_positives = _weight_from(at, risk[event], given[event])
        false_positives = _weight_from(at, risk[~event], given[~event])
        everyone = float(given.sum())
    return np.asarray((true_positives - false_positives * at / (1 - at)) / everyone, dtype=np.float64)


def _weight_from(at: Floats, risk: Floats, weight: Floats) -> Floats:
    """Return the weight of those whose risk is at each threshold or above."""
    order = np.argsort(risk, kind="stable")
    above = np.append(np.cumsum(weight[order][::-1])[::-1], 0.0)
    return np.asarray(above[np.searchsorted(risk[order], at, side="left")], dtype=np.float64)


def decision_curve(
    model: Floats,
    comparators: Mapping[str, Floats],
    y: Floats,
    *,
    list_threshold: float,
    weight: ArrayLike | None = None,
) -> DecisionCurve:
    """Return the net benefit of the model, of each comparator, of listing everyone and of listing no one."""

    def curve(risk: Floats) -> tuple[float, ...]:
        return tuple(net_benefit(risk, y, THRESHOLDS, weight).tolist())

    return DecisionCurve(
        thresholds=THRESHOLDS,
        model=curve(model),
        all=curve(np.ones_like(y)),
        none=(0.0,) * len(THRESHOLDS),
        comparators={name: curve(risk) for name, risk in comparators.items()},
        list_threshold=list_threshold,
    )
