"""What each month by which records arrive late costs: true cases that the list of the day would have found."""

import math
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
    told = listed[listed["outcome"].notna()]
    in_time = told[told["months_late"] == 0]
    found = []
    for months in sorted({*told["months_late"].tolist()} - {0}):
        late = told[told["months_late"] == months]
        late, then = _on_both(late, in_time), _on_both(in_time, late)
        gained = then.groupby("patient_id")["outcome"].sum()
        by_person = gained.sub(late.groupby("patient_id")["outcome"].sum(), fill_value=0.0)
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


def _on_both(rows: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of lists, each of a date and a practice, that stand among the others too."""
    of_list = ["index_date", "practice_code"]
    there = pd.MultiIndex.from_frame(others[of_list].drop_duplicates())
    return rows[pd.MultiIndex.from_frame(rows[of_list]).isin(there)]
