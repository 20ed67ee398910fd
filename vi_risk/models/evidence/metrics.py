"""How good risks are: discrimination, calibration, and who is found among the patients that a team can see.

All functions take risks between 0 and 1 and outcomes of 0 or 1, one of each per patient, and how much each outcome
counts (`vi_risk.models.evidence.weights`; once each if not given). What cannot be estimated from them (one class only,
no spread of risk) is None.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.metrics import average_precision_score, roc_auc_score

from vi_risk.models.evidence.weights import as_many_alike, followed, seen, weighted_mean, weighted_sum, weights_of
from vi_risk.models.learning.calibration import Floats, Rows, log_odds_of, logistic_line, risk_of

Z95 = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Found:
    """Who is found among `n` listed patients.

    `ppv` is the share of the listed who had the outcome, `sensitivity` the share of all outcomes that were listed,
    `number_needed_to_review` the patients reviewed for each outcome found (1 / ppv), and `lift` the ppv over the share
    of all patients who had the outcome: 1 is what a list drawn by lot gives. These are weighted where the outcome of
    some is not known; `n` counts everyone listed, `true_cases` those who were seen to have it.
    """

    ppv: float | None
    sensitivity: float | None
    n: int
    true_cases: int
    number_needed_to_review: float | None
    lift: float | None


@dataclass(frozen=True, slots=True)
class Bin:
    """One group of patients of like risk: what was predicted and what was observed, with a 95 % Wilson interval."""

    n: int
    mean_risk: float
    observed: float
    low: float
    high: float


def auroc(risk: Floats, y: Floats, weight: ArrayLike | None = None) -> float | None:
    """Return the c-statistic: the chance that an event has a higher risk than a non-event, ties counted half."""
    risk, y, weight = followed(risk, y, weight)
    return float(roc_auc_score(y, risk, sample_weight=weight)) if _both_classes(y) else None


def auroc_and_error(risk: Floats, y: Floats, weight: ArrayLike | None = None) -> tuple[float, float] | None:
    """Return the c-statistic and its standard error by DeLong's variance; None with fewer than two of either outcome.

    variance = var(V10) / events + var(V01) / others, where V10 of an event is the share of non-events that it outranks
    (ties half), V01 of a non-event the share of events that it outranks. Assumes one row per patient. With weights, V10
    and V01 are shares of weight, and var(V) / m becomes m / (m - 1) * sum(w^2 (V - mean)^2) / sum(w)^2 over the m rows
    of an outcome: the weights are taken as known, which makes the interval a little too wide where they were estimated.

    References
    ----------
    DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics, 1988. doi:10.2307/2531595
    Sun X, Xu W. IEEE Signal Processing Letters, 2014. doi:10.1109/LSP.2014.2337313 (by mid-ranks, as here)
    """
    risk, y, weight = followed(risk, y, weight)
    event = y == 1
    events, others = int(event.sum()), int((~event).sum())
    if min(events, others) < 2:
        return None
    if weight is None:
        among_all = _mid_ranks(risk)
        outranked = (among_all[event] - _mid_ranks(risk[event])) / others
        outranking = (among_all[~event] - _mid_ranks(risk[~event])) / events
        return float(outranked.mean()), math.sqrt(
            float(outranked.var(ddof=1)) / events + float(outranking.var(ddof=1)) / others
        )
    outranked = _share_below(risk[event], risk[~event], weight[~event])
    outranking = _share_below(risk[~event], risk[event], weight[event])
    return weighted_mean(outranked, weight[event]), math.sqrt(
        _variance_of_mean(outranked, weight[event]) + _variance_of_mean(outranking, weight[~event])
    )


def auroc_interval(risk: Floats, y: Floats, weight: ArrayLike | None = None) -> tuple[float, float] | None:
    """Return the 95 % interval of the c-statistic by DeLong's variance (`auroc_and_error`), held inside 0 to 1."""
    found = auroc_and_error(risk, y, weight)
    if found is None:
        return None
    centre, error = found
    return max(0.0, centre - Z95 * error), min(1.0, centre + Z95 * error)


def auprc(risk: Floats, y: Floats, weight: ArrayLike | None = None) -> float | None:
    """Return the area under the precision-recall curve (average precision); a random order gives the event rate."""
    risk, y, weight = followed(risk, y, weight)
    return float(average_precision_score(y, risk, sample_weight=weight)) if _both_classes(y) else None


def brier(risk: Floats, y: Floats, weight: ArrayLike | None = None) -> float | None:
    """Return mean((risk - y)^2)."""
    risk, y, weight = followed(risk, y, weight)
    return weighted_mean((risk - y) ** 2, weight) if y.size else None


def scaled_brier(risk: Floats, y: Floats, weight: ArrayLike | None = None) -> float | None:
    """Return 1 - brier / (rate * (1 - rate)): 1 is perfect, 0 what giving everyone the event rate reaches.

    References
    ----------
    Steyerberg EW, et al. Epidemiology, 2010. doi:10.1097/EDE.0b013e3181c30fb2
    """
    risk, y, weight = followed(risk, y, weight)
    if not _both_classes(y):
        return None
    rate = weighted_mean(y, weight)
    return 1 - weighted_mean((risk - y) ** 2, weight) / (rate * (1 - rate))


def observed(y: Floats, weight: ArrayLike | None = None) -> float | None:
    """Return the share who had the outcome; with weights, the cumulative incidence at the horizon."""
    _, y, weight = followed(y, y, weight)
    return weighted_mean(y, weight) if y.size else None


def observed_over_expected(risk: Floats, y: Floats, weight: ArrayLike | None = None) -> float | None:
    """Return sum(y) / sum(risk), the O:E ratio: 1 is right, below 1 the risks promise more events than came.

    References
    ----------
    Van Calster B, et al. BMC Medicine, 2019. doi:10.1186/s12916-019-1466-7
    """
    risk, y, weight = followed(risk, y, weight)
    return weighted_sum(y, weight) / weighted_sum(risk, weight) if y.sum() else None


def calibration_in_the_large(risk: Floats, y: Floats, weight: ArrayLike | None = None) -> float | None:
    """Return the intercept a of logit(P(y)) = a + logit(risk): 0 is right, above 0 the risks are too low.

    Solves sum(y - 1 / (1 + exp(-(a + logit(risk))))) = 0 by Newton's method inside the interval that must hold the
    root: logit(mean(y)) less the largest, and less the smallest, logit(risk).

    References
    ----------
    Van Calster B, et al. BMC Medicine, 2019. doi:10.1186/s12916-019-1466-7
    """
    risk, y, weight = followed(risk, y, weight)
    if not _both_classes(y):
        return None
    log_odds = log_odds_of(risk)
    rate = weighted_mean(y, weight)
    low, high = (float(log_odds_of(rate) - end) for end in (log_odds.max(), log_odds.min()))
    intercept = (low + high) / 2
    for _ in range(200):
        expected = risk_of(intercept + log_odds)
        excess = weighted_mean(expected, weight) - rate
        low, high = (low, intercept) if excess > 0 else (intercept, high)
        slope = weighted_mean(expected * (1 - expected), weight)
        newton = intercept - excess / slope if slope > 0 else math.inf
        following = newton if low < newton < high else (low + high) / 2
        if abs(following - intercept) < 1e-12:
            break
        intercept = following
    return intercept


def in_the_large_and_error(risk: Floats, y: Floats, weight: ArrayLike | None = None) -> tuple[float, float] | None:
    """Return calibration in the large and its standard error.

    The error comes from the curvature sum(p * (1 - p)) at the intercept; with weights it is that of the sandwich,
    sqrt(sum(w^2 (y - p)^2)) / sum(w * p * (1 - p)).
    """
    intercept = calibration_in_the_large(risk, y, weight)
    return None if intercept is None else (intercept, 1 / _sureness(intercept, risk, y, weight))


def calibration_in_the_large_interval(
    risk: Floats, y: Floats, weight: ArrayLike | None = None
) -> tuple[float, float] | None:
    """Return Wald's 95 % interval of calibration in the large, by the error of `in_the_large_and_error`."""
    intercept = calibration_in_the_large(risk, y, weight)
    if intercept is None:
        return None
    half = Z95 / _sureness(intercept, risk, y, weight)
    return intercept - half, intercept + half


def _sureness(intercept: float, risk: Floats, y: Floats, weight: ArrayLike | None) -> float:
    """Return 1 / the standard error of calibration in the large."""
    risk, y, weight = followed(risk, y, weight)
    expected = risk_of(intercept + log_odds_of(risk))
    curvature = expected * (1 - expected)
    if weight is None:
        return math.sqrt(float(curvature.sum()))
    return weighted_sum(curvature, weight) / math.sqrt(float((weight**2 * (y - expected) ** 2).sum()))


def calibration_slope(risk: Floats, y: Floats, weight: ArrayLike | None = None) -> float | None:
    """Return the slope b of logit(P(y)) = a + b * logit(risk): 1 is right, below 1 the risks are too extreme.

    None also where the risks of events and non-events do not overlap, since no finite slope is likeliest then.
    """
    line = _calibration_line(*followed(risk, y, weight))
    return None if line is None else line[1]


def slope_and_error(risk: Floats, y: Floats, weight: ArrayLike | None = None) -> tuple[float, float] | None:
    """Return the calibration slope and its standard error, from the curvature or, with weights, the sandwich."""
    risk, y, weight = followed(risk, y, weight)
    line = _calibration_line(risk, y, weight)
    if line is None:
        return None
    design = np.column_stack([np.ones_like(risk), log_odds_of(risk)])
    expected = risk_of(design @ np.array(line))
    by_row = np.ones_like(risk) if weight is None else weight
    variance = np.linalg.inv(design.T @ (design * (by_row * expected * (1 - expected))[:, None]))
    if weight is not None:
        variance = variance @ (design.T @ (design * (weight**2 * (y - expected) ** 2)[:, None])) @ variance
    return line[1], math.sqrt(float(variance[1, 1]))


def _calibration_line(risk: Floats, y: Floats, weight: Floats | None) -> tuple[float, float] | None:
    if not _both_classes(y):
        return None
    log_odds = log_odds_of(risk)
    of_events, of_others = log_odds[y == 1], log_odds[y == 0]
    if of_events.min() >= of_others.max() or of_others.min() >= of_events.max():
        return None
    return logistic_line(log_odds, y, weight)


def rank_order(risk: Floats, patient_id: ArrayLike, raw_score: Floats | None = None) -> Rows:
    """Return the row numbers from the highest risk to the lowest.

    Ties are broken by the raw score where it is given, then by patient_id compared as text, so the order does not
    depend on the order of the rows.
    """
    as_text = np.unique(np.asarray(patient_id).astype(str), return_inverse=True)[1]
    raw = risk if raw_score is None else raw_score
    return np.lexsort((as_text, -raw, -risk))


def within_capacity(order: Rows, practice_code: ArrayLike, capacity: int) -> Rows:
    """Return the first `capacity` of a ranking in each practice, in the order of the ranking.

    Small practices list fewer.
    """
    practices = pd.Series(np.asarray(practice_code)[order])
    place = practices.groupby(practices).cumcount().to_numpy()
    return order[place < capacity]


def found(y: Floats, listed: Rows, weight: ArrayLike | None = None) -> Found:
    """Return who is found among the listed rows; a listed patient who was not followed is listed all the same."""
    given = weights_of(weight, y.size, where="metrics")
    true_cases, all_cases = int(seen(y, given)[listed].sum()), weighted_sum(y, given)
    found_cases: float = true_cases
    reviewed: float = listed.size
    everyone: float = y.size
    if given is not None:
        found_cases, reviewed, everyone = weighted_sum(y[listed], given[listed]), given[listed].sum(), given.sum()
    ppv = float(found_cases / reviewed) if reviewed else None
    return Found(
        ppv=ppv,
        sensitivity=found_cases / all_cases if all_cases else None,
        n=int(listed.size),
        true_cases=true_cases,
        number_needed_to_review=1 / ppv if ppv else None,
        lift=float(ppv / (all_cases / everyone)) if all_cases and ppv is not None else None,
    )


def reliability(risk: Floats, y: Floats, bins: int = 10, weight: ArrayLike | None = None) -> tuple[Bin, ...]:
    """Return predicted against observed risk in equal groups of patients ordered by risk (tenths), lowest first.

    With weights both are weighted means over the followed, and the interval is that of as many patients of equal
    weight as tell a share as well (`vi_risk.models.evidence.weights.as_many_alike`).

    References
    ----------
    Wilson EB. Journal of the American Statistical Association, 1927. doi:10.1080/01621459.1927.10502953
    """
    given = weights_of(weight, y.size, where="metrics")
    groups = np.array_split(np.argsort(risk, kind="stable"), bins)
    return tuple(
        _bin(risk[rows], y[rows], None if given is None else given[rows])
        for rows in groups
        if rows.size and (given is None or given[rows].any())
    )


def _bin(risk: Floats, y: Floats, weight: Floats | None) -> Bin:
    share = weighted_mean(y, weight)
    interval = wilson_interval(int(y.sum()), y.size) if weight is None else share_interval(share, weight)
    return Bin(y.size, weighted_mean(risk, weight), share, *interval)


def share_interval(share: float, weight: Floats) -> tuple[float, float]:
    """Return Wilson's interval of a weighted share, as of so many patients of equal weight as tell it as well."""
    alike = as_many_alike(weight, weight.size)
    return wilson_interval(share * alike, alike)


def wilson_interval(events: float, n: float) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share: (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n).

    Examples
    --------
    >>> low, high = wilson_interval(5, 10)
    >>> round(low, 4), round(high, 4)
    (0.2366, 0.7634)
    """
    share = events / n
    square = Z95**2 / n
    half = math.sqrt(square * share * (1 - share) + square**2 / 4)
    return (
        max(0.0, (share + square / 2 - half) / (1 + square)),
        min(1.0, (share + square / 2 + half) / (1 + square)),
    )


def _both_classes(y: Floats) -> bool:
    return bool(y.size) and 0 < float(y.sum()) < y.size


def _mid_ranks(values: Floats) -> Floats:
    return np.asarray(pd.Series(values).rank(method="average"), dtype=np.float64)


def _share_below(own: Floats, others: Floats, weight: Floats) -> Floats:
    """Return, for each value of one's own, the share of the others' weight that lies below it, ties half."""
    order = np.argsort(others, kind="stable")
    running = np.concatenate([[0.0], np.cumsum(weight[order])])
    below, not_above = (np.searchsorted(others[order], own, side=side) for side in ("left", "right"))
    return np.asarray((running[below] + running[not_above]) / 2 / running[-1], dtype=np.float64)


def _variance_of_mean(values: Floats, weight: Floats) -> float:
    spread = float((weight**2 * (values - weighted_mean(values, weight)) ** 2).sum())
    return spread / float(weight.sum()) ** 2 * values.size / (values.size - 1)
