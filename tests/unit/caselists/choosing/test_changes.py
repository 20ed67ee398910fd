"""A list before is checked when it is made; tests/spec/caselists shows what is told of it."""

from datetime import date

import pandas as pd
import pytest

from vi_risk.caselists.choosing.changes import PreviousList, departed_since
from vi_risk.errors import UsageError

LISTED = pd.DataFrame({"patient_id": ["a", "b"], "practice_code": "A", "rank": [1, 2], "risk": [0.4, 0.3]})
DAY = date(2024, 10, 1)


def test_a_list_before_without_its_columns_is_refused() -> None:
    with pytest.raises(UsageError, match=r"the list before, of 2024-10-01: .* found no rank and no risk"):
        PreviousList(DAY, LISTED[["patient_id", "practice_code"]])


def test_a_list_before_has_each_person_once() -> None:
    with pytest.raises(UsageError, match="expected each person once, found 2 rows too many"):
        PreviousList(DAY, pd.concat([LISTED, LISTED]))


def test_departures_count_since_the_list_before_or_for_a_year() -> None:
    gone = pd.DataFrame(
        {
            "patient_id": ["a", "b", "c"],
            "practice_code": "A",
            "ended": ["died", "left", "died"],
            "ended_on": pd.to_datetime(["2024-09-30", "2024-10-01", "2023-12-31"]),
        }
    )

    since = departed_since(gone, DAY, list_date=date(2025, 1, 1))
    year = departed_since(gone, None, list_date=date(2025, 1, 1))

    assert {words: len(rows) for words, rows in since.items()} == {
        "died since 1 October 2024": 0,
        "left the practice since 1 October 2024": 1,
    }
    assert {words: len(rows) for words, rows in year.items()} == {
        "died in the last 12 months": 1,
        "left the practice in the last 12 months": 1,
    }
