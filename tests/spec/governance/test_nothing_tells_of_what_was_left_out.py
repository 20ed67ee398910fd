"""One person with a thing of every sensitive kind in every table: what of it is left behind the door."""

from datetime import date
from typing import Any

import pytest

from tests.conftest import MakeRecords
from vi_risk.governance.door import admitted, permission_of
from vi_risk.records.permission import LeftOut

DAY = date(2024, 5, 1)
OF = {"patient_id": "p"}
STAY = {**OF, "spell_id": "s", "admitted_on": DAY, "provider_code": "RX1"}
CODED = {"spell_id": "s"}

# table -> its rows; a star at the end of a value marks what tells of a sensitive thing, and must not come in
ROWS: dict[str, list[dict[str, Any]]] = {
    "patients": [{**OF, "sex": "2"}],
    "spells": [
        {**STAY, "treatment_function": "360*", "discharge_destination": "38*"},
        {**STAY, "spell_id": "t", "treatment_function": "502", "discharge_destination": "19"},
    ],
    "diagnoses": [
        {**CODED, "position": 1, "code": "B20.1*"},
        {**CODED, "position": 2, "code": "J18.9"},
        {**CODED, "position": 3, "code": "Z65.1*"},
        {"spell_id": "t", "position": 1, "code": "O04.9*"},
    ],
    "procedures": [
        {"spell_id": "t", "position": 1, "code": "Q11.1*", "performed_on": DAY},
        {"spell_id": "t", "position": 2, "code": "Y80.1", "performed_on": DAY},
    ],
    "outpatient_appointments": [
        {**OF, "appointment_id": "a", "appointment_on": DAY, "specialty": "360*"},
        {**OF, "appointment_id": "b", "appointment_on": DAY, "specialty": "320"},
    ],
    "gp_events": [
        {**OF, "event_on": DAY, "code_system": "snomed", "code": "998701000000106*", "value": 51.5, "unit": "copies*"},
        {**OF, "event_on": DAY, "code_system": "read2", "code": "Eu64000*"},
        {**OF, "event_on": DAY, "code_system": "snomed", "code": "44054006"},
    ],
    "prescriptions": [
        {**OF, "issued_on": DAY, "bnf_code": "0503010AABBAA*", "dmd_code": "42206511000001102*", "quantity": 30.0},
        {**OF, "issued_on": DAY, "bnf_code": "0212000B0"},
    ],
    "mdt_reviews": [{**OF, "reviewed_on": DAY, "plan": "ring about the B20 clinic"}],
}


@pytest.fixture
def let_in(make_records: MakeRecords) -> Any:
    plain = {
        table: [{k: v.rstrip("*") if isinstance(v, str) else v for k, v in row.items()} for row in rows]
        for table, rows in ROWS.items()
    }
    return admitted(make_records(**plain), permission_of(None))


def values(records: Any, table: str) -> list[Any]:
    return [value for row in records.tables[table].to_pyarrow().to_pylist() for value in row.values()]


@pytest.mark.parametrize("table", ROWS)
def test_no_table_keeps_a_code_or_a_value_that_tells_and_all_keep_the_rest(let_in: Any, table: str) -> None:
    said = [value for row in ROWS[table] for value in row.values() if isinstance(value, str)]
    left = values(let_in, table)
    assert [value for value in said if value.endswith("*") and value.rstrip("*") in left] == []
    if table not in ("diagnoses", "gp_events", "prescriptions"):
        assert {value for value in said if not value.endswith("*")} <= {*left}


def test_a_measured_value_a_quantity_and_a_second_code_go_with_the_row(let_in: Any) -> None:
    assert 51.5 not in values(let_in, "gp_events")
    assert 30.0 not in values(let_in, "prescriptions")
    assert [len(values(let_in, table)) > 0 for table in ("gp_events", "prescriptions")] == [True, True]


def test_the_stay_and_the_clinic_stay_without_what_tells(let_in: Any) -> None:
    spells = let_in.tables["spells"].order_by("spell_id").to_pyarrow().to_pylist()
    assert [(row["treatment_function"], row["discharge_destination"]) for row in spells] == [
        (None, None),
        ("502", "19"),
    ]
    clinics = let_in.tables["outpatient_appointments"].order_by("appointment_id").to_pyarrow().to_pylist()
    assert [row["specialty"] for row in clinics] == [None, "320"]


def test_a_secondary_diagnosis_does_not_become_the_main_one(let_in: Any) -> None:
    rows = let_in.tables["diagnoses"].to_pyarrow().to_pylist()
    assert [(row["position"], row["code"]) for row in rows] == [(2, "J18.9")]


def test_what_a_meeting_wrote_is_not_searched(let_in: Any) -> None:
    assert "ring about the B20 clinic" in values(let_in, "mdt_reviews")


def test_everything_that_went_is_counted(let_in: Any) -> None:
    assert {(one.rule.removeprefix("sensitive codes: "), one.of, one.number) for one in let_in.permission.left_out} == {
        ("HIV and AIDS", "rows", 3),
        ("sexually transmitted infections", "values", 2),
        ("termination of pregnancy", "rows", 2),
        ("gender reassignment", "rows", 1),
        ("prison and custody", "rows", 1),
        ("prison and custody", "values", 1),
    }
    assert all(isinstance(one, LeftOut) for one in let_in.permission.left_out)
