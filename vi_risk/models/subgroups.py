"""How a model does for whom: the same risks and outcomes, told apart by one attribute of the patients."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from vi_risk.models import metrics
from vi_risk.models.calibration import Floats, Rows

# Of fewer people nothing is told: it would be chance, and could be someone.
FEWEST = 50
# Of fewer people listed, or fewer outcomes, no share of them is told: the NHS rule for small numbers.
FEWEST_OF_A_SHARE = 8


@dataclass(frozen=True, slots=True)
class Subgroup:
    """How the risks did for some of the patients; None where too few are there to tell.

    Attributes
    ----------
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
    risk: Floats, outcome: Floats, attributes: Mapping[str, ArrayLike], *, listed: Rows
) -> dict[str, dict[str, Subgroup]]:
    """Return attribute -> label -> how the risks did for the patients with that label, labels in order.

    Parameters
    ----------
    attributes
        Attribute, such as ``"sex"`` -> label of each patient; a missing label is ``"not known"``.
    listed
        The rows inside the capacity of their practice.
    """
    is_listed = np.zeros(outcome.size, dtype=bool)
    is_listed[listed] = True
    found: dict[str, dict[str, Subgroup]] = {}
    for attribute, labels in attributes.items():
        of_each = pd.Series(labels).astype("object").where(lambda label: label.notna(), "not known").to_numpy()
        found[attribute] = {
            str(label): _of(of_each == label, risk, outcome, is_listed)
            for label in sorted(set(of_each), key=_age_or_name)
        }
    return found


def _age_or_name(label: object) -> tuple[float, str]:
    """Order labels that begin with a number by it (5-15 before 16-24), then the others by name."""
    text = str(label)
    digits = text[: len(text) - len(text.lstrip("0123456789"))]
    return (float(digits) if digits else np.inf, text)


def _of(
    members: np.ndarray[Any, np.dtype[np.bool_]],
    risk: Floats,
    outcome: Floats,
    is_listed: np.ndarray[Any, np.dtype[np.bool_]],
) -> Subgroup:
    own_risk, own_outcome, own_listed = risk[members], outcome[members], is_listed[members]
    n, events, number_listed = own_risk.size, int(own_outcome.sum()), int(own_listed.sum())
    if n < FEWEST:
        return _TOO_FEW
    true_cases = int(own_outcome[own_listed].sum())
    ppv, ppv_interval = _share(true_cases, number_listed)
    missed, missed_interval = _share(events - true_cases, events)
    return Subgroup(
        n=n,
        events=events,
        observed=float(np.mean(own_outcome)),
        mean_risk=float(np.mean(own_risk)),
        auroc=metrics.auroc(own_risk, own_outcome),
        auroc_interval=metrics.auroc_interval(own_risk, own_outcome),
        calibration_in_the_large=metrics.calibration_in_the_large(own_risk, own_outcome),
        calibration_in_the_large_interval=metrics.calibration_in_the_large_interval(own_risk, own_outcome),
        listed=number_listed,
        ppv=ppv,
        ppv_interval=ppv_interval,
        false_negative_rate=missed,
        false_negative_rate_interval=missed_interval,
        share_of_listed=number_listed / int(is_listed.sum()) if is_listed.any() else None,
        share_of_outcomes=events / float(outcome.sum()) if outcome.any() else None,
    )


def _share(part: int, whole: int) -> tuple[float | None, tuple[float, float] | None]:
    if whole < FEWEST_OF_A_SHARE:
        return None, None
    return part / whole, metrics.wilson_interval(part, whole)
