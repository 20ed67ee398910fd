"""Each practice that joined against a weighted mean of practices that had not: synthetic control, by pysyncon.

The weights are those with which the others come nearest to the practice in each quarter before it joined. Every other
practice is then put in its place, as if it had joined on that day. Their gaps, against what these were before, tell how
unusual that of the practice is, and how wide its interval: with Student's t on as many degrees of freedom as others
took its place (placebo variance). That takes practices to differ in scale alone.

References
----------
Abadie A, Diamond A, Hainmueller J (2010). Synthetic control methods for comparative case studies. Journal of the
American Statistical Association 105:493-505. doi:10.1198/jasa.2009.ap08746
Arkhangelsky D, Athey S, Hirshberg DA, Imbens GW, Wager S (2021). Synthetic difference-in-differences. American
Economic Review 111:4088-4118. doi:10.1257/aer.20190159
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from vi_risk.impact.joining import FEWEST_MONTHS_AFTER, FEWEST_MONTHS_BEFORE, Comparable, Interval
from vi_risk.impact.libraries import pysyncon

if TYPE_CHECKING:
    import pandas as pd

MONTHS_AFTER = 12  # the gap is looked at for so long
FEWEST_OTHERS = 3
_QUARTER = 3
_OUT_OF_REACH = 0.75  # of the usual gap before, that is to one side: the others lie above it, or below


@dataclass(frozen=True, slots=True)
class Gap:
    """How far a practice stands from its synthetic control after joining, per 100 registered a month.

    Attributes
    ----------
    before
        Root mean square of the gap in the quarters before: how well the others can stand for it.
    others
        Practices that it is made of, and that took its place in turn.
    p_value
        Share of practices, itself among them, whose gap is as large against what it was before; never below
        ``1 / (others + 1)``.
    """

    practice_code: str
    gap: Interval
    before: float
    others: int
    p_value: float


def gaps_of(found: Comparable, outcome: str) -> tuple[tuple[Gap, ...], int]:
    """Return the gap of each practice that others can stand for, and the number of those for which none can."""
    rates = found.rows.assign(rate=100 * found.rows[outcome] / found.rows["registered"]).pivot_table(
        index="month", columns="practice_code", values="rate"
    )
    joined = found.rows.groupby("practice_code")["joined"].first()
    gaps: list[Gap] = []
    for practice in found.joined:
        start = int(joined[practice])
        until = min(start + MONTHS_AFTER, int(rates.index.max()) + 1)
        others = [one for one in map(str, rates) if one != practice and not joined[one] < until]
        if len(others) >= FEWEST_OTHERS and until - start >= FEWEST_MONTHS_AFTER and start >= FEWEST_MONTHS_BEFORE:
            gap = _gap(rates.loc[: until - 1, [practice, *others]].dropna(), practice, start)
            gaps += [] if gap is None else [gap]
    return tuple(gaps), len(found.joined) - len(gaps)


def _gap(rates: "pd.DataFrame", practice: str, start: int) -> Gap | None:
    """Return the gap of a practice; None where the others stay above or below it before, whatever their weights."""
    quarters = rates.groupby((rates.index - start) // _QUARTER).mean()
    of_each = {
        one: _fitted(quarters, one, without=() if one == practice else (practice,)) for one in map(str, quarters)
    }
    gap, before, level = of_each[practice]
    if abs(level) > _OUT_OF_REACH * before:
        return None
    against = {one: abs(after) / max(usual, 1e-9) for one, (after, usual, _) in of_each.items()}
    as_large = sum(ratio >= against[practice] for ratio in against.values())
    others = [ratio for one, ratio in against.items() if one != practice]
    wide = float(stats.t.ppf(0.975, len(others)) * np.sqrt(np.mean(np.square(others))) * before)
    return Gap(practice, Interval(gap, gap - wide, gap + wide), before, len(others), as_large / len(of_each))


def _fitted(quarters: "pd.DataFrame", practice: str, without: tuple[str, ...]) -> tuple[float, float, float]:
    """Return the mean gap after, and the root mean square and the mean of the gaps before."""
    others = quarters.drop(columns=[practice, *without])
    yet = quarters.index < 0
    model: Any = pysyncon().Synth()
    given, theirs = quarters.loc[yet, practice], others[yet]
    model.fit(X0=theirs, X1=given, Z0=theirs, Z1=given, custom_V=np.ones(int(yet.sum())))
    apart = quarters[practice].to_numpy() - others.to_numpy() @ np.asarray(model.W)
    return float(apart[~yet].mean()), float(np.sqrt(np.mean(apart[yet] ** 2))), float(apart[yet].mean())
