"""What is usual of a feature among people, and in words beside what is told of one person."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from vi_risk.features.definition import Definition
from vi_risk.reasons.sentences import noun, number, percent

# mean: of counts. yes or no: of how many it holds. share: mean of shares. median: of measurements and their changes.
# as lately: how many had such an event as few days ago or fewer.
Kind = Literal["mean", "yes or no", "share", "median", "as lately"]

Floats = np.ndarray[Any, np.dtype[np.float64]]

_COUNTED = ("count", "distinct", "groups", "points", "sum", "bed_days", "registered_days")
_YES_OR_NO = ("any", "is", "latest_is", "group_flags")
_MEDIAN = ("latest", "mean", "maximum", "slope", "value")
_FEW = 1 / 3
_MARGIN = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    """What is usual of one feature.

    Attributes
    ----------
    typical
        The mean, median or share, as `kind` says; of yes or no the share of whom it holds.
    values
        Of the people compared with; infinite where there was no such event.
    who, alike
        What they are called, and how they are alike: "people", "of the same age and sex".
    """

    kind: Kind
    typical: float
    values: Floats
    who: str
    alike: str

    def is_beyond(self, value: float, side: float) -> bool:
        """Return whether a value lies beyond what is usual, above it or (side -1) below, in the digits that are told.

        A mean is of what some have much of and many nothing: a quarter more or less is wanted there. What holds of
        someone lies beyond where it holds of fewer than a third, and so does a day where so few had one as lately.
        """
        if self.kind in ("yes or no", "as lately"):
            return self.share_as_far(value, side) < _FEW
        told = _as_told(self.typical)
        margin = 0.0 if self.kind == "median" else _MARGIN * told
        return side * (value - told) > margin

    def share_as_far(self, value: float, side: float) -> float:
        """Return the share of the people whose value is as high, or (side -1) as low, from 0 to 1."""
        return float(np.mean(self.values >= value if side > 0 else self.values <= value))

    def in_words(self, definition: Definition, value: float) -> str:
        """Return what stands beside a value."""
        figure = self.figure(definition, value)
        if self.kind == "as lately":
            return f"{figure} {self.alike} had one as lately"
        return f"{figure} {self.alike}" if figure.endswith("in 100") else f"{self.who} {self.alike}: {figure}"

    def figure(self, definition: Definition, value: float, *, with_unit: bool = False) -> str:
        """Return the number alone, in words; with its unit where other numbers stand beside it."""
        if self.kind == "as lately":
            return _in_100(self.share_as_far(value, -1.0))
        if self.kind == "yes or no":
            return _in_100(1 - self.typical if value == 0 else self.typical)  # of whom the same can be said
        if self.kind == "share":
            return _in_100(float(np.mean(self.values == 0))) if value == 0 else percent(self.typical)
        if definition.measure == "slope":
            return _change(self.typical, definition.unit)
        unit = f" {definition.unit}" if definition.unit else ""
        if self.kind == "median":
            return f"median {number(self.typical)}" + ("" if definition.measure == "value" else unit)
        digits = ".1f" if self.typical < 10 else ",.0f"
        told = "under 0.1" if 0 < self.typical < 0.05 else f"{_as_told(self.typical):{digits}}"
        return told + (f" {noun(definition)}".rstrip() if with_unit else "")


def usual_of(kind: Kind, values: Floats, *, who: str, alike: str) -> Usual:
    """Return what is usual of values, one of each person; missing where someone had no such event, and else known."""
    if kind == "as lately":
        none = np.isnan(values)
        return Usual(kind, 1 - float(none.mean()), np.where(none, np.inf, values), who, alike)
    return Usual(kind, float(np.median(values) if kind == "median" else np.mean(values)), values, who, alike)


def kind_of(definition: Definition) -> Kind | None:
    """Return how a feature is compared; None where a comparison tells nothing, as with age and sex."""
    measure = definition.measure
    if measure == "is" and set(definition.where) <= {"sex"}:
        return None
    if measure in _YES_OR_NO or definition.at_least is not None:
        return "yes or no"
    if measure in _COUNTED:
        return "mean"
    if measure in ("share", "rise"):
        return "share"
    if measure == "days_since_last":
        return "as lately"
    return "median" if measure in _MEDIAN else None


def _as_told(typical: float) -> float:
    """Return a mean or median in the digits that are told: one decimal below 10, none from there on."""
    return round(typical, 1) if abs(typical) < 10 else float(round(typical))


def _in_100(share: float) -> str:
    return "under 1 in 100" if 0 < share < 0.005 else f"{100 * share:.0f} in 100"


def _change(typical: float, unit: str) -> str:
    told = _as_told(typical)
    return f"median {'rise' if told > 0 else 'fall'} of {number(abs(told))} {unit}" if told else "median no change"
