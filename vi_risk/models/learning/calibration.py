"""Risks and log-odds, the likelihood fits behind every calibration, and folds that keep a patient in one place."""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import GroupKFold, StratifiedKFold

from vi_risk.errors import InputError, ViRiskError

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

# Keeps log-odds finite for a risk of exactly 0 or 1, far below any risk that a model of admissions gives.
_SMALLEST_RISK = 1e-12


def risk_of(log_odds: ArrayLike) -> Floats:
    """Return the probabilities that belong to log-odds: 1 / (1 + exp(-x)), accurate at both ends."""
    return np.exp(-np.logaddexp(0.0, -np.asarray(log_odds, dtype=np.float64)))


def log_odds_of(risk: ArrayLike) -> Floats:
    """Return log(p / (1 - p)); risks are first held between 1e-12 and 1 - 1e-12."""
    held = np.clip(np.asarray(risk, dtype=np.float64), _SMALLEST_RISK, 1 - _SMALLEST_RISK)
    return np.log(held) - np.log1p(-held)


def logistic_line(score: Floats, target: Floats, weights: Floats | None = None) -> tuple[float, float]:
    """Return intercept and slope of the logistic regression of a target in [0, 1] on one score.

    Maximises sum(w * (t * log(p) + (1 - t) * log(1 - p))) with p = 1 / (1 + exp(-(intercept + slope * score))), by
    Newton's method with step halving. The caller makes sure that the maximum is finite: targets inside (0, 1), or
    events and non-events whose scores overlap.

    Raises
    ------
    ViRiskError
        No maximum was reached in 100 steps.
    """
    return _line(score, target, weights, _LOGISTIC)


def log_mean_line(score: Floats, count: Floats, weights: Floats | None = None) -> tuple[float, float]:
    """Return intercept and slope of the Poisson regression of a count, 0 or more, on one score.

    Maximises sum(w * (y * log(m) - m)) with m = exp(intercept + slope * score). The expected counts then add up to the
    counts, whatever their distribution: only the mean is modelled.

    Raises
    ------
    ViRiskError
        No maximum was reached in 100 steps.

    References
    ----------
    Gourieroux C, Monfort A, Trognon A. Pseudo maximum likelihood methods: applications to Poisson models.
    Econometrica, 1984. doi:10.2307/1913472
    """
    average = float(np.average(count, weights=weights))
    intercept, slope = _line(score, count / average, weights, _POISSON)  # of a mean of 1: exp() stays small
    return intercept + math.log(average), slope


def logistic_weights(design: Floats, target: Floats, weights: Floats | None = None) -> Floats:
    """Return the coefficients of the logistic regression of a target in [0, 1] on the columns of `design`.

    Raises
    ------
    ViRiskError
        No maximum was reached in 100 steps.
    """
    given = np.ones_like(target) if weights is None else weights
    return _most_likely(design, target, given / given.sum(), _LOGISTIC)


def logistic_intercept(log_odds: Floats, target: Floats, weights: Floats | None = None) -> float:
    """Return what must be added to all log-odds so that the risks add up to the targets.

    Raises
    ------
    ViRiskError
        No maximum was reached in 100 steps.
    """
    given = np.ones_like(target) if weights is None else weights
    constant = np.ones((target.size, 1))
    return float(_most_likely(constant, target, given / given.sum(), _LOGISTIC, offset=log_odds)[0])


class _Family(NamedTuple):
    """A likelihood with its canonical link: sum(w * (t * eta - cumulant(eta))) is what grows."""

    cumulant: Callable[[Floats], Floats]
    mean: Callable[[Floats], Floats]
    information: Callable[[Floats, Floats], Floats]  # what rows of such weights and means tell: w * variance


_LOGISTIC = _Family(lambda eta: np.logaddexp(0.0, eta), risk_of, lambda w, risk: w * risk * (1 - risk))
_POISSON = _Family(np.exp, np.exp, lambda w, mean: w * mean)


def _line(score: Floats, target: Floats, weights: Floats | None, family: _Family) -> tuple[float, float]:
    given = np.ones_like(score) if weights is None else weights
    shares = given / given.sum()
    centre = float(shares @ score)
    spread = math.sqrt(float(shares @ (score - centre) ** 2)) or 1.0
    line = _most_likely(np.column_stack([np.ones_like(score), (score - centre) / spread]), target, shares, family)
    slope = float(line[1]) / spread
    return float(line[0]) - slope * centre, slope


def _most_likely(
    design: Floats, target: Floats, shares: Floats, family: _Family, offset: Floats | float = 0.0
) -> Floats:
    def loss(line: Floats) -> float:
        eta = design @ line + offset
        with np.errstate(over="ignore"):  # a step too far has an infinite loss and is halved
            return float(shares @ (family.cumulant(eta) - target * eta))

    line: Floats = np.zeros(design.shape[1])
    for _ in range(100):
        mean = family.mean(design @ line + offset)
        gradient = design.T @ (shares * (mean - target))
        if float(np.abs(gradient).max()) < 1e-13:
            break
        curvature = (design * family.information(shares, mean)[:, None]).T @ design
        step = np.linalg.lstsq(curvature, gradient)[0]
        here, size = loss(line), 1.0
        while size > 1e-10 and not loss(line - size * step) < here:
            size /= 2
        if size <= 1e-10:  # the loss is flat to the last digit: this is the maximum
            break
        line = line - size * step
    else:
        msg = "calibration: the fit of the outcome on the score did not converge. Check the scores for outliers."
        raise ViRiskError(msg)
    return line


def folds_apart(y: ArrayLike, groups: ArrayLike | None, *, folds: int, seed: int) -> Iterator[tuple[Rows, Rows]]:
    """Yield (rows to learn from, rows held out); every row is held out once.

    With `groups` (patients) all rows of a patient are on the same side; without, rows are dealt at random in equal
    shares of events.

    Raises
    ------
    InputError
        There are fewer patients than folds, a row without its patient, or folds whose other rows hold one outcome only.
    """
    outcome = np.asarray(y)
    if groups is None:
        splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
        patients = None
    else:
        patients = _patient_numbers(groups, rows=outcome.size, folds=folds)
        splitter = GroupKFold(folds)
    for learning, held_out in splitter.split(np.zeros((outcome.size, 1)), outcome, patients):
        if np.unique(outcome[learning]).size < 2:
            msg = (
                f"calibration: with {folds} folds the trees of one fold would see one outcome only. "
                "Use fewer folds or train on more patients."
            )
            raise InputError(msg)
        yield learning, held_out


def _patient_numbers(groups: ArrayLike, *, rows: int, folds: int) -> Rows:
    numbers, patients = pd.factorize(np.asarray(groups, dtype=object), sort=False)
    if numbers.size != rows:
        msg = f"groups: expected one entry for each of {rows} rows, found {numbers.size}."
        raise InputError(msg)
    if missing := int((numbers < 0).sum()):
        msg = f"groups: {missing} of {rows} rows have no patient. Give every row its patient_id."
        raise InputError(msg)
    if len(patients) < folds:
        msg = f"groups: {folds} folds need as many patients, found {len(patients)}. Use fewer folds or more patients."
        raise InputError(msg)
    return np.asarray(numbers, dtype=np.intp)
