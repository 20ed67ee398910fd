import itertools
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from vi_risk.models.evidence import metrics
from vi_risk.models.learning.calibration import log_odds_of, risk_of


@pytest.fixture(scope="module")
def well_calibrated() -> tuple[np.ndarray, np.ndarray]:
    """Outcomes drawn at exactly the stated risks, about 9 % of 100,000 patients."""
    rng = np.random.default_rng(11)
    risk = risk_of(rng.normal(-3, 1.2, size=100_000))
    return risk, (rng.random(risk.size) < risk).astype(float)


@pytest.fixture
def few() -> tuple[np.ndarray, np.ndarray]:
    """A few patients, with ties inside and across the classes."""
    rng = np.random.default_rng(12)
    return rng.integers(1, 10, 60) / 10, rng.integers(0, 2, 60).astype(float)


def test_discrimination_and_brier_agree_with_scikit_learn(few: tuple[np.ndarray, np.ndarray]) -> None:
    risk, y = few
    assert metrics.auroc(risk, y) == pytest.approx(roc_auc_score(y, risk))
    assert metrics.auprc(risk, y) == pytest.approx(average_precision_score(y, risk))
    assert metrics.brier(risk, y) == pytest.approx(brier_score_loss(y, risk))


def test_auroc_of_a_hand_worked_case() -> None:
    # event/non-event pairs: 0.8 beats 0.3 and 0.5; 0.5 beats 0.3 and ties 0.5: (3 + 0.5) / 4
    assert metrics.auroc(np.array([0.8, 0.5, 0.5, 0.3]), np.array([1.0, 1.0, 0.0, 0.0])) == pytest.approx(3.5 / 4)


def test_delong_interval_agrees_with_its_definition_pair_by_pair(few: tuple[np.ndarray, np.ndarray]) -> None:
    risk, y = few
    events, others = risk[y == 1], risk[y == 0]
    wins = np.array([[1.0 if a > b else 0.5 if a == b else 0.0 for b in others] for a in events])
    error = np.sqrt(wins.mean(axis=1).var(ddof=1) / events.size + wins.mean(axis=0).var(ddof=1) / others.size)
    interval = metrics.auroc_interval(risk, y)
    assert interval == pytest.approx((wins.mean() - 1.959964 * error, wins.mean() + 1.959964 * error), abs=1e-6)


def test_delong_interval_covers_the_truth_about_95_times_in_100() -> None:
    rng = np.random.default_rng(13)
    truth = 0.7602  # P(N(1, 1) > N(0, 1)) = Phi(1 / sqrt(2))
    covered = 0
    for _ in range(300):
        score = np.concatenate([rng.normal(1, 1, 60), rng.normal(0, 1, 240)])
        interval = metrics.auroc_interval(score, np.repeat([1.0, 0.0], [60, 240]))
        assert interval is not None
        covered += interval[0] <= truth <= interval[1]
    assert 0.91 <= covered / 300 <= 0.985


def test_the_interval_stays_inside_nought_and_one() -> None:
    assert metrics.auroc_interval(np.array([0.1, 0.2, 0.3, 0.25, 0.9]), np.array([0.0, 0, 1, 0, 1])) == (1.0, 1.0)


def test_calibration_of_well_calibrated_risks_is_near_nought_and_one(
    well_calibrated: tuple[np.ndarray, np.ndarray],
) -> None:
    assert metrics.calibration_in_the_large(*well_calibrated) == pytest.approx(0, abs=0.03)
    assert metrics.calibration_slope(*well_calibrated) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("shift", [-4.0, -0.5, 0.25, 6.0])
def test_a_shift_in_log_odds_moves_calibration_in_the_large_by_its_opposite(
    well_calibrated: tuple[np.ndarray, np.ndarray], shift: float
) -> None:
    risk, y = well_calibrated
    before = metrics.calibration_in_the_large(risk, y)
    after = metrics.calibration_in_the_large(risk_of(log_odds_of(risk) + shift), y)
    assert before is not None
    assert after == pytest.approx(before - shift, abs=1e-8)


def test_stretching_the_log_odds_divides_the_slope(well_calibrated: tuple[np.ndarray, np.ndarray]) -> None:
    risk, y = well_calibrated
    slope = metrics.calibration_slope(risk, y)
    assert slope is not None
    assert metrics.calibration_slope(risk_of(2 * log_odds_of(risk)), y) == pytest.approx(slope / 2, rel=1e-6)


def test_in_the_large_and_slope_agree_with_an_unpenalised_logistic_fit(few: tuple[np.ndarray, np.ndarray]) -> None:
    risk, y = few
    oracle = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12).fit(log_odds_of(risk)[:, None], y)
    assert metrics.calibration_slope(risk, y) == pytest.approx(oracle.coef_[0, 0], abs=1e-6)
    intercept = metrics.calibration_in_the_large(risk, y)
    assert intercept is not None
    assert risk_of(log_odds_of(risk) + intercept).mean() == pytest.approx(y.mean(), abs=1e-12)


def test_in_the_large_of_one_risk_for_all_is_the_difference_in_log_odds() -> None:
    y = np.repeat([1.0, 0.0], [30, 70])
    expected = np.log(0.3 / 0.7) - np.log(0.1 / 0.9)
    assert metrics.calibration_in_the_large(np.full(100, 0.1), y) == pytest.approx(expected)


def test_in_the_large_is_found_where_plain_newton_would_run_away() -> None:
    risk = np.concatenate([np.full(50, 1e-9), np.full(50, 1 - 1e-9)])
    intercept = metrics.calibration_in_the_large(risk, np.repeat([1.0, 0.0], [99, 1]))
    assert intercept is not None
    assert risk_of(log_odds_of(risk) + intercept).mean() == pytest.approx(0.99, abs=1e-9)


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_one_class_leaves_none_and_never_nan(outcome: float) -> None:
    risk, y = np.array([0.1, 0.4, 0.8]), np.full(3, outcome)
    for metric in (
        metrics.auroc,
        metrics.auprc,
        metrics.auroc_interval,
        metrics.scaled_brier,
        metrics.calibration_in_the_large,
        metrics.calibration_in_the_large_interval,
        metrics.calibration_slope,
        metrics.slope_and_error,
        metrics.in_the_large_and_error,
    ):
        assert metric(risk, y) is None
    assert metrics.brier(risk, y) == pytest.approx(np.mean((risk - outcome) ** 2))


def test_no_patients_leave_none() -> None:
    nobody = np.empty(0)
    assert metrics.auroc(nobody, nobody) is None
    assert metrics.brier(nobody, nobody) is None
    assert metrics.reliability(nobody, nobody) == ()


@pytest.mark.parametrize(
    "risk", [[0.1, 0.2, 0.8, 0.9], [0.9, 0.8, 0.2, 0.1], [0.5, 0.5, 0.5, 0.5], [0.1, 0.5, 0.5, 0.9]]
)
def test_a_slope_that_has_no_finite_value_is_none(risk: list[float]) -> None:
    assert metrics.calibration_slope(np.array(risk), np.array([0.0, 0.0, 1.0, 1.0])) is None


def test_ranking_goes_by_risk_then_raw_score_then_patient() -> None:
    risk = np.array([0.2, 0.9, 0.2, 0.2, 0.9])
    raw = np.array([1.0, 3.0, 2.0, 1.0, 3.0])
    patients = np.array(["D", "Z", "C", "B", "A"])
    assert patients[metrics.rank_order(risk, patients, raw)].tolist() == ["A", "Z", "C", "B", "D"]
    assert patients[metrics.rank_order(risk, patients)].tolist() == ["A", "Z", "B", "C", "D"]


def test_ranking_does_not_depend_on_the_order_of_the_rows() -> None:
    risk, patients = np.array([0.2, 0.9, 0.2, 0.1]), np.array(["C", "A", "B", "D"])
    for rows in map(list, itertools.permutations(range(4))):
        assert patients[rows][metrics.rank_order(risk[rows], patients[rows])].tolist() == ["A", "B", "C", "D"]


def test_who_is_found_at_the_top_of_a_hand_worked_case() -> None:
    y, order = np.array([0.0, 1.0, 1.0, 0.0, 1.0]), np.array([1, 0, 4, 2, 3])
    # 2 of 3 listed had it, as 3 of all 5 did
    assert metrics.found(y, order[:3]) == metrics.Found(2 / 3, 2 / 3, 3, 2, 1.5, pytest.approx((2 / 3) / (3 / 5)))
    assert metrics.found(y, order) == metrics.Found(3 / 5, 1.0, 5, 3, pytest.approx(5 / 3), 1.0)
    assert metrics.found(y, order[:0]) == metrics.Found(None, 0.0, 0, 0, None, None)
    assert metrics.found(np.zeros(5), order[:2]) == metrics.Found(0.0, None, 2, 0, None, None)


def test_a_list_without_a_true_case_has_no_lift_and_no_number_to_review() -> None:
    none_found = metrics.found(np.array([0.0, 1.0]), np.array([0]))
    assert (none_found.ppv, none_found.lift, none_found.number_needed_to_review) == (0.0, 0.0, None)


def test_capacity_counts_in_each_practice_apart() -> None:
    practices = np.array(["east", "east", "east", "west", "west", "north"])
    order = np.array([0, 1, 2, 3, 4, 5])
    # two of east, two of west, the only one of north
    assert metrics.within_capacity(order, practices, 2).tolist() == [0, 1, 3, 4, 5]
    assert metrics.within_capacity(order[::-1], practices, 1).tolist() == [5, 4, 2]


def test_the_scaled_brier_score_is_nought_for_the_rate_and_one_for_the_truth(
    few: tuple[np.ndarray, np.ndarray],
) -> None:
    risk, y = few
    assert metrics.scaled_brier(np.full(y.size, y.mean()), y) == pytest.approx(0)
    assert metrics.scaled_brier(y, y) == 1.0
    # 1 - (0.09 + 0.01 + 0.04 + 0.16) / 4 / 0.25
    hand_worked = np.array([0.7, 0.9, 0.2, 0.4]), np.array([1.0, 1.0, 0.0, 0.0])
    assert metrics.scaled_brier(*hand_worked) == pytest.approx(0.7)
    assert (metrics.scaled_brier(risk, y) or 0) < 1


def test_observed_over_expected_is_the_ratio_of_sums() -> None:
    assert metrics.observed_over_expected(np.array([0.5, 0.25, 0.5]), np.array([1.0, 0.0, 0.0])) == 0.8
    assert metrics.observed_over_expected(np.array([0.5]), np.array([0.0])) is None


def test_the_interval_in_the_large_covers_well_calibrated_risks_about_95_times_in_100() -> None:
    rng = np.random.default_rng(14)
    covered = 0
    for _ in range(300):
        risk = risk_of(rng.normal(-2, 1, 400))
        low, high = metrics.calibration_in_the_large_interval(risk, (rng.random(400) < risk).astype(float)) or (1, 1)
        covered += low <= 0 <= high
    assert 0.91 <= covered / 300 <= 0.985


def test_reliability_groups_by_risk_and_counts_everyone_once() -> None:
    risk = np.array([0.9, 0.1, 0.5, 0.2, 0.6, 0.8])
    y = np.array([1.0, 0.0, 1.0, 0.0, 0.0, 1.0])
    low, high = metrics.reliability(risk, y, bins=2)
    assert (low.n, high.n) == (3, 3)
    assert (low.mean_risk, high.mean_risk) == pytest.approx((0.8 / 3, 2.3 / 3))
    assert (low.observed, high.observed) == pytest.approx((1 / 3, 2 / 3))
    assert low.low < low.observed < low.high


def test_reliability_of_well_calibrated_risks_holds_the_prediction_in_most_tenths(
    well_calibrated: tuple[np.ndarray, np.ndarray],
) -> None:
    tenths = metrics.reliability(*well_calibrated)
    assert [tenth.n for tenth in tenths] == [10_000] * 10
    assert sum(tenth.low <= tenth.mean_risk <= tenth.high for tenth in tenths) >= 8


def test_fewer_patients_than_bins_leave_no_empty_bin() -> None:
    assert [part.n for part in metrics.reliability(np.array([0.1, 0.2, 0.3]), np.array([0.0, 1.0, 0.0]))] == [1, 1, 1]


@pytest.mark.parametrize(
    ("events", "n", "expected"),
    [(0, 10, (0.0, 0.2775)), (10, 10, (0.7225, 1.0)), (1, 29, (0.0061, 0.1718)), (81, 263, (0.2553, 0.3662))],
)
def test_wilson_intervals_are_those_published(events: int, n: int, expected: tuple[float, float]) -> None:
    # Newcombe RG. Statistics in Medicine, 1998, table I: 81/263 and 1/29 by the score method.
    assert metrics.wilson_interval(events, n) == pytest.approx(expected, abs=1e-4)


# --- weights ----------------------------------------------------------------------------------------------------------

WEIGHTED = (
    metrics.auroc,
    metrics.auprc,
    metrics.brier,
    metrics.scaled_brier,
    metrics.observed_over_expected,
    metrics.calibration_in_the_large,
    metrics.calibration_slope,
)
WITH_ERROR = (metrics.auroc_and_error, metrics.in_the_large_and_error, metrics.slope_and_error)
INTERVALS = (metrics.auroc_interval, metrics.calibration_in_the_large_interval)


def some_weights(n: int) -> np.ndarray:
    return np.random.default_rng(3).choice([0.0, 1.0, 1.5, 2.25], n)


@pytest.mark.parametrize("metric", [*WEIGHTED, *WITH_ERROR, *INTERVALS], ids=lambda metric: metric.__name__)
def test_weights_of_one_are_no_weights_to_the_last_bit(metric: Any, few: tuple[np.ndarray, np.ndarray]) -> None:
    assert metric(*few, np.ones(60)) == metric(*few)


@pytest.mark.parametrize("metric", WEIGHTED, ids=lambda metric: metric.__name__)
def test_a_weight_of_three_is_being_there_three_times(metric: Any, few: tuple[np.ndarray, np.ndarray]) -> None:
    weight = np.random.default_rng(4).integers(0, 4, 60)
    risk, y = few
    assert metric(risk, y, weight) == pytest.approx(metric(np.repeat(risk, weight), np.repeat(y, weight)), rel=1e-9)


@pytest.mark.parametrize("metric", [*WEIGHTED, *WITH_ERROR], ids=lambda metric: metric.__name__)
def test_the_unit_of_the_weights_changes_nothing(metric: Any, few: tuple[np.ndarray, np.ndarray]) -> None:
    weight = some_weights(60)
    assert metric(*few, 7 * weight) == pytest.approx(metric(*few, weight), rel=1e-9)


@pytest.mark.parametrize("metric", [*WEIGHTED, *WITH_ERROR, *INTERVALS], ids=lambda metric: metric.__name__)
def test_a_row_of_weight_nought_might_as_well_be_away(metric: Any, few: tuple[np.ndarray, np.ndarray]) -> None:
    risk, y = few
    weight = some_weights(60)
    seen = weight > 0
    changed = np.where(seen, y, 1 - y)
    assert metric(risk, changed, weight) == metric(risk[seen], y[seen], weight[seen])


def test_weighted_discrimination_and_brier_agree_with_scikit_learn(few: tuple[np.ndarray, np.ndarray]) -> None:
    risk, y = few
    weight = some_weights(60)
    assert metrics.auroc(risk, y, weight) == pytest.approx(roc_auc_score(y, risk, sample_weight=weight))
    assert metrics.auprc(risk, y, weight) == pytest.approx(average_precision_score(y, risk, sample_weight=weight))
    assert metrics.brier(risk, y, weight) == pytest.approx(brier_score_loss(y, risk, sample_weight=weight))


def test_weighted_calibration_agrees_with_a_weighted_unpenalised_logistic_fit(
    few: tuple[np.ndarray, np.ndarray],
) -> None:
    risk, y = few
    weight = some_weights(60)
    oracle = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12)
    oracle.fit(log_odds_of(risk)[:, None], y, sample_weight=weight)
    assert metrics.calibration_slope(risk, y, weight) == pytest.approx(oracle.coef_[0, 0], abs=1e-6)
    intercept = metrics.calibration_in_the_large(risk, y, weight)
    assert intercept is not None
    shifted = risk_of(log_odds_of(risk) + intercept)
    assert np.average(shifted, weights=weight) == pytest.approx(np.average(y, weights=weight), abs=1e-12)


def test_weighted_delong_agrees_with_its_definition_pair_by_pair(few: tuple[np.ndarray, np.ndarray]) -> None:
    risk, y = few
    weight = some_weights(60)
    event, other = (y == 1) & (weight > 0), (y == 0) & (weight > 0)
    wins = (risk[event][:, None] > risk[other]) + 0.5 * (risk[event][:, None] == risk[other])

    def variance(values: np.ndarray, weights: np.ndarray) -> float:
        centred = values - np.average(values, weights=weights)
        return float((weights**2 @ centred**2) / weights.sum() ** 2 * values.size / (values.size - 1))

    of_events, of_others = wins @ weight[other] / weight[other].sum(), weight[event] @ wins / weight[event].sum()
    expected = np.sqrt(variance(of_events, weight[event]) + variance(of_others, weight[other]))
    assert metrics.auroc_and_error(risk, y, weight) == pytest.approx(
        (roc_auc_score(y, risk, sample_weight=weight), expected)
    )


def test_equal_weights_other_than_one_have_the_plain_delong_interval(few: tuple[np.ndarray, np.ndarray]) -> None:
    assert metrics.auroc_interval(*few, np.full(60, 1.3)) == pytest.approx(metrics.auroc_interval(*few))


def test_the_delong_interval_of_published_ratings() -> None:
    # Hanley JA, McNeil BJ. Radiology, 1982, table II: 109 ratings 1 to 5 of CT images, 51 of them abnormal. Area 0.893;
    # error and interval as Stata's roctab gives them for these ratings by DeLong: 0.0307, 0.83295 to 0.95339.
    ratings = np.repeat([1, 2, 3, 4, 5, 1, 2, 3, 4, 5], [33, 6, 6, 11, 2, 3, 2, 2, 11, 33]) / 6
    abnormal = np.repeat([0.0, 1.0], [58, 51])
    assert metrics.auroc_and_error(ratings, abnormal) == pytest.approx((0.8932, 0.0307), abs=5e-5)
    assert metrics.auroc_interval(ratings, abnormal) == pytest.approx((0.83295, 0.95339), abs=1e-5)


def test_the_error_of_the_slope_agrees_with_how_much_slopes_vary() -> None:
    rng = np.random.default_rng(15)
    slopes, errors = [], []
    for _ in range(200):
        risk = risk_of(rng.normal(-1.5, 1, 500))
        weight = rng.choice([0.0, 1.0, 2.0], 500)
        found = metrics.slope_and_error(risk, (rng.random(500) < risk).astype(float), weight)
        assert found is not None
        slopes.append(found[0])
        errors.append(found[1])
    assert np.mean(errors) == pytest.approx(np.std(slopes), rel=0.15)


def test_who_is_found_with_one_listed_who_was_not_followed() -> None:
    y, weight = np.array([1.0, 0.0, 0.0, 1.0]), np.array([2.0, 1.0, 0.0, 1.0])
    # listed: one event that stands for two, one without, one not followed; 3 of 4 in all had it
    assert metrics.found(y, np.array([0, 1, 2]), weight) == metrics.Found(
        pytest.approx(2 / 3), pytest.approx(2 / 3), 3, 1, pytest.approx(1.5), pytest.approx((2 / 3) / (3 / 4))
    )
    assert metrics.found(y, np.array([2]), weight).ppv is None


def test_weighted_reliability_is_of_the_followed() -> None:
    risk, y = np.array([0.1, 0.2, 0.3, 0.8]), np.array([0.0, 1.0, 0.0, 1.0])
    low, high = metrics.reliability(risk, y, bins=2, weight=np.array([3.0, 1.0, 0.0, 2.0]))
    assert (low.n, low.mean_risk, low.observed) == (2, pytest.approx(0.125), 0.25)
    assert (low.low, low.high) == metrics.wilson_interval(0.25 * 1.6, 1.6)  # 4^2 / (3^2 + 1)
    assert (high.n, high.mean_risk, high.observed) == (2, pytest.approx(0.8), 1.0)
    assert len(metrics.reliability(risk, y, bins=4, weight=np.array([3.0, 1.0, 0.0, 2.0]))) == 3
