"""Who is on which list: everyone of the practices that have one, in order, and within the places of their meeting."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vi_risk.caselists.choosing.people import people_at_list
from vi_risk.caselists.choosing.places import give_places, held_by_floor
from vi_risk.caselists.choosing.rules import CaseListRules, places_asked_for, shipped_rules
from vi_risk.caselists.choosing.standing import OBJECTION, kept_off
from vi_risk.caselists.choosing.tie_band import IN_BAND, LOT_CHANCE, draw_at_the_line

if TYPE_CHECKING:
    from vi_risk.caselists.lists import CaseList
    from vi_risk.models.snapshots import Snapshots


def ranked_people(
    scores: pd.DataFrame, snapshots: "Snapshots", *, rules: CaseListRules | None = None, capacity: int | None = None
) -> pd.DataFrame:
    """Return everyone of the practices that have a list, in order, with what decides who is on it.

    Returns
    -------
    DataFrame
        The columns of `people_at_list` that the rules ask about, rank being that within the practice among those who
        may be listed (0 for the others), and:

        - ordered_by: the value of the rules' order; meeting: whose places the practice shares;
        - kept_off: the words of what keeps the person off, "" where nothing does;
        - named: whether the person may be named among those left out; an objection is counted alone;
        - listed: whether the person is on the list;
        - place: whether there is a place: of those kept off, whether it would have been theirs.

        Where the rules have a tie band, also in_tie_band: whether the person was in a lot; and lot_chance: how likely a
        place then was.
    """
    rules = rules or shipped_rules(snapshots.catalogue)
    people = people_at_list(scores, snapshots, columns=rules.columns)
    return in_order(people, snapshots.practices, rules=rules, capacity=capacity)


def in_order(
    people: pd.DataFrame,
    practices: Mapping[str, Mapping[str, str | None]],
    *,
    rules: CaseListRules,
    capacity: int | None = None,
) -> pd.DataFrame:
    """Return what `ranked_people` does, of a people frame with the columns that the rules ask about.

    Parameters
    ----------
    people
        From `vi_risk.caselists.choosing.people.people_at_list`.
    practices
        practice_code -> its name and network.
    """
    capacity = places_asked_for(capacity, rules)
    without = practices_without_list(people, rules)
    people = rules.order.sorted(people[~people["practice_code"].isin(list(without))])
    practice = people["practice_code"]
    meetings = rules.places.meetings(practice.unique().tolist(), practices)
    meeting = practice.map({code: " ".join(of_it) for code, of_it in meetings.items()})
    off = kept_off(people, rules.standing)
    may = off == ""
    place = give_places(practice, meeting, may, capacity=capacity, floor=rules.places.floor)
    unnamed = {OBJECTION, *(one.words for one in rules.standing if one.is_objection)}
    band = {}
    if rules.places.tie_band.width:
        held = held_by_floor(practice, may, rules.places.floor)
        asked = people.assign(meeting=meeting)
        lot = draw_at_the_line(asked, may & place, may, held, band=rules.places.tie_band)
        place = np.where(lot.in_band, lot.drawn, place)
        band = {IN_BAND: lot.in_band, LOT_CHANCE: lot.chance}
    rank = pd.Series(may.astype(int)).groupby(practice).cumsum()
    return people.assign(
        rank=rank.where(may, 0),
        meeting=meeting,
        kept_off=off,
        named=~np.isin(off.astype(str), list(unnamed)),
        listed=may & place,
        place=place,
        **band,
    )


def choose(
    scores: pd.DataFrame, snapshots: "Snapshots", *, rules: CaseListRules | None = None, capacity: int | None = None
) -> pd.DataFrame:
    """Return the people on the lists, in order and within the places: whom to explain, before the lists are made.

    Parameters
    ----------
    scores
        One row per person: patient_id and risk at least; from `vi_risk.score` or of one's own making.
    snapshots
        Those that were scored: who is eligible, and what the rules ask about.
    rules, capacity
        None: the shipped rules, and the places that the rules give.

    Returns
    -------
    DataFrame
        One row per listed person, by practice_code and rank: patient_id, practice_code, rank (within the practice, 1 is
        the first), risk (0 to 1), age, age_band, sex and the further columns of
        `vi_risk.caselists.ranking.ranked_people`.

    Raises
    ------
    UsageError
        The scores do not fit the snapshots, or the capacity is no whole number from 1.

    Examples
    --------
    >>> listed = vi_risk.choose(scores, snapshots, capacity=2)
    >>> int(listed["rank"].max()), bool(listed["listed"].all())
    (2, True)
    """
    return on_lists(ranked_people(scores, snapshots, rules=rules, capacity=capacity))


def on_lists(people: pd.DataFrame) -> pd.DataFrame:
    """Return those of `ranked_people` who are listed, by practice_code and rank."""
    return people[people["listed"]].sort_values(["practice_code", "rank"], ignore_index=True)


def practices_without_list(people: pd.DataFrame, rules: CaseListRules) -> dict[str, int]:
    """Return practice_code -> people, of practices outside the trust, which have no list unless the rules name them.

    Outside is a practice of whose people no GP record is seen. Where that holds for every practice none of them is:
    the records then say nothing of who belongs to the trust.

    Parameters
    ----------
    people
        practice_code and gp_seen_from of everyone eligible, such as snapshots.rows("list")[0].
    """
    seen = people["gp_seen_from"].notna()
    by_practice = seen.groupby(people["practice_code"])
    inside = by_practice.any()
    if not inside.any():
        return {}
    number = by_practice.size()
    return {str(code): int(number[code]) for code in inside.index[~inside] if code not in rules.places.outside}


def practices_with_nobody(
    lists: "Collection[CaseList]", snapshots: "Snapshots", outside: Collection[str]
) -> tuple[str, ...]:
    """Return the codes of practices of the records that have no list as nobody of theirs could be listed.

    Parameters
    ----------
    outside
        Codes of `practices_without_list`, which have none for another reason.
    """
    accounted_for = {*outside, *(case_list.practice_code for case_list in lists)}
    return tuple(sorted({*snapshots.practices} - accounted_for))


def doubts_of_rules(
    lists: "Collection[CaseList]", snapshots: "Snapshots", rules: CaseListRules, *, capacity: int
) -> list[str]:
    """Return in words what of the rules does not fit the practices of these lists, though each rule can be read."""
    doubts = []
    cohort = snapshots.cohort[snapshots.cohort["role"] == "list"]
    if strangers := sorted({*rules.places.outside} - {*snapshots.practices, *cohort["practice_code"]}):
        doubts.append(
            f"case list rules: places.outside: {', '.join(strangers)}: expected codes of practices in the records,"
            " found none of that name. Check the spelling."
        )
    eligible = {case_list.practice_code: case_list.eligible for case_list in lists if case_list.eligible}
    if meetings := rules.places.overdrawn(eligible, snapshots.practices, capacity=capacity):
        doubts.append(
            f"case list rules: places.floor: {rules.places.floor} for each practice are more than the {capacity} places"
            f" of one meeting ({', '.join(meetings)}), and went in order until those were given. Lower the floor, or"
            " raise the capacity."
        )
    return doubts
