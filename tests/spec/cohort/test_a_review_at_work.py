"""When a review was at work on somebody: what it shows, the reviews, the day the window ended, from when, how much.

Days count from the index date, which is day 0; the window is the hundred days from 0 to 99, and a review works for
fifty. From when: -1 is before the window opened. How much: the share of the hundred days.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd

from vi_risk.cohort.exposed import exposure_of

INDEX_DATE = date(2024, 1, 1)
NEVER = np.nan
Review = tuple[int | None, str | None]
Case = tuple[str, Sequence[Review], int, float, float]


def assert_table(cases: Sequence[Case]) -> None:
    """Assert of each person, who is named by what they show, when a review was at work."""
    people = pd.DataFrame(
        {
            "patient_id": [shows for shows, *_ in cases],
            "index_date": INDEX_DATE,
            "followed_days": [followed for _, _, followed, _, _ in cases],
        }
    )
    reviews = pd.DataFrame(
        [
            (shows, None if day is None else INDEX_DATE + timedelta(days=day), decision)
            for shows, held, *_ in cases
            for day, decision in held
        ],
        columns=["patient_id", "reviewed_on", "decision"],
    )
    found = exposure_of(
        people,
        reviews.sample(frac=1, random_state=1),
        horizon_days=100,
        effect_days=50,
        decisions=("accepted",),
    )
    told = pd.DataFrame([case[-2:] for case in cases], columns=["review_day", "review_share"], dtype=float)
    told.index = found.index = people["patient_id"]
    pd.testing.assert_frame_equal(found, told)


def test_a_review_works_from_its_day_on_for_as_long_as_is_declared() -> None:
    assert_table(
        [
            ("nobody reviewed them", [], 100, NEVER, 0.0),
            ("in the window", [(30, "accepted")], 100, 30, 0.5),
            ("on the index date", [(0, "accepted")], 100, 0, 0.5),
            ("late in the window", [(80, "accepted")], 100, 80, 0.2),
            ("on its last day", [(99, "accepted")], 100, 99, 0.01),
            ("after it", [(100, "accepted")], 100, NEVER, 0.0),
            ("before it, and still at work", [(-10, "accepted")], 100, -1, 0.4),
            ("before it, on its last day of work", [(-49, "accepted")], 100, -1, 0.01),
            ("before it, and over", [(-50, "accepted")], 100, NEVER, 0.0),
        ]
    )


def test_days_on_which_two_reviews_are_at_work_count_once() -> None:
    assert_table(
        [
            ("one after the other", [(0, "accepted"), (50, "accepted")], 100, 0, 1.0),
            ("with a gap", [(-40, "accepted"), (60, "accepted")], 100, -1, 0.5),
            ("overlapping", [(10, "accepted"), (30, "accepted")], 100, 10, 0.7),
            ("twice on a day", [(10, "accepted"), (10, "accepted")], 100, 10, 0.5),
        ]
    )


def test_what_comes_after_the_window_ended_is_no_exposure() -> None:
    assert_table(
        [
            ("reviewed because of the admission", [(31, "accepted")], 30, NEVER, 0.0),
            ("reviewed on its day", [(30, "accepted")], 30, NEVER, 0.0),
            ("reviewed the day before", [(29, "accepted")], 30, 29, 0.5),
            ("admitted on the index date, a review at work", [(-3, "accepted")], 0, -1, 0.47),
        ]
    )


def test_a_review_at_which_nobody_acted_is_none() -> None:
    assert_table(
        [
            ("declined", [(30, "declined")], 100, NEVER, 0.0),
            ("put off, then accepted", [(30, "deferred"), (60, "accepted")], 100, 60, 0.4),
            ("nobody wrote what was decided", [(30, None)], 100, 30, 0.5),
            ("a review without a day", [(None, "accepted")], 100, NEVER, 0.0),
        ]
    )


def test_where_the_window_is_not_over_nothing_is_said() -> None:
    people = pd.DataFrame({"patient_id": ["Ann"], "index_date": INDEX_DATE, "followed_days": pd.array([None], "Int64")})
    reviews = pd.DataFrame({"patient_id": ["Ann"], "reviewed_on": [INDEX_DATE], "decision": ["accepted"]})

    found = exposure_of(people, reviews, horizon_days=100, effect_days=50, decisions=("accepted",))

    assert found.isna().all(axis=None)
