"""What the evidence of a run says of the true risk, in words and as metrics."""

from typing import Any

import pytest

from vi_risk.evidence import doubts, metrics_of, truth_in_words

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
