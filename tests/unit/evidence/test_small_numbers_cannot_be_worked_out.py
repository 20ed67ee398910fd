"""An attacker reads all that others than the team are told of an evaluation, and works out no number from 1 to 7."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.unit.evidence.attacker import Name, attack
from vi_risk.evidence import disclosed
from vi_risk.governance.small_numbers import Disclosure
from vi_risk.models.evidence.as_json import plain
from vi_risk.models.evidence.evaluation import evaluate
from vi_risk.models.evidence.fairness import fairness
from vi_risk.models.evidence.lists import lists_of
from vi_risk.models.evidence.score_decay import score_decay

_SIZES = ((700, 20), (400, 10), (1500, 15))  # people, and places on each list
_TRIED = [(seed, *size) for size in _SIZES for seed in (0, 1, 2, 7)]


class WithoutASecondPart(Disclosure):
    """The rule without its second half: what a small part leaves to who subtracts is not looked at."""

    def _can_be_worked_out(self, *_: object) -> bool:
        return False


@cache
def made_up(seed: int, people: int, capacity: int) -> tuple[dict[str, Any], dict[Name, int]]:
    """Return the exact evaluation of made-up people of whom all are followed, and every number that it rests on."""
    rng = np.random.default_rng(seed)
    risk = rng.beta(0.6, 5, people)
    outcome = (rng.random(people) < risk).astype(int)
    patients = [f"{number:03d}" for number in range(people)]
    practices = rng.choice(["A", "B", "C"], people)
    small = rng.integers(1, 7)
    attributes = {
        "sex": np.r_[["not stated"] * small, rng.choice(["female", "male"], people - small)],
        "ethnic group": rng.choice(
            ["White", "Asian", "Black", "Mixed", "Other"], people, p=[0.6, 0.15, 0.1, 0.09, 0.06]
        ),
        "place": rng.choice(["inner", "outer", "rural", "island"], people, p=[0.4, 0.3, 0.2, 0.1]),
        "practice": practices,
    }
    attributes["place again"] = np.where(attributes["place"] == "island", "island", "mainland")
    known = {"a register": rng.random(people) < 0.05, "a caseload": rng.random(people) < 0.9}
    age = rng.integers(18, 95, people)
    listed = lists_of(risk, patient_id=patients, practice_code=practices, capacity=capacity)
    found = evaluate(
        risk,
        outcome,
        patient_id=patients,
        practice_code=practices,
        capacity=capacity,
        comparators={},
        attributes=attributes,
        known=known,
        age=age,
        resamples=10,
        seed=seed,
    ).to_dict()
    at_risk = {0: np.ones(people, dtype=bool), 183: rng.random(people) < 0.995}
    windows = {days: np.where(there, outcome, np.nan) for days, there in at_risk.items()}
    found["score_decay"] = score_decay(risk, windows, patients, resamples=10)
    found["fairness"] = plain(fairness(outcome, attributes, listed=listed["capacity"]))
    on_list = np.zeros(people, dtype=bool)
    on_list[listed["capacity"]] = True
    truth = _numbers(outcome, on_list, np.ones(people, dtype=bool), ())
    for attribute, labels in attributes.items():
        for label in sorted(set(labels)):
            truth |= _numbers(outcome, on_list, labels == label, (attribute, str(label)))
    for place, rows in listed.items():
        if place != "capacity":
            top = np.zeros(people, dtype=bool)
            top[rows] = True
            whole = _numbers(outcome, top, np.ones(people, dtype=bool), (place,))
            truth |= {name: whole[name] for name in whole if name[0] in ("listed", "true", "in vain", "missed")}
    truth |= {("n", "183"): int(at_risk[183].sum()), ("gone",): int((~at_risk[183]).sum())}
    true = on_list & (outcome == 1)
    by_any = np.logical_or.reduce([*known.values()])
    truth |= {("new",): int((true & ~by_any).sum()), ("not new",): int((true & by_any).sum())}
    for sign, of in known.items():
        truth |= {("not known", sign): int((true & ~of).sum()), ("known", sign): int((true & of).sum())}
    order = np.argsort(risk, kind="stable")
    for number, rows in enumerate(np.array_split(order, len(found["model"]["reliability"]))):
        events = int(outcome[rows].sum())
        at = ("like risk", str(number))
        if abs(found["model"]["reliability"][number]["observed"] * rows.size - events) < 1e-6:
            truth |= {("events", *at): events, ("no event", *at): rows.size - events}
    return found, truth


def _numbers(outcome: Any, on_list: Any, members: Any, at: Name) -> dict[Name, int]:
    n, events, listed = int(members.sum()), int(outcome[members].sum()), int(on_list[members].sum())
    true = int((members & on_list & (outcome == 1)).sum())
    return {
        ("n", *at): n, ("events", *at): events, ("listed", *at): listed, ("true", *at): true,
        ("no event", *at): n - events, ("in vain", *at): listed - true, ("missed", *at): events - true,
    }  # fmt: skip


@pytest.mark.parametrize("trust", _TRIED)
def test_no_number_from_1_to_7_can_be_worked_out_from_what_is_told(trust: tuple[int, int, int]) -> None:
    exact, truth = made_up(*trust)

    known = attack(disclosed(exact, Disclosure()), truth, rounded=True)

    assert any(0 < number < 8 for number in truth.values())
    assert known.pinned(truth) == []


def test_the_same_attack_works_them_out_from_exact_numbers() -> None:
    found: set[str] = set()
    for trust in _TRIED:
        exact, truth = made_up(*trust)
        found |= {name[0] for name in attack(exact, truth, rounded=False).pinned(truth)}

    assert found >= {"events", "listed", "true", "in vain", "known", "not known", "new", "gone"}


def test_without_a_second_part_left_out_the_same_attack_works_some_out() -> None:
    """Of these trusts one: mostly, rounding alone leaves room enough."""
    exact, truth = made_up(0, 700, 20)

    pinned = attack(disclosed(exact, WithoutASecondPart()), truth, rounded=True).pinned(truth)

    assert ("listed", "place again", "island") in pinned
