"""Evidence of a run beyond the evaluation itself: results as lines of the terminal, and what should stop a reader."""

import pytest

from tests.unit.evidence.an_evaluation import MODEL, TRUTH, evaluation
from vi_risk.evidence import doubts, in_words, truth_in_words


def test_the_line_of_the_terminal_says_how_near_the_model_comes_to_the_truth() -> None:
    assert truth_in_words(TRUTH) == (
        "the true risk reaches AUROC 0.828; the model attains 0.796 (0.750 to 0.840) of the best attainable and lies"
        " 0.038 from the true risk on average"
    )
    assert "attains 0.796 of the best" in truth_in_words(TRUTH | {"share_of_best_interval": None})


@pytest.mark.parametrize(("interval", "doubted"), [([0.9, 1.1], 0), ([1.01, 1.2], 1), (None, 0)])
def test_a_model_that_outdoes_the_true_risk_is_doubted(interval: list[float] | None, doubted: int) -> None:
    found = doubts(evaluation(share_of_best_interval=interval))

    assert [doubt for doubt in found if "true risk" in doubt] == list(found)
    assert len(found) == doubted


@pytest.mark.parametrize(("interval", "doubted"), [([-0.02, -0.01], 1), ([-0.02, 0.01], 0), (None, 0)])
def test_another_learner_is_a_doubt_only_where_it_is_better_by_more_than_chance(
    interval: list[float] | None, doubted: int
) -> None:
    other = {"auroc": 0.775, "difference": {"auroc": {"value": -0.013, "interval": interval}}}

    found = doubts({"model": MODEL, "comparators": {"hist_gradient_boosting": other}})

    assert len(found) == doubted
    assert all("another way to learn" in doubt for doubt in found)


@pytest.mark.parametrize(("interval", "doubted"), [([-41.2, -2.4], 1), ([-20, 1], 0), (None, 0)])
def test_whoever_finds_more_in_as_many_places_by_more_than_chance_is_a_doubt(
    interval: list[float] | None, doubted: int
) -> None:
    more = {"value": -20.0, "interval": interval}
    other = {"auroc": 0.5, "difference": {"auroc": {"value": 0.2, "interval": None}, "true_cases.capacity": more}}

    for name in ("parr30", "hist_gradient_boosting"):  # a rule or score, and another learner
        found = doubts({"model": MODEL, "comparators": {name: other}})
        assert len(found) == doubted
        assert all(
            "finds more true cases in as many places, by more than chance: about 20 more (0 to 45)" in d for d in found
        )


def test_a_doubt_names_rules_in_words() -> None:
    (found,) = doubts({"model": MODEL, "comparators": {"parr30": {"auroc": 0.8}}})
    assert found == "the simple rule “PARR-30” ranks these patients at least as well"


def test_a_risk_is_told_on_one_line_by_what_it_ranks_and_finds() -> None:
    listed = {"ppv": 0.25, "sensitivity": None, "n": 1_600}
    found = {"auroc": 0.7184, "auprc": None, "calibration_slope": 0.91, "at": {"capacity": listed}}

    assert in_words(found) == (
        "AUROC 0.718, AUPRC not estimable, calibration slope 0.910, PPV 0.250 and sensitivity not estimable at capacity"
        " (1,600 people)"
    )


def test_an_expected_count_is_told_on_one_line_by_what_it_explains_and_the_lists_hold() -> None:
    found = {
        "deviance_explained": 0.1234,
        "rank_correlation": 0.3,
        "calibration_slope": None,
        "at": {"capacity": {"n": 160, "share_of_observed": 0.31}},
    }

    assert in_words(found) == (
        "deviance explained 0.123, rank correlation 0.300, calibration slope not estimable, 0.310 of all that was"
        " counted at capacity (160 people)"
    )


@pytest.mark.parametrize(("outcome", "auroc", "doubted"), [("", 0.91, 1), ("death", 0.91, 0), ("death", 0.96, 1)])
def test_what_is_too_good_to_be_true_differs_between_outcomes(outcome: str, auroc: float, doubted: int) -> None:
    found = doubts({"model": MODEL | {"auroc": auroc}, "comparators": {}}, outcome=outcome)

    assert len(found) == doubted
    assert all("is a leak until shown otherwise" in doubt for doubt in found)


@pytest.mark.parametrize(
    ("explained", "other", "doubted"), [(0.2, 0.1, 0), (0.1, 0.1, 1), (-0.1, -0.2, 1), (None, 0.2, 0)]
)
def test_a_count_that_tells_no_more_than_a_rule_or_the_mean_is_doubted(
    explained: float | None, other: float, doubted: int
) -> None:
    counted = {"kind": "count", "model": {"deviance_explained": explained}}

    assert len(doubts(counted | {"comparators": {"last_year": {"deviance_explained": other}}})) == doubted
