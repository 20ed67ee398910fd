"""What a model must beat: rules and scores that teams use already, and other ways to learn from the same features.

A rule or score is a few named features and a logistic regression of the outcome on them, so that it gives risks that
stand beside the model's in the same table; it ranks as the rule does. The regression keeps scikit-learn's mild default
ridge on standardised columns, which is without effect at the size of a practice population and keeps small samples
finite. What is learnt from all features is in `vi_risk.models.comparators.learners`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures, StandardScaler

from vi_risk.errors import InputError
from vi_risk.models.comparators.learners import LEARNERS
from vi_risk.models.comparators.pilot_flags import FLAGS, RAISED, flags_raised
from vi_risk.models.comparators.published.at_discharge import PUBLISHED
from vi_risk.models.evidence.weights import weights_of
from vi_risk.models.learning.blocks import Blocks, HeldRows
from vi_risk.models.learning.calibration import Floats


@dataclass(frozen=True, slots=True)
class Comparator:
    """A simple predictor: its name, the features that it needs, and the pipeline that learns from them."""

    name: str
    columns: tuple[str, ...]
    pipeline: Callable[[], Pipeline]

    def risks(
        self, training: pd.DataFrame, y: ArrayLike, test: pd.DataFrame, weight: ArrayLike | None = None
    ) -> Floats:
        """Return the risks of the test rows after fitting on the training rows and their outcomes.

        Rows of weight 0, whose outcome is not known, take no part; the others count by their weight.

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
        outcome = np.asarray(y, dtype=np.float64)
        pipeline, inputs = self.pipeline(), self._numbers(training)
        if (given := weights_of(weight, len(training), where=f"comparators: {self.name}")) is not None:
            counts = given > 0
            last = pipeline.steps[-1][0]
            fitted = pipeline.fit(inputs.loc[counts], outcome[counts], **{f"{last}__sample_weight": given[counts]})
        else:
            fitted = pipeline.fit(inputs, outcome)
        return np.asarray(fitted.predict_proba(self._numbers(test))[:, 1], dtype=np.float64)

    def lacks(self, training: pd.DataFrame) -> list[str]:
        """Return the features that it needs and that no training row tells."""
        return [name for name in self.columns if name not in training.columns or not training[name].notna().any()]

    def _numbers(self, table: pd.DataFrame) -> pd.DataFrame:
        return table[list(self.columns)].astype("Float64").astype(np.float64)


@dataclass(frozen=True, slots=True)
class Compared:
    """The test risks of every comparator that could be fitted, and what a reader must know of it, both by its name."""

    risks: Mapping[str, Floats]
    notes: Mapping[str, str]


def age_and_sex(learner: BaseEstimator) -> Pipeline:
    """Age, its square and its cube (risk is high in infancy and in old age), and sex, with a place for sex unknown."""
    age = make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), PolynomialFeatures(3, include_bias=False))
    sex = SimpleImputer(strategy="constant", fill_value=0.0, add_indicator=True)
    columns = make_column_transformer((age, ["age"]), (sex, ["sex_female"]))
    return make_pipeline(columns, StandardScaler(), learner)


def points(learner: BaseEstimator) -> Pipeline:
    """Log of 1 + the points, which orders patients as the points do and keeps very many from running away."""
    log_points = FunctionTransformer(np.log1p, feature_names_out="one-to-one")
    return make_pipeline(SimpleImputer(strategy="constant", fill_value=0.0), log_points, StandardScaler(), learner)


def _age_and_sex() -> Pipeline:
    return age_and_sex(LogisticRegression())


def _points() -> Pipeline:
    return points(LogisticRegression())


def _value() -> Pipeline:
    """The value as it is: a log-odds, or points that rise with it evenly."""
    return make_pipeline(StandardScaler(), LogisticRegression())


COMPARATORS: Mapping[str, Comparator] = MappingProxyType(
    {
        comparator.name: comparator
        for comparator in (
            Comparator("age_and_sex", ("age", "sex_female"), _age_and_sex),
            Comparator("admissions_last_year", ("emergency_admissions_365d",), _points),
            Comparator("three_or_more_emergency_admissions", ("three_or_more_emergency_admissions_365d",), _points),
            Comparator("charlson", ("charlson_points_1095d",), _points),
            Comparator("hospital_frailty", ("hospital_frailty_score_730d",), _points),
            Comparator("pilot_flags", (RAISED,), _points),
        )
    }
)


# All that rules and scores read: a table of these does for them, however many features there are.
RULE_COLUMNS = tuple(
    dict.fromkeys(
        name
        for names in (
            *(comparator.columns for comparator in COMPARATORS.values()),
            *(flag.features for flag in FLAGS.values()),
            *(score.features for score in PUBLISHED.values()),
        )
        for name in names
        if name != RAISED
    )
)


def comparator_risks(
    training: pd.DataFrame,
    y: ArrayLike,
    test: pd.DataFrame,
    *,
    patient_id: ArrayLike,
    inputs: Sequence[str] = (),
    all_features: tuple[Blocks, Blocks] | None = None,
    weight: ArrayLike | None = None,
    at_discharge: bool = False,
    seed: int = 0,
) -> Compared:
    """Return the test risks of every comparator that the features allow; the notes say of the others what they lack.

    Parameters
    ----------
    patient_id
        Of the training rows; the learners take a sample in which nobody counts twice where they must be cheap.
    inputs
        Features that the learners may use: those of the model. None leaves the learners out.
    all_features
        The training and the test rows with all features, where `training` and `test` hold `RULE_COLUMNS` alone.
    weight
        How much the outcome of each training row counts; rows of weight 0 take no part.
    at_discharge
        Whether the question is readmission within 30 days of discharge, for which there are published scores: each is
        taken as it was published, and with a line fitted to these records.
    """
    raised = flags_raised(training)
    with_flags = training.assign(**{RAISED: raised.number})
    test_with_flags = test.assign(**{RAISED: flags_raised(test).number})
    risks: dict[str, Floats] = {}
    notes: dict[str, str] = {}
    for name, comparator in COMPARATORS.items():
        if lacking := comparator.lacks(with_flags):
            what = "any of its flags" if lacking == [RAISED] else ", ".join(lacking)
            notes[name] = f"not computed: the records do not tell {what}"
        else:
            risks[name] = comparator.risks(with_flags, y, test_with_flags, weight)
    if "pilot_flags" in risks:
        untold = f"; the records do not tell {', '.join(raised.not_told)}" if raised.not_told else ""
        notes["pilot_flags"] = f"number of flags raised: {', '.join(raised.told)}{untold}"
    for name, score in PUBLISHED.items() if at_discharge else ():
        if lacking := sorted({*score.lacks(training), *score.lacks(test)}):
            notes[name] = f"not computed: the records do not tell {', '.join(lacking)}"
            continue
        fitted_anew = f"{name}_recalibrated"
        recalibrated = Comparator(fitted_anew, (name,), _value)
        values, of_test = (table[[]].assign(**{name: score.values(table)}) for table in (training, test))
        risks[name], notes[name] = score.risks(test), score.note
        risks[fitted_anew] = recalibrated.risks(values, y, of_test, weight)
        notes[fitted_anew] = f"{name} with a line fitted to the training rows"
    learnt, asked = all_features or (_in_blocks(training, inputs), _in_blocks(test, inputs))
    told = learnt.select(inputs).told
    for name, learner in LEARNERS.items() if told else ():
        risks[name], notes[name] = learner(
            learnt.select(told), y, asked.select(told), patient_id=patient_id, weight=weight, seed=seed
        )
    return Compared(MappingProxyType(risks), MappingProxyType(notes))


def _in_blocks(table: pd.DataFrame, inputs: Sequence[str]) -> Blocks:
    return Blocks.of(HeldRows(table[list(inputs)].astype("Float64").astype(np.float64)))
