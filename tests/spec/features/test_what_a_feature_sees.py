"""What a feature sees, as small tables: the records on the left, the value on the right.

The index date is 1 January 2024 throughout; the last day that counts is 31 December 2023.
"""

import math
from datetime import date
from typing import Any

import pandas as pd
import pytest

from tests.reference.slow_features import slow_features
from vi_risk.features.catalogue import Catalogue, read_catalogue
from vi_risk.features.engine import compute_features
from vi_risk.records.linked import Records

INDEX_DATE = date(2024, 1, 1)
MISSING = math.nan
SHIPPED = read_catalogue()
LONG_SEEN = date(2015, 4, 1)

PERSON = {"patient_id": "Ann", "birth_month": date(1944, 1, 1), "sex": "2", "imd_decile": 3, "care_home": False}
SPELL = {"patient_id": "Ann", "admission_method": "21", "patient_classification": "1", "recorded_on": None}


def spell(spell_id: str, admitted_on: date, discharged_on: date | None, **other: Any) -> dict[str, Any]:
    discharged = {"discharge_method": "1", "discharge_destination": "19"} if discharged_on else {}
    return (
        SPELL
        | {"spell_id": spell_id, "admitted_on": admitted_on, "discharged_on": discharged_on}
        | {"discharge_method": None, "discharge_destination": None}
        | discharged
        | other
    )


LONG_AGO = spell("long ago", date(2010, 1, 1), date(2010, 1, 2))


def value_of(feature: str, *, gp_seen_from: date | None = LONG_SEEN, **tables: list[dict[str, Any]]) -> float:
    """Return a feature of Ann, as the engine has it; the slow reference must say the same."""
    definition = next(f.definition for f in SHIPPED.features if f.name == feature)
    catalogue = Catalogue((definition,), SHIPPED.codelists)
    rows = {"patients": [PERSON], "spells": [LONG_AGO]} | tables
    frames = {name: pd.DataFrame(table, dtype=object) for name, table in rows.items()}
    cohort = pd.DataFrame([("Ann", INDEX_DATE, gp_seen_from)], columns=["patient_id", "index_date", "gp_seen_from"])

    value = float(compute_features(Records.from_frames(frames), cohort, catalogue)[feature].iloc[0])

    assert value == pytest.approx(slow_features(frames, cohort, catalogue)[feature].iloc[0], nan_ok=True)
    return value


@pytest.mark.parametrize(
    ("admitted_on", "emergency_admissions_30d"),
    [
        (date(2024, 1, 1), 0),  # on the index date: not yet known
        (date(2023, 12, 31), 1),  # the day before: the last day of the window
        (date(2023, 12, 2), 1),  # 30 days before: the first day of the window
        (date(2023, 12, 1), 0),  # 31 days before: too long ago
    ],
)
def test_a_window_begins_so_many_days_before_the_index_date_and_ends_the_day_before_it(
    admitted_on: date, emergency_admissions_30d: int
) -> None:
    spells = [spell("1", admitted_on, admitted_on)]
    assert value_of("emergency_admissions_30d", spells=spells) == emergency_admissions_30d


@pytest.mark.parametrize(
    ("admission_method", "emergency_admissions_365d"),
    [
        ("21", 1),  # through A&E
        ("28", 1),  # other means
        ("2B", 0),  # transfer of someone in hospital already
        ("2C", 0),  # baby born at home
        ("11", 0),  # waiting list
        ("81", 0),  # transfer, not an emergency
    ],
)
def test_only_a_new_emergency_is_an_emergency_admission(admission_method: str, emergency_admissions_365d: int) -> None:
    spells = [spell("1", date(2023, 6, 1), date(2023, 6, 3), admission_method=admission_method)]
    assert value_of("emergency_admissions_365d", spells=spells) == emergency_admissions_365d


@pytest.mark.parametrize(
    ("recorded_on", "emergency_admissions_365d"),
    [
        (None, 1),  # no word on when it arrived: with the event
        (date(2023, 12, 31), 1),  # arrived the day before
        (date(2024, 1, 1), 0),  # arrived on the index date: too late
        (date(2024, 2, 9), 0),  # arrived with the next month's extract
    ],
)
def test_a_row_counts_only_once_it_has_arrived(recorded_on: date | None, emergency_admissions_365d: int) -> None:
    spells = [spell("1", date(2023, 11, 1), date(2023, 11, 3), recorded_on=recorded_on)]
    assert value_of("emergency_admissions_365d", spells=spells) == emergency_admissions_365d


@pytest.mark.parametrize(
    ("admitted_on", "discharged_on", "emergency_bed_days_90d"),
    [
        (date(2023, 11, 1), date(2023, 11, 8), 7),  # a week inside the window
        (date(2023, 11, 1), date(2023, 11, 1), 0),  # home the same day: no night
        (date(2023, 9, 23), date(2023, 10, 8), 5),  # straddles 3 October, the first day of the window
        (date(2023, 9, 1), date(2023, 10, 3), 0),  # home on the window's first day: its nights were before
        (date(2023, 12, 29), None, 3),  # still in hospital: the nights so far
        (date(2023, 12, 29), date(2024, 1, 20), 3),  # discharged later: the same, nobody knew
        (date(2023, 6, 1), None, 90),  # in hospital all the window long
    ],
)
def test_bed_days_are_the_nights_inside_the_window(
    admitted_on: date, discharged_on: date | None, emergency_bed_days_90d: int
) -> None:
    assert value_of("emergency_bed_days_90d", spells=[spell("1", admitted_on, discharged_on)]) == emergency_bed_days_90d


@pytest.mark.parametrize(
    ("discharged_on", "discharged_to_care_home_365d", "condition_heart_failure_1095d"),
    [
        (date(2023, 12, 31), 1, 1),  # discharged before the index date: destination and diagnoses are known
        (date(2024, 1, 1), 0, 0),  # discharged on it: neither is
        (None, 0, 0),  # still in hospital, whatever the extract has in those fields
    ],
)
def test_of_a_stay_still_open_only_the_admission_is_known(
    discharged_on: date | None, discharged_to_care_home_365d: int, condition_heart_failure_1095d: int
) -> None:
    stay = spell("1", date(2023, 12, 20), discharged_on, discharge_destination="54")
    coded = [{"spell_id": "1", "position": 1, "code": "I50.1", "recorded_on": None}]

    assert value_of("emergency_admissions_365d", spells=[stay]) == 1
    assert value_of("discharged_to_care_home_365d", spells=[stay]) == discharged_to_care_home_365d
    assert value_of("condition_heart_failure_1095d", spells=[stay], diagnoses=coded) == condition_heart_failure_1095d


@pytest.mark.parametrize(
    ("coded", "hospital_frailty_score_730d"),
    [
        (["F00.1"], 7.1),  # dementia in Alzheimer's disease
        (["F00.1", "F009"], 7.1),  # twice the same three characters: once
        (["F00.1", "W19.9"], 10.3),  # and an unspecified fall: 7.1 + 3.2
        (["I10X"], 0),  # hypertension is not on the list
        ([], 0),
    ],
)
def test_the_frailty_score_counts_each_code_once(coded: list[str], hospital_frailty_score_730d: float) -> None:
    stay = spell("1", date(2023, 5, 1), date(2023, 5, 9))
    diagnoses = [{"spell_id": "1", "position": n, "code": code} for n, code in enumerate(coded, start=1)] or [
        {"spell_id": "long ago", "position": 1, "code": "F00"}
    ]
    found = value_of("hospital_frailty_score_730d", spells=[stay, LONG_AGO], diagnoses=diagnoses)
    assert found == pytest.approx(hospital_frailty_score_730d)


@pytest.mark.parametrize(
    ("arrived_at", "days_since_ed_attendance_730d"),
    [
        ([pd.Timestamp("2023-12-31 23:59")], 1),  # a minute before midnight
        ([pd.Timestamp("2024-01-01 00:00")], MISSING),  # at midnight: the index date
        ([pd.Timestamp("2023-12-22 08:00"), pd.Timestamp("2023-03-01 08:00")], 10),  # the last of two
        ([pd.Timestamp("2021-06-01 08:00")], MISSING),  # before the window: nothing to count from
    ],
)
def test_days_since_runs_from_the_last_attendance_before_the_index_date(
    arrived_at: list[pd.Timestamp], days_since_ed_attendance_730d: float
) -> None:
    attendances = [{"attendance_id": str(n), "patient_id": "Ann", "arrived_at": at} for n, at in enumerate(arrived_at)]
    value = value_of("days_since_ed_attendance_730d", ed_attendances=attendances)
    assert value == pytest.approx(days_since_ed_attendance_730d, nan_ok=True)


@pytest.mark.parametrize(
    ("gp_seen_from", "gp_appointments_90d", "days_since_gp_appointment_365d", "prescribed_insulin_90d"),
    [
        (date(2015, 4, 1), 1, 14, 1),  # the practice joined long ago
        (date(2023, 10, 3), 1, 14, 1),  # it joined on the first day of the 90
        (date(2023, 10, 4), MISSING, 14, 1),  # a day later: how many is unknown, that there was one is certain
        (date(2023, 12, 18), MISSING, 14, 1),  # it joined on the day of the appointment
        (date(2023, 12, 19), MISSING, MISSING, MISSING),  # the appointment was before it joined: not seen
        (None, MISSING, MISSING, MISSING),  # a practice outside the trust
    ],
)
def test_time_before_the_practice_joined_is_not_seen_and_never_zero(
    gp_seen_from: date | None,
    gp_appointments_90d: float,
    days_since_gp_appointment_365d: float,
    prescribed_insulin_90d: float,
) -> None:
    appointments = [{"patient_id": "Ann", "appointment_on": date(2023, 12, 18), "status": "attended"}]
    issues = [{"patient_id": "Ann", "issued_on": date(2023, 12, 18), "bnf_code": "0601012V0AAAAAA"}]

    def seen(feature: str) -> float:
        return value_of(feature, gp_seen_from=gp_seen_from, gp_appointments=appointments, prescriptions=issues)

    assert seen("gp_appointments_90d") == pytest.approx(gp_appointments_90d, nan_ok=True)
    assert seen("days_since_gp_appointment_365d") == pytest.approx(days_since_gp_appointment_365d, nan_ok=True)
    assert seen("prescribed_insulin_90d") == pytest.approx(prescribed_insulin_90d, nan_ok=True)


@pytest.mark.parametrize(
    ("gp_seen_from", "long_term_conditions_1095d"),
    [
        (date(2015, 4, 1), 2),  # heart failure from the hospital, COPD from the practice
        (date(2023, 7, 2), 1),  # the practice joined after its entry: the hospital's alone
        (None, 1),  # never seen: the hospital's alone, not missing
    ],
)
def test_conditions_are_what_is_seen_of_hospital_and_practice(
    gp_seen_from: date | None, long_term_conditions_1095d: int
) -> None:
    found = value_of(
        "long_term_conditions_1095d",
        gp_seen_from=gp_seen_from,
        spells=[spell("1", date(2023, 5, 1), date(2023, 5, 9))],
        diagnoses=[{"spell_id": "1", "position": 1, "code": "I50.0"}],
        gp_events=[{"patient_id": "Ann", "event_on": date(2023, 7, 1), "code_system": "snomed", "code": "13645005"}],
    )
    assert found == long_term_conditions_1095d


@pytest.mark.parametrize(
    ("feature", "left_out"),
    [
        ("community_contacts_365d", "the site has no community table"),
        ("ed_by_ambulance_365d", "the site's A&E table has no arrival mode"),
    ],
)
def test_what_the_records_lack_is_missing_and_not_zero(feature: str, left_out: str) -> None:
    attendances = [{"attendance_id": "1", "patient_id": "Ann", "arrived_at": pd.Timestamp("2023-12-01 09:00")}]
    assert math.isnan(value_of(feature, ed_attendances=attendances)), left_out


@pytest.mark.parametrize(
    ("birth_month", "age"),
    [
        (date(1944, 1, 1), 80),  # the month of the index date: the birthday counts as reached
        (date(1944, 2, 1), 79),  # the month after
        (date(2023, 12, 1), 0),  # a newborn
    ],
)
def test_age_is_in_whole_years_from_the_first_of_the_birth_month(birth_month: date, age: int) -> None:
    assert value_of("age", patients=[PERSON | {"birth_month": birth_month}]) == age
