"""How good expected counts are, told of any draw of patients: everyone once, or a resample.

Expected counts are above 0, counts are 0 and more, and each counts by its weight (`vi_risk.models.evidence.weights`).
"""

import math
from collections.abc import Mapping

import numpy as np

from vi_risk.models.evidence.resampling import Draws, Figures, OfDraws, newton_terms, together, two_steps
from vi_risk.models.learning.calibration import Floats, Rows


def count_figures(
    expected: Floats,
    y: Floats,
    listed: Mapping[str, Rows],
    weight: Floats | None,
    *,
    power: float,
    whole: bool,
) -> OfDraws:
    """Return what tells the figures of draws: those that are compared, and the model's others if `whole`.

    Parameters
    ----------
    listed
        List, such as ``"capacity"`` -> its rows, whatever is drawn.
    power
        Of the mean, in the variance: 1 is Poisson's deviance, between 1 and 2 Tweedie's.
    """
    by_row = np.ones_like(y) if weight is None else weight
    parts = [_by_sums(expected, y, listed, by_row, power), _rank_correlation(expected, y, by_row)]
    if whole:
        parts.append(_slope(expected, y, by_row))
    return together(parts)


def of_everyone(figures: OfDraws, n: int) -> dict[str, float | None]:
    """Return the figures of the patients as they are; None where they cannot tell one."""
    told = figures(np.ones((1, n), dtype=np.uint16))
    return {figure: float(value) if np.isfinite(value) else None for figure, (value,) in told.items()}


def _by_sums(expected: Floats, y: Floats, listed: Mapping[str, Rows], by_row: Floats, power: float) -> OfDraws:
    """Return what tells means, ratios, shares and the deviance explained: all of them ratios of sums."""
    columns = {"people": np.ones_like(y), "y": y, "expected": expected, **_deviance_terms(expected, y, power)}
    for label, rows in listed.items():
        inside = np.zeros_like(y)
        inside[rows] = 1
        columns |= {f"listed {label}": inside, f"of listed {label}": inside * y}
    matrix = np.column_stack(list(columns.values())) * by_row[:, None]

    def of_draws(draws: Draws) -> Figures:
        sums = dict(zip(columns, (draws.astype(np.float64) @ matrix).T, strict=True))
        told = {
            "mean_observed": sums["y"] / sums["people"],
            "mean_expected": sums["expected"] / sums["people"],
            "observed_over_expected": sums["y"] / sums["expected"],
            "deviance_explained": 1 - sums["deviance"] / _deviance_of_the_mean(sums, power),
        }
        for label in listed:
            told |= {
                f"observed.{label}": sums[f"of listed {label}"],
                f"share_of_observed.{label}": sums[f"of listed {label}"] / sums["y"],
                f"mean_observed.{label}": sums[f"of listed {label}"] / sums[f"listed {label}"],
            }
        return told

    return of_draws


def _deviance_terms(expected: Floats, y: Floats, power: float) -> Figures:
    """Return half the deviance of each patient, and the part of it that only the count enters.

    Half of Poisson's is y log(y / m) - y + m, half of Tweedie's, with p the power, y^(2 - p) / ((1 - p) (2 - p)) -
    y m^(1 - p) / (1 - p) + m^(2 - p) / (2 - p).

    References
    ----------
    Jorgensen B. The Theory of Dispersion Models, 1997, chapter 4.
    """
    if power == 1:
        of_count = y * np.log(np.where(y > 0, y, 1.0)) - y
        return {"of count": of_count, "deviance": of_count - y * np.log(expected) + expected}
    of_count = y ** (2 - power) / ((1 - power) * (2 - power))
    return {
        "of count": of_count,
        "deviance": of_count - y * expected ** (1 - power) / (1 - power) + expected ** (2 - power) / (2 - power),
    }


def _deviance_of_the_mean(sums: Figures, power: float) -> Floats:
    """Return half the deviance of giving everyone the mean count."""
    mean = sums["y"] / sums["people"]
    if power == 1:
        return sums["of count"] - sums["y"] * np.log(mean) + sums["y"]
    return (
        sums["of count"]
        - sums["y"] * mean ** (1 - power) / (1 - power)
        + sums["people"] * mean ** (2 - power) / (2 - power)
    )


def _rank_correlation(expected: Floats, y: Floats, by_row: Floats) -> OfDraws:
    """Return what tells Spearman's correlation: that of the mid-ranks, which are counted anew in each draw."""
    places, counts = (np.unique(values, return_inverse=True)[1] for values in (expected, y))

    def centred(of_each: Rows, drawn: Floats) -> Floats:
        level = np.bincount(of_each, weights=drawn)
        middles: Floats = np.cumsum(level) - level / 2 - level.sum() / 2
        return middles[of_each]

    def of_one(drawn: Floats) -> float:
        x, z = centred(places, drawn), centred(counts, drawn)
        spread = math.sqrt(float(drawn @ x**2) * float(drawn @ z**2))
        return float((drawn * x) @ z) / spread if spread > 0 else math.nan

    return lambda draws: {"rank_correlation": np.array([of_one(draw * by_row) for draw in draws])}


def _slope(expected: Floats, y: Floats, by_row: Floats) -> OfDraws:
    """Return what tells the slope b of log(E(y)) = a + b log(expected), by two steps from Poisson's fit to everyone.

    NaN where no finite slope is likeliest: all counts above 0 stand at one end of what was expected.
    """
    x = np.log(expected)
    counts = by_row > 0
    above = x[counts & (y > 0)]
    if not above.size or above.min() == x[counts].max() or above.max() == x[counts].min():
        return lambda draws: {"calibration_slope": np.full(len(draws), np.nan)}

    def terms(line: Floats) -> Floats:
        mean = np.exp(line[0] + line[1] * x)
        return newton_terms(x, y - mean, mean) * by_row[:, None]

    fitted = poisson_line(x, y, by_row)
    return lambda draws: {"calibration_slope": two_steps(draws, fitted, terms)[:, 1]}


def poisson_line(x: Floats, y: Floats, by_row: Floats) -> Floats:
    """Return intercept and slope of Poisson's regression of counts on x with a log link, by Newton's method.

    The caller makes sure that there is a finite maximum. A step is halved until the likelihood rises.
    """
    shares = by_row / by_row.sum()
    mean = float(shares @ y)
    centre = float(shares @ x)
    spread = math.sqrt(float(shares @ (x - centre) ** 2)) or 1.0
    design = np.column_stack([np.ones_like(x), (x - centre) / spread])

    def loss(line: Floats) -> float:
        with np.errstate(over="ignore"):  # a step too far is halved
            return float(shares @ (np.exp(design @ line) - y * (design @ line)))

    line: Floats = np.array([math.log(mean), 0.0])
    for _ in range(100):
        fitted = np.exp(design @ line)
        gradient = design.T @ (shares * (fitted - y))
        if float(np.abs(gradient).max()) < 1e-13 * max(1.0, mean):
            break
        step = np.linalg.solve((design * (shares * fitted)[:, None]).T @ design, gradient)
        here, size = loss(line), 1.0
        while size > 1e-10 and not loss(line - size * step) < here:
            size /= 2
        if size <= 1e-10:  # flat to the last digit: this is the maximum
            break
        line = line - size * step
    slope = float(line[1]) / spread
    return np.array([float(line[0]) - slope * centre, slope])
