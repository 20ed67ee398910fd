from dataclasses import replace
from datetime import date

import pandas as pd

from tests.unit.caselists.conftest import MakeList
from vi_risk.caselists.choosing.rules import load_rules
from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.packs.patient_block import Patient, choices, patients_of, table_facts


def told(case_list: CaseList) -> list[Patient]:
    return patients_of(case_list, load_rules())


def test_a_reason_keeps_its_comparison_and_the_order_of_the_list(full_list: CaseList) -> None:
    second = told(full_list)[1]
    assert [said.text for said in second.raises] == [full_list.table.loc[1, f"reason_{place}"] for place in range(1, 6)]
    assert second.raises[0].peers == "same age and sex: 4"
    assert second.raises[1].peers == ""


def test_the_filter_offers_only_reasons_that_the_list_shows(full_list: CaseList) -> None:
    table = full_list.table.assign(reason_4="", reason_5="")
    assert told(replace(full_list, table=table))[1].themes == {"medicines", "missed appointments", "COPD"}


def test_what_is_in_favour_of_someone_is_told_apart_from_what_raises(full_list: CaseList) -> None:
    second = told(full_list)[1]
    assert (second.favour, [said.text for said in second.lowers]) == (
        "In his favour",
        ["GP review 5 weeks ago", "No falls recorded in the last 12 months"],
    )


def test_places_won_count_up_and_a_new_person_has_none_to_count_from(full_list: CaseList) -> None:
    assert [patient.rise for patient in told(full_list)] == ["", 0.0, 3.0, "", -4.0, -3.0]


def test_days_ago_are_counted_from_the_day_after_a_discharge(make_list: MakeList) -> None:
    person = {"last_emergency_admission": "9 days ago", "left_hospital_on": date(2025, 10, 9)}
    (patient,) = told(make_list(person, facts=tuple(person)))
    assert [fact.day for fact in patient.facts] == ["1 October 2025"]
    assert [fact.text for fact in patient.beside] == ["9 October 2025"]


def test_every_chance_stands_beside_what_is_usual_and_unusual_people_have_none(make_list: MakeList) -> None:
    usual = pd.DataFrame([("75 to 79", "female", 0.14, 0.031)], columns=["age_band", "sex", "risk", "risk_of_death"])
    case_list = make_list(
        {"risk_of_death": 0.43, "risk_3m": 0.2}, {"sex": None}, facts=("risk_of_death", "risk_3m"), usual=usual
    )
    known, unknown = told(case_list)
    assert known.usual == "same age and sex: 14 %"
    assert [fact.text for fact in known.beside] == ["43 % (same age and sex: 3 %)", "20 %"]
    assert unknown.usual == ""


def test_the_table_tells_declared_facts_or_those_that_a_list_of_ones_own_has(make_list: MakeList) -> None:
    assert table_facts(make_list({}, facts=("frailty", "medicines_90d"))) == ["medicines_90d"]
    assert table_facts(make_list({}, facts=("visits", "risk_of_death", "flags"))) == ["visits"]


def test_who_was_not_known_is_flagged(full_list: CaseList) -> None:
    assert told(full_list)[3].flags == ("not already known",)


def test_choices_go_from_the_most_frequent_to_the_rarest_then_by_name() -> None:
    assert choices([frozenset("ab"), frozenset("cb"), frozenset()]) == [("b", 2), ("a", 1), ("c", 1)]


def test_a_network_says_whose_patient_someone_is_and_their_place_on_the_practices_own_list(make_list: MakeList) -> None:
    facts = {
        "practice_name": "Ash Tree",
        "practice_rank": 2,
        "change": "from 4 on the practice's list",
        "is_new": False,
    }
    (patient,) = told(make_list(facts, facts=tuple(facts), practice_code="Bilston", network="Bilston"))
    assert (patient.practice, patient.change) == ("Ash Tree", "from 4 on the practice's list")
    assert [(fact.heading, fact.text) for fact in patient.facts] == [("Place on the practice's list", "2")]


def test_a_practice_without_a_name_goes_by_its_code(make_list: MakeList) -> None:
    (patient,) = told(make_list({"practice_code": "Y02736"}))
    assert patient.practice == "Y02736"


def test_what_the_last_review_came_to_is_what_was_tried(make_list: MakeList) -> None:
    facts = {
        "last_review": "2 October 2024: accepted, community matron",
        "last_plan": "weekly weights",
        "last_review_due": date(2024, 12, 1),
        "last_outcome": "under way",
    }
    (patient,) = told(make_list(facts, facts=tuple(facts)))
    assert patient.tried == (
        "2 October 2024: accepted, community matron",
        "plan: weekly weights",
        "to be looked at again on 1 December 2024",
        "outcome: under way",
    )
    assert patient.facts == ()


def test_that_nobody_tried_anything_is_said_where_reviews_are_seen_and_not_where_they_are_not(
    make_list: MakeList,
) -> None:
    (reviewed_never,) = told(make_list({"last_review": "none recorded"}, facts=("last_review",)))
    (not_seen,) = told(make_list({}))
    assert (reviewed_never.tried, not_seen.tried) == (("no review by a team recorded",), ())


def test_a_chance_within_three_months_held_at_the_main_one_is_told_without_many_words(make_list: MakeList) -> None:
    people = [{"risk": 0.44, "risk_3m": 0.44}, {"risk": 0.44, "risk_3m": 0.12}]
    held, sooner = told(make_list(*people, facts=("risk_3m",)))
    assert [fact.text for fact in held.beside] == ["44 %"]
    assert [fact.text for fact in sooner.beside] == ["12 %"]


def test_months_ago_carry_the_day_that_the_contacts_know(make_list: MakeList) -> None:
    contacts = pd.DataFrame(
        {
            "patient_id": "P-0001",
            "setting": ["admission", "admission", "gp", "gp"],
            "began_on": pd.to_datetime(["2025-02-01", "2025-06-01", "2025-09-20", "2025-09-27"]),
            "ended_on": pd.to_datetime(["2025-02-03", "2025-06-05", None, None]),
        }
    )
    facts = {
        "last_emergency_admission": "9 months ago",  # the first stay, for the second was planned
        "last_discharge": "5 months ago",
        "last_gp_contact": "5 weeks ago",
    }
    (patient,) = told(make_list(facts, facts=tuple(facts), contacts=contacts))
    assert {fact.column: fact.day for fact in patient.facts} == {
        "last_emergency_admission": "1 February 2025",
        "last_discharge": "5 June 2025",
        "last_gp_contact": "27 September 2025",
    }
