from datetime import date
from typing import Any

import pandas as pd
import pytest

from tests.conftest import MakeRecords
from tests.unit.identity.people import KEY, NUMBERS, OTHER_KEY
from vi_risk.errors import GovernanceError, InputError
from vi_risk.identity.link_table import LinkTable
from vi_risk.identity.nhs_numbers import spaced
from vi_risk.identity.pseudonymising import Pseudonymised, pseudonymised
from vi_risk.identity.pseudonyms import pseudonyms_of
from vi_risk.records.linked import Records

DAY = date(2024, 3, 4)
PSEUDONYM = dict(zip(NUMBERS, pseudonyms_of(NUMBERS, "patient_id", KEY), strict=True))


def records_of(make_records: MakeRecords, patients: list[str | None] | None = None, **tables: Any) -> Records:
    numbers = NUMBERS if patients is None else patients
    return make_records(patients=[{"patient_id": number} for number in numbers], **tables)


def rows(made: Pseudonymised, table: str, *columns: str) -> list[tuple[Any, ...]]:
    found = made.records.tables[table].select(*columns).to_pyarrow().to_pylist()
    return sorted(tuple(row.values()) for row in found)


def test_every_table_of_people_names_them_by_pseudonym(make_records: MakeRecords) -> None:
    made = pseudonymised(
        records_of(
            make_records,
            spells=[{"patient_id": NUMBERS[0], "admitted_on": DAY}],
            gp_events=[{"patient_id": NUMBERS[1], "event_on": DAY, "code_system": "snomed", "code": "1"}] * 2,
        ),
        KEY,
    )
    assert rows(made, "patients", "patient_id") == sorted((pseudonym,) for pseudonym in PSEUDONYM.values())
    assert rows(made, "spells", "patient_id", "admitted_on") == [(PSEUDONYM[NUMBERS[0]], DAY)]
    assert rows(made, "gp_events", "patient_id", "code") == [(PSEUDONYM[NUMBERS[1]], "1")] * 2
    assert (made.people, made.left_out) == (60, {})
    assert made.links.numbers_of(PSEUDONYM.values()) == {word: number for number, word in PSEUDONYM.items()}


def test_the_same_person_has_one_pseudonym_however_the_number_is_written(make_records: MakeRecords) -> None:
    parted = spaced(NUMBERS[0]).replace("\N{NO-BREAK SPACE}", "-")
    made = pseudonymised(records_of(make_records, spells=[{"patient_id": parted, "admitted_on": DAY}]), KEY)
    assert rows(made, "spells", "patient_id") == [(PSEUDONYM[NUMBERS[0]],)]
    assert made.links.people == 60


def test_rows_without_a_valid_number_are_left_out_and_counted(make_records: MakeRecords) -> None:
    wrong = f"{NUMBERS[0][:9]}{(int(NUMBERS[0][9]) + 1) % 10}"
    spells = [
        {"patient_id": NUMBERS[0], "spell_id": "a", "admitted_on": DAY},
        {"patient_id": wrong, "spell_id": "b", "admitted_on": DAY},
        {"patient_id": "4444444444", "spell_id": "c", "admitted_on": DAY},
        {"patient_id": None, "spell_id": "d", "admitted_on": DAY},
    ]
    diagnoses = [{"spell_id": spell, "position": 1, "code": "I10"} for spell in "abcd"]
    made = pseudonymised(
        records_of(make_records, [*NUMBERS, wrong, "4444444444", None], spells=spells, diagnoses=diagnoses), KEY
    )
    assert made.left_out == {"patients": 3, "spells": 3, "diagnoses": 3}
    assert list(made.in_words()) == [
        "60 people have pseudonyms",
        "patients: 3 rows left out, without a valid NHS number",
        "spells: 3 rows left out, without a valid NHS number",
        "diagnoses: 3 rows left out, without a valid NHS number",
    ]
    assert wrong not in made.links.rows["nhs_number"].to_pylist()


def test_more_than_a_few_without_a_number_is_the_wrong_column(make_records: MakeRecords) -> None:
    local = [f"H{number}" for number in range(4)]
    with pytest.raises(InputError, match=r"^patients.patient_id: 4 of 64 rows hold no valid NHS number .*") as refused:
        pseudonymised(records_of(make_records, [*NUMBERS, *local]), KEY)
    assert "at most 5%" in str(refused.value)
    made = pseudonymised(records_of(make_records, [*NUMBERS[:57], *local[:3]]), KEY)
    assert made.people == 57


def test_names_of_stays_and_contacts_are_keyed_and_still_link(make_records: MakeRecords) -> None:
    one = {"patient_id": NUMBERS[0]}
    made = pseudonymised(
        records_of(
            make_records,
            spells=[{**one, "spell_id": "RL4-1", "admitted_on": DAY}],
            diagnoses=[{"spell_id": "RL4-1", "position": 1, "code": "I10"}],
            ed_attendances=[{**one, "attendance_id": "RL4-1", "arrived_at": pd.Timestamp(2024, 3, 4, 12)}],
            outpatient_appointments=[{**one, "appointment_id": "RL4-1", "appointment_on": DAY}],
        ),
        KEY,
    )
    [(spell,)] = rows(made, "spells", "spell_id")
    assert rows(made, "diagnoses", "spell_id") == [(spell,)]
    [(attendance,)], [(appointment,)] = (
        rows(made, "ed_attendances", "attendance_id"),
        rows(made, "outpatient_appointments", "appointment_id"),
    )
    assert len({spell[1:], attendance[1:], appointment[1:], "RL4-1"}) == 4


def test_days_of_birth_and_free_text_are_taken_away(make_records: MakeRecords) -> None:
    records = make_records(
        patients=[{"patient_id": number, "birth_month": date(1950, 6, 17)} for number in NUMBERS],
        mdt_reviews=[
            {"patient_id": NUMBERS[0], "reviewed_on": DAY, "owner": "GP", "plan": "ring Mrs Sekret"},
            {"patient_id": NUMBERS[1], "reviewed_on": DAY, "owner": "GP", "plan": None},
        ],
    )
    made = pseudonymised(records, KEY)
    assert rows(made, "patients", "birth_month") == [(date(1950, 6, 1),)] * 60
    assert "plan" not in made.records.tables["mdt_reviews"].columns
    assert made.reduced == {"patients.birth_month": 60, "mdt_reviews.plan": 1}
    assert list(made.in_words())[1:] == [
        "patients.birth_month: the day taken away, 60 rows",
        "mdt_reviews.plan: free text taken out, 1 rows",
    ]


def test_an_identifier_in_another_column_stops_it(make_records: MakeRecords) -> None:
    registrations = [{"patient_id": number, "practice_code": number} for number in NUMBERS]
    with pytest.raises(GovernanceError, match=r"^registrations.practice_code: holds NHS numbers"):
        pseudonymised(records_of(make_records, registrations=registrations), KEY)


def test_people_of_earlier_extracts_stay_in_the_link_table(make_records: MakeRecords) -> None:
    gone = LinkTable().with_people(NUMBERS[50:], pseudonyms_of(NUMBERS[50:], "patient_id", KEY))
    made = pseudonymised(records_of(make_records, list(NUMBERS[:55])), KEY, gone)
    assert (made.people, made.links.people) == (55, 60)


def test_another_key_gives_nobody_the_same_pseudonym(make_records: MakeRecords) -> None:
    of_keys = [{row[0] for row in rows(pseudonymised(records_of(make_records), key), "patients", "patient_id")}
               for key in (KEY, OTHER_KEY)]  # fmt: skip
    assert not of_keys[0] & of_keys[1]


def test_the_records_that_were_given_stay_as_they_are(make_records: MakeRecords) -> None:
    records = records_of(make_records)
    pseudonymised(records, KEY)
    assert sorted(records.tables["patients"].patient_id.to_pyarrow().to_pylist()) == sorted(NUMBERS)
