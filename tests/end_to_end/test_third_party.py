"""Records that nobody here made: clinosim's layout read by the shipped mapping, and its real export where it is there.

The export itself is no part of the project. Where the environment variable VI_RISK_DATA names the folder that holds
`clinosim_us3000`, a run on it is tested; elsewhere that test is skipped and says so.
"""

import json
import os
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.end_to_end.conftest import Invoke
from vi_risk.records.checks import check_records
from vi_risk.records.linked import Records
from vi_risk.records.reading import read_records

# --- invented records in clinosim's layout ---------------------------------------------------------------------------

# patient, type, department, admission, discharge
_ENCOUNTERS = {
    "E1": ("P1", "inpatient", "internal_medicine", "2023-02-01T08:30:00", "2023-02-05T11:00:00.123456"),
    "E2": ("P1", "emergency", "internal_medicine", "2023-02-01T06:00:00.654321", "2023-02-01T08:00:00"),
    "E3": ("P2", "inpatient", "obstetrics", "2023-03-01T01:00:00", "2023-03-03T12:00:00"),
    "E4": ("P3", "inpatient", "obstetrics", "2023-03-01T02:00:00", "2023-03-03T12:00:00"),
    "E5": ("P2", "inpatient", "obstetrics", "2022-03-01T02:00:00", "2022-03-01T12:00:00"),
    "E6": ("P4", "inpatient", "cardiology", "2024-05-01T23:59:59.999999", "2024-05-09T04:00:00"),
    "E7": ("P2", "inpatient", "cardiology", "2024-12-30T10:00:00", None),
    "E8": ("P1", "outpatient", "primary_care", "2023-06-01T09:00:00", "2023-06-01T09:10:00"),
    "E9": ("P1", "outpatient", "cardiology", "2023-07-01T09:00:00.5", "2023-07-01T09:10:00"),
}
# condition type, code at admission, code at discharge, deceased
_DIAGNOSES = {
    "E1": ("acute", "R07", "I21.9", False),
    "E2": ("acute", "R07", "R07", False),
    "E3": ("perinatal_delivery", "O80", "O80", False),
    "E4": ("newborn_birth", "Z38", "Z38", False),
    "E5": ("pregnancy_termination", "O04", "O04", False),
    "E6": ("acute", "I50", "I50.0", True),
    "E7": ("acute", "J44", None, False),
    "E8": ("chronic_followup", "E11.9", "E11.9", False),
    "E9": ("chronic_followup", "I10", "I10", False),
}


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A handful of invented people and encounters, written as the generator writes its CSV."""
    folder = tmp_path_factory.mktemp("clinosim")
    pd.DataFrame(
        {
            "patient_id": ["P1", "P2", "P3", "P4"],
            "age": [74, 30, 1, 90],  # at the export, the end of 2024
            "sex": ["M", "F", "F", "other"],
            "chronic_conditions": ["E11|I10", "", "", "I50"],
        }
    ).to_csv(folder / "patients.csv", index=False)
    encounters = ["encounter_id", "patient_id", "encounter_type", "department_id"]
    encounters += ["admission_datetime", "discharge_datetime"]
    pd.DataFrame([(e, *about) for e, about in _ENCOUNTERS.items()], columns=encounters).to_csv(
        folder / "encounters.csv", index=False
    )
    diagnoses = ["encounter_id", "patient_id", "condition_type"]
    diagnoses += ["admission_diagnosis_code", "discharge_diagnosis_code", "deceased"]
    pd.DataFrame([(e, _ENCOUNTERS[e][0], *about) for e, about in _DIAGNOSES.items()], columns=diagnoses).to_csv(
        folder / "diagnoses.csv", index=False
    )
    pd.DataFrame({"patient_id": ["P1"], "drug_name": ["metformin"]}).to_csv(folder / "prescriptions.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def records(export: Path) -> Records:
    return read_records(export, mapping="clinosim")


def rows(records: Records, table: str, *columns: str) -> list[tuple[Any, ...]]:
    found = records.tables[table].order_by(records.tables[table].columns[0]).to_pyarrow().to_pylist()
    return [tuple(row[column] for column in columns) for row in found]


def test_births_deliveries_and_terminations_are_no_admissions(records: Records) -> None:
    assert [spell for (spell,) in rows(records, "spells", "spell_id")] == ["E1", "E6", "E7"]
    assert {method for (method,) in rows(records, "spells", "admission_method")} == {"21"}


def test_timestamps_of_either_form_are_read_as_their_days(records: Records) -> None:
    assert rows(records, "spells", "admitted_on", "discharged_on") == [
        (date(2023, 2, 1), date(2023, 2, 5)),
        (date(2024, 5, 1), date(2024, 5, 9)),
        (date(2024, 12, 30), None),
    ]
    assert rows(records, "ed_attendances", "arrived_at") == [(datetime.fromisoformat("2023-02-01 06:00:00.654321"),)]


def test_age_at_the_export_becomes_a_month_of_birth(records: Records) -> None:
    assert rows(records, "patients", "patient_id", "birth_month", "sex") == [
        ("P1", date(1950, 7, 1), "1"),
        ("P2", date(1994, 7, 1), "2"),
        ("P3", date(2023, 7, 1), "2"),
        ("P4", date(1934, 7, 1), "X"),
    ]


def test_a_death_in_hospital_is_a_death_on_the_day_of_discharge(records: Records) -> None:
    assert rows(records, "patients", "died_on") == [(None,), (None,), (None,), (date(2024, 5, 9),)]
    assert rows(records, "spells", "discharge_method") == [("1",), ("4",), (None,)]


def test_clinic_visits_go_to_primary_care_or_to_outpatients(records: Records) -> None:
    assert rows(records, "gp_appointments", "patient_id", "appointment_on") == [("P1", date(2023, 6, 1))]
    assert rows(records, "outpatient_appointments", "appointment_id", "specialty") == [("E9", "cardiology")]
    assert sorted(rows(records, "gp_events", "event_on", "code")) == [
        (date(2023, 6, 1), "E11.9"),
        (date(2023, 7, 1), "I10"),
    ]


def test_what_would_tell_the_future_or_has_no_date_is_not_read(records: Records) -> None:
    assert not records.has("prescriptions")
    assert "chronic_conditions" not in records.tables["patients"].columns
    assert rows(records, "diagnoses", "spell_id", "code") == [("E1", "I21.9"), ("E6", "I50.0")]


def test_the_mapped_records_have_no_errors(records: Records) -> None:
    assert check_records(records).errors == ()


# --- the export itself -----------------------------------------------------------------------------------------------

_DATA = Path(os.environ.get("VI_RISK_DATA", "")) / "clinosim_us3000"
_GOVERNANCE = Path(__file__).parents[2] / "docs" / "examples" / "governance" / "clinosim.toml"
_THERE = bool(os.environ.get("VI_RISK_DATA")) and _DATA.is_dir()


@pytest.mark.skipif(not _THERE, reason="VI_RISK_DATA does not name a folder with clinosim_us3000")
def test_the_export_gives_one_list_and_a_model_as_good_as_such_data_allow(invoke: Invoke, tmp_path: Path) -> None:
    """Above 0.85 is a leak: the traps of the export are in the shipped mapping."""
    asked = ("--mapping", "clinosim", "--index-date", "2024-01-01", "--governance", _GOVERNANCE)
    ended = invoke("run", "--records", _DATA, *asked)

    assert ended.exit_code == 0, ended.stderr
    evaluation = json.loads((tmp_path / "out" / "evaluation.json").read_text(encoding="utf-8"))
    assert 0.68 <= evaluation["model"]["auroc"] <= 0.82
    assert evaluation["model"]["auroc"] > evaluation["comparators"]["age_and_sex"]["auroc"]
    written = {path.name for path in (tmp_path / "out" / "case_lists").iterdir()}
    packs = {f"all.{ending}" for ending in ("csv", "jsonl", "xlsx", "html")}
    assert written == {*packs, "listed.parquet", "pathways.html"}
    listed = pd.read_csv(tmp_path / "out" / "case_lists" / "all.csv", encoding="utf-8-sig")
    assert len(listed) == 20
    assert listed["rank"].tolist() == list(range(1, 21))
    assert set(listed["practice_code"]) == {"all"}
