from datetime import date
from typing import Any

import pandas as pd

from vi_risk.cohort.reviews import REVIEW_COLUMNS, reviews_of

DAY = date(2025, 1, 1)
AUTUMN, SPRING = date(2024, 10, 2), date(2024, 4, 3)


def reviews(make_records: Any, *rows: dict[str, Any]) -> pd.DataFrame:
    records = make_records(patients=[{"patient_id": "p"}, {"patient_id": "q"}], spells=[], mdt_reviews=list(rows))
    return reviews_of(records, DAY)


def test_the_latest_review_of_each_person_comes_first(make_records: Any) -> None:
    found = reviews(
        make_records,
        {"patient_id": "q", "reviewed_on": SPRING, "decision": "declined"},
        {"patient_id": "p", "reviewed_on": SPRING, "decision": "deferred"},
        {"patient_id": "p", "reviewed_on": AUTUMN, "decision": "accepted"},
    )

    assert found["patient_id"].tolist() == ["p", "p", "q"]
    assert found["decision"].tolist() == ["accepted", "deferred", "declined"]


def test_a_review_of_the_day_or_recorded_on_it_is_not_known(make_records: Any) -> None:
    found = reviews(
        make_records,
        {"patient_id": "p", "reviewed_on": DAY},
        {"patient_id": "q", "reviewed_on": AUTUMN, "recorded_on": DAY},
    )

    assert found.empty


def test_a_day_to_look_again_may_lie_after_the_list(make_records: Any) -> None:
    found = reviews(make_records, {"patient_id": "p", "reviewed_on": AUTUMN, "review_on": date(2025, 2, 1)})

    assert found["review_on"].tolist() == [pd.Timestamp(2025, 2, 1)]


def test_a_date_that_no_calendar_reaches_breaks_nothing(make_records: Any) -> None:
    found = reviews(make_records, {"patient_id": "p", "reviewed_on": AUTUMN, "review_on": date(9999, 12, 31)})

    assert found["review_on"].dt.year.tolist() == [9999]


def test_what_the_records_have_no_column_for_is_missing(make_records: Any) -> None:
    found = reviews(make_records, {"patient_id": "p", "reviewed_on": AUTUMN})

    assert tuple(found.columns) == REVIEW_COLUMNS
    assert found[["decision", "owner", "plan", "review_on", "outcome_code"]].isna().all(axis=None)


def test_records_without_reviews_give_none_of_the_same_types(make_records: Any) -> None:
    without = reviews_of(make_records(patients=[{"patient_id": "p"}], spells=[]), DAY)

    assert without.dtypes.equals(reviews(make_records, {"patient_id": "p", "reviewed_on": AUTUMN}).dtypes)
    assert without.empty
