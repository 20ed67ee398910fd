"""Someone who tries to work out numbers of people from what is told: ranges of whole numbers, and sums that must hold.

Whoever attacks is granted more than the card tells: the rule itself, how many were tested and listed exactly, which
parts are small, and the digits that a card rounds away but evaluation.json in MLflow holds.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

Name = tuple[str, ...]
Range = tuple[int, int]
MANY = 10**9


@dataclass
class Attack:
    """What is known of each number: its range. `rounded` says that numbers are told by the rule, else as they are."""

    rounded: bool
    ranges: dict[Name, Range] = field(default_factory=dict)
    sums: list[tuple[Name, tuple[Name, ...]]] = field(default_factory=list)

    def learn(self, name: Name, found: Range) -> None:
        """Keep what two sources say of a number."""
        before = self.ranges.get(name, (0, MANY))
        low, high = max(before[0], found[0]), min(before[1], found[1])
        assert low <= high, (name, before, found)  # sources that contradict one another would never settle
        self.ranges[name] = low, high

    def count(self, name: Name, told: int | None) -> None:
        """Read a number that is told."""
        self.learn(name, (0, MANY) if told is None else self.could_be(told))

    def could_be(self, told: int) -> Range:
        """Return of which numbers a told one may be made; one that is no multiple of 5 was not rounded."""
        if not self.rounded or told == 0 or told % 5:
            return told, told
        return max(8, told - 2), told + 2

    def share(self, name: Name, told: float | None, of: int | None, digits: float = 0.5e-4) -> None:
        """Read the numerator of a share of a number that is told; a share is rounded by `digits`."""
        if told is None or not of:
            return
        fives = range(5 * math.floor((told - digits) * of / 5), 5 * math.ceil((told + digits) * of / 5) + 1, 5)
        could = [self.could_be(five) for five in fives if five >= 0 and abs(five / of - told) <= digits + 1e-9]
        if not self.rounded or not could:  # a share that no rounded number makes was made of exact ones
            self.learn(name, (math.ceil((told - 1e-9) * of - 1e-6), math.floor((told + 1e-9) * of + 1e-6)))
            return
        self.learn(name, (could[0][0], could[-1][1]))

    def adds_up(self, whole: Name, parts: Iterable[Name]) -> None:
        """Keep that parts make up a whole."""
        self.sums.append((whole, tuple(parts)))

    def work_out(self) -> None:
        """Narrow all ranges by the sums until nothing moves any more."""
        before: dict[Name, Range] = {}
        while before != self.ranges:
            before = dict(self.ranges)
            for whole, parts in self.sums:
                known = [self.ranges.get(part, (0, MANY)) for part in parts]
                least, most = (sum(ends[side] for ends in known) for side in (0, 1))
                self.learn(whole, (least, most))
                low, high = self.ranges[whole]
                for part, (part_low, part_high) in zip(parts, known, strict=True):
                    self.learn(part, (low - (most - part_high), high - (least - part_low)))

    def pinned(self, truth: Mapping[Name, int]) -> list[Name]:
        """Return the numbers from 1 to 7 that are worked out; a range without the truth is a fault of the attack."""
        for name, number in truth.items():
            low, high = self.ranges.get(name, (0, MANY))
            assert low <= number <= high, (name, number, (low, high))
        return [name for name, number in truth.items() if 0 < number < 8 and self.ranges.get(name) == (number, number)]


def attack(told: Mapping[str, Any], truth: Mapping[Name, int], *, rounded: bool) -> Attack:
    """Return what can be known of evaluation.json as it is told, by someone who knows which parts are small.

    Names are (what, attribute, label), or (what, place); what is "n", "events", "listed", "true", and their complements
    "no event", "in vain", "missed".
    """
    known = Attack(rounded)
    model = told["model"]
    for what in ("n", "listed", "events"):  # that may be known otherwise: who is registered, and places on the lists
        known.learn((what,), (truth[what,],) * 2)
    _over_all(known, model)
    _brier(known, model, ("events",), ("n",))
    for attribute, groups in told.get("subgroups", {}).items():
        _groups(known, attribute, groups, truth)
    _fairness(known, told)
    for number, group in enumerate(model["reliability"]):
        at = ("like risk", str(number))
        known.count(("n", *at), group["n"])
        known.share(("events", *at), group["observed"], group["n"])
        known.adds_up(("n", *at), [("events", *at), ("no event", *at)])
    bins = [str(number) for number in range(len(model["reliability"]))]
    for what in ("n", "events"):
        known.adds_up((what,), [(what, "like risk", number) for number in bins])
    for band, of in told.get("by_age", {}).items():
        known.count(("n", "age", band), of["n"])
        known.count(("events", "age", band), of["events"])
        known.share(("events", "age", band), of["observed"], of["n"])
        _brier(known, of, ("events", "age", band), ("n", "age", band))
    for what in ("n", "events"):
        known.adds_up((what,), [(what, "age", band) for band in told.get("by_age", {})])
    _decay(known, told)
    for name, number in truth.items():
        if 0 < number < 8 and _is_hidden(known, name):
            known.learn(name, (1, 7))
    known.work_out()
    return known


def _decay(known: Attack, told: Mapping[str, Any]) -> None:
    """Use who is at risk when a window begins and no more when the next one does."""
    windows = told.get("score_decay", {}).get("at_risk", {})
    for days, window in windows.items():
        known.count(("n",) if days == "0" else ("n", days), window["n"])
    if "183" in windows:
        known.adds_up(("n",), [("n", "183"), ("gone",)])


def _is_hidden(known: Attack, name: Name) -> bool:
    return known.ranges.get(name, (0, MANY))[1] == MANY


def _over_all(known: Attack, model: Mapping[str, Any]) -> None:
    known.count(("n",), model["n"])
    known.count(("events",), model["events"])
    known.count(("followed",), model["followed"])
    known.share(("events",), model["observed"], model["n"])
    known.adds_up(("n",), [("followed",), ("not followed",)])
    places = [*model["at"].items()]
    for place, found in places:
        at = () if place == "capacity" else (place,)
        of = ("listed", *at)
        known.count(of, found["n"])
        known.count(("true", *at), found["true_cases"])
        known.share(("true", *at), found["ppv"], found["n"])
        known.share(("true", *at), found["sensitivity"], model["events"])
        known.adds_up(of, [("true", *at), ("in vain", *at)])
        known.adds_up(("events",), [("true", *at), ("missed", *at)])
    tops = [place for place, _ in places if place != "capacity"]
    for smaller, larger in pairwise(tops):
        known.adds_up(("true", larger), [("true", smaller), ("true between", smaller, larger)])
        known.adds_up(("listed", larger), [("listed", smaller), ("listed between", smaller, larger)])
    finds = model["incremental_finds"]
    known.count(("true",), finds["true_cases"])
    known.count(("new",), finds["new"])
    known.adds_up(("true",), [("new",), ("not new",)])
    for sign, number in finds["not_known_by"].items():
        known.count(("not known", sign), number)
        known.adds_up(("true",), [("not known", sign), ("known", sign)])


def _groups(known: Attack, attribute: str, groups: Mapping[str, Any], truth: Mapping[Name, int]) -> None:
    whole = {"n": ("n",), "events": ("events",), "listed": ("listed",), "true": ("true",)}
    for label, group in groups.items():
        at = (attribute, label)
        known.count(("n", *at), group["n"])
        known.count(("events", *at), group["events"])
        known.count(("listed", *at), group["listed"])
        known.share(("events", *at), group["observed"], group["n"])
        known.share(("events", *at), group["share_of_outcomes"], _told(known, truth["events",]))
        known.share(("listed", *at), group["share_of_listed"], _told(known, truth["listed",]))
        known.share(("true", *at), group["ppv"], group["listed"])
        known.share(("true", *at), _rest(group["false_negative_rate"]), group["events"])
        known.adds_up(("n", *at), [("events", *at), ("no event", *at)])
        known.adds_up(("listed", *at), [("true", *at), ("in vain", *at)])
        known.adds_up(("events", *at), [("true", *at), ("missed", *at)])
    for what, total in whole.items():
        known.adds_up(total, [(what, attribute, label) for label in groups])


def _rest(share: float | None) -> float | None:
    """Return what a share leaves: who is missed is told as what those found leave of all."""
    return None if share is None else 1 - share


def _told(known: Attack, number: int) -> int:
    return 5 * math.floor(number / 5 + 0.5) if known.rounded else number


def _fairness(known: Attack, told: Mapping[str, Any]) -> None:
    for attribute, found in told.get("fairness", {}).items():
        for label, group in found["groups"].items():
            at = (attribute, label)
            known.count(("n", *at), group["n"])
            known.share(("listed", *at), group["selection_rate"], group["n"])
            of = told["subgroups"][attribute][label]
            known.share(("true", *at), group["ppv"], of["listed"])
            known.share(("true", *at), _rest(group["false_negative_rate"]), of["events"])


def _brier(known: Attack, found: Mapping[str, Any], events: Name, people: Name) -> None:
    """Use that Brier score / (1 - scaled Brier score) is o (1 - o), o the share who had the outcome."""
    if found.get("brier") is None or found.get("scaled_brier") is None or not found["n"]:
        return
    step = 2.5 / found["n"] if known.rounded else 1e-12
    digits = 0.5e-4 if known.rounded else 1e-12
    ends = []
    for brier, scaled in ((-1, -1), (1, 1)):
        spread = (found["brier"] + brier * (step + digits)) / (1 - found["scaled_brier"] - scaled * digits)
        ends.append(0.5 - math.sqrt(max(0.0, 0.25 - spread)))
    low, high = known.ranges.get(people, (0, MANY))
    if high < MANY:
        known.learn(events, (math.ceil(ends[0] * low - 1e-6), math.floor(ends[1] * high + 1e-6)))


# --- the text of a card -----------------------------------------------------------------------------------------------


def tables_of(text: str) -> dict[str, list[list[str]]]:
    """Return caption -> rows of the tables of a card in Markdown; the first cell of a row is what it is about."""
    found: dict[str, list[list[str]]] = {}
    caption = ""
    for line in text.splitlines():
        if line.startswith("*"):
            caption = line.strip("*")
        elif line.startswith("|"):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            if not set("".join(cells)) <= set("-:"):
                found.setdefault(caption, []).append(cells)
    return found


def numbers_in(rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the whole numbers of a table that stand in a cell alone or before their share."""
    return [
        int(match[1].replace(",", ""))
        for row in rows
        for cell in row[1:]
        if (match := re.fullmatch(r"(\d[\d,]*)(?: \([\d.]+ %\))?", cell))
    ]
