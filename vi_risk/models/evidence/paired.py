"""Two models on the same patients: what the first finds and gains more than the second, and how sure that is."""

import numpy as np
from numpy.typing import ArrayLike

from vi_risk.errors import InputError
from vi_risk.models.evidence.count_evaluation import evaluate_counts
from vi_risk.models.evidence.lists import CAPACITY, lists_of
from vi_risk.models.evidence.resampling import RESAMPLES, Difference, Predictor, resample
from vi_risk.models.evidence.tested_rows import RISKS, check_tested
from vi_risk.models.learning.calibration import Floats

# figure of a comparison -> as the resamples call it
_FIGURES = {
    "true_cases": f"true_cases.{CAPACITY}",
    "net_benefit": "net_benefit",
    "auroc": "auroc",
    "brier": "brier",
}


def paired(
    risk_a: ArrayLike,
    risk_b: ArrayLike,
    y: ArrayLike,
    *,
    practice_code: ArrayLike,
    patient_id: ArrayLike,
    capacity: int,
    threshold: float,
    weight: ArrayLike | None = None,
    raw_a: ArrayLike | None = None,
    raw_b: ArrayLike | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Difference]:
    """Return figure -> a's less b's, with a 95 % interval from drawing patients again, the same ones for both.

    The figures are ``"true_cases"`` (found when each lists as many in each practice), ``"net_benefit"`` (per patient,
    of acting from `threshold` on), ``"auroc"`` and ``"brier"``, of which less is better. Identical risks differ by 0,
    from 0 to 0. The lists stay as they were made (`vi_risk.models.evidence.resampling.resample`).

    Parameters
    ----------
    risk_a, risk_b, y
        Both risks and the outcome (0 or 1) of each patient.
    practice_code, capacity
        On whose list the patient would stand, and the places that it has.
    weight
        How much each outcome counts; true cases are then sums of weights.
    raw_a, raw_b
        Raw scores, which break ties of the risks; those that stay go by patient_id.

    Raises
    ------
    InputError
        Columns differ in length, a value is missing or out of range, a patient occurs twice, capacity is below 1 or the
        threshold not inside 0 to 1.
    """
    if not 0 < threshold < 1:
        msg = f"evaluation: threshold must be a risk inside 0 to 1, got {threshold}."
        raise InputError(msg)
    outcome = np.asarray(y, dtype=np.float64)
    patients, practices = np.asarray(patient_id), np.asarray(practice_code)
    risks = {"risk a": np.asarray(risk_a, dtype=np.float64), "risk b": np.asarray(risk_b, dtype=np.float64)}
    raws = {
        name: None if raw is None else np.asarray(raw, dtype=np.float64)
        for name, raw in zip(risks, (raw_a, raw_b), strict=True)
    }
    check_tested(
        RISKS,
        risks,
        outcome,
        patients=patients,
        practices=practices,
        capacity=capacity,
        weight=weight,
        others={f"raw score of {name}": raw for name, raw in raws.items()},
    )

    def predictor(risk: Floats, raw: Floats | None) -> Predictor:
        lists = lists_of(risk, patient_id=patients, practice_code=practices, capacity=capacity, raw_score=raw)
        return Predictor(risk, {CAPACITY: lists[CAPACITY]})

    a, b = (predictor(risks[name], raws[name]) for name in risks)
    drawn = resample(a, {"b": b}, outcome, threshold=threshold, weight=weight, seed=seed, resamples=resamples)
    return {figure: drawn.differences["b"][name] for figure, name in _FIGURES.items()}


def paired_counts(
    expected_a: ArrayLike,
    expected_b: ArrayLike,
    y: ArrayLike,
    *,
    practice_code: ArrayLike,
    patient_id: ArrayLike,
    weight: ArrayLike | None = None,
    power: float = 1.0,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Difference]:
    """Return figure -> a's less b's of expected counts, with a 95 % interval from drawing patients again.

    The figures are ``"deviance_explained"`` and ``"rank_correlation"``.

    Parameters
    ----------
    expected_a, expected_b, y
        Both expected counts, above 0, and the count that came, of each patient.
    power
        As of `vi_risk.models.evidence.count_evaluation.evaluate_counts`.

    Raises
    ------
    InputError
        Columns differ in length, a value is missing or out of range, or a patient occurs twice.
    """
    found = evaluate_counts(
        expected_a,
        y,
        patient_id=patient_id,
        practice_code=practice_code,
        capacity=1,  # of lists that nobody makes by counts
        comparators={"b": expected_b},
        weight=weight,
        power=power,
        resamples=resamples,
        seed=seed,
    ).differences["b"]
    return {figure: found[figure] for figure in ("deviance_explained", "rank_correlation")}
