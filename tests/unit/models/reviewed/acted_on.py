"""Made-up snapshots whose lists were acted on: a team reviewed many of those with admissions, and half were helped."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from tests.unit.models.made_up_snapshots import SPEC, made_up
from vi_risk.cohort.reviews import REVIEW_COLUMNS
from vi_risk.models.reviewed.windows import as_if_not_reviewed
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.spec import ModelSpec
from vi_risk.records.linked import Records
from vi_risk.records.permission import NOBODYS

HELD_ON = 10  # days after the index date
HELPED = 0.8  # of those reviewed who would have been admitted


def acted_on(people: int = 3000, *, share: float = 0.6, seed: int = 7) -> tuple[Snapshots, Records, "pd.Series[float]"]:
    """Return snapshots, the records of their reviews, and what would have become of everyone without.

    At each date, `share` of those who had an admission in the last year are reviewed, who are at higher risk.
    """
    snapshots = made_up(people)
    rng = np.random.default_rng(seed)
    untreated = snapshots.cohort["outcome"].copy()
    assert isinstance(snapshots.features, pd.DataFrame)
    admitted = (snapshots.features["emergency_admissions_365d"] > 0).to_numpy()
    reviewed = admitted & (rng.random(len(untreated)) < share) & untreated.notna().to_numpy()
    helped = reviewed & (rng.random(len(untreated)) < HELPED)
    outcome = untreated.where(~helped, 0.0)
    cohort = snapshots.cohort.assign(
        outcome=outcome,
        ended=pd.Series(np.where(outcome == 1, "event", "horizon")).where(untreated.notna()),
        followed_days=np.where(untreated.isna(), np.nan, np.where(outcome == 1, 200, 365)),
        weight=np.where(untreated.isna(), np.nan, 1.0),
    )
    days = pd.to_datetime(cohort.loc[reviewed, "index_date"]) + pd.Timedelta(days=HELD_ON)
    reviews = cohort.loc[reviewed, ["patient_id"]].assign(
        reviewed_on=days.dt.date, decision="accepted", recorded_on=days.dt.date
    )
    return replace(snapshots, cohort=cohort), records_of(reviews), untreated


def records_of(reviews: pd.DataFrame) -> Records:
    """Return records of nothing but reviews."""
    columns = ["patient_id", "reviewed_on", "decision", "recorded_on"]
    return Records.from_frames({"mdt_reviews": reviews.reindex(columns=columns).astype(object)}, permission=NOBODYS)


def spec_of(treated_as: str, **keys: Any) -> ModelSpec:
    """Return the small spec with reviewed windows treated in a way."""
    table: Mapping[str, Any] = {"treated_as": treated_as, **keys}
    return SPEC.with_changes(reviews=table)


def treated(treated_as: str, **how: Any) -> tuple[Snapshots, "pd.Series[float]"]:
    """Return snapshots whose reviewed windows count as the spec declares, and what would have been without reviews."""
    snapshots, records, untreated = acted_on(**how)
    return replace(snapshots, cohort=as_if_not_reviewed(snapshots, records, spec_of(treated_as))), untreated


def no_reviews() -> pd.DataFrame:
    """Return reviews as particulars hold them, of nobody."""
    return pd.DataFrame({name: pd.Series(dtype=object) for name in REVIEW_COLUMNS})
