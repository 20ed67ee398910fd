"""The flags by which a pilot team chose whom to discuss, before there was a model: raised or not, and how many."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from vi_risk.models.learning.calibration import Floats

RAISED = "pilot_flags_raised"


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag is raised where any of its features reaches `at_least`."""

    features: tuple[str, ...]
    at_least: int = 1


FLAGS: Mapping[str, Flag] = MappingProxyType(
    {
        "three or more A&E attendances": Flag(("ed_attendances_365d",), 3),
        "three or more unplanned admissions": Flag(("emergency_admissions_365d",), 3),
        "three or more comorbidities": Flag(("three_or_more_conditions_1095d",)),
        "moderate or severe frailty": Flag(("moderate_frailty_1095d", "severe_frailty_1095d")),
        "end of life register": Flag(("palliative_care_365d",)),
        "care home": Flag(("care_home",)),
    }
)


@dataclass(frozen=True, slots=True)
class FlagsRaised:
    """How many flags each row raises (NaN if the records tell none), and which flags they tell and do not tell."""

    number: Floats
    told: tuple[str, ...]
    not_told: tuple[str, ...]


def flags_raised(features: pd.DataFrame) -> FlagsRaised:
    """Return how many flags each row raises; a flag that is missing for a row is not raised."""
    told = {name: present for name, flag in FLAGS.items() if (present := told_features(features, flag.features))}
    number = np.full(len(features), 0.0 if told else np.nan)
    for name, present in told.items():
        number += (features[present] >= FLAGS[name].at_least).any(axis=1).to_numpy()
    return FlagsRaised(number, tuple(told), tuple(name for name in FLAGS if name not in told))


def told_features(features: pd.DataFrame, names: tuple[str, ...]) -> list[str]:
    """Return those of the named features that the records tell of anyone."""
    return [name for name in names if name in features.columns and features[name].notna().any()]
