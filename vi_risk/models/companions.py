"""What stands beside the main risk: of death, of an earlier horizon, expected numbers; never merged with it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vi_risk.models.evidence import metrics
from vi_risk.models.learning.calibration import Floats
from vi_risk.models.spec import ModelSpec

if TYPE_CHECKING:
    from vi_risk.models.snapshots import Snapshots


@dataclass(frozen=True, slots=True)
class CompanionEvidence:
    """How a companion did on the same test patients; None stands for what these cannot tell.

    Attributes
    ----------
    observed, mean_risk
        Share of the patients; of a companion that counts, the mean number, as it was and as it was expected.
    share_capped
        Share of the patients whose risk came out above that of the longer horizon and was held at it; None where the
        two do not ask about the same outcome.
    """

    words: str
    horizon_days: int
    events: int
    observed: float
    mean_risk: float
    auroc: float | None
    auroc_interval: tuple[float, float] | None
    calibration_slope: float | None
    share_capped: float | None


def caps(spec: ModelSpec, companion: ModelSpec) -> bool:
    """Return whether the main risk is an upper bound of the companion's: the same outcome, sooner."""
    return companion.outcome == spec.outcome and companion.horizon_days <= spec.horizon_days


def held_below(spec: ModelSpec, companion: ModelSpec, main_risk: Floats, risk: Floats) -> tuple[Floats, float | None]:
    """Return the companion's risks, at most the main ones where these bound them, and the share that was held there.

    Examples
    --------
    >>> from vi_risk.models.spec import load_spec
    >>> main = load_spec()
    >>> held_below(main, main.companions[0], np.array([0.2, 0.1]), np.array([0.1, 0.15]))
    (array([0.1, 0.1]), 0.5)
    """
    if not caps(spec, companion):
        return risk, None
    above = risk > main_risk
    return np.minimum(risk, main_risk), float(above.mean()) if above.size else 0.0


def companion_evidence(
    spec: ModelSpec, companion: ModelSpec, snapshots: "Snapshots", main_risk: Floats, risk: Floats
) -> CompanionEvidence:
    """Return how the risks of a companion, as they are reported, did on the test snapshot."""
    answers = snapshots.answers("test", of=companion.name)
    outcome, weight = (answers[name].to_numpy(dtype=float) for name in ("outcome", "weight"))
    reported, share_capped = held_below(spec, companion, main_risk, risk)
    yes_or_no = not companion.counts
    return CompanionEvidence(
        words=companion.outcome_words,
        horizon_days=companion.horizon_days,
        events=int((outcome[weight > 0] > 0).sum()),
        observed=float(np.average(outcome, weights=weight)),
        mean_risk=float(np.average(reported, weights=weight)),
        auroc=metrics.auroc(reported, outcome, weight=weight) if yes_or_no else None,
        auroc_interval=metrics.auroc_interval(reported, outcome, weight=weight) if yes_or_no else None,
        calibration_slope=metrics.calibration_slope(reported, outcome, weight=weight) if yes_or_no else None,
        share_capped=share_capped,
    )


def column_of(companion: ModelSpec) -> str:
    """Return the column of the scores that tells of a companion: a risk, or an expected number."""
    return f"{'expected' if companion.counts else 'risk'}_{companion.name}"
