"""The numbers behind the page of pathways as others than the team may see them, by the rule of small numbers.

A practice is a part of its network and of the trust, and the days before and after an admission are parts of those
sides, so that a number that is not told could be worked out from the others: each of these is a table of the rule
(`vi_risk.governance.small_numbers.Disclosure.table`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from vi_risk.caselists.packs.pathway_groups import Told
from vi_risk.cohort.pathway_people import AFTER, BEFORE
from vi_risk.cohort.pathways import TENS, Span
from vi_risk.governance.small_numbers import Disclosure

ByGroup = Mapping[str, int | None]  # code of the group -> its number; None is not told
_ByPractice = Mapping[str, int]
_COLUMNS = ("practice_code", "setting", "from_day", "to_day", "people", "died", "contacts")


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of each group that may be told, rounded by the rule; None is not told.

    Attributes
    ----------
    seen
        Setting -> people seen in it.
    contacts
        Setting, span -> contacts.
    admitted, died
        People admitted, and of them those who died within 90 days.
    """

    seen: Mapping[str, ByGroup]
    contacts: Mapping[tuple[str, Span], ByGroup]
    admitted: ByGroup
    died: ByGroup


def numbers_of(pathways: pd.DataFrame, groups: Sequence[Told], rule: Disclosure) -> Numbers:
    """Return what may be told of each group.

    Parameters
    ----------
    pathways
        Of the practices of `groups` and no others.
    """
    people: dict[str, dict[str, int]] = defaultdict(dict)
    contacts: dict[tuple[str, Span], dict[str, int]] = defaultdict(dict)
    admitted: dict[str, int] = {}
    died: dict[str, int] = {}
    for practice, setting, start, end, *numbers in zip(*(pathways[name].tolist() for name in _COLUMNS), strict=True):
        people[setting][practice], died_there, contacts[setting, (start, end)][practice] = numbers
        admitted[practice] = max(admitted.get(practice, 0), people[setting][practice])
        died[practice] = max(died.get(practice, 0), died_there)
    seen = {setting: _family(of, groups, rule) for setting, of in people.items()}
    told = {
        (setting, span): _family(of, groups, rule, _not_told(seen[setting])) for (setting, span), of in contacts.items()
    }
    of_admitted = _family(admitted, groups, rule)
    few = _not_told(of_admitted) | {
        group.code for group in groups if rule.part(_of(group, died), _of(group, admitted)) is None
    }
    return Numbers(seen, told | dict(_all_or_none(told)), of_admitted, _family(died, groups, rule, few))


def _family(
    numbers: _ByPractice, groups: Sequence[Told], rule: Disclosure, untold: Collection[str] = ()
) -> dict[str, int | None]:
    """Return the number of each group as it may be told, `groups` with the wider first.

    Each group is the total of those within it and of the practices that are shown with it alone. Of one that is left
    out beside a small one nothing within is told either: added up, it would be told.
    """
    whole = {group.code: _of(group, numbers) for group in groups}
    found = {code: None if code in untold else rule.count(number) for code, number in whole.items()}
    for wider in groups:
        within = [group for group in groups if group.within[:1] == (wider.code,)]
        alone = set(wider.practices).difference(*(group.practices for group in within)) if within else set()
        parts = {group.code: whole[group.code] for group in within} | {code: numbers.get(code, 0) for code in alone}
        left_out = found[wider.code] is None and not rule.is_small(whole[wider.code])
        not_told = {group.code for group in within if left_out or found[group.code] is None}
        told = rule.table(parts, not_told | alone)
        found |= {group.code: told[group.code] for group in within}
    return found


def _all_or_none(contacts: Mapping[tuple[str, Span], ByGroup]) -> Iterator[tuple[tuple[str, Span], ByGroup]]:
    """Yield the ten days of each side, told all or none: one of them left out could be worked out from the others."""
    for (setting, side), of_side in contacts.items():
        if side not in (BEFORE, AFTER):
            continue
        tens = [(setting, span) for span in TENS if side[0] <= span[0] < side[1]]
        left_out = _not_told(of_side).union(*(_not_told(contacts[ten]) for ten in tens))
        for ten in tens:
            yield ten, {code: contacts[ten][code] if code not in left_out else None for code in of_side}


def _of(group: Told, numbers: _ByPractice) -> int:
    return sum(numbers.get(code, 0) for code in group.practices)


def _not_told(numbers: ByGroup) -> set[str]:
    return {code for code, number in numbers.items() if number is None}
