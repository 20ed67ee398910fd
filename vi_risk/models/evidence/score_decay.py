"""How a score ages: one score, read against outcome windows that start later and later after its date.

A list is worked through for months, and a score is read long after it was made. What it still tells then is told here,
with scores that the rows' own patients took no part in.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from vi_risk.errors import InputError
from vi_risk.models.evidence import metrics
from vi_risk.models.evidence.resampling import (
    RESAMPLES,
    Draws,
    Figures,
    OfDraws,
    by_order,
    resampled,
    slope_of,
    together,
)
from vi_risk.models.evidence.subgroups import FEWEST, FEWEST_OF_A_SHARE
from vi_risk.models.evidence.weights import seen, weights_of
from vi_risk.models.learning.calibration import Floats, Rows, risk_of

# Days after the date of the score at which the outcome windows start.
OFFSETS = (0, 183, 365, 730)

_NOT_OVER = "no outcome window that starts so late is over by the end of the records"
_FIGURES = (
    "n",
    "events",
    "observed",
    "auroc",
    "auroc_interval",
    "calibration_slope",
    "calibration_slope_interval",
)


def score_decay(
    raw: ArrayLike,
    outcomes_by_offset: Mapping[int, ArrayLike | None],
    groups: ArrayLike,
    weights: Mapping[int, ArrayLike] | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> dict[str, Any]:
    """Return how a score did in windows that start so many days later, as JSON holds it.

    The main line, ``"at_risk"``, is of everyone who could still have the outcome when the window starts: alive and in
    the area. That is whom a team with an old list has before it; the others are gone for all to see. It mixes two
    things: the score gets older, and the frailest die first. ``"same_people"`` therefore stands beside it where people
    drop out: those who are in every window that can be told, so that the score alone gets older. These lived long
    enough to be there, and are healthier than those who were scored.

    Parameters
    ----------
    raw
        Log-odds of each row, by trees that did not see its patient.
    outcomes_by_offset
        Days from the date of the score to the start of the window (`OFFSETS`) -> the outcome of each row, 0 or 1;
        missing where the person was no longer at risk or the window is not over; None where it is not over for anyone.
    groups
        The patient of each row; patients are drawn again for the intervals, with all of their rows.
    weights
        Offset -> how much each outcome counts (`vi_risk.models.evidence.weights`), missing where the outcome is.

    Returns
    -------
    dict
        ``"at_risk"`` and ``"same_people"`` (None where the people are the same): days as text -> ``"not_estimable"``
        (why, or None), n, events, observed (share who had the outcome), AUROC and slope with 95 % intervals.
        ``"same_people_are"``: who they are, in words.

    Raises
    ------
    InputError
        Columns differ in length, or a value is missing or out of range.
    """
    score = np.asarray(raw, dtype=np.float64)
    patients = np.asarray(groups)
    _check(score, patients, outcomes_by_offset)
    outcomes = {
        offset: np.full(score.size, np.nan) if outcome is None else np.asarray(outcome, dtype=np.float64)
        for offset, outcome in outcomes_by_offset.items()
    }

    def line(rows_of: Mapping[int, Rows]) -> dict[str, dict[str, Any]]:
        found = {}
        for offset, rows in rows_of.items():
            weight = None if weights is None else weights.get(offset)
            given = None if weight is None else np.asarray(weight, dtype=np.float64)[rows]
            outcome = outcomes[offset][rows]
            found[str(offset)] = _of(score[rows], outcome, patients[rows], given, seed=seed, resamples=resamples)
        return found

    at_risk = {offset: np.flatnonzero(~np.isnan(outcome)) for offset, outcome in outcomes.items()}
    everyone = line(at_risk)
    told = [offset for offset in at_risk if everyone[str(offset)]["not_estimable"] is None]
    in_all = (
        np.logical_and.reduce([~np.isnan(outcomes[offset]) for offset in told]) if told else np.zeros(0, dtype=bool)
    )
    if all(at_risk[offset].size == in_all.sum() for offset in told):
        return {"at_risk": everyone, "same_people": None, "same_people_are": None}
    latest = max(told)
    return {
        "at_risk": everyone,
        "same_people": line(dict.fromkeys(told, np.flatnonzero(in_all))),
        "same_people_are": f"those who were still at risk {latest} days after the score, in every window that is over",
    }


def _of(
    score: Floats,
    outcome: Floats,
    patients: np.ndarray[Any, Any],
    weight: Floats | None,
    *,
    seed: int,
    resamples: int,
) -> dict[str, Any]:
    if reason := _why_not(outcome, weight):
        return {"not_estimable": reason, **dict.fromkeys(_FIGURES)}
    given = weights_of(weight, outcome.size, where="score decay")
    outcome = seen(outcome, given)
    risk = risk_of(score)
    numbers, different = pd.factorize(patients, sort=False)
    drawn = resampled(
        _by_patient(
            together([by_order(risk, outcome, given, precision=False), slope_of(risk, outcome, given)]), numbers
        ),
        {},
        n=len(different),
        seed=seed,
        resamples=resamples,
    )
    return {
        "not_estimable": None,
        "n": outcome.size,
        "events": int(outcome.sum()),
        "observed": metrics.observed(outcome, given),
        "auroc": metrics.auroc(risk, outcome, given),
        "auroc_interval": _ends(drawn.intervals.get("auroc")),
        "calibration_slope": metrics.calibration_slope(risk, outcome, given),
        "calibration_slope_interval": _ends(drawn.intervals.get("calibration_slope")),
    }


def _by_patient(of_rows: OfDraws, numbers: Rows) -> OfDraws:
    """Return what tells figures of draws of patients: every row is there as often as its patient was drawn."""

    def of_draws(draws: Draws) -> Figures:
        return of_rows(draws[:, numbers])

    return of_draws


def _why_not(outcome: Floats, weight: Floats | None) -> str | None:
    if not outcome.size or (weight is not None and not np.nansum(weight)):
        return _NOT_OVER
    followed = outcome.size if weight is None else int((weight > 0).sum())
    events = int(seen(outcome, weight).sum())
    if outcome.size < FEWEST or events < FEWEST_OF_A_SHARE:
        return f"too few are there: fewer than {FEWEST} people or {FEWEST_OF_A_SHARE} outcomes"
    if followed - events < FEWEST_OF_A_SHARE:
        return f"fewer than {FEWEST_OF_A_SHARE} were followed without the outcome"
    return None


def _ends(interval: tuple[float, float] | None) -> list[float] | None:
    return None if interval is None else list(interval)


def _check(score: Floats, patients: np.ndarray[Any, Any], outcomes: Mapping[int, ArrayLike | None]) -> None:
    faults = []
    if missing := int((~np.isfinite(score)).sum()):
        faults.append(f"raw score: {missing} of {score.size} values are missing or infinite")
    if patients.shape != score.shape:
        faults.append(f"groups: expected {score.size} values, one for each row, found {patients.size}")
    elif missing := int(pd.isna(patients).sum()):
        faults.append(f"groups: {missing} of {score.size} rows have no patient")
    for offset, outcome in outcomes.items():
        if outcome is None:
            continue
        given = np.asarray(outcome, dtype=np.float64)
        if given.shape != score.shape:
            faults.append(f"outcome after {offset} days: expected {score.size} values, found {given.size}")
        elif odd := int((~np.isin(given, (0, 1)) & ~np.isnan(given)).sum()):
            faults.append(f"outcome after {offset} days: {odd} of {score.size} values are neither 0 nor 1")
    if faults:
        msg = "\n".join(f"score decay: {fault}. Check the rows that were scored." for fault in faults)
        raise InputError(msg)
