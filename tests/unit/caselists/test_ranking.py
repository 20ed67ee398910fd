"""Lists are put together from scores, snapshots and reasons; tests/spec/caselists shows who is on them."""

from datetime import date
from typing import Any

import pandas as pd
import pytest

from tests.spec.caselists.listing import (
    LIST_DATE,
    listed_before,
    lists_of,
    particulars,
    rules_of,
    scores_of,
    snapshots_of,
    spec,
)
from vi_risk.caselists.beside.said import NOT_NAMED
from vi_risk.caselists.lists import DECISION_COLUMNS, LEADING_COLUMNS, PROMPT_COLUMNS, REASON_COLUMNS, CaseList
from vi_risk.caselists.making import case_lists
from vi_risk.caselists.practice.practice_summary import PracticeSummary
from vi_risk.caselists.ranking import (
    choose,
    doubts_of_rules,
    practices_with_nobody,
    practices_without_list,
    ranked_people,
)
from vi_risk.errors import UsageError

PEOPLE: list[tuple[str, str, float, dict[str, Any]]] = [
    ("b2", "B", 0.60, {}),
    ("a3", "A", 0.50, {}),
    ("a1", "A", 0.31, {}),
    ("b1", "B", 0.30, {}),
    ("a4", "A", 0.15, {}),
    ("a2", "A", 0.01, {"in_hospital": True}),
]
PRACTICES = {"A": {"name": "Bilston Road Surgery", "network": "East"}}
SCORES = scores_of(PEOPLE).assign(rank=range(1, len(PEOPLE) + 1))
SNAPSHOTS = snapshots_of([(person, practice, known) for person, practice, _, known in PEOPLE], practices=PRACTICES)
REASONS = pd.DataFrame({"patient_id": ["a1", "a3", "a3"], "text": ["only", "first", "second"]})


def made(rules: str = "", **others: Any) -> list[CaseList]:
    return case_lists(SCORES, SNAPSHOTS, REASONS, spec=spec(), rules=rules_of(rules), **others)


def test_the_highest_risks_of_each_practice_are_chosen_up_to_its_places() -> None:
    chosen = choose(SCORES, SNAPSHOTS, capacity=2)

    assert chosen[["practice_code", "rank", "patient_id"]].to_numpy().tolist() == [
        ["A", 1, "a3"],
        ["A", 2, "a1"],
        ["B", 1, "b2"],
        ["B", 2, "b1"],
    ]


def test_the_choice_does_not_depend_on_the_order_of_the_scores() -> None:
    shuffled = SCORES.sample(frac=1, random_state=2)

    pd.testing.assert_frame_equal(
        choose(shuffled, SNAPSHOTS, capacity=3), choose(SCORES, SNAPSHOTS, capacity=3), check_like=True
    )


def test_people_and_lists_agree_on_who_is_listed() -> None:
    ranked = ranked_people(SCORES, SNAPSHOTS, capacity=2)
    chosen = choose(SCORES, SNAPSHOTS, capacity=2)
    on_lists = {person for case_list in made(capacity=2) for person in case_list.table["patient_id"]}

    assert set(ranked.loc[ranked["listed"], "patient_id"]) == on_lists == set(chosen["patient_id"])


def test_the_places_are_those_of_the_rules_unless_others_are_given() -> None:
    assert [len(case_list.table) for case_list in made("capacity = 1")] == [1, 1]
    assert [len(case_list.table) for case_list in made("capacity = 1", capacity=2)] == [2, 2]


def test_scores_of_ones_own_need_a_patient_and_a_risk_alone() -> None:
    own = SCORES[["patient_id", "risk"]]

    lists = case_lists(own, SNAPSHOTS, REASONS, spec=spec())

    assert lists[0].table["patient_id"].tolist() == ["a3", "a1", "a4", "a2"]


def test_who_was_not_scored_is_counted() -> None:
    some = SCORES[SCORES["patient_id"] != "a4"]

    first, second = case_lists(some, SNAPSHOTS, REASONS, spec=spec())

    assert first.excluded_counts == {"has no risk": 1}
    assert second.excluded_counts == {}


def test_a_person_scored_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="expected one row per patient_id"):
        choose(pd.concat([SCORES, SCORES.tail(1)]), SNAPSHOTS, capacity=3)


def test_there_is_one_list_per_practice_with_name_network_and_number_of_eligible() -> None:
    first, second = made(capacity=1, model_version="0a1b", governance="direct care")

    assert (first.practice_code, first.practice_name, first.network) == ("A", "Bilston Road Surgery", "East")
    assert (second.practice_code, second.practice_name, second.network) == ("B", None, None)
    assert (first.eligible, second.eligible) == (4, 2)
    assert first.about.index_date == LIST_DATE
    assert (first.about.model_version, first.about.governance) == ("0a1b", "direct care")
    assert first.about.places == (
        "1 place for this practice, in order of their chance; of two with the same by the model's score before"
        " calibration, then by pseudonym"
    )


def test_a_list_has_its_columns_in_order_and_empty_decisions() -> None:
    table = made()[0].table

    assert tuple(table.columns[: len(LEADING_COLUMNS)]) == LEADING_COLUMNS
    assert tuple(table.columns[-len(DECISION_COLUMNS) :]) == DECISION_COLUMNS
    assert (table[list(DECISION_COLUMNS)] == "").all(axis=None)


def test_ranks_count_from_one_and_risks_fall_within_each_list() -> None:
    for case_list in made():
        assert case_list.table["rank"].tolist() == list(range(1, len(case_list.table) + 1))
        assert case_list.table["risk"].is_monotonic_decreasing


def test_the_band_is_that_of_the_rules() -> None:
    first, second = made()
    (all_alike, _) = made('[[band]]\nname = "ANY"\nfrom = 0.0\nsymbol = "●"')

    assert first.table["band"].tolist() == ["very high", "high", "moderate", "lower"]
    assert second.table["band"].tolist() == ["very high", "high"]
    assert set(all_alike.table["band"]) == {"ANY"}


def test_reasons_stand_first_to_last_and_only_as_many_as_the_rules_show() -> None:
    all_shown, one_shown = made()[0], made("reasons = 1")[0]

    assert all_shown.table[list(REASON_COLUMNS)].iloc[0].tolist() == ["first", "second", "", "", ""]
    assert one_shown.table[list(REASON_COLUMNS)].iloc[0].tolist() == ["first", "", "", "", ""]
    assert all_shown.said["text"].tolist() == ["first", "second", "only"]
    assert one_shown.said["text"].tolist() == ["first", "only"]


def test_a_person_without_reasons_has_empty_ones() -> None:
    table = made()[0].table.set_index("patient_id")

    assert table["reason_1"].to_dict() == {"a1": "only", "a2": "", "a3": "first", "a4": ""}


def test_prompts_changes_contacts_and_summary_stand_beside_the_list_of_their_practice() -> None:
    prompts = pd.DataFrame([["b1", "GP", "a prompt", "a rule"]], columns=list(PROMPT_COLUMNS))
    changes = pd.DataFrame({"patient_id": ["a1"], "text": ["one more admission"]})
    contacts = [("a1", "gp", date(2024, 12, 1), None), ("b1", "ed", date(2024, 12, 2), None)]
    at_list = snapshots_of(
        [(person, practice, known) for person, practice, _, known in PEOPLE], particulars=particulars(contacts=contacts)
    )
    summary = PracticeSummary(4, (), {}, (), 0.6, 0.5, {})

    first, second = case_lists(
        SCORES, at_list, REASONS, spec=spec(), prompts=prompts, changes=changes, summaries={"A": summary}
    )

    assert (first.prompts.empty, second.prompts["text"].tolist()) == (True, ["a prompt"])
    assert second.table["prompts"].tolist() == ["", "GP: a prompt"]
    assert (first.changes["text"].tolist(), second.changes.empty) == (["one more admission"], True)
    assert (first.contacts["setting"].tolist(), second.contacts["setting"].tolist()) == (["gp"], ["ed"])
    assert (first.summary, second.summary) == (summary, None)


def test_practices_outside_the_trust_are_told_with_their_people() -> None:
    people = pd.DataFrame({"practice_code": ["A", "A", "B"], "gp_seen_from": [date(2020, 1, 1), None, None]})

    assert practices_without_list(people, rules_of()) == {"B": 1}
    assert practices_without_list(people, rules_of('[places]\noutside = ["B"]')) == {}
    assert practices_without_list(people.tail(1), rules_of()) == {}


def test_practices_of_the_records_of_which_nobody_could_be_listed_are_told_once() -> None:
    practices = {code: {"name": None, "network": None} for code in "DABC"}
    at_list = snapshots_of([(person, practice, known) for person, practice, _, known in PEOPLE], practices=practices)

    assert practices_with_nobody(made(), at_list, outside=["C"]) == ("D",)
    assert practices_with_nobody(made(), at_list, outside=[]) == ("C", "D")
    assert practices_with_nobody(made(), SNAPSHOTS, outside=[]) == ()


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ('[places]\noutside = ["Z99999"]', ["places.outside: Z99999: expected codes of practices in the records"]),
        ('[places]\noutside = ["B"]', []),
        (
            '[places]\nby = "trust"\nfloor = 2',
            ["places.floor: 2 for each practice are more than the 3 places of one meeting (trust)"],
        ),
        ('[places]\nby = "trust"\nfloor = 1', []),
    ],
)
def test_rules_that_do_not_fit_the_practices_are_doubted(rules: str, told: list[str]) -> None:
    found = doubts_of_rules(made(rules, capacity=3), SNAPSHOTS, rules_of(rules), capacity=3)

    assert [doubt.startswith(f"case list rules: {words}") for doubt, words in zip(found, told, strict=True)] == [
        True for _ in told
    ]


@pytest.mark.parametrize("capacity", [0, -3, 2.5, True, "20"])
def test_places_are_a_whole_number_from_one(capacity: Any) -> None:
    with pytest.raises(UsageError, match="capacity: expected a whole number from 1, found"):
        choose(SCORES, SNAPSHOTS, capacity=capacity)
    with pytest.raises(UsageError, match="capacity: expected a whole number from 1, found"):
        made(capacity=capacity)


def test_what_changed_is_told_without_the_names_that_a_site_hides() -> None:
    alcohol, failure = "condition_alcohol_dependence_1095d", "condition_heart_failure_1095d"
    changes = pd.DataFrame(
        {
            "patient_id": ["a3", "a3", "a3", "b2"],
            "text": ["more of one thing", "more of another", "more visits", "more of one thing"],
            "feature": [alcohol, failure, "ed_attendances_365d", failure],
        }
    )

    told = made('hide = ["alcohol_dependence", "heart_failure"]', changes=changes)

    assert [one.changes["text"].tolist() for one in told] == [[NOT_NAMED, "more visits"], [NOT_NAMED]]
    assert [len(one.changes) for one in made(changes=changes)] == [3, 1]


def test_no_list_changes_what_it_is_made_from() -> None:
    before, kept = listed_before(("a1", "A", 1)), (SCORES.copy(), REASONS.copy(), SNAPSHOTS.cohort.copy())

    made(before=before)

    for now, then in zip((SCORES, REASONS, SNAPSHOTS.cohort), kept, strict=True):
        pd.testing.assert_frame_equal(now, then)


def test_lists_of_people_of_one_practice_alone_are_possible() -> None:
    assert list(lists_of([("a", "all", 0.5, {})])) == ["all"]
