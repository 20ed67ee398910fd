from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.unit.reviews.test_store import reviews
from vi_risk.cohort.reviews import reviews_of
from vi_risk.errors import InputError
from vi_risk.records.linked import Records
from vi_risk.reviews import with_reviews, write_reviews

DAY = date(2025, 11, 11)
PATIENTS = pd.DataFrame(
    {"patient_id": ["P-1", "P-2"], "birth_month": [date(1940, 1, 1)] * 2, "sex": ["1", "2"]}, dtype=object
)


def records(*own: dict[str, Any]) -> Records:
    tables = {"patients": PATIENTS}
    if own:
        tables["mdt_reviews"] = pd.DataFrame(own, dtype=object)
    return Records.from_frames(tables)


def kept(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "reviews.parquet"
    write_reviews(reviews(*rows), path)
    return path


def told(found: Records) -> list[dict[str, Any]]:
    rows = found.tables["mdt_reviews"].order_by(["patient_id", "reviewed_on"])
    return list(rows.to_pyarrow().to_pylist())


def test_records_without_reviews_gain_those_of_the_file(tmp_path: Path) -> None:
    [review] = told(with_reviews(records(), kept(tmp_path, {"plan": "home visit"})))
    assert review == {
        "patient_id": "P-1",
        "reviewed_on": DAY,
        "decision": "accepted",
        "owner": None,
        "plan": "home visit",
        "review_on": None,
        "outcome_code": None,
        "recorded_on": DAY,
    }


def test_a_review_that_both_tell_of_is_there_once_as_the_file_has_it(tmp_path: Path) -> None:
    own = [
        {"patient_id": "P-1", "reviewed_on": DAY, "decision": "deferred"},
        {"patient_id": "P-1", "reviewed_on": date(2024, 1, 1), "decision": "declined"},
    ]
    found = told(with_reviews(records(*own), kept(tmp_path, {}, {"patient_id": "P-2"})))
    assert [(row["patient_id"], row["reviewed_on"], row["decision"]) for row in found] == [
        ("P-1", date(2024, 1, 1), "declined"),
        ("P-1", DAY, "accepted"),
        ("P-2", DAY, "accepted"),
    ]


def test_what_became_of_a_plan_is_brought_along_also_beside_records_without_outcomes(tmp_path: Path) -> None:
    own = {"patient_id": "P-2", "reviewed_on": DAY, "decision": "declined"}
    found = reviews_of(with_reviews(records(own), kept(tmp_path, {"outcome_code": "done"})), date(2025, 12, 1))
    assert found["outcome_code"].tolist()[:1] == ["done"]
    assert found["outcome_code"].isna().tolist() == [False, True]


def test_people_whom_the_records_do_not_hold_are_left_out(tmp_path: Path) -> None:
    assert told(with_reviews(records(), kept(tmp_path, {"patient_id": "gone"}))) == []


def test_twice_is_as_once_and_the_records_given_stay_as_they_were(tmp_path: Path) -> None:
    given, path = records({"patient_id": "P-2", "reviewed_on": DAY, "decision": "accepted"}), kept(tmp_path, {})
    once = with_reviews(given, path)
    assert told(with_reviews(once, path)) == told(once)
    assert len(told(given)) == 1


def test_what_a_meeting_decided_is_known_from_the_day_after_it(tmp_path: Path) -> None:
    found = with_reviews(records(), kept(tmp_path, {}))
    assert told(found.as_of(DAY)) == []
    assert len(told(found.as_of(date(2025, 11, 12)))) == 1


def test_records_with_reviews_have_another_fingerprint(tmp_path: Path) -> None:
    given = records({"patient_id": "P-2", "reviewed_on": DAY, "decision": "accepted"})
    assert with_reviews(given, kept(tmp_path, {})).fingerprints() != given.fingerprints()


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such file. Name the file that `vi-risk reviews import` wrote"):
        with_reviews(records(), tmp_path / "none.parquet")
