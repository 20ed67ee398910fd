"""Population stability: whether a feature, or the score, lies among the people of today as it did among those before.

PSI = sum over bins of (q - p) * ln(q / p), p and q the shares of people then and now. Bins are the tenths of the
values then, each value once: of a count that is 0 for nearly everyone they are 0 and more. A missing value is a bin of
its own. Half a person is added to each bin, so that an empty one has a logarithm.

Where nothing changed, PSI / (1 / N + 1 / M) of N people then and M now is chi-squared with (bins - 1) degrees of
freedom (Yurdakul and Naranjo 2020), so that a fixed limit such as 0.1 alarms of chance alone in a small trust. A
feature has *moved* only where its PSI lies beyond what chance makes of the most extreme of all that are looked at (0.05
shared among them, Bonferroni), and past a limit of the spec. With the same people at both dates that is cautious.

PSI says little of what few people have: a diagnosis that falls from 4 in 100 people to 2 moves it by 0.014. So the
share of people who have a feature at all is looked at beside it.

Numbers of people in the bins are those that may be told (`vi_risk.governance.small_numbers`), small ones all alike:
what is told is what is decided on, and nobody can be worked out from it.

References
----------
Yurdakul B, Naranjo J (2020). Statistical properties of the population stability index. Journal of Risk Model
Validation 14(4):89-100. doi:10.21314/JRMV.2020.227
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from vi_risk.governance.small_numbers import Disclosure
from vi_risk.models.learning.calibration import Floats
from vi_risk.models.spec_tables import MonitoringSpec
from vi_risk.monitoring.chance import chi_squared

_BY_CHANCE = 0.05  # that any feature at all is called moved where none has
_TENTHS = np.arange(0.1, 1.0, 0.1)
_FEWEST = 0.02  # of a feature that fewer people have then and now, no share is compared
_PLACES = 3


@dataclass(frozen=True, slots=True)
class Stability:
    """How one feature, or the score, lay among the people then and lies now.

    Attributes
    ----------
    psi, by_chance
        The index, and what chance alone might make of it.
    missing_then, missing_now
        Share of people of whom it is not known; None where so few are that they are not told.
    share_then, share_now
        Share of those of whom it is known who have it at all, that is other than 0; None as above.
    passed
        The limits that it is past, in words; none where it has not moved.
    """

    name: str
    psi: float
    by_chance: float
    missing_then: float | None
    missing_now: float | None
    share_then: float | None
    share_now: float | None
    passed: tuple[str, ...] = ()

    @property
    def beyond_chance(self) -> bool:
        """Whether chance alone hardly makes so much of it."""
        return self.psi > self.by_chance

    @property
    def distance(self) -> float:
        """How far it moved, for the order: PSI in steps of what chance makes of it."""
        return self.psi / self.by_chance if self.by_chance else 0.0


def stability_of(
    names: Iterable[str],
    then: Callable[[str], Floats],
    now: Callable[[str], Floats],
    *,
    people_then: int,
    people_now: int | None = None,
    limits: MonitoringSpec,
    rule: Disclosure,
) -> tuple[Stability, ...]:
    """Return how each feature lies then and now, those that moved most first.

    Parameters
    ----------
    then, now
        Give the values of a feature by its name, NaN where missing.
    people_then, people_now
        How many different people the rows are of: rows of one person at several dates tell less than as many people
        do. None of now: each row is of another.
    """
    asked = list(names)
    people = (people_then, people_now)
    found = [
        _of(name, then(name), now(name), people=people, looked_at=len(asked), limits=limits, rule=rule)
        for name in asked
    ]
    return tuple(sorted(found, key=lambda one: (not one.passed, -one.distance, one.name)))


def _of(
    name: str,
    then: Floats,
    now: Floats,
    *,
    people: tuple[int, int | None],
    looked_at: int,
    limits: MonitoringSpec,
    rule: Disclosure,
) -> Stability:
    edges = edges_of(then)
    before, after = (_told(counts_in(values, edges), rule) for values in (then, now))
    psi, bins = psi_of(before, after)
    spread = sum(1 / max(1, number) for number in (people[0], len(now) if people[1] is None else people[1]))
    by_chance = chi_squared(1 - _BY_CHANCE / looked_at, bins - 1) * spread
    missing_then, missing_now = (_share(np.isnan(values), rule) for values in (then, now))
    share_then, share_now = (_share(values[~np.isnan(values)] != 0, rule) for values in (then, now))
    found = Stability(
        name=name,
        psi=round(psi, _PLACES),
        by_chance=round(by_chance, _PLACES + 1),
        missing_then=missing_then,
        missing_now=missing_now,
        share_then=share_then,
        share_now=share_now,
    )
    return replace(found, passed=tuple(_passed(found, then, now, limits, rule))) if psi > by_chance else found


def _passed(found: Stability, then: Floats, now: Floats, limits: MonitoringSpec, rule: Disclosure) -> Iterable[str]:
    if found.psi > limits.psi:
        yield f"PSI {found.psi:.2f}, limit {limits.psi:g}"
    missing = [_could_be(np.isnan(values), rule) for values in (then, now)]
    if _apart(*missing) > limits.missing:
        yield f"missing {_percent(found.missing_then)} then, {_percent(found.missing_now)} now"
    if found.missing_then == 1.0 or found.missing_now == 1.0:
        return  # of nobody is it known, so that there is no share who have it
    (least_then, most_then), (least_now, most_now) = (
        _could_be(values[~np.isnan(values)] != 0, rule) for values in (then, now)
    )
    fewer = least_then >= _FEWEST and least_then > limits.share_ratio * most_now
    if fewer or (least_now >= _FEWEST and least_now > limits.share_ratio * most_then):
        yield f"{_percent(found.share_then)} of people have it, {_percent(found.share_now)} now"


def _could_be(which: "np.ndarray[tuple[int], np.dtype[np.bool_]]", rule: Disclosure) -> tuple[float, float]:
    """Return the least and the most that a share may be to whom it is told; one and the same where it is told.

    A number that is not told is 1 ... 7 of as many as there are: of ten people that is no small share.
    """
    told = _share(which, rule)
    if told is not None:
        return told, told
    if not which.size or not rule.is_small(int(which.sum())):
        return 0.0, 1.0
    return 1 / which.size, min(1.0, (rule.fewer_than - 1) / which.size)


def _apart(then: tuple[float, float], now: tuple[float, float]) -> float:
    """Return how far two shares lie apart at the least."""
    return max(0.0, then[0] - now[1], now[0] - then[1])


def edges_of(values: Floats) -> Floats:
    """Return the upper ends of all bins but the last: the tenths of the values that are not missing, each once."""
    known = values[~np.isnan(values)]
    if not known.size:
        return np.empty(0)
    return np.unique(np.quantile(known, _TENTHS, method="inverted_cdf"))


def counts_in(values: Floats, edges: Floats) -> Floats:
    """Return how many values lie in each bin, and last how many are missing."""
    missing = np.isnan(values)
    places = np.searchsorted(edges, values[~missing], side="left")
    return np.append(np.bincount(places, minlength=len(edges) + 1), missing.sum()).astype(np.float64)


def psi_of(then: Floats, now: Floats) -> tuple[float, int]:
    """Return the population stability index of numbers in the same bins, and how many bins have anybody.

    Examples
    --------
    >>> psi, bins = psi_of(np.array([500.0, 500.0]), np.array([400.0, 600.0]))
    >>> round(psi, 3), bins
    (0.04, 2)
    """
    used = (then + now) > 0
    bins = int(used.sum())
    if bins < 2 or not then.sum() or not now.sum():
        return 0.0, bins
    p, q = ((counts[used] + 0.5) / (counts.sum() + 0.5 * bins) for counts in (then, now))
    return float(((q - p) * np.log(q / p)).sum()), bins


def _told(counts: Floats, rule: Disclosure) -> Floats:
    """Return numbers in bins as they may be told; each small one as the middle of what it may be.

    The largest is what is left of the total that is told: rounded by itself, it would tell a small one beside it apart.
    """
    middle = rule.fewer_than / 2
    told = np.array([middle if (number := rule.count(one)) is None else number for one in counts], dtype=np.float64)
    largest = int(np.argmax(counts))
    total = rule.count(float(counts.sum())) or 0
    told[largest] = max(0.0, total - (told.sum() - told[largest]))
    return told


def _share(which: "np.ndarray[tuple[int], np.dtype[np.bool_]]", rule: Disclosure) -> float | None:
    return rule.share(int(which.sum()), which.size) if which.size else None


def _percent(share: float | None) -> str:
    return "few" if share is None else f"{100 * share:.{0 if math.isclose(share, 0) else 1}f} %"
