"""How far the records reach is said of each person and of each practice."""

from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest

from tests.spec.caselists.listing import LIST_DATE, catalogue, snapshots_of
from vi_risk.caselists.beside.record_seen import data_seen, notes_for, record_of
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.whole_record import WholeRecord
from vi_risk.records.tables import TABLES

LONG_AGO = date(1900, 1, 1)
DECLARED = {
    feature.name: feature.window or 0
    for feature in catalogue().features
    if feature.definition.name in ("condition", "long_term_conditions", "hospital_frailty_score")
}
EVERY_TABLE = {name: date(2024, 12, 31) for name, table in TABLES.items() if table.dated}


def snapshots(**others: Any) -> Snapshots:
    return snapshots_of([("a", "A", {})], **{"data_to": EVERY_TABLE, **others})


def people(*seen_from: date | None) -> pd.DataFrame:
    return pd.DataFrame({"gp_seen_from": pd.Series(seen_from, dtype=object), "index_date": LIST_DATE})


def notes(found: pd.DataFrame, facts: tuple[str, ...] = (), **others: Any) -> tuple[str, ...]:
    return notes_for(snapshots(**others), found, pd.DataFrame(columns=list(facts)))


def test_of_each_person_it_is_said_from_when_the_gp_record_is_seen() -> None:
    asked = people(None, date(2024, 3, 1), date(2022, 1, 3), date(2022, 1, 2), LONG_AGO)

    assert record_of(asked) == [
        "GP record not seen",
        "GP record not seen before 1 March 2024",
        "GP record not seen before 3 January 2022",  # conditions are those of the last three years
        "GP record seen",
        "GP record seen",
    ]


def test_records_that_are_seen_in_full_need_no_note() -> None:
    assert notes(people(LONG_AGO)) == ()
    assert notes(people(date(2024, 1, 2))) == ()
    assert notes(people(LONG_AGO, date(2024, 12, 1))) == ()  # somebody who registered of late


def test_a_gp_record_that_is_not_seen_or_only_of_late_is_noted() -> None:
    (unseen,) = notes(people(None))
    (late,) = notes(people(date(2024, 9, 1), date(2024, 10, 1)))

    assert unseen.startswith("The GP record is not seen: this practice is not part of the trust")
    assert late == "The GP record is seen from 1 September 2024 only, when the practice joined the trust"


@pytest.mark.parametrize(
    ("reach", "told"),
    [
        (5000, "3 years (the hospital's frailty score: 2 years)"),
        (800, "26 months (the hospital's frailty score: 2 years), as far back as these records go"),
        (500, "16 months, as far back as these records go"),
    ],
)
def test_how_far_back_conditions_are_told_is_noted_apart_from_how_far_the_model_looks(reach: int, told: str) -> None:
    whole_record = WholeRecord(pd.DataFrame(), {"list": {name: min(reach, days) for name, days in DECLARED.items()}})
    found = replace(snapshots(windows=dict.fromkeys(DECLARED, 367)), whole_record=whole_record)

    (note,) = notes_for(found, people(LONG_AGO), pd.DataFrame())

    assert note == (
        f"Conditions and frailty beside a name are those recorded in the last {told}; the chance and its reasons know"
        " those of the last 12 months alone, as far back as all dates of the model see, and may count fewer"
    )


def test_where_the_list_sees_no_further_than_the_model_one_reach_is_noted() -> None:
    (note,) = notes(people(LONG_AGO), windows=dict.fromkeys(DECLARED, 367))

    assert note == (
        "Conditions and frailty are those recorded in the last 12 months, as far back as all dates of the model see;"
        " older entries are not counted"
    )


def test_tables_that_are_not_in_the_records_are_noted_by_what_people_call_them() -> None:
    without = {name: day for name, day in EVERY_TABLE.items() if name not in ("prescriptions", "spells")}

    (note,) = notes(people(LONG_AGO), data_to=without)

    assert note.startswith("Not in these records, so not seen: ")
    assert "prescriptions" in note
    assert "gp_" not in note
    assert "A&E" not in note


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        ("risk_of_death", "Other chances come from models of their own"),
        ("certainty", "learnt again"),
        ("left_hospital_on", "the day after leaving hospital"),
    ],
)
def test_a_fact_that_needs_a_note_has_one(fact: str, words: str) -> None:
    (note,) = notes(people(LONG_AGO), facts=(fact,))

    assert words in note


def test_the_last_day_of_a_practices_own_tables_is_told_only_where_they_are_seen() -> None:
    seen, unseen = (data_seen(snapshots(), people(day)) for day in (LONG_AGO, None))

    assert seen["gp_events"] == seen["spells"] == unseen["spells"] == date(2024, 12, 31)
    assert {TABLES[name].held_by for name in unseen} == {"trust"}
    assert set(unseen) < set(seen)


def test_a_list_of_nobody_is_noted_as_one() -> None:
    assert notes(people()) == ()
