"""The people frame: one row for each scored person, with what rules and prompts ask about."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.spec.caselists.listing import catalogue, particulars, scores_of, snapshots_of
from vi_risk.caselists.choosing.people import known_columns, people_at_list
from vi_risk.errors import UsageError
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.whole_record import WholeRecord

PEOPLE: list[tuple[str, str, float, dict[str, Any]]] = [
    ("Ann", "North", 0.2, {"medicines_90d": 11, "risk_death_12m": 0.1, "risk_emergency_admission_3m": 0.05}),
    ("Bob", "South", 0.5, {"in_hospital": True, "days_since_mdt_review_730d": 30}),
]


def snapshots(**others: Any) -> Snapshots:
    return snapshots_of([(person, practice, known) for person, practice, _, known in PEOPLE], **others)


def test_scores_cohort_and_features_stand_side_by_side_in_the_order_of_the_cohort() -> None:
    people = people_at_list(scores_of(list(reversed(PEOPLE))), snapshots())

    assert people["patient_id"].tolist() == ["Ann", "Bob"]
    assert people["risk"].tolist() == [0.2, 0.5]
    assert people["practice_code"].tolist() == ["North", "South"]
    assert people["in_hospital"].tolist() == [0, 1]
    assert people["medicines_90d"].tolist() == [11, 0]


def test_risks_of_companions_have_the_names_that_people_read() -> None:
    people = people_at_list(scores_of(PEOPLE), snapshots())

    assert people["risk_of_death"].tolist()[0] == 0.1
    assert people["risk_3m"].tolist()[0] == 0.05
    assert "risk_death_12m" not in people


def test_only_some_people_and_some_features_can_be_asked_for() -> None:
    people = people_at_list(scores_of(PEOPLE), snapshots(), patients=["Bob"], columns=["medicines_90d"])

    assert people["patient_id"].tolist() == ["Bob"]
    assert people["medicines_90d"].tolist() == [0]


def test_features_are_told_as_far_back_as_the_list_sees_and_reviews_as_ever() -> None:
    further = pd.DataFrame({"patient_id": ["Bob", "Ann"], "index_date": date(2025, 1, 1), "medicines_90d": [5.0, 12.0]})
    whole_record = WholeRecord(further, {"list": {"medicines_90d": 90}})
    at_list = replace(snapshots(windows={"medicines_90d": 60}), whole_record=whole_record)

    people = people_at_list(scores_of(PEOPLE), at_list)

    assert people["medicines_90d"].tolist() == [12.0, 5.0]
    np.testing.assert_array_equal(people["days_since_review"], [np.nan, 30])


def test_the_last_review_is_that_of_the_reviews_themselves_where_they_are_at_hand() -> None:
    by_feature = people_at_list(scores_of(PEOPLE), snapshots())
    by_review = people_at_list(
        scores_of(PEOPLE),
        snapshots(
            particulars=particulars(
                reviews=[
                    ("Ann", date(2024, 12, 31), "accepted", None, None, date(2025, 2, 1)),
                    ("Ann", date(2024, 6, 1), "deferred", None, None, None),
                ]
            )
        ),
    )

    np.testing.assert_array_equal(by_feature["days_since_review"], [np.nan, 30])
    np.testing.assert_array_equal(by_feature["review_open"], [np.nan, 0])
    np.testing.assert_array_equal(by_review["days_since_review"], [1, np.nan])
    np.testing.assert_array_equal(by_review["review_open"], [0, np.nan])


def test_what_the_last_review_came_to_and_how_long_its_day_has_passed_are_told() -> None:
    reviews = [
        ("Ann", date(2024, 9, 1), "declined", None, None, date(2024, 12, 1)),
        ("Ann", date(2024, 3, 1), "accepted", "GP", None, date(2024, 4, 1)),
        ("Bob", date(2024, 9, 1), "accepted", "GP", None, date(2025, 2, 1)),
    ]

    people = people_at_list(scores_of(PEOPLE), snapshots(particulars=particulars(reviews=reviews)))

    np.testing.assert_array_equal(people["days_since_review_due"], [31, np.nan])
    np.testing.assert_array_equal(people["review_declined"], [1, 0])
    np.testing.assert_array_equal(people["review_accepted"], [0, 1])
    unseen = people_at_list(scores_of(PEOPLE), snapshots())
    assert unseen[["days_since_review_due", "review_declined"]].isna().all(axis=None)


def test_the_last_discharge_is_that_from_a_stay_of_a_night_or_more_planned_or_not() -> None:
    contacts = [
        ("Ann", "admission", date(2024, 12, 20), date(2024, 12, 28)),
        ("Ann", "admission", date(2024, 11, 1), date(2024, 11, 9)),
        ("Ann", "admission", date(2024, 12, 30), date(2024, 12, 30)),  # a day case
        ("Bob", "admission", date(2024, 12, 30), None),
        ("Bob", "gp", date(2024, 12, 1), None),
    ]

    people = people_at_list(scores_of(PEOPLE), snapshots(particulars=particulars(contacts=contacts)))

    np.testing.assert_array_equal(people["days_since_discharge"], [4, np.nan])


def test_a_review_on_or_after_the_date_of_the_list_is_not_known() -> None:
    people = people_at_list(
        scores_of(PEOPLE),
        snapshots(
            particulars=particulars(
                reviews=[
                    ("Ann", date(2025, 1, 1), "deferred", None, None, None),
                    ("Ann", date(2024, 12, 1), "accepted", None, None, None),
                    ("Bob", date(2025, 3, 1), "accepted", None, None, None),
                ]
            )
        ),
    )

    np.testing.assert_array_equal(people["days_since_review"], [31, np.nan])
    np.testing.assert_array_equal(people["review_open"], [0, np.nan])


def test_of_a_person_told_of_at_discharge_reviews_and_objections_are_those_known_at_the_list() -> None:
    discharged = {"index_date": date(2024, 12, 10)}
    people = people_at_list(
        scores_of([("Ann", "North", 0.2, {}), ("Bob", "North", 0.1, {})]),
        snapshots_of(
            [("Ann", "North", discharged), ("Bob", "North", discharged)],
            particulars=particulars(
                reviews=[
                    ("Ann", date(2024, 12, 20), "accepted", None, None, date(2024, 12, 30)),
                    ("Ann", date(2024, 11, 1), "accepted", None, None, None),
                ],
                objectors=["Bob"],
            ),
        ),
    )

    np.testing.assert_array_equal(people["days_since_review"], [12, np.nan])
    np.testing.assert_array_equal(people["review_open"], [1, np.nan])
    assert people["objects"].tolist() == [0, 1]


def test_a_column_of_the_cohort_is_not_taken_from_the_scores() -> None:
    people = people_at_list(scores_of(PEOPLE).assign(practice_code="Elsewhere", age=7), snapshots())

    assert people["practice_code"].tolist() == ["North", "South"]
    assert people["age"].tolist() == [80, 80]


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        (scores_of(PEOPLE).drop(columns="risk"), "found no risk"),
        (pd.DataFrame(), "found no patient_id and no risk"),
        (scores_of(PEOPLE[:1]).head(0), "expected one row per person, found none"),
        (scores_of(PEOPLE).astype({"risk": str}), "risk: expected numbers from 0 to 1, found a column of str"),
        (
            scores_of(PEOPLE).assign(risk_of_death=0.2),
            "risk_death_12m and risk_of_death are two names of one risk",
        ),
        (pd.concat([scores_of(PEOPLE), scores_of(PEOPLE[:1])]), "expected one row per patient_id, found 1 too many"),
        (scores_of([*PEOPLE, ("Cyd", "North", 0.1, {})]), "1 of 3 people are not eligible at 2025-01-01"),
    ],
)
def test_scores_that_do_not_fit_are_refused_without_a_name(scores: pd.DataFrame, told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        people_at_list(scores, snapshots())

    assert not any(person in str(caught.value) for person in ("Ann", "Bob", "Cyd"))


def test_no_argument_is_changed() -> None:
    scores, at_list = scores_of(PEOPLE), snapshots()
    kept = scores.copy(), at_list.cohort.copy(), at_list.features.copy()  # type: ignore[union-attr]

    people_at_list(scores, at_list)

    for now, then in zip((scores, at_list.cohort, at_list.features), kept, strict=True):
        pd.testing.assert_frame_equal(now, then)  # type: ignore[arg-type]


def test_rules_may_ask_about_features_risks_and_the_cohort() -> None:
    known = known_columns(catalogue(), ["death_12m", "avoidable_admission_12m"])

    assert {"medicines_90d", "risk", "risk_of_death", "risk_avoidable_admission_12m", "age", "review_open"} <= known
    assert "risk_death_12m" not in known
    assert "patient_id" not in known
