"""What a model of counts must beat: age and sex, and the count of last year, by Poisson's regression."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.linear_model import PoissonRegressor
from sklearn.pipeline import Pipeline

from vi_risk.models.comparators.rules import Compared, age_and_sex, points
from vi_risk.models.evidence.weights import weights_of
from vi_risk.models.learning.calibration import Floats

AGE_AND_SEX, LAST_YEAR = "age_and_sex", "last_year"
# A mean of exactly 0 has no logarithm; far below any count that is expected of anyone.
_LEAST = 1e-12


def count_comparator_expectations(
    training: pd.DataFrame,
    y: ArrayLike,
    test: pd.DataFrame,
    *,
    last_year: str,
    weight: ArrayLike | None = None,
) -> Compared:
    """Return the expected counts of the test rows by every comparator that the features allow; the notes say of others.

    Poisson's regression finds the mean of any count, bed days as well: its likelihood need not be right for that.

    Parameters
    ----------
    last_year
        The feature that tells the count of the year before the index date.
    weight
        How much the count of each training row counts; rows of weight 0 take no part.
    """
    given = weights_of(weight, len(training), where="comparators")
    counting = np.ones(len(training), dtype=bool) if given is None else given > 0
    outcome = np.asarray(y, dtype=np.float64)[counting]
    mild = 1 / max(1, int(counting.sum()))  # as mild a ridge as that of the logistic comparators
    learner = PoissonRegressor(alpha=mild, solver="newton-cholesky", max_iter=1000)
    pipelines: Mapping[str, tuple[Pipeline, list[str]]] = {
        AGE_AND_SEX: (age_and_sex(learner), ["age", "sex_female"]),
        LAST_YEAR: (points(learner), [last_year]),
    }
    expected: dict[str, Floats] = {}
    notes: dict[str, str] = {}
    for name, (pipeline, columns) in pipelines.items():
        lacking = [column for column in columns if column not in training.columns or not training[column].notna().any()]
        if lacking:
            notes[name] = f"not computed: the records do not tell {', '.join(lacking)}"
            continue
        fitted = pipeline.fit(
            _numbers(training, columns).loc[counting],
            outcome,
            poissonregressor__sample_weight=None if given is None else given[counting],
        )
        expected[name] = np.maximum(fitted.predict(_numbers(test, columns)), _LEAST)
    if LAST_YEAR in expected:
        notes[LAST_YEAR] = f"learnt from {last_year} alone"
    return Compared(MappingProxyType(expected), MappingProxyType(notes))


def _numbers(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    return table[columns].astype("Float64").astype(np.float64)
