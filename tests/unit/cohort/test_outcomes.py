from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vi_risk.cohort.outcomes import outcomes_of
from vi_risk.records.linked import Records

DAY = date(2023, 3, 1)
LATER = date(2024, 6, 1)
HORIZON = 365


def day(number: int) -> date:
    """Return the day that many days after the index date."""
    return DAY + timedelta(days=number)


def outcome(records: Records, *patients: str, at: date = DAY, known_by: date = LATER) -> list[float]:
    cohort = pd.DataFrame({"patient_id": patients, "index_date": [at] * len(patients)}, dtype=object)
    return told(records, cohort, horizon_days=HORIZON, known_by=known_by).tolist()


def told(records: Records, cohort: pd.DataFrame, **window: Any) -> "pd.Series[float]":
    return outcomes_of(records, cohort, outcome="emergency_admission", **window)["outcome"]


@pytest.mark.parametrize(("admitted", "expected"), [(-1, 0.0), (0, 1.0), (1, 1.0), (HORIZON - 1, 1.0), (HORIZON, 0.0)])
def test_the_window_begins_with_the_index_date_and_ends_before_the_horizon(
    make_records: Any, admitted: int, expected: float
) -> None:
    records = make_records(
        patients=[{"patient_id": "p"}],
        spells=[{"patient_id": "p", "admitted_on": day(admitted), "discharged_on": day(admitted + 2)}],
    )

    assert outcome(records, "p") == [expected]


@pytest.mark.parametrize("method", ["21", "22", "23", "24", "25", "2A", "2D", "28"])
def test_every_new_emergency_counts(make_records: Any, method: str) -> None:
    records = make_records(
        patients=[{"patient_id": "p"}],
        spells=[{"patient_id": "p", "admitted_on": day(10), "admission_method": method}],
    )

    assert outcome(records, "p") == [1.0]


@pytest.mark.parametrize("method", ["2B", "2C", "11", "12", "13", "31", "32", "81", "82", "83", "98", "99"])
def test_transfers_births_and_planned_admissions_do_not_count(make_records: Any, method: str) -> None:
    records = make_records(
        patients=[{"patient_id": "p"}],
        spells=[{"patient_id": "p", "admitted_on": day(10), "admission_method": method}],
    )

    assert outcome(records, "p") == [0.0]


def test_a_patient_in_hospital_needs_a_new_admission(make_records: Any) -> None:
    stay = {"admitted_on": day(-5), "discharged_on": day(20)}
    records = make_records(
        patients=[{"patient_id": "once"}, {"patient_id": "again"}],
        spells=[
            {"patient_id": "once", **stay},
            {"patient_id": "again", **stay},
            {"patient_id": "again", "admitted_on": day(40)},
        ],
    )

    assert outcome(records, "once", "again") == [0.0, 1.0]


def test_several_admissions_are_one_event_and_a_death_before_any_is_none(make_records: Any) -> None:
    records = make_records(
        patients=[{"patient_id": "often"}, {"patient_id": "died", "died_on": day(3)}],
        spells=[{"patient_id": "often", "admitted_on": day(number)} for number in (10, 20, 30)],
    )

    assert outcome(records, "often", "died") == [1.0, 0.0]


def test_a_window_that_is_not_over_has_no_outcome_even_if_the_event_came(make_records: Any) -> None:
    records = make_records(
        patients=[{"patient_id": "admitted"}, {"patient_id": "not"}],
        spells=[{"patient_id": "admitted", "admitted_on": day(10)}],
    )

    assert outcome(records, "admitted", "not", known_by=day(HORIZON)) == [1.0, 0.0]
    assert np.isnan(outcome(records, "admitted", "not", known_by=day(HORIZON - 1))).all()


def test_an_admission_that_had_not_reached_the_trust_is_not_counted(make_records: Any) -> None:
    records = make_records(
        patients=[{"patient_id": "late"}, {"patient_id": "in time"}],
        spells=[
            {"patient_id": "late", "admitted_on": day(300), "recorded_on": LATER},
            {"patient_id": "in time", "admitted_on": day(300), "recorded_on": LATER - timedelta(days=1)},
        ],
    )

    assert outcome(records, "late", "in time") == [0.0, 1.0]


def test_outcomes_stand_in_the_order_of_the_cohort_and_keep_its_index(make_records: Any) -> None:
    records = make_records(
        patients=[{"patient_id": "p"}, {"patient_id": "q"}], spells=[{"patient_id": "q", "admitted_on": day(10)}]
    )
    cohort = pd.DataFrame(
        {"patient_id": ["q", "p", "q"], "index_date": [DAY, DAY, day(11)]}, index=[7, 3, 5], dtype=object
    )

    found = told(records, cohort, horizon_days=30, known_by=LATER)

    assert found.to_dict() == {7: 1.0, 3: 0.0, 5: 0.0}
