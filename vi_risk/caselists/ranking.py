"""Who is on which list, and the lists made of them: in order, within the places that each meeting has."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vi_risk.caselists.beside.contact_facts import contacts_of
from vi_risk.caselists.beside.facts import facts_of
from vi_risk.caselists.beside.record_seen import data_seen, notes_for
from vi_risk.caselists.beside.said import changes_of, cut, reason_columns, said_of
from vi_risk.caselists.choosing.changes import PreviousList, departed_since, left_since, moves_since
from vi_risk.caselists.choosing.people import COMPANIONS, objectors, people_at_list
from vi_risk.caselists.choosing.places import give_places
from vi_risk.caselists.choosing.rules import CaseListRules, places_asked_for, shipped_rules
from vi_risk.caselists.choosing.standing import NOT_SCORED, OBJECTION, excluding, kept_off
from vi_risk.caselists.lists import DECISION_COLUMNS, LEADING_COLUMNS, CaseList, ListAbout
from vi_risk.errors import UsageError

if TYPE_CHECKING:
    from vi_risk.caselists.practice.practice_summary import PracticeSummary
    from vi_risk.models.snapshots import Snapshots
    from vi_risk.models.spec import ModelSpec

__all__ = ["case_lists", "choose", "doubts_of_rules", "people_at_list", "practices_without_list", "ranked_people"]


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
    """
    rules = rules or shipped_rules(snapshots.catalogue)
    capacity = places_asked_for(capacity, rules)
    people = people_at_list(scores, snapshots, columns=rules.columns)
    without = practices_without_list(people, rules)
    people = rules.order.sorted(people[~people["practice_code"].isin(list(without))])
    practice = people["practice_code"]
    meetings = rules.places.meetings(practice.unique().tolist(), snapshots.practices)
    meeting = practice.map({code: " ".join(of_it) for code, of_it in meetings.items()})
    off = kept_off(people, rules.standing)
    may = off == ""
    place = give_places(
        practice,
        meeting,
        may,
        capacity=capacity,
        floor=rules.places.floor,
    )
    unnamed = {OBJECTION, *(one.words for one in rules.standing if one.is_objection)}
    rank = pd.Series(may.astype(int)).groupby(practice).cumsum()
    return people.assign(
        rank=rank.where(may, 0),
        meeting=meeting,
        kept_off=off,
        named=~np.isin(off.astype(str), list(unnamed)),
        listed=may & place,
        place=place,
    )


def choose(
    scores: pd.DataFrame, snapshots: "Snapshots", *, rules: CaseListRules | None = None, capacity: int | None = None
) -> pd.DataFrame:
    """Return the people on the lists, by practice_code and rank: the columns of `ranked_people`."""
    return _listed(ranked_people(scores, snapshots, rules=rules, capacity=capacity))


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


def case_lists(
    scores: pd.DataFrame,
    snapshots: "Snapshots",
    reasons: pd.DataFrame,
    *,
    spec: "ModelSpec",
    rules: CaseListRules | None = None,
    capacity: int | None = None,
    model_version: str = "not named",
    refits: int | None = None,
    prompts: pd.DataFrame | None = None,
    before: PreviousList | None = None,
    changes: pd.DataFrame | None = None,
    summaries: "Mapping[str, PracticeSummary] | None" = None,
    governance: str | None = None,
) -> list[CaseList]:
    """Return one case list for each practice that has eligible people, or had a list before, by practice_code.

    Parameters
    ----------
    scores
        One row per person: patient_id and risk at least; from `vi_risk.score` or of one's own making.
    reasons
        From `vi_risk.explain`, for at least the people that `choose` gives; of one's own making, patient_id and text.
    spec
        The model's, for its title and the words of its outcome.
    rules, capacity
        None: the shipped rules, and the places that the rules give.
    refits
        How many refits the listed_in_refits of the scores is a share of.
    prompts, changes
        Of the people that `choose` gives: `PROMPT_COLUMNS` and `CHANGE_COLUMNS`; None where there are none.
    before
        The list before, to say who is new, who moved and who left.
    summaries
        practice_code -> its people in one view.
    governance
        Purpose and legal basis, in one line.

    Raises
    ------
    UsageError
        The scores do not fit the snapshots, or lack what the rules order people by; the reasons cannot be told; the
        list before is not of an earlier date; or the capacity is no whole number from 1.
    SpecificationError
        The rules ask about what there is not.
    """
    rules = rules or shipped_rules(snapshots.catalogue)
    capacity = places_asked_for(capacity, rules)
    if before is not None and before.index_date >= snapshots.index_dates.list_date:
        msg = (
            f"before: expected a list from before {snapshots.index_dates.list_date}, found one of {before.index_date}."
            " Give that of an earlier date."
        )
        raise UsageError(msg)
    companions = [companion.name for companion in spec.companions if not companion.counts]
    of_ones_own = [str(name) for name in scores.select_dtypes(["number", "bool"]) if name not in COMPANIONS]
    rules.refuse_unknown(snapshots.catalogue, companions=companions, also=of_ones_own)
    people = ranked_people(scores, snapshots, rules=rules, capacity=capacity)
    listed = _listed(people)
    moves = None if before is None else moves_since(listed, before, moved_places=rules.moved_places)
    facts = facts_of(listed, snapshots, rules=rules, moves=moves, prompts=prompts, refits=refits)
    particulars = snapshots.particulars
    departures = None if particulars is None else particulars.departures
    cohort = snapshots.cohort[snapshots.cohort["role"] == "list"]
    said = said_of(listed, reasons, snapshots.catalogue, rules)
    tables = {str(code): rows for code, rows in _table(listed, said, facts, rules).groupby("practice_code")}
    beside = cut(
        {
            "said": said,
            "prompts": prompts,
            "changes": None if changes is None else changes_of(changes, snapshots.catalogue, rules),
            "contacts": contacts_of(listed, snapshots),
            "excluded": _excluded(people),
            "left": None if before is None else left_since(before, people, departures, objectors=objectors(snapshots)),
        },
        listed,
    )
    counts = _counts(
        people,
        snapshots,
        rules,
        eligible=cohort["practice_code"].value_counts(),
        since=None if before is None else before.index_date,
    )
    everyone = {str(code): rows for code, rows in people.groupby("practice_code")}
    had_list = set() if before is None else {*before.listed["practice_code"]}
    codes = sorted({*everyone, *(had_list - {*practices_without_list(cohort, rules)})})
    meetings = {code: ("practice", code) for code in codes} | rules.places.meetings(everyone, snapshots.practices)
    ordered_by = [str(name) for name in people if name != "rank" or "rank" in scores]
    of_none, no_one = people.iloc[:0], _table(listed.iloc[:0], said, facts.iloc[:0], rules)
    return [
        CaseList(
            practice_code=code,
            practice_name=snapshots.practices.get(code, {}).get("name"),
            network=snapshots.practices.get(code, {}).get("network"),
            table=tables.get(code, no_one).reset_index(drop=True),
            eligible=int((everyone.get(code, of_none)["kept_off"] == "").sum()),
            about=ListAbout(
                model_title=spec.title,
                model_version=model_version,
                outcome=spec.outcome_words,
                index_date=snapshots.index_dates.list_date,
                data_to=data_seen(snapshots, everyone.get(code, of_none)),
                notes=notes_for(snapshots, everyone.get(code, of_none), facts),
                capacity=capacity,
                places=_places(rules, capacity, meetings[code], ordered_by),
                previous_date=None if before is None else before.index_date,
                previous_made=before is None or before.made,
                governance=governance,
            ),
            **beside.get(code, {}),
            excluded_counts=counts.get(code, {}),
            summary=None if summaries is None else summaries.get(code),
        )
        for code in codes
    ]


def doubts_of_rules(
    lists: Collection[CaseList], snapshots: "Snapshots", rules: CaseListRules, *, capacity: int
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


def _listed(people: pd.DataFrame) -> pd.DataFrame:
    return people[people["listed"]].sort_values(["practice_code", "rank"], ignore_index=True)


def _table(listed: pd.DataFrame, said: pd.DataFrame, facts: pd.DataFrame, rules: CaseListRules) -> pd.DataFrame:
    """Return the table of a case list for these people, in their order."""
    columns = ["rank", "patient_id", "age_band", "practice_code", "risk", "sex"]
    table = pd.concat([listed[columns], reason_columns(listed, said), facts], axis=1)
    table["band"] = [rules.band(risk) for risk in table["risk"]]
    table[list(DECISION_COLUMNS)] = ""
    return table[[*LEADING_COLUMNS, *facts.columns, *DECISION_COLUMNS]]


def _excluded(people: pd.DataFrame) -> pd.DataFrame:
    """Return those who would be listed but for what keeps them off, and may be named."""
    kept = people[people["place"] & (people["kept_off"] != "") & people["named"]]
    return kept.rename(columns={"kept_off": "reason"})


def _counts(
    people: pd.DataFrame,
    snapshots: "Snapshots",
    rules: CaseListRules,
    *,
    eligible: "pd.Series[int]",
    since: date | None,
) -> dict[str, dict[str, int]]:
    """Return practice_code -> words -> people whom that keeps off, in the order in which the rules ask."""
    reasons = (OBJECTION, *excluding(rules.standing))
    off = {words: people.loc[people["kept_off"] == words, "practice_code"].value_counts() for words in reasons}
    scored = people["practice_code"].value_counts()
    off[NOT_SCORED] = eligible.reindex(scored.index) - scored
    if snapshots.particulars is not None:
        gone = departed_since(snapshots.particulars.departures, since, list_date=snapshots.index_dates.list_date)
        off |= {words: of_these["practice_code"].value_counts() for words, of_these in gone.items()}
    found: dict[str, dict[str, int]] = {}
    for words, numbers in off.items():
        for code, number in numbers[numbers > 0].items():
            found.setdefault(str(code), {})[words] = int(number)
    return found


def _places(rules: CaseListRules, capacity: int, meeting: tuple[str, str], columns: Collection[str]) -> str:
    """Return how places are given out, in one sentence."""
    return f"{rules.places.in_words(capacity, meeting)}, in order of {rules.order.in_words(columns)}"
