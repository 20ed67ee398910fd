import numpy as np
import pytest

from vi_risk.models.evidence.decision_curve import THRESHOLDS, decision_curve, net_benefit
from vi_risk.models.learning.calibration import risk_of


def people(n: int = 5000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    risk = risk_of(rng.normal(-2, 1.2, n))
    return risk, (rng.random(n) < risk).astype(float)


def test_net_benefit_is_true_less_weighed_false_positives_per_patient() -> None:
    risk, y = people(200)
    for threshold in (0.05, 0.2, 0.5):
        listed = risk >= threshold
        true, false = (listed & (y == 1)).sum(), (listed & (y == 0)).sum()
        by_definition = true / 200 - false / 200 * threshold / (1 - threshold)
        assert net_benefit(risk, y, [threshold])[0] == pytest.approx(by_definition)


def test_a_risk_at_the_threshold_is_acted_on() -> None:
    assert net_benefit(np.array([0.2, 0.1]), np.array([1.0, 0.0]), [0.2]).tolist() == [0.5]


def test_listing_everyone_of_a_hand_worked_case() -> None:
    # 200 of 1,000 have it; acting at 10 %, one found is worth nine listed in vain: 0.2 - 0.8 / 9
    y = np.repeat([1.0, 0.0], [200, 800])
    assert net_benefit(np.ones(1000), y, [0.1])[0] == pytest.approx(0.1111, abs=1e-4)


def test_everyone_is_worth_listing_below_the_rate_and_nobody_above_it() -> None:
    risk, y = people()
    curve = decision_curve(risk, {}, y, list_threshold=0.3)
    everyone = np.array(curve.all)
    below = np.array(THRESHOLDS) < y.mean()
    assert (everyone[below] > 0).all()
    assert (everyone[~below] < 0).all()
    assert set(curve.none) == {0.0}


def test_risks_that_are_right_are_never_worse_than_listing_everyone_or_no_one() -> None:
    risk, y = people(50_000)
    curve = decision_curve(risk, {}, y, list_threshold=0.3)
    assert (np.array(curve.model) >= np.maximum(curve.all, 0) - 0.002).all()


def test_a_comparator_has_its_own_curve_at_the_same_thresholds() -> None:
    risk, y = people()
    curve = decision_curve(risk, {"same": risk, "other": risk[::-1]}, y, list_threshold=0.3)
    assert curve.comparators["same"] == curve.model
    assert curve.comparators["other"] != curve.model
    assert len(curve.comparators["other"]) == len(curve.thresholds) == len(THRESHOLDS)


def test_a_whole_weight_is_being_there_so_many_times_and_ones_change_nothing() -> None:
    risk, y = people(300)
    risk = np.round(risk, 2)  # some at a threshold
    weight = np.random.default_rng(4).integers(0, 4, 300)
    repeated = net_benefit(np.repeat(risk, weight), np.repeat(y, weight), THRESHOLDS)
    np.testing.assert_allclose(net_benefit(risk, y, THRESHOLDS, weight), repeated, rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(net_benefit(risk, y, THRESHOLDS, np.ones(300)), net_benefit(risk, y, THRESHOLDS))


def test_every_line_of_the_curve_is_weighted() -> None:
    risk, y = people(300)
    weight = np.random.default_rng(4).choice([0.0, 1.0, 1.5], 300)
    curve = decision_curve(risk, {"other": risk[::-1]}, y, list_threshold=0.3, weight=weight)
    assert curve.model == tuple(net_benefit(risk, y, THRESHOLDS, weight))
    assert curve.all == tuple(net_benefit(np.ones(300), y, THRESHOLDS, weight))
    assert curve.comparators["other"] == tuple(net_benefit(risk[::-1], y, THRESHOLDS, weight))
