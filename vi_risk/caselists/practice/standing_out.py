"""What stands out in a practice: conditions and care gaps beside what people of the same ages and sexes have elsewhere.

References
----------
Breslow NE, Day NE (1987). Statistical Methods in Cancer Research, volume II. IARC Scientific Publications 82, chapter
2: indirect standardisation, and Byar's approximation to the exact limits of a Poisson count.
Benjamini Y, Hochberg Y (1995). Controlling the false discovery rate. Journal of the Royal Statistical Society B
57:289-300. doi:10.1111/j.2517-6161.1995.tb02031.x
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vi_risk.caselists.practice.practice_summary import StandsOut

FALSE_DISCOVERIES = 0.05
# What is less than a fifth away from expected is no priority, however certain: in a large practice anything is certain.
LEAST_RATIO = 1.2
# Byar's limits are within 2 % of the exact ones from here on, on the side that decides.
LEAST_EXPECTED = 8.0
# Of a practice fewer of whose people are seen than this, the others might be different.
LEAST_SEEN = 0.5

_Z95 = 1.959964

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Rows = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Asked:
    """Something that people have or not: arrays with a place for each person.

    Attributes
    ----------
    seen
        Whose records would show it.
    among
        Of whom it is asked: of a care gap, who is due the care.
    has
        Who has it.
    """

    kind: str
    title: str
    seen: Rows
    among: Rows
    has: Rows


def standing_out(
    asked: Sequence[Asked], practice: Whole, stratum: Whole, practices: int
) -> tuple[list[tuple[StandsOut, ...]], list[tuple[Asked, Rows]]]:
    """Return what stands out in each practice, strongest first, and where each thing was compared.

    Expected is the sum over a practice's people of the share that has it in their stratum (age band and sex), over all
    practices that are compared. A practice is compared where at least half of its people are seen, with another one at
    least, and where 8 or more are expected to have it.

    Shown is what lies a fifth or more from expected and passes the procedure of Benjamini and Hochberg at 5 % over all
    practices and things; the 95 % interval of such a ratio excludes 1. Strongest is what is farthest from 1 at the end
    of its interval that is nearest to it. Shares that are not small make the interval too wide, never too narrow.

    Parameters
    ----------
    practice, stratum
        Of each person, the number of their practice and of their age band and sex, from 0 on.
    """
    size = np.bincount(practice, minlength=practices)
    observed, expected = np.zeros((2, len(asked), practices))
    compared: list[tuple[Asked, Rows]] = []
    for row, one in enumerate(asked):
        is_seen = np.bincount(practice, one.seen, practices) >= LEAST_SEEN * np.maximum(size, 1)
        compared.append((one, is_seen & (is_seen.sum() > 1)))
        counted = one.seen & one.among & compared[-1][1][practice]
        whose, of_stratum = practice[counted], stratum[counted]
        has = (one.has & counted)[counted].astype(float)
        with np.errstate(invalid="ignore"):
            share = np.bincount(of_stratum, has) / np.bincount(of_stratum)
        observed[row] = np.bincount(whose, has, practices)
        expected[row] = np.bincount(whose, share[of_stratum], practices)
    enough = expected >= LEAST_EXPECTED
    ratio = np.divide(observed, expected, out=np.ones_like(observed), where=enough)
    chance = np.where(enough, chance_of_so_far(observed, np.where(enough, expected, 1.0)), np.nan)
    shown = discovered(chance) & ((ratio >= LEAST_RATIO) | (ratio <= 1 / LEAST_RATIO))
    found: list[list[StandsOut]] = [[] for _ in range(practices)]
    for row, place in np.argwhere(shown).tolist():
        number, out_of = float(observed[row, place]), float(expected[row, place])
        low, high = (float(end / out_of) for end in poisson_limits(number))
        title = asked[row].title
        found[place].append(StandsOut(asked[row].kind, title, int(number), out_of, number / out_of, low, high))
    return [tuple(sorted(of_one, key=_strength, reverse=True)) for of_one in found], compared


def _strength(found: StandsOut) -> float:
    return math.log(found.low) if found.ratio > 1 else -math.log(found.high)


def poisson_limits(observed: float) -> tuple[float, float]:
    """Return the 95 % limits of the mean of a Poisson count, by Byar's approximation.

    ``O (1 - 1/(9 O) - z / (3 sqrt(O)))^3`` and the same of ``O + 1`` with ``+ z``.

    Examples
    --------
    The exact limits of 10 are 4.80 and 18.39.

    >>> [round(limit, 2) for limit in poisson_limits(10)]
    [4.79, 18.39]
    """
    more = observed + 1
    low = observed * (1 - 1 / (9 * observed) - _Z95 / (3 * math.sqrt(observed))) ** 3 if observed else 0.0
    return max(low, 0.0), more * (1 - 1 / (9 * more) + _Z95 / (3 * math.sqrt(more))) ** 3


def chance_of_so_far(observed: Floats, expected: Floats) -> Floats:
    """Return the two-sided chance of a count so far from expected or farther: that at which Byar's limit meets it."""
    above = observed > expected
    count = np.where(above, observed, observed + 1)
    score = 3 * np.sqrt(count) * (1 - 1 / (9 * count) - np.cbrt(expected / count))
    distance = np.maximum(np.where(above, score, -score), 0)  # a count within one of expected is no distance away
    chance: Floats = np.vectorize(math.erfc, otypes=[float])(distance / math.sqrt(2))
    return chance


def discovered(chances: Floats) -> Rows:
    """Return which of the chances pass the procedure of Benjamini and Hochberg; a missing one was not looked at.

    Examples
    --------
    The k-th smallest of four passes up to 0.05 k / 4, and so do all below one that passes.

    >>> discovered(np.array([0.5, 0.02, 0.01, 0.03, np.nan])).tolist()
    [False, True, True, True, False]
    """
    looked = ~np.isnan(chances)
    ordered = np.sort(chances[looked])
    passing = ordered[ordered <= FALSE_DISCOVERIES * np.arange(1, ordered.size + 1) / max(ordered.size, 1)]
    return looked & (chances <= passing[-1]) if passing.size else np.zeros(chances.shape, dtype=bool)
