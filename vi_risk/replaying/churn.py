"""How lists change from one replayed date to the next: who is new, who stayed, who came back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import pandas as pd


@dataclass(frozen=True, slots=True)
class Churn:
    """Of the people of one list: who they were to the lists before it.

    Attributes
    ----------
    new
        On no replayed list before; `stayed`: on that of the date before; `returned`: on an earlier one, but not on
        that of the date before.
    left
        Of the list of the date before, who is on this one no more.
    """

    day: date
    listed: int
    new: int
    stayed: int
    returned: int
    left: int


def churn_of(listed: pd.DataFrame, days: Sequence[date]) -> list[Churn]:
    """Return how each list but the first differs from those before it, earliest first.

    Parameters
    ----------
    listed
        One row per index_date and patient_id: who was listed with records that were not late.
    days
        The replayed dates in order; one with nobody listed has no row.
    """
    of_day = {day: {*listed.loc[listed["index_date"] == day, "patient_id"]} for day in days}
    found, ever = [], {*of_day[days[0]]} if days else set()
    for before, day in pairwise(days):
        now, last = of_day[day], of_day[before]
        found.append(
            Churn(
                day=day,
                listed=len(now),
                new=len(now - ever),
                stayed=len(now & last),
                returned=len((now & ever) - last),
                left=len(last - now),
            )
        )
        ever |= now
    return found


def churn_by_practice(listed: pd.DataFrame, days: Sequence[date]) -> dict[str, list[Churn]]:
    """Return practice_code -> how its lists changed; somebody who moved practice is new to the other's list."""
    return {str(code): churn_of(rows, days) for code, rows in listed.groupby("practice_code")}
