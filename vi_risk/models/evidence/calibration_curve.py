"""Flexible calibration: the share who had the outcome as a smooth function of the risk that was given.

The curve is a logistic regression of the outcome on a restricted cubic spline of the log-odds of the risk: where loess
needs a neighbourhood of each of 280,000 patients, a spline is one fit, and the integrated calibration index of Austin
and Steyerberg is as well defined from it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from vi_risk.models.evidence.weights import followed, weighted_mean
from vi_risk.models.learning.calibration import Floats, log_odds_of

# Harrell's places for five knots.
_KNOTS = (0.05, 0.275, 0.5, 0.725, 0.95)
_POINTS = 40
# The last two in a thousand patients stretch an axis over which the curve says nothing.
_DRAWN_TO = 0.998
# So weak a ridge that it only keeps the curve finite where events and non-events do not overlap.
_WEAK = 1e4


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the curve: of patients given `risk`, the share `observed` had the outcome."""

    risk: float
    observed: float


@dataclass(frozen=True, slots=True)
class CalibrationCurve:
    """Points from the lowest risk upwards, and the mean distance of the curve from the line of perfect agreement."""

    points: tuple[Point, ...]
    integrated_calibration_index: float


def calibration_curve(risk: Floats, y: Floats, weight: ArrayLike | None = None) -> CalibrationCurve | None:
    """Return the flexible calibration curve; None where only one outcome or one risk occurs.

    The integrated calibration index is mean(|curve(risk) - risk|) over patients: 0 is perfect, 0.01 means that risks
    are one percentage point off on average. With weights the regression and the mean are weighted.

    References
    ----------
    Austin PC, Steyerberg EW. Statistics in Medicine, 2019. doi:10.1002/sim.8281
    Harrell FE. Regression Modeling Strategies, 2nd edition, 2015, section 2.4 (the spline and its knots).
    """
    risk, y, given = followed(risk, y, weight)
    if not 0 < y.sum() < y.size or risk.min() == risk.max():
        return None
    log_odds = log_odds_of(risk)
    knots = np.unique(np.quantile(log_odds, _KNOTS))
    spline = FunctionTransformer(restricted_cubic_spline, kw_args={"knots": knots})
    fitted = make_pipeline(
        spline, StandardScaler(), LogisticRegression(C=_WEAK, solver="newton-cholesky", max_iter=200)
    ).fit(log_odds[:, None], y, logisticregression__sample_weight=given)
    smooth = fitted.predict_proba(log_odds[:, None])[:, 1]
    drawn = np.linspace(float(risk.min()), float(np.quantile(risk, _DRAWN_TO)), _POINTS)
    observed = fitted.predict_proba(log_odds_of(drawn)[:, None])[:, 1]
    return CalibrationCurve(
        points=tuple(Point(float(x), float(share)) for x, share in zip(drawn, observed, strict=True)),
        integrated_calibration_index=weighted_mean(np.abs(smooth - risk), given),
    )


def restricted_cubic_spline(x: Floats, knots: Floats) -> Floats:
    """Return the columns of a cubic spline that is straight beyond its outer knots: x, and one for each but two knots.

    With knots t1 < ... < tk and u+ = max(u, 0), column j is ((x - tj)+^3 - (x - t(k-1))+^3 (tk - tj) / (tk - t(k-1))
    + (x - tk)+^3 (t(k-1) - tj) / (tk - t(k-1))) / (tk - t1)^2. Fewer than three knots give x alone.
    """
    if knots.size < 3:
        return x
    *inner, before_last, last = knots.tolist()
    cubes = np.maximum(x - knots, 0.0) ** 3
    width = last - before_last
    curved = [
        cubes[:, j] - cubes[:, -2] * (last - knot) / width + cubes[:, -1] * (before_last - knot) / width
        for j, knot in enumerate(inner)
    ]
    return np.column_stack([x, *(column / (last - inner[0]) ** 2 for column in curved)])
