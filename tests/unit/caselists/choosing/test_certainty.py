"""How sure a place is goes by the rules that the list itself goes by."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.spec.caselists.listing import rules_of, scores_of, snapshots_of
from vi_risk.caselists.choosing import certainty
from vi_risk.caselists.choosing.certainty import share_listed
from vi_risk.caselists.ranking import ranked_people

LINES: list[tuple[str, str, float, dict[str, Any]]] = [
    ("Ann", "North", 0.5, {"days_since_mdt_review_730d": 7}),
    ("Bob", "North", 0.4, {}),
    ("Cyd", "North", 0.3, {}),
    ("Dan", "South", 0.2, {}),
]
RISKS = pd.DataFrame(
    {"Ann": [0.9, 0.9], "Bob": [0.2, 0.4], "Cyd": [0.3, 0.3], "Dan": [0.1, 0.1], "not ranked": [1.0, 1.0]}
).T


def shares(rules: str, capacity: int = 1) -> dict[str, float]:
    ranked = ranked_people(
        scores_of(LINES),
        snapshots_of([(person, practice, known) for person, practice, _, known in LINES]),
        rules=rules_of(rules),
        capacity=capacity,
    )
    found: dict[str, float] = share_listed(ranked, RISKS, rules=rules_of(rules), capacity=capacity).to_dict()
    return found


def test_who_is_kept_off_takes_no_place_from_the_others() -> None:
    assert shares("") == {"Ann": 1.0, "Bob": 0.5, "Cyd": 0.5, "Dan": 1.0}
    assert shares('[standing.reviewed]\ndo = "nothing"') == {"Ann": 1.0, "Bob": 0.0, "Cyd": 0.0, "Dan": 1.0}


def test_places_are_shared_and_floors_kept_as_on_the_list() -> None:
    assert shares('[places]\nby = "trust"', 2) == {"Ann": 1.0, "Bob": 1.0, "Cyd": 1.0, "Dan": 0.0}
    assert shares('[places]\nby = "trust"\nfloor = 1', 2) == {"Ann": 1.0, "Bob": 0.5, "Cyd": 0.5, "Dan": 1.0}


@pytest.mark.parametrize("capacity", [1, 3])
def test_without_further_rules_it_is_the_share_of_refits_among_the_highest_risks(capacity: int) -> None:
    generator = np.random.default_rng(2)
    ranked = pd.DataFrame({"patient_id": [f"P{n}" for n in range(40)], "kept_off": ""})
    ranked["practice_code"] = ranked["meeting"] = generator.choice(["A", "B"], size=40)
    risks = generator.random((40, 7))

    found = share_listed(
        ranked, pd.DataFrame(risks, index=ranked["patient_id"]).iloc[::-1], rules=rules_of(), capacity=capacity
    )

    place = pd.DataFrame(risks).groupby(ranked["practice_code"]).rank(ascending=False)
    np.testing.assert_allclose(found, (place <= capacity).mean(axis=1))


@pytest.mark.parametrize("rules", ["", '[places]\nby = "trust"', '[places]\nby = "trust"\nfloor = 2'])
@pytest.mark.parametrize("capacity", [1, 3, 8])
def test_places_given_among_those_within_reach_are_those_given_among_everyone(
    rules: str, capacity: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = np.random.default_rng(capacity)
    people = 120
    ranked = pd.DataFrame({"patient_id": [f"P{n}" for n in range(people)], "meeting": "trust"})
    ranked["practice_code"] = generator.choice(["A", "B", "C"], size=people, p=[0.6, 0.38, 0.02])
    ranked["kept_off"] = np.where(generator.random(people) < 0.2, "in hospital now", "")
    risks = pd.DataFrame(generator.integers(0, 30, (people, 5)) / 30, index=ranked["patient_id"])  # with many ties
    risks.iloc[::17] = np.nan

    found = share_listed(ranked, risks, rules=rules_of(rules), capacity=capacity)
    monkeypatch.setattr(certainty, "_within_reach", lambda values, *_: np.ones(len(values), dtype=bool))
    of_everyone = share_listed(ranked, risks, rules=rules_of(rules), capacity=capacity)

    pd.testing.assert_series_equal(found, of_everyone)
    assert 0 < found.gt(0).sum() < people
