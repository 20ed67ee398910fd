"""What became of the list before: who is new, who moved, and who left it and why."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

import pandas as pd

from vi_risk.caselists.choosing.tie_band import IN_BAND, NOT_DRAWN
from vi_risk.errors import UsageError
from vi_risk.models.templates import date_in_words

LISTED_COLUMNS = ("patient_id", "practice_code", "rank", "risk")
_ENDED: Mapping[str, str] = MappingProxyType({"died": "died", "left": "left the practice"})
SAME, NEW = "same", "new"
_NOT_ASKED = "no longer with a practice that has a list"
_OTHER_PRACTICE = "with another practice now"


@dataclass(frozen=True, slots=True, eq=False)
class PreviousList:
    """The list before, of all practices.

    Attributes
    ----------
    index_date
        Its date.
    listed
        One row per person who was on it: `LISTED_COLUMNS` at least; rank is that within the practice.
    made
        Whether it was made then; else it is who today's model would have listed.

    Raises
    ------
    UsageError
        A column is missing, or somebody stands in it twice.
    """

    index_date: date
    listed: pd.DataFrame
    made: bool = True

    def __post_init__(self) -> None:
        if lacking := [name for name in LISTED_COLUMNS if name not in self.listed]:
            expected = ", ".join(LISTED_COLUMNS)
            msg = (
                f"the list before, of {self.index_date}: expected the columns {expected}; found no"
                f" {' and no '.join(lacking)}. Name the folder of a run whose lists this version wrote."
            )
            raise UsageError(msg)
        if twice := int(self.listed["patient_id"].duplicated().sum()):
            msg = (
                f"the list before, of {self.index_date}: expected each person once, found {twice} rows too many."
                " Name the lists of one run."
            )
            raise UsageError(msg)


def moves_since(listed: pd.DataFrame, before: PreviousList, *, moved_places: int) -> pd.DataFrame:
    """Return how each listed person's place compares with the list before, in the order of the list.

    Parameters
    ----------
    listed
        patient_id, practice_code, rank.
    moved_places
        Who moved by fewer places is told as the same.

    Returns
    -------
    DataFrame
        change ("new", "from 11" or "same"), rank_before (missing where new) and is_new. Who was on the list of another
        practice is new to this one.
    """
    asked = listed[["patient_id", "practice_code", "rank"]].astype({"practice_code": object})
    then = before.listed[["patient_id", "practice_code", "rank"]].rename(columns={"rank": "rank_before"})
    found = asked.merge(then, on=["patient_id", "practice_code"], how="left", validate="one_to_one")
    is_new = found["rank_before"].isna()
    moved = (found["rank_before"] - found["rank"]).abs() >= moved_places
    change = [
        NEW if new else f"from {rank:.0f}" if far else SAME
        for new, rank, far in zip(is_new, found["rank_before"], moved, strict=True)
    ]
    return pd.DataFrame(
        {"change": change, "rank_before": found["rank_before"].astype("Int64"), "is_new": is_new}
    ).set_axis(listed.index)


def left_since(
    before: PreviousList, ranked: pd.DataFrame, departures: "pd.DataFrame | None", *, objectors: Collection[str] = ()
) -> pd.DataFrame:
    """Return who was on the list before and is not on today's of the same practice, with why.

    Whoever objects now is left out, whether they are eligible, have a risk, moved, left or died: they are never named.

    Parameters
    ----------
    ranked
        From `vi_risk.caselists.ranking.ranked_people`: everyone with a risk, in order.
    departures
        patient_id, ended ("died" or "left"), ended_on; None where it is not known who died or left.
    objectors
        Who objects to risk stratification, of everyone in the records (`vi_risk.models.objecting.objectors`).

    Returns
    -------
    DataFrame
        practice_code (of the list before), patient_id, rank_before and why, by practice_code and rank_before.
    """
    then = before.listed[list(LISTED_COLUMNS)].rename(columns={"rank": "rank_before"})
    then = then[~then["patient_id"].isin(list(objectors))]
    now = ranked.loc[ranked["patient_id"].isin(then["patient_id"])]
    columns = ["patient_id", "practice_code", "kept_off", "named", "listed", "rank"]
    now = now[[*columns, *([IN_BAND] if IN_BAND in now else [])]]
    now = now.rename(columns={"practice_code": "practice_now"})
    found = then.merge(now, on="patient_id", how="left", validate="one_to_one")
    still = found["listed"].eq(True) & (found["practice_now"] == found["practice_code"])
    unnamed = found["named"].eq(False)
    found = found[~still & ~unnamed].sort_values(["practice_code", "rank_before", "patient_id"], ignore_index=True)
    gone = {} if departures is None else _departed(departures, found["patient_id"].tolist())
    found["why"] = [_why(person, gone) for person in found.itertuples(index=False)]
    return found[["practice_code", "patient_id", "rank_before", "why"]]


def became_of(before: PreviousList, listed: pd.DataFrame, reviews: "pd.DataFrame | None") -> dict[str, dict[str, int]]:
    """Return practice_code -> words -> number of people, of the list before: listed, reviewed, accepted, left it.

    Of a list that was never made, or where no reviews are known, nothing is said of reviews: none could be of it.

    Parameters
    ----------
    listed
        patient_id and practice_code of today's list.
    reviews
        patient_id, reviewed_on, decision (`vi_risk.cohort.reviews`); None where they are not known.
    """
    then = before.listed[["patient_id", "practice_code"]].astype({"practice_code": object})
    now = listed[["patient_id", "practice_code"]].astype({"practice_code": object}).assign(still=True)
    told = then.merge(now, on=["patient_id", "practice_code"], how="left")
    told = told.assign(listed=True, left=told["still"].isna())
    words = ["listed", "left"]
    if before.made and reviews is not None:
        since = reviews[pd.to_datetime(reviews["reviewed_on"]) >= pd.Timestamp(before.index_date)]
        accepted = since.loc[since["decision"] == "accepted", "patient_id"]
        told = told.assign(
            reviewed=told["patient_id"].isin(since["patient_id"]), accepted=told["patient_id"].isin(accepted)
        )
        words = ["listed", "reviewed", "accepted", "left"]
    return {str(code): {word: int(rows[word].sum()) for word in words} for code, rows in told.groupby("practice_code")}


def departed_since(departures: pd.DataFrame, since: date | None, *, list_date: date) -> dict[str, pd.DataFrame]:
    """Return words -> who died and who left since the list before; without one, in the 12 months before this list."""
    day = pd.Timestamp(since or list_date - timedelta(days=365))
    span = "in the last 12 months" if since is None else f"since {date_in_words(since)}"
    lately = departures[pd.to_datetime(departures["ended_on"]) >= day]
    return {f"{words} {span}": lately[lately["ended"] == ended] for ended, words in _ENDED.items()}


def _departed(departures: pd.DataFrame, patients: Sequence[str]) -> dict[str, str]:
    """Return patient_id -> what became of them, in words."""
    of_these = departures[departures["patient_id"].isin(patients)]
    return {
        row["patient_id"]: f"{_ENDED[row['ended']]} on {date_in_words(pd.Timestamp(row['ended_on']).date())}"
        for row in of_these.to_dict("records")
    }


def _why(person: Any, gone: Mapping[str, str]) -> str:  # a row of the frame that left_since makes
    if person.patient_id in gone:
        return gone[person.patient_id]
    if pd.isna(person.practice_now):
        return _NOT_ASKED
    if person.practice_now != person.practice_code:
        return _OTHER_PRACTICE
    if getattr(person, IN_BAND, False) is True:
        return NOT_DRAWN
    return person.kept_off or f"below the line: place {person.rank:.0f} now"
