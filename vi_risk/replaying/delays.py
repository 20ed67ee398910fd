"""What each month by which records arrive late costs: true cases that the list of the day would have found."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from vi_risk.models.evidence.metrics import Z95


@dataclass(frozen=True, slots=True)
class CostOfDelay:
    """What records that are so many months late cost, over all lists whose window is over.

    Attributes
    ----------
    listed, true_cases
        People on the lists with records that are not late, and the true cases among them; summed over the lists.
    found_late
        True cases of the lists that the late records would have made.
    lost
        The former less the latter; `interval` is that of `lost`, 95 %.
    lists
        Over which it is summed.
    """

    months: int
    lists: int
    listed: int
    true_cases: int
    found_late: int
    lost: int
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class CostOfAMonth:
    """What each month by which records arrive late costs, if the loss grows evenly with the months.

    Attributes
    ----------
    listed
        People on the lists with records that are not late, summed over the lists.
    lost
        True cases among so many people that each month loses; `interval` is its 95 % interval.
    """

    listed: int
    lost: float
    interval: tuple[float, float]


def costs_of_delay(listed: pd.DataFrame) -> list[CostOfDelay]:
    """Return what each number of months costs; nothing where no window is over.

    Both lists are of the same people and mostly list the same ones: only who is on one of them alone makes the
    difference. Windows of lists a few months apart overlap, so that a person's differences are added up over all dates
    first: with s_p that sum, ``lost = sum(s_p)`` and ``variance = sum(s_p^2)``. This is McNemar's variance where
    nobody is counted twice, and that of clustered data where somebody is; lists are taken as made. A practice that has
    only one of both lists at a date, as one of which there were no records so early, is not compared there.

    Parameters
    ----------
    listed
        `vi_risk.replaying.finds.LISTED_COLUMNS`.

    References
    ----------
    McNemar Q. Psychometrika, 1947. doi:10.1007/BF02295996
    Durkalski VL, et al. Statistics in Medicine, 2003. doi:10.1002/sim.1438 (matched pairs in clusters)
    """
    found = []
    for months, late, then in _compared(listed):
        by_person = _lost_by_person(late, then)
        lost, error = float(by_person.sum()), math.sqrt(float((by_person**2).sum()))
        found.append(
            CostOfDelay(
                months=months,
                lists=int(then["index_date"].nunique()),
                listed=len(then),
                true_cases=int(then["outcome"].sum()),
                found_late=int(late["outcome"].sum()),
                lost=round(lost),
                interval=(lost - Z95 * error, lost + Z95 * error),
            )
        )
    return found


def cost_of_a_month(listed: pd.DataFrame) -> CostOfAMonth | None:
    """Return what each month costs, of all months by which records were late together; None where no window is over.

    A line through nought by least squares: of lists with n_k people in time, L_k true cases are lost with records k
    months late; each month then loses ``b = sum(k n_k L_k) / sum((k n_k)^2)`` of each person listed, and
    ``n_1 b`` in all. L_k being a sum over people, so is b, and its variance is the sum of their squares, as in
    `costs_of_delay`: the lists of all months are mostly of the same people, and this counts each of them once.

    Parameters
    ----------
    listed
        `vi_risk.replaying.finds.LISTED_COLUMNS`.
    """
    compared = [(months, late, then) for months, late, then in _compared(listed) if len(then)]
    if not compared:
        return None
    whole = sum((months * len(then)) ** 2 for months, _, then in compared)
    parts = [_lost_by_person(late, then) * (months * len(then) / whole) for months, late, then in compared]
    by_person = pd.concat(parts).groupby(level=0).sum()
    people = len(compared[0][2])
    lost, error = people * float(by_person.sum()), people * math.sqrt(float((by_person**2).sum()))
    return CostOfAMonth(people, lost, (lost - Z95 * error, lost + Z95 * error))


def _compared(listed: pd.DataFrame) -> Iterator[tuple[int, pd.DataFrame, pd.DataFrame]]:
    """Yield months, and the rows of late lists and of those in time whose window is over and that have each other."""
    told = listed[listed["outcome"].notna()]
    in_time = told[told["months_late"] == 0]
    for months in sorted({*told["months_late"].tolist()} - {0}):
        late = told[told["months_late"] == months]
        yield months, _on_both(late, in_time), _on_both(in_time, late)


def _lost_by_person(late: pd.DataFrame, in_time: pd.DataFrame) -> "pd.Series[float]":
    """Return patient_id -> lists in time that found them as a true case, less those of the late ones."""
    found = in_time.groupby("patient_id")["outcome"].sum()
    return found.sub(late.groupby("patient_id")["outcome"].sum(), fill_value=0.0)


def _on_both(rows: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of lists, each of a date and a practice, that stand among the others too."""
    of_list = ["index_date", "practice_code"]
    there = pd.MultiIndex.from_frame(others[of_list].drop_duplicates())
    return rows[pd.MultiIndex.from_frame(rows[of_list]).isin(there)]
