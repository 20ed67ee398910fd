"""Training says when those at the top had been reviewed, and what was done about it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.unit.models.reviewed.acted_on import acted_on, no_reviews, spec_of, treated
from vi_risk.cohort.particulars import Particulars
from vi_risk.cohort.reviews import reviews_of
from vi_risk.models.on_snapshots import train
from vi_risk.models.reviewed.at_the_top import AtTheTop, at_the_top, doubt_of, nobody_left
from vi_risk.models.snapshots import Snapshots


def with_reviews(snapshots: Snapshots, reviews: pd.DataFrame) -> Snapshots:
    """Return snapshots whose particulars hold reviews, and nothing else."""
    particulars = object.__new__(Particulars)
    object.__setattr__(particulars, "reviews", reviews)
    return replace(snapshots, particulars=particulars)


@pytest.fixture(scope="module")
def reviewed() -> Snapshots:
    snapshots, records, _ = acted_on(1000)
    return with_reviews(snapshots, reviews_of(records, snapshots.index_dates.list_date))


@pytest.mark.parametrize(
    ("top", "share"),
    [
        (AtTheTop(windows=100, events=40, windows_reviewed=10, events_reviewed=10), 0.25),
        (AtTheTop(windows=100, events=40, windows_reviewed=60, events_reviewed=4), 0.6),  # a review that helps
        (AtTheTop(windows=100, events=0, windows_reviewed=30, events_reviewed=0), 0.3),
        (AtTheTop(windows=0, events=0, windows_reviewed=0, events_reviewed=0), 0.0),
    ],
)
def test_the_share_is_that_of_events_or_of_windows_whichever_is_greater(top: AtTheTop, share: float) -> None:
    assert top.share == share


def test_the_top_is_the_declared_share_of_the_training_windows_by_unseen_score(reviewed: Snapshots) -> None:
    training = reviewed.people("train")
    score = np.arange(len(training), dtype=float)  # the last rows are the highest

    found = at_the_top(reviewed, spec_of("ignore", top_share=0.1), score)

    assert found is not None
    last = training.iloc[-100:]
    at_work = last["patient_id"].isin(reviewed.particulars.reviews["patient_id"])  # type: ignore[union-attr]
    assert (found.windows, found.events) == (100, int(last["outcome"].sum()))
    assert 0 < found.windows_reviewed <= int(at_work.sum())
    assert found.events_reviewed <= min(found.events, found.windows_reviewed)


def test_a_model_taught_by_reviewed_people_is_doubted(reviewed: Snapshots) -> None:
    spec = spec_of("ignore", top_share=0.1)
    model = train(reviewed, spec)

    doubt = doubt_of(at_the_top(reviewed, spec, model.unseen_raw_), spec)

    assert doubt is not None
    assert "of the 10 % of training windows with the highest scores a review was at work in" in doubt
    assert 'treated_as = "exclude", "covariate" or "weight"' in doubt


def test_nobody_is_warned_below_the_share_or_where_the_spec_treats_reviews(reviewed: Snapshots) -> None:
    found = AtTheTop(windows=100, events=40, windows_reviewed=20, events_reviewed=8)

    assert doubt_of(found, spec_of("ignore")) is None  # 20 % is not more than 20 %
    assert doubt_of(found, spec_of("ignore", warn_share=0.19)) is not None
    assert doubt_of(found, spec_of("weight", warn_share=0.19)) is None
    assert doubt_of(None, spec_of("ignore", warn_share=0.19)) is None


def test_without_reviews_there_is_nothing_to_warn_of() -> None:
    snapshots, _, _ = acted_on(300)
    score = np.zeros(len(snapshots.people("train")))

    nobody: Any = at_the_top(with_reviews(snapshots, no_reviews()), spec_of("ignore"), score)

    assert (nobody.windows_reviewed, nobody.events_reviewed) == (0, 0)
    assert at_the_top(snapshots, spec_of("ignore"), score) is None  # not at hand, as on Spark


def test_after_a_discharge_the_top_is_of_all_windows_as_each_has_a_date_of_its_own(reviewed: Snapshots) -> None:
    training = reviewed.people("train")
    days = pd.to_datetime(training["index_date"]) + pd.to_timedelta(np.arange(len(training)), unit="D")
    cohort = reviewed.cohort.copy()
    cohort.loc[training.index, "index_date"] = days.dt.date
    each_its_own = replace(reviewed, cohort=cohort)
    spec = spec_of("ignore", top_share=0.1).with_changes(cohort={"index": "discharge"})

    found = at_the_top(each_its_own, spec, np.arange(len(training), dtype=float))

    assert found is not None
    assert found.windows == 100  # one in ten, not each as the highest of its day


@pytest.mark.parametrize("way", ["exclude", "covariate"])
def test_where_hardly_anybody_at_the_top_is_left_without_a_review_that_is_said(way: str) -> None:
    everyone, most = (treated(way, people=1000, share=share)[0] for share in (1.0, 0.6))
    spec = spec_of(way)

    def by_admissions(snapshots: Snapshots) -> "np.ndarray[Any, np.dtype[np.float64]]":
        return snapshots.blocks("train").table()["emergency_admissions_365d"].to_numpy()

    doubt = nobody_left(everyone, spec, by_admissions(everyone))

    assert doubt is not None
    assert "of the 5 % of training windows with the highest scores 0 % had no review, fewer than 1 in 20" in doubt
    assert nobody_left(most, spec, by_admissions(most)) is None
    assert nobody_left(everyone, spec_of("weight"), by_admissions(everyone)) is None  # told by stratum
