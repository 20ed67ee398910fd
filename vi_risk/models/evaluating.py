"""Evaluate a model on the test snapshot, beside comparators fitted on the same training rows."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vi_risk.errors import InputError
from vi_risk.models.comparators.for_counts import count_comparator_expectations
from vi_risk.models.comparators.rules import Compared, comparator_risks
from vi_risk.models.evidence.already_known import already_known
from vi_risk.models.evidence.attributes import attributes_of
from vi_risk.models.evidence.count_evaluation import CountEvaluation, evaluate_counts
from vi_risk.models.evidence.evaluation import Evaluation
from vi_risk.models.evidence.evaluation import evaluate as evaluate_risks
from vi_risk.models.evidence.held_out import grouped_evaluation
from vi_risk.models.evidence.truth import hold_against_truth
from vi_risk.models.learning.calibration import Floats, Rows
from vi_risk.models.learning.counts import CountRegressor
from vi_risk.models.on_snapshots import LearningRows, Model, fit, raw_scores, risks_of, training_rows
from vi_risk.models.spec import ModelSpec
from vi_risk.models.splits import held_out, units

if TYPE_CHECKING:
    from vi_risk.models.snapshots import Snapshots

_LAST_YEAR, _LAST_YEARS_NIGHTS = "emergency_admissions_365d", "emergency_bed_days_365d"


def evaluate(
    model: Model,
    snapshots: "Snapshots",
    *,
    capacity: int = 20,
    spec: ModelSpec | None = None,
    true_risk: "pd.Series[float] | None" = None,
) -> Evaluation | CountEvaluation:
    """Return how the model did on the test snapshot, beside comparators fitted on the same training rows.

    Parameters
    ----------
    spec
        The model's: where its split holds out practices, networks or patients, every test row is scored by a model,
        and by comparators, that were fitted without them; practices and networks are told one by one too. None: the
        test comes after training, and nobody is held out.
    true_risk
        Of a synthetic trust, by patient_id, at the test date (`vi_risk.models.evidence.truth.read_truth`): how near
        the model comes to it is told too.

    Raises
    ------
    InputError
        The test snapshot has no event, or nothing but events; or the true risks are not of these patients.
    """
    cohort, features = snapshots.rows("test")
    answers = snapshots.answers("test")
    outcome, weight = (answers[name].to_numpy(dtype=np.float64) for name in ("outcome", "weight"))
    _refuse_one_class(outcome[weight > 0] > 0, snapshots)
    tested = _tested(model, snapshots, spec)
    common: dict[str, Any] = {
        "patient_id": cohort["patient_id"].to_numpy(),
        "practice_code": cohort["practice_code"].to_numpy(),
        "capacity": capacity,
        "comparators": tested.compared.risks,
        "raw_score": tested.raw,
        "attributes": attributes_of(cohort, features),
        "notes": tested.compared.notes,
        "weight": weight,
        "seed": model.seed,
    }
    if isinstance(model, CountRegressor):
        return evaluate_counts(tested.risk, outcome, power=model.variance_power, **common)
    evaluation = evaluate_risks(
        tested.risk,
        outcome,
        known=already_known(_with_a_year(features)),
        age=cohort["age"].to_numpy() if "age" in cohort else None,
        **common,
    )
    if spec is not None and spec.split.by in ("practice", "network"):
        groups = units(cohort, spec.split.by, snapshots.practices)
        apart = grouped_evaluation(tested.risk, outcome, groups.to_numpy(), weight=weight)
        evaluation = replace(evaluation, held_out={spec.split.by: apart})
    if true_risk is None:
        return evaluation
    truth = hold_against_truth(tested.risk, outcome, cohort["patient_id"], true_risk, weight=weight, seed=model.seed)
    return replace(evaluation, truth=truth)


def predicted(model: Model, snapshots: "Snapshots") -> Floats:
    """Return what the model says of the test rows."""
    _, features = snapshots.rows("test")
    return risks_of(model, raw_scores(model, features))


@dataclass(frozen=True, slots=True)
class _Tested:
    """What was predicted for the test rows, by the model and by its comparators."""

    risk: Floats
    raw: Floats
    compared: Compared


def _tested(model: Model, snapshots: "Snapshots", spec: ModelSpec | None) -> _Tested:
    """Return predictions for the test rows; where the split holds people out, by models fitted without them."""
    _, test = snapshots.rows("test")
    _, training = snapshots.rows("train")
    rows = training_rows(snapshots, training.columns)  # comparators may read what the model may not
    raw, risk = np.empty(len(test)), np.empty(len(test))
    parts: list[tuple[Rows, Compared]] = []
    for learning, tested in _folds(snapshots, spec):
        chosen = rows if learning is None else rows.take(learning)
        fitted = model
        if learning is not None and spec is not None:
            inputs = [feature.name for feature in spec.inputs(snapshots.catalogue)]
            fitted = fit(spec, snapshots.catalogue, replace(chosen, features=chosen.features[inputs]))
        raw[tested] = raw_scores(fitted, test.iloc[tested])
        risk[tested] = risks_of(fitted, raw[tested])
        parts.append((tested, _compared(fitted, chosen.known, test.iloc[tested], spec)))
    return _Tested(risk, raw, _whole(parts, len(test)))


def _folds(snapshots: "Snapshots", spec: ModelSpec | None) -> Iterator[tuple[Rows | None, Rows]]:
    """Yield the training rows to fit on anew (None: the model as it is) and the test rows to predict."""
    if spec is None or spec.split.by == "time":
        cohort, _ = snapshots.rows("test")
        yield None, np.arange(len(cohort))
        return
    yield from held_out(snapshots, spec.split.by, folds=spec.split.folds)


def _compared(model: Model, training: LearningRows, test: pd.DataFrame, spec: ModelSpec | None) -> Compared:
    learnt, asked = _with_a_year(training.features), _with_a_year(test)
    if isinstance(model, CountRegressor):
        last_year = _LAST_YEARS_NIGHTS if spec is not None and spec.outcome == "emergency_bed_days" else _LAST_YEAR
        return count_comparator_expectations(
            learnt, training.outcome, asked, last_year=last_year, weight=training.sample_weight
        )
    return comparator_risks(
        learnt,
        training.outcome,
        asked,
        patient_id=training.patient_id,
        inputs=model.feature_name_,
        weight=training.sample_weight,
        at_discharge=spec is not None and spec.cohort.index == "discharge" and spec.horizon_days == 30,
        seed=model.seed,
    )


def _whole(parts: list[tuple[Rows, Compared]], number: int) -> Compared:
    """Put the predictions of comparators for parts of the test rows together; one that a part lacks is left out."""
    first = parts[0][1]
    risks = {}
    for name in first.risks:
        if all(name in compared.risks for _, compared in parts):
            risks[name] = np.empty(number)
            for tested, compared in parts:
                risks[name][tested] = compared.risks[name]
    return Compared(risks, first.notes)


def _with_a_year(features: pd.DataFrame) -> pd.DataFrame:
    """Give the count of last year's admissions; where the records reach back less far, the longest there is."""
    if _LAST_YEAR in features and features[_LAST_YEAR].notna().any():
        return features
    counts = [name for name in features.columns.astype(str) if name.startswith("emergency_admissions_")]
    shorter = [name for name in counts if features[name].notna().any()]
    return features.assign(**{_LAST_YEAR: features[shorter[-1]]}) if shorter else features


def _refuse_one_class(happened: "np.ndarray[Any, np.dtype[np.bool_]]", snapshots: "Snapshots") -> None:
    if not 0 < happened.sum() < len(happened):
        msg = (
            f"test snapshot {snapshots.index_dates.test}: {int(happened.sum())} of {len(happened):,} people had the"
            " outcome, so nothing can be told apart. Choose another --index-date, or check the admission methods in the"
            " mapping."
        )
        raise InputError(msg)
