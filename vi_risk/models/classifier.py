"""The risk model: gradient boosted trees with calibrated risks, behind the scikit-learn estimator contract.

One booster makes every prediction, so the contributions of the features add up to its raw score; the boosters of the
calibration folds only show how far its scores can be trusted on patients that trees did not see.
"""

import re
from numbers import Integral, Real
from typing import Any, Self

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from vi_risk.errors import InputError, SpecificationError, ViRiskError
from vi_risk.models.calibration import Floats, SigmoidCalibrator, folds_apart

BASE = "base"  # the column of contributions that belongs to no feature
_ADD_UP_TOLERANCE = 1e-6
_REFUSED_BY_LIGHTGBM = re.compile(r'[\s",:\[\]{}]')

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


class RiskClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Risk of a yes-or-no outcome from a table of features: numbers, booleans and pandas categories.

    A missing value stays missing and is learnt from; it is never filled. A category that training did not hold counts
    as missing. The same parameters and rows give the same model text on the same machine.

    Parameters
    ----------
    n_estimators, num_leaves, learning_rate, min_child_samples, reg_lambda, max_bin
        As in LightGBM.
    colsample, subsample
        Share of the features, and of the rows, that each tree may use.
    calibration_folds
        Number of parts of the training patients, each scored by trees grown on the others, on which the calibration
        is fitted.
    min_events
        Fewer events, or fewer non-events, than this are refused.
    seed
        Of the random draws of features, rows and folds.
    num_threads
        Fixed, because the order of additions depends on it.

    Attributes
    ----------
    classes_
        The two outcomes in sorted order; the second one is the event.
    feature_name_
        Names of the features in the order of training.
    categories_
        Values of each categorical feature, by its name.
    booster_
        The LightGBM booster that makes the predictions.
    calibrator_
        Turns its raw scores into risks.
    """

    def __init__(
        self,
        *,
        n_estimators: int = 300,
        num_leaves: int = 31,
        learning_rate: float = 0.05,
        min_child_samples: int = 50,
        colsample: float = 0.5,
        subsample: float = 1.0,
        reg_lambda: float = 1.0,
        max_bin: int = 255,
        calibration_folds: int = 3,
        min_events: int = 50,
        seed: int = 1,
        num_threads: int = 2,
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
        self.seed = seed
        self.num_threads = num_threads

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that there are two classes, and that values may be missing."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: pd.DataFrame, y: ArrayLike, groups: ArrayLike | None = None) -> Self:  # noqa: N803
        """Return the model fitted to one row of features and one outcome each.

        Parameters
        ----------
        X
            One column per feature.
        y
            Two values, the greater one for an event (0 and 1, or booleans).
        groups
            The patient of each row: all rows of a patient then stay in one calibration fold.

        Raises
        ------
        InputError
            The outcome holds one class or too few events, a column cannot be a feature, or values are infinite.
        SpecificationError
            A parameter is out of its range; all such parameters are told.
        """
        self._check_parameters()
        table = _as_table(X)
        outcome = self._learn_outcome(y, rows=len(table))
        self._learn_features(table)
        matrix = self._matrix(table)
        training = lgb.Dataset(
            matrix,
            outcome,
            feature_name=list(matrix.columns),
            categorical_feature=[_name_in_booster(name) for name in self.categories_],
            params=self._settings(),
        ).construct()
        unseen_raw = np.empty(len(table))
        folds = folds_apart(outcome, groups, folds=self.calibration_folds, seed=self.seed)
        for learning, held_out in folds:
            booster = self._grow(training.subset(learning.tolist()))
            unseen_raw[held_out] = self._raw(booster, matrix.iloc[held_out])
        self.calibrator_ = SigmoidCalibrator.fit(unseen_raw, outcome)
        self.booster_ = self._grow(training)
        return self

    def predict_raw(self, X: pd.DataFrame) -> Floats:  # noqa: N803
        """Return the booster's raw scores, log-odds before calibration; they rank patients without ties of rounding."""
        check_is_fitted(self, "booster_")
        return self._raw(self.booster_, self._matrix(_as_table(X)))

    def predict_proba(self, X: pd.DataFrame) -> Floats:  # noqa: N803
        """Return calibrated probabilities, shape (rows, 2): of no event, and of the event (the risk).

        Columns may stand in any order and others may stand among them.

        Raises
        ------
        InputError
            A feature of the model is missing, or cannot be read as it was in training.
        """
        raw = self.predict_raw(X)
        risk = self.calibrator_.predict(raw)
        return np.column_stack([1 - risk, risk])

    def predict(self, X: pd.DataFrame) -> NDArray[Any]:  # noqa: N803
        """Return the likelier class; for a rare outcome that is hardly ever the event, so rank by risk instead."""
        likelier = (self.predict_proba(X)[:, 1] > 0.5).astype(int)
        return np.asarray(self.classes_[likelier])

    def contributions(self, X: pd.DataFrame) -> pd.DataFrame:  # noqa: N803
        """Return what each feature adds to the raw score (SHAP values): a column per feature, and `base`.

        Grain: one row per row of X, with its index. The columns of a row add up to `predict_raw`; this is checked.

        References
        ----------
        Lundberg SM, et al. From local explanations to global understanding with explainable AI for trees. Nature
        Machine Intelligence, 2020. doi:10.1038/s42256-019-0138-9
        """
        check_is_fitted(self, "booster_")
        table = _as_table(X)
        matrix = self._matrix(table)
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

    def _settings(self) -> dict[str, Any]:
        return {
            "objective": "binary",
            "num_leaves": self.num_leaves,
            "learning_rate": self.learning_rate,
            "min_child_samples": self.min_child_samples,
            "colsample_bytree": self.colsample,
            "subsample": self.subsample,
            "subsample_freq": int(self.subsample < 1),
            "reg_lambda": self.reg_lambda,
            "max_bin": self.max_bin,
            "seed": self.seed,
            "num_threads": self.num_threads,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        }

    def _grow(self, training: lgb.Dataset) -> lgb.Booster:
        return lgb.train(self._settings(), training, num_boost_round=self.n_estimators)

    def _raw(self, booster: lgb.Booster, matrix: pd.DataFrame) -> Floats:
        if matrix.empty:
            return np.empty(0)
        raw = booster.predict(matrix, raw_score=True, validate_features=True, num_threads=self.num_threads)
        return np.asarray(raw, dtype=np.float64)

    def _check_parameters(self) -> None:
        faults = []
        for name, (kind, smallest, largest) in _LIMITS.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, kind) or not smallest <= value <= largest:
                number = "a whole number" if kind is Integral else "a number"
                upper = "" if largest == np.inf else f" and at most {largest}"
                faults.append(
                    f"model parameters: {name}: must be {number} of at least {smallest}{upper}, got {value!r}."
                )
        if faults:
            raise SpecificationError.of(faults)

    def _learn_outcome(self, y: ArrayLike, *, rows: int) -> NDArray[np.float64]:
        given = pd.Series(np.asarray(y).reshape(-1))
        if len(given) != rows:
            msg = f"outcome: expected one value for each of {rows} rows, found {len(given)}."
            raise InputError(msg)
        if missing := int(given.isna().sum()):
            msg = f"outcome: {missing} of {rows} rows have none. Leave out rows whose outcome is not known."
            raise InputError(msg)
        self.classes_, numbers = np.unique(given.to_numpy(), return_inverse=True)
        if len(self.classes_) != 2:
            msg = (
                f"outcome: expected two classes, found {len(self.classes_)} in {rows} rows. "
                "Check the outcome's definition and that its window lies inside the records."
            )
            raise InputError(msg)
        events = int(numbers.sum())
        if min(events, rows - events) < self.min_events:
            msg = (
                f"outcome: expected at least {self.min_events} events and as many non-events, found {events} events "
                f"in {rows} rows. Add patients or index dates, or choose a longer horizon."
            )
            raise InputError(msg)
        return numbers.astype(np.float64)

    def _learn_features(self, table: pd.DataFrame) -> None:
        names = list(table.columns)
        if not names:
            msg = "features: expected at least one column, found none."
            raise InputError(msg)
        if BASE in names:
            msg = f"features: the name {BASE} is kept for what belongs to no feature. Rename that column."
            raise InputError(msg)
        in_booster = [_name_in_booster(name) for name in names]
        if alike := sorted({name for name in names if in_booster.count(_name_in_booster(name)) > 1}):
            msg = f"features: these names are the same, or are so without punctuation: {', '.join(alike)}. Rename them."
            raise InputError(msg)
        self.feature_name_ = names
        self.n_features_in_ = len(names)
        self.categories_ = {
            name: table[name].cat.categories.tolist()
            for name in names
            if isinstance(table[name].dtype, pd.CategoricalDtype)
        }
        if unfit := [name for name, values in self.categories_.items() if not all(map(_is_plain, values))]:
            msg = f"features: the categories of {', '.join(unfit)} must be text, whole numbers or booleans."
            raise InputError(msg)

    def _matrix(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the model's features as numbers, in the order and under the names that the booster knows."""
        if missing := [name for name in self.feature_name_ if name not in table.columns]:
            msg = (
                f"features: {len(missing)} of the model's {len(self.feature_name_)} columns are missing: "
                f"{', '.join(missing)}. Add them; a value that is not known may be empty."
            )
            raise InputError(msg)
        values = np.empty((len(table), len(self.feature_name_)))
        faults = []
        for position, name in enumerate(self.feature_name_):
            try:
                values[:, position] = self._numbers(name, table[name])
            except (TypeError, ValueError):  # whose text would show a patient's value
                faults.append(f"{name} (holds {table[name].dtype})")
        if faults:
            msg = (
                f"features: expected numbers, booleans or categories, found other values in {', '.join(faults)}. "
                "Turn text into a pandas category and a date into a number of days."
            )
            raise InputError(msg)
        infinite = np.isinf(values).sum(axis=0)
        if infinite.any():
            found = [f"{self.feature_name_[i]} ({infinite[i]} rows)" for i in np.flatnonzero(infinite)]
            msg = f"features: infinite values in {', '.join(found)}. Leave a value that is not known empty."
            raise InputError(msg)
        return pd.DataFrame(values, columns=[_name_in_booster(name) for name in self.feature_name_], copy=False)

    def _numbers(self, name: str, column: pd.Series) -> Floats:
        if name in self.categories_:
            codes = pd.Index(self.categories_[name], dtype=object).get_indexer(pd.Index(column.astype(object)))
            return np.where(codes < 0, np.nan, codes)
        if column.isna().all():  # a table that the site does not have
            return np.full(len(column), np.nan)
        if not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)):
            raise TypeError(name)
        return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _as_table(features: pd.DataFrame | ArrayLike) -> pd.DataFrame:
    if isinstance(features, pd.DataFrame):
        table = features.set_axis([str(name) for name in features.columns], axis=1)
    else:
        values = np.asarray(features)
        if values.ndim != 2:
            msg = f"features: expected a table of rows and columns, found {values.ndim} dimensions."
            raise InputError(msg)
        table = pd.DataFrame(values, columns=[f"x{position}" for position in range(values.shape[1])])
    if not table.columns.is_unique:
        repeated = sorted(set(table.columns[table.columns.duplicated()]))
        msg = f"features: column names occur more than once: {', '.join(repeated)}. Keep one column of each name."
        raise InputError(msg)
    return table


def _name_in_booster(name: str) -> str:
    return _REFUSED_BY_LIGHTGBM.sub("_", name)


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int)
