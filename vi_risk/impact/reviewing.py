"""What reviews did: at the line of the list, against matched people, and (never as an effect) before against after."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

import numpy as np
from scipy import stats

from vi_risk.impact.joining import Interval
from vi_risk.impact.libraries import diff_diff
from vi_risk.impact.listed import DAYS_BEFORE, Followed, logit, number_between, rate_of

if TYPE_CHECKING:
    import pandas as pd

BALANCED = 0.1  # largest standardised difference between the reviewed and their matches
_CALIPERS = np.array([0.2, 0.5, 0.5])  # standard deviations among the reviewed, of what is matched on
_FEWEST_AT_THE_LINE = 30  # on each side, within the bandwidth
_SMALLEST_STEP = 0.2  # by which the share reviewed must rise at the line
_FEWEST_PAIRS = 30
_DETECTED = 2.8  # standard errors: found four times in five, at 5 %
_MATCHED_ON = ("score", "age", "before")
_FIRST = "emergency_admissions"  # whose number of the year before is matched, and whose step at the line is shown


@dataclass(frozen=True, slots=True)
class Compared:
    """The effect of a review on one outcome, per 100 people a month.

    Attributes
    ----------
    effect
        None where the assumptions do not hold, and `why` says which.
    detectable
        The smallest effect that would be found four times in five.
    before
        At the line: the same step in the year before, which no review can have made, with its interval of 99 %: apart
        from 0, the people on both sides are not alike.
    events
        Number seen in the days followed, of the two groups.
    """

    effect: Interval | None
    detectable: float | None = None
    before: Interval | None = None
    events: tuple[int, int] = (0, 0)
    why: str = ""


@dataclass(frozen=True, slots=True)
class AtTheLine:
    """The effect of a review on people at the line of the list (fuzzy discontinuity), by outcome.

    Attributes
    ----------
    step
        How much more of the people just above the line were reviewed.
    """

    outcomes: dict[str, Compared]
    step: Interval | None
    above: int
    below: int


@dataclass(frozen=True, slots=True)
class Matched:
    """The reviewed against one person each who was not, of the same list, alike in score, age and admissions.

    Attributes
    ----------
    outcomes
        From the day of the review on.
    differences
        Standardised differences before and after matching, by what was matched.
    died
        How many of the reviewed, and of their matches, died in the days followed: who has died comes to hospital no
        more. None where no effect is told.
    """

    outcomes: dict[str, Compared]
    reviewed: int
    pairs: int
    differences: dict[str, tuple[float, float | None]]
    died: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """Rates per 100 people a month before and after, by outcome: of the reviewed, and of others next in score."""

    reviewed: dict[str, tuple[float, float]]
    others: dict[str, tuple[float, float]]
    people: int
    next_people: int


def at_the_line(followed: Followed) -> AtTheLine:
    """Return what a review did to people at the line of the list."""
    rows = followed.people.assign(reviewed=followed.people["reviewed_on"].notna().astype("float64"))
    above, below = int((rows["places"] > 0).sum()), int((rows["places"] < 0).sum())
    why = ""
    if not followed.ordered:
        why = "the lists did not follow the rank of the score"
    elif min(above, below) < _FEWEST_AT_THE_LINE:
        why = f"fewer than {_FEWEST_AT_THE_LINE} people stand on one side of the line"
    if why:
        return AtTheLine(dict.fromkeys(followed.happened, Compared(None, why=why)), None, above, below)
    found = {outcome: _one_at_the_line(rows, outcome, followed.days) for outcome in followed.happened}
    step = found[_FIRST][1]
    return AtTheLine({outcome: one for outcome, (one, _) in found.items()}, step, above, below)


def _one_at_the_line(rows: "pd.DataFrame", outcome: str, days: int) -> tuple[Compared, Interval | None]:
    """Return what is found of one outcome, and how much more of the people just above the line were reviewed."""
    events = tuple(int(rows.loc[side, f"{outcome}_after"].sum()) for side in (rows["places"] > 0, rows["places"] < 0))
    before = _at_the_line(rows.assign(reviewed=rows["places"] > 0), f"{outcome}_year_before", alpha=0.01)
    found = _at_the_line(rows, f"{outcome}_after")
    if before is None or found is None:
        return Compared(None, why="too few people stand near the line, or none was reviewed"), None
    alike = Interval(*(rate_of(end, DAYS_BEFORE) for end in _ends(before.effect)))
    effect = Interval(*(rate_of(end, days) for end in _ends(found.effect)))
    if found.step.low < _SMALLEST_STEP:
        why = "who was reviewed does not change enough at the line of the list"
        return Compared(None, before=alike, why=why), found.step
    if alike.tells:
        why = "people just above the line had come more, or less, often than those just below it before any review"
        return Compared(None, before=alike, why=why), found.step
    spread = (effect.high - effect.low) / 2 / stats.norm.ppf(0.975)
    return Compared(effect, float(_DETECTED * spread), alike, (events[0], events[1])), found.step


def matched(followed: Followed) -> Matched:
    """Return what reviews did, against people who were not reviewed and are alike.

    Pairs are of one list, both reviewed before it or neither, and of one practice where that has somebody; each other
    person is used once. Both are followed from the day of the review, on which both are alive and registered; reviews
    too late to be followed to the end are left out. The effect is the mean difference within pairs, less what a
    straight line through them makes of the differences in score, age and admissions that matching left; its interval
    rests on the pairs (Abadie and Spiess 2022, doi:10.1080/01621459.2020.1840383).
    """
    rows = followed.people.assign(
        score=logit(followed.people["risk"]), before=followed.people[f"{_FIRST}_year_before"].astype("float64")
    )
    over = (np.datetime64(followed.known_by) - rows["reviewed_on"]).dt.days >= followed.days
    rows = rows[rows["reviewed_on"].isna() | over]
    reviewed = rows["reviewed_on"].notna()
    pairs = _pairs(rows, reviewed)
    one, other = rows.loc[pairs[:, 0]], rows.loc[pairs[:, 1]]
    differences: dict[str, tuple[float, float | None]] = {}
    for name in _MATCHED_ON:
        of = rows.loc[reviewed, name]
        after = _apart(one[name], other[name], of) if len(pairs) else None
        differences[name] = (_apart(of, rows.loc[~reviewed, name], of), after)
    number, why = int(reviewed.sum()), ""
    if len(pairs) < max(_FEWEST_PAIRS, number / 2):
        why = "most people who were reviewed have nobody like them who was not"
    elif max(abs(after or 0.0) for _, after in differences.values()) > BALANCED:
        why = f"the matches differ from the reviewed by more than {BALANCED} standard deviations"
    if why:
        none = dict.fromkeys(followed.happened, Compared(None, why=why))
        return Matched(none, number, len(pairs), differences, None)
    start = one["reviewed_on"].reset_index(drop=True)
    found, died = {}, []
    left = one[list(_MATCHED_ON)].to_numpy(dtype=np.float64) - other[list(_MATCHED_ON)].to_numpy(dtype=np.float64)
    for outcome, happened in followed.happened.items():
        ones, others = (
            number_between(happened, of["patient_id"].reset_index(drop=True), start, 0, followed.days)
            for of in (one, other)
        )
        found[outcome] = _within_pairs(ones, others, left, followed.days)
    for of in (one, other):
        since = (of["died_on"].reset_index(drop=True) - start).dt.days
        died.append(int(((since >= 0) & (since < followed.days)).sum()))
    return Matched(found, number, len(pairs), differences, (died[0], died[1]))


def _within_pairs(ones: "pd.Series", others: "pd.Series", left: "np.ndarray[Any, Any]", days: int) -> Compared:
    """Return the effect in pairs that differ by what is left (pairs, 3), with errors robust to unequal spread (HC1)."""
    apart = (ones - others).to_numpy(dtype=np.float64)
    design = np.column_stack([np.ones(len(apart)), left[:, left.any(axis=0)]])
    inverse = np.linalg.pinv(design.T @ design)
    fitted = inverse @ design.T @ apart
    freedom = len(apart) - design.shape[1]
    scores = design * (apart - design @ fitted)[:, None]
    variance = inverse @ scores.T @ scores @ inverse * len(apart) / freedom
    value, spread = float(fitted[0]), float(np.sqrt(variance[0, 0]))
    wide = stats.t.ppf(0.975, freedom) * spread
    ends = (rate_of(end, days) for end in (value, value - wide, value + wide))
    return Compared(Interval(*ends), rate_of(_DETECTED * spread, days), events=(int(ones.sum()), int(others.sum())))


def before_after(followed: Followed) -> BeforeAfter:
    """Return how often the reviewed came before and after, and as many others next in score."""
    rows = followed.people.assign(score=logit(followed.people["risk"]))
    reviewed = rows["reviewed_on"].notna()
    others = rows.loc[_next(rows, reviewed)]

    def rates(of: "pd.DataFrame") -> dict[str, tuple[float, float]]:
        return {
            outcome: (
                rate_of(of[f"{outcome}_before"].mean(), followed.days),
                rate_of(of[f"{outcome}_after"].mean(), followed.days),
            )
            for outcome in followed.happened
        }

    return BeforeAfter(rates(rows[reviewed]), rates(others) if len(others) else {}, int(reviewed.sum()), len(others))


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
    for within in (["list_date", "reviewed_before", "practice_code"], ["list_date", "reviewed_before"]):
        taken = {label for pair in pairs for label in pair}
        left = scaled[~scaled.index.isin(taken)]
        for _, group in left.groupby([rows.loc[left.index, name] for name in within]):
            is_one, of = reviewed.loc[group.index], rows.loc[group.index]
            left_on = of["there_until"].fillna(of["died_on"])
            pairs += _paired(group[is_one], group[~is_one], of.loc[is_one, "reviewed_on"], left_on[~is_one])
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _paired(
    ones: "pd.DataFrame", others: "pd.DataFrame", start: "pd.Series", left_on: "pd.Series"
) -> list[tuple[int, int]]:
    """Return each of the ones with the nearest of the others within the calipers, each other used once.

    Who had died or left by the day of the review, from which both are followed, could come to hospital no more.
    """
    values = others.to_numpy(dtype=np.float64)
    free = np.ones(len(others), dtype=bool)
    pairs = []
    # Those with the highest score have the fewest people like them, so they choose first.
    in_order = ones.sort_values("score", ascending=False)
    for label, one in zip(in_order.index, in_order.to_numpy(dtype=np.float64), strict=True):
        there = ~(left_on <= start.loc[label]).to_numpy()
        apart = values - one
        may = free & there & (np.abs(apart) <= _CALIPERS).all(axis=1)
        far = np.where(may, (apart**2).sum(axis=1), np.inf)
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
