"""How expected counts do for whom: the same counts, told apart by one attribute of the patients."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from vi_risk.models.evidence.metrics import Z95
from vi_risk.models.evidence.resampling import Interval
from vi_risk.models.evidence.subgroups import FEWEST, Members, members_of
from vi_risk.models.evidence.weights import weighted_mean, weighted_sum
from vi_risk.models.learning.calibration import Floats, Rows


@dataclass(frozen=True, slots=True)
class CountSubgroup:
    """How the expected counts did for some of the patients, exactly; None where too few are there to tell.

    Attributes
    ----------
    with_any
        Patients who have a count at all.
    """

    n: int | None
    with_any: int | None
    total: float | None
    mean_observed: float | None
    mean_expected: float | None
    observed_over_expected: float | None
    observed_over_expected_interval: Interval | None
    listed: int | None
    share_of_listed: float | None
    share_of_observed: float | None


_TOO_FEW = CountSubgroup(*(None for _ in fields(CountSubgroup)))


def count_subgroups(
    expected: Floats,
    counts: Floats,
    attributes: Mapping[str, ArrayLike],
    *,
    listed: Rows,
    weight: Floats | None,
) -> dict[str, dict[str, CountSubgroup]]:
    """Return attribute -> label -> how the expected counts did for the patients with that label, labels in order.

    The interval of observed over expected is Wald's on the log, by the spread of what was seen about what the ratio
    makes of what was expected, so that counts need not be Poisson's.
    """
    is_listed = np.zeros(counts.size, dtype=bool)
    is_listed[listed] = True
    found: dict[str, dict[str, CountSubgroup]] = {}
    for attribute, labels in attributes.items():
        members = members_of(labels)
        found[attribute] = {
            label: _of(rows, expected, counts, is_listed, weight) if rows.sum() >= FEWEST else _TOO_FEW
            for label, rows in members.items()
        }
    return found


def _of(members: Members, expected: Floats, counts: Floats, is_listed: Members, weight: Floats | None) -> CountSubgroup:
    own, own_expected, own_weight = counts[members], expected[members], None if weight is None else weight[members]
    if own_weight is not None and not own_weight.any():
        return _TOO_FEW
    total = weighted_sum(own, own_weight)
    ratio = total / weighted_sum(own_expected, own_weight)
    interval = None
    if total:
        left = (own - ratio * own_expected) * (1.0 if own_weight is None else own_weight)
        error = math.sqrt(float((left**2).sum())) / total  # of the log of the ratio
        interval = (ratio * math.exp(-Z95 * error), ratio * math.exp(Z95 * error))
    everything = weighted_sum(counts, weight)
    return CountSubgroup(
        n=own.size,
        with_any=int((own > 0).sum()),
        total=float(own.sum()),
        mean_observed=weighted_mean(own, own_weight),
        mean_expected=weighted_mean(own_expected, own_weight),
        observed_over_expected=ratio,
        observed_over_expected_interval=interval,
        listed=int(is_listed[members].sum()),
        share_of_listed=int(is_listed[members].sum()) / int(is_listed.sum()) if is_listed.any() else None,
        share_of_observed=total / everything if everything else None,
    )
