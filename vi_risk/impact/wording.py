"""What may be claimed, in sentences: what the interval allows, and no more."""

from collections.abc import Iterator, Mapping
from typing import Any

from vi_risk.impact.outcomes import OUTCOMES


def claim(effect: Mapping[str, float], per: str, of: str, detectable: float | None) -> str:
    """Return what an interval lets one say.

    Examples
    --------
    >>> claim({"value": -0.2, "low": -0.9, "high": 0.4}, "per 100 a month", "joining", 0.8)
    'Between 0.9 fewer and 0.4 more per 100 a month: this cannot tell whether joining changed them. An effect of 0.8 or
     more, either way, would have been found four times in five.'
    >>> claim({"value": -0.5, "low": -0.9, "high": -0.1}, "per 100 a month", "joining", 0.8)
    'Between 0.9 and 0.1 fewer per 100 a month with joining.'
    """
    low, high = effect["low"], effect["high"]
    if high < 0:
        return f"Between {-low:g} and {-high:g} fewer {per} with {of}."
    if low > 0:
        return f"Between {low:g} and {high:g} more {per} with {of}."
    said = f"Between {-low:g} fewer and {high:g} more {per}: this cannot tell whether {of} changed them."
    if detectable is None:
        return said
    return f"{said} An effect of {detectable:g} or more, either way, would have been found four times in five."


def sentences(content: Mapping[str, Any]) -> Iterator[str]:
    """Give what is claimed of each part, first things first, of the content of impact.json."""
    practices, reviewed = content["practices"], content["reviewed"]
    if practices is not None:
        for outcome, one in practices["outcomes"].items():
            yield f"{upper(OUTCOMES[outcome])}: {of_joining(one)}"
    if reviewed is not None:
        for by, name in (("at the line of the list", "at_the_line"), ("against people like them", "matched")):
            for said in of_reviews(reviewed[name]["outcomes"]):
                yield f"Reviews, {by}: {said}"
    for why in content["untold"].values():
        yield f"Not told: {why}"


def of_joining(one: Mapping[str, Any]) -> str:
    """Return what is claimed of one outcome of joining."""
    if one["effect"] is None:
        return f"no effect is told, as {one['why_not']}."
    said = claim(one["effect"], "per 100 registered a month", "joining", one["detectable"])
    effect, ratio = one["effect"], one["ratio"]
    if effect["low"] * effect["high"] > 0 and ratio is not None and ratio["low"] <= 1 <= ratio["high"]:
        return (
            f"{said} The rate ratio ({ratio['low']:g} to {ratio['high']:g}) holds 1, so practices compared by ratios"
            " would not tell it: take it with caution."
        )
    return said


def of_reviews(outcomes: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Give what is claimed of reviews, by outcome; once for those of which nothing is told for the same reason."""
    untold: dict[str, list[str]] = {}
    for outcome, one in outcomes.items():
        if one["effect"] is None:
            untold.setdefault(one["why_not"], []).append(OUTCOMES[outcome])
        else:
            yield claim(one["effect"], f"{OUTCOMES[outcome]} per 100 such people a month", "reviews", one["detectable"])
    for why, names in untold.items():
        of = "" if len(names) == len(outcomes) else f" on {' and '.join(names)}"
        yield f"no effect{of} is told, as {why}."


def upper(words: str) -> str:
    """Return words with a capital first letter.

    >>> upper("A&E attendances"), upper("emergency admissions")
    ('A&E attendances', 'Emergency admissions')
    """
    return words[:1].upper() + words[1:]
