"""How risks do within bands of age: over all ages, telling the old from the young alone looks like telling risk."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from vi_risk.models.evidence import metrics
from vi_risk.models.evidence.calibration_curve import calibration_curve
from vi_risk.models.evidence.subgroups import FEWEST, FEWEST_OF_A_SHARE
from vi_risk.models.evidence.weights import seen, weights_of
from vi_risk.models.learning.calibration import Floats

# label -> whole years, from and below
BANDS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"under 65": (-np.inf, 65), "65-74": (65, 75), "75-84": (75, 85), "85+": (85, np.inf)}
)


@dataclass(frozen=True, slots=True)
class OfAgeBand:
    """How the risks did for one band of age; None where too few are there to tell.

    Attributes
    ----------
    observed
        Share who had the outcome, weighted where some were not followed.
    """

    n: int | None
    events: int | None
    observed: float | None
    auroc: float | None
    auroc_interval: tuple[float, float] | None
    auprc: float | None
    brier: float | None
    scaled_brier: float | None
    calibration_in_the_large: float | None
    calibration_slope: float | None
    observed_over_expected: float | None
    integrated_calibration_index: float | None


def by_age(
    risk: Floats, outcome: Floats, age: ArrayLike, *, weight: ArrayLike | None = None
) -> Mapping[str, OfAgeBand]:
    """Return band -> how the risks did for the patients whose age in whole years it holds; a missing age is in none."""
    given = weights_of(weight, outcome.size, where="bands of age")
    outcome = seen(outcome, given)
    years = np.asarray(age, dtype=np.float64)
    members = {label: (years >= start) & (years < end) for label, (start, end) in BANDS.items()}
    found = {
        label: _of(risk[rows], outcome[rows], None if given is None else given[rows]) for label, rows in members.items()
    }
    return MappingProxyType(found)


def _of(risk: Floats, outcome: Floats, weight: Floats | None) -> OfAgeBand:
    nothing: dict[str, None] = {part.name: None for part in fields(OfAgeBand)}
    if outcome.size < FEWEST:
        return OfAgeBand(**nothing)
    followed = outcome.size if weight is None else int((weight > 0).sum())
    events = int(outcome.sum())
    if min(events, followed - events) < FEWEST_OF_A_SHARE:
        return OfAgeBand(**nothing | {"n": outcome.size, "events": events})  # type: ignore[arg-type]
    curve = calibration_curve(risk, outcome, weight)
    return OfAgeBand(
        n=outcome.size,
        events=events,
        observed=metrics.observed(outcome, weight),
        auroc=metrics.auroc(risk, outcome, weight),
        auroc_interval=metrics.auroc_interval(risk, outcome, weight),
        auprc=metrics.auprc(risk, outcome, weight),
        brier=metrics.brier(risk, outcome, weight),
        scaled_brier=metrics.scaled_brier(risk, outcome, weight),
        calibration_in_the_large=metrics.calibration_in_the_large(risk, outcome, weight),
        calibration_slope=metrics.calibration_slope(risk, outcome, weight),
        observed_over_expected=metrics.observed_over_expected(risk, outcome, weight),
        integrated_calibration_index=None if curve is None else curve.integrated_calibration_index,
    )
