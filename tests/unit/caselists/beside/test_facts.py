"""Facts are what was seen of a person at the date of the list; what was not seen is missing, and said."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.spec.caselists.listing import LIST_DATE, catalogue, rules_of, snapshots_of
from vi_risk.caselists.beside.facts import ORDER, facts_of
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.whole_record import WholeRecord

LONG_AGO = date(1900, 1, 1)
UNSEEN = {"gp_seen_from": [LONG_AGO, None]}


def snapshots(windows: dict[str, int | None] | None = None, **values: float) -> Snapshots:
    """Return snapshots of two people, each with these values of features and zero of all others."""
    features = {**dict.fromkeys((feature.name for feature in catalogue().features), 0.0), **values}
    known = {name: value for name, value in features.items() if name != "age"}
    return snapshots_of([("a", "A", known), ("b", "A", known)], windows=windows or {})


def listed(**columns: Any) -> pd.DataFrame:
    usual = {
        "patient_id": ["b", "a"],
        "index_date": LIST_DATE,
        "in_hospital": [0, 1],
        "gp_seen_from": LONG_AGO,
        "days_since_review": np.nan,
    }
    return pd.DataFrame({**usual, **columns})


def facts(at_list: Snapshots, rules: str = "", **columns: Any) -> pd.DataFrame:
    return facts_of(listed(**columns), at_list, rules=rules_of(rules))


def fact(name: str, at_list: Snapshots, **columns: Any) -> list[Any]:
    found: list[Any] = facts(at_list, **columns)[name].tolist()
    return found


def test_facts_are_those_of_each_person_in_the_order_of_the_list() -> None:
    at_list = snapshots_of([("a", "A", {"emergency_admissions_365d": 1}), ("b", "A", {"emergency_admissions_365d": 2})])

    assert fact("emergency_admissions_12m", at_list) == [2.0, 1.0]
    assert fact("flags", at_list) == ["", "in hospital now"]


def test_chances_of_other_outcomes_come_first_and_the_range_of_the_risk_is_no_fact() -> None:
    chances = {"risk_low": 0.1, "risk_high": 0.9, "risk_other": 0.2, "risk_3m": 0.3, "risk_of_death": 0.4}

    columns = list(facts(snapshots(), **chances).columns)

    assert columns[:3] == ["risk_of_death", "risk_3m", "risk_other"]
    assert columns[3:] == [name for name in ORDER if name in columns]
    assert "risk_low" not in columns


@pytest.mark.parametrize(
    ("refits", "words"), [(20, "in the list in 17 of 20 refits"), (None, "in the list in 85 % of the refits")]
)
def test_how_sure_the_place_is_stands_in_words(refits: int | None, words: str) -> None:
    found = facts_of(listed(listed_in_refits=[0.85, np.nan]), snapshots(), rules=rules_of(), refits=refits)

    assert found["certainty"].tolist()[0] == words
    assert pd.isna(found["certainty"].tolist()[1])
    assert "certainty" not in facts(snapshots())


def test_who_is_known_already_is_known_by_an_admission_a_caseload_a_register_or_a_review() -> None:
    assert fact("not_already_known", snapshots()) == [True, True]
    assert fact("not_already_known", snapshots(emergency_admissions_365d=1.0)) == [False, False]
    assert fact("not_already_known", snapshots(severe_frailty_1095d=1.0)) == [False, False]
    assert fact("not_already_known", snapshots(), days_since_review=[400.0, np.nan]) == [False, True]


def test_prompts_of_one_person_stand_in_one_cell() -> None:
    prompts = pd.DataFrame({"patient_id": ["a", "a"], "role": ["Pharmacist", "GP"], "text": ["11 medicines", "falls"]})

    found = facts_of(listed(), snapshots(), rules=rules_of(), prompts=prompts)

    assert found["prompts"].tolist() == ["", "Pharmacist: 11 medicines; GP: falls"]


def test_where_nobody_has_a_prompt_each_cell_is_empty() -> None:
    nobodys = pd.DataFrame({"patient_id": [], "role": [], "text": []}, dtype="str")

    assert facts_of(listed(), snapshots(), rules=rules_of(), prompts=nobodys)["prompts"].tolist() == ["", ""]


def test_the_last_emergency_admission_is_told_in_words() -> None:
    never = {"days_since_emergency_admission_730d": np.nan}

    assert fact("last_emergency_admission", snapshots(days_since_emergency_admission_730d=9.0)) == ["9 days ago"] * 2
    assert fact("last_emergency_admission", snapshots(**never)) == ["none in 2 years"] * 2
    assert (
        fact("last_emergency_admission", snapshots({"days_since_emergency_admission_730d": 400}, **never))
        == ["none in 13 months"] * 2
    )


@pytest.mark.parametrize(
    ("feature", "window", "name"),
    [
        ("emergency_admissions_365d", 200, "emergency_admissions_12m"),
        ("ed_attendances_365d", None, "ed_attendances_12m"),
        ("medicines_90d", 60, "medicines_90d"),
        ("long_term_conditions_1095d", None, "long_term_conditions"),
    ],
)
def test_a_fact_is_left_out_where_the_records_reach_back_less_far_than_it_says(
    feature: str, window: int | None, name: str
) -> None:
    assert name in facts(snapshots())
    assert name not in facts(snapshots({feature: window}))


def test_a_fact_that_names_a_span_is_told_where_the_list_sees_as_far_though_the_model_did_not() -> None:
    cut = snapshots(
        {"emergency_admissions_365d": 200, "long_term_conditions_1095d": 200}, long_term_conditions_1095d=1.0
    )
    further = pd.DataFrame(
        {
            "patient_id": ["a", "b"],
            "index_date": LIST_DATE,
            "emergency_admissions_365d": [4.0, 2.0],
            "long_term_conditions_1095d": [3.0, 0.0],
        }
    )
    days = {"emergency_admissions_365d": 365, "long_term_conditions_1095d": 900}
    at_list = replace(cut, whole_record=WholeRecord(further, {"list": days}))

    assert "emergency_admissions_12m" not in facts(cut)
    assert fact("emergency_admissions_12m", at_list) == [2.0, 4.0]
    assert fact("long_term_conditions", at_list) == [0.0, "3 (1 in the last 7 months)"]


def test_an_expected_number_is_not_told_beside_a_name() -> None:
    """Models of counts and of chances are learnt apart: of a few people the number expected is below the chance.

    Summed over a practice it is right, and there alone it is told; held at the chance, the sums would be too high.
    """
    expected: dict[str, Any] = {
        "expected_emergency_admissions_count_12m": [0.2, 0.3],
        "expected_emergency_bed_days_12m": [3.0, 4.0],
    }

    assert not [name for name in facts(snapshots(), **expected) if str(name).startswith("expected")]


def test_a_fact_that_names_no_span_stays_where_its_look_back_was_cut() -> None:
    cut = snapshots({"long_term_conditions_1095d": 400}, long_term_conditions_1095d=3.0)

    assert fact("long_term_conditions", cut) == [3.0, 3.0]


def test_what_the_model_counted_in_a_shorter_look_back_stands_beside_what_the_list_sees() -> None:
    """Reasons tell of the model's number: two numbers for one thing are told apart by their spans."""
    cut = {"long_term_conditions_1095d": 730, "hospital_frailty_score_730d": 365}
    model = {"long_term_conditions_1095d": 8.0, "hospital_frailty_score_730d": 5.7}
    further = pd.DataFrame({"patient_id": ["a", "b"], "index_date": LIST_DATE})
    further = further.assign(long_term_conditions_1095d=[8.0, 9.0], hospital_frailty_score_730d=[5.7, 8.9])
    at_list = replace(snapshots(cut, **model), whole_record=WholeRecord(further, {"list": dict.fromkeys(cut, 1095)}))

    assert fact("long_term_conditions", at_list) == ["9 (8 in the last 2 years)", 8.0]
    assert fact("frailty", at_list) == [
        "hospital score 8.9, intermediate (5.7 in the last 12 months)",
        "hospital score 5.7, intermediate",
    ]


def test_without_a_gp_record_the_conditions_counted_and_named_are_the_hospitals_and_say_so() -> None:
    at_list = snapshots(long_term_conditions_1095d=3.0, condition_copd_1095d=1.0)

    assert fact("long_term_conditions", at_list, **UNSEEN) == [3.0, "3 (hospital)"]
    assert fact("conditions", at_list, **UNSEEN) == ["COPD", "COPD (hospital coding only)"]


def test_nothing_recorded_is_said_apart_from_nothing_seen() -> None:
    assert fact("conditions", snapshots(), **UNSEEN) == ["none recorded", "none (hospital coding only)"]
    assert fact("high_risk_medicines", snapshots(), **UNSEEN)[0] == "none recorded"
    assert pd.isna(fact("high_risk_medicines", snapshots(), **UNSEEN)[1])


def test_what_a_site_hides_is_not_named() -> None:
    at_list = snapshots(condition_copd_1095d=1.0, condition_alcohol_dependence_1095d=1.0, prescribed_lithium_90d=1.0)

    assert facts(at_list)["conditions"].tolist() == ["COPD, alcohol dependence"] * 2
    hidden = facts(at_list, 'hide = ["alcohol_dependence", "lithium"]')
    assert hidden["conditions"].tolist() == ["COPD"] * 2
    assert hidden["high_risk_medicines"].tolist() == ["none recorded"] * 2
    assert "conditions" not in facts(at_list, 'hide = ["condition"]')


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "none recorded"),
        ({"hospital_frailty_score_730d": 4.9}, "hospital score 4.9, low"),
        ({"hospital_frailty_score_730d": 5.0}, "hospital score 5, intermediate"),
        ({"hospital_frailty_score_730d": 15.0}, "hospital score 15, intermediate"),
        ({"hospital_frailty_score_730d": 15.1}, "hospital score 15.1, high"),
        ({"severe_frailty_1095d": 1.0}, "severe, by the practice"),
        (
            {"moderate_frailty_1095d": 1.0, "severe_frailty_1095d": 1.0},
            "severe, by the practice",
        ),
        (
            {"moderate_frailty_1095d": 1.0, "hospital_frailty_score_730d": 6.0},
            "moderate, by the practice; hospital score 6, intermediate",
        ),
    ],
)
def test_frailty_is_the_practices_grade_and_the_hospitals_score(values: dict[str, float], words: str) -> None:
    assert fact("frailty", snapshots(**values)) == [words] * 2


def test_frailty_that_nobody_could_see_is_missing() -> None:
    names = ("hospital_frailty_score_730d", "moderate_frailty_1095d", "severe_frailty_1095d")

    assert fact("frailty", snapshots(**dict.fromkeys(names, np.nan))) == [None, None]


@pytest.mark.parametrize(
    ("teams", "nursing", "words"),
    [
        (0.0, 0.0, "no"),
        (1.0, 0.0, "1 team"),
        (1.0, 3.0, "district nursing"),
        (2.0, 0.0, "2 teams"),
        (2.0, 1.0, "2 teams, one of them district nursing"),
    ],
)
def test_a_community_caseload_is_told_by_its_teams(teams: float, nursing: float, words: str) -> None:
    at_list = snapshots(community_caseload_90d=teams, district_nursing_90d=nursing)

    assert fact("community_caseload", at_list) == [words] * 2


def test_who_is_on_no_caseload_is_told_with_the_last_contact_of_any_team() -> None:
    seen = snapshots(community_caseload_90d=0.0, days_since_community_contact_365d=14.0)

    assert fact("community_caseload", seen) == ["no; last seen 14 days ago"] * 2


def test_what_a_record_seen_too_short_shows_is_at_least_that() -> None:
    """A record of twelve weeks: what was found stands, and that there is nothing else is not known."""
    names = [one.name for one in catalogue().features if one.definition.name == "prescribed"]
    whole, short = dict.fromkeys(names, 0.0), dict.fromkeys(names, np.nan)

    def told(**found: float) -> list[Any]:
        return fact("high_risk_medicines", snapshots_of([("a", "A", whole), ("b", "A", short | found)]))

    assert told(prescribed_lithium_90d=1.0, prescribed_nsaid_90d=1.0) == [
        "at least: an NSAID, lithium",
        "none recorded",
    ]
    assert pd.isna(told()[0])


def test_who_is_new_to_the_list_though_reviewed_before_is_flagged_so() -> None:
    moves = pd.DataFrame({"change": ["new", "same"], "rank_before": [None, 2], "is_new": [True, False]})
    people = listed(days_since_review=[400.0, 400.0], in_hospital=[0, 1])

    found = facts_of(people, snapshots(), rules=rules_of(""), moves=moves)["flags"].tolist()

    assert found == ["new to the list, reviewed before", "in hospital now"]
    never = facts_of(listed(in_hospital=0), snapshots(), rules=rules_of(""), moves=moves)["flags"].tolist()
    assert never == ["", ""]


def test_a_caseload_that_is_not_known_of_one_person_is_missing_for_that_one() -> None:
    at_list = snapshots_of([("a", "A", {"community_caseload_90d": np.nan}), ("b", "A", {"community_caseload_90d": 1})])

    of_second, of_first = fact("community_caseload", at_list)
    assert of_second == "1 team"
    assert pd.isna(of_first)


def test_a_caseload_that_the_records_do_not_tell_is_no_fact() -> None:
    assert "community_caseload" not in facts(snapshots(community_caseload_90d=np.nan))


def test_the_day_of_discharge_is_told_where_people_are_asked_about_after_one() -> None:
    after = {"index_date": [LIST_DATE, LIST_DATE - timedelta(days=4)]}

    assert fact("left_hospital_on", snapshots(), **after) == [date(2024, 12, 31), date(2024, 12, 27)]
    assert "left_hospital_on" not in facts(snapshots())
