"""A model taken to a new place or a new year: the same trees, and one line on the log-odds of their calibrated risk."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self, get_args

import numpy as np
from numpy.typing import ArrayLike

from vi_risk.errors import InputError, SpecificationError
from vi_risk.models.learning.calibration import Floats, logistic_intercept, logistic_line
from vi_risk.models.learning.calibrators import CALIBRATORS, Calibrator

How = Literal["in_the_large", "slope"]


@dataclass(frozen=True, slots=True)
class Recalibrated(Calibrator):
    """A calibrator and what a later place or year made of it: log-odds = intercept + slope * log-odds of the first.

    References
    ----------
    Steyerberg EW, et al. Validation and updating of predictive logistic regression models. Statistics in Medicine,
    2004. doi:10.1002/sim.1844 (methods 2 and 3)
    """

    kind: ClassVar[str] = "recalibrated"

    first: Calibrator
    slope: float
    intercept: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.slope) and math.isfinite(self.intercept) and self.slope > 0):
            msg = (
                f"recalibration: the risk must still rise with the model's, but the fitted slope is {self.slope:.3g}."
                " Here the model does not find the outcome: check the outcome, or train a model of this place."
            )
            raise InputError(msg)

    @classmethod
    def of(cls, calibrator: Calibrator, raw: ArrayLike, y: ArrayLike, how: How, weights: Floats | None = None) -> Self:
        """Return the calibrator moved to fit these rows; recalibrating again replaces the line and keeps the first.

        Parameters
        ----------
        how
            `in_the_large` moves all log-odds by as much, so that risks add up to the events; `slope` spreads or draws
            them together too.
        """
        refuse_unknown(how)
        log_odds, outcome = calibrator.log_odds(raw), np.asarray(y, dtype=np.float64)
        events, others = log_odds[outcome == 1], log_odds[outcome == 0]
        if how == "slope" and (events.min() >= others.max() or others.min() >= events.max()):
            msg = (
                "recalibration: the risks of those who had the outcome and of the others do not overlap, so that no"
                " slope is likeliest. Recalibrate on more patients, or in the large."
            )
            raise InputError(msg)
        if how == "slope":
            intercept, slope = logistic_line(log_odds, outcome, weights)
        else:
            intercept, slope = logistic_intercept(log_odds, outcome, weights), 1.0
        if isinstance(calibrator, cls):
            intercept, slope = intercept + slope * calibrator.intercept, slope * calibrator.slope
            return cls(first=calibrator.first, slope=slope, intercept=intercept)
        return cls(first=calibrator, slope=slope, intercept=intercept)

    def log_odds(self, raw: ArrayLike) -> Floats:
        """Return intercept + slope * the first calibrator's log-odds."""
        return self.intercept + self.slope * self.first.log_odds(raw)

    def to_dict(self) -> dict[str, Any]:
        """Return what `from_dict` reads, with the kind of calibrator."""
        return {"kind": self.kind, "first": self.first.to_dict(), "slope": self.slope, "intercept": self.intercept}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """Return the calibrator that `to_dict` wrote."""
        first = calibrator_of(saved["first"])
        return cls(first=first, slope=float(saved["slope"]), intercept=float(saved["intercept"]))


def calibrator_of(saved: Mapping[str, Any]) -> Calibrator:
    """Return the calibrator, of whichever kind, that `to_dict` wrote."""
    if saved["kind"] == Recalibrated.kind:
        return Recalibrated.from_dict(saved)
    return CALIBRATORS[saved["kind"]].from_dict(saved)


def refuse_unknown(how: str) -> None:
    """Raise where there is no recalibration of that name."""
    if how not in get_args(How):
        msg = f"recalibration: how: expected one of {', '.join(get_args(How))}, got {how!r}."
        raise SpecificationError(msg)
