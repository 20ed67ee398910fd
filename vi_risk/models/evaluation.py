"""The evidence of one test snapshot: the model and its comparators on the same patients, in the same table."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from vi_risk.errors import InputError
from vi_risk.models import metrics
from vi_risk.models.already_known import IncrementalFinds, Known, incremental_finds
from vi_risk.models.calibration import Floats, Rows
from vi_risk.models.calibration_curve import CalibrationCurve, Point, calibration_curve
from vi_risk.models.decision_curve import DecisionCurve, decision_curve
from vi_risk.models.resampling import RESAMPLES, Difference, Interval, Predictor, resample
from vi_risk.models.subgroups import Subgroup, subgroups
from vi_risk.models.truth import AgainstTruth

# label -> share of all patients, in thousandths: whole numbers, so that rounding up is exact
TOP_SHARES: Mapping[str, int] = MappingProxyType({"0.5%": 5, "1%": 10, "2%": 20, "5%": 50, "10%": 100})
CAPACITY = "capacity"


@dataclass(frozen=True, slots=True)
class Performance:
    """How one set of risks did; None stands for what these patients cannot tell.

    Attributes
    ----------
    auroc_interval
        By DeLong's variance, 95 %; those of the other figures come from resampling (`Evaluation.intervals`).
    at
        Who is found among the top shares of all patients, and among those inside the capacity of each practice.
    incremental_finds
        Of the true cases inside capacity, how many nobody knew of; None where the records do not tell.
    """

    auroc: float | None
    auroc_interval: tuple[float, float] | None
    auprc: float | None
    brier: float | None
    scaled_brier: float | None
    expected_over_observed: float | None
    calibration_in_the_large: float | None
    calibration_slope: float | None
    integrated_calibration_index: float | None
    n: int
    events: int
    at: Mapping[str, metrics.Found]
    incremental_finds: IncrementalFinds | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What evaluation.json holds.

    Attributes
    ----------
    intervals
        Figure of the model, such as ``"auprc"`` or ``"ppv.5%"`` -> 95 % interval from resampling patients.
    differences
        Comparator -> figure -> the model's less the comparator's, with a paired interval.
    notes
        Comparator, computed or not -> what a reader must know of it.
    """

    model: Performance
    reliability: tuple[metrics.Bin, ...]
    calibration_curve: tuple[Point, ...]
    intervals: Mapping[str, Interval | None]
    comparators: Mapping[str, Performance]
    differences: Mapping[str, Mapping[str, Difference]]
    decision_curve: DecisionCurve
    notes: Mapping[str, str] = field(default_factory=dict)
    subgroups: Mapping[str, Mapping[str, Subgroup]] = field(default_factory=dict)
    truth: AgainstTruth | None = None  # of the synthetic trust alone

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it: {"model": {..., "reliability": [...]}, "comparators": {name: {...}}, ...}.

        "subgroups" is attribute -> label -> results. Where the true risks were given, "truth" stands beside these.
        """
        plain: dict[str, Any] = {
            "model": {
                **_plain(self.model),
                "reliability": _plain(self.reliability),
                "calibration_curve": _plain(self.calibration_curve),
                "intervals": _plain(self.intervals),
            },
            "comparators": {
                name: {**_plain(performance), "difference": _plain(self.differences[name])}
                for name, performance in self.comparators.items()
            },
            "comparator_notes": dict(self.notes),
            "decision_curve": _plain(self.decision_curve),
            "subgroups": _plain(self.subgroups),
        }
        return plain if self.truth is None else {**plain, "truth": _plain(self.truth)}


def evaluate(
    risk: ArrayLike,
    y: ArrayLike,
    *,
    patient_id: ArrayLike,
    practice_code: ArrayLike,
    capacity: int,
    comparators: Mapping[str, ArrayLike],
    raw_score: ArrayLike | None = None,
    attributes: Mapping[str, ArrayLike] | None = None,
    known: Known | None = None,
    notes: Mapping[str, str] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Evaluation:
    """Return how the model and its comparators did on the test patients.

    Parameters
    ----------
    risk, y
        The model's risk and the outcome (0 or 1) of each patient.
    patient_id, practice_code
        Who it is, once each, and the practice on whose list the patient would stand.
    capacity
        Patients that each practice's list holds; "capacity" in the result looks at these.
    comparators
        Risks for the same patients from simple predictors, by name.
    raw_score
        Breaks ties of the model's risk; remaining ties, and those of the comparators, go by patient_id as text.
    attributes
        What the patients are told apart by, such as ``"sex"`` -> label of each patient; the model's results for each.
    known
        How someone may be known already -> whether each patient is (`vi_risk.models.already_known`).
    notes
        What a reader must know of a comparator, by its name.
    resamples, seed
        Draws of patients for the intervals, and what they are drawn by.

    Raises
    ------
    InputError
        Columns differ in length, a value is missing or out of range, or a patient occurs twice.
    """
    outcome = np.asarray(y, dtype=np.float64)
    patients = np.asarray(patient_id)
    practices = np.asarray(practice_code)
    risks = {"model": np.asarray(risk, dtype=np.float64)}
    risks |= {f"comparator {name}": np.asarray(values, dtype=np.float64) for name, values in comparators.items()}
    raw = None if raw_score is None else np.asarray(raw_score, dtype=np.float64)
    _check(outcome, patients, practices, risks, raw)
    if capacity < 1:
        msg = f"evaluation: capacity must be at least 1 patient for each practice, got {capacity}."
        raise InputError(msg)

    def predictor(values: Floats, tie_break: Floats | None = None) -> Predictor:
        order = metrics.rank_order(values, patients, tie_break)
        listed: dict[str, Rows] = {
            label: order[: -(-outcome.size * thousandths // 1000)] for label, thousandths in TOP_SHARES.items()
        }
        return Predictor(values, {**listed, CAPACITY: metrics.within_capacity(order, practices, capacity)})

    model = predictor(risks["model"], raw)
    others = {name: predictor(risks[f"comparator {name}"]) for name in comparators}
    inside = model.listed[CAPACITY]
    # the highest threshold at which as many are listed as the lists of all practices hold
    list_threshold = float(np.partition(model.risk, -inside.size)[-inside.size])
    curve = calibration_curve(model.risk, outcome)
    drawn = resample(
        model,
        {name: Predictor(other.risk, {CAPACITY: other.listed[CAPACITY]}) for name, other in others.items()},
        outcome,
        threshold=list_threshold,
        seed=seed,
        resamples=resamples,
    )
    return Evaluation(
        model=_performance(model, outcome, known, curve),
        reliability=metrics.reliability(model.risk, outcome),
        calibration_curve=() if curve is None else curve.points,
        intervals=MappingProxyType(drawn.intervals),
        comparators=MappingProxyType(
            {
                name: _performance(other, outcome, known, calibration_curve(other.risk, outcome))
                for name, other in others.items()
            }
        ),
        differences=MappingProxyType(drawn.differences),
        decision_curve=decision_curve(
            model.risk, {name: other.risk for name, other in others.items()}, outcome, list_threshold=list_threshold
        ),
        notes=MappingProxyType(dict(notes or {})),
        subgroups=subgroups(model.risk, outcome, attributes or {}, listed=inside),
    )


def _performance(
    predictor: Predictor, outcome: Floats, known: Known | None, curve: CalibrationCurve | None
) -> Performance:
    risk = predictor.risk
    return Performance(
        auroc=metrics.auroc(risk, outcome),
        auroc_interval=metrics.auroc_interval(risk, outcome),
        auprc=metrics.auprc(risk, outcome),
        brier=metrics.brier(risk, outcome),
        scaled_brier=metrics.scaled_brier(risk, outcome),
        expected_over_observed=metrics.expected_over_observed(risk, outcome),
        calibration_in_the_large=metrics.calibration_in_the_large(risk, outcome),
        calibration_slope=metrics.calibration_slope(risk, outcome),
        integrated_calibration_index=None if curve is None else curve.integrated_calibration_index,
        n=outcome.size,
        events=int(outcome.sum()),
        at=MappingProxyType({label: metrics.found(outcome, rows) for label, rows in predictor.listed.items()}),
        incremental_finds=incremental_finds(outcome, predictor.listed[CAPACITY], known or {}),
    )


def _check(
    outcome: Floats,
    patients: np.ndarray[Any, Any],
    practices: np.ndarray[Any, Any],
    risks: Mapping[str, Floats],
    raw: Floats | None,
) -> None:
    columns = {"outcome": outcome, "patient_id": patients, "practice_code": practices, **risks}
    if raw is not None:
        columns["raw score"] = raw
    faults = []
    for name, values in columns.items():
        if values.shape != (outcome.size,):
            faults.append(f"{name}: expected {outcome.size} values, one for each patient, found {values.size}")
        elif missing := int(pd.isna(values).sum()):
            faults.append(f"{name}: {missing} of {outcome.size} values are missing")
        elif name in risks and (outside := int(((values < 0) | (values > 1)).sum())):
            faults.append(f"{name}: {outside} of {outcome.size} risks lie outside 0 to 1")
    if not outcome.size:
        faults.append("there are no test patients")
    if odd := int((~np.isin(outcome, (0, 1)) & ~np.isnan(outcome)).sum()):
        faults.append(f"outcome: {odd} of {outcome.size} values are neither 0 nor 1")
    if repeated := int(pd.Series(patients).duplicated().sum()):
        faults.append(f"patient_id: {repeated} rows repeat a patient; a test snapshot has one row for each")
    if faults:
        msg = "\n".join(f"evaluation: {fault}. Check the rows that were scored." for fault in faults)
        raise InputError(msg)


def _plain(value: Any) -> Any:
    """Return a result as JSON knows it: dataclasses and mappings as objects, sequences as lists."""
    if is_dataclass(value):
        return {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    return value
