"""What a model must beat: simple predictors fitted on its training rows and applied to its test rows.

A comparator is a few named features and a logistic regression of the outcome on them, so that it gives risks that
stand beside the model's in the same table. The regression keeps scikit-learn's mild default ridge on standardised
columns, which is without effect at the size of a practice population and keeps small samples finite.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures, StandardScaler

from vi_risk.errors import InputError
from vi_risk.models.calibration import Floats


@dataclass(frozen=True, slots=True)
class Comparator:
    """A simple predictor: its name, the features that it needs, and the pipeline that learns from them."""

    name: str
    columns: tuple[str, ...]
    pipeline: Callable[[], Pipeline]

    def risks(self, training: pd.DataFrame, y: ArrayLike, test: pd.DataFrame) -> Floats:
        """Return the risks of the test rows after fitting on the training rows and their outcomes.

        Raises
        ------
        InputError
            A column that it needs is missing from either table.
        """
        for table, kind in ((training, "training"), (test, "test")):
            if missing := [name for name in self.columns if name not in table.columns]:
                msg = (
                    f"comparators: {self.name}: needs {', '.join(self.columns)}; the {kind} rows lack "
                    f"{', '.join(missing)}. Add them to the feature groups of the model."
                )
                raise InputError(msg)
        fitted = self.pipeline().fit(self._numbers(training), np.asarray(y, dtype=np.float64))
        return np.asarray(fitted.predict_proba(self._numbers(test))[:, 1], dtype=np.float64)

    def _numbers(self, table: pd.DataFrame) -> pd.DataFrame:
        return table[list(self.columns)].astype("Float64").astype(np.float64)


def _age_and_sex() -> Pipeline:
    """Age, its square and its cube (risk is high in infancy and in old age), and sex, with a place for sex unknown."""
    age = make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), PolynomialFeatures(3, include_bias=False))
    sex = SimpleImputer(strategy="constant", fill_value=0.0, add_indicator=True)
    columns = make_column_transformer((age, ["age"]), (sex, ["sex_female"]))
    return make_pipeline(columns, StandardScaler(), LogisticRegression())


def _admissions_last_year() -> Pipeline:
    """Log of 1 + the count, which orders patients as the count does and keeps a very high one from running away."""
    count = FunctionTransformer(np.log1p, feature_names_out="one-to-one")
    return make_pipeline(
        SimpleImputer(strategy="constant", fill_value=0.0), count, StandardScaler(), LogisticRegression()
    )


COMPARATORS: Mapping[str, Comparator] = MappingProxyType(
    {
        comparator.name: comparator
        for comparator in (
            Comparator("age_and_sex", ("age", "sex_female"), _age_and_sex),
            Comparator("admissions_last_year", ("emergency_admissions_365d",), _admissions_last_year),
        )
    }
)


def comparator_risks(training: pd.DataFrame, y: ArrayLike, test: pd.DataFrame) -> dict[str, Floats]:
    """Return the test risks of every comparator, by its name."""
    return {name: comparator.risks(training, y, test) for name, comparator in COMPARATORS.items()}
