"""When something is said of a person: declared conditions on features, risks and what the cohort holds.

One grammar for discussion prompts and for the rules of a list::

    when = { medicines_90d = { min = 10 } }                                    # a number from 10 on
    when = { prescribed_nsaid_90d = { min = 1 }, prescribed_anticoagulant_90d = { min = 1 } }    # both
    when = [{ severe_frailty_1095d = { min = 1 } }, { care_home = { min = 1 } }]                 # either
    when = { risk_of_death = { above = "risk" } }                              # more than another column

What is missing never holds: nothing is said of what was not seen.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

_KEYS = ("min", "max", "above", "below")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a value must lie: from `min` to `max`, both included, above or below the value of another column."""

    min: float = -math.inf
    max: float = math.inf
    above: str | None = None
    below: str | None = None


@dataclass(frozen=True, slots=True)
class When:
    """Alternatives, each of them conditions that must all hold: column -> bounds."""

    alternatives: tuple[Mapping[str, Bounds], ...] = field(default=())

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is asked about, in the order of the declaration."""
        named = [
            name
            for alternative in self.alternatives
            for column, bounds in alternative.items()
            for name in (column, bounds.above, bounds.below)
            if name is not None
        ]
        return tuple(dict.fromkeys(named))

    def holds(self, people: pd.DataFrame) -> "np.ndarray[Any, np.dtype[np.bool_]]":
        """Return for each row whether an alternative holds; a column that is not there is missing for everyone.

        Parameters
        ----------
        people
            One row per person; numbers, or true and false, which are 1 and 0.
        """
        values = {
            name: pd.to_numeric(people[name]).to_numpy(dtype=float, na_value=np.nan)
            if name in people
            else np.full(len(people), np.nan)
            for name in self.columns
        }
        found = np.zeros(len(people), dtype=bool)
        for alternative in self.alternatives:
            all_hold = np.ones(len(people), dtype=bool)
            for column, bounds in alternative.items():
                value = values[column]
                all_hold &= (value >= bounds.min) & (value <= bounds.max)  # a missing value is neither
                if bounds.above is not None:
                    all_hold &= value > values[bounds.above]
                if bounds.below is not None:
                    all_hold &= value < values[bounds.below]
            found |= all_hold
        return found


def read_when(content: object, *, known: Collection[str] | None = None) -> tuple[When, list[str]]:
    """Return the condition that a TOML value declares, and every fault of it; with faults the condition is empty.

    Parameters
    ----------
    known
        Names of the columns there can be; None takes any name.
    """
    entries: list[Any] = content if isinstance(content, list) else [content]
    if not entries or not all(isinstance(entry, dict) and entry for entry in entries):
        return When(), ["when: expected { feature = { min = 1 } }, or a list of such tables; found something else"]
    faults: list[str] = []
    alternatives: list[Mapping[str, Bounds]] = []
    for entry in entries:
        bounds: dict[str, Bounds] = {}
        for column, limits in entry.items():
            found = _faults(column, limits, known)
            faults += [f"when.{fault}" for fault in found]
            if not found:
                numbers = {key: float(limits[key]) for key in ("min", "max") if key in limits}
                bounds[column] = Bounds(**numbers, above=limits.get("above"), below=limits.get("below"))
        alternatives.append(bounds)
    return (When(), faults) if faults else (When(tuple(alternatives)), [])


def _faults(column: str, limits: object, known: Collection[str] | None) -> list[str]:
    if not isinstance(limits, dict) or not limits:
        return [f"{column}: expected a table such as {{ min = 1 }}, found {limits!r}"]
    faults = []
    if known is not None and column not in known:
        faults.append(f"{column}: is no feature and no risk. Look it up with `vi-risk features list`")
    for key, value in limits.items():
        if key not in _KEYS:
            faults.append(f"{column}.{key}: is not a known key. Expected one of: {', '.join(_KEYS)}")
        elif key in ("min", "max") and (isinstance(value, bool) or not isinstance(value, int | float)):
            faults.append(f"{column}.{key}: expected a number without quotes, found {value!r}")
        elif key in ("above", "below") and (not isinstance(value, str) or (known is not None and value not in known)):
            faults.append(f"{column}.{key}: expected the name of a feature or a risk, found {value!r}")
    least, most = limits.get("min"), limits.get("max")
    if not faults and least is not None and most is not None and least > most:
        faults.append(f"{column}: min is above max")
    return faults
