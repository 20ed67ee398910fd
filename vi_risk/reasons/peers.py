"""Peers: people of the same age band and sex at the date of the list, and what their features are.

A patient is told from them three times. What a feature adds to the risk is set against what it adds for a sample of
them, so that the reasons answer "why this 82-year-old and not another"; what does not lie beyond what is usual among
them is no reason; and beside what is told stands what is usual (docs/decisions/0012-reasons-against-peers.md).
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vi_risk.features.definition import Definition, Feature
from vi_risk.reasons.usual import Usual, kind_of, usual_of

if TYPE_CHECKING:
    from vi_risk.models.on_snapshots import Model

FEWEST = 50  # of fewer people nothing is said to be usual
_SAMPLE = 100  # of each group: the mean contribution of a feature is then known to a few hundredths
_YEARS = 10  # someone further off in age says nothing of what is usual at the person's

Rows = np.ndarray[Any, np.dtype[np.intp]]
Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class Peers:
    """Everyone eligible, in groups of one age band and sex.

    Attributes
    ----------
    features
        One row per person, a column per feature.
    group
        The group of each row, from 0 on.
    age, sex
        Of each row.
    gp_seen
        Of each row, whether anything of the person's GP record is seen.
    who
        What they are called: "people", or "people discharged".
    """

    features: pd.DataFrame
    group: Rows
    age: Floats
    sex: "np.ndarray[Any, np.dtype[np.object_]]"
    gp_seen: "np.ndarray[Any, np.dtype[np.bool_]]"
    who: str = "people"
    _found: dict[tuple[str, int], Usual | None] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, cohort: pd.DataFrame, features: pd.DataFrame, *, who: str = "people") -> "Peers":
        """Return the peers of a cohort; `features` are of the same rows in the same order."""
        group = cohort.groupby(["age_band", "sex"], dropna=False, sort=True).ngroup()
        sex = cohort["sex"].astype("string").fillna("").to_numpy(dtype=object)
        gp_seen = cohort["gp_seen_from"].notna().to_numpy(dtype=bool)
        age = cohort["age"].to_numpy(dtype=float)
        return cls(features, np.asarray(group, dtype=np.intp), age, sex, gp_seen, who)

    def mean_contributions(self, model: "Model", groups: Rows) -> pd.DataFrame:
        """Return what each feature adds on average for a sample of each group: a row per group, a column per feature.

        Taken are people of the group, evenly spread over the rows; where it has fewer than 50, the people of that sex
        nearest in age, and where there are fewer than 50 of them, those of any sex. Where there are not even 50 people,
        nobody is a measure of anyone: the row is 0, and contributions stand as they are, against everyone that the
        model learnt from.
        """
        everyone = np.ones(len(self.group), dtype=bool)
        sampled = {group: _spread(self._alike(group, everyone)[0]) for group in np.unique(groups)}
        rows = np.concatenate([*sampled.values(), np.empty(0, dtype=np.intp)])
        contributions = model.contributions(self.features.iloc[rows])[list(model.feature_name_)]
        of_group = np.repeat(list(sampled), [len(found) for found in sampled.values()])
        means = contributions.groupby(of_group).mean()
        return means.reindex(list(sampled), fill_value=0.0)

    def usual(self, feature: Feature, group: int) -> Usual | None:
        """Return what is usual of a feature among the peers of a group; None where that cannot be said.

        Of those whose value is known: all of the group, or where they are fewer than 50 the hundred nearest in age, as
        for contributions, but nobody who is ten years older or younger.
        """
        at = (feature.name, group)
        if at not in self._found:
            self._found[at] = self._usual(feature, group)
        return self._found[at]

    def _usual(self, feature: Feature, group: int) -> Usual | None:
        kind = kind_of(feature.definition)
        if kind is None:
            return None
        values = self.features[feature.name].to_numpy(dtype=float)
        rows, alike = self._alike(group, self._known(feature.definition, values), within=_YEARS)
        return usual_of(kind, values[rows], who=self.who, alike=alike) if len(rows) else None

    def _known(self, definition: Definition, values: Floats) -> "np.ndarray[Any, np.dtype[np.bool_]]":
        """Return of whom a value is known; of the last day of something that there was none is known as well."""
        if definition.measure != "days_since_last":
            return ~np.isnan(values)
        return self.gp_seen if definition.source.held_by == "practice" else np.ones(len(values), dtype=bool)

    def _alike(
        self, group: int, known: "np.ndarray[Any, np.dtype[np.bool_]]", *, within: float = np.inf
    ) -> tuple[Rows, str]:
        """Return the rows of those who stand for a group, and in words how they are alike; none of fewer than 50.

        Parameters
        ----------
        within
            Years by which those nearest in age may be older or younger than the middle of the group.
        """
        rows = np.flatnonzero(self.group == group)
        if len(same := rows[known[rows]]) >= FEWEST:
            return same, "of the same age and sex"
        years = np.abs(self.age - np.median(self.age[rows]))
        near = known & (years <= within)
        for others, alike in (
            (np.flatnonzero(near & (self.sex == self.sex[rows[0]])), "of the same sex nearest in age"),
            (np.flatnonzero(near), "nearest in age"),
        ):
            if len(others) >= FEWEST:
                return np.sort(others[np.argsort(years[others], kind="stable")[:_SAMPLE]]), alike
        return rows[:0], ""


def _spread(rows: Rows) -> Rows:
    """Return a hundred of the rows, evenly spread over them; all where there are no more."""
    return rows[np.linspace(0, len(rows) - 1, min(_SAMPLE, len(rows))).astype(np.intp)]
