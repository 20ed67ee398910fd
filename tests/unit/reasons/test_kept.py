import math

import pandas as pd
import pytest

from vi_risk.reasons.kept import LEAST_SHARE, unknown_where_not_kept
from vi_risk.records.tables import Holder

REVIEW, NURSE = "condition_review_365d", "specialist_nurse_contacts_365d"
HELD_BY: dict[str, Holder] = {REVIEW: "practice", NURSE: "trust"}


def person(practice: str | None, **found: float) -> pd.DataFrame:
    return pd.DataFrame([{"patient_id": "p", "practice_code": practice, REVIEW: 0.0, NURSE: 0.0} | found])


def everyone(**practices: int) -> pd.DataFrame:
    """Return a thousand people of each practice, of whom so many were reviewed and nobody saw a nurse."""
    return pd.DataFrame(
        [
            {"practice_code": practice, REVIEW: float(place < reviewed), NURSE: 0.0}
            for practice, reviewed in practices.items()
            for place in range(1000)
        ]
    )


@pytest.mark.parametrize(("reviewed", "is_known"), [(10, True), (9, False), (0, False)])
def test_no_review_is_known_where_one_in_a_hundred_of_the_practice_has_one(reviewed: int, is_known: bool) -> None:
    found = unknown_where_not_kept(person("A"), everyone(A=reviewed, B=900), {REVIEW: "practice"})

    assert LEAST_SHARE == 0.01
    assert found[REVIEW].notna().tolist() == [is_known]


def test_a_table_of_the_trust_is_the_same_for_every_practice() -> None:
    others = everyone(A=0, B=0)

    assert unknown_where_not_kept(person("A"), others, {NURSE: "trust"})[NURSE].isna().all()
    others.loc[others.index[-1], NURSE] = 1.0  # one person of the other practice
    assert unknown_where_not_kept(person("A"), others, {NURSE: "trust"})[NURSE].tolist() == [0.0]


def test_what_was_found_stands() -> None:
    found = unknown_where_not_kept(person("A", **{REVIEW: 1.0, NURSE: 3.0}), everyone(A=0), HELD_BY)

    assert found[[REVIEW, NURSE]].to_numpy().tolist() == [[1.0, 3.0]]


def test_who_was_not_seen_stays_not_seen_and_counts_for_nothing() -> None:
    others = everyone(A=1)
    others.loc[100:, REVIEW] = math.nan  # one of the hundred that are seen

    assert unknown_where_not_kept(person("A"), others, HELD_BY)[REVIEW].tolist() == [0.0]
    assert unknown_where_not_kept(person("A", **{REVIEW: math.nan}), others, HELD_BY)[REVIEW].isna().all()


def test_people_without_a_practice_are_told_by_one_another() -> None:
    others = everyone(A=0).assign(practice_code=None)
    others.loc[:50, REVIEW] = 1.0

    assert unknown_where_not_kept(person(None), others, HELD_BY)[REVIEW].tolist() == [0.0]


def test_a_practice_of_which_nobody_is_there_and_a_column_that_is_not_there_tell_nothing() -> None:
    assert unknown_where_not_kept(person("C"), everyone(A=500), HELD_BY)[REVIEW].isna().all()

    without = person("A").drop(columns=NURSE)
    assert NURSE not in unknown_where_not_kept(without, everyone(A=500), HELD_BY)


def test_the_people_asked_about_are_left_as_they_were() -> None:
    before = person("A")
    unknown_where_not_kept(before, everyone(A=0), HELD_BY)

    assert before.equals(person("A"))
