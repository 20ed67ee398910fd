"""Made-up snapshots for training and scoring, in which admissions and age drive the outcome."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from vi_risk.cohort.index_dates import IndexDates
from vi_risk.features.catalogue import Catalogue, read_catalogue
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.spec import ModelSpec

DATES = IndexDates(date(2025, 1, 1), date(2024, 1, 2), (date(2023, 1, 2),))
USED = ("age", "sex_female", "emergency_admissions", "gp_appointments")
SPEC = ModelSpec.model_validate(
    {
        "name": "small",
        "title": "Emergency admission",
        "outcome": "emergency_admission",
        "outcome_words": "an emergency admission",
        "horizon_days": 365,
        "learner": {"n_estimators": 20, "num_leaves": 4, "min_child_samples": 10, "min_events": 10, "num_threads": 1},
    }
)


def made_up(people: int = 300) -> Snapshots:
    whole = read_catalogue()
    definitions = tuple(d for d in whole.definitions if d.name in USED)
    catalogue = Catalogue(definitions, whole.codelists)
    rng = np.random.default_rng(5)
    parts = []
    for day, role in DATES.roles:
        admissions = rng.poisson(0.4, people)
        age = rng.integers(18, 95, people)
        chance = 1 / (1 + np.exp(4 - 1.2 * admissions - 0.03 * age))
        columns: dict[str, Any] = {
            feature.name: (
                admissions if feature.definition.name == "emergency_admissions" else rng.integers(0, 2, people)
            )
            for feature in catalogue.features
        }
        columns["age"] = age
        outcome = (rng.random(people) < chance).astype(float)
        parts.append(
            pd.DataFrame(
                {
                    "patient_id": [f"p{n:04d}" for n in range(people)],
                    "index_date": day,
                    "role": role,
                    "practice_code": np.where(np.arange(people) % 3 == 0, "A", "B"),
                    "outcome": np.nan if role == "list" else outcome,
                    **{name: np.asarray(values, dtype=float) for name, values in columns.items()},
                }
            )
        )
    rows = pd.concat(parts, ignore_index=True)
    names = [feature.name for feature in catalogue.features]
    return Snapshots(
        features=rows[["patient_id", "index_date", *names]],
        cohort=rows[["patient_id", "index_date", "role", "practice_code", "outcome"]].assign(
            age_band="75-79", sex="female", gp_seen_from=date(1900, 1, 1)
        ),
        index_dates=DATES,
        windows={},
        flow=[],
        notes=(),
        data_to={},
        practices={},
        catalogue=catalogue,
    )


def changed(snapshots: Snapshots, role: str, **columns: Any) -> Snapshots:
    """Return snapshots with other values in some columns of one role."""
    chosen = snapshots.cohort["role"] == role
    cohort, features = snapshots.cohort.copy(), snapshots.features.copy()
    for name, values in columns.items():
        (cohort if name in cohort else features).loc[chosen, name] = values
    return replace(snapshots, cohort=cohort, features=features)


def weighed(snapshots: Snapshots, weight: Any) -> Snapshots:
    """Return snapshots whose cohort says how much each row counts."""
    return replace(snapshots, cohort=snapshots.cohort.assign(weight=weight))


def with_a_list_before(snapshots: Snapshots) -> Snapshots:
    """Return snapshots whose list of three months earlier is of the same people with the same features."""
    october = date(2024, 10, 1)
    tables = {}
    for name in ("cohort", "features"):
        then = getattr(snapshots, name)[(snapshots.cohort["role"] == "list").to_numpy()].assign(index_date=october)
        if name == "cohort":
            then = then.assign(role="previous")
        tables[name] = pd.concat([getattr(snapshots, name), then], ignore_index=True)
    return replace(snapshots, index_dates=replace(DATES, previous=october), **tables)
