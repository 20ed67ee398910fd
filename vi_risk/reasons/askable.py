"""What prompts may ask about and say: which columns there are, what they can be, how their values are written."""

import math
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Literal

from vi_risk.features.definition import INTERVAL_MEASURES, Feature
from vi_risk.features.seen import CERTAIN_VALUES, FLAGS, ONLY_GROW
from vi_risk.features.sources import tables_behind
from vi_risk.reasons.sentences import ago, number, percent
from vi_risk.reasons.when import When
from vi_risk.records.codes import MDT_DECISION
from vi_risk.records.tables import Holder

Saying = Literal["number", "percent", "ago"]
Span = tuple[float, float]

# What the people of a list are known by beside their features -> the values that there can be.
PEOPLE_COLUMNS: Mapping[str, Span] = MappingProxyType(
    {
        "age": (0, math.inf),
        "in_hospital": (0, 1),
        "risk": (0, 1),
        "risk_of_death": (0, 1),
        "risk_3m": (0, 1),
        "listed_in_refits": (0, 1),
        "rank": (1, math.inf),
        "days_since_review": (1, math.inf),
        "review_open": (0, 1),
        "days_since_review_due": (0, math.inf),
        **{f"review_{decision}": (0.0, 1.0) for decision in MDT_DECISION},
        "days_since_discharge": (1, math.inf),
    }
)

_SAID_OF_PEOPLE: Mapping[str, Saying] = MappingProxyType(
    {
        **dict.fromkeys(("age", "rank"), "number"),
        **dict.fromkeys(("risk", "risk_of_death", "risk_3m", "listed_in_refits"), "percent"),
        **dict.fromkeys(("days_since_review", "days_since_review_due", "days_since_discharge"), "ago"),
    }
)

_YES_OR_NO = (*FLAGS, "is", "latest_is")
_DAYS_SINCE = ("days_since_last", "days_since_first")
_FROM_ZERO = ("count", "distinct", "rise", "groups", "age")
_DAYS_INSIDE = (*INTERVAL_MEASURES, "seen_days")
_OBJECTIONS = "objections"  # the table of them

SAY: Mapping[Saying, Callable[[float], str]] = {
    "number": number,
    "percent": percent,
    "ago": lambda days: ago(round(days)),
}


def objecting(columns: Iterable[str], features: Mapping[str, Feature]) -> list[str]:
    """Say which columns tell of objections. In `unless` too: "at most 0" there would ask of those who object alone."""
    return [
        f"{column}: an objection is never said beside a name, and a prompt is. Leave it out; a [standing] of the"
        " case list can keep such people off."
        for column in dict.fromkeys(columns)
        if column in features and _OBJECTIONS in tables_behind(features[column].definition.table)
    ]


def bounded_above(conditions: Iterable[When]) -> set[str]:
    """Return the columns of which conditions say "so much at most": a value that was not found may meet them."""
    return {
        column
        for condition in conditions
        for alternative in condition.alternatives
        for column, bounds in alternative.items()
        if bounds.max < math.inf or bounds.below is not None
    }


def counts_on(named: Iterable[str], features: Mapping[str, Feature]) -> frozenset[str]:
    """Return the features that a shorter look-back would make say what is not known; a day that was found stands."""
    return frozenset(name for name in named if features[name].definition.measure not in CERTAIN_VALUES)


def none_of(bounded: Iterable[str], features: Mapping[str, Feature]) -> Mapping[str, Holder]:
    """Return those that are zero where no row was found, and who holds their rows."""
    counted = {name: features[name].definition for name in sorted(bounded)}
    return MappingProxyType(
        {name: one.source.held_by for name, one in counted.items() if one.measure in (*FLAGS, *ONLY_GROW)}
    )


def never_met(condition: When, features: Mapping[str, Feature]) -> list[str]:
    """Say which conditions no person can meet: each one that stands beside them is then asked in vain."""
    faults = []
    for alternative in condition.alternatives:
        for column, bounds in alternative.items():
            least, most = _span(column, features)
            if bounds.min > most or bounds.max < least:
                faults.append(f"{column}: can never hold, as it lies between {least:g} and {most:g}. Mend its bounds.")
            if column in (bounds.above, bounds.below):
                faults.append(f"{column}: can never hold, as it is compared with itself. Name another column.")
    return faults


def _span(column: str, features: Mapping[str, Feature]) -> Span:
    """Return the least and the most that a column can be."""
    if column not in features:
        return PEOPLE_COLUMNS.get(column, (-math.inf, math.inf))
    definition, window = features[column].definition, features[column].window or math.inf
    measure = definition.measure
    if definition.at_least is not None or measure in (*_YES_OR_NO, "share"):
        return 0, 1
    if measure in _DAYS_SINCE:
        return 1, window
    if measure in _DAYS_INSIDE:
        return 0, window
    return (0 if measure in _FROM_ZERO else -math.inf), math.inf


def saying_of(column: str, features: Mapping[str, Feature]) -> Saying | None:
    """Return how the value of a column is written; None of one that says yes or no, or is not there."""
    if column in PEOPLE_COLUMNS:
        return _SAID_OF_PEOPLE.get(column)
    if column not in features:
        return None
    definition = features[column].definition
    if definition.at_least is not None or definition.measure in _YES_OR_NO:
        return None
    if definition.measure in _DAYS_SINCE:
        return "ago"
    return "percent" if definition.measure in ("share", "rise") else "number"
