"""Peers: people of the same age band and sex at the date of the list, and what is usual among them.

A patient is told from them twice. What a feature adds to the risk is set against what it adds for a sample of them, so
that the reasons answer "why this 82-year-old and not another"; and beside what is told stands what is usual among all
of them (docs/decisions/0012-reasons-against-peers.md).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vi_risk.features.definition import Definition
from vi_risk.reasons.sentences import number, percent

if TYPE_CHECKING:
    from vi_risk.models.on_snapshots import Model

FEWEST = 50  # of fewer people nothing is said to be usual
_SAMPLE = 100  # of each group: the mean contribution of a feature is then known to a few hundredths

_COUNTED = ("count", "distinct", "groups", "points", "sum", "bed_days")
_YES_OR_NO = ("any", "is", "latest_is", "group_flags")
_WHO = "of the same age and sex"


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
    who
        What they are called: "people", or "people discharged".
    """

    features: pd.DataFrame
    group: "np.ndarray[Any, np.dtype[np.intp]]"
    age: "np.ndarray[Any, np.dtype[np.float64]]"
    sex: "np.ndarray[Any, np.dtype[np.object_]]"
    who: str = "people"

    @classmethod
    def of(cls, cohort: pd.DataFrame, features: pd.DataFrame, *, who: str = "people") -> "Peers":
        """Return the peers of a cohort; `features` are of the same rows in the same order."""
        group = cohort.groupby(["age_band", "sex"], dropna=False, sort=True).ngroup()
        sex = cohort["sex"].astype("string").fillna("").to_numpy(dtype=object)
        return cls(features, np.asarray(group, dtype=np.intp), cohort["age"].to_numpy(dtype=float), sex, who)

    def mean_contributions(self, model: "Model", groups: "np.ndarray[Any, np.dtype[np.intp]]") -> pd.DataFrame:
        """Return what each feature adds on average for a sample of each group: a row per group, a column per feature.

        Taken are people of the group, evenly spread over the rows; where it has fewer than 50, the people of that sex
        nearest in age, and where there are fewer than 50 of them, those of any sex. Where there are not even 50 people,
        nobody is a measure of anyone: the row is 0, and contributions stand as they are, against everyone that the
        model learnt from.
        """
        sampled = {group: self._sample(group) for group in np.unique(groups)}
        rows = np.concatenate([*sampled.values(), np.empty(0, dtype=np.intp)])
        contributions = model.contributions(self.features.iloc[rows])[list(model.feature_name_)]
        of_group = np.repeat(list(sampled), [len(found) for found in sampled.values()])
        means = contributions.groupby(of_group).mean()
        return means.reindex(list(sampled), fill_value=0.0)

    def _sample(self, group: int) -> "np.ndarray[Any, np.dtype[np.intp]]":
        rows = np.flatnonzero(self.group == group)
        if len(rows) >= FEWEST:
            return rows[np.linspace(0, len(rows) - 1, min(_SAMPLE, len(rows))).astype(np.intp)]
        alike = np.flatnonzero(self.sex == self.sex[rows[0]])
        if len(alike) < FEWEST:
            alike = np.arange(len(self.sex))
        years = np.abs(self.age[alike] - np.median(self.age[rows]))
        nearest = np.sort(alike[np.argsort(years, kind="stable")[:_SAMPLE]])
        return nearest if len(nearest) >= FEWEST else nearest[:0]

    def comparisons(self, told: pd.DataFrame, definitions: dict[str, Definition]) -> list[str]:
        """Return what is usual of the feature told, for each thing told.

        Parameters
        ----------
        told
            One row per thing told: feature, group of the person, value, and unit, which is named in the comparison of a
            text that has more numbers than one ("" where it need not be).
        definitions
            Feature -> what it means.
        """
        names = [name for name in dict.fromkeys(told["feature"]) if _kind(definitions[name])]
        rows = np.isin(self.group, told["group"].unique())
        grouped = self.features.loc[rows, names].groupby(self.group[rows])
        known, usual = grouped.count().to_dict(), grouped.mean().to_dict()
        usual |= grouped[[name for name in names if _kind(definitions[name]) == "median"]].median().to_dict()
        texts = []
        for name, group, value, unit in told[["feature", "group", "value", "unit"]].itertuples(index=False):
            if name not in known or known[name][group] < FEWEST:
                texts.append("")
                continue
            mean = float(usual[name][group])
            texts.append(self._words(definitions[name], mean, is_none=value == 0) + (f" {unit}" if unit else ""))
        return texts

    def _words(self, definition: Definition, usual: float, *, is_none: bool) -> str:
        kind = _kind(definition)
        if kind == "yes or no":
            usual = 1 - usual if is_none else usual  # of whom the same can be said
            said = "under 1" if 0 < usual < 0.005 else f"{100 * usual:.0f}"
            return f"{said} in 100 {_WHO}"
        who = f"{self.who} {_WHO}: "
        if kind == "share":
            return who + percent(usual)
        if kind == "median":
            return f"{who}median {number(usual)} {definition.unit}"
        return who + ("under 0.1" if 0 < usual < 0.05 else f"{usual:.1f}" if usual < 10 else f"{usual:,.0f}")


def _kind(definition: Definition) -> str:
    """Return how a feature is compared; "" where a comparison tells nothing, as with age, sex and days since."""
    measure = definition.measure
    if measure == "is" and set(definition.where) <= {"sex"}:
        return ""
    if measure in _YES_OR_NO or definition.at_least is not None:
        return "yes or no"
    if measure in _COUNTED:
        return "mean"
    if measure == "share":
        return "share"
    return "median" if measure == "mean" or (measure == "latest" and definition.in_units) else ""
