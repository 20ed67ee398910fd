"""Whether the lists serve everyone alike: groups of patients held against each other, and each against its need.

Three figures compare groups at the lists' threshold: the share of a group that is listed (selection rate), the share of
its outcomes that the lists miss (false-negative rate), and the share of its listed who had the outcome (positive
predictive value, PPV). The first may differ because need does; the others say how well the lists serve those who needed
them. And of each group it is told which part of the lists it has beside which part of the outcomes: 1 where the lists
follow need, below 1 where it is listed less than its need would ask.

An outcome is not need itself: who is not brought to hospital when ill has no outcome. A group whose need does not reach
the records looks well served here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.metrics import precision_score

from vi_risk.errors import UsageError
from vi_risk.models.evidence.metrics import wilson_interval
from vi_risk.models.evidence.subgroups import FEWEST, Members, members_of
from vi_risk.models.evidence.weights import as_many_alike, weighted_sum, weights_of
from vi_risk.models.learning.calibration import Floats, Rows

if TYPE_CHECKING:
    from fairlearn.metrics import MetricFrame

COMPARED = ("selection_rate", "false_negative_rate", "ppv")

_Z95 = 1.959963984540054
_Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Group:
    """One group at the lists' threshold; None where too few are there to tell.

    Attributes
    ----------
    n
        Everyone of the group; the lists count everyone, outcomes count by their weights.
    selection_rate, false_negative_rate, ppv
        Each with a 95 % Wilson interval; weighted, that of as many patients of equal weight as tell it as well.
    share_of_listed, share_of_outcomes
        Of all listed, and of all outcomes, those of this group.
    listed_for_need
        share_of_listed / share_of_outcomes, with a 95 % interval on the log scale from its linearised variance, in
        which a patient who is listed and has the outcome counts in both shares.
    """

    n: int | None = None
    selection_rate: float | None = None
    selection_rate_interval: _Interval | None = None
    false_negative_rate: float | None = None
    false_negative_rate_interval: _Interval | None = None
    ppv: float | None = None
    ppv_interval: _Interval | None = None
    share_of_listed: float | None = None
    share_of_outcomes: float | None = None
    listed_for_need: float | None = None
    listed_for_need_interval: _Interval | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Between which groups a figure differs most, and by how much: highest - lowest, and lowest / highest.

    The groups are picked for being furthest apart, so some gap is there by chance alone: look at their intervals.
    """

    lowest: str
    highest: str
    difference: float
    ratio: float | None  # None where the highest is 0


@dataclass(frozen=True, slots=True)
class Fairness:
    """The groups of one attribute, by label; and figure (of `COMPARED`) -> gap, None where fewer than two are told."""

    groups: Mapping[str, Group]
    gaps: Mapping[str, Gap | None]


def fairness(
    y: ArrayLike, attributes: Mapping[str, ArrayLike], *, listed: Rows, weight: ArrayLike | None = None
) -> dict[str, Fairness]:
    """Return attribute -> how its groups fare under the lists.

    Of fewer than 50 people nothing is told. The figures are exact: what others than the team may be told is made of
    them later (`vi_risk.evidence.disclosed`).

    Parameters
    ----------
    y
        The outcome of each patient, 0 or 1.
    attributes
        Attribute, such as ``"sex"`` -> label of each patient; a missing label is ``"not known"``.
    listed
        The rows inside the capacity of their practice.
    weight
        How much each outcome counts (`vi_risk.models.evidence.weights`); None counts each once.

    Raises
    ------
    InputError
        The weights are not those of these patients.

    References
    ----------
    Hardt M, Price E, Srebro N (2016). Equality of opportunity in supervised learning. arXiv:1610.02413
    Deville JC (1999). Variance estimation for complex statistics and estimators: linearization and residual techniques.
    Survey Methodology 25:193-203 (the interval of listed_for_need).
    """
    outcome = np.asarray(y, dtype=np.float64)
    lists = _Lists(outcome, _is_listed(listed, outcome.size), weights_of(weight, outcome.size, where="fairness"))
    return {attribute: _of_attribute(lists, members_of(labels)) for attribute, labels in attributes.items()}


def to_metric_frame(y: ArrayLike, labels: ArrayLike, *, listed: Rows, weight: ArrayLike | None = None) -> "MetricFrame":
    """Return the figures of `COMPARED` by the groups of one attribute as a MetricFrame of fairlearn, nothing held back.

    For whoever knows fairlearn's tools and may see small numbers; needs the extra ``fair``. Parameters are those of
    `fairness`, `labels` the label of each patient.

    Raises
    ------
    InputError
        The weights are not those of these patients.
    UsageError
        fairlearn is not installed.
    """
    try:
        from fairlearn.metrics import MetricFrame, false_negative_rate, selection_rate  # noqa: PLC0415 - an extra
    except ImportError:
        msg = "to_metric_frame: expected the package fairlearn, found none. Install it with the extra: vi-risk[fair]."
        raise UsageError(msg) from None
    outcome = np.asarray(y, dtype=np.float64)
    given = weights_of(weight, outcome.size, where="fairness")
    by_weight = {} if given is None else {"sample_weight": given}
    of_each = pd.Series(labels).astype("object")
    return MetricFrame(
        metrics={"selection_rate": selection_rate, "false_negative_rate": false_negative_rate, "ppv": _precision},
        y_true=outcome.astype(np.int64),
        y_pred=_is_listed(listed, outcome.size).astype(np.int64),
        sensitive_features=of_each.where(of_each.notna(), "not known").astype(str).rename("group").to_numpy(),
        sample_params={"false_negative_rate": by_weight, "ppv": by_weight},
    )


# --- our own figures ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Lists:
    """Of each patient the outcome, whether listed, and how much the outcome counts."""

    outcome: Floats
    is_listed: Members
    weight: Floats | None

    @property
    def counted(self) -> Floats:
        """The outcome of each patient times how much it counts."""
        return self.outcome if self.weight is None else self.outcome * self.weight

    def share(self, part: Members, whole: Members) -> tuple[float | None, _Interval | None]:
        """Return the weighted share of the whole that the part is, with its interval; None of nobody."""
        own = None if self.weight is None else self.weight[whole]
        if not whole.any() or (own is not None and not own.any()):
            return None, None
        all_of_it = weighted_sum(np.ones(int(whole.sum())), own)
        share = weighted_sum(part[whole].astype(np.float64), own) / all_of_it
        alike = as_many_alike(own, int(whole.sum()))
        return share, wilson_interval(share * alike, alike)


def _is_listed(listed: Rows, rows: int) -> Members:
    is_listed = np.zeros(rows, dtype=bool)
    is_listed[listed] = True
    return is_listed


def _of_attribute(lists: _Lists, members: Mapping[str, Members]) -> Fairness:
    groups = {label: _group(lists, rows) if rows.sum() >= FEWEST else Group() for label, rows in members.items()}
    return Fairness(groups, {figure: _gap(groups, figure) for figure in COMPARED})


def _group(lists: _Lists, own: Members) -> Group:
    had_it, listed, n = own & (lists.outcome == 1), own & lists.is_listed, int(own.sum())
    number = int(listed.sum())
    ppv, ppv_interval = lists.share(had_it, listed)
    missed, missed_interval = lists.share(had_it & ~listed, had_it)
    group = Group(
        n=n,
        selection_rate=number / n,
        selection_rate_interval=wilson_interval(number, n),
        ppv=ppv,
        ppv_interval=ppv_interval,
        share_of_listed=_ratio(number, int(lists.is_listed.sum())),
        false_negative_rate=missed,
        false_negative_rate_interval=missed_interval,
        share_of_outcomes=_ratio(float(lists.counted[own].sum()), float(lists.counted.sum())),
    )
    if group.share_of_listed is None or not group.share_of_outcomes:
        return group
    ratio, interval = _listed_for_need(lists, own)
    return replace(group, listed_for_need=ratio, listed_for_need_interval=interval)


def _listed_for_need(lists: _Lists, own: Members) -> tuple[float, _Interval | None]:
    """Return (l_g / l) / (e_g / e), and exp(log of it -+ 1.96 s).

    s^2 = sum over patients of (listed (in g / l_g - 1 / l) - outcome (in g / e_g - 1 / e))^2, the linearised variance
    of the log of the ratio; no interval where nobody of the group is listed.
    """
    places, counted = lists.is_listed.astype(np.float64), lists.counted
    listed, all_listed, need, all_need = places[own].sum(), places.sum(), counted[own].sum(), counted.sum()
    ratio = float((listed / all_listed) / (need / all_need))
    if not listed:
        return ratio, None
    pull = places * (own / listed - 1 / all_listed) - counted * (own / need - 1 / all_need)
    reach = float(np.exp(_Z95 * np.sqrt((pull**2).sum())))
    return ratio, (ratio / reach, ratio * reach)


def _gap(groups: Mapping[str, Group], figure: str) -> Gap | None:
    told = {label: value for label, group in groups.items() if (value := getattr(group, figure)) is not None}
    if len(told) < 2:
        return None
    lowest, highest = min(told, key=lambda label: told[label]), max(told, key=lambda label: told[label])
    return Gap(lowest, highest, told[highest] - told[lowest], _ratio(told[lowest], told[highest]))


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _precision(y_true: Iterable[int], y_pred: Iterable[int], sample_weight: ArrayLike | None = None) -> float:
    return float(precision_score(y_true, y_pred, sample_weight=sample_weight, zero_division=np.nan))
