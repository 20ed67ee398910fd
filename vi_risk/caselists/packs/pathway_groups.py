"""Of whom the page of pathways tells: the trust, its networks and its practices."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

TRUST = ""  # the code of everyone together
FEWEST_ADMITTED = 50  # of a practice with figures of its own: of fewer, most settings would be too few to tell

_NETWORK = "network:"  # before the name, so that no practice's code is a network's

Practices = Mapping[str, Mapping[str, str | None]]


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
        return Chosen((Told(TRUST, title, (code,)),), (Choice(TRUST, title, TRUST),), titles_of(left_out, practices))
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
    return Chosen(tuple(groups), tuple(choices), titles_of(left_out, practices))


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


def titles_of(codes: Sequence[str], practices: Practices) -> tuple[str, ...]:
    """Return what practices are called, with their codes."""
    return tuple(_title(code, practices) for code in codes)


def _within_words(title: str) -> str:
    return title[0].lower() + title[1:] if title.startswith("The ") else title
