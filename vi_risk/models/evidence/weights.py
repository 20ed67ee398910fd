"""How much each patient's outcome counts: nothing where it is not known, more for those who stand in for such people.

A weight is the inverse of the probability of still being followed (`vi_risk.cohort`). With it the share of events among
the followed is what would have been seen of everyone: the Aalen-Johansen estimate, with death competing. Without
weights, or with 1 for everyone, every figure is the plain one to the last bit.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from vi_risk.errors import InputError
from vi_risk.models.learning.calibration import Floats


def weight_faults(weight: ArrayLike | None, rows: int) -> list[str]:
    """Say what is wrong with the weights of so many rows, in counts."""
    if weight is None:
        return []
    given = _as_numbers(weight)
    if given is None:
        return ["weight: expected numbers, found other values"]
    if given.shape != (rows,):
        return [f"weight: expected {rows} values, one for each patient, found {given.size}"]
    faults = [
        f"weight: {number} of {rows} values {fault}"
        for fault, number in {
            "are missing or infinite": int((~np.isfinite(given)).sum()),
            "lie below 0": int((given < 0).sum()),
        }.items()
        if number
    ]
    if rows and not faults and not given.any():
        faults.append(f"weight: all {rows} values are 0, so nobody's outcome is known")
    return faults


def weights_of(weight: ArrayLike | None, rows: int, *, where: str) -> Floats | None:
    """Return the weights of so many rows; None where every row counts once.

    Raises
    ------
    InputError
        There are not as many weights as rows, one is no number, missing, infinite or below 0, or all are 0.
    """
    if faults := weight_faults(weight, rows):
        at = where.removesuffix("weight")  # an argument of that name is not named twice
        msg = "\n".join(f"{at if at != where else where + ': '}{fault}. Check the weights." for fault in faults)
        raise InputError(msg)
    given = _as_numbers(weight)
    return None if given is None or bool((given == 1).all()) else given


def _as_numbers(weight: ArrayLike | None) -> Floats | None:
    """Return weights as numbers, those that are not known as NaN; None where they are something else, or not given."""
    if weight is None:
        return None
    try:
        given = np.asarray(weight)
        if given.dtype.kind in "biuf":
            return given.astype(np.float64)
        if pd.api.types.infer_dtype(given) not in ("boolean", "integer", "floating", "mixed-integer-float"):
            return None
        return pd.array(given, dtype="Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError, OverflowError):  # whose text would show a patient's value
        return None


def followed(risk: Floats, y: Floats, weight: ArrayLike | None) -> tuple[Floats, Floats, Floats | None]:
    """Return risks, outcomes and weights of those whose outcome counts; no weights where each counts once."""
    given = weights_of(weight, y.size, where="metrics")
    if given is None:
        return risk, y, None
    counts = given > 0
    return risk[counts], y[counts], given[counts]


def seen(y: Floats, weight: Floats | None) -> Floats:
    """Return the outcomes that were seen: none of those who were not followed."""
    return y if weight is None else np.where(weight > 0, y, 0.0)


def weighted_sum(values: Floats, weight: Floats | None) -> float:
    """Return sum(weight * values)."""
    return float(values.sum() if weight is None else (values * weight).sum())


def weighted_mean(values: Floats, weight: Floats | None) -> float:
    """Return sum(weight * values) / sum(weight)."""
    return float(values.mean() if weight is None else (values * weight).sum() / weight.sum())


def as_many_alike(weight: Floats | None, rows: int) -> float:
    """Return how many patients of equal weight tell a mean as well as these: sum(w)^2 / sum(w^2).

    References
    ----------
    Kish L. Survey Sampling, 1965, section 11.7.
    """
    return float(rows) if weight is None else float(weight.sum() ** 2 / (weight**2).sum())
