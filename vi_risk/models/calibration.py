"""From a raw score to a risk: calibrators, the logistic fit behind them, and folds that keep a patient in one place."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Self

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
    given = np.ones_like(score) if weights is None else weights
    shares = given / given.sum()
    centre = float(shares @ score)
    spread = math.sqrt(float(shares @ (score - centre) ** 2)) or 1.0
    design = np.column_stack([np.ones_like(score), (score - centre) / spread])

    def loss(line: Floats) -> float:
        log_odds = design @ line
        return float(shares @ (np.logaddexp(0.0, log_odds) - target * log_odds))

    line = np.zeros(2)
    for _ in range(100):
        risk = risk_of(design @ line)
        gradient = design.T @ (shares * (risk - target))
        if float(np.abs(gradient).max()) < 1e-13:
            break
        curvature = (design * (shares * risk * (1 - risk))[:, None]).T @ design
        step = np.linalg.lstsq(curvature, gradient)[0]
        here, size = loss(line), 1.0
        while size > 1e-10 and not loss(line - size * step) < here:
            size /= 2
        if size <= 1e-10:  # the loss is flat to the last digit: this is the maximum
            break
        line = line - size * step
    else:
        msg = (
            "calibration: the logistic fit of the outcome on the score did not converge. Check the scores for outliers."
        )
        raise ViRiskError(msg)
    slope = float(line[1]) / spread
    return float(line[0]) - slope * centre, slope


@dataclass(frozen=True, slots=True)
class SigmoidCalibrator:
    """Platt scaling: risk = 1 / (1 + exp(-(intercept + slope * raw))), strictly increasing in the raw score.

    Fitted by maximum likelihood on Platt's targets, (events + 1) / (events + 2) for an event and 1 / (others + 2) for
    any other row, which keep the line finite where a few scores happen to separate the two perfectly.

    References
    ----------
    Platt J. Probabilistic outputs for support vector machines and comparisons to regularized likelihood methods.
    Advances in Large Margin Classifiers, 1999.

    Examples
    --------
    >>> SigmoidCalibrator(slope=1.0, intercept=0.0).predict([0.0, 2.0]).round(3).tolist()
    [0.5, 0.881]
    """

    kind: ClassVar[str] = "sigmoid"

    slope: float
    intercept: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.slope) and math.isfinite(self.intercept)):
            msg = "calibration: slope and intercept must be finite numbers. Fit the calibrator again."
            raise InputError(msg)
        if self.slope <= 0:
            msg = (
                f"calibration: the risk must rise with the raw score, but the fitted slope is {self.slope:.3g}. "
                "On patients that the trees did not see the score does not find the outcome: "
                "check the features and the outcome, or train on more patients."
            )
            raise InputError(msg)

    @classmethod
    def fit(cls, raw: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None) -> Self:
        """Return the calibrator fitted on raw scores (log-odds) of rows that the trees did not see.

        Raises
        ------
        InputError
            Only one outcome occurs, or the slope does not come out positive.
        """
        score = np.asarray(raw, dtype=np.float64)
        outcome = np.asarray(y, dtype=np.float64)
        weight = np.ones_like(score) if weights is None else np.asarray(weights, dtype=np.float64)
        events = float(weight @ outcome)
        others = float(weight @ (1 - outcome))
        if events <= 0 or others <= 0:
            msg = (
                f"calibration: expected events and non-events, found {int(outcome.sum())} events "
                f"among {outcome.size} rows. Calibrate on more patients."
            )
            raise InputError(msg)
        target = np.where(outcome == 1, (events + 1) / (events + 2), 1 / (others + 2))
        intercept, slope = logistic_line(score, target, weight)
        return cls(slope=slope, intercept=intercept)

    def predict(self, raw: ArrayLike) -> Floats:
        """Return the risks, between 0 and 1, of raw scores."""
        return risk_of(self.intercept + self.slope * np.asarray(raw, dtype=np.float64))

    def to_dict(self) -> dict[str, Any]:
        """Return what `from_dict` reads, with the kind of calibrator."""
        return {"kind": self.kind, **asdict(self)}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """Return the calibrator that `to_dict` wrote."""
        return cls(slope=float(saved["slope"]), intercept=float(saved["intercept"]))


CALIBRATORS: Mapping[str, type[SigmoidCalibrator]] = MappingProxyType({SigmoidCalibrator.kind: SigmoidCalibrator})


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
