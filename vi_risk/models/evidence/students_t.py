"""Student's t, for intervals that few groups tell: the standard library has the normal distribution alone."""

import math

_HALVINGS = 80  # of an interval of two million: to the last digit


def t_quantile(share: float, freedom: int) -> float:
    """Return the value below which `share` of Student's t with so many degrees of freedom lies, by halving.

    References
    ----------
    Abramowitz M, Stegun IA. Handbook of Mathematical Functions, 1964, 26.7.3 and 26.7.4.

    Examples
    --------
    >>> [round(t_quantile(0.975, freedom), 3) for freedom in (1, 2, 5, 30)]
    [12.706, 4.303, 2.571, 2.042]
    """
    low, high = -1e6, 1e6
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _below(middle, freedom) < share else (low, middle)
    return (low + high) / 2


def _below(t: float, freedom: int) -> float:
    """Return P(T <= t), which for whole degrees of freedom is a finite sum of powers of a cosine."""
    angle = math.atan(t / math.sqrt(freedom))
    square = math.cos(angle) ** 2
    term = total = 1.0
    if freedom % 2:
        for k in range(2, freedom - 1, 2):
            term *= square * k / (k + 1)
            total += term
        if freedom == 1:
            total = 0.0
        within = 2 / math.pi * (angle + math.sin(angle) * math.cos(angle) * total)
    else:
        for k in range(1, freedom - 2, 2):
            term *= square * k / (k + 1)
            total += term
        within = math.sin(angle) * total
    return (1 + within) / 2
