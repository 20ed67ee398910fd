"""What reviews did: at the line of the list, against matched people, and (never as an effect) before against after."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

import numpy as np
from scipy import stats

from vi_risk.impact.joining import Interval
from vi_risk.impact.libraries import diff_diff
from vi_risk.impact.listed import DAYS_BEFORE, Followed, admissions_between, logit, rate_of

if TYPE_CHECKING:
    import pandas as pd

BALANCED = 0.1  # largest standardised difference between the reviewed and their matches
_CALIPERS = np.array([0.2, 0.5, 0.5])  # standard deviations among the reviewed, of what is matched on
_FEWEST_AT_THE_LINE = 30  # on each side, within the bandwidth
_SMALLEST_STEP = 0.2  # by which the share reviewed must rise at the line
_FEWEST_PAIRS = 30
_DETECTED = 2.8  # standard errors: found four times in five, at 5 %
_MATCHED_ON = ("score", "age", "before")


@dataclass(frozen=True, slots=True)
class AtTheLine:
    """The effect of a review on people at the line of the list, per 100 of them a month (fuzzy discontinuity).

    Attributes
    ----------
    effect
        Robust and bias-corrected; None where the assumptions do not hold, and `why` says which.
    step
        How much more of the people just above the line were reviewed.
    before
        The same step in emergency admissions of the year before, which no review can have made, with its interval of
        99 %: apart from 0, the people on both sides are not alike.
    """

    effect: Interval | None
    step: Interval | None
    before: Interval | None
    detectable: float | None
    above: int
    below: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Matched:
    """The reviewed against one person each who was not, of the same list, alike in score, age and admissions.

    Attributes
    ----------
    effect
        Per 100 people a month, from the day of the review on; None where the matches are not alike, and `why` says so.
    differences
        Standardised differences before and after matching, by what was matched.
    """

    effect: Interval | None
    detectable: float | None
    reviewed: int
    pairs: int
    differences: dict[str, tuple[float, float | None]]
    why: str = ""


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """Emergency admissions per 100 people a month before and after: of the reviewed, and of as many next in score."""

    reviewed: tuple[float, float]
    others: tuple[float, float] | None
    people: int


def at_the_line(followed: Followed) -> AtTheLine:
    """Return what a review did to people at the line of the list."""
    rows = followed.people.assign(reviewed=followed.people["reviewed_on"].notna().astype("float64"))
    above, below = int((rows["places"] > 0).sum()), int((rows["places"] < 0).sum())
    if not followed.ordered:
        return AtTheLine(None, None, None, None, above, below, "the lists did not follow the rank of the score")
    if min(above, below) < _FEWEST_AT_THE_LINE:
        few = f"fewer than {_FEWEST_AT_THE_LINE} people stand on one side of the line"
        return AtTheLine(None, None, None, None, above, below, few)
    before = _at_the_line(rows.assign(reviewed=rows["places"] > 0), "before", alpha=0.01)
    found = _at_the_line(rows, "after")
    if before is None or found is None:
        return AtTheLine(
            None, None, None, None, above, below, "too few people stand near the line, or none was reviewed"
        )
    alike = Interval(*(rate_of(end, DAYS_BEFORE) for end in _ends(before.effect)))
    effect = Interval(*(rate_of(end, followed.days) for end in _ends(found.effect)))
    if found.step.low < _SMALLEST_STEP:
        why = "who was reviewed does not change enough at the line of the list"
        return AtTheLine(None, found.step, alike, None, above, below, why)
    if alike.tells:
        why = "people just above the line had been admitted more, or less, than those just below it before any review"
        return AtTheLine(None, found.step, alike, None, above, below, why)
    spread = (effect.high - effect.low) / 2 / stats.norm.ppf(0.975)
    return AtTheLine(effect, found.step, alike, float(_DETECTED * spread), above, below)


def matched(followed: Followed) -> Matched:
    """Return what reviews did, against people who were not reviewed and are alike.

    Pairs are of one list, and of one practice where that has somebody; each other person is used once. Both are
    followed from the day of the review. The interval rests on the differences within pairs (Abadie and Spiess 2022,
    doi:10.1080/01621459.2020.1840383).
    """
    rows = followed.people.assign(score=logit(followed.people["risk"]))
    reviewed = rows["reviewed_on"].notna()
    pairs = _pairs(rows, reviewed)
    one, other = rows.loc[pairs[:, 0]], rows.loc[pairs[:, 1]]
    differences: dict[str, tuple[float, float | None]] = {}
    for name in _MATCHED_ON:
        of = rows.loc[reviewed, name]
        after = _apart(one[name], other[name], of) if len(pairs) else None
        differences[name] = (_apart(of, rows.loc[~reviewed, name], of), after)
    number = int(reviewed.sum())
    if len(pairs) < max(_FEWEST_PAIRS, number / 2):
        why = "most people who were reviewed have nobody like them who was not"
        return Matched(None, None, number, len(pairs), differences, why)
    if max(abs(after or 0.0) for _, after in differences.values()) > BALANCED:
        why = f"the matches differ from the reviewed by more than {BALANCED} standard deviations"
        return Matched(None, None, number, len(pairs), differences, why)
    start = one["reviewed_on"].reset_index(drop=True)
    seen = [
        admissions_between(followed.admissions, of["patient_id"].reset_index(drop=True), start, 0, followed.days)
        for of in (one, other)
    ]
    apart = (seen[0] - seen[1]).to_numpy(dtype=np.float64)
    value, spread = apart.mean(), apart.std(ddof=1) / np.sqrt(len(apart))
    wide = stats.t.ppf(0.975, len(apart) - 1) * spread
    ends = (rate_of(end, followed.days) for end in (value, value - wide, value + wide))
    return Matched(Interval(*ends), rate_of(_DETECTED * spread, followed.days), number, len(pairs), differences)


def before_after(followed: Followed) -> BeforeAfter:
    """Return how admissions of the reviewed changed, and of as many others next in score."""
    rows = followed.people.assign(score=logit(followed.people["risk"]))
    reviewed = rows["reviewed_on"].notna()
    others = rows.loc[_next(rows, reviewed)]

    def rates(of: "pd.DataFrame") -> tuple[float, float]:
        return rate_of(of["before_days"].mean(), followed.days), rate_of(of["after"].mean(), followed.days)

    return BeforeAfter(rates(rows[reviewed]), rates(others) if len(others) else None, int(reviewed.sum()))


@dataclass(frozen=True, slots=True)
class _Fitted:
    effect: Interval
    step: Interval  # by which the share reviewed rises


def _at_the_line(rows: "pd.DataFrame", what: str, *, alpha: float = 0.05) -> _Fitted | None:
    """Return the step at the line, robust and bias-corrected, by diff-diff (Calonico, Cattaneo and Titiunik 2014).

    It runs along the log odds of the risk, in which admissions bend little. Along the rank they bend most at the line.
    """
    rows = rows[rows["from_line"].notna()]
    sharp = bool((rows["reviewed"].astype(bool) == (rows["places"] > 0)).all())
    given = rows[["from_line", what, "reviewed"]].astype("float64")
    with catch_warnings():
        simplefilter("ignore")  # on risks that repeat, which it adjusts for
        try:
            found: Any = (
                diff_diff()
                .RegressionDiscontinuity(alpha=alpha)
                .fit(given, outcome=what, running="from_line", takeup=None if sharp else "reviewed")
            )
        except (ValueError, np.linalg.LinAlgError):
            return None
    if min(found.n_h_left, found.n_h_right) < _FEWEST_AT_THE_LINE or not np.isfinite(found.conf_int).all():
        return None
    effect = Interval(float(found.att), *map(float, found.conf_int))
    if sharp:
        return _Fitted(effect, Interval(1.0, 1.0, 1.0))
    return _Fitted(effect, Interval(float(found.first_stage), *map(float, found.first_stage_conf_int)))


def _ends(one: Interval) -> tuple[float, float, float]:
    return one.value, one.low, one.high


def _pairs(rows: "pd.DataFrame", reviewed: "pd.Series") -> "np.ndarray[Any, Any]":
    """Return the labels of the reviewed and of their matches, (pairs, 2): of one practice first, then of any other."""
    wide = rows.loc[reviewed, list(_MATCHED_ON)].std().replace(0, 1).fillna(1)
    scaled = rows[list(_MATCHED_ON)] / wide
    pairs: list[tuple[int, int]] = []
    for within in (["list_date", "practice_code"], ["list_date"]):
        taken = {label for pair in pairs for label in pair}
        left = scaled[~scaled.index.isin(taken)]
        for _, group in left.groupby([rows.loc[left.index, name] for name in within]):
            is_one = reviewed.loc[group.index]
            pairs += _paired(group[is_one], group[~is_one])
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _paired(ones: "pd.DataFrame", others: "pd.DataFrame") -> list[tuple[int, int]]:
    """Return each of the ones with the nearest of the others within the calipers, each other used once."""
    values = others.to_numpy(dtype=np.float64)
    free = np.ones(len(others), dtype=bool)
    pairs = []
    # Those with the highest score have the fewest people like them, so they choose first.
    in_order = ones.sort_values("score", ascending=False)
    for label, one in zip(in_order.index, in_order.to_numpy(dtype=np.float64), strict=True):
        apart = values - one
        far = np.where(free & (np.abs(apart) <= _CALIPERS).all(axis=1), (apart**2).sum(axis=1), np.inf)
        if len(far) and np.isfinite(far.min()):
            free[far.argmin()] = False
            pairs.append((int(label), int(others.index[int(far.argmin())])))
    return pairs


def _next(rows: "pd.DataFrame", reviewed: "pd.Series") -> list[int]:
    """Return the labels of as many people with the highest scores who were not reviewed, of each practice and list."""
    found: list[int] = []
    for _, group in rows.groupby(["practice_code", "list_date"]):
        ones, others = group[reviewed.loc[group.index]], group[~reviewed.loc[group.index]]
        found += list(others.nlargest(len(ones), "score").index)
    return found


def _apart(ones: "pd.Series", others: "pd.Series", of: "pd.Series") -> float:
    """Return the standardised difference of two means, in standard deviations of the reviewed."""
    spread = float(of.std())
    return float(ones.mean() - others.mean()) / spread if spread > 0 else 0.0
