"""What was found, as others than the direct-care team may be told it: the content of impact.json.

Numbers of people and admissions go by the rule of small numbers; rates of a group of people are those of its rounded
numbers; an effect of which fewer events were seen than may be told is not told either.
"""

from typing import Any

from vi_risk.governance.small_numbers import Disclosure
from vi_risk.impact.finding import Impact, Practices, Reviewed
from vi_risk.impact.joining import Interval, Joining
from vi_risk.impact.listed import rate_of
from vi_risk.impact.reviewing import BALANCED, Compared

PRETREND = 0.05  # practices that moved apart before joining by less than this chance are not compared
PUBLISHED = (
    {
        "where": "ten practices integrated with the trust in Wolverhampton, each against its synthetic control",
        "effect": (
            "-0.11 unplanned admissions per 100 patients a month (95 % interval -0.18 to -0.045), -0.021 readmissions"
            " (-0.037 to -0.0049), no significant change in A&E attendances"
        ),
        "source": "Yu V and others 2020, British Journal of General Practice 70(699):e705-e713",
    },
    {
        "where": "practices in England in the two years after a trust took them on, against controls",
        "effect": (
            "rate ratio of emergency admissions 0.97 (95 % interval 0.95 to 0.99), of A&E attendances 0.98 (0.96 to"
            " 0.99), of emergency readmissions 0.95 (0.91 to 1.00)"
        ),
        "source": "Saunders C and others 2024, BJGP Open 8(2), BJGPO.2023.0231",
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
                "gap": _interval(gap.gap),
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
    elif one.pretrend is None:
        why = "there is too little time before joining to ask whether the practices had moved apart"
    elif one.pretrend.p_value < PRETREND:
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
        "pretrend": None if one.pretrend is None else {"p_value": round(one.pretrend.p_value, 2)},
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
            "outcomes": {name: _compared(one, few, rule) for name, one in line.outcomes.items()},
            "step": None if few or line.step is None else _interval(line.step),
            "above": rule.count(line.above),
            "below": rule.count(line.below),
        },
        "matched": {
            "outcomes": {name: _compared(one, few, rule) for name, one in pairs.outcomes.items()},
            "reviewed": rule.count(pairs.reviewed),
            "pairs": rule.part(pairs.pairs, pairs.reviewed),
            "died": None if pairs.died is None else [rule.count(number) for number in pairs.died],
            "largest_difference_allowed": BALANCED,
            "differences": {}
            if few
            else {
                name: [round(before, 2), None if after is None else round(after, 2)]
                for name, (before, after) in pairs.differences.items()
            },
        },
        "before_after": {
            "reviewed": _rates(naive.reviewed, naive.people, of.days, rule),
            "others": _rates(naive.others, naive.next_people, of.days, rule),
        },
    }


def _compared(one: Compared, few: bool, rule: Disclosure) -> dict[str, Any]:
    why = one.why
    if few:
        why = "too few people were reviewed to be told"
    elif one.effect is not None and (any(map(rule.is_small, one.events)) or not any(one.events)):
        why = "too few were seen to be told"
    return {
        "effect": None if why or one.effect is None else _interval(one.effect),
        "why_not": why,
        "detectable": None if why or one.detectable is None else round(one.detectable, 1),
        "before": None if few or one.before is None else _interval(one.before),
    }


def _rates(
    of: dict[str, tuple[float, float]], people: int, days: int, rule: Disclosure
) -> dict[str, list[float | None]]:
    return {name: [_rate(rate, people, days, rule) for rate in rates] for name, rates in of.items()}


def _rate(rate: float, people: int, days: int, rule: Disclosure) -> float | None:
    """Return a rate as that of a rounded number of admissions among a rounded number of people."""
    admissions, of = rule.count(round(rate / rate_of(1, days) * people)), rule.count(people)
    return None if admissions is None or not of else round(rate_of(admissions / of, days), 1)


def _interval(one: Interval) -> dict[str, float]:
    return {"value": round(one.value, 2), "low": round(one.low, 2), "high": round(one.high, 2)}
