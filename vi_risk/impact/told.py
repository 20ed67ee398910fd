"""What was found, as others than the direct-care team may be told it: the content of impact.json.

Numbers of people and admissions go by the rule of small numbers; rates of a group of people are those of its rounded
numbers; an effect of which fewer events were seen than may be told is not told either.
"""

from typing import Any

from vi_risk.governance.small_numbers import Disclosure
from vi_risk.impact.finding import Impact, Practices, Reviewed
from vi_risk.impact.joining import Interval, Joining
from vi_risk.impact.listed import rate_of
from vi_risk.impact.reviewing import BALANCED

PRETREND = 0.05  # practices that moved apart before joining by less than this chance are not compared
PUBLISHED = (
    {
        "where": "ten Wolverhampton practices, vertically integrated",
        "effect": "-0.11 unplanned admissions per 100 patients a month",
        "source": "Yu and others 2020",
    },
    {
        "where": "26 trusts in England",
        "effect": "rate ratio of emergency admissions 0.97 (0.95 to 0.99)",
        "source": "Saunders and others",
    },
)


def told(found: Impact) -> dict[str, Any]:
    """Return the content of impact.json."""
    return {
        "practices": None if found.practices is None else _practices(found.practices, found.rule),
        "reviewed": None if found.reviewed is None else _reviewed(found.reviewed, found.rule),
        "untold": {part: found.rule.sentence(why) for part, why in found.untold.items()},
        "notes": [found.rule.sentence(note) for note in found.notes],
        "published": [dict(one) for one in PUBLISHED],
    }


def _practices(of: Practices, rule: Disclosure) -> dict[str, Any]:
    return {
        "first_month": f"{of.first:%Y-%m}",
        "last_month": f"{of.last:%Y-%m}",
        "joined": of.joined,
        "never": of.never,
        "outcomes": {one.outcome: _joining(one, rule) for one in of.outcomes},
        "synthetic_control": [
            {
                "practice_code": gap.practice_code,
                "gap": round(gap.gap, 2),
                "before": round(gap.before, 2),
                "others": gap.others,
                "p_value": round(gap.p_value, 2),
            }
            for gap in of.gaps
        ],
        "without_synthetic_control": of.without_gap,
    }


def _joining(one: Joining, rule: Disclosure) -> dict[str, Any]:
    why = ""
    if rule.is_small(one.events) or one.events == 0:
        why = "too few were seen after joining to be told"
    elif one.pretrend is not None and one.pretrend.p_value < PRETREND:
        why = "the practices had moved apart before they joined"
    small = rule.is_small(one.events)
    return {
        "events": rule.count(one.events),
        "why_not": why,
        "effect": None if why else _interval(one.effect),
        "ratio": None if why or one.ratio is None else _interval(one.ratio),
        "usual": None if small else round(one.usual, 2),
        "detectable": round(one.detectable, 2),
        "before_after": [None if small else round(rate, 2) for rate in one.before_after],
        "pretrend": None
        if one.pretrend is None
        else {"p_value": round(one.pretrend.p_value, 2), "points": one.pretrend.points},
        "points": []
        if small
        else [{"from": point.since, "to": point.until, **_interval(point.effect)} for point in one.points],
    }


def _reviewed(of: Reviewed, rule: Disclosure) -> dict[str, Any]:
    line, pairs, naive = of.at_the_line, of.matched, of.before_after
    few = rule.is_small(naive.people)
    return {
        "lists": [day.isoformat() for day in of.lists],
        "days": of.days,
        "people": rule.count(naive.people),
        "at_the_line": {
            "effect": None if few or line.effect is None else _interval(line.effect),
            "why_not": "too few people were reviewed to be told" if few else line.why,
            "step": None if few or line.step is None else _interval(line.step),
            "before": None if few or line.before is None else _interval(line.before),
            "detectable": None if line.detectable is None else round(line.detectable, 1),
            "above": rule.count(line.above),
            "below": rule.count(line.below),
        },
        "matched": {
            "effect": None if few or pairs.effect is None else _interval(pairs.effect),
            "why_not": "too few people were reviewed to be told" if few else pairs.why,
            "detectable": None if pairs.detectable is None else round(pairs.detectable, 1),
            "reviewed": rule.count(pairs.reviewed),
            "pairs": rule.part(pairs.pairs, pairs.reviewed),
            "largest_difference_allowed": BALANCED,
            "differences": {}
            if few
            else {
                name: [round(before, 2), None if after is None else round(after, 2)]
                for name, (before, after) in pairs.differences.items()
            },
        },
        "before_after": {
            "reviewed": [_rate(rate, naive.people, of.days, rule) for rate in naive.reviewed],
            "others": None
            if naive.others is None
            else [_rate(rate, naive.people, of.days, rule) for rate in naive.others],
        },
    }


def _rate(rate: float, people: int, days: int, rule: Disclosure) -> float | None:
    """Return a rate as that of a rounded number of admissions among a rounded number of people."""
    admissions, of = rule.count(round(rate / rate_of(1, days) * people)), rule.count(people)
    return None if admissions is None or not of else round(rate_of(admissions / of, days), 1)


def _interval(one: Interval) -> dict[str, float]:
    return {"value": round(one.value, 2), "low": round(one.low, 2), "high": round(one.high, 2)}
