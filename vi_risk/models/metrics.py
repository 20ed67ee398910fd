"""How good risks are: discrimination, calibration, and who is found among the patients that a team can see.

All functions take risks between 0 and 1 and outcomes of 0 or 1, one of each per patient. What cannot be estimated from
them (one class only, no spread of risk) is None.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.metrics import average_precision_score, roc_auc_score

from vi_risk.models.calibration import Floats, Rows, log_odds_of, logistic_line, risk_of

_Z95 = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Found:
    """Who is found among `n` listed patients.

    `ppv` is the share of the listed who had the outcome, `sensitivity` the share of all outcomes that were listed,
    `number_needed_to_review` the patients reviewed for each outcome found (1 / ppv), and `lift` the ppv over the share
    of all patients who had the outcome: 1 is what a list drawn by lot gives.
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


def auroc(risk: Floats, y: Floats) -> float | None:
    """Return the c-statistic: the chance that an event has a higher risk than a non-event, ties counted half."""
    return float(roc_auc_score(y, risk)) if _both_classes(y) else None


def auroc_interval(risk: Floats, y: Floats) -> tuple[float, float] | None:
    """Return the 95 % interval of the c-statistic by DeLong's variance, held inside 0 to 1.

    variance = var(V10) / events + var(V01) / others, where V10 of an event is the share of non-events that it outranks
    (ties half), V01 of a non-event the share of events that it outranks. Assumes one row per patient.

    References
    ----------
    DeLong ER, DeLong DM, Clarke-Pearson DL. Biometrics, 1988. doi:10.2307/2531595
    Sun X, Xu W. IEEE Signal Processing Letters, 2014. doi:10.1109/LSP.2014.2337313 (by mid-ranks, as here)
    """
    event = y == 1
    events, others = int(event.sum()), int((~event).sum())
    if min(events, others) < 2:
        return None
    among_all = _mid_ranks(risk)
    outranked = (among_all[event] - _mid_ranks(risk[event])) / others
    outranking = (among_all[~event] - _mid_ranks(risk[~event])) / events
    centre = float(outranked.mean())
    error = math.sqrt(float(outranked.var(ddof=1)) / events + float(outranking.var(ddof=1)) / others)
    return max(0.0, centre - _Z95 * error), min(1.0, centre + _Z95 * error)


def auprc(risk: Floats, y: Floats) -> float | None:
    """Return the area under the precision-recall curve (average precision); a random order gives the event rate."""
    return float(average_precision_score(y, risk)) if _both_classes(y) else None


def brier(risk: Floats, y: Floats) -> float | None:
    """Return mean((risk - y)^2)."""
    return float(np.mean((risk - y) ** 2)) if y.size else None


def scaled_brier(risk: Floats, y: Floats) -> float | None:
    """Return 1 - brier / (rate * (1 - rate)): 1 is perfect, 0 what giving everyone the event rate reaches.

    References
    ----------
    Steyerberg EW, et al. Epidemiology, 2010. doi:10.1097/EDE.0b013e3181c30fb2
    """
    if not _both_classes(y):
        return None
    rate = float(y.mean())
    return 1 - float(np.mean((risk - y) ** 2)) / (rate * (1 - rate))


def expected_over_observed(risk: Floats, y: Floats) -> float | None:
    """Return sum(risk) / sum(y): 1 is right, above 1 the risks promise more events than came."""
    return float(risk.sum()) / float(y.sum()) if y.sum() else None


def calibration_in_the_large(risk: Floats, y: Floats) -> float | None:
    """Return the intercept a of logit(P(y)) = a + logit(risk): 0 is right, above 0 the risks are too low.

    Solves sum(y - 1 / (1 + exp(-(a + logit(risk))))) = 0 by Newton's method inside the interval that must hold the
    root: logit(mean(y)) less the largest, and less the smallest, logit(risk).

    References
    ----------
    Van Calster B, et al. BMC Medicine, 2019. doi:10.1186/s12916-019-1466-7
    """
    if not _both_classes(y):
        return None
    log_odds = log_odds_of(risk)
    rate = float(y.mean())
    low, high = (float(log_odds_of(rate) - end) for end in (log_odds.max(), log_odds.min()))
    intercept = (low + high) / 2
    for _ in range(200):
        expected = risk_of(intercept + log_odds)
        excess = float(expected.mean()) - rate
        low, high = (low, intercept) if excess > 0 else (intercept, high)
        slope = float((expected * (1 - expected)).mean())
        newton = intercept - excess / slope if slope > 0 else math.inf
        following = newton if low < newton < high else (low + high) / 2
        if abs(following - intercept) < 1e-12:
            break
        intercept = following
    return intercept


def calibration_in_the_large_interval(risk: Floats, y: Floats) -> tuple[float, float] | None:
    """Return Wald's 95 % interval of calibration in the large, from the curvature sum(p * (1 - p)) at the intercept."""
    intercept = calibration_in_the_large(risk, y)
    if intercept is None:
        return None
    expected = risk_of(intercept + log_odds_of(risk))
    half = _Z95 / math.sqrt(float((expected * (1 - expected)).sum()))
    return intercept - half, intercept + half


def calibration_slope(risk: Floats, y: Floats) -> float | None:
    """Return the slope b of logit(P(y)) = a + b * logit(risk): 1 is right, below 1 the risks are too extreme.

    None also where the risks of events and non-events do not overlap, since no finite slope is likeliest then.
    """
    if not _both_classes(y):
        return None
    log_odds = log_odds_of(risk)
    of_events, of_others = log_odds[y == 1], log_odds[y == 0]
    if of_events.min() >= of_others.max() or of_others.min() >= of_events.max():
        return None
    return logistic_line(log_odds, y)[1]


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


def found(y: Floats, listed: Rows) -> Found:
    """Return who is found among the listed rows."""
    true_cases, all_cases = int(y[listed].sum()), float(y.sum())
    ppv = true_cases / listed.size if listed.size else None
    return Found(
        ppv=ppv,
        sensitivity=true_cases / all_cases if all_cases else None,
        n=int(listed.size),
        true_cases=true_cases,
        number_needed_to_review=1 / ppv if ppv else None,
        lift=ppv / (all_cases / y.size) if all_cases and ppv is not None else None,
    )


def reliability(risk: Floats, y: Floats, bins: int = 10) -> tuple[Bin, ...]:
    """Return predicted against observed risk in equal groups of patients ordered by risk (tenths), lowest first.

    References
    ----------
    Wilson EB. Journal of the American Statistical Association, 1927. doi:10.1080/01621459.1927.10502953
    """
    groups = np.array_split(np.argsort(risk, kind="stable"), bins)
    return tuple(
        Bin(rows.size, float(risk[rows].mean()), float(y[rows].mean()), *wilson_interval(int(y[rows].sum()), rows.size))
        for rows in groups
        if rows.size
    )


def wilson_interval(events: int, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share: (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n).

    Examples
    --------
    >>> low, high = wilson_interval(5, 10)
    >>> round(low, 4), round(high, 4)
    (0.2366, 0.7634)
    """
    share = events / n
    square = _Z95**2 / n
    half = math.sqrt(square * share * (1 - share) + square**2 / 4)
    return (
        max(0.0, (share + square / 2 - half) / (1 + square)),
        min(1.0, (share + square / 2 + half) / (1 + square)),
    )


def _both_classes(y: Floats) -> bool:
    return bool(y.size) and 0 < float(y.sum()) < y.size


def _mid_ranks(values: Floats) -> Floats:
    return np.asarray(pd.Series(values).rank(method="average"), dtype=np.float64)
