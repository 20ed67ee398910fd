"""The dates of a replay."""

from datetime import date, timedelta

import pytest

from tests.conftest import MakeRecords
from vi_risk.errors import InputError, UsageError
from vi_risk.models.spec import load_spec
from vi_risk.replaying.dates import ReplayDates, Step, step_of


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("3m", Step(3, "months")),
        ("12m", Step(12, "months")),
        ("1y", Step(12, "months")),
        ("4w", Step(28, "days")),
        ("13w", Step(91, "days")),
        ("91d", Step(91, "days")),
    ],
)
def test_a_step_is_written_in_months_years_weeks_or_days(text: str, step: Step) -> None:
    assert step_of(text) == step


@pytest.mark.parametrize("text", ["", "3", "m", "0m", "-3m", "3 m", "1h", "3mm", "1.5m"])
def test_what_is_no_step_is_refused_with_one_that_is(text: str) -> None:
    with pytest.raises(UsageError, match=r"is no step.*for example 3m"):
        step_of(text)


@pytest.mark.parametrize(
    ("first", "last", "every", "days"),
    [
        ("2024-01-01", "2025-01-01", "3m", ["2024-01-01", "2024-04-01", "2024-07-01", "2024-10-01", "2025-01-01"]),
        ("2023-12-31", "2024-04-30", "1m", ["2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"]),
        ("2024-02-29", "2028-03-01", "1y", ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
        ("2024-02-01", "2024-03-31", "4w", ["2024-02-01", "2024-02-29", "2024-03-28"]),
        ("2024-01-01", "2024-12-31", "9999y", ["2024-01-01"]),
    ],
)
def test_months_and_years_are_those_of_the_calendar(first: str, last: str, every: str, days: list[str]) -> None:
    found = ReplayDates.between(date.fromisoformat(first), date.fromisoformat(last), step_of(every))

    assert [str(day) for day in found.days] == days


def test_the_last_date_is_among_them_where_a_step_ends_on_it() -> None:
    days = ReplayDates.between(date(2024, 1, 1), date(2024, 4, 1), step_of("3m")).days

    assert days == (date(2024, 1, 1), date(2024, 4, 1))


def test_one_date_is_a_replay_of_one_list() -> None:
    assert ReplayDates.between(date(2024, 1, 1), date(2024, 1, 1), step_of("3m")).days == (date(2024, 1, 1),)


def test_an_empty_window_is_refused() -> None:
    with pytest.raises(UsageError, match="the first date lies after the last"):
        ReplayDates.between(date(2024, 4, 2), date(2024, 4, 1), step_of("3m"))


@pytest.mark.parametrize("days", [(), (date(2024, 1, 2), date(2024, 1, 1)), (date(2024, 1, 1), date(2024, 1, 1))])
def test_dates_that_do_not_follow_each_other_are_refused(days: tuple[date, ...]) -> None:
    with pytest.raises(UsageError, match="each after the one before"):
        ReplayDates(days)


def test_a_date_without_look_back_and_two_windows_or_beyond_the_records_is_told_and_the_others_stay(
    make_records: MakeRecords,
) -> None:
    months = [date(year, month, 1) for year in (2020, 2021, 2022, 2023) for month in range(1, 13)]
    records = make_records(
        patients=[{"patient_id": "p"}], spells=[{"patient_id": "p", "admitted_on": day} for day in months]
    )
    spec = load_spec()  # 365 days of look-back, windows of 365 days
    earliest = date(2020, 1, 1) + timedelta(days=3 * 365)
    latest = date(2023, 12, 1) + timedelta(days=31)
    too_early, too_late = earliest - timedelta(days=1), latest + timedelta(days=1)

    assert ReplayDates((earliest, latest)).out_of_reach(records, spec) == {}
    found = ReplayDates((too_early, earliest, latest, too_late)).out_of_reach(records, spec)
    assert [*found] == [too_early, too_late]
    assert f"the earliest date possible is {earliest}" in found[too_early]
    assert f"the latest date possible, a month later, is {latest}" in found[too_late]
    with pytest.raises(InputError, match=f"no date from .* can be run.*{earliest}.*{latest}.*Choose --from"):
        ReplayDates((too_early, too_late)).out_of_reach(records, spec)


def test_records_without_a_stay_cannot_be_replayed(make_records: MakeRecords) -> None:
    with pytest.raises(InputError, match="hold no row"):
        ReplayDates((date(2024, 1, 1),)).out_of_reach(
            make_records(patients=[{"patient_id": "p"}], spells=[]), load_spec()
        )


def test_records_too_short_for_any_list_are_told_so(make_records: MakeRecords) -> None:
    months = [date(2020, month, 1) for month in range(1, 13)]
    records = make_records(
        patients=[{"patient_id": "p"}], spells=[{"patient_id": "p", "admitted_on": day} for day in months]
    )

    with pytest.raises(InputError, match="too short for any list"):
        ReplayDates((date(2020, 6, 1),)).out_of_reach(records, load_spec())
