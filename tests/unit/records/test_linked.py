from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from vi_risk.records.linked import Records

DAY = date(2024, 3, 1)
BEFORE = date(2024, 2, 29)


def rows(records: Records, table: str, *columns: str) -> list[Any]:
    found = records.tables[table].order_by(records.tables[table].columns[0]).to_pyarrow().to_pylist()
    return [tuple(row[column] for column in columns) if len(columns) > 1 else row[columns[0]] for row in found]


def test_a_row_is_known_if_it_happened_and_arrived_before_the_day(make_records: Any) -> None:
    records = make_records(
        patients=[{"patient_id": "p"}],
        spells=[
            {"spell_id": "a", "patient_id": "p", "admitted_on": BEFORE, "recorded_on": None},
            {"spell_id": "b", "patient_id": "p", "admitted_on": DAY, "recorded_on": None},
            {"spell_id": "c", "patient_id": "p", "admitted_on": BEFORE, "recorded_on": BEFORE},
            {"spell_id": "d", "patient_id": "p", "admitted_on": BEFORE, "recorded_on": DAY},
            {"spell_id": "e", "patient_id": "p", "admitted_on": DAY, "recorded_on": BEFORE},
        ],
    )

    assert rows(records.as_of(DAY), "spells", "spell_id") == ["a", "c"]


def test_a_timestamp_counts_by_its_day(make_records: Any) -> None:
    records = make_records(
        patients=[{"patient_id": "p"}],
        spells=[{"patient_id": "p", "admitted_on": BEFORE}],
        ed_attendances=[
            {
                "attendance_id": "late evening",
                "patient_id": "p",
                "arrived_at": datetime.fromisoformat("2024-02-29 23:59:00"),
            },
            {
                "attendance_id": "midnight",
                "patient_id": "p",
                "arrived_at": datetime.fromisoformat("2024-03-01 00:00:00"),
            },
        ],
    )

    assert rows(records.as_of(DAY), "ed_attendances", "attendance_id") == ["late evening"]


def test_a_stay_not_discharged_by_the_day_shows_its_admission_only(make_records: Any) -> None:
    stay = {"patient_id": "p", "admitted_on": date(2024, 1, 1), "discharge_method": "4", "discharge_destination": "79"}
    records = make_records(
        patients=[{"patient_id": "p"}],
        spells=[
            {"spell_id": "left on the day", **stay, "discharged_on": DAY},
            {"spell_id": "left the day before", **stay, "discharged_on": BEFORE},
            {"spell_id": "never left", **stay, "discharged_on": None},
        ],
        diagnoses=[
            {"spell_id": spell, "position": 1, "code": "I500"}
            for spell in ("left on the day", "left the day before", "never left")
        ],
    )

    known = records.as_of(DAY)

    fields = ("spell_id", "discharged_on", "discharge_method", "discharge_destination", "admission_method")
    assert rows(known, "spells", *fields) == [
        ("left on the day", None, None, None, "21"),
        ("left the day before", BEFORE, "4", "79", "21"),
        ("never left", None, None, None, "21"),
    ]
    assert rows(known, "diagnoses", "spell_id") == ["left the day before"]


def test_a_diagnosis_that_arrived_late_is_not_known_though_its_stay_is(make_records: Any) -> None:
    records = make_records(
        patients=[{"patient_id": "p"}],
        spells=[{"spell_id": "s", "patient_id": "p", "admitted_on": date(2024, 1, 1), "discharged_on": BEFORE}],
        diagnoses=[
            {"spell_id": "s", "position": 1, "code": "I500", "recorded_on": BEFORE},
            {"spell_id": "s", "position": 2, "code": "F00", "recorded_on": DAY},
        ],
    )

    assert rows(records.as_of(DAY), "diagnoses", "position") == [1]


def test_deaths_and_ends_of_registrations_to_come_are_blank(make_records: Any) -> None:
    records = make_records(
        patients=[{"patient_id": "a", "died_on": DAY}, {"patient_id": "b", "died_on": BEFORE}],
        spells=[],
        registrations=[
            {"patient_id": "a", "registered_to": DAY},
            {"patient_id": "b", "registered_to": BEFORE},
        ],
        practices=[
            {"practice_code": "A", "integrated_from": DAY},
            {"practice_code": "B", "integrated_from": BEFORE},
        ],
    )

    known = records.as_of(DAY)

    assert rows(known, "patients", "died_on") == [None, BEFORE]
    assert rows(known, "registrations", "registered_to") == [None, BEFORE]
    assert rows(known, "practices", "integrated_from") == [None, BEFORE]


def test_as_of_leaves_the_records_as_they_were(make_records: Any) -> None:
    records = make_records(patients=[{"patient_id": "p"}], spells=[{"patient_id": "p", "admitted_on": DAY}])

    assert rows(records.as_of(DAY), "spells", "spell_id") == []
    assert len(rows(records, "spells", "spell_id")) == 1


def _spells_in_months(make_records: Any, spells_per_month: dict[tuple[int, int], int]) -> Records:
    return make_records(
        patients=[{"patient_id": "p"}],
        spells=[
            {"patient_id": "p", "admitted_on": date(year, month, 1 + number)}
            for (year, month), times in spells_per_month.items()
            for number in range(times)
        ],
    )


def test_stray_early_rows_are_not_coverage(make_records: Any) -> None:
    records = _spells_in_months(make_records, {(2019, 5): 1, (2021, 3): 8, (2021, 4): 9, (2021, 5): 8})

    assert records.seen_from("spells") == date(2021, 3, 1)


def test_a_month_with_a_quarter_of_the_usual_rows_is_coverage(make_records: Any) -> None:
    records = _spells_in_months(make_records, {(2021, 2): 2, (2021, 3): 8, (2021, 4): 8})

    assert records.seen_from("spells") == date(2021, 2, 1)


def test_an_absent_an_empty_and_an_undated_table_are_seen_from_no_day(make_records: Any) -> None:
    records = make_records(patients=[{"patient_id": "p"}], spells=[])

    assert records.seen_from("spells") is None
    assert records.seen_from("gp_events") is None
    assert records.seen_from("patients") is None


def test_a_fingerprint_does_not_depend_on_the_order_of_rows_or_columns(make_frames: Any) -> None:
    patients = make_frames(patients=[{"patient_id": f"p{n}", "sex": "12"[n % 2]} for n in range(50)])["patients"]
    shuffled = patients.sample(frac=1, random_state=1)[patients.columns[::-1]]

    assert Records.from_frames({"patients": patients}).fingerprints() == (
        Records.from_frames({"patients": shuffled}).fingerprints()
    )


def test_a_fingerprint_tells_one_changed_lost_or_repeated_row(make_frames: Any) -> None:
    patients = make_frames(patients=[{"patient_id": f"p{n}"} for n in range(50)])["patients"]
    changed = patients.copy()
    changed.loc[7, "sex"] = "2"
    worlds = [patients, changed, patients.iloc[1:], pd.concat([patients, patients.iloc[:1]])]

    marks = {Records.from_frames({"patients": world}).fingerprints()["patients"] for world in worlds}

    assert len(marks) == len(worlds)


def test_values_swapped_between_two_rows_change_the_fingerprint(make_frames: Any) -> None:
    patients = make_frames(patients=[{"patient_id": "p", "sex": "1"}, {"patient_id": "q", "sex": "2"}])["patients"]
    swapped = patients.assign(sex=np.array(["2", "1"], dtype=object))

    assert Records.from_frames({"patients": patients}).fingerprints() != (
        Records.from_frames({"patients": swapped}).fingerprints()
    )


def test_frames_keep_declared_columns_only_and_their_types(make_frames: Any) -> None:
    patients = make_frames(patients=[{"patient_id": "p"}])["patients"].assign(nhs_number="0000000000")

    schema = Records.from_frames({"patients": patients}).tables["patients"].schema()

    assert "nhs_number" not in schema
    assert schema["birth_month"].is_date()


def test_the_workspace_of_records_goes_with_them(make_records: Any) -> None:
    records = make_records(patients=[{"patient_id": "p"}])
    folder = records.workspace.path
    assert folder.is_dir()

    records.workspace.close()

    assert not folder.exists()
    records.workspace.close()
