"""The shipped mappings of the OMOP common data model, on invented rows in its layout."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from vi_risk.records.checks import check_records
from vi_risk.records.linked import Records
from vi_risk.records.mapping import SHIPPED
from vi_risk.records.reading import read_records

_FILES = {
    "PERSON": (
        "PERSON_ID,GENDER_CONCEPT_ID,YEAR_OF_BIRTH,MONTH_OF_BIRTH,CARE_SITE_ID\n"
        "-7,8507,1950,6,\n8,8532,1961,,A81001\n9,8521,1970,1,\n"
    ),
    "death": "person_id,death_date\n8,2022-05-09\n",
    "observation_period": (
        "observation_period_id,person_id,observation_period_start_date,observation_period_end_date\n"
        "1,-7,2019-01-01,2019-12-31\n2,-7,2021-01-01,2022-12-31\n3,8,2020-01-01,2022-05-09\n4,4711,2020-01-01,2021-01-01\n"
    ),
    "visit_occurrence": (
        "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_end_date,{came_from}\n"
        "10,-7,9203,2022-01-01,2022-01-02,\n"  # emergency room, home the next day
        "11,-7,9201,2022-02-01,2022-02-04,\n"  # inpatient, nothing said of how
        "12,8,9203,2022-05-01,2022-05-01,\n"  # emergency room, and on the next day
        "13,8,9201,2022-05-02,2022-05-09,\n"  # admitted, died
        "14,8,262,2021-05-01,2021-05-03,\n"
        "15,9,9201,2021-05-01,,8870\n"  # from an emergency room, still in
        "16,9,9202,2021-06-01,2021-06-01,\n"
        "17,9,8870,2021-07-01,2021-07-05,\n"  # an emergency room visit of four days is a stay
        "16,9,9202,2021-06-01,2021-06-01,\n"  # sent twice
    ),
    "condition_occurrence": (
        "condition_occurrence_id,person_id,visit_occurrence_id,condition_start_date,condition_concept_id,"
        "condition_source_concept_id,condition_status_concept_id\n"
        "1,-7,11,2022-02-01,100,201,32893\n2,-7,11,2022-02-01,100,200,32902\n3,-7,11,2022-02-03,100,201,\n"
        "4,-7,11,2022-02-01,100,300,\n5,-7,,2020-03-01,100,200,\n6,9,16,2021-06-01,100,0,\n7,9,16,2021-06-01,100,0,\n"
    ),
    "concept": (
        "concept_id,concept_code,vocabulary_id\n100,22298006,SNOMED\n200,I21.9,ICD10CM\n201,E11.9,ICD10\n300,410.71,ICD9CM\n"
    ),
}
_CAME_FROM = {"omop_5_3": "admitting_source_concept_id", "omop_5_4": "admitted_from_concept_id"}


@pytest.fixture(scope="module", params=sorted(_CAME_FROM))
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def write(folder: Path, version: str) -> Path:
    for name, text in _FILES.items():
        (folder / f"{name}.csv").write_text(text.replace("{came_from}", _CAME_FROM[version]))
    return folder


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory, version: str) -> Records:
    return read_records(write(tmp_path_factory.mktemp("omop"), version), mapping=version)


def rows(records: Records, table: str, *columns: str) -> list[tuple[Any, ...]]:
    found = records.tables[table].select(*columns).to_pyarrow().to_pylist()
    return sorted((tuple(row[c] for c in columns) for row in found), key=str)


def test_persons_are_patients(records: Records) -> None:
    people = rows(records, "patients", "patient_id", "birth_month", "sex", "died_on")

    assert people == [
        ("-7", date(1950, 6, 1), "1", None),
        ("8", date(1961, 7, 1), "2", date(2022, 5, 9)),
        ("9", date(1970, 1, 1), "X", None),
    ]


def test_a_stay_is_an_emergency_where_the_visits_say_so_and_not_known_where_they_do_not(records: Records) -> None:
    spells = rows(records, "spells", "spell_id", "admission_method", "discharge_method")

    assert spells == [
        ("11", "99", "1"),
        ("13", "21", "4"),
        ("14", "21", "1"),
        ("15", "21", None),
        ("17", "21", "1"),
    ]


def test_only_icd_10_becomes_a_diagnosis_each_code_once_the_primary_first(records: Records) -> None:
    assert rows(records, "diagnoses", "spell_id", "position", "code") == [
        ("11", 1, "I21.9"),
        ("11", 2, "E11.9"),
    ]


def test_conditions_outside_a_stay_are_entries_of_the_gp_record(records: Records) -> None:
    assert rows(records, "gp_events", "patient_id", "event_on", "code") == [
        ("-7", date(2020, 3, 1), "22298006"),
        ("9", date(2021, 6, 1), "22298006"),
    ]


def test_a_registration_begins_with_the_first_period_and_does_not_tell_the_future(records: Records) -> None:
    registrations = rows(
        records,
        "registrations",
        *("patient_id", "practice_code", "registered_from", "registered_to"),
    )

    assert registrations == [  # nobody has number 4711
        ("-7", "all", date(2019, 1, 1), None),
        ("8", "A81001", date(2020, 1, 1), None),
    ]


def test_visits_to_an_emergency_room_and_to_a_clinic_are_attendances_and_appointments(records: Records) -> None:
    assert rows(records, "ed_attendances", "attendance_id") == [("10",), ("12",), ("14",), ("17",)]
    assert rows(records, "outpatient_appointments", "appointment_id") == [("16",)]


def test_what_was_read_passes_the_checks(records: Records) -> None:
    assert not check_records(records).errors


def test_without_vocabulary_and_deaths_what_needs_them_is_left_out(tmp_path: Path, version: str) -> None:
    folder = write(tmp_path, version)
    for name in ("concept", "death", "observation_period"):
        (folder / f"{name}.csv").unlink()

    assert set(read_records(folder, mapping=version).tables) == {
        *("patients", "spells", "ed_attendances", "outpatient_appointments"),
    }


def test_the_two_versions_differ_in_the_name_of_one_column() -> None:
    newer = (SHIPPED / "omop_5_4.toml").read_text(encoding="utf-8")
    older = (SHIPPED / "omop_5_3.toml").read_text(encoding="utf-8")

    same = newer.replace("5.4", "5.3").replace("omop_5_4", "omop_5_3")
    assert same.replace("admitted_from_concept_id", "admitting_source_concept_id") == older
