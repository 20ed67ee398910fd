"""Index events on the records of a synthetic trust, against the same question asked one date at a time."""

from collections import Counter
from datetime import date, timedelta

import pandas as pd
import pytest

from vi_risk.cohort.discharges import discharges_at
from vi_risk.cohort.index_dates import IndexDates
from vi_risk.cohort.people import cohort_frame, select_cohort
from vi_risk.records.codes import EMERGENCY_ADMISSION_METHODS, TRANSFER_DESTINATIONS
from vi_risk.records.linked import Records
from vi_risk.records.stays import stays
from vi_risk.records.synthetic import make_trust

BETWEEN = (date(2022, 3, 1), date(2022, 5, 31))


@pytest.fixture(scope="module")
def records() -> Records:
    tables = make_trust(patients=2000, seed=3, first_day=date(2021, 1, 1), last_day=date(2022, 12, 31))
    return Records.from_frames({name: tables[name] for name in ("patients", "practices", "registrations", "spells")})


def slow_discharges(records: Records, index_date: date) -> set[str]:
    """Return who left hospital the day before, of the stays as they were known."""
    known = stays(records.as_of(index_date).tables["spells"]).to_pyarrow().to_pylist()
    return {
        stay["patient_id"]
        for stay in known
        if stay["discharged_on"] == index_date - timedelta(days=1)
        and stay["admission_method"] in EMERGENCY_ADMISSION_METHODS
        and stay["discharge_destination"] not in TRANSFER_DESTINATIONS
        and stay["patient_classification"] not in ("3", "4")
    }


def test_all_dates_at_once_are_the_same_as_one_after_the_other(records: Records) -> None:
    events = cohort_frame([discharges_at(records, between=BETWEEN, min_age=18, role="test")])
    busiest = sorted(day for day, _ in Counter(events["index_date"]).most_common(3))
    one, other, last = busiest

    people, _ = select_cohort(records, IndexDates(last, other, (one,)), min_age=18)
    expected = pd.concat(
        people[(people["index_date"] == day) & people["patient_id"].isin(slow_discharges(records, day))]
        for day in busiest
    )

    found = events[events["index_date"].isin(busiest)].sort_values(["index_date", "patient_id"])
    assert len(found) >= 6
    pd.testing.assert_frame_equal(
        found.drop(columns="role").reset_index(drop=True), expected.drop(columns="role").reset_index(drop=True)
    )


def test_nothing_recorded_on_or_after_an_index_date_changes_its_row(records: Records) -> None:
    later = BETWEEN[1] + timedelta(days=1)

    then = cohort_frame([discharges_at(records.as_of(later), between=BETWEEN, min_age=18, role="test")])
    now = cohort_frame([discharges_at(records, between=BETWEEN, min_age=18, role="test")])

    pd.testing.assert_frame_equal(then, now)
