"""An attacker reads all that the page of pathways tells of made-up trusts, and works out no number from 1 to 7.

Granted are the rule, the exact numbers of the whole trust but for those of ten days, which parts are small, how many
days each person is there on average, and every digit of a rate, as if it had been measured in the pictures.
"""

import re
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.unit.evidence.attacker import Attack, Name
from vi_risk.caselists.packs.pathway_groups import TRUST, Told, chosen
from vi_risk.caselists.packs.pathway_pictures import Rate
from vi_risk.caselists.packs.pathway_rates import TOO_FEW, groups_of
from vi_risk.cohort.pathway_people import AFTER, BASELINE, BEFORE
from vi_risk.cohort.pathways import PATHWAY_COLUMNS, SPANS, TENS, Span
from vi_risk.governance.small_numbers import Disclosure

_TELLING = (33, 60, 75, 102, 135, 140)  # of 150 trusts those in which rounding alone leaves too little room
_TRIED = (*range(20), *_TELLING)
_OF_TENS = {str(span) for span in TENS}  # told all or none, so that nobody knows in which there was nothing
_LOST = 0.94  # of the days that people could be there after the admission
Trust = tuple[pd.DataFrame, dict[str, dict[str, str | None]]]


class WithoutASecondPart(Disclosure):
    """The rule without its second half: what a small part leaves to who subtracts is not looked at."""

    def _can_be_worked_out(self, *_: object) -> bool:
        return False


@cache
def made_up(seed: int) -> Trust:
    """Return the pathways of a trust of a few practices, large and small, some in networks; and those practices."""
    draw = np.random.default_rng(seed)
    practices: dict[str, dict[str, str | None]] = {}
    rows: list[dict[str, Any]] = []
    often = draw.choice([0.02, 0.2, 1.0, 4.0])
    for code in "ABCDEFG"[: draw.integers(2, 8)]:
        practices[code] = {"name": None, "network": draw.choice(["N", "S", None], p=[0.4, 0.4, 0.2])}
        people = int(draw.choice([3, 20, 55, 80, 150]))
        died = int(draw.binomial(people, draw.choice([0.02, 0.1])))
        busy = draw.choice([0.1, 1, 3])
        tens = {span: int(draw.poisson(often * busy)) for span in TENS}
        sides = {side: sum(tens[span] for span in TENS if side[0] <= span[0] < side[1]) for side in (BEFORE, AFTER)}
        contacts = {BASELINE: int(draw.poisson(9 * often * busy)), **sides, **tens}
        for span in SPANS:
            days = _days(people, span)
            squares = dict.fromkeys(("contacts_squared", "contacts_by_baseline"), 2 * contacts[span])
            squares |= dict.fromkeys(("days_squared", "days_by_baseline"), days * days // people)
            rows.append(
                {
                    "practice_code": code,
                    "setting": "gp",
                    "from_day": span[0],
                    "to_day": span[1],
                    "people": people,
                    "died": died,
                    "contacts": contacts[span],
                    "person_days": days,
                    "contacts_by_days": contacts[span] * days // people,
                    **squares,
                }
            )
    return pd.DataFrame(rows, columns=list(PATHWAY_COLUMNS)), practices


def _days(people: int, span: Span) -> int:
    return round(people * (span[1] - span[0]) * (_LOST if span[0] > 0 else 1))


def attack(trust: Trust, rule: Disclosure) -> tuple[Attack, dict[Name, int]]:
    """Return what can be known of the numbers of a trust, and what they are; names are (what, span, code)."""
    pathways, practices = trust
    who = chosen(pathways, practices).groups
    truth = _numbers(pathways, who)
    known = Attack(rounded=True)
    for group, told in zip(who, groups_of(pathways, who, rule), strict=True):
        (setting,) = told.settings
        people = _people(known, ("seen", "", group.code), setting.own.people)
        admitted = _people(known, ("admitted", "", group.code), told.people)
        died = re.match(r"(\d+) in 100", told.died)
        known.share(("died", "", group.code), float(died[1]) / 100 if died else None, admitted, digits=0.005)
        of_spans = (setting.own.baseline, setting.own.before, setting.own.after, *setting.own.tens)
        for span, rate in zip(SPANS, of_spans, strict=True):
            exact_days = pathways[pathways["practice_code"].isin(group.practices)]
            at = exact_days[(exact_days["from_day"] == span[0]) & (exact_days["to_day"] == span[1])]
            each = at["person_days"].sum() / at["people"].sum()
            _contacts(known, ("contacts", str(span), group.code), rate, people, each)
    whats = {name[:2] for name in truth}
    codes = pathways["practice_code"].unique()
    for what in whats:
        # Where all parts are small nothing is left to leave out.
        if what[1] not in _OF_TENS and any(truth[*what, code] >= 8 for code in codes):
            known.learn((*what, TRUST), (truth[*what, TRUST],) * 2)
        for group in who:
            within = [part for part in who if part.within[:1] == (group.code,)]
            alone = set(group.practices).difference(*(part.practices for part in within)) if within else set()
            parts = [(*what, code) for code in (*(part.code for part in within), *alone)]
            if parts:
                known.adds_up((*what, group.code), parts)
    for group in who:
        for side in (BEFORE, AFTER):
            tens = [span for span in TENS if side[0] <= span[0] < side[1]]
            known.adds_up(("contacts", str(side), group.code), [("contacts", str(ten), group.code) for ten in tens])
    for name, number in truth.items():
        if 0 < number < 8 and known.ranges.get(name, (0, 10**9))[1] == 10**9:
            known.learn(name, (0 if name[1] in _OF_TENS else 1, 7))
    known.work_out()
    return known, truth


def _contacts(known: Attack, name: Name, rate: Rate, people: int | None, each: float) -> None:
    """Turn a rate back into contacts, as a measure of the picture allows: what comes out is a rounded number."""
    if rate.text == TOO_FEW:
        return
    assert people is not None
    value, low, high = (part * people * each / 3000 for part in (rate.value, rate.low, rate.high))
    for number in (value, low, high):
        assert number / 5 == pytest.approx(round(number / 5), abs=1e-6), name
    assert low <= value <= high
    known.count(name, round(value))


def _people(known: Attack, name: Name, told: str) -> int | None:
    if told == TOO_FEW:
        return None
    number = 0 if told == "no people" else int(re.sub(r"\D", "", told))
    known.count(name, number)
    return number


def _numbers(pathways: pd.DataFrame, who: tuple[Told, ...]) -> dict[Name, int]:
    wholes = {code: (code,) for code in pathways["practice_code"]} | {group.code: group.practices for group in who}
    found: dict[Name, int] = {}
    for code, practices in wholes.items():
        rows = pathways[pathways["practice_code"].isin(practices)]
        for span in SPANS:
            at = rows[(rows["from_day"] == span[0]) & (rows["to_day"] == span[1])]
            found["contacts", str(span), code] = int(at["contacts"].sum())
        for what, column in (("seen", "people"), ("admitted", "people"), ("died", "died")):
            found[what, "", code] = int(at[column].sum())
    return found


@pytest.mark.parametrize("seed", _TRIED)
def test_no_number_from_1_to_7_can_be_worked_out_from_the_page(seed: int) -> None:
    known, truth = attack(made_up(seed), Disclosure())

    assert known.pinned(truth) == []


@pytest.mark.parametrize("seed", _TELLING)
def test_without_a_second_part_left_out_the_same_attack_works_some_out(seed: int) -> None:
    known, truth = attack(made_up(seed), WithoutASecondPart())

    assert known.pinned(truth) != []
