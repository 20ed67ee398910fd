from dataclasses import replace
from datetime import date

from tests.unit.caselists.conftest import MakeList
from vi_risk.caselists.choosing.rules import load_rules
from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.packs.patient_block import Patient, choices, patients_of, table_facts


def told(case_list: CaseList) -> list[Patient]:
    return patients_of(case_list, load_rules())


def test_a_reason_keeps_its_comparison_and_the_order_of_the_list(full_list: CaseList) -> None:
    second = told(full_list)[1]
    assert [said.text for said in second.raises] == [full_list.table.loc[1, f"reason_{place}"] for place in range(1, 6)]
    assert second.raises[0].comparison == "people of the same age and sex: 4"
    assert second.raises[1].comparison == ""


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


def test_the_table_tells_declared_facts_or_those_that_a_list_of_ones_own_has(make_list: MakeList) -> None:
    assert table_facts(make_list({}, facts=("frailty", "medicines_90d"))) == ["medicines_90d"]
    assert table_facts(make_list({}, facts=("visits", "risk_of_death", "flags"))) == ["visits"]


def test_who_was_not_known_is_flagged(full_list: CaseList) -> None:
    assert told(full_list)[3].flags == ("not already known",)


def test_choices_go_from_the_most_frequent_to_the_rarest_then_by_name() -> None:
    assert choices([frozenset("ab"), frozenset("cb"), frozenset()]) == [("b", 2), ("a", 1), ("c", 1)]


def test_a_network_says_whose_patient_someone_is_and_their_place_on_the_practices_own_list(make_list: MakeList) -> None:
    facts = {"practice_rank": 2, "change": "from 4 on the practice's list", "is_new": False}
    (patient,) = told(make_list(facts, facts=tuple(facts), practice_code="Bilston", network="Bilston"))
    assert (patient.practice_code, patient.change) == ("M92001", "from 4 on the practice's list")
    assert [(fact.heading, fact.text) for fact in patient.facts] == [("Place on the practice's list", "2")]
