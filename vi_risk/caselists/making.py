"""Case lists made of ranked people: the table of each practice, what stands beside it, and who was left out and why."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from vi_risk.caselists.beside.contact_facts import contacts_of
from vi_risk.caselists.beside.facts import facts_of
from vi_risk.caselists.beside.record_seen import data_seen, notes_for
from vi_risk.caselists.beside.said import changes_of, cut, reason_columns, said_of
from vi_risk.caselists.choosing.changes import PreviousList, departed_since, left_since, moves_since
from vi_risk.caselists.choosing.people import COMPANIONS
from vi_risk.caselists.choosing.rules import CaseListRules, places_asked_for, shipped_rules
from vi_risk.caselists.choosing.standing import NOT_SCORED, OBJECTION, excluding
from vi_risk.caselists.choosing.tie_band import IN_BAND, NOT_DRAWN
from vi_risk.caselists.lists import DECISION_COLUMNS, LEADING_COLUMNS, CaseList, ListAbout
from vi_risk.caselists.ranking import on_lists, practices_without_list, ranked_people
from vi_risk.caselists.usual import usual_chances
from vi_risk.caselists.wording import CONFIDENTIAL
from vi_risk.errors import UsageError
from vi_risk.models.objecting import objectors

if TYPE_CHECKING:
    from vi_risk.caselists.practice.practice_summary import PracticeSummary
    from vi_risk.models.snapshots import Snapshots
    from vi_risk.models.spec import ModelSpec


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
    left_out: Mapping[str, str] | None = None,
    objecting_here: Mapping[str, str] | None = None,
    handling: str = CONFIDENTIAL,
    ranked: pd.DataFrame | None = None,
) -> list[CaseList]:
    """Return one case list for each practice that has eligible people, or had a list before, by practice_code.

    Parameters
    ----------
    scores
        One row per person: patient_id and risk at least; from `vi_risk.score` or of one's own making.
    snapshots
        Those that were scored, from `vi_risk.build_features`; without any, see `vi_risk.lists_from_scores`.
    reasons
        From `vi_risk.explain`, for at least the people that `choose` gives; of one's own making, patient_id and text.
    spec
        The model's, for its title and the words of its outcome.
    rules, capacity
        None: the shipped rules, and the places that the rules give.
    model_version
        Which version of the model it is, for the packs.
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
    left_out, objecting_here, handling
        Rule -> people whom it kept from the records of all practices, in words; practice_code -> those registered
        with it who object; and what stands on every printed page.
    ranked
        From `vi_risk.caselists.ranking.ranked_people`, of these scores by these rules, where it is at hand: to rank
        everyone costs; None ranks them here.

    Returns
    -------
    list of CaseList
        By practice_code; `vi_risk.write_packs` writes them.

    Raises
    ------
    UsageError
        The scores do not fit the snapshots, or lack what the rules order people by; the reasons cannot be told; the
        list before is not of an earlier date; or the capacity is no whole number from 1.
    SpecificationError
        The rules ask about what there is not.

    Examples
    --------
    >>> lists = vi_risk.case_lists(scores, snapshots, reasons, spec=spec, capacity=2)
    >>> lists[0].table[["rank", "decision"]].to_dict("list")
    {'rank': [1, 2], 'decision': ['', '']}
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
    people = ranked_people(scores, snapshots, rules=rules, capacity=capacity) if ranked is None else ranked
    listed = on_lists(people)
    moves = None if before is None else moves_since(listed, before, moved_places=rules.moved_places)
    facts = facts_of(listed, snapshots, rules=rules, moves=moves, prompts=prompts, refits=refits)
    particulars = snapshots.particulars
    departures = None if particulars is None else particulars.departures
    cohort = snapshots.cohort[snapshots.cohort["role"] == "list"]
    objecting = objectors(snapshots)
    said = said_of(listed, reasons, snapshots.catalogue, rules)
    tables = {str(code): rows for code, rows in _table(listed, said, facts, rules).groupby("practice_code")}
    beside = cut(
        {
            "said": said,
            "prompts": prompts,
            "changes": None if changes is None else changes_of(changes, snapshots.catalogue, rules),
            "contacts": contacts_of(listed, snapshots),
            "excluded": _excluded(people),
            "left": None if before is None else left_since(before, people, departures, objectors=objecting),
        },
        listed,
    )
    gone = {}
    if departures is not None:
        since = None if before is None else before.index_date
        gone = departed_since(departures, since, list_date=snapshots.index_dates.list_date)
    counts = _counts(people, cohort, rules, objecting=objecting, gone=gone)
    everyone = {str(code): rows for code, rows in people.groupby("practice_code")}
    had_list = set() if before is None else {*before.listed["practice_code"]}
    codes = sorted({*everyone, *(had_list - {*practices_without_list(cohort, rules)})})
    meetings = {code: ("practice", code) for code in codes} | rules.places.meetings(everyone, snapshots.practices)
    ordered_by = [str(name) for name in people if name != "rank" or "rank" in scores]
    usual = usual_chances(people)
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
                left_out=left_out or {},
                objecting_here=(objecting_here or {}).get(code),
                handling=handling,
            ),
            **beside.get(code, {}),
            excluded_counts=counts.get(code, {}),
            usual=usual,
            summary=None if summaries is None else summaries.get(code),
        )
        for code in codes
    ]


def _table(listed: pd.DataFrame, said: pd.DataFrame, facts: pd.DataFrame, rules: CaseListRules) -> pd.DataFrame:
    """Return the table of a case list for these people, in their order."""
    columns = ["rank", "patient_id", "age_band", "practice_code", "risk", "sex"]
    table = pd.concat([listed[columns], reason_columns(listed, said), facts], axis=1)
    table["band"] = [rules.band(risk) for risk in table["risk"]]
    table[list(DECISION_COLUMNS)] = ""
    return table[[*LEADING_COLUMNS, *facts.columns, *DECISION_COLUMNS]]


def _excluded(people: pd.DataFrame) -> pd.DataFrame:
    """Return those who would be listed but for what keeps them off, and may be named; and who was not drawn in a lot.

    Of a lot everyone is told who has no place, also those whom the order alone would have put below the line: each
    could have had one.
    """
    kept = people["place"] & (people["kept_off"] != "") & people["named"]
    if IN_BAND not in people:
        return people[kept].rename(columns={"kept_off": "reason"})
    not_drawn = people[IN_BAND] & ~people["listed"]
    reason = people["kept_off"].mask(not_drawn, NOT_DRAWN)
    return people.assign(reason=reason)[kept | not_drawn]


def _counts(
    people: pd.DataFrame,
    cohort: pd.DataFrame,
    rules: CaseListRules,
    *,
    objecting: Collection[str],
    gone: Mapping[str, pd.DataFrame],
) -> dict[str, dict[str, int]]:
    """Return practice_code -> words -> people whom that keeps off, in the order in which the rules ask.

    Who objects is counted though not scored; `gone` are those who died or left, by the words for it.
    """
    eligible = cohort[cohort["practice_code"].isin(people["practice_code"].unique())]
    objects = eligible["patient_id"].isin(list(objecting))
    scored = eligible["patient_id"].isin(people["patient_id"])
    off = {
        OBJECTION: eligible[objects],
        **{words: people[people["kept_off"] == words] for words in excluding(rules.standing)},
        NOT_SCORED: eligible[~objects & ~scored],
        **gone,
    }
    found: dict[str, dict[str, int]] = {}
    for words, of_these in off.items():
        for code, number in of_these["practice_code"].value_counts().items():
            found.setdefault(str(code), {})[words] = int(number)
    return found


def _places(rules: CaseListRules, capacity: int, meeting: tuple[str, str], columns: Collection[str]) -> str:
    """Return how places are given out, in one sentence."""
    return f"{rules.places.in_words(capacity, meeting)}, in order of {rules.order.in_words(columns)}"
