"""What a measure is as a feature: nothing found is zero where its window was seen, and missing where it was not.

One rule, in two languages: as an expression over joined measures, and over the arrays of a sweep.
"""

from dataclasses import dataclass
from typing import Self

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt

from vi_risk.features.definition import GROUPED_MEASURES, Definition
from vi_risk.features.sources import CODED_ENTRIES

Values = npt.NDArray[np.float64]

# Where no row was found these are zero, the others missing.
_ZERO_WITHOUT_ROWS = ("count", "any", "distinct", "sum", "bed_days", "registered_days", *GROUPED_MEASURES)
# What was seen of a window is certain for these, though it was not wholly seen.
CERTAIN_VALUES = ("days_since_last", "latest", "latest_is")
FLAGS = ("any", "group_flags")
ONLY_GROW = ("count", "distinct", "groups")  # enough of them in what was seen is enough


@dataclass(frozen=True, slots=True)
class AsSeen:
    """How a measure of a window becomes a feature.

    Attributes
    ----------
    is_zero_without_rows
        Whether nothing found is zero; else it is missing.
    is_flag, at_least
        Whether the feature is 1 for any value above zero, or for so much or more, and else 0.
    days_to_see
        So many days before the index date the practice must have been seen; None where that does not matter.
    found_is_certain
        Whether what is above zero stands, however little was seen.
    is_scaled
        Whether it is scaled up where half of the window or more was seen.
    """

    window: int
    is_zero_without_rows: bool
    is_flag: bool
    at_least: float | None
    days_to_see: int | None
    found_is_certain: bool
    is_scaled: bool

    @classmethod
    def of(cls, definition: Definition, window: int, *, has_diagnoses: bool) -> Self:
        """Return the rule of a definition; `has_diagnoses`: the records have those of the hospital."""
        measure = definition.measure
        if measure in CERTAIN_VALUES:
            days_to_see = None
        elif definition.table == CODED_ENTRIES:
            days_to_see = None if has_diagnoses else 1
        else:
            days_to_see = window if definition.source.held_by == "practice" else None
        return cls(
            window,
            measure in _ZERO_WITHOUT_ROWS,
            measure in FLAGS,
            definition.at_least,
            days_to_see,
            measure in FLAGS or (definition.at_least is not None and measure in ONLY_GROW),
            definition.unseen == "scale",
        )

    def expression(self, found: ir.Value, days_seen: ir.Value) -> ir.Value:
        """Return the feature; `found` is null where no row was, `days_seen` where the practice was never seen."""
        value, missing = found.cast("float64"), ibis.null("float64")
        if self.is_flag:
            value = (value > 0).cast("float64")
        if self.is_zero_without_rows:
            value = value.fill_null(0.0)
        if self.at_least is not None:
            value = (value >= self.at_least).cast("float64")
        if self.days_to_see is None:
            return value
        seen = (days_seen >= self.days_to_see).fill_null(False)
        if self.found_is_certain:
            seen |= value > 0
        if not self.is_scaled:
            return seen.ifelse(value, missing)
        in_part = (days_seen * 2 >= self.window).fill_null(False)
        scaled = value * self.window / ibis.greatest(days_seen, 1)
        return seen.ifelse(value, in_part.ifelse(scaled, missing))

    def values(self, found: Values, days_seen: npt.NDArray[np.int64]) -> Values:
        """Return the same of arrays, and change `found`, in which missing is NaN and nothing found is zero already.

        `days_seen` is below zero where the practice was never seen.
        """
        if self.is_flag:
            found = (found > 0).astype(np.float64)
        if self.at_least is not None:
            found = (found >= self.at_least).astype(np.float64)
        if self.days_to_see is None:
            return found
        unseen = days_seen < self.days_to_see
        if self.found_is_certain:
            unseen &= ~(found > 0)
        if self.is_scaled:
            in_part = unseen & (days_seen * 2 >= self.window)
            found[in_part] = found[in_part] * self.window / np.maximum(days_seen[in_part], 1)
            unseen &= ~in_part
        found[unseen] = np.nan
        return found
