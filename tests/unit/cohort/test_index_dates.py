from datetime import date, timedelta
from typing import Any

import pytest

from vi_risk.cohort.index_dates import EventWindows, IndexDates, plan_event_windows, plan_index_dates
from vi_risk.errors import InputError

YEAR = timedelta(days=365)
FOUR_YEARS: dict[str, Any] = {
    "first_day": date(2021, 1, 1),
    "last_day": date(2024, 12, 31),
    "horizon_days": 365,
    "every_days": 91,
    "most": 6,
    "min_lookback_days": 365,
}


def plan(list_date: date = date(2025, 1, 1), **changes: Any) -> IndexDates:
    return plan_index_dates(list_date, **{**FOUR_YEARS, **changes})


@pytest.mark.parametrize("horizon_days", [30, 180, 365])
@pytest.mark.parametrize("every_days", [30, 91, 365])
def test_no_two_outcome_windows_of_different_roles_overlap(horizon_days: int, every_days: int) -> None:
    dates = plan(horizon_days=horizon_days, every_days=every_days)
    horizon = timedelta(days=horizon_days)

    assert max(dates.train) + horizon <= dates.test
    assert dates.test + horizon <= dates.list_date


def test_test_and_training_dates_are_the_latest_possible() -> None:
    dates = plan()

    assert dates.test == dates.list_date - YEAR
    assert max(dates.train) == dates.test - YEAR


def test_training_dates_rise_a_step_apart_each_with_enough_records_before_it() -> None:
    dates = plan(most=60)

    assert len(dates.train) == 5
    assert {later - earlier for earlier, later in zip(dates.train, dates.train[1:], strict=False)} == {
        timedelta(days=91)
    }
    assert all(day - date(2021, 1, 1) >= YEAR for day in dates.train)
    assert dates.train[0] - timedelta(days=91) - date(2021, 1, 1) < YEAR


def test_no_more_training_dates_than_asked_for_and_those_the_latest() -> None:
    assert plan(most=2).train == plan(most=60).train[-2:]


def test_a_training_date_with_exactly_the_least_look_back_is_used() -> None:
    first_possible = FOUR_YEARS["first_day"] + 3 * YEAR

    assert plan(first_possible).train == (FOUR_YEARS["first_day"] + YEAR,)
    with pytest.raises(InputError, match=f"the earliest date possible is {first_possible}"):
        plan(first_possible - timedelta(days=1))


def test_the_date_that_a_refusal_names_is_possible() -> None:
    first_possible = FOUR_YEARS["first_day"] + timedelta(days=100 + 2 * 180)
    shorter = {"min_lookback_days": 100, "horizon_days": 180}

    with pytest.raises(InputError, match=str(first_possible)):
        plan(first_possible - timedelta(days=1), **shorter)
    assert plan(first_possible, **shorter).train


@pytest.mark.parametrize("outside", [date(2020, 12, 31), date(2021, 1, 1), date(2025, 2, 1), date(2030, 1, 1)])
def test_a_list_date_outside_the_records_is_refused_with_their_span(outside: date) -> None:
    with pytest.raises(InputError, match="outside the records, which hold spells from 2021-01-01 to 2024-12-31"):
        plan(outside)


def test_a_list_up_to_a_month_after_the_last_spell_is_made() -> None:
    assert plan(date(2025, 1, 31)).list_date == date(2025, 1, 31)


def test_every_date_has_one_role_earliest_first() -> None:
    roles = plan().roles

    assert [role for _, role in roles] == ["train"] * 5 + ["test", "list"]
    assert [day for day, _ in roles] == sorted(day for day, _ in roles)


def plan_events(list_date: date = date(2025, 1, 1), **changes: Any) -> EventWindows:
    asked = {key: FOUR_YEARS[key] for key in ("first_day", "last_day", "min_lookback_days")}
    return plan_event_windows(list_date, **{**asked, "horizon_days": 30, **changes})


@pytest.mark.parametrize("horizon_days", [30, 90])
@pytest.mark.parametrize("test_days", [100, 365])
def test_no_two_windows_of_events_of_different_roles_overlap(horizon_days: int, test_days: int) -> None:
    spans = plan_events(horizon_days=horizon_days, test_days=test_days)
    horizon = timedelta(days=horizon_days)

    assert spans.train[1] + horizon <= spans.test[0]
    assert spans.test[1] + horizon <= spans.list_date
    assert spans.listed[0] + horizon > spans.list_date  # the windows of the listed are open
    assert spans.listed == (spans.test[1] + timedelta(days=1), spans.list_date)


def test_test_events_are_those_of_the_last_year_possible_and_training_events_all_before() -> None:
    spans = plan_events()

    assert spans.test == (date(2023, 12, 4), date(2024, 12, 2))
    assert spans.train == (date(2022, 1, 1), date(2023, 11, 4))
    assert plan_events(train_days=100).train == (date(2023, 7, 28), date(2023, 11, 4))
    assert [role for _, role in spans.roles] == ["train", "test", "list"]


def test_too_short_records_for_events_are_refused_with_the_date_that_is_possible() -> None:
    first_possible = FOUR_YEARS["first_day"] + timedelta(days=365 + 2 * 30 + 364)

    with pytest.raises(InputError, match=f"the earliest date possible is {first_possible}"):
        plan_events(first_possible - timedelta(days=1))
    assert plan_events(first_possible).train == (date(2022, 1, 1), date(2022, 1, 1))


def test_a_list_of_events_outside_the_records_is_refused() -> None:
    with pytest.raises(InputError, match="outside the records, which hold spells from 2021-01-01 to 2024-12-31"):
        plan_events(date(2025, 2, 1))
