"""What is asked of everyone to compare practices: which conditions are recorded, and which care gaps there are."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from vi_risk.caselists.practice.care_gaps import CARE_GAPS
from vi_risk.caselists.practice.standing_out import Asked
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.definition import Feature
from vi_risk.models.templates import plain_words

CONDITION, CARE_GAP = "condition", "care gap"
THREE_CONDITIONS = "three_or_more_conditions_1095d"
THREE_ADMISSIONS = "three_or_more_emergency_admissions_365d"

_CONDITIONS = "condition"  # the definition whose flags are compared

Rows = npt.NDArray[np.bool_]


def columns_read(catalogue: Catalogue) -> list[str]:
    """Return the features that `practice_summaries` reads, for a people frame with no others."""
    declared = {feature.name for feature in catalogue.features}
    gaps = [column for gap in CARE_GAPS for column in gap.columns]
    names = [THREE_CONDITIONS, THREE_ADMISSIONS, *(flag.name for flag in _flags(catalogue)), *gaps]
    return [name for name in dict.fromkeys(names) if name in declared]


def asked_of(
    people: pd.DataFrame, catalogue: Catalogue, windows: Mapping[str, int | None], *, hide: Sequence[str] = ()
) -> tuple[list[Asked], list[str]]:
    """Return the conditions and the care gaps that can be told, and the titles of those that the records lack.

    Parameters
    ----------
    hide
        Groups of codes that a list does not name.
    """
    there = {name for name in columns_read(catalogue) if name in people and people[name].notna().any()} | {"age"}
    look_back = days_looked_back(catalogue, windows)
    asked, absent = [], []
    for flag in _flags(catalogue):
        if flag.group in hide:
            continue
        if flag.name not in there:
            absent.append(_title(flag))
            continue
        value = people[flag.name].to_numpy(dtype=float)
        seen = seen_for(people, look_back[flag.name]) & ~np.isnan(value)
        asked.append(Asked(CONDITION, _title(flag), seen, np.ones(len(people), dtype=bool), value > 0))
    for gap in CARE_GAPS:
        days = gap.days_looked_back(look_back)
        if there.issuperset(gap.columns):
            among, had = gap.among.holds(people), gap.met.holds(people)
            asked.append(Asked(CARE_GAP, gap.title_of(days), seen_for(people, days), among, ~had))
        else:
            absent.append(gap.title_of(days))
    return asked, absent


def days_looked_back(catalogue: Catalogue, windows: Mapping[str, int | None]) -> dict[str, int]:
    """Return feature -> days of look-back: those declared, but where the records reach back less far."""
    return {feature.name: windows.get(feature.name) or feature.window or 0 for feature in catalogue.features}


def seen_for(people: pd.DataFrame, days: int) -> Rows:
    """Return whose practice was seen for so many days before the index date."""
    since = pd.to_datetime(people["gp_seen_from"]).astype("datetime64[s]")
    asked = pd.to_datetime(people["index_date"]).astype("datetime64[s]")
    seen: Rows = ((asked - since).dt.days >= days).to_numpy(dtype=bool)
    return seen


def _flags(catalogue: Catalogue) -> list[Feature]:
    return [feature for feature in catalogue.features if feature.definition.name == _CONDITIONS]


def _title(flag: Feature) -> str:
    return plain_words(flag.group_title)
