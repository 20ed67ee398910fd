"""Who was known to somebody already: what a list adds is the people whom no one was looking after."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from vi_risk.models.comparators.pilot_flags import told_features
from vi_risk.models.learning.calibration import Floats, Rows

# how someone is known -> features, any of which above 0 says so
KNOWN_BY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "emergency admission in the past year": ("emergency_admissions_365d",),
        "caseload of a community team": ("community_matron_365d", "rapid_response_180d", "community_caseload_90d"),
        "frailty or palliative register": (
            "moderate_frailty_1095d",
            "severe_frailty_1095d",
            "palliative_care_365d",
        ),
    }
)

Known = Mapping[str, np.ndarray[Any, np.dtype[np.bool_]]]


@dataclass(frozen=True, slots=True)
class IncrementalFinds:
    """Of the true cases inside capacity, how many were not known in each way, and how many in none of them."""

    true_cases: int
    not_known_by: Mapping[str, int]
    new: int


def already_known(features: pd.DataFrame) -> dict[str, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Return how someone may be known -> whether each row is; a way that the records cannot tell is left out.

    Where a practice's record is not seen, its registers are not either: such a person counts as not known by them.
    """
    told = {way: told_features(features, names) for way, names in KNOWN_BY.items()}
    return {way: (features[names] > 0).any(axis=1).to_numpy() for way, names in told.items() if names}


def incremental_finds(y: Floats, listed: Rows, known: Known) -> IncrementalFinds | None:
    """Return how many of the true cases among the listed rows were new; None if it is not told who was known."""
    if not known:
        return None
    found = listed[y[listed] == 1]
    by_any = np.logical_or.reduce([of_each[found] for of_each in known.values()])
    return IncrementalFinds(
        true_cases=int(found.size),
        not_known_by={way: int((~of_each[found]).sum()) for way, of_each in known.items()},
        new=int((~by_any).sum()),
    )
