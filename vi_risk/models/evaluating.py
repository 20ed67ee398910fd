"""Evaluate a model on the test snapshot, beside comparators fitted on the same training rows."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vi_risk.errors import InputError
from vi_risk.models.comparators.for_counts import count_comparator_expectations
from vi_risk.models.comparators.rules import RULE_COLUMNS, Compared, comparator_risks
from vi_risk.models.evidence.already_known import KNOWN_BY, already_known
from vi_risk.models.evidence.attributes import TOLD_BY, attributes_of
from vi_risk.models.evidence.count_evaluation import CountEvaluation, evaluate_counts
from vi_risk.models.evidence.evaluation import Evaluation
from vi_risk.models.evidence.evaluation import evaluate as evaluate_risks
from vi_risk.models.evidence.held_out import grouped_evaluation
from vi_risk.models.evidence.truth import hold_against_truth
from vi_risk.models.learning.blocks import Blocks
from vi_risk.models.learning.calibration import Floats, Rows
from vi_risk.models.learning.counts import CountRegressor
from vi_risk.models.on_snapshots import LearningRows, Model, fit, raw_scores, risks_of, training_rows
from vi_risk.models.reviewed.windows import REVIEW_DAY
from vi_risk.models.spec import ModelSpec
from vi_risk.models.splits import held_out, units
from vi_risk.running.memory import let_go

if TYPE_CHECKING:
    from vi_risk.cohort.index_dates import Role
    from vi_risk.models.snapshots import Snapshots

_LAST_YEAR, _LAST_YEARS_NIGHTS = "emergency_admissions_365d", "emergency_bed_days_365d"
_COUNTS_OF_ADMISSIONS = "emergency_admissions_"
_KNOWN_BY = tuple(name for names in KNOWN_BY.values() for name in names)


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
    model, snapshots
        From `vi_risk.train`, and what it was trained on; the rows of the test are its judges, which began after every
        window of training was over.
    capacity
        Places on the list of each practice, from 1: whom it finds among them is told.
    spec
        The model's: where its split holds out practices, networks or patients, every test row is scored by a model,
        and by comparators, that were fitted without them; practices and networks are told one by one too. None: the
        test comes after training, and nobody is held out.
    true_risk
        Of a synthetic trust, by patient_id, at the test date (`vi_risk.models.evidence.truth.read_truth`): how near
        the model comes to it is told too.

    Returns
    -------
    Evaluation or CountEvaluation
        As the model is one of a risk or of counts. Its numbers are exact, small ones among them: for the data scientist
        alone.

    Raises
    ------
    InputError
        The test snapshot has no event, or nothing but events; or the true risks are not of these patients.

    Examples
    --------
    >>> evaluation = vi_risk.evaluate(model, snapshots, capacity=5)
    >>> sorted(evaluation.comparators)[:2], evaluation.model.auroc > 0.5
    (['admissions_last_year', 'age_and_sex'], True)
    """
    cohort, features = snapshots.people("test"), _narrow(snapshots, "test")
    answers = snapshots.answers("test")
    outcome, weight = (answers[name].to_numpy(dtype=np.float64) for name in ("outcome", "weight"))
    _refuse_one_class(outcome[weight > 0] > 0, snapshots)
    tested = _tested(model, snapshots, spec, features)
    let_go()  # what the comparators learnt from
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
    return risks_of(model, raw_scores(model, snapshots.blocks("test")))


@dataclass(frozen=True, slots=True)
class _Tested:
    """What was predicted for the test rows, by the model and by its comparators."""

    risk: Floats
    raw: Floats
    compared: Compared


def _tested(model: Model, snapshots: "Snapshots", spec: ModelSpec | None, asked: pd.DataFrame) -> _Tested:
    """Return predictions for the test rows, of which `asked` is what rules read.

    Where the split holds people out, they are by models fitted without them.
    """
    test = snapshots.blocks("test")
    # Comparators may read what the model may not.
    rows, learnt = training_rows(snapshots), _narrow(snapshots, "train")
    raw, risk = np.empty(len(test)), np.empty(len(test))
    parts: list[tuple[Rows, Compared]] = []
    for learning, tested in _folds(snapshots, spec):
        chosen = rows if learning is None else rows.take(learning)
        fitted = model
        if learning is not None and spec is not None:
            inputs = [feature.name for feature in spec.inputs(snapshots.catalogue)]
            fitted = fit(spec, snapshots.catalogue, chosen.select(inputs))
        raw[tested] = raw_scores(fitted, test.take(tested))
        risk[tested] = risks_of(fitted, raw[tested])
        let_go()
        of_rules = learnt if learning is None else learnt.iloc[learning]
        compared = _compared(fitted, chosen, of_rules, test.take(tested), asked.iloc[tested], spec)
        parts.append((tested, compared))
    return _Tested(risk, raw, _whole(parts, len(test)))


def _folds(snapshots: "Snapshots", spec: ModelSpec | None) -> Iterator[tuple[Rows | None, Rows]]:
    """Yield the training rows to fit on anew (None: the model as it is) and the test rows to predict."""
    if spec is None or spec.split.by == "time":
        yield None, np.arange(len(snapshots.people("test")))
        return
    yield from held_out(snapshots, spec.split.by, folds=spec.split.folds)


def _compared(
    model: Model, rows: LearningRows, learnt: pd.DataFrame, test: Blocks, asked: pd.DataFrame, spec: ModelSpec | None
) -> Compared:
    """Return what comparators say of test rows; of both there are all features, and a table of what rules read."""
    training, share = rows.known, rows.review_share
    if share is not None:  # a comparator has no such column: it learns from windows without a review
        training = rows.take(np.flatnonzero((rows.weight > 0) & (share == 0)))
        learnt = learnt.loc[(rows.weight > 0) & (share == 0)]
    elif training is not rows:
        learnt = learnt.loc[rows.weight > 0]
    learnt, asked = _with_a_year(learnt), _with_a_year(asked)
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
        all_features=(training.features, test),
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


def _narrow(snapshots: "Snapshots", role: "Role") -> pd.DataFrame:
    """Return of the rows of one role the few features that rules, scores, attributes and lists of the known read."""
    counts = [name for name in snapshots.feature_names if name.startswith(_COUNTS_OF_ADMISSIONS)]
    return snapshots.some(role, [*RULE_COLUMNS, *TOLD_BY, *_KNOWN_BY, _LAST_YEARS_NIGHTS, *counts])


def _with_a_year(features: pd.DataFrame) -> pd.DataFrame:
    """Give the count of last year's admissions; where the records reach back less far, the longest there is."""
    if _LAST_YEAR in features and features[_LAST_YEAR].notna().any():
        return features
    counts = [name for name in features.columns.astype(str) if name.startswith(_COUNTS_OF_ADMISSIONS)]
    shorter = [name for name in counts if features[name].notna().any()]
    return features.assign(**{_LAST_YEAR: features[shorter[-1]]}) if shorter else features


def _refuse_one_class(happened: "np.ndarray[Any, np.dtype[np.bool_]]", snapshots: "Snapshots") -> None:
    if not 0 < happened.sum() < len(happened):
        tested = snapshots.people("test")
        reviewed = int(tested[REVIEW_DAY].notna().sum()) if REVIEW_DAY in tested else 0
        but = f", beside {reviewed:,} whom a team had reviewed and who count for nothing here" if reviewed else ""
        msg = (
            f"test snapshot {snapshots.index_dates.test}: {int(happened.sum())} of {len(happened):,} people had the"
            f" outcome{but}, so nothing can be told apart. Choose another --index-date, or check the admission methods"
            " in the mapping."
        )
        raise InputError(msg)
