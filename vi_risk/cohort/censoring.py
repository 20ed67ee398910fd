"""Weights for people who leave the area before their window is over: what became of them is not known.

Those whose outcome is known stand for those who left: a person whose outcome became known on day t of the window is
counted 1 / G(t-) times, where G is the Kaplan-Meier estimate of still being there. Death is no censoring: who died was
followed to the end. The weighted share of events is then the Aalen-Johansen cumulative incidence at the horizon, with
death as a competing event.

References
----------
Robins JM, Rotnitzky A (1992). Recovery of information and adjustment for dependent censoring using surrogate markers.
AIDS Epidemiology, 297-331. doi:10.1007/978-1-4757-1229-2_14
Graf E, Schmoor C, Sauerbrei W, Schumacher M (1999). Assessment and comparison of prognostic classification schemes for
survival data. Statistics in Medicine 18:2529-2545.
Satten GA, Datta S (2001). The Kaplan-Meier estimator as an inverse-probability-of-censoring weighted average. The
American Statistician 55:207-210. doi:10.1198/000313001317098185
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from vi_risk.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

LeftArea = Literal["weight", "drop", "ignore"]

# Nobody stands for more people than 1 / this.
SMALLEST_SHARE_THERE = 0.05


@dataclass(frozen=True, slots=True)
class Censoring:
    """How many windows ended how, and what the weights make of it.

    Attributes
    ----------
    largest_weight
        The most people that one stands for.
    notes
        What a reader of the evidence must know.
    """

    people: int
    died: int
    left: int
    largest_weight: float
    notes: tuple[str, ...]


def censoring_weights(
    follow_up: "pd.DataFrame",
    *,
    horizon_days: int,
    how: LeftArea = "weight",
    by: Sequence[str] = ("index_date",),
    people: "pd.Series[int] | None" = None,
) -> "pd.Series[float]":
    """Return the weight of each row: how many people it stands for.

    Parameters
    ----------
    follow_up
        One row per patient_id, index_date: ended and followed_days (`vi_risk.cohort.outcomes.outcomes_of`) and the
        columns of `by`.
    how
        ``"weight"`` gives those whose outcome is known the inverse probability that it would be, and those who left 0.
        ``"drop"`` gives the known 1 and those who left 0, which makes events look commoner than they are, as the
        admitted are no longer at risk of leaving. ``"ignore"`` gives everyone 1, for outcomes as the records have them
        (`outcomes_of` with ``leaving=False``).
    by
        Columns that make the strata in which leaving is estimated. Within a stratum, who leaves is taken to be as
        likely to have had the event as who stays.
    people
        How many people each row is, where people whose windows ended alike were counted; None: one.

    Returns
    -------
    Series
        In the order of `follow_up`; missing where the window is not over. Under ``"weight"`` its mean in each stratum
        is 1, unless weights were bounded. No weight is over 20: where fewer than 5 % would still be there, it is as if
        5 % were.
    """
    import pandas as pd  # noqa: PLC0415 - loaded when used

    if how not in get_args(LeftArea):
        msg = f"censoring: must be one of {', '.join(get_args(LeftArea))}, got {how!r}."
        raise UsageError(msg)
    over = follow_up["ended"].notna().to_numpy()
    left = (follow_up["ended"] == "left").fillna(False).to_numpy(dtype=bool)
    weight = np.where(over, 1.0, np.nan)
    if how != "ignore":
        weight[left] = 0.0
    if how == "weight" and left.any():
        days = follow_up["followed_days"].to_numpy(dtype=float, na_value=np.nan)
        strata = follow_up.groupby(list(by), dropna=False, sort=False).ngroup() if by else np.zeros(len(over), int)
        of_stratum = np.asarray(strata)
        known = over & ~left
        number = np.ones(len(over), dtype=np.int64) if people is None else people.to_numpy(dtype=np.int64)
        for stratum in np.unique(of_stratum[left]):
            rows = over & (of_stratum == stratum)
            there = share_still_there(days[rows].astype(np.int64), left[rows], horizon_days, number[rows])
            chosen = rows & known
            weight[chosen] = 1 / np.maximum(there[days[chosen].astype(np.int64)], SMALLEST_SHARE_THERE)
    return pd.Series(weight, index=follow_up.index, name="weight")


def share_still_there(
    followed_days: NDArray[np.int64],
    left: NDArray[np.bool_],
    horizon_days: int,
    people: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Return G(t-) for t = 0 ... horizon_days: the Kaplan-Meier estimate of not having left before day t.

    Of those whose window ended otherwise on day t, none was at risk of leaving on that day: an event or a death comes
    before leaving.

    Examples
    --------
    Of four people, one leaves on day 1, one has the event on day 2, and two are followed to the end of day 3.

    >>> share_still_there(np.array([1, 2, 3, 3]), np.array([True, False, False, False]), 3)
    array([1.  , 1.  , 0.75, 0.75])
    """
    number = np.ones(len(followed_days)) if people is None else people.astype(np.float64)
    ends = np.bincount(followed_days, number, minlength=horizon_days + 1)
    leave = np.bincount(followed_days[left], number[left], minlength=horizon_days + 1)
    at_risk = number.sum() - np.cumsum(ends) + leave  # whose window ends later, and who leave on the day
    stay = 1 - np.divide(leave, at_risk, out=np.zeros(leave.size), where=leave > 0)
    there: NDArray[np.float64] = np.concatenate([[1.0], np.cumprod(stay)[:-1]])
    return there


def about_censoring(follow_up: "pd.DataFrame", weight: "pd.Series[float]") -> Censoring:
    """Return what the weights of `censoring_weights` rest on, over all rows whose window is over."""
    over = follow_up["ended"].notna()
    ended, used = follow_up.loc[over, "ended"], weight[over]
    most = 1 / SMALLEST_SHARE_THERE
    bounded = int((used >= most).sum())
    note = (
        f"leaving the area: {bounded:,} weights were bounded at {most:.0f}, as almost everyone left before the window"
        " was over; the observed risk is uncertain"
    )
    return Censoring(
        people=len(ended),
        died=int((ended == "died").sum()),
        left=int((ended == "left").sum()),
        largest_weight=float(used.max()) if len(used) else 1.0,
        notes=(note,) if bounded else (),
    )
