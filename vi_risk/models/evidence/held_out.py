"""Splits by practice, network or patient: how the risks did in each group held out, and in a group not yet seen.

Each group is one small study, and their figures are pooled as studies are, with random effects: a mean over groups, and
the interval in which the figure of another group like these would lie.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vi_risk.errors import InputError
from vi_risk.models.evidence import metrics
from vi_risk.models.evidence.students_t import t_quantile
from vi_risk.models.evidence.subgroups import FEWEST, FEWEST_OF_A_SHARE, members_of
from vi_risk.models.evidence.weights import seen, weights_of
from vi_risk.models.learning.calibration import Floats, log_odds_of, risk_of

_Z95 = metrics.Z95
_FIGURES = ("auroc", "calibration_in_the_large", "calibration_slope")
# A mean over fewer groups says nothing of another one.
_FEWEST_GROUPS = 3


def grouped_evaluation(
    risk: ArrayLike, y: ArrayLike, groups: ArrayLike, *, weight: ArrayLike | None = None
) -> dict[str, Any]:
    """Return how risks by models that never saw a patient's group did in each group, and over groups.

    Parameters
    ----------
    risk, y
        The risk and the outcome (0 or 1) of each patient, one row each.
    groups
        The practice, the network or the fold of patients of each row; a missing one is ``"not known"``.
    weight
        How much each outcome counts (`vi_risk.models.evidence.weights`).

    Returns
    -------
    dict
        As JSON holds it. ``"groups"``: label -> n, events, and AUROC, calibration in the large and slope with 95 %
        intervals, which are None where fewer than 50 people, 8 outcomes or 8 without; ``"told"`` and ``"not_told"``:
        how many groups are which; ``"summary"``: figure -> `pooled`, that of the AUROC on the scale of its log-odds;
        None where fewer than three groups tell it.

    Raises
    ------
    InputError
        Columns differ in length, or a value is missing or out of range.

    References
    ----------
    Steyerberg EW, Harrell FE. Journal of Clinical Epidemiology, 2016. doi:10.1016/j.jclinepi.2015.04.005
    Snell KIE, et al. Statistical Methods in Medical Research, 2018. doi:10.1177/0962280217705678 (the scales)
    """
    risks, outcome = np.asarray(risk, dtype=np.float64), np.asarray(y, dtype=np.float64)
    _check(risks, outcome, np.asarray(groups))
    given = weights_of(weight, outcome.size, where="held-out groups")
    outcome = seen(outcome, given)
    members = members_of(groups)
    found: dict[str, dict[str, Any]] = {}
    told_of = 0
    estimates: dict[str, list[tuple[float, float]]] = {figure: [] for figure in _FIGURES}
    for label, rows in members.items():
        told = _estimates(risks[rows], outcome[rows], None if given is None else given[rows])
        found[label] = {"n": int(rows.sum()), "events": int(outcome[rows].sum())}
        told_of += bool(told)
        for figure in _FIGURES:
            estimate = told.get(figure)
            found[label] |= {figure: None, f"{figure}_interval": None}
            if estimate is not None:
                found[label] |= {figure: estimate[0], f"{figure}_interval": _interval(figure, *estimate)}
                estimates[figure].append(estimate)
    return {
        "groups": found,
        "told": told_of,
        "not_told": len(found) - told_of,
        "summary": {
            "auroc": pooled([auroc for auroc in estimates["auroc"] if 0 < auroc[0] < 1], log_odds=True),
            **{figure: pooled(estimates[figure]) for figure in _FIGURES[1:]},
        },
    }


def pooled(estimates: Sequence[tuple[float, float]], *, log_odds: bool = False) -> dict[str, Any] | None:
    """Return the mean of (estimate, standard error) over groups with random effects; None of fewer than three.

    With weights w = 1 / error^2 and fixed mean m, the variance between groups is that of DerSimonian and Laird,
    max(0, (sum(w (x - m)^2) - (k - 1)) / (sum(w) - sum(w^2) / sum(w))). The mean then weighs by 1 / (error^2 +
    variance), and the prediction interval is mean -+ t(k - 2) * sqrt(variance + error of the mean^2).

    Parameters
    ----------
    log_odds
        Pool shares on the scale of their log-odds, errors by the delta method; mean and intervals are shares again,
        ``"heterogeneity"`` (the standard deviation between groups) stays on that scale.

    References
    ----------
    DerSimonian R, Laird N. Controlled Clinical Trials, 1986. doi:10.1016/0197-2456(86)90046-2
    Higgins JPT, Thompson SG, Spiegelhalter DJ. JRSS A, 2009. doi:10.1111/j.1467-985X.2008.00552.x

    Examples
    --------
    Three groups that differ by no more than chance:

    >>> found = pooled([(0.95, 0.1), (1.0, 0.1), (1.05, 0.1)])
    >>> round(found["mean"], 3), found["heterogeneity"], [round(end, 3) for end in found["interval"]]
    (1.0, 0.0, [0.887, 1.113])
    """
    kept = [(value, error) for value, error in estimates if error > 0]
    if len(kept) < _FEWEST_GROUPS:
        return None
    values, errors = np.array(kept).T
    if log_odds:
        values, errors = log_odds_of(values), errors / (values * (1 - values))
    precision = errors**-2
    total = float(precision.sum())
    fixed = float(precision @ values) / total
    excess = float(precision @ (values - fixed) ** 2) - (len(kept) - 1)
    between = max(0.0, excess / (total - float(precision @ precision) / total))
    precision = 1 / (errors**2 + between)
    mean = float(precision @ values) / float(precision.sum())
    variance = 1 / float(precision.sum())
    half = _Z95 * math.sqrt(variance)
    half_of_another = t_quantile(0.975, len(kept) - 2) * math.sqrt(between + variance)

    def shown(value: float) -> float:
        return float(risk_of(value)) if log_odds else value

    return {
        "mean": shown(mean),
        "interval": [shown(mean - half), shown(mean + half)],
        "prediction_interval": [shown(mean - half_of_another), shown(mean + half_of_another)],
        "heterogeneity": math.sqrt(between),
        "groups": len(kept),
    }


def _estimates(risk: Floats, outcome: Floats, weight: Floats | None) -> Mapping[str, tuple[float, float] | None]:
    """Return figure -> estimate and standard error; nothing of a small group."""
    followed = outcome.size if weight is None else int((weight > 0).sum())
    events = int(outcome.sum())
    if outcome.size < FEWEST or min(events, followed - events) < FEWEST_OF_A_SHARE:
        return {}
    return {
        "auroc": metrics.auroc_and_error(risk, outcome, weight),
        "calibration_in_the_large": metrics.in_the_large_and_error(risk, outcome, weight),
        "calibration_slope": metrics.slope_and_error(risk, outcome, weight),
    }


def _interval(figure: str, value: float, error: float) -> list[float]:
    low, high = value - _Z95 * error, value + _Z95 * error
    return [max(0.0, low), min(1.0, high)] if figure == "auroc" else [low, high]


def _check(risk: Floats, outcome: Floats, groups: np.ndarray[Any, Any]) -> None:
    faults = []
    if not risk.shape == outcome.shape == groups.shape:
        faults.append(
            f"expected as many risks, outcomes and groups, found {risk.size}, {outcome.size} and {groups.size}"
        )
    if odd := int((~((risk >= 0) & (risk <= 1))).sum()):
        faults.append(f"{odd} of {risk.size} risks are missing or lie outside 0 to 1")
    if odd := int((~np.isin(outcome, (0, 1))).sum()):
        faults.append(f"{odd} of {outcome.size} outcomes are neither 0 nor 1")
    if faults:
        msg = "\n".join(f"held-out groups: {fault}. Check the rows that were scored." for fault in faults)
        raise InputError(msg)
