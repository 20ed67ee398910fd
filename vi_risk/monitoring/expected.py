"""What happened against what was expected, of one scoring whose window has closed: overall and by practice.

O / E = sum(w y) / sum(w p) over those whose outcome is known, w as people stand for those who left the area
(`vi_risk.cohort.censoring`). Its interval is Fay and Feuer's (`vi_risk.monitoring.chance`).

Of an expected number (admissions, nights in hospital) y is how many each person had. What one person has comes at once,
so there every person is one event that counts as often as he or she had it: few with many nights each tell as little as
few do. The slope is that of log E(y) = a + b log(expected), its standard error by the sandwich formula, so that counts
need not be Poisson's. There is no AUROC.

Practices are held against the O / E of all, so that one number for the whole trust does not put every practice outside.
The limits are those of 99.8 %, as of a funnel; of more than 25 practices, so wide that the chance that any of them lies
outside though all are alike stays 5 % (Bonferroni). Practices differ for reasons that are no fault of a model
(Spiegelhalter 2005), so one outside is named to be looked at and decides no verdict.

References
----------
Spiegelhalter DJ (2005). Funnel plots for comparing institutional performance. Statistics in Medicine 24:1185-1202.
doi:10.1002/sim.1970
"""

import math
from dataclasses import dataclass
from datetime import date

import numpy as np

from vi_risk.governance.small_numbers import Disclosure
from vi_risk.models.evidence.count_figures import poisson_line
from vi_risk.models.evidence.metrics import Z95, auroc_and_error, in_the_large_and_error, slope_and_error
from vi_risk.models.learning.calibration import Floats
from vi_risk.models.spec_tables import MonitoringSpec
from vi_risk.monitoring.chance import interval_of_count
from vi_risk.monitoring.closed_windows import Scoring
from vi_risk.monitoring.updating import Updating, updating_of

_FUNNEL, _ANY_OUTSIDE = 0.002, 0.05


@dataclass(frozen=True, slots=True)
class Figure:
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float

    def excludes(self, value: float) -> bool:
        """Whether the interval lies wholly to one side of a value."""
        return self.low > value or self.high < value

    def past(self, limits: tuple[float, float]) -> bool:
        """Whether the estimate lies outside limits."""
        return not limits[0] <= self.value <= limits[1]


@dataclass(frozen=True, slots=True)
class Practice:
    """One practice's people: how many had the outcome against how many were expected to.

    Attributes
    ----------
    seen
        As it may be told; None where it may not.
    outside
        Whether it lies outside the limits of a funnel around all practices.
    """

    code: str
    seen: int | None
    expected: int
    outside: bool


@dataclass(frozen=True, slots=True)
class Held:
    """One scoring held against what happened.

    What could be worked back to a number of people is in steps of five events, its interval moved outwards: what is
    decided on is what is told.

    Attributes
    ----------
    people, seen, expected
        Whose outcome is known; events, and what the risks came to, both weighted.
    events
        The larger of the two, as so many events that are independent of each other.
    told
        Whether so many people had an event that the number may be told.
    ratio, slope, auroc
        Seen over expected, calibration slope and AUROC; None where they cannot be estimated.
    in_the_large
        Calibration in the large.
    auroc_then
        AUROC when the model was tested, and its standard error.
    """

    scoring: Scoring
    people: int
    seen: float
    expected: float
    events: float
    told: bool
    ratio: Figure | None
    in_the_large: Figure | None
    slope: Figure | None
    auroc: Figure | None
    auroc_then: tuple[float, float] | None
    updating: Updating | None
    practices: tuple[Practice, ...]

    @property
    def index_date(self) -> date:
        """The date of the scores."""
        return self.scoring.index_date

    @property
    def auroc_lost(self) -> Figure | None:
        """AUROC when tested less AUROC now."""
        if self.auroc is None or self.auroc_then is None:
            return None
        value, error = self.auroc_then
        half = math.hypot(Z95 * error, (self.auroc.high - self.auroc.low) / 2)
        lost = value - self.auroc.value
        return Figure(lost, lost - half, lost + half)


def held(scoring: Scoring, *, auroc_then: tuple[float, float] | None, limits: MonitoringSpec, rule: Disclosure) -> Held:
    """Return a scoring held against what happened."""
    known = scoring.rows[scoring.rows["weight"] > 0]
    risk, outcome, weight = (known[name].to_numpy(dtype=np.float64) for name in ("risk", "outcome", "weight"))
    counts = scoring.counts
    seen, expected = float((weight * outcome).sum()), float((weight * risk).sum())
    events = max(seen, expected) / _together(weight * outcome)
    told = not any(rule.is_small(number) for number in (seen, int((outcome > 0).sum())))
    ratio = _ratio(outcome, weight, expected) if told else None
    in_the_large = None if counts or not told else _wald(in_the_large_and_error(risk, outcome, weight))
    return Held(
        scoring=scoring,
        people=len(known),
        seen=seen,
        expected=expected,
        events=events,
        told=told,
        ratio=_in_steps(ratio, expected, rule),
        in_the_large=_in_steps(in_the_large, expected, rule),
        slope=_slope_of_counts(risk, outcome, weight) if counts else _wald(slope_and_error(risk, outcome, weight)),
        auroc=None if counts else _wald(auroc_and_error(risk, outcome, weight)),
        auroc_then=auroc_then,
        updating=_updating(scoring) if events >= limits.min_events else None,
        practices=_practices(known["practice_code"].to_numpy(), risk, outcome, weight, rule) if expected else (),
    )


def _together(events: Floats) -> float:
    """Return how many events come with one person: sum((w y)^2) / sum(w y), 1 where each has one that counts once."""
    return max(1.0, float((events**2).sum() / events.sum())) if events.any() else 1.0


def _ratio(outcome: Floats, weight: Floats, expected: float) -> Figure | None:
    if not expected:
        return None
    low, high = interval_of_count((weight * outcome)[outcome > 0])
    return Figure(float((weight * outcome).sum()) / expected, low / expected, high / expected)


def _slope_of_counts(expected: Floats, counts: Floats, weight: Floats) -> Figure | None:
    """Return the slope of counts on what was expected; None where no finite one is likeliest."""
    x = np.log(expected)
    above = x[counts > 0]
    if not above.size or above.min() == x.max() or above.max() == x.min():
        return None
    line = poisson_line(x, counts, weight)
    design = np.column_stack([np.ones_like(x), x])
    mean = np.exp(design @ line)
    bread = np.linalg.inv((design * (weight * mean)[:, None]).T @ design)
    left = design * (weight * (counts - mean))[:, None]
    return _wald((float(line[1]), math.sqrt(float((bread @ (left.T @ left) @ bread)[1, 1]))))


def _in_steps(figure: Figure | None, expected: float, rule: Disclosure) -> Figure | None:
    """Return a figure in steps of what five events make of it; None where their number may not be told."""
    if figure is None:
        return None
    value = rule.in_steps(figure.value, expected)
    ends = rule.interval((figure.low, figure.high), value=figure.value, told=value, of=expected, bounds=None)
    return None if value is None or ends is None else Figure(value, *ends)


def _wald(found: tuple[float, float] | None) -> Figure | None:
    return None if found is None else Figure(found[0], found[0] - Z95 * found[1], found[0] + Z95 * found[1])


def _updating(scoring: Scoring) -> Updating | None:
    if scoring.by_kind is None:
        return None
    which, by_kind = scoring.by_kind
    rows = scoring.rows.iloc[which]
    risk, outcome, weight = (rows[name].to_numpy(dtype=np.float64) for name in ("risk", "outcome", "weight"))
    return updating_of(risk, outcome, weight, by_kind)


def _practices(
    codes: "np.ndarray[tuple[int], np.dtype[np.object_]]",
    risk: Floats,
    outcome: Floats,
    weight: Floats,
    rule: Disclosure,
) -> tuple[Practice, ...]:
    of_all = float((weight * outcome).sum() / (weight * risk).sum())
    names = sorted({str(code) for code in codes})
    level = 1 - min(_FUNNEL, _ANY_OUTSIDE / len(names))
    rows = {name: codes.astype(str) == name for name in names}
    few = rule.table({name: int((outcome[of] > 0).sum()) for name, of in rows.items()})
    untold = {name for name, people in few.items() if people is None}
    told = rule.table({name: int(outcome[of].sum()) for name, of in rows.items()}, untold)
    found = []
    for name, of in rows.items():
        expected = float((weight[of] * risk[of]).sum())
        low, high = interval_of_count((weight[of] * outcome[of])[outcome[of] > 0], level=level)
        outside = len(names) > 1 and not low <= expected * of_all <= high
        found.append(Practice(name, told[name], round(expected), outside))
    return tuple(found)
