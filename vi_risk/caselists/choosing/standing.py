"""What sets people apart whatever their risk: in hospital, in a care home, reviewed of late, objecting.

Each such standing is declared in caselist.toml with its words, when it holds, and what a list does with it. Nobody is
left out in silence: whoever is kept off is counted under the words, and named where a place would have been theirs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from vi_risk.caselists.choosing.tie_band import BY_LOT, IN_BAND
from vi_risk.reasons.when import When, read_when

Does = Literal["exclude", "flag", "nothing"]

OBJECTION = "objects to risk stratification"  # counted under these words, and never named
NOT_SCORED = "has no risk"
OBJECTS = "objects"  # the column of the people frame that says so
_KEYS = ("words", "when", "do")


@dataclass(frozen=True, slots=True)
class Standing:
    """One declared standing.

    Attributes
    ----------
    words
        As a team says it: "in hospital now".
    do
        "exclude" keeps people off the list, "flag" says it beside the name, "nothing" neither.
    """

    name: str
    words: str
    when: When
    do: Does

    @property
    def is_objection(self) -> bool:
        """Whether it asks about an objection: such people are counted, and never named."""
        return any(column.startswith("objection") for column in self.when.columns)


def kept_off(people: pd.DataFrame, standing: Sequence[Standing]) -> "np.ndarray[Any, np.dtype[np.object_]]":
    """Return for each person the words of what keeps them off the list, "" where nothing does.

    An objection to risk stratification comes first and is no rule of a site; then the standings that exclude, in the
    order of their declaration.
    """
    found = np.full(len(people), "", dtype=object)
    for one in standing:
        if one.do == "exclude":
            found[one.when.holds(people) & (found == "")] = one.words
    if OBJECTS in people:
        found[people[OBJECTS].to_numpy(dtype=float) > 0] = OBJECTION
    return found


def excluding(standing: Sequence[Standing]) -> tuple[str, ...]:
    """Return the words of the standings that keep people off, in the order of their declaration."""
    return tuple(one.words for one in standing if one.do == "exclude")


def flags_of(people: pd.DataFrame, standing: Sequence[Standing]) -> list[str]:
    """Return the words of the standings that are said beside each name, joined; "" where there are none.

    Of listed people whose place was drawn by lot, that is said too.
    """
    holds = [(one.words, one.when.holds(people)) for one in standing if one.do == "flag"]
    if IN_BAND in people:
        holds.append((BY_LOT, people[IN_BAND].to_numpy(dtype=bool)))
    return ["; ".join(words for words, of_each in holds if of_each[row]) for row in range(len(people))]


def read_standing(shipped: Mapping[str, Mapping[str, Any]], given: object) -> tuple[tuple[Standing, ...], list[str]]:
    """Return the shipped standings with what a site gives for them, then the site's own; and every fault.

    Parameters
    ----------
    given
        The [standing] table of a site's file: name -> words, when, do. Of a shipped one any of the keys may be given.
    """
    if not isinstance(given, dict) or not all(isinstance(entry, dict) for entry in given.values()):
        return (), [f"standing: expected [standing.name] tables, found {given!r}. Write words, when and do in each."]
    found: list[Standing] = []
    faults: list[str] = []
    for name, entry in {**shipped, **given}.items():
        content = {**shipped.get(name, {}), **entry}
        wrong = [
            f"{key}: is not a known key. Expected one of: {', '.join(_KEYS)}. Remove it or check its spelling."
            for key in content
            if key not in _KEYS
        ]
        wrong += [f"{key}: is missing. Add it." for key in _KEYS if key not in content]
        words, do = content.get("words", name), content.get("do", "flag")
        if not isinstance(words, str) or not words.strip():
            wrong.append(f"words: expected text in quotes, found {words!r}. Write what a team calls it.")
        if do not in get_args(Does):
            wrong.append(f"do: expected one of {', '.join(get_args(Does))}, found {do!r}. Choose one of them.")
        when, when_faults = read_when(content["when"]) if "when" in content else (When(), [])
        wrong += [f"{fault}." for fault in when_faults]
        faults += [f"standing.{name}: {fault}" for fault in wrong]
        if not wrong:
            found.append(Standing(name, words, when, do))
    faults += standing_faults(found)
    return tuple(found), faults


def standing_faults(standing: Sequence[Standing]) -> list[str]:
    """Return what is wrong with standings taken together."""
    words = [one.words for one in standing]
    faults = [
        f"standing: words: expected each once, found {text!r} again. People are counted by them: change one."
        for text in sorted({text for text in words if words.count(text) > 1})
    ]
    faults += [
        f"standing.{one.name}: do: an objection is never said beside a name, found 'flag'. Write exclude or nothing."
        for one in standing
        if one.do == "flag" and one.is_objection
    ]
    return faults
