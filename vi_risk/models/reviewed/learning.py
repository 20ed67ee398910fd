"""Learning with one more column, the share of each window on which a review was at work, and forgetting it after.

The column stands last, so that the trees can be cut at it (`vi_risk.models.reviewed.trees`).
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

import numpy as np

from vi_risk.models.learning.blocks import Blocks
from vi_risk.models.learning.boosting import Boosted
from vi_risk.models.learning.calibration import Floats
from vi_risk.models.learning.uncertainty import Refits, fit_refits
from vi_risk.models.reviewed.trees import at_no_review, without_column

AT_WORK = "review_at_work"  # what trees call the column; no declared feature has that name


@dataclass(frozen=True, eq=False)
class _WithShare:
    """Rows of features with the share beside them."""

    features: Blocks
    share: Floats

    @property
    def names(self) -> Sequence[str]:
        return [*self.features.columns, AT_WORK]

    def __len__(self) -> int:
        return len(self.features)

    def read(self, start: int, stop: int) -> Floats:
        return np.column_stack([self.features.values(start, min(stop, len(self))), self.share[start:stop]])


def with_share(features: Blocks, share: Floats) -> Blocks:
    """Return features with the share of each window on which a review was at work as their last column."""
    return Blocks.of(_WithShare(features, share))


def told_apart(share: Floats | None) -> TypeGuard[Floats]:
    """Return whether there is a share that can be learnt from: somebody was reviewed, and somebody was not."""
    return share is not None and len(share) > 0 and bool((share != share[0]).any())


def fit_at_no_review(estimator: Boosted, features: Blocks, outcome: Floats, share: Floats, **given: Any) -> Any:
    """Return the estimator fitted with the share, as it scores people whom nobody has reviewed.

    Its unseen scores (`unseen_raw_`), and with them the calibration, are of the windows as they were.
    """
    return at_no_review(estimator.fit(with_share(features, share), outcome, **given), AT_WORK)


def refits_at_no_review(model: Any, features: Blocks, outcome: Floats, share: Floats, **given: Any) -> Refits:
    """Return refits that learn with the share too, as they score people whom nobody has reviewed."""
    with_column = copy.copy(model)
    with_column.feature_name_ = [*model.feature_name_, AT_WORK]
    found = fit_refits(with_column, with_share(features, share), outcome, **given)
    return replace(found, model=model, boosters=tuple(without_column(one, AT_WORK) for one in found.boosters))
