"""Who is kept off or flagged: person, practice, risk, what else is known, and the rank or the words of the reason."""

from datetime import date

import pandas as pd
import pytest

from tests.spec.caselists.listing import BELOW, assert_listed, lists_of, particulars, snapshots_of, spec
from vi_risk.caselists.making import case_lists

OBJECTS = {"objection_to_risk_stratification_36525d": 1}
REVIEWED = "reviewed in the last 12 weeks"
A_MONTH_AGO, HALF_A_YEAR_AGO, THE_DAY_BEFORE = date(2024, 12, 1), date(2024, 7, 1), date(2024, 12, 31)
IN_2099 = date(2099, 1, 1)


def test_cooling_off_keeps_off_whom_a_meeting_has_just_discussed() -> None:
    assert_listed(
        [
            ("discussed 84 days ago", "North", 0.5, {"days_since_mdt_review_730d": 84}, REVIEWED),
            ("discussed 85 days ago", "North", 0.4, {"days_since_mdt_review_730d": 85}, 1),
            ("never discussed", "North", 0.3, {"days_since_mdt_review_730d": float("nan")}, 2),
        ]
    )


def test_who_was_put_off_without_a_day_or_whose_day_has_come_is_discussed_again() -> None:
    assert_listed(
        [
            ("accepted a month ago", "North", 0.9, {}, REVIEWED),
            ("accepted half a year ago", "North", 0.8, {}, 1),
            ("put off a month ago", "North", 0.7, {}, 2),
            ("to look at again before the list", "North", 0.6, {}, 3),
            ("to look at again on the day", "North", 0.5, {}, 4),
            ("to look at again the day after", "North", 0.4, {}, REVIEWED),
            ("put off, then accepted", "North", 0.3, {}, REVIEWED),
            ("without a decision", "North", 0.2, {}, REVIEWED),
            ("put off until the day after", "North", 0.15, {}, REVIEWED),
            ("put off until the day", "North", 0.1, {}, 5),
            ("put off for longer than a meeting is remembered", "North", 0.05, {}, 6),
        ],
        particulars=particulars(
            reviews=[
                ("accepted a month ago", A_MONTH_AGO, "accepted", "GP", "a plan", None),
                ("accepted half a year ago", HALF_A_YEAR_AGO, "accepted", None, None, None),
                ("put off a month ago", A_MONTH_AGO, "deferred", None, None, None),
                ("to look at again before the list", A_MONTH_AGO, "accepted", None, None, THE_DAY_BEFORE),
                ("to look at again on the day", A_MONTH_AGO, "accepted", None, None, date(2025, 1, 1)),
                ("to look at again the day after", A_MONTH_AGO, "accepted", None, None, date(2025, 1, 2)),
                ("put off, then accepted", THE_DAY_BEFORE, "accepted", None, None, None),
                ("put off, then accepted", A_MONTH_AGO, "deferred", None, None, None),
                ("without a decision", A_MONTH_AGO, None, None, None, None),
                ("put off until the day after", A_MONTH_AGO, "deferred", None, None, date(2025, 1, 2)),
                ("put off until the day", A_MONTH_AGO, "deferred", None, None, date(2025, 1, 1)),
                ("put off for longer than a meeting is remembered", HALF_A_YEAR_AGO, "deferred", None, None, IN_2099),
            ]
        ),
    )


def test_a_site_may_leave_cooling_off_out_or_make_it_longer() -> None:
    discussed = [("Ann", "North", 0.5, {"days_since_mdt_review_730d": 100})]

    assert_listed([(*discussed[0], 1)], '[standing.reviewed]\ndo = "nothing"')
    assert_listed(
        [(*discussed[0], "reviewed in the last half year")],
        '[standing.reviewed]\nwords = "reviewed in the last half year"\nwhen = { days_since_review = { max = 183 } }',
    )


@pytest.mark.parametrize(
    ("name", "words", "known"),
    [
        ("in_hospital", "in hospital now", {"in_hospital": True}),
        ("care_home", "care home", {"care_home": 1}),
        ("caseload", "on a community caseload", {"community_caseload_90d": 2}),
        ("end_of_life", "palliative care recorded", {"end_of_life_register_1095d": 1}),
    ],
)
def test_other_standings_are_flagged_unless_a_site_keeps_them_off(
    name: str, words: str, known: dict[str, float]
) -> None:
    lines = [("Ann", "North", 0.5, known), ("Bob", "North", 0.4, {})]

    assert lists_of(lines)["North"].table["flags"].tolist() == [words, ""]
    assert lists_of(lines)["North"].excluded_counts == {}
    assert lists_of(lines, f'[standing.{name}]\ndo = "nothing"')["North"].table["flags"].tolist() == ["", ""]
    assert_listed([(*lines[0], words), (*lines[1], 1)], f'[standing.{name}]\ndo = "exclude"')


def test_flags_of_one_person_stand_in_the_order_of_the_rules() -> None:
    known = {"in_hospital": True, "care_home": 1, "end_of_life_register_1095d": 1}

    table = lists_of([("Ann", "North", 0.5, known)])["North"].table

    assert table["flags"].tolist() == ["in hospital now; care home; palliative care recorded"]


def test_who_objects_is_counted_and_never_named() -> None:
    lists = lists_of([("Ann", "North", 0.5, OBJECTS), ("Bob", "North", 0.4, {}), ("Cyd", "North", 0.3, OBJECTS)])

    assert lists["North"].table["patient_id"].tolist() == ["Bob"]
    assert lists["North"].table["rank"].tolist() == [1]
    assert lists["North"].excluded.empty
    assert lists["North"].excluded_counts == {"objects to risk stratification": 2}
    assert lists["North"].eligible == 1


def test_who_objects_is_counted_though_nobody_has_scored_them() -> None:
    people = [("Ann", "North", {}), ("Bob", "North", OBJECTS), ("Cyd", "North", {}), ("Dan", "South", OBJECTS)]

    (made,) = case_lists(
        pd.DataFrame({"patient_id": ["Ann"], "risk": [0.5]}),
        snapshots_of(people),
        pd.DataFrame({"patient_id": ["Ann"], "text": ["a reason"]}),
        spec=spec(),
    )

    assert made.excluded_counts == {"objects to risk stratification": 1, "has no risk": 1}
    assert made.excluded.empty


def test_an_objection_counts_once_whatever_else_holds() -> None:
    lists = lists_of([("Ann", "North", 0.5, OBJECTS | {"days_since_mdt_review_730d": 7}), ("Bob", "North", 0.4, {})])

    assert lists["North"].excluded_counts == {"objects to risk stratification": 1}


@pytest.mark.parametrize(
    ("name", "words", "feature"),
    [
        ("type_1_opt_out", "type 1 opt-out", "objection_type_1_36525d"),
        ("national_data_opt_out", "national data opt-out", "objection_to_research_and_planning_36525d"),
    ],
)
def test_other_objections_are_as_the_rules_say_and_never_named_either(name: str, words: str, feature: str) -> None:
    lines = [("Ann", "North", 0.5, {feature: 1}), ("Bob", "North", 0.4, {})]
    kept_off = lists_of(lines, f'[standing.{name}]\ndo = "exclude"')["North"]

    assert lists_of(lines)["North"].table["flags"].tolist() == ["", ""]
    assert kept_off.table["patient_id"].tolist() == ["Bob"]
    assert kept_off.excluded.empty
    assert kept_off.excluded_counts == {words: 1}


def test_everyone_kept_off_is_counted_and_those_who_would_have_a_place_are_named() -> None:
    discussed = {"days_since_mdt_review_730d": 7}
    lines = [
        ("Ann", "North", 0.5, discussed),
        ("Bob", "North", 0.4, {}),
        ("Cyd", "North", 0.3, discussed),
        ("Dan", "North", 0.2, {}),
    ]

    assert_listed([(*lines[0], REVIEWED), (*lines[1], 1), (*lines[2], BELOW), (*lines[3], BELOW)], capacity=1)
    assert lists_of(lines, capacity=1)["North"].excluded_counts == {REVIEWED: 2}
    assert lists_of(lines, capacity=1)["North"].eligible == 2


def test_who_would_have_a_place_is_asked_of_each_alone() -> None:
    discussed = {"days_since_mdt_review_730d": 7}
    assert_listed(
        [
            ("Ann", "North", 0.50, discussed, REVIEWED),
            ("Bob", "North", 0.40, discussed, REVIEWED),
            ("Cyd", "North", 0.30, {}, 1),
            ("Dan", "South", 0.20, discussed, REVIEWED),  # on the floor of South, but for the review
            ("Eve", "South", 0.10, {}, 1),
            ("Flo", "South", 0.05, discussed, BELOW),
        ],
        '[places]\nby = "trust"\nfloor = 1',
        capacity=2,
    )


def test_a_practice_of_which_everyone_is_kept_off_has_an_empty_list_that_says_why() -> None:
    lists = lists_of([("Ann", "North", 0.5, {"days_since_mdt_review_730d": 7}), ("Bob", "South", 0.4, {})])

    assert lists["North"].table.empty
    assert lists["North"].eligible == 0
    assert lists["North"].excluded.to_dict("records") == [
        {"patient_id": "Ann", "age_band": "80-84", "risk": 0.5, "reason": REVIEWED}
    ]


def test_a_site_adds_a_standing_of_its_own() -> None:
    rules = """
        [standing.virtual_ward]
        words = "on the virtual ward"
        when = { rapid_response_180d = { min = 1 } }
        do = "exclude"
    """
    assert_listed(
        [
            ("Ann", "North", 0.5, {"rapid_response_180d": 2}, "on the virtual ward"),
            ("Bob", "North", 0.4, {"rapid_response_180d": 0}, 1),
            ("Cyd", "North", 0.3, {"rapid_response_180d": float("nan")}, 2),
        ],
        rules,
    )


def test_who_died_and_who_left_is_counted() -> None:
    gone = particulars(
        departures=[
            ("P1", "North", "died", date(2024, 3, 1)),
            ("P2", "North", "left", date(2024, 12, 31)),
            ("P3", "North", "died", date(2023, 12, 1)),  # more than a year ago
        ]
    )

    lists = lists_of([("Ann", "North", 0.5, {})], particulars=gone)

    assert lists["North"].excluded_counts == {
        "died in the last 12 months": 1,
        "left the practice in the last 12 months": 1,
    }
