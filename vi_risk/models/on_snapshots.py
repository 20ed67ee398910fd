"""Train, evaluate and score a model on snapshots: the verbs of the library."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vi_risk.errors import InputError
from vi_risk.models.already_known import already_known
from vi_risk.models.attributes import attributes_of
from vi_risk.models.calibration import log_odds_of
from vi_risk.models.classifier import RiskClassifier
from vi_risk.models.comparators import comparator_risks
from vi_risk.models.evaluation import Evaluation
from vi_risk.models.evaluation import evaluate as evaluate_risks
from vi_risk.models.spec import ModelSpec
from vi_risk.models.truth import hold_against_truth

if TYPE_CHECKING:
    from vi_risk.models.snapshots import Snapshots

# Rows scored at once: bounds memory, and has no effect on any score.
_BATCH = 200_000


def train(snapshots: "Snapshots", spec: ModelSpec) -> RiskClassifier:
    """Return a calibrated model fitted on the training snapshots.

    All rows of a patient stay in one calibration fold. Features that are missing for everyone in training are left
    out: nothing can be learnt from them.

    Raises
    ------
    InputError
        The outcome has one class or too few events.
    """
    cohort, features = snapshots.rows("train")
    inputs = [feature.name for feature in spec.inputs(snapshots.catalogue)]
    seen = features[inputs]
    seen = seen.loc[:, seen.notna().any()]
    if seen.shape[1] == 0:
        msg = (
            f"{spec.name}: no feature of the spec can be built from these records."
            " Look at `vi-risk check` for what they lack."
        )
        raise InputError(msg)
    model = RiskClassifier(**spec.learner.model_dump(), seed=spec.seed)
    return model.fit(seen, cohort["outcome"].to_numpy(), groups=cohort["patient_id"].to_numpy())


def evaluate(
    model: RiskClassifier,
    snapshots: "Snapshots",
    *,
    capacity: int = 20,
    true_risk: "pd.Series[float] | None" = None,
) -> Evaluation:
    """Return how the model did on the test snapshot, beside comparators fitted on the same training rows.

    Parameters
    ----------
    true_risk
        Of a synthetic trust, by patient_id, at the test date (`vi_risk.models.truth.read_truth`): how near the model
        comes to it is told too.

    Raises
    ------
    InputError
        The test snapshot has no event, or nothing but events; or the true risks are not of these patients.
    """
    training, training_features = snapshots.rows("train")
    cohort, features = snapshots.rows("test")
    outcome = cohort["outcome"].to_numpy()
    if not 0 < outcome.sum() < len(outcome):
        msg = (
            f"test snapshot {snapshots.index_dates.test}: {int(outcome.sum())} of {len(outcome):,} people had the"
            " outcome, so nothing can be told apart. Choose another --index-date, or check the admission methods in the"
            " mapping."
        )
        raise InputError(msg)
    raw = _raw(model, features)
    risk = model.calibrator_.predict(raw)
    compared = comparator_risks(
        _with_a_year(training_features),
        training["outcome"].to_numpy(),
        _with_a_year(features),
        patient_id=training["patient_id"].to_numpy(),
        inputs=model.feature_name_,
        seed=model.seed,
    )
    evaluation = evaluate_risks(
        risk,
        outcome,
        patient_id=cohort["patient_id"].to_numpy(),
        practice_code=cohort["practice_code"].to_numpy(),
        capacity=capacity,
        comparators=compared.risks,
        raw_score=raw,
        attributes=attributes_of(cohort, features),
        known=already_known(_with_a_year(features)),
        notes=compared.notes,
        seed=model.seed,
    )
    if true_risk is None:
        return evaluation
    truth = hold_against_truth(risk, outcome, cohort["patient_id"], true_risk, seed=model.seed)
    return replace(evaluation, truth=truth)


def _with_a_year(features: pd.DataFrame) -> pd.DataFrame:
    """Give the count of last year's admissions; where the records reach back less far, the longest there is."""
    year = "emergency_admissions_365d"
    if year in features and features[year].notna().any():
        return features
    counts = [name for name in features.columns.astype(str) if name.startswith("emergency_admissions_")]
    shorter = [name for name in counts if features[name].notna().any()]
    return features.assign(**{year: features[shorter[-1]]}) if shorter else features


def score(model: RiskClassifier, snapshots: "Snapshots") -> pd.DataFrame:
    """Return the risk of everyone eligible at the date of the list.

    Returns
    -------
    DataFrame
        One row per patient by rank: patient_id, index_date, risk (probability, 0 to 1), rank (1 is the highest risk;
        ties of risk go by raw score, then by patient_id).
    """
    cohort, features = snapshots.rows("list")
    raw = _raw(model, features)
    scores = cohort[["patient_id", "index_date"]].assign(risk=model.calibrator_.predict(raw), raw=raw)
    scores = scores.sort_values(["raw", "patient_id"], ascending=[False, True], kind="stable", ignore_index=True)
    return scores.drop(columns="raw").assign(rank=np.arange(1, len(scores) + 1))


def importance(model: RiskClassifier, features: pd.DataFrame, *, seed: int, most: int = 2000) -> pd.DataFrame:
    """Return contributions of a random sample of rows: one row each, a column per feature; for the global pictures."""
    generator = np.random.default_rng(seed)
    chosen = np.sort(generator.choice(len(features), size=min(most, len(features)), replace=False))
    return model.contributions(features.iloc[chosen])[model.feature_name_]


def _raw(model: RiskClassifier, features: pd.DataFrame) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    batches = [model.predict_raw(features.iloc[start : start + _BATCH]) for start in range(0, len(features), _BATCH)]
    return np.concatenate(batches) if batches else log_odds_of(np.empty(0))
