"""Lists from the scores of others: what does not fit is told by its column, before a list is made."""

from datetime import date
from typing import Any

import pandas as pd
import pytest

from vi_risk.caselists.from_scores import lists_from_scores
from vi_risk.errors import UsageError


def scores(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"patient_id": ["p1", "p2"], "risk": [0.2, 0.6], **columns})


def lists(scored: pd.DataFrame, **other: Any) -> Any:
    words = {"title": "Our score", "outcome": "a fall in the next year", "capacity": 2}
    return lists_from_scores(scored, list_date=date(2025, 4, 1), **words, **other)


@pytest.mark.parametrize(
    ("scored", "fault"),
    [
        (scores().drop(columns="patient_id"), "scores: expected the columns patient_id and risk, found no patient_id"),
        (scores(patient_id=[101, 102]), "scores: patient_id: expected text, found a column of int64"),
        (scores(patient_id=["p1", None]), "scores: patient_id: 1 of 2 rows have none"),
        (scores(practice_code=[81001, 81002]), "scores: practice_code: expected text, found a column of int64"),
        (scores(age=[80, 801]), "scores: age: 1 of 2 rows are not from 0 to "),
        (scores(age=[80, -1]), "scores: age: 1 of 2 rows are not from 0 to "),
        (scores(age=["80", "81"]), "scores: age: expected numbers or truth values, found a column of str"),
    ],
)
def test_scores_that_cannot_be_listed_are_told_by_their_column(scored: pd.DataFrame, fault: str) -> None:
    with pytest.raises(UsageError, match=fault):
        lists(scored)


def test_practices_are_told_by_their_code() -> None:
    with pytest.raises(UsageError, match="practices: expected one row for each practice_code, found no such column"):
        lists(scores(), practices=pd.DataFrame({"name": ["High Street"]}))


def test_a_practice_has_the_name_and_network_that_were_given_and_without_them_its_code() -> None:
    practices = pd.DataFrame({"practice_code": ["A", "B"], "name": ["High Street", None], "network": ["North", None]})

    first, second = lists(scores(practice_code=["A", "B"]), practices=practices)

    assert (first.title, first.network) == ("High Street", "North")
    assert (second.title, second.network) == ("B", None)


def test_what_is_wholly_empty_is_as_if_it_were_not_there() -> None:
    (with_it,), (without,) = lists(scores(age=[None, None], objects=None)), lists(scores())

    pd.testing.assert_frame_equal(with_it.table, without.table)
