"""What chance alone makes of a difference: quantiles of chi-squared, and the interval of a weighted count of events.

Quantiles are Wilson and Hilferty's, right to 3 % where they are used here; scipy is no dependency of this project.

References
----------
Wilson EB, Hilferty MM (1931). The distribution of chi-square. PNAS 17:684-688. doi:10.1073/pnas.17.12.684
Fay MP, Feuer EJ (1997). Confidence intervals for directly standardized rates: a method based on the gamma
distribution. Statistics in Medicine 16:791-801. doi:10.1002/(SICI)1097-0258(19970415)16:7<791::AID-SIM500>3.0.CO;2-#
"""

from statistics import NormalDist

from vi_risk.models.learning.calibration import Floats


def chi_squared(share: float, freedom: float) -> float:
    """Return the value below which a chi-squared of so many degrees of freedom lies with this chance.

    freedom * (1 - 2 / (9 freedom) + z * sqrt(2 / (9 freedom)))^3, with z of the normal distribution; never below 0.

    Examples
    --------
    >>> round(chi_squared(0.95, 10), 2)  # 18.31 exactly
    18.29
    """
    if freedom <= 0:
        return 0.0
    spread = 2 / (9 * freedom)
    root = 1 - spread + NormalDist().inv_cdf(share) * spread**0.5
    return float(freedom * max(0.0, root) ** 3)


def above_by_chance(value: float, freedom: float) -> float:
    """Return the chance that a chi-squared of so many degrees of freedom lies above a value.

    Examples
    --------
    >>> round(above_by_chance(18.31, 10), 3)
    0.05
    """
    if freedom <= 0 or value <= 0:
        return 1.0
    spread = 2 / (9 * freedom)
    z = ((value / freedom) ** (1 / 3) - (1 - spread)) / spread**0.5
    return 1 - NormalDist().cdf(float(z))


def interval_of_count(times: Floats, *, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of an expected number of events, of which these came, each counted so many times.

    The gamma interval of Fay and Feuer for a weighted sum of Poisson counts: with every weight 1 it is the exact
    interval of a Poisson mean. Of events of single people it is a little too wide, as each has one at most. Without any
    event each counts once.

    Parameters
    ----------
    times
        For each event how often it counts, as people stand for others who left.

    Examples
    --------
    >>> import numpy as np
    >>> low, high = interval_of_count(np.ones(10))
    >>> round(low, 1), round(high, 1)  # exactly 4.8 and 18.4
    (4.8, 18.4)
    """
    alpha = 1 - level
    total, variance = float(times.sum()), float((times**2).sum())
    most = float(times.max()) if times.size else 1.0
    low = 0.0
    if total > 0:
        low = variance / (2 * total) * chi_squared(alpha / 2, 2 * total**2 / variance)
    above, spread = total + most, variance + most**2
    return low, spread / (2 * above) * chi_squared(1 - alpha / 2, 2 * above**2 / spread)
