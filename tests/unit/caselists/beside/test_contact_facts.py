"""The last discharge, GP contact and review are told from rows, counted from the day that each person is told of."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
import pytest

from tests.spec.caselists.listing import LIST_DATE, particulars, snapshots_of
from vi_risk.caselists.beside.contact_facts import contact_facts, contacts_of, seen_while_in_hospital
from vi_risk.cohort.particulars import Particulars
from vi_risk.models.snapshots import Snapshots

EVERY_TABLE = dict.fromkeys(("spells", "gp_appointments", "mdt_reviews"), date(2024, 12, 31))
LONG_AGO = date(1990, 1, 1)


def at_list(found: Particulars | None, data_to: Mapping[str, date] = EVERY_TABLE) -> Snapshots:
    return snapshots_of([("a", "A", {})], particulars=found, data_to=data_to)


def listed(index_date: date = LIST_DATE, gp_seen_from: date | None = LONG_AGO) -> pd.DataFrame:
    return pd.DataFrame({"patient_id": ["a"], "index_date": [index_date], "gp_seen_from": [gp_seen_from]})


def told(found: Particulars, **of_person: Any) -> dict[str, str | None]:
    return {name: words for name, (words,) in contact_facts(listed(**of_person), at_list(found)).items()}


def test_the_last_of_each_is_told() -> None:
    found = told(
        particulars(
            contacts=[
                ("a", "admission", date(2024, 12, 1), date(2024, 12, 10)),
                ("a", "admission", date(2024, 12, 20), date(2024, 12, 23)),
                ("a", "admission", date(2024, 12, 30), None),  # in hospital still
                ("a", "gp", date(2024, 11, 1), None),
                ("a", "gp", date(2024, 12, 31), None),
                ("b", "gp", date(2024, 12, 31), None),
            ],
            reviews=[
                (
                    "a",
                    date(2024, 10, 2),
                    "already_cared_for",
                    "community matron",
                    "a plan",
                    date(2025, 1, 8),
                    "under_way",
                ),
                ("a", date(2024, 3, 1), "deferred", None, None, None),
            ],
        )
    )

    assert found == {
        "last_discharge": "9 days ago",
        "last_gp_contact": "yesterday",
        "last_review": "2 October 2024: already in hand, community matron",
        "last_plan": "a plan",
        "last_review_due": "8 January 2025",
        "last_outcome": "under way",
    }


def test_what_there_was_not_is_said() -> None:
    assert told(particulars()) == {
        "last_discharge": "none in 2 years",
        "last_gp_contact": "none in 2 years",
        "last_review": "none recorded",
    }


@pytest.mark.parametrize(
    ("seen_from", "words"),
    [(None, None), (date(2024, 3, 1), "none since 1 March 2024"), (date(2023, 1, 2), "none in 2 years")],
)
def test_without_a_gp_contact_it_is_said_since_when_the_record_is_seen(
    seen_from: date | None, words: str | None
) -> None:
    assert told(particulars(), gp_seen_from=seen_from)["last_gp_contact"] == words


@pytest.mark.parametrize(
    ("decision", "owner", "words"),
    [
        ("accepted", None, "2 October 2024: accepted"),
        (None, "GP", "2 October 2024: GP"),
        (None, None, "2 October 2024"),
        ("not one of the codes", None, "2 October 2024"),
    ],
)
def test_a_review_is_told_as_far_as_it_was_written(decision: str | None, owner: str | None, words: str) -> None:
    reviews = [("a", date(2024, 10, 2), decision, owner, None, None)]

    assert told(particulars(reviews=reviews))["last_review"] == words


def test_facts_whose_records_are_not_at_hand_are_left_out() -> None:
    assert contact_facts(listed(), at_list(None)) == {}
    assert contacts_of(listed(), at_list(None)) is None
    assert set(contact_facts(listed(), at_list(particulars(), {"spells": LIST_DATE}))) == {"last_discharge"}


def test_the_last_review_is_that_before_the_list_also_of_who_is_told_of_at_discharge() -> None:
    found = particulars(reviews=[("a", date(2024, 12, 20), "accepted", "GP", None, None)])

    assert told(found, index_date=date(2024, 12, 10))["last_review"] == "20 December 2024: accepted, GP"
    assert told(particulars(reviews=[("a", LIST_DATE, "accepted", "GP", None, None)]))["last_review"] == "none recorded"


def test_days_count_from_the_day_after_a_discharge_where_people_are_told_of_then() -> None:
    contacts = [
        ("a", "admission", date(2024, 12, 1), date(2024, 12, 10)),
        ("a", "gp", date(2024, 12, 2), None),
        ("a", "gp", date(2024, 12, 20), None),
    ]

    found = told(particulars(contacts=contacts), index_date=date(2024, 12, 11))

    assert found["last_discharge"] == "yesterday"
    assert found["last_gp_contact"] == "9 days ago"


ADMITTED, LATER = date(2024, 12, 12), date(2024, 12, 20)


@pytest.mark.parametrize(
    ("contacts", "words"),
    [
        ([("gp", LATER)], "in hospital since 12 December 2024, seen elsewhere since"),
        ([("ed", LATER)], "in hospital since 12 December 2024, seen elsewhere since"),
        ([("gp", ADMITTED)], ""),  # the GP sent the person in
        ([("outpatient", LATER)], ""),  # taken there from the ward
        ([], ""),
    ],
)
def test_who_was_seen_elsewhere_during_a_stay_without_an_end_may_be_home(
    contacts: list[tuple[str, date]], words: str
) -> None:
    rows = [("a", "admission", ADMITTED, None), *(("a", setting, day, None) for setting, day in contacts)]

    assert seen_while_in_hospital(listed(), at_list(particulars(contacts=rows))) == [words]


def test_a_stay_that_ended_says_nothing_of_contacts_after_it() -> None:
    rows = [("a", "admission", ADMITTED, LATER), ("a", "gp", date(2024, 12, 27), None)]

    assert seen_while_in_hospital(listed(), at_list(particulars(contacts=rows))) == [""]
    assert seen_while_in_hospital(listed(), at_list(None)) == [""]
