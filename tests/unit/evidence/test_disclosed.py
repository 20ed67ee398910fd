"""evaluation.json and run.json as others than the team may see them: the same shape, numbers by the rule."""

import json
from typing import Any

import numpy as np
import pytest

from vi_risk.evidence import disclosed, disclosed_run, rule_of
from vi_risk.governance.small_numbers import Disclosure
from vi_risk.models.evidence.count_evaluation import evaluate_counts

RULE = Disclosure()
LISTED = {"n": 200, "ppv": 0.545, "sensitivity": 0.11, "true_cases": 109, "number_needed_to_review": 1.83, "lift": 7.7}
MODEL = {
    "n": 14_193, "events": 997, "followed": 13_951, "observed": 0.0708, "auroc": 0.75872656, "brier": 0.0585,
    "scaled_brier": 0.1109, "observed_over_expected": 1.02, "calibration_in_the_large": 0.0164,
    "at": {"capacity": LISTED},
    "incremental_finds": {"true_cases": 109, "not_known_by": {"a": 3, "b": 51, "c": 109}, "new": 0},
    "intervals": {"ppv.capacity": [0.484, 0.613], "true_cases.capacity": [97.2, 122.9], "auroc": [0.742, 0.775]},
}  # fmt: skip
FEW = {"n": 200, "ppv": 0.03, "sensitivity": 0.006, "true_cases": 6}


def of(**changed: Any) -> dict[str, Any]:
    return disclosed({"model": MODEL | changed, "comparators": {}}, RULE)


def test_numbers_are_rounded_and_shares_are_made_of_the_rounded_numbers() -> None:
    model = of()["model"]
    assert (model["n"], model["events"], model["followed"]) == (14_195, 995, 13_950)
    listed = model["at"]["capacity"]
    assert (listed["true_cases"], listed["ppv"], listed["sensitivity"]) == (110, 0.55, round(110 / 995, 4))
    assert listed["number_needed_to_review"] == round(200 / 110, 4)
    assert model["intervals"]["ppv.capacity"] == [0.475, 0.625]
    assert model["intervals"]["true_cases.capacity"] == [95, 125]
    assert model["intervals"]["auroc"] == [0.742, 0.775]


def test_where_few_are_found_nothing_that_rests_on_them_is_told() -> None:
    found = of(at={"capacity": FEW})["model"]
    assert found["at"]["capacity"] == {"n": 200, "ppv": None, "sensitivity": None, "true_cases": None}
    assert found["intervals"]["ppv.capacity"] is None
    assert found["intervals"]["true_cases.capacity"] is None


def test_finds_of_a_few_are_left_out_and_a_sign_that_nobody_shows_is_named() -> None:
    finds = of()["model"]["incremental_finds"]
    assert finds == {"true_cases": 110, "not_known_by": {"a": None, "b": 50, "c": 110}, "new": 0, "silent": ["c"]}


def test_no_figure_keeps_digits_from_which_its_numbers_could_be_had() -> None:
    told = json.dumps(of())
    assert "0.7587" in told
    assert "0.75872" not in told


@pytest.mark.parametrize(
    ("interval", "beyond"), [([2.1, 20.2], "more"), ([-3.0, 20.0], None), ([-30.0, -1.0], "fewer"), (None, None)]
)
def test_whether_more_is_found_than_by_chance_is_said_of_the_exact_interval(
    interval: list[float] | None, beyond: str | None
) -> None:
    difference = {"value": 11.4, "interval": interval}
    other = {"at": {"capacity": LISTED}, "difference": {"true_cases.capacity": difference}}
    told = disclosed({"model": MODEL, "comparators": {"age": other}}, RULE)["comparators"]["age"]["difference"]
    assert told["true_cases.capacity"]["value"] == 10
    assert told["true_cases.capacity"]["beyond_chance"] == beyond
    few = {"at": {"capacity": FEW}, "difference": {"true_cases.capacity": difference}}
    told = disclosed({"model": MODEL, "comparators": {"age": few}}, RULE)["comparators"]["age"]["difference"]
    assert told["true_cases.capacity"] == {"value": None, "interval": None}


def test_a_count_of_admissions_is_told_as_people_are() -> None:
    rng = np.random.default_rng(2)
    expected = rng.gamma(0.3, 0.2, 600)
    place = ["mainland"] * 540 + ["island"] * 60
    exact = evaluate_counts(
        expected,
        rng.poisson(expected),
        patient_id=[f"{number:03d}" for number in range(600)],
        practice_code=["A", "B"] * 300,
        capacity=20,
        comparators={"last_year": np.sqrt(expected)},
        attributes={"place": place},
        resamples=10,
    ).to_dict()

    told = disclosed(exact, RULE)

    assert told.keys() == exact.keys()
    assert told["model"]["total"] == RULE.count(exact["model"]["total"])
    for name in ("with_any", "n"):
        assert told["model"][name] == RULE.count(exact["model"][name])
    assert any(0 < tenth["mean_observed"] * tenth["n"] < 7.5 for tenth in exact["model"]["deciles"])
    for before, now in zip(exact["model"]["deciles"], told["model"]["deciles"], strict=True):
        if 0 < before["mean_observed"] * before["n"] < 7.5:
            assert now["mean_observed"] is now["low"] is now["high"] is None
    for group in told["subgroups"]["place"].values():
        assert all(group[name] is None or group[name] % 5 == 0 for name in ("n", "total", "listed"))


RUN: dict[str, Any] = {
    "records": {
        "rows": {"patients": 20_003, "mdt_reviews": 3},
        "warnings": ["spells.method: 3 of 20,311 rows: outside the list"],
        "permission": {
            "small_numbers": {"fewer_than": 8, "round_to": 5},
            "left_out": [{"rule": "type 1 opt-out", "of": "people", "number": "1,233"},
                         {"rule": "objection", "of": "people", "number": "fewer than 8"}],
        },
    },
    "features": {"flow": [{"index_date": "2024-01-02", "role": "test", "alive": 19_346, "aged 18 or over": 6}]},
    "model": {"rows": 69_403, "patients": 14_483, "events": 5_004, "version": "abc"},
    "evaluation": {"capacity": 20, "auroc": 0.75872656},
    "scores": {"people": 14_184, "not_scored": "fewer than 8 people object to risk stratification: not scored"},
    "case_lists": {"capacity": 20, "lists": {"A": 20, "B": 3}, "kept_off": {"died": 24}, "files": ["A.csv"]},
}  # fmt: skip


def test_of_a_run_what_was_asked_stays_and_numbers_of_people_are_told_by_the_rule() -> None:
    told = disclosed_run(RUN, rule_of(RUN))

    assert told["records"]["rows"] == {"patients": 20_005, "mdt_reviews": None}
    assert told["records"]["warnings"] == ["spells.method: fewer than 8 of 20,310 rows: outside the list"]
    assert [one["number"] for one in told["records"]["permission"]["left_out"]] == ["1,235", "fewer than 8"]
    assert told["features"]["flow"] == [
        {"index_date": "2024-01-02", "role": "test", "alive": 19_345, "aged 18 or over": None}
    ]
    assert told["model"] == {"rows": 69_405, "patients": 14_485, "events": 5_005, "version": "abc"}
    assert told["evaluation"] == {"capacity": 20, "auroc": 0.7587}
    assert told["scores"]["people"] == 14_185
    assert told["case_lists"] == {
        "capacity": 20, "lists": {"A": 20, "B": None}, "kept_off": {"died": 25}, "files": ["A.csv"]
    }  # fmt: skip
    assert RUN["model"]["rows"] == 69_403  # the exact file stays as it is


def test_who_is_not_scored_and_what_a_promotion_found_are_told_by_the_rule_or_not_at_all() -> None:
    findings = [{"asked": "true_cases", "holds": True, "value": 3.0, "interval": [1.0, 6.0]}]
    promotion = {"decided": "promoted", "version": 2, "findings": findings, "why": "true cases: +3.0"}
    scores = {"people": 14_186, "not_scored": "37 people object to risk stratification: not scored"}

    told = disclosed_run(RUN | {"promotion": promotion, "scores": scores}, RULE)

    assert told["promotion"] == {"decided": "promoted", "version": 2}
    assert told["scores"]["not_scored"] == "35 people object to risk stratification: not scored"


def test_a_part_of_run_json_that_is_not_known_is_left_out() -> None:
    assert "found_since" not in disclosed_run(RUN | {"found_since": {"people": 3}}, RULE)


def test_a_site_may_make_the_rule_stricter() -> None:
    records = {"permission": {"small_numbers": {"fewer_than": 11, "round_to": 10}}}
    assert rule_of({"records": records}) == Disclosure(11, 10)
    assert rule_of({}) == rule_of({"records": {"permission": None}}) == RULE


def test_what_a_few_people_have_many_times_over_is_not_told() -> None:
    """Five people of one letter with forty admissions between them: neither number is told."""
    rng = np.random.default_rng(4)
    expected = rng.gamma(1, 1, 900) + 0.05
    letters = np.repeat(["a", "b", "c"], 300)
    y = np.where(letters == "a", 0, rng.poisson(expected)).astype(float)
    y[:5] = 8
    exact = evaluate_counts(
        expected,
        y,
        patient_id=[f"p{n:04d}" for n in range(900)],
        practice_code=np.repeat("P", 900),
        capacity=20,
        comparators={},
        attributes={"letter": letters},
        resamples=2,
    ).to_dict()
    assert (exact["subgroups"]["letter"]["a"]["with_any"], exact["subgroups"]["letter"]["a"]["total"]) == (5, 40)

    told = disclosed(exact, RULE)["subgroups"]["letter"]["a"]

    assert (told["with_any"], told["total"], told["mean_observed"], told["observed_over_expected"]) == (None,) * 4


@pytest.mark.parametrize(("ratio", "events"), [(2.0, 100), (0.5, 100)])
def test_observed_over_expected_is_one_figure_for_all_numbers_that_are_told_alike(ratio: float, events: int) -> None:
    expected = events / ratio
    told = {
        of(events=came, observed_over_expected=came / expected)["model"]["observed_over_expected"]
        for came in range(events - 2, events + 3)
    }
    assert told == {ratio}


@pytest.mark.parametrize("events", [0, 5])
def test_of_no_or_few_outcomes_observed_over_expected_is_not_told(events: int) -> None:
    interval = {"observed_over_expected": [0.1, 0.9]}
    found = of(events=events, observed_over_expected=0.1, intervals=interval)["model"]
    assert (found["observed_over_expected"], found["intervals"]["observed_over_expected"]) == (None, None)


def test_checksums_of_files_that_others_have_not_are_not_told() -> None:
    marks = {"checksums": {"objectors.parquet": "0" * 64}}
    run = {part: {"model": "m", **marks} for part in ("features", "evaluation", "scores")}

    assert disclosed_run(run, RULE) == {
        "features": {"model": "m", "notes": []},
        "evaluation": {"model": "m"},
        "scores": {"model": "m", "people": None},
    }
