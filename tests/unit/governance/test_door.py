from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import MakeFrames, MakeRecords
from tests.unit.governance.files import governance
from vi_risk.cohort.objections import objectors_of
from vi_risk.errors import GovernanceError
from vi_risk.governance import permitted
from vi_risk.governance.door import permission_of, without_objectors
from vi_risk.records.linked import Records
from vi_risk.records.permission import LeftOut

TODAY, LIST_DATE = date(2026, 1, 10), date(2026, 1, 1)


def ids(records: Records, table: str, column: str = "patient_id") -> list[str]:
    return sorted(records.tables[table].to_pyarrow()[column].to_pylist())


@pytest.fixture
def frames(make_frames: MakeFrames) -> dict[str, pd.DataFrame]:
    people = ["stays", "objects"]
    return dict(
        make_frames(
            patients=[{"patient_id": name} for name in people],
            spells=[{"patient_id": name, "spell_id": f"s-{name}", "admitted_on": date(2025, 3, 1)} for name in people],
            diagnoses=[{"spell_id": f"s-{name}", "position": 1, "code": "I50"} for name in people],
            objections=[
                {"patient_id": "objects", "kind": "risk_stratification", "objected_from": date(2025, 6, 1)},
            ],
        )
    )


def test_everything_of_a_person_who_objects_goes_but_the_objection(
    frames: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    records = permitted(Records.from_frames(frames), governance(tmp_path), today=TODAY)
    left = without_objectors(records, LIST_DATE)
    assert ids(left, "patients") == ["stays"]
    assert ids(left, "spells") == ["stays"]
    assert ids(left, "diagnoses", "spell_id") == ["s-stays"]
    assert objectors_of(left, LIST_DATE)["patient_id"].tolist() == ["objects"]  # so that no later page names them
    assert ids(records, "patients") == ["objects", "stays"]  # what was given is as it was


def test_what_was_left_out_is_counted_once(frames: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    records = permitted(Records.from_frames(frames), governance(tmp_path), today=TODAY)
    once = without_objectors(records, LIST_DATE)
    again = without_objectors(once, LIST_DATE)
    assert once.permission is not None
    assert once.permission.left_out == (LeftOut("objection to being risk stratified", "people", 1),)
    assert again is once


def test_each_practice_is_told_how_many_of_its_people_were_left_out(make_frames: MakeFrames, tmp_path: Path) -> None:
    def at(person: str, practice: str, to: date | None = None) -> dict[str, object]:
        return {
            "patient_id": person,
            "practice_code": practice,
            "registered_from": date(2020, 1, 1),
            "registered_to": to,
        }

    frames = make_frames(
        patients=[{"patient_id": name, "died_on": date(2025, 2, 1) if name == "d" else None} for name in "abcde"],
        registrations=[
            at("a", "M1"),
            at("b", "M1"),
            at("b", "M2", date(2025, 1, 1)),  # left it
            at("c", "M2"),
            at("d", "M2"),  # died
            at("e", "M3"),
        ],
        objections=[
            {"patient_id": name, "kind": kind, "objected_from": date(2025, 6, 1)}
            for name in "abd"
            for kind in ("type_1", "risk_stratification")
        ],
    )
    file = governance(tmp_path)
    file = file.model_copy(update={"tables": (*file.tables, "registrations")})
    left = without_objectors(permitted(Records.from_frames(frames), file, today=TODAY), LIST_DATE)
    assert left.permission is not None
    assert left.permission.objectors == {"M1": 2, "M2": 0, "M3": 0}  # each person once, whatever their objections


def test_without_registrations_no_practice_is_told(frames: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    left = without_objectors(permitted(Records.from_frames(frames), governance(tmp_path), today=TODAY), LIST_DATE)
    assert left.permission is not None
    assert left.permission.objectors == {}


def test_records_that_have_not_come_through_the_door_are_refused(make_frames: MakeFrames) -> None:
    records = Records.from_frames(make_frames(patients=[{"patient_id": "p"}]))
    with pytest.raises(GovernanceError, match=r"^data frames: nothing says what these records may be used for\. Read"):
        without_objectors(records, LIST_DATE)


def test_records_outside_the_permission_are_refused_with_all_faults(make_frames: MakeFrames, tmp_path: Path) -> None:
    records = Records.from_frames(make_frames(patients=[{"patient_id": "p"}], referrals=[], practices=[]))
    with pytest.raises(GovernanceError) as caught:
        permitted(records, governance(tmp_path), today=date(2026, 4, 1))
    ended, tables = str(caught.value).splitlines()
    assert "ended on 2026-03-31, and today is 2026-04-01" in ended
    assert "tables: not among those that are permitted: referrals, practices." in tables


def test_data_frames_of_nhs_numbers_are_refused_as_files_of_them_are(make_frames: MakeFrames, tmp_path: Path) -> None:
    nine = [f"{number:09d}" for number in range(943_476_500, 943_476_600)]
    checks = [-sum(int(d) * w for d, w in zip(digits, range(10, 1, -1), strict=True)) % 11 for digits in nine]
    numbers = [f"{digits}{check}" for digits, check in zip(nine, checks, strict=True) if check < 10]
    frames = make_frames(patients=[{"patient_id": number} for number in numbers])
    with pytest.raises(GovernanceError, match=r"^patients\.patient_id: holds NHS numbers") as caught:
        permitted(Records.from_frames(frames), governance(tmp_path), today=TODAY)
    assert not [number for number in numbers if number in str(caught.value)]


def test_a_table_that_was_added_behind_the_door_is_refused_as_well(make_records: MakeRecords, tmp_path: Path) -> None:
    records = make_records(patients=[{"patient_id": "p"}], referrals=[])
    records = Records(records.tables, records.workspace, permission=permission_of(governance(tmp_path)))
    with pytest.raises(GovernanceError, match="tables: not among those that are permitted: referrals"):
        without_objectors(records, LIST_DATE)


def test_records_without_objections_leave_nobody_out(make_records: MakeRecords) -> None:
    records = make_records(patients=[{"patient_id": "p"}])
    left = without_objectors(records, LIST_DATE)
    assert ids(left, "patients") == ["p"]
    assert left.permission is not None
    assert left.permission.left_out == ()


def test_the_synthetic_trust_leaves_out_who_objects_to_risk_stratification_and_every_sensitive_code() -> None:
    permission = permission_of(None)
    assert permission.kinds_left_out == ("risk_stratification",)
    assert {"hiv", "custody", "termination", "fertility", "gender_reassignment", "sexual_health"} <= {
        *permission.refused
    }
    assert permission.words == ""


def test_a_kind_that_the_file_permits_is_not_refused(tmp_path: Path) -> None:
    permission = permission_of(governance(tmp_path, "[sensitive]\nhiv = true\ncustody = false\n"))
    assert permission.sensitive == {"hiv"}
    assert "hiv" not in permission.refused
    assert "custody" in permission.refused
