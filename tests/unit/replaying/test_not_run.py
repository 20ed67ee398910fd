"""Dates at which no list could be made."""

from datetime import date

import pytest

from vi_risk.errors import InputError
from vi_risk.governance.small_numbers import Disclosure
from vi_risk.replaying.not_run import NotRun, refuse_none_run

SPRING, SUMMER = date(2024, 4, 1), date(2024, 7, 1)


def test_the_reason_does_not_name_a_flag_that_a_replay_does_not_have() -> None:
    one = NotRun.of(SPRING, InputError("--index-date 2024-04-01: too early for these records."))

    assert one == NotRun(SPRING, "too early for these records.")


@pytest.mark.parametrize(
    ("exact", "told"),
    [
        ("found 3 events in 402 rows", "found fewer than 8 events in 400 rows"),
        ("found 3 of 42: nobody is left", "found fewer than 8 of 40: nobody is left"),
        ("found 6, which is too few", "found fewer than 8, which is too few"),
        ("windows of 7 days before 2024-04-01", "windows of 7 days before 2024-04-01"),
        ("expected at least 50 events", "expected at least 50 events"),
        ("aged 18 or over, days_since_3m, 1.5 and 2-year", "aged 18 or over, days_since_3m, 1.5 and 2-year"),
    ],
)
def test_a_small_number_of_people_is_not_told_of_a_date(exact: str, told: str) -> None:
    assert NotRun(SPRING, exact).disclosed(Disclosure()) == told


def test_where_no_date_could_be_run_each_reason_is_told_once() -> None:
    with pytest.raises(InputError) as refused:
        refuse_none_run([NotRun(SPRING, "too few events."), NotRun(SUMMER, "too few events.")])

    assert str(refused.value).splitlines() == [
        "replay: none of the dates could be run.",
        "2024-04-01, 2024-07-01: too few events.",
    ]
