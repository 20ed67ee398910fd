"""The count model: how many emergency admissions, or bed days, to expect."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from vi_risk.errors import InputError
from vi_risk.models.learning.blocks import Blocks
from vi_risk.models.learning.boosting import Boosted
from vi_risk.models.learning.calibration import Floats, log_mean_line
from vi_risk.models.learning.inputs import Inputs
from vi_risk.models.learning.recalibration import How, refuse_unknown
from vi_risk.models.learning.training_rows import TrainingRows

_OBJECTIVES = ("poisson", "tweedie")


@dataclass(frozen=True, slots=True)
class LogMeanCalibrator:
    """Expected count = exp(intercept + slope * raw), strictly increasing in the raw score.

    Fitted by Poisson pseudo-likelihood, which asks of the counts only that their mean be so; the expected counts of the
    rows it is fitted on add up to their counts.

    Examples
    --------
    >>> LogMeanCalibrator(slope=1.0, intercept=0.0).predict([0.0, 1.0]).round(3).tolist()
    [1.0, 2.718]
    """

    kind: ClassVar[str] = "log_mean"

    slope: float
    intercept: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.slope) and math.isfinite(self.intercept) and self.slope > 0):
            msg = (
                "calibration: the expected count must rise with the raw score, but the fitted slope is"
                f" {self.slope:.3g}. On patients that the trees did not see the score does not find the outcome: check"
                " the features and the outcome, or train on more patients."
            )
            raise InputError(msg)

    @classmethod
    def fit(cls, raw: ArrayLike, count: ArrayLike, weights: Floats | None = None) -> Self:
        """Return the calibrator fitted on raw scores (logs of means) of rows that the trees did not see."""
        score, counts = np.asarray(raw, dtype=np.float64), np.asarray(count, dtype=np.float64)
        intercept, slope = log_mean_line(score, counts, weights)
        return cls(slope=slope, intercept=intercept)

    def recalibrated(self, raw: ArrayLike, count: ArrayLike, how: How, weights: Floats | None) -> Self:
        """Return the calibrator moved to fit the rows of a new place or year."""
        log_mean, counts = self.intercept + self.slope * np.asarray(raw), np.asarray(count, dtype=np.float64)
        if how == "slope":
            intercept, slope = log_mean_line(log_mean, counts, weights)
        else:
            seen, expected = (np.average(each, weights=weights) for each in (counts, np.exp(log_mean)))
            intercept, slope = math.log(seen / expected), 1.0
        return type(self)(slope=slope * self.slope, intercept=intercept + slope * self.intercept)

    def predict(self, raw: ArrayLike) -> Floats:
        """Return the expected counts of raw scores."""
        return np.exp(self.intercept + self.slope * np.asarray(raw, dtype=np.float64))

    def to_dict(self) -> dict[str, Any]:
        """Return what `from_dict` reads, with the kind of calibrator."""
        return {"kind": self.kind, **asdict(self)}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """Return the calibrator that `to_dict` wrote."""
        return cls(slope=float(saved["slope"]), intercept=float(saved["intercept"]))


class CountRegressor(RegressorMixin, Boosted):  # type: ignore[misc]
    """Expected count from a table of features: numbers, booleans and pandas categories.

    Reads features as `vi_risk.models.learning.classifier.RiskClassifier` does. Raw scores and contributions are on
    the scale of the log of the expected count.

    Parameters
    ----------
    objective
        `poisson` for counts of things (admissions), `tweedie` for amounts that are nought for most and spread widely
        for the rest (bed days).
    tweedie_power
        Above 1 and below 2, of the variance of `tweedie`: near 1 like a Poisson count, near 2 like a gamma amount.
    calibration_folds
        Number of parts of the training patients, each scored by trees grown on the others, on which scale and slope
        of the log of the expected count are fitted. None takes 3, or 2 from 100,000 rows on.
    min_events
        Fewer rows with a count above 0 than this are refused.
    n_estimators, num_leaves, learning_rate, min_child_samples, colsample, subsample, reg_lambda, max_bin, monotone, \
seed, num_threads
        As in `vi_risk.models.learning.classifier.RiskClassifier`.

    Attributes
    ----------
    calibrator_
        Turns raw scores into expected counts.
    feature_name_, categories_, booster_, unseen_raw_, raw_sd_
        As in `vi_risk.models.learning.boosting.Boosted`.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import vi_risk
    >>> draw = np.random.default_rng(1)
    >>> table = pd.DataFrame({"age": draw.integers(18, 95, 1000).astype(float)})
    >>> stays = draw.poisson(table["age"] / 100)
    >>> model = vi_risk.CountRegressor(n_estimators=20, num_threads=1).fit(table, stays)
    >>> expected = model.predict(table)
    >>> bool(abs(expected.sum() / stays.sum() - 1) < 0.05), bool((expected > 0).all())
    (True, True)
    """

    calibrator_: LogMeanCalibrator

    def __init__(
        self,
        *,
        objective: Literal["poisson", "tweedie"] = "poisson",
        tweedie_power: float = 1.5,
        n_estimators: int = 300,
        num_leaves: int = 31,
        learning_rate: float = 0.05,
        min_child_samples: int = 50,
        colsample: float = 0.5,
        subsample: float = 1.0,
        reg_lambda: float = 1.0,
        max_bin: int = 255,
        calibration_folds: int | None = None,
        min_events: int = 50,
        monotone: Mapping[str, int] | None = None,
        seed: int = 1,
        num_threads: int = 2,
    ) -> None:
        super().__init__(
            n_estimators=n_estimators,
            num_leaves=num_leaves,
            learning_rate=learning_rate,
            min_child_samples=min_child_samples,
            colsample=colsample,
            subsample=subsample,
            reg_lambda=reg_lambda,
            max_bin=max_bin,
            calibration_folds=calibration_folds,
            min_events=min_events,
            monotone=monotone,
            seed=seed,
            num_threads=num_threads,
        )
        self.objective = objective
        self.tweedie_power = tweedie_power

    @property
    def variance_power(self) -> float:
        """The power of the mean that the variance is taken to rise with: 1 is Poisson's."""
        return self.tweedie_power if self.objective == "tweedie" else 1.0

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that counts are not negative, and that values may be missing."""
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = True
        return tags

    def fit(
        self,
        X: pd.DataFrame | Blocks,  # noqa: N803
        y: ArrayLike,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Return the model fitted to one row of features and one count each.

        A fit that fails or is interrupted leaves the model as it was.

        Parameters
        ----------
        X
            One column per feature.
        y
            How often, or how much, of each row: 0 or more.
        groups, sample_weight
            As in `RiskClassifier.fit`.

        Raises
        ------
        InputError
            A count is no number, below 0 or infinite, too few are above 0, all are the same, a column cannot be a
            feature, values are infinite, or a weight is no number, missing, infinite or below 0.
        SpecificationError
            A parameter is out of its range; all such parameters are told.

        Warns
        -----
        UserWarning
            As in `RiskClassifier.fit`.
        """
        rows = TrainingRows.of(X, y, groups, sample_weight)
        inputs = Inputs.of(rows.table)
        self._check_parameters(inputs)
        counts = self._counts(rows.outcome)
        middle = np.median(counts)
        high = counts > (middle if middle < counts.max() else counts.min())
        grown = self._grow(inputs, rows, counts, strata=high)
        calibrator = LogMeanCalibrator.fit(grown.unseen_raw, counts, rows.weight)
        self._take(inputs, grown, rows.counted)
        self.calibrator_ = calibrator
        return self

    def predict(self, X: pd.DataFrame) -> Floats:  # noqa: N803
        """Return the expected count of each row, calibrated.

        Raises
        ------
        InputError
            A feature of the model is missing, or cannot be read as it was in training.
        """
        raw = self.predict_raw(X)
        return self.calibrator_.predict(raw)

    def recalibrated(
        self,
        X: pd.DataFrame,  # noqa: N803
        y: ArrayLike,
        how: How = "in_the_large",
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Return a new model of the same trees whose expected counts fit the rows of a new place or a new year.

        Parameters
        ----------
        how
            `in_the_large` multiplies all expected counts by as much; `slope` spreads or draws their logs together too.

        Raises
        ------
        InputError
            As in `fit`.
        """
        check_is_fitted(self, "booster_")
        refuse_unknown(how)
        rows = TrainingRows.of(X, y, None, sample_weight)
        counts, raw = self._counts(rows.outcome), self.predict_raw(rows.table)
        return self._with_calibrator(self.calibrator_.recalibrated(raw, counts, how, rows.weight))

    def _objective(self) -> dict[str, Any]:
        power = {"tweedie_variance_power": self.tweedie_power} if self.objective == "tweedie" else {}
        return {"objective": self.objective, **power}

    def _parameter_faults(self) -> list[str]:
        faults = super()._parameter_faults()
        if self.objective not in _OBJECTIVES:
            faults.append(f"objective: must be one of {', '.join(_OBJECTIVES)}, got {self.objective!r}.")
        power: object = self.tweedie_power
        if not isinstance(power, int | float) or not 1 < power < 2:
            faults.append(f"tweedie_power: must be above 1 and below 2, got {power!r}.")
        return faults

    def _counts(self, outcome: NDArray[Any]) -> Floats:
        rows = outcome.size
        if pd.api.types.infer_dtype(outcome) == "string":
            msg = "outcome: expected counts, numbers of 0 or more, found text."
            raise InputError(msg)
        counts = outcome.astype(np.float64)
        if wrong := int((~np.isfinite(counts) | (counts < 0)).sum()):
            msg = f"outcome: expected counts of 0 or more, found {wrong} of {rows} rows below 0 or infinite."
            raise InputError(msg)
        above = int((counts > 0).sum())
        if above < self.min_events:
            msg = (
                f"outcome: expected at least {self.min_events} rows with a count above 0, found {above} of {rows}. "
                "Add patients or index dates, or choose a longer horizon."
            )
            raise InputError(msg)
        if counts.min() == counts.max():
            msg = f"outcome: all {rows} rows have the same count, so nothing can be told apart. Check its definition."
            raise InputError(msg)
        return counts
