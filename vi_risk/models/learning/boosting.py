"""Gradient boosted trees behind the scikit-learn estimator contract: what the risk model and the count model share.

One booster makes every prediction, so the contributions of the features add up to its raw score; the boosters of the
calibration folds only show how far its scores can be trusted on patients that trees did not see.
"""

import copy
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from numbers import Integral, Real
from typing import Any, Self

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from vi_risk.errors import InputError, SpecificationError, ViRiskError
from vi_risk.models.learning.blocks import BinnedBlocks, Blocks
from vi_risk.models.learning.calibration import Floats, folds_apart
from vi_risk.models.learning.inputs import BASE, Inputs, as_table, name_in_booster, tells_nothing
from vi_risk.models.learning.training_rows import TrainingRows

_ADD_UP_TOLERANCE = 1e-6
# Rows scored at once: bounds memory, and has no effect on any score.
_BATCH = 20_000
# From so many rows on two calibration folds do as well as three (measured), for half of the time.
_MANY_ROWS = 100_000
# Training rows on which the boosters of the folds are compared.
_COMPARED = 5_000

# parameter -> (kind of number, smallest, largest)
_LIMITS: dict[str, tuple[Any, float, float]] = {
    "n_estimators": (Integral, 1, np.inf),
    "num_leaves": (Integral, 2, 131_072),
    "learning_rate": (Real, 1e-6, np.inf),
    "min_child_samples": (Integral, 1, np.inf),
    "colsample": (Real, 1e-6, 1),
    "subsample": (Real, 1e-6, 1),
    "reg_lambda": (Real, 0, np.inf),
    "max_bin": (Integral, 2, 65_535),
    "calibration_folds": (Integral, 2, np.inf),
    "min_events": (Integral, 2, np.inf),
    "seed": (Integral, 0, 2**31 - 1),
    "num_threads": (Integral, 1, np.inf),
}


@dataclass(frozen=True, eq=False, slots=True)
class Grown:
    """What the trees of one fit came to."""

    booster: lgb.Booster
    unseen_raw: Floats  # raw score of each row by trees that did not see its patient
    raw_sd: float  # see `Boosted.raw_sd_`


class Boosted(BaseEstimator):  # type: ignore[misc]
    """Trees on a table of numbers, booleans and pandas categories, and their raw scores.

    Attributes
    ----------
    feature_name_
        Names of the features in the order of training.
    categories_
        Values of each categorical feature, by its name.
    booster_
        The LightGBM booster that makes the predictions.
    unseen_raw_
        Of a model just fitted: the raw score of each training row by trees that did not see its patient, NaN where the
        row had no weight. It is not saved with the model.
    raw_sd_
        How much the raw score of a patient would vary had others been sampled for training: the root mean square, over
        training rows, of its standard deviation, from how far the boosters of the calibration folds lie apart.
    """

    def __init__(
        self,
        *,
        n_estimators: int,
        num_leaves: int,
        learning_rate: float,
        min_child_samples: int,
        colsample: float,
        subsample: float,
        reg_lambda: float,
        max_bin: int,
        calibration_folds: int | None,
        min_events: int,
        monotone: Mapping[str, int] | None,
        seed: int,
        num_threads: int,
    ) -> None:
        self.n_estimators = n_estimators
        self.num_leaves = num_leaves
        self.learning_rate = learning_rate
        self.min_child_samples = min_child_samples
        self.colsample = colsample
        self.subsample = subsample
        self.reg_lambda = reg_lambda
        self.max_bin = max_bin
        self.calibration_folds = calibration_folds
        self.min_events = min_events
        self.monotone = monotone
        self.seed = seed
        self.num_threads = num_threads

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that values may be missing."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def predict_raw(self, X: pd.DataFrame | Blocks) -> Floats:  # noqa: N803
        """Return the booster's raw scores before calibration; they rank patients without ties of rounding."""
        check_is_fitted(self, "booster_")
        return self.raw_by((self.booster_,), X).reshape(-1)

    def raw_by(self, boosters: tuple[lgb.Booster, ...], X: pd.DataFrame | Blocks) -> Floats:  # noqa: N803
        """Return raw scores by boosters of the model's features, a column each."""
        table, inputs = X if isinstance(X, Blocks) else as_table(X), self._inputs
        raw = np.empty((len(table), len(boosters)))
        for start in range(0, max(len(table), 1), _BATCH):  # of no rows, the columns are looked at all the same
            batch = slice(start, start + _BATCH)
            rows = table.rows(batch) if isinstance(table, Blocks) else table.iloc[batch]
            matrix = inputs.matrix(rows)
            for place, booster in enumerate(boosters):
                raw[batch, place] = self._raw(booster, matrix)
        return raw

    def contributions(self, X: pd.DataFrame) -> pd.DataFrame:  # noqa: N803
        """Return what each feature adds to the raw score (SHAP values): a column per feature, and `base`.

        Grain: one row per row of X, with its index. Unit: log-odds of a risk, log of an expected count. The columns of
        a row add up to `predict_raw`; this is checked.

        Raises
        ------
        InputError
            A feature of the model is missing, or cannot be read as it was in training.
        ViRiskError
            They do not add up: the model is not to be trusted.

        References
        ----------
        Lundberg SM, et al. From local explanations to global understanding with explainable AI for trees. Nature
        Machine Intelligence, 2020. doi:10.1038/s42256-019-0138-9
        """
        check_is_fitted(self, "booster_")
        table = as_table(X)
        matrix = self._inputs.matrix(table)
        columns = [*self.feature_name_, BASE]
        if matrix.empty:
            return pd.DataFrame(np.empty((0, len(columns))), columns=columns, index=table.index)
        parts = np.asarray(
            self.booster_.predict(matrix, pred_contrib=True, validate_features=True, num_threads=self.num_threads)
        )
        raw = self._raw(self.booster_, matrix)
        apart = np.abs(parts.sum(axis=1) - raw)
        if astray := int((apart > _ADD_UP_TOLERANCE * (1 + np.abs(raw))).sum()):
            msg = (
                f"contributions: in {astray} of {len(table)} rows they do not add up to the raw score. "
                "Reasons cannot be given from this model; train it again and report this."
            )
            raise ViRiskError(msg)
        return pd.DataFrame(parts, columns=columns, index=table.index)

    def settings(self, inputs: Inputs) -> dict[str, Any]:
        """Return the model's parameters as LightGBM names them."""
        directions = [int(self._directions.get(name, 0)) for name in inputs.names]
        return {
            **self._objective(),
            "num_leaves": self.num_leaves,
            "learning_rate": self.learning_rate,
            "min_child_samples": self.min_child_samples,
            "colsample_bytree": self.colsample,
            "subsample": self.subsample,
            "subsample_freq": int(self.subsample < 1),
            "reg_lambda": self.reg_lambda,
            "max_bin": self.max_bin,
            **({"monotone_constraints": directions} if any(directions) else {}),
            "seed": self.seed,
            "num_threads": self.num_threads,
            "deterministic": True,
            "force_col_wise": True,  # a fifth less work than by rows, for the same trees
            "verbosity": -1,
        }

    def binned(self, inputs: Inputs, matrix: Blocks, outcome: Floats, weight: Floats | None) -> lgb.Dataset:
        """Return the rows as LightGBM trains on them."""
        return BinnedBlocks(
            matrix,
            outcome,
            weight=weight,
            feature_name=inputs.in_booster,
            categorical_feature=[name_in_booster(name) for name in inputs.categories],
            params=self.settings(inputs),
        ).construct()

    def _grow(self, inputs: Inputs, rows: TrainingRows, outcome: Floats, *, strata: NDArray[np.bool_]) -> Grown:
        """Grow the booster of all rows and those of the folds; the model itself stays as it was.

        Without patients, rows are dealt to the folds in equal shares of `strata`.
        """
        matrix, settings, number = inputs.blocks(rows.table), self.settings(inputs), len(rows.table)
        training = self.binned(inputs, matrix, outcome, rows.weight)
        booster = lgb.train(settings, training, num_boost_round=self.n_estimators)
        if not booster.feature_importance().any():
            msg = (
                f"features: in {number} rows none of {len(inputs.names)} columns divides them: each is constant or"
                f" missing, or leaves fewer than min_child_samples ({self.min_child_samples}) rows on a side."
                " Check the features, or train on more patients."
            )
            raise InputError(msg)
        _warn_of_unused(inputs.names, tells_nothing(matrix))
        folds = self.calibration_folds or (2 if number >= _MANY_ROWS else 3)
        some = np.arange(0, number, max(1, number // _COMPARED))
        compared: list[Floats] = []
        unseen_raw = np.empty(number)
        for learning, held_out in folds_apart(strata, rows.groups, folds=folds, seed=self.seed):
            of_fold = lgb.train(settings, training.subset(learning.tolist()), num_boost_round=self.n_estimators)
            unseen_raw[held_out] = self._raw_of(of_fold, inputs, matrix.take(held_out))
            compared.append(self._raw_of(of_fold, inputs, matrix.take(some)))
        return Grown(booster, unseen_raw, _raw_sd(compared))

    def _take(self, inputs: Inputs, grown: Grown, counted: NDArray[np.bool_]) -> None:
        """Become the fitted model, all at once."""
        unseen_raw = np.full(counted.size, np.nan)
        unseen_raw[counted] = grown.unseen_raw
        self.feature_name_ = list(inputs.names)
        self.n_features_in_ = len(inputs.names)
        self.categories_ = {name: list(values) for name, values in inputs.categories.items()}
        self.booster_ = grown.booster
        self.raw_sd_ = grown.raw_sd
        self.unseen_raw_ = unseen_raw

    def _with_calibrator(self, calibrator: Any) -> Self:
        """Return the same trees with another calibrator."""
        moved = copy.copy(self)
        moved.calibrator_ = calibrator
        if hasattr(moved, "unseen_raw_"):  # they were of the rows of training
            del moved.unseen_raw_
        return moved

    @property
    def _inputs(self) -> Inputs:
        return Inputs(self.feature_name_, self.categories_)

    def _objective(self) -> dict[str, Any]:
        raise NotImplementedError

    def _raw(self, booster: lgb.Booster, matrix: pd.DataFrame) -> Floats:
        if matrix.empty:
            return np.empty(0)
        raw = booster.predict(matrix, raw_score=True, validate_features=True, num_threads=self.num_threads)
        return np.asarray(raw, dtype=np.float64)

    def _raw_of(self, booster: lgb.Booster, inputs: Inputs, matrix: Blocks) -> Floats:
        raw = np.empty(len(matrix))
        for start, block in matrix:
            raw[start : start + len(block)] = self._raw(booster, pd.DataFrame(block, columns=inputs.in_booster))
        return raw

    def _parameter_faults(self) -> list[str]:
        faults = []
        for name, (kind, smallest, largest) in _LIMITS.items():
            value = getattr(self, name)
            if name == "calibration_folds" and value is None:
                continue
            number = isinstance(value, kind) and not isinstance(value, bool) and value != np.inf
            if not number or not smallest <= value <= largest:
                wanted = "a whole number" if kind is Integral else "a number"
                upper = "" if largest == np.inf else f" and at most {largest}"
                faults.append(f"{name}: must be {wanted} of at least {smallest}{upper}, got {value!r}.")
        return faults

    @property
    def _directions(self) -> dict[str, Any]:
        """Which way the raw score may go with a feature; its name read as text, as those of the columns are."""
        return {str(name): direction for name, direction in (self.monotone or {}).items()}

    def _monotone_faults(self, inputs: Inputs) -> list[str]:
        given: object = self.monotone
        if given is not None and not isinstance(given, Mapping):
            return [f'monotone: must map features to 1 or -1, such as {{"age": 1}}, got a {type(given).__name__}.']
        faults, directions = [], self._directions
        if unknown := sorted(set(directions) - set(inputs.names)):
            faults.append(f"monotone: names {', '.join(unknown)}, which the features do not hold.")
        if unordered := sorted(set(directions) & set(inputs.categories)):
            faults.append(f"monotone: {', '.join(unordered)} has categories, which have no order.")
        if odd := sorted(
            name
            for name, direction in directions.items()
            if not isinstance(direction, Real) or direction not in (-1, 0, 1)
        ):
            faults.append(f"monotone: the direction of {', '.join(odd)} must be 1 (rises), -1 (falls) or 0.")
        return faults

    def _check_parameters(self, inputs: Inputs) -> None:
        faults = [*self._parameter_faults(), *self._monotone_faults(inputs)]
        if faults:
            raise SpecificationError.of([f"model parameters: {fault}" for fault in faults])


def _warn_of_unused(names: Sequence[str], unused: NDArray[np.bool_]) -> None:
    found = [name for name, nothing in zip(names, unused, strict=True) if nothing]
    if found:
        are = "are" if len(found) > 1 else "is"
        warnings.warn(
            f"features: {', '.join(found)} {are} the same in every row, or missing throughout, and not used.",
            UserWarning,
            stacklevel=4,  # who called fit
        )


def _raw_sd(compared: list[Floats]) -> float:
    """Return the sampling standard deviation of a raw score, root mean square over rows, from the boosters of K folds.

    Boosters i and j differ by the patients of two folds, each a 1 / K of all. A score that is an average of what each
    patient tells has the variance v with all patients, and the two then lie apart with the variance 2 K v / (K - 1)^2.
    Trees change more abruptly than an average where little changes, so that more folds tell too much: on simulated
    samples the answer is right with two folds, an eighth too high with three, a quarter with five.
    """
    folds = len(compared)
    apart = np.mean([np.mean((one - other) ** 2) for one, other in combinations(compared, 2)])
    return float(np.sqrt(apart * (folds - 1) ** 2 / (2 * folds)))
