"""What joining the trust did: practices that joined against those that had not yet, by month.

What a practice-month would have been without joining is its practice's usual rate and the month's, both fitted to the
practice-months before joining and to practices that never joined (imputation; no practice already in the trust serves
as a comparison). The effect is the mean over all practice-months in the trust, each counted alike, of what was seen
less that: per 100 registered a month. The rate ratio is the number seen over the number expected, expected by a Poisson
model of the same two parts.

How sure: each practice is left out in turn (jackknife, CV3) with Student's t on one less than the effective number of
practices, ``(sum a)^2 / sum a^2`` with ``a`` the sum of the squared weights that a practice has in the effect. Where
two of eight joined nearly all chance is theirs, and the number of practices would promise too much. The errors that
estimators come with, which trust in many clusters, are smaller still.

References
----------
Borusyak K, Jaravel X, Spiess J (2024). Revisiting event-study designs: robust and efficient estimation. Review of
Economic Studies 91:3253-3285. doi:10.1093/restud/rdae007
MacKinnon JG, Nielsen MO, Webb MD (2023). Fast and reliable jackknife and bootstrap methods for cluster-robust
inference. Journal of Applied Econometrics 38:671-694. doi:10.1002/jae.2969
Carter AV, Schnepel KT, Steigerwald DG (2017). Asymptotic behavior of a t-test robust to cluster heterogeneity. Review
of Economics and Statistics 99:698-709. doi:10.1162/REST_a_00639
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from warnings import catch_warnings, simplefilter

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats
from threadpoolctl import threadpool_limits

from vi_risk.errors import InputError
from vi_risk.impact.libraries import diff_diff
from vi_risk.impact.panel import Panel

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Span = tuple[int, int]  # first and last month since joining, below 0 before it

FEWEST_MONTHS_BEFORE = 12
FEWEST_MONTHS_AFTER = 6
FEWEST_JOINED = 3
FEWEST_COMPARED = 2  # in each month: one may be left out in turn
FEWEST_PRACTICES = 5
MONTHS_IN_A_POINT = 6  # of the event-study plot
_POINTS_BEFORE, _POINTS_AFTER = 3, 6
_LEVEL, _POWER = 0.95, 0.8
_ROUNDS = 500  # of the Poisson model; it settles in a few dozen
_SETTLED = 1e-10
_QUADRATURE = 1000  # points, of equal chance


@dataclass(frozen=True, slots=True)
class Interval:
    """An effect with its interval of 95 %."""

    value: float
    low: float
    high: float

    @property
    def tells(self) -> bool:
        """Whether the interval leaves out no effect (0)."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the event-study plot: months since joining, below 0 before it; the band holds for all points."""

    since: int
    until: int
    effect: Interval


@dataclass(frozen=True, slots=True)
class Pretrend:
    """Whether practices moved apart before joining: little by little, or in the last half-year before it."""

    p_value: float


@dataclass(frozen=True, slots=True)
class Joining:
    """The effect of joining on one outcome.

    Attributes
    ----------
    effect
        Of joining, per 100 registered a month; below 0: fewer.
    ratio
        Rate ratio with its interval; None where nothing was expected.
    usual
        Rate that was expected in these practice-months without joining.
    detectable
        The smallest effect per 100 a month that this place would find four times in five.
    before_after
        The naive rates of the same practices before and after joining, per 100 a month: no effect.
    events
        Number seen in the practice-months after joining.
    """

    outcome: str
    effect: Interval
    ratio: Interval | None
    usual: float
    detectable: float
    before_after: tuple[float, float]
    events: int
    points: tuple[Point, ...]
    pretrend: Pretrend | None


@dataclass(frozen=True, slots=True, eq=False)
class Comparable:
    """The practice-months that may be compared, and what was left out of them."""

    rows: "pd.DataFrame"
    joined: tuple[str, ...]
    never: tuple[str, ...]
    notes: tuple[str, ...]


def comparable(panel: Panel) -> Comparable:
    """Return the practice-months in which joining can be told from the passing of time.

    Left out are practices without a year before joining, and months in which fewer than two practices had yet to join.

    Raises
    ------
    InputError
        What is left tells nothing; the message says which of the assumptions fails.
    """
    rows, notes = panel.rows, []
    first_of = rows.groupby("practice_code")["joined"].first()
    early = first_of.index[first_of < FEWEST_MONTHS_BEFORE]
    if len(early):
        notes.append(
            f"{len(early)} of {len(first_of)} practices joined within the first {FEWEST_MONTHS_BEFORE} months of the"
            " records, or before them: without that time before, they are left out."
        )
    rows = rows[~rows["practice_code"].isin(early)]
    if not rows["joined"].notna().any():
        msg = (
            f"practices.integrated_from: no practice joined at least {FEWEST_MONTHS_BEFORE} months after"
            f" {panel.months[0]} and before the records end, so there is no time before joining. Give longer records."
        )
        raise InputError(msg)
    days = first_of.dropna().loc[lambda of: of >= FEWEST_MONTHS_BEFORE]
    yet = rows[~(rows["month"] >= rows["joined"])].groupby("month")["practice_code"].nunique()
    months = yet.index[yet >= FEWEST_COMPARED]
    if len(set(days)) == 1 and not rows["joined"].isna().any():
        msg = (
            "practices.integrated_from: all practices joined at once, so what joining did cannot be told from what the"
            " month did. Add practices that did not join, or that joined later."
        )
        raise InputError(msg)
    if (left := rows["month"].nunique() - len(months)) > 0:
        notes.append(f"{left} months in which fewer than {FEWEST_COMPARED} practices had yet to join are left out.")
    rows = rows[rows["month"].isin(months)]
    after = rows[rows["month"] >= rows["joined"]].groupby("practice_code").size()
    short = days.index.difference(after.index[after >= FEWEST_MONTHS_AFTER])
    # Too short a time after: what came before serves as comparison, the rest is left out.
    rows = rows[~(rows["practice_code"].isin(short) & (rows["month"] >= rows["joined"]))]
    rows = rows.assign(joined=rows["joined"].mask(rows["practice_code"].isin(short)))
    joined = tuple(sorted(days.index.difference(short)))
    never = tuple(sorted(set(rows["practice_code"]) - set(joined)))
    if short.size:
        notes.append(
            f"{short.size} practices that joined within the last {FEWEST_MONTHS_AFTER} months compared count as not"
            " yet joined."
        )
    if len(joined) < FEWEST_JOINED or len(joined) + len(never) < FEWEST_PRACTICES:
        msg = (
            f"practices.integrated_from: expected at least {FEWEST_PRACTICES} practices, of which {FEWEST_JOINED} with"
            f" {FEWEST_MONTHS_BEFORE} months before joining and {FEWEST_MONTHS_AFTER} after, found"
            f" {len(joined) + len(never)} and {len(joined)}. No effect can be told from so few: add practices, or give"
            " longer records."
        )
        raise InputError(msg)
    return Comparable(rows.reset_index(drop=True), joined, never, tuple(notes))


def joining_of(found: Comparable, outcome: str) -> Joining:
    """Return what joining did to one outcome.

    Raises
    ------
    UsageError
        The extra `causal` is not installed.
    """
    rows = found.rows.assign(rate=100 * found.rows[outcome] / found.rows["registered"])
    practices = sorted(rows["practice_code"].unique())
    spans = _spans(rows)
    with threadpool_limits(1, user_api="blas"):  # many small solutions, which more threads slow down
        sure = _sure(rows, practices, lambda some: _figures(some, spans), _freedom(rows, spans))
        value = _effect(rows)
    spread, freedom = float(sure.spread[0]), float(sure.freedom[0])
    wide = spread * float(stats.t.ppf((1 + _LEVEL) / 2, freedom))
    ratio = _ratio(rows, outcome, practices, freedom)
    before = rows["joined"].notna() & (rows["month"] < rows["joined"])
    after = rows["month"] >= rows["joined"]
    naive = [float(rows[part].groupby("practice_code")["rate"].mean().mean()) for part in (before, after)]
    return Joining(
        outcome=outcome,
        effect=Interval(value, value - wide, value + wide),
        ratio=ratio,
        usual=float(rows.loc[after, "rate"].mean()) - value,
        detectable=_detectable(spread, freedom),
        before_after=(naive[0], naive[1]),
        events=int(rows.loc[after, outcome].sum()),
        points=_points(sure, spans),
        pretrend=_pretrend(sure, spans),
    )


def _effect(rows: "pd.DataFrame") -> float:
    """Return the mean effect over all practice-months in the trust, by diff-diff."""
    given = rows.assign(joined=rows["joined"].fillna(np.inf))
    with catch_warnings():
        simplefilter("ignore")  # on its own standard errors, which are not used
        fitted = diff_diff().ImputationDiD().fit(given, "rate", "practice_code", "month", "joined")
    return float(fitted.overall_att)


def _parts(rows: "pd.DataFrame") -> Floats:
    """Return the practice and the month of each row as columns of 0 and 1."""
    practice = rows["practice_code"].astype("category").cat.codes.to_numpy()
    month = rows["month"].astype("category").cat.codes.to_numpy()
    return np.hstack([np.eye(practice.max() + 1)[practice], np.eye(month.max() + 1)[month][:, 1:]])


def _weights(rows: "pd.DataFrame", spans: Sequence[Span]) -> Floats:
    """Return what each row's rate weighs (figures, rows): in the mean effect, the drift, and each of the spans.

    The drift is by how much more a month practices that were to join went up than others, before they joined.
    """
    parts = _parts(rows)
    since = (rows["month"] - rows["joined"]).to_numpy(dtype=np.float64)
    after = since >= 0
    usual = np.linalg.pinv(parts[~after])
    weights = np.zeros((2 + len(spans), len(rows)))

    def seen_less_usual(number: int, of: NDArray[np.bool_]) -> None:
        weights[number, of] = 1 / of.sum()
        weights[number, ~after] = -parts[of].mean(axis=0) @ usual

    seen_less_usual(0, after)
    drift = np.hstack([parts, np.nan_to_num(since)[:, None]])[~after]
    weights[1, ~after] = np.linalg.pinv(drift)[-1]
    within = [(since >= first) & (since <= last) for first, last in spans]
    leads = [number for number, (first, _) in enumerate(spans) if first < 0]
    if leads:
        # The furthest months before joining are what the last ones are held against, practice and month apart.
        columns = [within[number][:, None].astype(np.float64) for number in leads]
        apart = np.linalg.pinv(np.hstack([parts, *columns])[~after])[parts.shape[1] :]
        for number, one in zip(leads, apart, strict=True):
            weights[2 + number, ~after] = one
    for number, (first, _) in enumerate(spans):
        if first >= 0:
            seen_less_usual(2 + number, within[number])
    return weights


def _figures(rows: "pd.DataFrame", spans: Sequence[Span]) -> Floats:
    """Return the mean effect, the drift before joining, and the effect of each span of months since joining.

    The mean is that of `_effect`, without what diff-diff works out beside it (a test holds the two together).
    """
    found: Floats = _weights(rows, spans) @ rows["rate"].to_numpy(dtype=np.float64)
    return found


def _freedom(rows: "pd.DataFrame", spans: Sequence[Span]) -> Floats:
    """Return for each figure the effective number of practices, less one.

    As many as there are count only where all weigh alike.
    """
    practice = rows["practice_code"].astype("category").cat.codes.to_numpy()
    of_each = (_weights(rows, spans) ** 2) @ np.eye(practice.max() + 1)[practice]
    effective: Floats = of_each.sum(axis=1) ** 2 / (of_each**2).sum(axis=1)
    return effective - 1


def _detectable(spread: float, freedom: float) -> float:
    """Return the effect that would be told from none four times in five: Student's t off centre, by quadrature.

    (`scipy.stats.nct` gives NaN on few degrees of freedom.)
    """
    chances = (np.arange(_QUADRATURE) + 0.5) / _QUADRATURE
    limits = stats.t.ppf((1 + _LEVEL) / 2, freedom) * np.sqrt(stats.chi2.ppf(chances, freedom) / freedom)

    def missed(times: float) -> float:
        return _POWER - float((stats.norm.sf(limits - times) + stats.norm.cdf(-limits - times)).mean())

    return float(optimize.brentq(missed, 0, 2 * limits.max())) * spread


@dataclass(frozen=True, slots=True, eq=False)
class _Sure:
    """Figures (n,) with their standard errors (n,), by leaving out in turn, and degrees of freedom (n,)."""

    value: Floats
    spread: Floats
    freedom: Floats
    practices: int


def _sure(rows: "pd.DataFrame", practices: list[str], of: Callable[["pd.DataFrame"], Floats], freedom: Floats) -> _Sure:
    whole = of(rows)
    without = np.array([of(rows[rows["practice_code"] != one]) for one in practices])
    number = len(practices)
    return _Sure(whole, np.sqrt((number - 1) / number * ((without - whole) ** 2).sum(axis=0)), freedom, number)


def _ratio(rows: "pd.DataFrame", outcome: str, practices: list[str], freedom: float) -> Interval | None:
    """Return seen over expected after joining; the interval is that of its logarithm."""

    def log_ratio(some: "pd.DataFrame") -> Floats:
        after = (some["month"] >= some["joined"]).to_numpy()
        seen = some[outcome].to_numpy(dtype=np.float64)
        return np.array([np.log(seen[after].sum() / _expected(some, seen, after)[after].sum())])

    with np.errstate(divide="ignore", invalid="ignore"):
        found = _sure(rows, practices, log_ratio, np.array([freedom]))
    if not np.isfinite(found.spread).all():
        return None
    value, wide = float(found.value[0]), float(stats.t.ppf((1 + _LEVEL) / 2, freedom) * found.spread[0])
    return Interval(*(float(np.exp(one)) for one in (value, value - wide, value + wide)))


def _expected(rows: "pd.DataFrame", seen: Floats, after: NDArray[np.bool_]) -> Floats:
    """Return the number expected without joining: people times the practice's rate times the month's, by turns."""
    practice = rows["practice_code"].astype("category").cat.codes.to_numpy()
    month = rows["month"].astype("category").cat.codes.to_numpy()
    people = rows["registered"].to_numpy(dtype=np.float64)
    yet = ~after
    of_practice, of_month = np.ones(practice.max() + 1), np.ones(month.max() + 1)
    seen_in_practice = np.bincount(practice[yet], seen[yet], len(of_practice))
    seen_in_month = np.bincount(month[yet], seen[yet], len(of_month))
    for _ in range(_ROUNDS):
        before = of_practice.copy()
        of_practice = seen_in_practice / np.bincount(practice[yet], (people * of_month[month])[yet], len(of_practice))
        of_month = seen_in_month / np.bincount(month[yet], (people * of_practice[practice])[yet], len(of_month))
        if np.allclose(of_practice, before, rtol=_SETTLED, atol=0):
            break
    return people * of_practice[practice] * of_month[month]


# --- by time since joining ------------------------------------------------------------------------------------------


def _points(found: _Sure, spans: Sequence[Span]) -> tuple[Point, ...]:
    """Return the points of the plot; the band holds for all of them together (Bonferroni)."""
    times = stats.t.ppf(1 - (1 - _LEVEL) / 2 / max(1, len(spans)), found.freedom[2:])
    wide = times * found.spread[2:]
    return tuple(
        Point(first, last, Interval(float(value), float(value - by), float(value + by)))
        for (first, last), value, by in zip(spans, found.value[2:], wide, strict=True)
    )


def _spans(rows: "pd.DataFrame") -> tuple[Span, ...]:
    """Return the half-years since joining that more than two practices reach, those before joining first."""
    since = (rows["month"] - rows["joined"]).dropna()
    practice = rows.loc[since.index, "practice_code"]

    def reached(first: int) -> bool:
        # A span before joining is held against months before it, so there must be some.
        span = since.between(first if first >= 0 else first - MONTHS_IN_A_POINT, first + MONTHS_IN_A_POINT - 1)
        needed = MONTHS_IN_A_POINT if first >= 0 else 2 * MONTHS_IN_A_POINT
        return int((practice[span].value_counts() >= needed).sum()) >= FEWEST_JOINED

    starts = [MONTHS_IN_A_POINT * n for n in range(-_POINTS_BEFORE, _POINTS_AFTER)]
    return tuple((first, first + MONTHS_IN_A_POINT - 1) for first in starts if reached(first))


def _pretrend(found: _Sure, spans: Sequence[Span]) -> Pretrend | None:
    """Return whether there is a drift before joining, or a step in the last half-year of it; None: cannot be asked.

    Two questions, so the smaller p counts twice (Bonferroni); all points at once would ask more than few practices can
    answer. Here the number of practices counts, not the effective one: to withhold too much errs on the safe side.
    """
    asked = [1, *(2 + number for number, (first, _) in enumerate(spans) if first == -MONTHS_IN_A_POINT)]
    if len(asked) == 1 or not (found.spread[asked] > 0).all():
        return None
    p_values = 2 * stats.t.sf(np.abs(found.value[asked]) / found.spread[asked], found.practices - 1)
    return Pretrend(min(1.0, float(len(asked) * p_values.min())))
