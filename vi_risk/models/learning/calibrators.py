"""From a raw score to a risk: sigmoid, isotonic and beta calibration, each strictly increasing in the score.

All are fitted on scores of rows that the trees did not see, weighted where rows are, and all say what they add up to
on the log-odds scale, so that a recalibration is one more line on top (`Recalibrated`).
"""

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.isotonic import isotonic_regression

from vi_risk.errors import InputError
from vi_risk.models.learning.calibration import Floats, log_odds_of, logistic_line, logistic_weights, risk_of

# An isotonic block counts so many rows more, of which the sigmoid's share had the event: a few rows that all had it,
# or none of which had, do not make a risk of nought or one.
_DRAWN_BY = 10.0


class Calibrator(Protocol):
    """What turns raw scores into risks, without changing their order."""

    kind: ClassVar[str]

    @classmethod
    def fit(cls, raw: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None) -> Self:
        """Return the calibrator fitted on raw scores (log-odds) of rows that the trees did not see."""
        ...

    @abstractmethod
    def log_odds(self, raw: ArrayLike) -> Floats:
        """Return the log-odds of the risks of raw scores."""

    def predict(self, raw: ArrayLike) -> Floats:
        """Return the risks, between 0 and 1, of raw scores."""
        return risk_of(self.log_odds(raw))

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return what `from_dict` reads, with the kind of calibrator."""

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """Return the calibrator that `to_dict` wrote."""
        ...


@dataclass(frozen=True, slots=True)
class SigmoidCalibrator(Calibrator):
    """Platt scaling: risk = 1 / (1 + exp(-(intercept + slope * raw))).

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
        _refuse_infinite(self.slope, self.intercept)
        if self.slope <= 0:
            raise _not_rising(f"the fitted slope is {self.slope:.3g}")

    @classmethod
    def fit(cls, raw: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None) -> Self:
        """Return the calibrator fitted on raw scores (log-odds) of rows that the trees did not see.

        Raises
        ------
        InputError
            Only one outcome occurs, or the slope does not come out positive.
        """
        score, outcome, weight = _rows(raw, y, weights)
        intercept, slope = logistic_line(score, _platt_targets(outcome, weight), weight)
        return cls(slope=slope, intercept=intercept)

    def log_odds(self, raw: ArrayLike) -> Floats:
        """Return intercept + slope * raw."""
        return self.intercept + self.slope * np.asarray(raw, dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """Return what `from_dict` reads, with the kind of calibrator."""
        return {"kind": self.kind, **asdict(self)}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """Return the calibrator that `to_dict` wrote."""
        return cls(slope=float(saved["slope"]), intercept=float(saved["intercept"]))


@dataclass(frozen=True, slots=True)
class BetaCalibrator(Calibrator):
    """Beta calibration: log-odds = intercept + a * ln(p) - b * ln(1 - p), with p the uncalibrated risk; a, b >= 0.

    Three parameters bend the sigmoid differently at low and at high risk; a = b is the sigmoid of that slope. Where a
    or b would come out below nought it is nought and the rest is fitted again, as in the reference. Platt's targets.

    References
    ----------
    Kull M, Silva Filho T, Flach P. Beta calibration. AISTATS, 2017. proceedings.mlr.press/v54/kull17a.html

    Examples
    --------
    >>> BetaCalibrator(a=1.0, b=1.0, intercept=0.0).predict([0.0, 2.0]).round(3).tolist()
    [0.5, 0.881]
    """

    kind: ClassVar[str] = "beta"

    a: float
    b: float
    intercept: float

    def __post_init__(self) -> None:
        _refuse_infinite(self.a, self.b, self.intercept)
        if min(self.a, self.b) < 0 or max(self.a, self.b) == 0:
            raise _not_rising(f"a is {self.a:.3g} and b is {self.b:.3g}")

    @classmethod
    def fit(cls, raw: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None) -> Self:
        """Return the calibrator fitted on raw scores (log-odds) of rows that the trees did not see.

        Raises
        ------
        InputError
            Only one outcome occurs, or the risk does not rise with the score.
        """
        score, outcome, weight = _rows(raw, y, weights)
        target = _platt_targets(outcome, weight)
        low, high = _log_of_risks(score)
        both = logistic_weights(np.column_stack([np.ones_like(score), low, -high]), target, weight)
        intercept, a, b = map(float, both)
        if a < 0:
            (intercept, b), a = logistic_line(-high, target, weight), 0.0
        elif b < 0:
            (intercept, a), b = logistic_line(low, target, weight), 0.0
        return cls(a=a, b=b, intercept=intercept)

    def log_odds(self, raw: ArrayLike) -> Floats:
        """Return intercept + a * ln(p) - b * ln(1 - p)."""
        low, high = _log_of_risks(np.asarray(raw, dtype=np.float64))
        return self.intercept + self.a * low - self.b * high

    def to_dict(self) -> dict[str, Any]:
        """Return what `from_dict` reads, with the kind of calibrator."""
        return {"kind": self.kind, **asdict(self)}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """Return the calibrator that `to_dict` wrote."""
        return cls(a=float(saved["a"]), b=float(saved["b"]), intercept=float(saved["intercept"]))


@dataclass(frozen=True, slots=True)
class IsotonicCalibrator(Calibrator):
    """Isotonic regression made strictly increasing: straight lines, in log-odds, between the centres of its blocks.

    Isotonic regression gives all scores of a block one risk, which would tie patients whom the trees tell apart. Here
    a block's risk (its share of events) belongs to the mean score of its rows; in between the log-odds follow a
    straight line, and beyond the first and the last centre a line with the slope of the sigmoid. Each block's share is
    drawn towards the sigmoid's by ten rows' worth, which only small blocks feel; blocks that then no longer rise are
    one.

    Attributes
    ----------
    centres
        Mean raw score of each block, rising.
    levels
        Log-odds of each block's risk, rising.
    slope
        Of the log-odds beyond the first and the last centre.

    References
    ----------
    Zadrozny B, Elkan C. Transforming classifier scores into accurate multiclass probability estimates. KDD, 2002.
    doi:10.1145/775047.775151

    Examples
    --------
    >>> isotonic = IsotonicCalibrator(centres=(-3.0, -1.0), levels=(-2.0, 0.0), slope=0.5)
    >>> isotonic.log_odds([-5.0, -3.0, -2.0, 1.0]).tolist()
    [-3.0, -2.0, -1.0, 1.0]
    """

    kind: ClassVar[str] = "isotonic"

    centres: tuple[float, ...]
    levels: tuple[float, ...]
    slope: float

    def __post_init__(self) -> None:
        _refuse_infinite(*self.centres, *self.levels, self.slope)
        if not self.centres or len(self.centres) != len(self.levels):
            msg = "calibration: expected a centre and a level for each block, one at least. Fit the calibrator again."
            raise InputError(msg)
        if self.slope <= 0 or min(np.diff(self.centres).min(initial=1), np.diff(self.levels).min(initial=1)) <= 0:
            raise _not_rising("a slope or a step is not above 0")

    @classmethod
    def fit(cls, raw: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None) -> Self:
        """Return the calibrator fitted on raw scores (log-odds) of rows that the trees did not see.

        Raises
        ------
        InputError
            Only one outcome occurs, or the outcome does not become more frequent with the score.
        """
        score, outcome, weight = _rows(raw, y, weights)
        sigmoid = SigmoidCalibrator.fit(score, outcome, weight)
        centres, levels = zip(*_blocks(score, outcome, weight, sigmoid), strict=True)
        return cls(centres=centres, levels=levels, slope=sigmoid.slope)

    def log_odds(self, raw: ArrayLike) -> Floats:
        """Return what the lines between the centres of the blocks, and beyond them, say."""
        score = np.asarray(raw, dtype=np.float64)
        centres, levels = np.asarray(self.centres), np.asarray(self.levels)
        after = np.clip(np.searchsorted(centres, score, side="right"), 1, max(1, centres.size - 1))
        before = after - 1
        after = np.minimum(after, centres.size - 1)
        rise = np.divide(
            levels[after] - levels[before],
            centres[after] - centres[before],
            out=np.full(score.shape, self.slope),
            where=after > before,
        )
        # A line that overshoots its end by rounding would turn the order of two scores.
        between = np.clip(levels[before] + rise * (score - centres[before]), levels[before], levels[after])
        low = np.minimum(levels[0], levels[0] + self.slope * (score - centres[0]))
        high = np.maximum(levels[-1], levels[-1] + self.slope * (score - centres[-1]))
        answer: Floats = np.where(score < centres[0], low, np.where(score > centres[-1], high, between))
        return answer

    def to_dict(self) -> dict[str, Any]:
        """Return what `from_dict` reads, with the kind of calibrator."""
        return {"kind": self.kind, "centres": list(self.centres), "levels": list(self.levels), "slope": self.slope}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """Return the calibrator that `to_dict` wrote."""
        centres, levels = (tuple(map(float, saved[name])) for name in ("centres", "levels"))
        return cls(centres=centres, levels=levels, slope=float(saved["slope"]))


CALIBRATORS: Mapping[str, type[SigmoidCalibrator] | type[IsotonicCalibrator] | type[BetaCalibrator]] = MappingProxyType(
    {kind.kind: kind for kind in (SigmoidCalibrator, IsotonicCalibrator, BetaCalibrator)}
)


def _rows(raw: ArrayLike, y: ArrayLike, weights: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    score, outcome = np.asarray(raw, dtype=np.float64), np.asarray(y, dtype=np.float64)
    weight = np.ones_like(score) if weights is None else np.asarray(weights, dtype=np.float64)
    if float(weight @ outcome) <= 0 or float(weight @ (1 - outcome)) <= 0:
        msg = (
            f"calibration: expected events and non-events, found {int(outcome.sum())} events "
            f"among {outcome.size} rows. Calibrate on more patients."
        )
        raise InputError(msg)
    return score, outcome, weight


def _platt_targets(outcome: Floats, weight: Floats) -> Floats:
    events, others = float(weight @ outcome), float(weight @ (1 - outcome))
    return np.where(outcome == 1, (events + 1) / (events + 2), 1 / (others + 2))


def _log_of_risks(raw: Floats) -> tuple[Floats, Floats]:
    """Return ln(p) and ln(1 - p) of the uncalibrated risk."""
    return -np.logaddexp(0.0, -raw), -np.logaddexp(0.0, raw)


def _blocks(score: Floats, outcome: Floats, weight: Floats, sigmoid: SigmoidCalibrator) -> list[tuple[float, float]]:
    """Return the mean score and the log-odds of each block of the isotonic regression, both rising."""
    scores, place = np.unique(score, return_inverse=True)
    rows, events = np.bincount(place, weights=weight), np.bincount(place, weights=weight * outcome)
    fitted = isotonic_regression(events / rows, sample_weight=rows)
    starts = np.flatnonzero(np.diff(fitted, prepend=-1.0) > 0)
    expected = rows * sigmoid.predict(scores)
    blocks = np.column_stack([np.add.reduceat(column, starts) for column in (rows, events, expected, rows * scores)])
    pooled: list[Floats] = []
    for block in blocks:
        pooled.append(block)
        while len(pooled) > 1 and not all(map(float.__lt__, _knot(pooled[-2]), _knot(pooled[-1]))):
            pooled[-2:] = [pooled[-2] + pooled[-1]]
    return [_knot(block) for block in pooled]


def _knot(block: Floats) -> tuple[float, float]:
    """Return the mean score of a block and its log-odds, drawn towards the sigmoid's."""
    rows, events, expected, scores = map(float, block)
    share = (events + _DRAWN_BY * expected / rows) / (rows + _DRAWN_BY)
    return scores / rows, float(log_odds_of(share))


def _refuse_infinite(*numbers: float) -> None:
    if not all(map(math.isfinite, numbers)):
        msg = "calibration: slopes, intercepts and levels must be finite numbers. Fit the calibrator again."
        raise InputError(msg)


def _not_rising(found: str) -> InputError:
    return InputError(
        f"calibration: the risk must rise with the raw score, but {found}. "
        "On patients that the trees did not see the score does not find the outcome: "
        "check the features and the outcome, or train on more patients."
    )
