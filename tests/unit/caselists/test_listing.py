"""Whose expected numbers a practice's first page adds up, which prompts are shown, and what a list before goes by."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from tests.spec.caselists.listing import scores_of, snapshots_of
from vi_risk.caselists.choosing.rules import load_rules
from vi_risk.caselists.listing import Before, Listing, shown_under
from vi_risk.errors import UsageError
from vi_risk.features.catalogue import read_catalogue
from vi_risk.models.spec import ModelSpec, load_spec
from vi_risk.reasons.prompts import read_prompts


def listing_of(spec: ModelSpec) -> Listing:
    nothing: Any = None
    return Listing(spec, nothing, nothing, 20, (), "v1")


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


def test_whom_the_door_left_out_is_told_of_people_and_nobodys_records_are_synthetic() -> None:
    left_out = [{"rule": "codes", "of": "rows", "number": "155"}, {"rule": "objection", "of": "people", "number": "55"}]
    listing = listing_of(load_spec())
    nobodys = replace(listing, permission={"purpose": None, "left_out": left_out})
    patients = replace(listing, permission={"purpose": "direct_care", "left_out": []})
    assert (nobodys.left_out, nobodys.handling) == ({"objection": "55"}, "Synthetic records: no real patients")
    assert patients.handling == listing.handling == "Confidential: patient records"
    assert patients.left_out == listing.left_out == {}


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


def test_a_list_before_goes_by_who_was_listed_or_by_the_risks_then() -> None:
    rows = pd.DataFrame({"patient_id": ["a"]})

    for both_or_neither in ({}, {"listed": rows, "scores": rows}):
        with pytest.raises(UsageError, match="before: expected who was listed or the risks of everyone then"):
            Before(**both_or_neither)


def test_a_list_before_of_which_the_snapshots_know_no_date_is_refused() -> None:
    listing = replace(listing_of(load_spec()), rules=load_rules())
    listed = pd.DataFrame({"patient_id": ["Ann"], "practice_code": "North", "rank": [1], "risk": [0.4]})

    with pytest.raises(UsageError, match=r"before: the snapshots hold no list before\. Build them with `previous`"):
        listing.lists(
            scores_of([("Ann", "North", 0.5, {})]),
            snapshots_of([("Ann", "North", {})]),
            before=Before(listed=listed),
        )
