"""What the evidence of a run says of the true risk, in words and as metrics."""

from typing import Any

import pytest

from vi_risk.evidence import doubts, metrics_of, sensitive_in_words, truth_in_words
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.codelists import CodeEntry, CodeList

MODEL = {"auroc": 0.762, "auroc_interval": [0.74, 0.78], "n": 100, "at": {"capacity": {"ppv": 0.5}}}
TRUTH = {
    "n": 99,
    "auroc": 0.828,
    "auroc_interval": [0.81, 0.84],
    "model_auroc": 0.761,
    "share_of_best": 0.796,
    "share_of_best_interval": [0.75, 0.84],
    "correlation": 0.82,
    "mean_absolute_difference": 0.038,
    "tenths": [{"n": 99, "mean_risk": 0.1, "mean_true_risk": 0.1}],
}


def evaluation(**truth: Any) -> dict[str, Any]:
    return {"model": MODEL, "comparators": {"age": {"auroc": 0.6}}, "truth": TRUTH | truth}


def test_the_line_of_the_terminal_says_how_near_the_model_comes_to_the_truth() -> None:
    assert truth_in_words(TRUTH) == (
        "the true risk reaches AUROC 0.828; the model attains 0.796 (0.750 to 0.840) of the best attainable and lies"
        " 0.038 from the true risk on average"
    )
    assert "attains 0.796 of the best" in truth_in_words(TRUTH | {"share_of_best_interval": None})


def test_metrics_name_the_truth_and_the_share_where_they_were_given() -> None:
    named = {"truth_auroc": 0.828, "truth_model_auroc": 0.761, "share_of_best": 0.796, "truth_correlation": 0.82}
    named |= {"truth_n": 99, "truth_mean_absolute_difference": 0.038}
    plain = {"auroc": 0.762, "n": 100, "at.capacity.ppv": 0.5, "age.auroc": 0.6}

    assert metrics_of(evaluation()) == plain | named
    assert metrics_of({"model": MODEL, "comparators": {"age": {"auroc": 0.6}}}) == plain


@pytest.mark.parametrize(("interval", "doubted"), [([0.9, 1.1], 0), ([1.01, 1.2], 1), (None, 0)])
def test_a_model_that_outdoes_the_true_risk_is_doubted(interval: list[float] | None, doubted: int) -> None:
    found = doubts(evaluation(share_of_best_interval=interval))

    assert [doubt for doubt in found if "true risk" in doubt] == list(found)
    assert len(found) == doubted


def test_which_sensitive_codes_were_read_and_which_were_left_out_is_said() -> None:
    entries = (
        CodeEntry("icd10", "B20", "hiv"),
        CodeEntry("icd10", "A50", "syphilis"),
        CodeEntry("icd10", "I50", "heart"),
    )
    groups = {"hiv": "HIV", "syphilis": "syphilis", "heart": "heart failure"}
    blood = CodeList("blood", entries, groups, {}, {"hiv": "hiv", "syphilis": "sexual_health"})

    def said(*kinds: str) -> tuple[str, ...]:
        return sensitive_in_words(Catalogue((), {"blood": blood.allowing(kinds)}))

    left_out = "Sensitive codes left out of every feature, for no governance file allows them: "
    assert said() == (left_out + "hiv, sexual_health.",)
    assert said("hiv") == ("Sensitive codes read, as the governance file allows: hiv.", left_out + "sexual_health.")
    assert sensitive_in_words(Catalogue((), {})) == ()


def test_metrics_of_comparators_are_those_at_capacity_and_the_differences() -> None:
    at = {"1%": {"ppv": 0.7}, "capacity": {"ppv": 0.4}}
    other = {"auroc": 0.6, "at": at, "difference": {"auroc": {"value": 0.16, "interval": [0.1, 0.2]}}}

    found = metrics_of({"model": MODEL | {"at": at}, "comparators": {"age": other}})

    assert found["at.1%.ppv"] == 0.7
    assert {name: value for name, value in found.items() if name.startswith("age.")} == {
        "age.auroc": 0.6, "age.at.capacity.ppv": 0.4, "age.difference.auroc.value": 0.16,
    }  # fmt: skip


@pytest.mark.parametrize(("interval", "doubted"), [([-0.02, -0.01], 1), ([-0.02, 0.01], 0), (None, 0)])
def test_another_learner_is_a_doubt_only_where_it_is_better_by_more_than_chance(
    interval: list[float] | None, doubted: int
) -> None:
    other = {"auroc": 0.775, "difference": {"auroc": {"value": -0.013, "interval": interval}}}

    found = doubts({"model": MODEL, "comparators": {"hist_gradient_boosting": other}})

    assert len(found) == doubted
    assert all("another way to learn" in doubt for doubt in found)
