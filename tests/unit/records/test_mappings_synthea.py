"""The shipped mapping of Synthea's CSV export, on invented rows in its layout."""

from datetime import date
from typing import Any

import pandas as pd
import pytest

from vi_risk.records.checks import check_records
from vi_risk.records.linked import Records
from vi_risk.records.reading import read_records

_FILES = {
    "patients": (
        "Id,BIRTHDATE,DEATHDATE,SSN,FIRST,LAST,RACE,GENDER\n"
        "ann,1950-06-17,,999-11-1111,Ann,Aa,white,F\nben,1961-01-03,2022-03-09,999-22-2222,Ben,Bb,black,M\n"
    ),
    "encounters": (
        "Id,START,STOP,PATIENT,ORGANIZATION,PROVIDER,PAYER,ENCOUNTERCLASS,CODE,DESCRIPTION\n"
        "e1,2022-01-01T22:00:00Z,2022-01-02T01:00:00Z,ann,o,p,y,emergency,50849002,Emergency room admission\n"
        "e2,2022-01-02T01:00:00Z,2022-01-05T09:00:00Z,ann,o,p,y,inpatient,185347001,Encounter for problem\n"
        "e3,2022-02-01T09:00:00Z,2022-02-03T09:00:00Z,ann,o,p,y,inpatient,183495009,Non-urgent orthopedic admission\n"
        "e4,2022-03-01T09:00:00Z,2022-03-09T09:00:00Z,ben,o,p,y,emergency,183452005,Emergency hospital admission\n"
        "e5,2021-03-01T09:00:00Z,2021-03-02T09:00:00Z,ann,o,p,y,emergency,183460006,Obstetric emergency admission\n"
        "e6,2021-05-01T09:00:00Z,,ben,o,p,y,inpatient,308540004,Inpatient stay\n"
        "e7,2021-06-01T09:00:00Z,2021-06-01T09:15:00Z,ben,o,p,y,ambulatory,185347001,Encounter for problem\n"
        "e8,2021-06-01T11:00:00Z,2021-06-01T11:15:00Z,ben,o,p,y,ambulatory,185347001,Encounter for problem\n"
        "e9,2021-06-02T11:00:00Z,2021-06-02T11:15:00Z,ben,o,p,y,wellness,162673000,General examination\n"
        "e10,2021-06-03T11:00:00Z,2021-06-03T11:15:00Z,ben,o,p,y,urgentcare,702927004,Urgent care clinic\n"
        "e11,2021-06-04T11:00:00Z,2021-06-04T11:15:00Z,ben,o,p,y,home,439708006,Home visit\n"
    ),
    "conditions": (
        "START,STOP,PATIENT,ENCOUNTER,SYSTEM,CODE,DESCRIPTION\n"
        "2021-06-01,,ben,e7,http://snomed.info/sct,59621000,Essential hypertension\n"
    ),
}


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Records:
    folder = tmp_path_factory.mktemp("synthea")
    for name, text in _FILES.items():
        (folder / f"{name}.csv").write_text(text)
    return read_records(folder, mapping="synthea_csv")


def rows(records: Records, table: str, *columns: str) -> list[tuple[Any, ...]]:
    found = records.tables[table].select(*columns).to_pyarrow().to_pylist()
    return sorted((tuple(row[c] for c in columns) for row in found), key=str)


def test_patients_have_a_month_of_birth_and_a_date_of_death(records: Records) -> None:
    people = rows(records, "patients", *("patient_id", "birth_month", "sex", "died_on"))

    assert people == [("ann", date(1950, 6, 1), "2", None), ("ben", date(1961, 1, 1), "1", date(2022, 3, 9))]


def test_classes_of_a_us_system_become_stays_with_a_method_where_the_source_says_one(records: Records) -> None:
    spells = rows(
        records,
        "spells",
        *("spell_id", "admitted_on", "discharged_on", "admission_method", "discharge_method"),
    )

    assert spells == [
        ("e2", date(2022, 1, 2), date(2022, 1, 5), "21", "1"),  # from the emergency room
        ("e3", date(2022, 2, 1), date(2022, 2, 3), "11", "1"),
        ("e4", date(2022, 3, 1), date(2022, 3, 9), "21", "4"),
        ("e5", date(2021, 3, 1), date(2021, 3, 2), "31", "1"),
        ("e6", date(2021, 5, 1), None, "99", None),
    ]


def test_encounters_of_one_code_on_one_day_count_once(records: Records) -> None:
    assert rows(records, "outpatient_appointments", "appointment_id") == [("e7",)]


def test_other_encounters_go_where_they_belong(records: Records) -> None:
    assert rows(records, "ed_attendances", "attendance_id", "arrived_at", "department_type") == [
        ("e1", pd.Timestamp(2022, 1, 1, 22), "01"),
        ("e10", pd.Timestamp(2021, 6, 3, 12), "03"),
        ("e4", pd.Timestamp(2022, 3, 1, 9), "01"),
    ]
    assert rows(records, "gp_appointments", "appointment_on", "mode") == [(date(2021, 6, 2), "face_to_face")]
    assert rows(records, "community_contacts", "contact_on", "team_type") == [(date(2021, 6, 4), "other")]
    assert rows(records, "gp_events", "event_on", "code") == [(date(2021, 6, 1), "59621000")]


def test_what_was_read_passes_the_checks_and_has_no_us_codes(records: Records) -> None:
    assert not check_records(records).errors
    assert not {"diagnoses", "prescriptions", "registrations"} & set(records.tables)
