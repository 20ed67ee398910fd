"""How a model does for whom: the same risks and outcomes, told apart by one attribute of the patients."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from vi_risk.models.evidence import metrics
from vi_risk.models.evidence.weights import seen, weighted_mean, weighted_sum, weights_of
from vi_risk.models.learning.calibration import Floats, Rows

# Of fewer people nothing is told: it would be chance, and could be someone.
FEWEST = 50
# Of fewer people listed, or fewer outcomes, no share is told: it would be chance.
FEWEST_OF_A_SHARE = 8

Members = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True)
class Subgroup:
    """How the risks did for some of the patients, exactly; None where too few are there to tell.

    What others than the team may be told of it is made of it later (`vi_risk.evidence.disclosed`).

    Attributes
    ----------
    n
        Everyone of the group; the shares and figures are weighted where the outcome of some is not known.
    events, listed
        Seen to have the outcome, and listed.
    ppv
        Share of the listed of this group who had the outcome, with a 95 % Wilson interval.
    false_negative_rate
        Share of the outcomes of this group that were not listed, with a 95 % Wilson interval.
    share_of_listed, share_of_outcomes
        Of all who were listed, and of all outcomes, those of this group: equal where the lists follow need.
    """

    n: int | None
    events: int | None
    observed: float | None  # share who had the outcome
    mean_risk: float | None
    auroc: float | None
    auroc_interval: tuple[float, float] | None
    calibration_in_the_large: float | None
    calibration_in_the_large_interval: tuple[float, float] | None
    listed: int | None
    ppv: float | None
    ppv_interval: tuple[float, float] | None
    false_negative_rate: float | None
    false_negative_rate_interval: tuple[float, float] | None
    share_of_listed: float | None
    share_of_outcomes: float | None


_TOO_FEW = Subgroup(*(None for _ in fields(Subgroup)))


def subgroups(
    risk: Floats,
    outcome: Floats,
    attributes: Mapping[str, ArrayLike],
    *,
    listed: Rows,
    weight: ArrayLike | None = None,
) -> dict[str, dict[str, Subgroup]]:
    """Return attribute -> label -> how the risks did for the patients with that label, labels in order.

    Parameters
    ----------
    attributes
        Attribute, such as ``"sex"`` -> label of each patient; a missing label is ``"not known"``.
    listed
        The rows inside the capacity of their practice.
    weight
        How much each outcome counts (`vi_risk.models.evidence.weights`). Intervals of shares are then those of as many
        patients of equal weight as tell them as well.
    """
    given = weights_of(weight, outcome.size, where="subgroups")
    outcome = seen(outcome, given)
    is_listed = np.zeros(outcome.size, dtype=bool)
    is_listed[listed] = True
    found: dict[str, dict[str, Subgroup]] = {}
    for attribute, labels in attributes.items():
        members = members_of(labels)
        found[attribute] = {
            label: _of(rows, risk, outcome, is_listed, given) if rows.sum() >= FEWEST else _TOO_FEW
            for label, rows in members.items()
        }
    return found


def members_of(labels: ArrayLike) -> dict[str, Members]:
    """Return label -> which rows have it, labels in order; a missing label is ``"not known"``."""
    of_each = pd.Series(labels).astype("object").where(lambda label: label.notna(), "not known").to_numpy()
    return {str(label): of_each == label for label in sorted(set(of_each), key=_age_or_name)}


def _age_or_name(label: object) -> tuple[float, str]:
    """Order labels that begin with a number by it (5-15 before 16-24), then the others by name."""
    text = str(label)
    digits = text[: len(text) - len(text.lstrip("0123456789"))]
    return (float(digits) if digits else np.inf, text)


def _of(members: Members, risk: Floats, outcome: Floats, is_listed: Members, weight: Floats | None) -> Subgroup:
    own_risk, own_outcome, own_listed = risk[members], outcome[members], is_listed[members]
    own_weight = None if weight is None else weight[members]
    events, number_listed = int(own_outcome.sum()), int(own_listed.sum())
    if own_weight is not None and not own_weight.any():
        return _TOO_FEW
    ppv, ppv_interval = _share(own_outcome, own_listed, own_weight)
    missed, missed_interval = _share((~own_listed).astype(np.float64), own_outcome == 1, own_weight)
    return Subgroup(
        n=own_risk.size,
        events=events,
        observed=weighted_mean(own_outcome, own_weight),
        mean_risk=weighted_mean(own_risk, own_weight),
        auroc=metrics.auroc(own_risk, own_outcome, own_weight),
        auroc_interval=metrics.auroc_interval(own_risk, own_outcome, own_weight),
        calibration_in_the_large=metrics.calibration_in_the_large(own_risk, own_outcome, own_weight),
        calibration_in_the_large_interval=metrics.calibration_in_the_large_interval(own_risk, own_outcome, own_weight),
        listed=number_listed,
        ppv=ppv,
        ppv_interval=ppv_interval,
        false_negative_rate=missed,
        false_negative_rate_interval=missed_interval,
        share_of_listed=number_listed / int(is_listed.sum()) if is_listed.any() else None,
        share_of_outcomes=(
            weighted_sum(own_outcome, own_weight) / weighted_sum(outcome, weight) if outcome.any() else None
        ),
    )


def _share(part: Floats, of: Members, weight: Floats | None) -> tuple[float | None, tuple[float, float] | None]:
    """Return the share of some rows for whom `part` is 1, and its interval; nothing where the rows are few."""
    followed = of if weight is None else of & (weight > 0)
    whole = int(followed.sum())
    if whole < FEWEST_OF_A_SHARE:
        return None, None
    if weight is None:
        number = int(part[followed].sum())
        return number / whole, metrics.wilson_interval(number, whole)
    share = weighted_mean(part[followed], weight[followed])
    return share, metrics.share_interval(share, weight[followed])
