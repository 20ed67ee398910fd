"""Other ways to learn from all features that the model has, kept cheap: what the choice of learner is worth."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegressionCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from vi_risk.models.evidence.weights import weights_of
from vi_risk.models.learning.blocks import Blocks
from vi_risk.models.learning.calibration import Floats, Rows
from vi_risk.models.one_thread import one_thread

# Rows that a learner sees at most; measured, more of them move the AUROC by less than its interval.
MOST_PEOPLE, MOST_ROWS = 20_000, 40_000
# Inverse strengths of the penalty, tried at the full sample; the one of least log loss on people held out is taken.
_STRENGTHS = (0.003, 0.01, 0.03)
_BATCH = 5_000  # rows predicted at once, each prepared in a few copies

Learner = Callable[..., tuple[Floats, str]]


def l1_logistic_regression(
    training: pd.DataFrame | Blocks,
    y: ArrayLike,
    test: pd.DataFrame | Blocks,
    *,
    patient_id: ArrayLike,
    weight: ArrayLike | None = None,
    seed: int,
) -> tuple[Floats, str]:
    """Return test risks of a logistic regression with an L1 penalty, and what it was fitted on.

    Features are standardised; a missing value is the mean, and a column of its own says that it was missing. One row
    of each person, drawn at random, so that people held out to choose the penalty are strangers to it.

    References
    ----------
    Reps JM, et al. JAMIA, 2018. doi:10.1093/jamia/ocy032 (PatientLevelPrediction fits it by default)
    """
    given = weights_of(weight, len(training), where="comparators: l1_logistic_regression")
    counting = _counting(given, len(training))
    rows = counting[one_row_each(np.asarray(patient_id)[counting], most=MOST_PEOPLE, seed=seed)]
    columns, inputs = _told(training, rows)
    prepared = make_pipeline(SimpleImputer(strategy="mean", add_indicator=True), StandardScaler(copy=False))
    regression = LogisticRegressionCV(
        Cs=[strength * MOST_PEOPLE / rows.size for strength in _STRENGTHS],
        l1_ratios=(1.0,),
        solver="liblinear",
        scoring="neg_log_loss",
        cv=3,
        tol=1e-3,
        max_iter=1000,
        random_state=seed,
        use_legacy_attributes=False,
    )
    with one_thread():
        # Prepared apart, and row by row as liblinear reads it: a pipeline would hold each step of it while it learns.
        inputs = np.ascontiguousarray(prepared.fit_transform(inputs))
        regression.fit(inputs, np.asarray(y)[rows], sample_weight=None if given is None else given[rows])
        weights = regression.coef_
        return _risks(lambda table: regression.predict_proba(prepared.transform(table)), test, columns), (
            f"{int((weights != 0).sum())} of {weights.size} columns kept, missing indicators among them; fitted on one"
            f" row each of {rows.size:,} people, of {len(training):,} training rows"
        )


def hist_gradient_boosting(
    training: pd.DataFrame | Blocks,
    y: ArrayLike,
    test: pd.DataFrame | Blocks,
    *,
    patient_id: ArrayLike,  # noqa: ARG001 -- the trees are not tuned, so nobody is held out
    weight: ArrayLike | None = None,
    seed: int,
) -> tuple[Floats, str]:
    """Return test risks of scikit-learn's gradient boosting, untuned, and what it was fitted on."""
    given = weights_of(weight, len(training), where="comparators: hist_gradient_boosting")
    counting = _counting(given, len(training))
    drawn = np.random.default_rng(seed).permutation(counting.size)[:MOST_ROWS]
    rows = counting[np.sort(drawn)]
    columns, inputs = _told(training, rows)
    trees = HistGradientBoostingClassifier(
        learning_rate=0.08,
        max_iter=60,
        max_leaf_nodes=15,
        max_features=0.3,
        early_stopping=False,
        random_state=seed,
    )
    with one_thread():  # its threads wait for one another in a loop, which starves a busy machine
        trees.fit(inputs, np.asarray(y)[rows], sample_weight=None if given is None else given[rows])
        return _risks(trees.predict_proba, test, columns), (
            f"60 trees on {len(columns)} features; fitted on {rows.size:,} of {len(training):,} training rows"
        )


LEARNERS: Mapping[str, Learner] = MappingProxyType(
    {"l1_logistic_regression": l1_logistic_regression, "hist_gradient_boosting": hist_gradient_boosting}
)


def one_row_each(patient_id: ArrayLike, *, most: int, seed: int) -> Rows:
    """Return one row of each patient drawn at random, of `most` patients at most, in the order of the rows."""
    mixed = np.random.default_rng(seed).permutation(np.asarray(patient_id).size)
    first = ~pd.Series(np.asarray(patient_id)[mixed]).duplicated().to_numpy()
    return np.sort(mixed[first][:most])


def _counting(weight: Floats | None, rows: int) -> Rows:
    """Return the rows whose outcome is known."""
    return np.arange(rows) if weight is None else np.flatnonzero(weight > 0)


def _told(training: pd.DataFrame | Blocks, rows: Rows) -> tuple[list[str], Floats]:
    """Return the columns that the chosen rows tell at all, and their values."""
    if isinstance(training, Blocks):
        told = training.take(rows).told
        return told, training.take(rows).select(told).table().to_numpy()  # floats as they are, held once
    chosen = training.iloc[rows]
    columns = [str(name) for name in chosen.columns[chosen.notna().any()]]
    return columns, _numbers(chosen[columns])


def _numbers(table: pd.DataFrame) -> Floats:
    return table.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)


def _risks(predict_proba: Callable[[Floats], Floats], test: pd.DataFrame | Blocks, columns: Sequence[str]) -> Floats:
    def batch(rows: slice) -> Floats:
        if isinstance(test, Blocks):
            return test.select(columns).values(rows.start, min(rows.stop, len(test)))
        return _numbers(test[list(columns)].iloc[rows])

    batches = (batch(slice(start, start + _BATCH)) for start in range(0, len(test), _BATCH))
    return np.concatenate([predict_proba(rows)[:, 1] for rows in batches])
