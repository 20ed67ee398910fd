"""Of whom the page of pathways tells: the trust, its networks and its practices, and nothing that rests on a few.

The page is read by people who do not care for these patients too: what rests on 1 to 7 contacts or people is not told,
nor what would let such a number be worked out from those of others.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from vi_risk.cohort.pathways import Span
from vi_risk.models.evidence.subgroups import FEWEST_OF_A_SHARE, hidden

TRUST = ""  # the code of everyone together
FEWEST_ADMITTED = 50  # of a practice with figures of its own: of fewer, most settings would be too few to tell
DIED = "died"  # in the place of a setting, in what is not told

_NETWORK = "network:"  # before the name, so that no practice's code is a network's
_ROUNDED_TO = 5  # people, as in the published statistics of hospital care

Practices = Mapping[str, Mapping[str, str | None]]
# setting, span -> codes of the groups of which it is not told; of `DIED`, no span
Untold = Mapping[tuple[str, Span | None], set[str]]


@dataclass(frozen=True, slots=True)
class Told:
    """A group of people that the page tells of.

    Attributes
    ----------
    practices
        Codes of the practices told together.
    within
        Codes of the wider groups that stand beside it, the nearest first.
    joined
        Titles of practices too small for figures of their own, which are shown here.
    """

    code: str
    title: str
    practices: tuple[str, ...]
    within: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reader can choose to see: a practice shown with others leads to their group."""

    code: str
    words: str
    group: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who is told of, who can be asked for, and the titles of practices outside the trust that are left out."""

    groups: tuple[Told, ...]
    choices: tuple[Choice, ...]
    left_out: tuple[str, ...]


def chosen(pathways: pd.DataFrame, practices: Practices, without: Collection[str] = ()) -> Chosen:
    """Return the groups: the trust first, then networks of two practices or more, then practices.

    A practice of which fewer than `FEWEST_ADMITTED` people were admitted is shown with its network, or where it has
    none, with the trust.

    Parameters
    ----------
    without
        Codes of practices outside the trust: nothing is told of their people, and they are in no other figures.
    """
    admitted = pathways.groupby("practice_code")["people"].max()
    left_out = [str(code) for code in admitted.index if code in without]
    inside = [str(code) for code in admitted.index if code not in without]
    titles = {code: _title(code, practices) for code in inside}
    if len(inside) == 1:
        (code,) = inside
        title = titles[code] if code in practices else "Everyone"
        return Chosen((Told(TRUST, title, (code,)),), (Choice(TRUST, title, TRUST),), _titles(left_out, practices))
    networks = _networks(inside, practices)
    network_of = {code: name for name, members in networks.items() for code in members}
    small = {code: network_of.get(code, TRUST) for code in inside if admitted[code] < FEWEST_ADMITTED}
    wider = {TRUST: "The whole trust"} | {name: name.removeprefix(_NETWORK) for name in networks}
    groups = [
        Told(
            code,
            title,
            tuple(networks.get(code, inside)),
            () if code == TRUST else (TRUST,),
            tuple(titles[each] for each, group in small.items() if group == code),
        )
        for code, title in wider.items()
    ]
    groups += [
        Told(code, titles[code], (code,), (*([network_of[code]] if code in network_of else []), TRUST))
        for code in inside
        if code not in small
    ]
    choices = [Choice(code, title, code) for code, title in wider.items()]
    for code, title in titles.items():
        with_others = f": shown with {_within_words(wider[small[code]])}" if code in small else ""
        choices.append(Choice(code, title + with_others, small.get(code, code)))
    if not inside:
        groups, choices = [], []
    return Chosen(tuple(groups), tuple(choices), _titles(left_out, practices))


def _networks(codes: Sequence[str], practices: Practices) -> dict[str, list[str]]:
    """Return the networks of two practices or more that are not everyone, by code."""
    members: dict[str, list[str]] = {}
    for code in codes:
        if name := practices.get(code, {}).get("network"):
            members.setdefault(f"{_NETWORK}{name}", []).append(code)
    return {name: members[name] for name in sorted(members) if 1 < len(members[name]) < len(codes)}


def _title(code: str, practices: Practices) -> str:
    name = practices.get(code, {}).get("name")
    return f"{name} ({code})" if name else code


def _titles(codes: Sequence[str], practices: Practices) -> tuple[str, ...]:
    return tuple(_title(code, practices) for code in codes)


def _within_words(title: str) -> str:
    return title[0].lower() + title[1:] if title.startswith("The ") else title


# --- small numbers ---------------------------------------------------------------------------------------------------


def untold(pathways: pd.DataFrame, groups: Sequence[Told]) -> Untold:
    """Return of whom each rate is not told: it rests on 1 to 7 contacts or people, or would tell one that does.

    Parameters
    ----------
    pathways
        Of the practices of `groups` and no others.
    """
    found: dict[tuple[str, Span | None], set[str]] = {}
    for (setting, start, end), rows in pathways.groupby(["setting", "from_day", "to_day"]):
        by_practice = _of_practices(rows, "contacts"), _of_practices(rows, "people")
        key = (str(setting), _span(start, end))
        found[key] = _untold_of(*by_practice, groups)
    of_all = pathways.groupby("practice_code", as_index=False)[["people", "died"]].max()
    of_practices = _of_practices(of_all, "died"), _of_practices(of_all, "people")
    return found | {(DIED, None): _untold_of(*of_practices, groups)}


def _span(start: Any, end: Any) -> Span:
    return int(start), int(end)


def _of_practices(rows: pd.DataFrame, column: str) -> dict[str, int]:
    return dict(zip(rows["practice_code"].astype(str), rows[column].astype(int), strict=True))


def _untold_of(numbers: Mapping[str, int], people: Mapping[str, int], groups: Sequence[Told]) -> set[str]:
    """Return the groups whose number is not told: of each group those in it, then those of the trust."""
    number = {group.code: sum(numbers[code] for code in group.practices) for group in groups}
    few = {group.code for group in groups if is_few(sum(people[code] for code in group.practices))}
    found = few | {code for code, count in number.items() if is_few(count)}
    shown = set(number) - few
    for wider in groups:
        within = [group for group in groups if group.within[:1] == (wider.code,)]
        if not within:
            continue
        alone = set(wider.practices).difference(*(group.practices for group in within))  # shown with it only
        parts = {group.code: number[group.code] for group in within}
        rest = {code: numbers[code] for code in alone}
        found |= hidden(parts | rest, shown & set(parts)) & set(parts)
    # Of a group that is not told, its practices together would tell.
    for group in groups:
        if group.code in found and group.code != TRUST and not is_few(number[group.code]):
            found |= {part.code for part in groups if group.code in part.within}
    return found


def is_few(number: float) -> bool:
    """Return whether a number is so small that it could tell of somebody."""
    return 0 < number < FEWEST_OF_A_SHARE


def people_in_words(number: int) -> str:
    """Return a number of people, from 1 to 7 as that, and others rounded to the nearest five.

    Examples
    --------
    >>> people_in_words(0), people_in_words(3), people_in_words(8), people_in_words(1243)
    ('no people', '1 to 7 people', 'about 10 people', 'about 1,245 people')
    """
    if not number:
        return "no people"
    if is_few(number):
        return f"1 to {FEWEST_OF_A_SHARE - 1} people"
    return f"about {_ROUNDED_TO * round(number / _ROUNDED_TO):,} people"
