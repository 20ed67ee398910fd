"""How much of a model needs mending, by a closed testing procedure: nothing, its level, its spread, or all of it.

Four models of what happened are fitted to the people of one closed window, each holding the one before it (lp is the
log-odds of the risk that was told):

    as it is         logit P = lp
    in the large     logit P = a + lp
    slope            logit P = a + b * lp
    fitted anew      logit P = a + b * lp + sum over kinds of feature of c * (what they added to the raw score)

Fitted anew is first tested against each of the others by likelihood ratio, at the same level, and the simplest is kept
against which it is no better: the chance of mending a model that needs none is then at most that level. In place of
coefficients of single features, as in a regression, stand those of what each kind of feature (comorbidity, acute use
...) contributes: one that tells more, or less, than it did shows there.

Assumes one row per person. Weights are taken as they are, which makes the level a little too high where they differ.

References
----------
Vergouwe Y, Nieboer D, Oostenbrink R, et al. (2017). A closed testing procedure to select an appropriate method for
updating prediction models. Statistics in Medicine 36:4529-4539. doi:10.1002/sim.7179
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vi_risk.models.evidence.metrics import auroc
from vi_risk.models.learning.calibration import Floats, log_odds_of, risk_of
from vi_risk.monitoring.chance import above_by_chance

Mend = Literal["as it is", "in the large", "slope", "fitted anew"]
_LEVEL = 0.01
_STEPS, _NEAR = 50, 1e-9


@dataclass(frozen=True, slots=True)
class Updating:
    """What the closed test keeps, and what fitting anew would bring.

    Attributes
    ----------
    mend
        The simplest model against which fitting anew is no better.
    gain
        By how much the AUROC would be higher if each kind of feature were weighed anew, in the people it is fitted to.
    moved
        The kind of feature whose weight moved most, where fitting anew is kept; "" otherwise.
    """

    mend: Mend
    gain: float
    moved: str = ""


def updating_of(risk: Floats, outcome: Floats, weight: Floats, by_kind: Mapping[str, Floats]) -> Updating | None:
    """Return how much of a model needs mending; None where nothing can be fitted.

    Parameters
    ----------
    risk, outcome, weight
        One of each per person whose outcome is known: risk from 0 to 1, outcome 0 or 1.
    by_kind
        Kind of feature -> what its features add to the raw score of each person.
    """
    if not 0 < outcome.sum() < outcome.size:
        return None
    lp = log_odds_of(risk)
    # What all kinds add comes to lp again, so one of them, that which differs least between people, is left out.
    kinds = sorted(by_kind, key=lambda kind: -float(np.std(by_kind[kind])))[: max(0, len(by_kind) - 1)]
    kinds = [kind for kind in kinds if np.std(by_kind[kind]) > 0]
    ones = np.ones_like(lp)
    level = np.column_stack([ones])
    slope = np.column_stack([ones, lp])
    whole = np.column_stack([ones, lp, *(by_kind[kind] - by_kind[kind].mean() for kind in kinds)])
    fits = [_fitted(design, lp, outcome, weight) for design in (np.empty((len(lp), 0)), level, slope, whole)]
    if any(fit is None for fit in fits):
        return None
    found = [fit for fit in fits if fit is not None]
    best, coefficients = found[-1]
    anew = risk_of(lp + whole @ coefficients)
    before, after = auroc(risk, outcome, weight), auroc(anew, outcome, weight)
    gain = 0.0 if before is None or after is None else after - before
    names: tuple[Mend, ...] = ("as it is", "in the large", "slope")
    for mend, (likelihood, given) in zip(names, found[:-1], strict=True):
        freedom = coefficients.size - given.size
        if freedom == 0 or above_by_chance(2 * (best - likelihood), freedom) > _LEVEL:
            return Updating(mend, gain)
    spread = {kind: abs(c) * float(np.std(by_kind[kind])) for kind, c in zip(kinds, coefficients[2:], strict=True)}
    return Updating("fitted anew", gain, max(spread, key=lambda kind: spread[kind]))


def _fitted(design: Floats, offset: Floats, outcome: Floats, weight: Floats) -> tuple[float, Floats] | None:
    """Return log-likelihood and coefficients of a logistic regression beside an offset; None where there are none."""
    coefficients = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        expected = risk_of(offset + design @ coefficients)
        if not coefficients.size:
            break
        slopes = design.T @ (weight * (outcome - expected))
        curvature = design.T @ (design * (weight * expected * (1 - expected))[:, None])
        try:
            step = np.linalg.solve(curvature, slopes)
        except np.linalg.LinAlgError:
            return None
        coefficients = coefficients + step
        if not np.isfinite(coefficients).all():
            return None
        if np.abs(step).max() < _NEAR:
            break
    expected = np.clip(risk_of(offset + design @ coefficients), 1e-12, 1 - 1e-12)
    likelihood = float((weight * (outcome * np.log(expected) + (1 - outcome) * np.log(1 - expected))).sum())
    return likelihood, coefficients
