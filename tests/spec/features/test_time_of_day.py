"""Timestamps are local and stay as they were written: a day begins at midnight, wherever the computer stands."""

import time
from collections.abc import Iterator
from datetime import date, datetime
from datetime import time as hour
from typing import Any

import pytest

from tests.spec.features.asking import assert_table, ed, values

# The morning of 31 March 2024 on which British clocks left out the hour from one to two.
CLOCKS_WENT_FORWARD = date(2024, 3, 31)


@pytest.fixture(params=["Europe/London", "Pacific/Auckland"])
def _somewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_somewhere")
def test_the_minute_before_midnight_is_the_day_before() -> None:
    assert_table(
        [
            ("a minute before the index date", [ed(1, hour(23, 59))], 1),
            ("a microsecond before it", [ed(1, hour(23, 59, 59, 999_999))], 1),
            ("at midnight: on it, and not yet known", [ed(0, hour(0, 0))], None),
            ("at midnight of the window's first day", [ed(30, hour(0, 0))], 30),
            ("a minute before that", [ed(31, hour(23, 59))], None),
        ],
        table="ed_attendances",
        measure="days_since_last",
        windows=[30],
    )


@pytest.mark.usefixtures("_somewhere")
@pytest.mark.parametrize(("index_date", "days_since_last"), [(CLOCKS_WENT_FORWARD, None), (date(2024, 4, 1), 1)])
def test_an_hour_that_the_clocks_left_out_is_an_hour_of_its_day(index_date: date, days_since_last: int | None) -> None:
    arrived_at = datetime.combine(CLOCKS_WENT_FORWARD, hour(1, 30))
    entry = ("ed_attendances", {"arrived_at": arrived_at})
    asked: dict[str, Any] = {"table": "ed_attendances", "measure": "days_since_last", "windows": [30]}
    assert values({"Ann": [entry]}, at=index_date, **asked) == {"Ann": days_since_last}
