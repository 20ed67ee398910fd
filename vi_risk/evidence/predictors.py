"""How features moved the predictions, which way, and what their values were."""

from typing import TYPE_CHECKING

import numpy as np

from vi_risk.features.definition import Feature
from vi_risk.governance.small_numbers import Disclosure
from vi_risk.models.card import FeatureImportance
from vi_risk.models.snapshots import Snapshots
from vi_risk.reasons.sentences import span

_TENTHS = 10
_AT_ONCE = 16  # features of everyone that are held

if TYPE_CHECKING:
    import pandas as pd


def importances(snapshots: Snapshots, contributions: "pd.DataFrame", rule: Disclosure) -> list[FeatureImportance]:
    """Return what each feature did to the predictions of a sample of the test rows.

    Shares and means are told by the rule of small numbers: the mean of a yes or no, times the people, is their number.

    Parameters
    ----------
    contributions
        SHAP values: one row each, with the index of the test rows, a column per feature.
    """
    by_name = {feature.name: feature for feature in snapshots.catalogue.features}
    names = list(contributions.columns)
    training, test = snapshots.blocks("train"), snapshots.blocks("test")
    index = snapshots.people("test").index
    found = []
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        learnt, tested = training.select(some).table(), test.select(some).table().set_axis(index)
        found += [
            FeatureImportance(
                title=feature_title(by_name[name], snapshots),
                domain=by_name[name].definition.domain,
                importance=float(contributions[name].abs().mean()),
                declared=by_name[name].definition.direction,
                correlation=rank_correlation(tested.loc[contributions.index, name], contributions[name]),
                known=rule.share(int(tested[name].notna().sum()), len(tested)),
                training_mean=_mean(learnt[name], rule),
                test_mean=_mean(tested[name], rule),
            )
            for name in some
        ]
    return found


def feature_title(feature: Feature, snapshots: Snapshots) -> str:
    """Return the title of a feature with its group and the look-back that was used."""
    window = snapshots.windows.get(feature.name, feature.window)
    parts = [feature.definition.title, feature.group_title, f"last {span(window)}" if window else ""]
    return ", ".join(part for part in parts if part)


def rank_correlation(values: "pd.Series[float]", contributions: "pd.Series[float]") -> float | None:
    """Return the rank correlation (Spearman's) of a feature's values and its mean contribution, over tenths of people.

    1: the higher the value the more it adds, throughout; -1: the less; near 0: it acts both ways. Equal values stay in
    one tenth, so that of a flag or a rare event it is 1 or -1. Missing values are left out. None where either does not
    vary.

    Examples
    --------
    >>> import pandas as pd
    >>> values = pd.Series([0.0, 0.0, 0.0, 2.0, None])
    >>> round(rank_correlation(values, pd.Series([-0.2, -0.3, 0.0, 0.1, 0.3])), 3)
    1.0
    """
    known = values.notna()
    tenths = (_TENTHS * values[known].rank(pct=True)).floordiv(1).clip(upper=_TENTHS - 1)
    means = contributions[known].groupby(tenths).mean().rank()
    if means.nunique() < 2:
        return None
    return float(np.corrcoef(np.arange(len(means)), means)[0, 1])


def _mean(values: "pd.Series[float]", rule: Disclosure) -> float | None:
    """Return the mean of what is known, in steps of five people; None where it would tell of a few people."""
    different = int((values != values.mode().iloc[0])[values.notna()].sum()) if values.notna().any() else 0
    known = int(values.notna().sum())
    return None if not known or rule.is_small(different) else rule.in_steps(float(values.mean()), known)
