"""What a caller gives and cannot be used is refused by what it is, before anything else happens."""

from datetime import date, datetime, time
from typing import Any

import numpy as np
import pandas as pd
import pytest

import vi_risk
from tests.spec.caselists.listing import scores_of, snapshots_of
from vi_risk.arguments import is_whole, refuse_no_day
from vi_risk.errors import UsageError

DAY = date(2024, 2, 29)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("2024-02-29", r"index_date: expected a datetime\.date, such as .* got str\. Give date\.fromisoformat"),
        (pd.Timestamp(DAY), r"got Timestamp\. Give \.date\(\) of it"),
        (datetime.combine(DAY, time(9)), r"got datetime\. Give"),
        (20240229, r"got int\.$"),
    ],
)
def test_what_is_no_day_is_refused_by_its_type(value: object, said: str) -> None:
    refuse_no_day(DAY)

    with pytest.raises(UsageError, match=said):
        refuse_no_day(value)


@pytest.mark.parametrize("whole", [1, 0, -3, np.int64(4)])
def test_a_whole_number_is_one_of_any_kind(whole: object) -> None:
    assert is_whole(whole)


@pytest.mark.parametrize("other", [True, 1.0, "1", None, float("nan")])
def test_what_only_looks_like_a_whole_number_is_none(other: object) -> None:
    assert not is_whole(other)


def test_a_folder_is_no_records_and_a_name_no_spec() -> None:
    anything: Any = "emergency_admission_12m"
    records = vi_risk.Records.from_frames({})
    with pytest.raises(UsageError, match=r"^records: expected Records, got str\. Make it with vi_risk"):
        vi_risk.build_features(anything, vi_risk.load_spec(), index_date=DAY)
    for verb in (
        lambda: vi_risk.build_features(records, anything, index_date=DAY),
        lambda: vi_risk.train(snapshots_of([("Ann", "North", {})]), anything),
    ):
        with pytest.raises(UsageError, match=r"^spec: expected ModelSpec, got str\. Make it with vi_risk\.load_spec\."):
            verb()


def test_a_text_is_no_day_of_records() -> None:
    day: Any = "2024-02-29"
    with pytest.raises(UsageError, match=r"^day: expected a datetime\.date"):
        vi_risk.Records.from_frames({}).as_of(day)


def test_one_text_is_no_list_of_patients() -> None:
    model: Any = None  # not looked at
    with pytest.raises(UsageError, match=r"^explain: patients: expected a list of patient_id, got one text\."):
        vi_risk.explain(model, snapshots_of([("Ann", "North", {})]), "Ann")


def test_a_score_that_is_no_chance_makes_no_list() -> None:
    scores = scores_of([("Ann", "North", 0.5, {}), ("Bob", "North", 5.0, {})])
    people = snapshots_of([("Ann", "North", {}), ("Bob", "North", {})])
    with pytest.raises(UsageError, match=r"^scores: risk: expected numbers from 0 to 1, found 1 outside\."):
        vi_risk.choose(scores, people)
