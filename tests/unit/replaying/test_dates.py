"""The dates of a replay."""

from datetime import date, timedelta

import pytest

from tests.conftest import MakeRecords
from vi_risk.errors import InputError, UsageError
from vi_risk.models.spec import load_spec
from vi_risk.replaying.dates import ReplayDates, days_of_months, step_of


@pytest.mark.parametrize(
    ("text", "days"), [("3m", 91), ("6m", 182), ("12m", 364), ("1m", 30), ("13w", 91), ("91d", 91)]
)
def test_a_step_is_written_in_months_weeks_or_days(text: str, days: int) -> None:
    assert step_of(text) == timedelta(days=days)


@pytest.mark.parametrize("text", ["", "3", "m", "0m", "-3m", "3 m", "1y", "3mm", "1.5m"])
def test_what_is_no_step_is_refused_with_one_that_is(text: str) -> None:
    with pytest.raises(UsageError, match=r"is no step.*for example 3m"):
        step_of(text)


def test_a_quarter_is_the_step_of_training_dates_so_that_lists_a_quarter_apart_share_them() -> None:
    assert days_of_months(3) == load_spec().snapshots.every_days


def test_the_last_date_is_among_them_where_a_step_ends_on_it() -> None:
    days = ReplayDates.between(date(2024, 1, 1), date(2024, 4, 1), step_of("3m")).days

    assert days == (date(2024, 1, 1), date(2024, 4, 1))


def test_one_date_is_a_replay_of_one_list() -> None:
    assert ReplayDates.between(date(2024, 1, 1), date(2024, 1, 1), step_of("3m")).days == (date(2024, 1, 1),)


def test_an_empty_window_is_refused() -> None:
    with pytest.raises(UsageError, match="no day lies between"):
        ReplayDates.between(date(2024, 4, 2), date(2024, 4, 1), step_of("3m"))


@pytest.mark.parametrize("days", [(), (date(2024, 1, 2), date(2024, 1, 1)), (date(2024, 1, 1), date(2024, 1, 1))])
def test_dates_that_do_not_follow_each_other_are_refused(days: tuple[date, ...]) -> None:
    with pytest.raises(UsageError, match="each after the one before"):
        ReplayDates(days)


def test_the_first_date_has_look_back_and_two_windows_before_it_and_the_last_lies_in_the_records(
    make_records: MakeRecords,
) -> None:
    months = [date(year, month, 1) for year in (2020, 2021, 2022, 2023) for month in range(1, 13)]
    records = make_records(
        patients=[{"patient_id": "p"}], spells=[{"patient_id": "p", "admitted_on": day} for day in months]
    )
    spec = load_spec()  # 365 days of look-back, windows of 365 days
    earliest = date(2020, 1, 1) + timedelta(days=3 * 365)

    ReplayDates((earliest,)).refuse_outside(records, spec)
    with pytest.raises(InputError, match=f"Choose {earliest} or a later date"):
        ReplayDates((earliest - timedelta(days=1),)).refuse_outside(records, spec)
    with pytest.raises(InputError, match="lies outside the records"):
        ReplayDates((earliest, date(2024, 3, 1))).refuse_outside(records, spec)


def test_records_without_a_stay_cannot_be_replayed(make_records: MakeRecords) -> None:
    with pytest.raises(InputError, match="hold no row"):
        ReplayDates((date(2024, 1, 1),)).refuse_outside(
            make_records(patients=[{"patient_id": "p"}], spells=[]), load_spec()
        )
