"""The evidence of one test snapshot: the model and its comparators on the same patients, in the same table."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from vi_risk.errors import InputError
from vi_risk.models import metrics
from vi_risk.models.calibration import Floats
from vi_risk.models.truth import AgainstTruth

# label -> share of all patients, in thousandths: whole numbers, so that rounding up is exact
TOP_SHARES: Mapping[str, int] = MappingProxyType({"0.5%": 5, "1%": 10, "5%": 50})


@dataclass(frozen=True, slots=True)
class Performance:
    """How one set of risks did; None stands for what these patients cannot tell."""

    auroc: float | None
    auroc_interval: tuple[float, float] | None
    auprc: float | None
    brier: float | None
    calibration_in_the_large: float | None
    calibration_slope: float | None
    n: int
    events: int
    at: Mapping[str, metrics.Found]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What evaluation.json holds."""

    model: Performance
    reliability: tuple[metrics.Bin, ...]
    comparators: Mapping[str, Performance]
    truth: AgainstTruth | None = None  # of the synthetic trust alone

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it: {"model": {..., "reliability": [...]}, "comparators": {name: {...}}}.

        Where the true risks were given, "truth" stands beside these two.
        """
        return {
            "model": {**_plain(self.model), "reliability": [asdict(tenth) for tenth in self.reliability]},
            "comparators": {name: _plain(performance) for name, performance in self.comparators.items()},
            **({} if self.truth is None else {"truth": _listed(asdict(self.truth))}),
        }


def evaluate(
    risk: ArrayLike,
    y: ArrayLike,
    *,
    patient_id: ArrayLike,
    practice_code: ArrayLike,
    capacity: int,
    comparators: Mapping[str, ArrayLike],
    raw_score: ArrayLike | None = None,
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

    def performance(values: Floats, tie_break: Floats | None = None) -> Performance:
        order = metrics.rank_order(values, patients, tie_break)
        at = {
            label: metrics.at_top(outcome, order, -(-outcome.size * thousandths // 1000))
            for label, thousandths in TOP_SHARES.items()
        }
        at["capacity"] = metrics.at_capacity(outcome, order, practices, capacity)
        return Performance(
            auroc=metrics.auroc(values, outcome),
            auroc_interval=metrics.auroc_interval(values, outcome),
            auprc=metrics.auprc(values, outcome),
            brier=metrics.brier(values, outcome),
            calibration_in_the_large=metrics.calibration_in_the_large(values, outcome),
            calibration_slope=metrics.calibration_slope(values, outcome),
            n=outcome.size,
            events=int(outcome.sum()),
            at=MappingProxyType(at),
        )

    return Evaluation(
        model=performance(risks["model"], raw),
        reliability=metrics.reliability(risks["model"], outcome),
        comparators=MappingProxyType({name: performance(risks[f"comparator {name}"]) for name in comparators}),
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


def _plain(performance: Performance) -> dict[str, Any]:
    interval = performance.auroc_interval
    return {
        **{field: getattr(performance, field) for field in Performance.__dataclass_fields__},
        "auroc_interval": None if interval is None else list(interval),
        "at": {label: asdict(found) for label, found in performance.at.items()},
    }


def _listed(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in content.items()}
