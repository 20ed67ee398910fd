"""The list before: who is new, who moved, and who left it and why."""

from datetime import date
from typing import Any

import pandas as pd
import pytest

from tests.spec.caselists.listing import LIST_DATE, listed_before, lists_of, particulars, snapshots_of, spec
from vi_risk.caselists.making import case_lists
from vi_risk.errors import UsageError


def test_new_risen_fallen_and_the_same() -> None:
    people = ["Ann", "Bob", "Cyd", "Dan", "Eve"]
    before = listed_before(("Ann", "North", 4), ("Bob", "North", 1), ("Cyd", "North", 5), ("Dan", "North", 1))

    table = lists_of([(person, "North", 0.5 - place / 10, {}) for place, person in enumerate(people)], before=before)[
        "North"
    ].table

    assert table[["patient_id", "rank", "change", "is_new"]].to_numpy().tolist() == [
        ["Ann", 1, "from 4", False],
        ["Bob", 2, "same", False],  # by one place
        ["Cyd", 3, "same", False],  # by two
        ["Dan", 4, "from 1", False],
        ["Eve", 5, "new", True],
    ]
    assert table["rank_before"].tolist()[:4] == [4, 1, 5, 1]
    assert pd.isna(table["rank_before"].tolist()[4])


def test_a_site_says_how_far_one_must_have_moved() -> None:
    before = listed_before(("Ann", "North", 2))

    (told,) = lists_of([("Ann", "North", 0.5, {})], "moved_places = 1", before=before)["North"].table["change"]

    assert told == "from 2"


def test_who_left_the_list_is_told_with_the_reason() -> None:
    before = listed_before(
        ("still listed", "North", 1),
        ("dead", "North", 2),
        ("moved away", "North", 3),
        ("discussed", "North", 4),
        ("less likely now", "North", 5),
        ("with another practice", "North", 6),
        ("not seen again", "North", 7),
        ("objects", "North", 8),
    )
    lines = [
        ("still listed", "North", 0.9, {}),
        ("discussed", "North", 0.8, {"days_since_mdt_review_730d": 9}),
        ("objects", "North", 0.7, {"objection_to_risk_stratification_36525d": 1}),
        ("less likely now", "North", 0.2, {}),
        ("with another practice", "South", 0.5, {}),
    ]
    gone = particulars(
        departures=[("dead", "North", "died", date(2024, 11, 3)), ("moved away", "North", "left", date(2024, 12, 9))]
    )

    lists = lists_of(lines, capacity=1, before=before, particulars=gone)

    assert lists["North"].left.to_numpy().tolist() == [
        ["dead", 2, "died on 3 November 2024"],
        ["moved away", 3, "left the practice on 9 December 2024"],
        ["discussed", 4, "reviewed in the last 12 weeks"],
        ["less likely now", 5, "below the line: place 2 now"],
        ["with another practice", 6, "with another practice now"],
        ["not seen again", 7, "no longer with a practice that has a list"],
    ]
    assert lists["South"].table["change"].tolist() == ["new"]
    assert lists["South"].left.empty
    assert lists["North"].excluded_counts == {
        "objects to risk stratification": 1,
        "reviewed in the last 12 weeks": 1,
        "died since 1 October 2024": 1,
        "left the practice since 1 October 2024": 1,
    }


def test_a_practice_that_has_closed_still_says_what_became_of_its_list() -> None:
    lists = lists_of([("Ann", "North", 0.5, {})], before=listed_before(("Ann", "Old Street", 1)))

    assert lists["Old Street"].table.empty
    assert lists["Old Street"].left.to_numpy().tolist() == [["Ann", 1, "with another practice now"]]
    assert lists["North"].table["is_new"].tolist() == [True]


def test_a_practice_that_has_closed_needs_no_team() -> None:
    lists = lists_of(
        [("Ann", "North", 0.5, {})],
        '[places]\nby = "team"\n[places.teams]\nNorth = "one"',
        before=listed_before(("Bob", "Old Street", 1)),
    )

    assert list(lists) == ["North", "Old Street"]


def test_a_practice_that_is_not_part_of_the_trust_gets_no_list_for_having_had_one() -> None:
    outside = {"gp_seen_from": None}

    lists = lists_of(
        [("Ann", "North", 0.5, {}), ("Bob", "South", 0.5, outside)], before=listed_before(("Bob", "South", 1))
    )

    assert list(lists) == ["North"]


def test_a_list_says_what_it_is_compared_with() -> None:
    made = lists_of([("Ann", "North", 0.5, {})], before=listed_before(("Ann", "North", 1)))["North"].about
    not_made = lists_of([("Ann", "North", 0.5, {})], before=listed_before(("Ann", "North", 1), made=False))["North"]
    alone = lists_of([("Ann", "North", 0.5, {})])["North"]

    assert (made.previous_date, made.previous_made) == (date(2024, 10, 1), True)
    assert not_made.about.previous_made is False
    assert alone.about.previous_date is None
    assert "change" not in alone.table


def test_nobody_has_left_a_list_that_was_never_made() -> None:
    for made, words in ((True, "Left the list since last time"), (False, "Would have been listed on 1 October 2024")):
        about = lists_of([("Ann", "North", 0.5, {})], before=listed_before(("Bob", "North", 1), made=made))[
            "North"
        ].about
        assert about.left_in_words.startswith(words)
    assert lists_of([("Ann", "North", 0.5, {})])["North"].about.left_in_words == ""


@pytest.mark.parametrize(
    ("now", "gone"),
    [
        ([("objects", "North", 0.2, {})], []),  # below the line
        ([("objects", "South", 0.2, {})], []),  # with another practice of the trust
        ([("objects", "South", 0.2, {"gp_seen_from": None})], []),  # with one outside it
        ([], []),  # not scored, or not eligible
        ([], [("objects", "North", "died", date(2024, 11, 3))]),
        ([], [("objects", "North", "left", date(2024, 11, 3))]),
    ],
)
def test_who_objects_is_never_named_whatever_became_of_them(
    now: list[tuple[str, str, float, dict[str, Any]]], gone: list[tuple[Any, ...]]
) -> None:
    lists = lists_of(
        [("Ann", "North", 0.9, {}), *now],
        capacity=1,
        before=listed_before(("objects", "North", 1), ("Bob", "North", 2)),
        particulars=particulars(departures=gone, objectors=["objects"]),
    )

    assert lists["North"].left["patient_id"].tolist() == ["Bob"]
    for case_list in lists.values():
        assert "objects" not in [*case_list.table["patient_id"], *case_list.excluded["patient_id"]]


def test_without_the_rows_of_the_records_an_objection_is_known_of_everyone_eligible_scored_or_not() -> None:
    people = [("Ann", "North", {}), ("objects", "North", {"objection_to_risk_stratification_36525d": 1})]

    (made,) = case_lists(
        pd.DataFrame({"patient_id": ["Ann"], "risk": [0.5]}),
        snapshots_of(people),
        pd.DataFrame({"patient_id": ["Ann"], "text": ["a reason"]}),
        spec=spec(),
        before=listed_before(("objects", "North", 1)),
    )

    assert made.left.empty


def test_a_list_before_of_the_same_day_or_later_is_refused() -> None:
    for day in (LIST_DATE, date(2025, 4, 1)):
        with pytest.raises(UsageError, match=rf"before: expected a list from before 2025-01-01, found one of {day}"):
            lists_of([("Ann", "North", 0.5, {})], before=listed_before(("Ann", "North", 1), on=day))
