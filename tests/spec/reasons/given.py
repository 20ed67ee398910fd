"""People, values and contributions that are given, so that what is told follows from nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, cast

import numpy as np
import pandas as pd

from vi_risk.cohort.departures import DEPARTURE_COLUMNS
from vi_risk.cohort.index_dates import IndexDates
from vi_risk.cohort.objections import OBJECTOR_COLUMNS
from vi_risk.cohort.particulars import Particulars
from vi_risk.cohort.people import age_band
from vi_risk.cohort.reviews import REVIEW_COLUMNS
from vi_risk.features.catalogue import Catalogue, read_catalogue
from vi_risk.models.learning.classifier import RiskClassifier
from vi_risk.models.snapshots import Snapshots

LIST_DATE = date(2025, 1, 1)
BEFORE = date(2024, 10, 2)
LONG_AGO = date(2015, 4, 1)
DATES = IndexDates(LIST_DATE, date(2024, 1, 2), (date(2023, 1, 2),), previous=BEFORE)
UNSEEN = float("nan")

SHIPPED = read_catalogue()

# feature -> its value and what it adds to the log-odds; of others the value is 0, and they add nothing
Facts = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Person:
    """Someone eligible, a woman of 82 whose GP record is seen, unless it is said otherwise."""

    facts: Facts = field(default_factory=dict)
    age: int = 82
    sex: str = "female"
    gp_seen_from: date | None = LONG_AGO


class GivenContributions:
    """A model whose contributions are given for each row; the rest is not asked of it."""

    def __init__(self, weights: pd.DataFrame) -> None:
        self.feature_name_ = list(weights.columns)
        self._weights = weights

    def contributions(self, rows: pd.DataFrame) -> pd.DataFrame:
        return self._weights.loc[rows.index].assign(base=-3.0)


def given(
    people: Sequence[Person],
    *,
    before: Sequence[Person] = (),
    catalogue: Catalogue = SHIPPED,
    windows: Mapping[str, int | None] | None = None,
    days: Sequence[date] | None = None,
) -> tuple[RiskClassifier, Snapshots]:
    """Return a model and snapshots of these people, p0, p1 and so on, at the list date and at the one before.

    Parameters
    ----------
    days
        Index dates of the people at the list, where they have dates of their own; else the list date.
    """
    asked = [*people, *before]
    named = dict.fromkeys(name for person in asked for name in person.facts)
    known = [feature.name for feature in catalogue.features]
    assert not set(named) - set(known), "no such feature"
    model_features = [name for name in known if name in named]
    values, weights = (
        pd.DataFrame(
            [[person.facts.get(name, (0.0, 0.0))[which] for name in model_features] for person in asked],
            columns=model_features,
            dtype=float,
        )
        for which in (0, 1)
    )
    keys = pd.DataFrame(
        {
            "patient_id": [f"p{n}" for n in range(len(people))] + [f"p{n}" for n in range(len(before))],
            "index_date": [*(days or [LIST_DATE] * len(people)), *[BEFORE] * len(before)],
        }
    )
    cohort = keys.assign(
        role=["list"] * len(people) + ["previous"] * len(before),
        age=[person.age for person in asked],
        age_band=[age_band(person.age) for person in asked],
        sex=[person.sex for person in asked],
        gp_seen_from=pd.Series([person.gp_seen_from for person in asked], dtype=object),
    )
    snapshots = Snapshots(
        features=pd.concat([keys, values], axis=1),
        cohort=cohort,
        index_dates=DATES,
        windows=windows or {},
        flow=[],
        notes=(),
        data_to={},
        practices={},
        catalogue=catalogue,
    )
    return cast(RiskClassifier, GivenContributions(weights)), snapshots


def with_contacts(snapshots: Snapshots, contacts: Sequence[tuple[str, str, date]]) -> Snapshots:
    """Return the snapshots with these contacts beside them: patient, setting and the day on which each began."""
    rows = pd.DataFrame(contacts, columns=["patient_id", "setting", "began_on"])
    rows = rows.assign(began_on=pd.to_datetime(rows["began_on"]), ended_on=pd.Series(pd.NaT, index=rows.index))
    others = (pd.DataFrame(columns=list(columns)) for columns in (REVIEW_COLUMNS, DEPARTURE_COLUMNS, OBJECTOR_COLUMNS))
    return replace(snapshots, particulars=Particulars(rows, *others))


def peers(number: int, facts: Sequence[Facts] = ({},), **who: Any) -> list[Person]:
    """Return so many people, the facts of one after the other given to them in turn."""
    return [Person(facts[n % len(facts)], **who) for n in range(number)]


def texts(said: pd.DataFrame, kind: str = "raises", patient: str = "p0") -> list[str]:
    """Return what is said of one kind about one patient, in order."""
    chosen = said[(said["patient_id"] == patient) & (said["kind"] == kind)]
    assert chosen["place"].tolist() == list(range(1, len(chosen) + 1))
    assert np.isfinite(chosen["contribution"]).all()
    return [str(text) for text in chosen["text"]]
