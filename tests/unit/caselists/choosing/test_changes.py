"""A list before is checked when it is made; tests/spec/caselists shows what is told of it."""

from datetime import date

import pandas as pd
import pytest

from vi_risk.caselists.choosing.changes import PreviousList, became_of, departed_since
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


def before(*, made: bool = True) -> PreviousList:
    listed = pd.DataFrame(
        [("a", "A", 1, 0.5), ("b", "A", 2, 0.4), ("c", "A", 3, 0.3), ("d", "B", 1, 0.6)],
        columns=["patient_id", "practice_code", "rank", "risk"],
    )
    return PreviousList(DAY, listed, made=made)


def reviews(*rows: tuple[str, str, str | None]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["patient_id", "reviewed_on", "decision"])


TODAY = pd.DataFrame({"patient_id": ["b", "d", "e"], "practice_code": ["A", "A", "A"]})


def test_of_each_practice_it_is_told_how_many_were_reviewed_taken_on_and_have_left() -> None:
    found = became_of(
        before(),
        TODAY,
        reviews(
            ("a", "2024-10-15", "accepted"),
            ("b", "2024-10-15", "deferred"),
            ("c", "2024-09-30", "accepted"),  # before that list was made
        ),
    )

    assert found == {
        "A": {"listed": 3, "reviewed": 2, "accepted": 1, "left": 2},
        "B": {"listed": 1, "reviewed": 0, "accepted": 0, "left": 1},  # on the list of another practice now
    }


def test_of_a_list_that_was_never_made_and_without_reviews_nothing_is_said_of_them() -> None:
    accepted = reviews(("a", "2024-10-15", "accepted"))

    for found in (became_of(before(made=False), TODAY, accepted), became_of(before(), TODAY, None)):
        assert found["A"] == {"listed": 3, "left": 2}
