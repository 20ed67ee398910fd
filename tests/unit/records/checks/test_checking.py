"""Each rule of the checks finds the one row that breaks it, counts it, and tells no value of it."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import pandas as pd
import pytest

from vi_risk.errors import InputError
from vi_risk.records.checks import CheckReport, Lag, check_records
from vi_risk.records.linked import Records
from vi_risk.records.tables import TABLES

Rows = dict[str, list[dict[str, Any]]]


def sound_rows(*tables: str) -> Rows:
    """Return records in which no rule is broken, two rows in each of the tables named, or of many."""
    people = ("p1", "p2")
    day = date(2024, 1, 2)
    rows: Rows = {
        "patients": [
            {"patient_id": p, "died_on": None, "ethnic_category": "A", "imd_decile": 5, "care_home": None}
            for p in people
        ],
        "practices": [{"practice_code": code, "integrated_from": day} for code in "AB"],
        "registrations": [{"patient_id": p, "registered_to": None} for p in people],
        "spells": [
            {
                "spell_id": f"s-{p}",
                "patient_id": p,
                "admitted_on": day,
                "discharged_on": date(2024, 1, 5),
                "patient_classification": "1",
                "discharge_method": "1",
                "discharge_destination": "19",
            }
            for p in people
        ],
        "diagnoses": [{"spell_id": f"s-{p}", "position": 1, "code": "I500"} for p in people],
        "ed_attendances": [
            {
                "patient_id": p,
                "arrived_at": datetime.fromisoformat("2024-01-02 03:04:00"),
                "department_type": "01",
                "acuity": "3",
            }
            for p in people
        ],
        "outpatient_appointments": [{"patient_id": p, "appointment_on": day, "attended": "5"} for p in people],
        "gp_events": [{"patient_id": p, "event_on": day, "code_system": "snomed", "code": "84114007"} for p in people],
        "gp_appointments": [{"patient_id": p, "appointment_on": day, "status": "attended"} for p in people],
        "prescriptions": [{"patient_id": p, "issued_on": day, "bnf_code": "0212", "quantity": 28.0} for p in people],
        "community_contacts": [{"patient_id": p, "contact_on": day, "attended": "5"} for p in people],
    }
    return {name: some for name, some in rows.items() if name in (tables or rows)}


@pytest.fixture
def check(make_records: Callable[..., Records]) -> Callable[[Rows], CheckReport]:
    def checked(rows: Rows) -> CheckReport:
        return check_records(make_records(**rows))

    return checked


def test_sound_records_have_no_findings(check: Callable[[Rows], CheckReport]) -> None:
    report = check(sound_rows())

    assert report.findings == ()
    report.raise_errors()


# table, changes to its first row, the finding that they make
BROKEN: list[tuple[str, Mapping[str, Any], str, str]] = [
    ("patients", {"sex": "zebra"}, "error", "patients.sex: 1 of 2 rows: code outside the list of the data dictionary"),
    (
        "spells",
        {"admission_method": "zebra"},
        "error",
        "spells.admission_method: 1 of 2 rows: code outside the list of the data dictionary",
    ),
    ("patients", {"sex": None}, "error", "patients.sex: 1 of 2 rows: missing, but required"),
    ("spells", {"spell_id": "s-p2"}, "error", "spells: 1 of 2 rows: duplicate key (spell_id)"),
    (
        "registrations",
        {"patient_id": "p2"},
        "error",
        "registrations: 1 of 2 rows: duplicate key (patient_id, practice_code, registered_from)",
    ),
    ("diagnoses", {"spell_id": "s-p2"}, "error", "diagnoses: 1 of 2 rows: duplicate key (spell_id, position)"),
    (
        "spells",
        {"admitted_on": date(2201, 1, 2), "discharged_on": None},
        "error",
        "spells.admitted_on: 1 of 2 rows: year outside 1850 to 2200",
    ),
    (
        "ed_attendances",
        {"arrived_at": datetime.fromisoformat("2999-01-01")},
        "error",
        "ed_attendances.arrived_at: 1 of 2 rows: year outside 1850 to 2200",
    ),
    (
        "patients",
        {"ethnic_category": "zebra"},
        "warning",
        "patients.ethnic_category: 1 of 2 rows: code outside the list of the data dictionary",
    ),
    (
        "gp_events",
        {"code_system": "zebra"},
        "warning",
        "gp_events.code_system: 1 of 2 rows: code outside the list of the data dictionary",
    ),
    ("patients", {"imd_decile": 11}, "warning", "patients.imd_decile: 1 of 2 rows: above 10"),
    ("prescriptions", {"quantity": -1.0}, "warning", "prescriptions.quantity: 1 of 2 rows: below 0"),
    (
        "spells",
        {"discharged_on": date(2024, 1, 1)},
        "warning",
        "spells.discharged_on: 1 of 2 rows: before admitted_on",
    ),
    (
        "registrations",
        {"registered_to": date(1999, 1, 1)},
        "warning",
        "registrations.registered_to: 1 of 2 rows: before registered_from",
    ),
    ("gp_events", {"event_on": date(1949, 1, 1)}, "warning", "gp_events.event_on: 1 of 2 rows: before birth"),
    (
        "ed_attendances",
        {"arrived_at": datetime.fromisoformat("1949-01-01")},
        "warning",
        "ed_attendances.arrived_at: 1 of 2 rows: before birth",
    ),
    ("gp_events", {"patient_id": "zebra"}, "warning", "gp_events.patient_id: 1 of 2 rows: not in patients"),
    ("diagnoses", {"spell_id": "zebra"}, "warning", "diagnoses.spell_id: 1 of 2 rows: not in spells"),
    (
        "registrations",
        {"practice_code": "zebra"},
        "warning",
        "registrations.practice_code: 1 of 2 rows: not in practices",
    ),
]


@pytest.mark.parametrize(("table", "change", "severity", "text"), BROKEN, ids=[case[3] for case in BROKEN])
def test_one_broken_row_is_one_finding_and_no_value_is_told(
    check: Callable[[Rows], CheckReport], table: str, change: Mapping[str, Any], severity: str, text: str
) -> None:
    rows = sound_rows("patients", "spells", table, *(link.table for link in TABLES[table].links))
    rows[table][0] |= change

    report = check(rows)

    assert [(finding.severity, str(finding)) for finding in report.findings] == [(severity, text)]
    assert "zebra" not in str(report.to_dict())


def test_an_event_after_death_is_a_warning_and_one_on_the_day_of_death_is_not(
    check: Callable[[Rows], CheckReport],
) -> None:
    rows = sound_rows("patients", "spells", "community_contacts")
    rows["patients"][0]["died_on"] = date(2024, 1, 2)
    rows["community_contacts"][0]["contact_on"] = date(2024, 1, 3)

    assert [str(finding) for finding in check(rows).findings] == [
        "community_contacts.contact_on: 1 of 2 rows: after death"
    ]


def test_every_row_that_breaks_a_rule_is_counted(check: Callable[[Rows], CheckReport]) -> None:
    rows = sound_rows("patients", "spells")
    first = rows["spells"][0]
    rows["spells"] += [first, first, first | {"spell_id": "other", "admission_method": "zebra"}]

    found = {finding.rule: (finding.rows, finding.of) for finding in check(rows).errors}

    assert found == {
        "duplicate key (spell_id)": (2, 5),
        "code outside the list of the data dictionary": (1, 5),
    }


def test_errors_stop_all_at_once_and_warnings_do_not(check: Callable[[Rows], CheckReport]) -> None:
    rows = sound_rows("patients", "spells")
    rows["patients"][0]["imd_decile"] = 11
    check(rows).raise_errors()
    rows["patients"][0]["sex"] = "zebra"
    rows["spells"][0]["admission_method"] = None

    with pytest.raises(InputError) as refused:
        check(rows).raise_errors()

    mend = "Correct these rows or leave them out in the mapping."
    assert str(refused.value).splitlines() == [
        f"patients.sex: 1 of 2 rows: code outside the list of the data dictionary. {mend}",
        f"spells.admission_method: 1 of 2 rows: missing, but required. {mend}",
    ]


def test_a_null_in_an_optional_column_breaks_no_rule_on_codes_or_ranges(check: Callable[[Rows], CheckReport]) -> None:
    rows = sound_rows("patients", "spells")
    rows["patients"][0] |= {"ethnic_category": None, "imd_decile": None}
    rows["spells"][0] |= {"discharged_on": None, "discharge_method": None}

    assert check(rows).findings == ()


def test_the_report_has_rows_span_and_missing_share_of_each_table(check: Callable[[Rows], CheckReport]) -> None:
    rows = sound_rows("patients", "spells", "ed_attendances")
    rows["ed_attendances"][1] |= {"arrived_at": datetime.fromisoformat("2024-02-29 23:59:00"), "acuity": None}

    report = check(rows)
    tables = {table.table: table for table in report.tables}

    assert report.absent == tuple(name for name in TABLES if name not in rows)
    assert tables["ed_attendances"].rows == 2
    assert (tables["ed_attendances"].first, tables["ed_attendances"].last) == ("2024-01-02", "2024-02-29")
    assert tables["ed_attendances"].missing["acuity"] == 0.5
    assert tables["ed_attendances"].missing["attendance_id"] == 0
    assert tables["patients"].first is None


def test_a_row_dated_long_after_the_table_ends_is_told_and_the_table_ends_without_it(
    check: Callable[[Rows], CheckReport],
) -> None:
    rows = sound_rows("patients", "spells")
    rows["spells"] += [rows["spells"][0] | {"spell_id": f"n{n}"} for n in range(9)]
    rows["spells"].append(
        rows["spells"][0] | {"spell_id": "far", "admitted_on": date(2031, 1, 2), "discharged_on": None}
    )

    report = check(rows)

    assert [str(finding) for finding in report.findings] == [
        "spells.admitted_on: 1 of 12 rows: dated after 2024-01-02, where the table ends"
    ]
    (spells,) = (table for table in report.tables if table.table == "spells")
    assert (spells.last, spells.seen_to, spells.months) == ("2031-01-02", "2024-01-02", {"2024-01": 11, "2031-01": 1})


def test_a_lag_runs_from_the_event_and_of_what_a_stay_was_coded_with_from_discharge(
    check: Callable[[Rows], CheckReport],
) -> None:
    rows = sound_rows("patients", "spells", "diagnoses", "ed_attendances", "community_contacts")
    for row, day in zip(rows["diagnoses"], (7, 25), strict=True):
        row["recorded_on"] = date(2024, 1, day)  # discharged on the 5th
    rows["ed_attendances"][0]["recorded_on"] = date(2024, 2, 29)  # arrived on the 2nd of January

    tables = {table.table: table for table in check(rows).tables}

    assert tables["diagnoses"].lag == Lag(rows=2, median=2, p90=20, p99=20, over_31_days=0.0)
    assert (tables["diagnoses"].first, tables["diagnoses"].months) == ("2024-01-05", {"2024-01": 2})
    assert tables["ed_attendances"].lag == Lag(rows=1, median=58, p90=58, p99=58, over_31_days=1.0)
    assert tables["community_contacts"].lag is None


def test_tables_that_a_site_lacks_are_not_looked_up(check: Callable[[Rows], CheckReport]) -> None:
    assert check(sound_rows("patients", "registrations", "spells")).findings == ()


def test_a_column_of_another_type_is_an_error(make_frames: Callable[..., dict[str, pd.DataFrame]]) -> None:
    frames = make_frames(patients=sound_rows()["patients"], spells=sound_rows()["spells"])
    records = Records.from_frames(frames)
    spells = records.tables["spells"]
    odd = Records({**records.tables, "spells": spells.mutate(provider_code=spells.admitted_on)}, records.workspace)

    assert [str(finding) for finding in check_records(odd).errors] == [
        "spells.provider_code: 2 of 2 rows: wrong type, expected text"
    ]
