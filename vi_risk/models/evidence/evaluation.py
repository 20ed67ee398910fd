"""The evidence of one test snapshot: the model and its comparators on the same patients, in the same table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vi_risk.models.evidence import metrics
from vi_risk.models.evidence.age_bands import OfAgeBand, by_age
from vi_risk.models.evidence.already_known import IncrementalFinds, Known, incremental_finds
from vi_risk.models.evidence.as_json import plain
from vi_risk.models.evidence.calibration_curve import CalibrationCurve, Point, calibration_curve
from vi_risk.models.evidence.decision_curve import DecisionCurve, decision_curve
from vi_risk.models.evidence.fairness import Fairness, fairness
from vi_risk.models.evidence.lists import CAPACITY, lists_of
from vi_risk.models.evidence.resampling import RESAMPLES, Difference, Interval, Predictor, resample
from vi_risk.models.evidence.subgroups import Subgroup, subgroups
from vi_risk.models.evidence.tested_rows import RISKS, check_tested
from vi_risk.models.evidence.truth import AgainstTruth
from vi_risk.models.evidence.weights import seen, weights_of
from vi_risk.models.learning.calibration import Floats

# What stands beside the figures of the model and its comparators, where there is any of it.
_FURTHER = ("truth", "by_age", "score_decay", "held_out", "fairness")


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
    n, events
        Everyone tested, and those seen to have the outcome.
    followed, observed
        Those whose outcome is known, and the share who had it: weighted where some are not followed, so that it is the
        Aalen-Johansen estimate.
    """

    auroc: float | None
    auroc_interval: tuple[float, float] | None
    auprc: float | None
    brier: float | None
    scaled_brier: float | None
    observed_over_expected: float | None
    calibration_in_the_large: float | None
    calibration_slope: float | None
    integrated_calibration_index: float | None
    n: int
    events: int
    at: Mapping[str, metrics.Found]
    incremental_finds: IncrementalFinds | None
    followed: int | None = None
    observed: float | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What evaluation.json holds.

    Attributes
    ----------
    model
        How the risks did, and who is found.
    reliability
        Tenths of the patients by risk: predicted beside observed.
    calibration_curve
        The same without tenths, as a smooth curve; empty where the patients are too few.
    comparators
        Name -> how the risks of a simple predictor did.
    decision_curve
        Net benefit of acting on the model, on each comparator, on everyone and on nobody, by threshold.
    subgroups
        Attribute -> label -> how the model did among these patients.
    truth
        How near the risks come to the true ones; of a synthetic trust alone.
    intervals
        Figure of the model, such as ``"auprc"`` or ``"ppv.5%"`` -> 95 % interval from resampling patients.
    differences
        Comparator -> figure -> the model's less the comparator's, with a paired interval.
    notes
        Comparator, computed or not -> what a reader must know of it.
    by_age
        Band of age -> how the model did; empty where no ages were given.
    score_decay
        How the score ages, as `vi_risk.models.evidence.score_decay.score_decay` told when the model was trained.
    held_out
        By what patients were held out, such as ``"practice"`` -> the results of each
        (`vi_risk.models.evidence.held_out.grouped_evaluation`).
    fairness
        Attribute -> how its groups fare under the lists (`vi_risk.models.evidence.fairness`).

    Examples
    --------
    >>> evaluation = vi_risk.evaluate(model, snapshots, capacity=2)
    >>> found = evaluation.model.at["capacity"]  # two places in each practice
    >>> 0 <= found.ppv <= 1, found.n
    (True, 16)
    >>> low, high = evaluation.intervals["auroc"]
    >>> bool(low < evaluation.model.auroc < high), "age_and_sex" in evaluation.comparators
    (True, True)
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
    by_age: Mapping[str, OfAgeBand] = field(default_factory=dict)
    score_decay: Mapping[str, Any] | None = None
    held_out: Mapping[str, Mapping[str, Any]] | None = None
    fairness: Mapping[str, Fairness] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it: {"model": {..., "reliability": [...]}, "comparators": {name: {...}}, ...}.

        "subgroups" is attribute -> label -> results. "truth", "by_age", "score_decay", "held_out" and "fairness" stand
        beside these where there are any.
        """
        found: dict[str, Any] = {
            "model": {
                **plain(self.model),
                "reliability": plain(self.reliability),
                "calibration_curve": plain(self.calibration_curve),
                "intervals": plain(self.intervals),
            },
            "comparators": {
                name: {**plain(performance), "difference": plain(self.differences[name])}
                for name, performance in self.comparators.items()
            },
            "comparator_notes": dict(self.notes),
            "decision_curve": plain(self.decision_curve),
            "subgroups": plain(self.subgroups),
        }
        further = {name: getattr(self, name) for name in _FURTHER}
        return found | {name: plain(part) for name, part in further.items() if part}


def evaluate(
    risk: ArrayLike,
    y: ArrayLike,
    *,
    patient_id: ArrayLike | None = None,
    practice_code: ArrayLike | None = None,
    capacity: int = 20,
    comparators: Mapping[str, ArrayLike] = MappingProxyType({}),
    raw_score: ArrayLike | None = None,
    attributes: Mapping[str, ArrayLike] | None = None,
    known: Known | None = None,
    notes: Mapping[str, str] | None = None,
    age: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Evaluation:
    """Return how the model and its comparators did on the test patients.

    Parameters
    ----------
    risk, y
        The model's risk (probability, 0 to 1) and the outcome (0 or 1) of each patient, in the same order.
    patient_id, practice_code
        Who it is, once each, and the practice on whose list the patient would stand; None: each row is a patient, and
        all of them are of one list.
    capacity
        Patients that each practice's list holds; "capacity" in the result looks at these.
    comparators
        Risks for the same patients from simple predictors, by name; none unless given.
    raw_score
        Breaks ties of the model's risk; remaining ties, and those of the comparators, go by patient_id as text.
    attributes
        What the patients are told apart by, such as ``"sex"`` -> label of each patient; the model's results for each.
    known
        How someone may be known already -> whether each patient is (`vi_risk.models.evidence.already_known`).
    notes
        What a reader must know of a comparator, by its name.
    age
        In whole years, for the results within bands of age.
    weight
        How much each outcome counts: 0 where it is not known (`vi_risk.models.evidence.weights`). Whoever is not
        followed is ranked and listed as everyone is.
    resamples, seed
        Draws of patients for the intervals, and what they are drawn by.

    Returns
    -------
    Evaluation
        Discrimination, calibration, who is found within the capacity, net benefit, with 95 % intervals; of each
        comparator the same, and the difference. `vi_risk.models.evidence.metrics` has the formula and source of each.

    Raises
    ------
    InputError
        Columns differ in length, a value is missing or out of range, or a patient occurs twice.

    References
    ----------
    Van Calster B, et al. Calibration: the Achilles heel of predictive analytics. BMC Medicine, 2019.
    doi:10.1186/s12916-019-1466-7

    Examples
    --------
    >>> import numpy as np
    >>> import vi_risk
    >>> risk = np.linspace(0.01, 0.6, 300)
    >>> happened = np.random.default_rng(1).random(300) < risk
    >>> found = vi_risk.evaluate_risks(risk, happened, capacity=20, resamples=50)
    >>> found.model.auroc > 0.7, found.model.at["capacity"].n
    (True, 20)
    """
    outcome = np.asarray(y, dtype=np.float64)
    patients = np.arange(outcome.size) if patient_id is None else np.asarray(patient_id)
    practices = np.zeros(outcome.size, dtype=np.int8) if practice_code is None else np.asarray(practice_code)
    risks = {"model": np.asarray(risk, dtype=np.float64)}
    risks |= {f"comparator {name}": np.asarray(values, dtype=np.float64) for name, values in comparators.items()}
    raw = None if raw_score is None else np.asarray(raw_score, dtype=np.float64)
    years = None if age is None else np.asarray(age, dtype=np.float64)
    check_tested(
        RISKS,
        risks,
        outcome,
        patients=patients,
        practices=practices,
        capacity=capacity,
        weight=weight,
        others={"raw score": raw, "age": None if years is None else np.isnan(years)},  # an age may be missing
    )
    given = weights_of(weight, outcome.size, where="evaluation")
    outcome = seen(outcome, given)

    def predictor(values: Floats, tie_break: Floats | None = None) -> Predictor:
        listed = lists_of(values, patient_id=patients, practice_code=practices, capacity=capacity, raw_score=tie_break)
        return Predictor(values, listed)

    model = predictor(risks["model"], raw)
    others = {name: predictor(risks[f"comparator {name}"]) for name in comparators}
    inside = model.listed[CAPACITY]
    # the highest threshold at which as many are listed as the lists of all practices hold
    list_threshold = float(np.partition(model.risk, -inside.size)[-inside.size])
    curve = calibration_curve(model.risk, outcome, given)
    drawn = resample(
        model,
        {name: Predictor(other.risk, {CAPACITY: other.listed[CAPACITY]}) for name, other in others.items()},
        outcome,
        threshold=list_threshold,
        weight=given,
        seed=seed,
        resamples=resamples,
    )
    return Evaluation(
        model=_performance(model, outcome, given, known, curve),
        reliability=metrics.reliability(model.risk, outcome, weight=given),
        calibration_curve=() if curve is None else curve.points,
        intervals=MappingProxyType(drawn.intervals),
        comparators=MappingProxyType(
            {
                name: _performance(other, outcome, given, known, calibration_curve(other.risk, outcome, given))
                for name, other in others.items()
            }
        ),
        differences=MappingProxyType(drawn.differences),
        decision_curve=decision_curve(
            model.risk,
            {name: other.risk for name, other in others.items()},
            outcome,
            list_threshold=list_threshold,
            weight=given,
        ),
        notes=MappingProxyType(dict(notes or {})),
        subgroups=subgroups(model.risk, outcome, attributes or {}, listed=inside, weight=given),
        fairness=fairness(outcome, attributes or {}, listed=inside, weight=given),
        by_age={} if years is None else by_age(model.risk, outcome, years, weight=given),
    )


def _performance(
    predictor: Predictor,
    outcome: Floats,
    weight: Floats | None,
    known: Known | None,
    curve: CalibrationCurve | None,
) -> Performance:
    risk = predictor.risk
    return Performance(
        auroc=metrics.auroc(risk, outcome, weight),
        auroc_interval=metrics.auroc_interval(risk, outcome, weight),
        auprc=metrics.auprc(risk, outcome, weight),
        brier=metrics.brier(risk, outcome, weight),
        scaled_brier=metrics.scaled_brier(risk, outcome, weight),
        observed_over_expected=metrics.observed_over_expected(risk, outcome, weight),
        calibration_in_the_large=metrics.calibration_in_the_large(risk, outcome, weight),
        calibration_slope=metrics.calibration_slope(risk, outcome, weight),
        integrated_calibration_index=None if curve is None else curve.integrated_calibration_index,
        n=outcome.size,
        events=int(outcome.sum()),
        at=MappingProxyType({label: metrics.found(outcome, rows, weight) for label, rows in predictor.listed.items()}),
        incremental_finds=incremental_finds(outcome, predictor.listed[CAPACITY], known or {}),
        followed=outcome.size if weight is None else int((weight > 0).sum()),
        observed=metrics.observed(outcome, weight),
    )
