"""What became of the list before, and whose expected numbers a practice's first page adds up."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import pandas as pd

from vi_risk.caselists.choosing.changes import PreviousList
from vi_risk.caselists.choosing.rules import load_rules
from vi_risk.features.catalogue import read_catalogue
from vi_risk.listing import Listing, became_of, shown_under
from vi_risk.models.spec import ModelSpec, load_spec
from vi_risk.reasons.prompts import read_prompts

OCTOBER = date(2024, 10, 1)


def before(*, made: bool = True) -> PreviousList:
    listed = pd.DataFrame(
        [("a", "A", 1, 0.5), ("b", "A", 2, 0.4), ("c", "A", 3, 0.3), ("d", "B", 1, 0.6)],
        columns=["patient_id", "practice_code", "rank", "risk"],
    )
    return PreviousList(OCTOBER, listed, made=made)


def snapshots_with(reviews: list[tuple[str, str, str | None]]) -> Any:
    rows = pd.DataFrame(reviews, columns=["patient_id", "reviewed_on", "decision"])
    return SimpleNamespace(particulars=SimpleNamespace(reviews=rows))


LISTED = pd.DataFrame({"patient_id": ["b", "d", "e"], "practice_code": ["A", "A", "A"]})


def test_of_each_practice_it_is_told_how_many_were_reviewed_taken_on_and_have_left() -> None:
    reviews: list[tuple[str, str, str | None]] = [
        ("a", "2024-10-15", "accepted"),
        ("b", "2024-10-15", "deferred"),
        ("c", "2024-09-30", "accepted"),  # before that list was made
    ]

    assert became_of(before(), LISTED, snapshots_with(reviews)) == {
        "A": {"listed": 3, "reviewed": 2, "accepted": 1, "left": 2},
        "B": {"listed": 1, "reviewed": 0, "accepted": 0, "left": 1},  # on the list of another practice now
    }


def test_a_list_that_was_never_made_was_never_reviewed() -> None:
    found = became_of(before(made=False), LISTED, snapshots_with([("a", "2024-10-15", "accepted")]))

    assert found["A"] == {"listed": 3, "left": 2}


def listing_of(spec: ModelSpec) -> Listing:
    nothing: Any = None
    return Listing(spec, nothing, {}, None, nothing, 20, (), "v1")


def test_expected_numbers_are_those_of_the_count_models_beside_the_risk() -> None:
    scores = pd.DataFrame(
        {
            "patient_id": ["a"],
            "risk": [0.2],
            "expected_emergency_admissions_count_12m": [0.3],
            "expected_emergency_bed_days_12m": [2.5],
        }
    )

    found = listing_of(load_spec()).expected(scores)

    assert found is not None
    assert found.to_dict("records") == [{"patient_id": "a", "emergency_admissions": 0.3, "bed_days": 2.5}]


def test_without_both_count_models_nothing_is_expected() -> None:
    scores = pd.DataFrame({"patient_id": ["a"], "risk": [0.2], "expected_emergency_bed_days_12m": [2.5]})

    assert listing_of(load_spec()).expected(scores) is None
    assert listing_of(load_spec("death_12m")).expected(scores) is None


def test_no_prompt_tells_of_what_a_site_hides() -> None:
    catalogue = read_catalogue()
    prompts, rules = read_prompts(catalogue=catalogue), load_rules()

    shown = shown_under(replace(rules, hide=("alcohol",)), prompts, catalogue)

    assert shown_under(rules, prompts, catalogue) == list(prompts)
    assert {prompt.role for prompt in prompts} - {prompt.role for prompt in shown} == {"alcohol team"}
    assert not any("alcohol" in column for prompt in shown for column in prompt.when.columns)
