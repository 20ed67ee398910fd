"""The evidence of one test snapshot where the outcome is a count: model and comparators on the same patients."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vi_risk.errors import InputError
from vi_risk.models.evidence.as_json import plain
from vi_risk.models.evidence.count_figures import count_figures, of_everyone
from vi_risk.models.evidence.count_subgroups import CountSubgroup, count_subgroups
from vi_risk.models.evidence.lists import CAPACITY, lists_of
from vi_risk.models.evidence.metrics import Z95
from vi_risk.models.evidence.resampling import RESAMPLES, Difference, Interval, OfDraws, resampled
from vi_risk.models.evidence.tested_rows import EXPECTATIONS, check_tested
from vi_risk.models.evidence.weights import as_many_alike, seen, weighted_mean, weights_of
from vi_risk.models.learning.calibration import Floats, Rows

_TENTHS = 10
# Figures of the model whose intervals are told, beside those of each list.
_WITH_INTERVAL = (
    "mean_observed",
    "observed_over_expected",
    "calibration_slope",
    "deviance_explained",
    "rank_correlation",
)


@dataclass(frozen=True, slots=True)
class FoundCounts:
    """What the patients of a list came to: counts seen among `n` listed, and their share of all counts.

    `mean_observed` is per listed patient, `lift` that over the mean of everyone: 1 is what a list drawn by lot gives.
    These are weighted where the count of some is not known; `n` and `observed` are of everyone listed, as seen.
    """

    n: int
    observed: float
    share_of_observed: float | None
    mean_observed: float | None
    lift: float | None


@dataclass(frozen=True, slots=True)
class CountPerformance:
    """How one set of expected counts did; None stands for what these patients cannot tell.

    Attributes
    ----------
    n, followed
        Everyone tested, and those whose count is known.
    with_any, total
        Those seen to have a count above 0, and the sum of the counts seen.
    observed_over_expected
        1 is right, above 1 too few are expected.
    calibration_slope
        Of Poisson's regression on the log of what was expected: 1 is right, below 1 too extreme.
    deviance_explained
        1 is perfect, 0 what giving everyone the mean reaches.
    rank_correlation
        Spearman's.
    """

    n: int
    followed: int
    with_any: int
    total: float
    mean_observed: float | None
    mean_expected: float | None
    observed_over_expected: float | None
    calibration_slope: float | None
    deviance_explained: float | None
    rank_correlation: float | None
    at: Mapping[str, FoundCounts]


@dataclass(frozen=True, slots=True)
class Tenth:
    """A tenth of the patients by what was expected, with a 95 % interval of what was observed (Wald's)."""

    n: int
    mean_expected: float
    mean_observed: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CountEvaluation:
    """What evaluation.json holds where the outcome is a count; the parts are those of `Evaluation`.

    Attributes
    ----------
    model
        How the expected counts did, and who is found within the capacity.
    deciles
        Tenths of the patients by expected count: expected beside counted.
    intervals
        Figure of the model -> 95 % interval from resampling patients.
    comparators
        Name -> how the expected counts of a simple predictor did.
    differences
        Comparator -> figure -> the model's less the comparator's, with a paired interval.
    notes
        Comparator -> what a reader must know of it.
    subgroups
        Attribute -> label -> how the model did among these patients.

    Examples
    --------
    `vi_risk.evaluate` gives it of a model that counts; here of expected counts that were made up:

    >>> import numpy as np
    >>> draw = np.random.default_rng(1)
    >>> expected = draw.gamma(1, 0.3, 1000)
    >>> evaluation = evaluate_counts(
    ...     expected,
    ...     draw.poisson(expected),
    ...     patient_id=np.arange(1000),
    ...     practice_code=np.repeat(["A81001", "A81002"], 500),
    ...     capacity=20,
    ...     comparators={},
    ...     resamples=20,
    ... )
    >>> type(evaluation).__name__, len(evaluation.deciles), evaluation.model.at["capacity"].n
    ('CountEvaluation', 10, 40)
    """

    model: CountPerformance
    deciles: tuple[Tenth, ...]
    intervals: Mapping[str, Interval | None]
    comparators: Mapping[str, CountPerformance]
    differences: Mapping[str, Mapping[str, Difference]]
    notes: Mapping[str, str] = field(default_factory=dict)
    subgroups: Mapping[str, Mapping[str, CountSubgroup]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it: {"kind": "count", "model": {...}, "comparators": {name: {...}}, ...}."""
        return {
            "kind": "count",
            "model": {
                **plain(self.model),
                "deciles": plain(self.deciles),
                "intervals": plain(self.intervals),
            },
            "comparators": {
                name: {**plain(performance), "difference": plain(self.differences[name])}
                for name, performance in self.comparators.items()
            },
            "comparator_notes": dict(self.notes),
            "subgroups": plain(self.subgroups),
        }


def evaluate_counts(
    expected: ArrayLike,
    y: ArrayLike,
    *,
    patient_id: ArrayLike,
    practice_code: ArrayLike,
    capacity: int,
    comparators: Mapping[str, ArrayLike],
    raw_score: ArrayLike | None = None,
    attributes: Mapping[str, ArrayLike] | None = None,
    notes: Mapping[str, str] | None = None,
    weight: ArrayLike | None = None,
    power: float = 1.0,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> CountEvaluation:
    """Return how the model's expected counts and its comparators' did on the test patients.

    Parameters
    ----------
    expected, y
        The count that the model expects of each patient, above 0, and the count that came.
    patient_id, practice_code, capacity, raw_score, attributes, notes
        As of `vi_risk.models.evidence.evaluation.evaluate`.
    comparators
        Expected counts for the same patients from simple predictors, by name.
    weight
        How much each count counts: 0 where it is not known (`vi_risk.models.evidence.weights`).
    power
        Of the deviance: 1 is Poisson's, between 1 and 2 Tweedie's.
    resamples, seed
        Draws of patients for the intervals, and what they are drawn by.

    Raises
    ------
    InputError
        Columns differ in length, a value is missing or out of range, or a patient occurs twice.
    """
    if not 1 <= power < 2:
        msg = f"evaluation: power must be 1 (Poisson) or between 1 and 2 (Tweedie), got {power}."
        raise InputError(msg)
    counts = np.asarray(y, dtype=np.float64)
    patients, practices = np.asarray(patient_id), np.asarray(practice_code)
    expectations = {"model": np.asarray(expected, dtype=np.float64)}
    expectations |= {f"comparator {name}": np.asarray(values, dtype=np.float64) for name, values in comparators.items()}
    raw = None if raw_score is None else np.asarray(raw_score, dtype=np.float64)
    check_tested(
        EXPECTATIONS,
        expectations,
        counts,
        patients=patients,
        practices=practices,
        capacity=capacity,
        weight=weight,
        others={"raw score": raw},
    )
    given = weights_of(weight, counts.size, where="evaluation")
    counts = seen(counts, given)

    def lists(values: Floats, tie_break: Floats | None = None) -> dict[str, Rows]:
        return lists_of(values, patient_id=patients, practice_code=practices, capacity=capacity, raw_score=tie_break)

    def figures(values: Floats, listed: Mapping[str, Rows], *, whole: bool) -> OfDraws:
        return count_figures(values, counts, listed, given, power=power, whole=whole)

    model = expectations["model"]
    listed = {"model": lists(model, raw)} | {name: lists(expectations[f"comparator {name}"]) for name in comparators}
    drawn = resampled(
        figures(model, listed["model"], whole=True),
        {
            name: figures(expectations[f"comparator {name}"], {CAPACITY: listed[name][CAPACITY]}, whole=False)
            for name in comparators
        },
        n=counts.size,
        seed=seed,
        resamples=resamples,
    )
    places = tuple(
        f"{figure}.{label}" for label in listed["model"] for figure in ("share_of_observed", "mean_observed")
    )
    return CountEvaluation(
        model=_performance(figures(model, listed["model"], whole=True), counts, listed["model"], given),
        deciles=_tenths(model, counts, given),
        intervals=MappingProxyType({figure: drawn.intervals[figure] for figure in (*_WITH_INTERVAL, *places)}),
        comparators=MappingProxyType(
            {
                name: _performance(
                    figures(expectations[f"comparator {name}"], listed[name], whole=True), counts, listed[name], given
                )
                for name in comparators
            }
        ),
        differences=MappingProxyType(
            {
                name: {
                    figure: difference
                    for figure, difference in of_one.items()
                    if figure in ("deviance_explained", "rank_correlation") or figure.endswith(f".{CAPACITY}")
                }
                for name, of_one in drawn.differences.items()
            }
        ),
        notes=MappingProxyType(dict(notes or {})),
        subgroups=count_subgroups(model, counts, attributes or {}, listed=listed["model"][CAPACITY], weight=given),
    )


def _performance(
    figures: OfDraws, counts: Floats, listed: Mapping[str, Rows], weight: Floats | None
) -> CountPerformance:
    told = of_everyone(figures, counts.size)
    mean = told["mean_observed"]

    def found(label: str, rows: Rows) -> FoundCounts:
        of_listed = told[f"mean_observed.{label}"]
        return FoundCounts(
            n=int(rows.size),
            observed=float(counts[rows].sum()),
            share_of_observed=told[f"share_of_observed.{label}"],
            mean_observed=of_listed,
            lift=of_listed / mean if mean and of_listed is not None else None,
        )

    return CountPerformance(
        n=counts.size,
        followed=counts.size if weight is None else int((weight > 0).sum()),
        with_any=int((counts > 0).sum()),
        total=float(counts.sum()),
        mean_observed=mean,
        mean_expected=told["mean_expected"],
        observed_over_expected=told["observed_over_expected"],
        calibration_slope=told["calibration_slope"],
        deviance_explained=told["deviance_explained"],
        rank_correlation=told["rank_correlation"],
        at=MappingProxyType({label: found(label, rows) for label, rows in listed.items()}),
    )


def _tenths(expected: Floats, counts: Floats, weight: Floats | None) -> tuple[Tenth, ...]:
    groups = np.array_split(np.argsort(expected, kind="stable"), _TENTHS)
    return tuple(
        _tenth(expected[rows], counts[rows], None if weight is None else weight[rows])
        for rows in groups
        if rows.size and (weight is None or weight[rows].any())
    )


def _tenth(expected: Floats, counts: Floats, weight: Floats | None) -> Tenth:
    mean = weighted_mean(counts, weight)
    error = math.sqrt(weighted_mean((counts - mean) ** 2, weight) / as_many_alike(weight, counts.size))
    low, high = max(0.0, mean - Z95 * error), mean + Z95 * error
    return Tenth(counts.size, weighted_mean(expected, weight), mean, low, high)
