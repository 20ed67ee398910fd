import numpy as np
import pytest
from sklearn.preprocessing import SplineTransformer

from vi_risk.models.evidence.calibration_curve import calibration_curve, restricted_cubic_spline
from vi_risk.models.learning.calibration import log_odds_of, risk_of

KNOTS = np.array([-4.0, -3.0, -2.0, -1.0, 1.0])


def drawn(log_odds: np.ndarray, seed: int = 3) -> np.ndarray:
    return (np.random.default_rng(seed).random(log_odds.size) < risk_of(log_odds)).astype(float)


def test_risks_that_are_right_have_an_index_near_nought_and_a_curve_near_the_diagonal() -> None:
    log_odds = np.random.default_rng(2).normal(-2.5, 1.2, 60_000)
    curve = calibration_curve(risk_of(log_odds), drawn(log_odds))
    assert curve is not None
    assert curve.integrated_calibration_index < 0.004
    assert all(abs(point.observed - point.risk) < 0.04 for point in curve.points)


def test_the_index_is_the_mean_distance_from_what_is_true() -> None:
    # what was given is twice the true log-odds: the truth is inside the family of curves
    log_odds = np.random.default_rng(2).normal(-1.0, 1.0, 60_000)
    given = risk_of(2 * log_odds)
    curve = calibration_curve(given, drawn(log_odds))
    assert curve is not None
    assert curve.integrated_calibration_index == pytest.approx(np.mean(np.abs(risk_of(log_odds) - given)), abs=0.004)


def test_a_bend_that_no_line_could_follow_is_followed() -> None:
    log_odds = np.random.default_rng(2).normal(-1.5, 1.5, 60_000)
    bent = log_odds - 0.4 * np.maximum(log_odds, -1.0)
    curve = calibration_curve(risk_of(log_odds), drawn(bent))
    assert curve is not None
    for point in curve.points:
        true = log_odds_of(point.risk) - 0.4 * np.maximum(log_odds_of(point.risk), -1.0)
        assert point.observed == pytest.approx(risk_of(true), abs=0.04)


def test_the_order_of_the_rows_changes_nothing() -> None:
    log_odds = np.random.default_rng(2).normal(-1.5, 1.5, 500)
    y, rows = drawn(log_odds), np.random.default_rng(4).permutation(500)
    here, turned = calibration_curve(risk_of(log_odds), y), calibration_curve(risk_of(log_odds)[rows], y[rows])
    assert here is not None
    assert turned is not None
    assert here.integrated_calibration_index == pytest.approx(turned.integrated_calibration_index, abs=1e-6)


def test_two_risks_alone_give_the_observed_share_of_each() -> None:
    risk = np.repeat([0.1, 0.4], 100)
    y = np.concatenate([np.arange(100) < 20, np.arange(100) < 30]).astype(float)
    curve = calibration_curve(risk, y)
    assert curve is not None
    assert curve.integrated_calibration_index == pytest.approx((0.1 + 0.1) / 2, abs=1e-4)


@pytest.mark.parametrize(("risk", "y"), [([0.1, 0.2], [0, 0]), ([0.1, 0.2], [1, 1]), ([0.2, 0.2], [0, 1])])
def test_where_nothing_can_be_told_there_is_no_curve(risk: list[float], y: list[int]) -> None:
    assert calibration_curve(np.array(risk), np.array(y, dtype=float)) is None


def test_risks_of_nought_and_one_and_outcomes_that_do_not_overlap_stay_finite() -> None:
    curve = calibration_curve(np.array([0.0, 0.0, 0.2, 0.8, 1.0, 1.0]), np.array([0.0, 0, 0, 1, 1, 1]))
    assert curve is not None
    assert np.isfinite(curve.integrated_calibration_index)


def test_the_spline_is_straight_beyond_its_outer_knots() -> None:
    for ends in (np.linspace(-9, -4, 30), np.linspace(1, 9, 30)):
        columns = restricted_cubic_spline(ends[:, None], KNOTS)
        assert np.abs(np.diff(columns, n=2, axis=0)).max() < 1e-9


def test_the_spline_spans_the_natural_cubic_splines_of_scikit_learn() -> None:
    # between the knots every column must be a cubic spline: scikit-learn's basis fits it without error
    inside = np.linspace(-4, 1, 200)[:, None]
    ours = restricted_cubic_spline(inside, KNOTS)
    theirs = SplineTransformer(degree=3, knots=KNOTS[:, None]).fit_transform(inside)
    left = ours - theirs @ np.linalg.lstsq(theirs, ours)[0]
    assert ours.shape == (200, KNOTS.size - 1)
    assert np.linalg.matrix_rank(np.column_stack([np.ones(200), ours])) == KNOTS.size
    assert np.abs(left).max() < 1e-9


def test_a_whole_weight_is_being_there_so_many_times_and_ones_change_nothing() -> None:
    # knots stand at quantiles of people, so that a curve that is straight in log-odds is what both must find
    log_odds = np.random.default_rng(2).normal(-1.5, 1.5, 4000)
    risk, y = risk_of(log_odds), drawn(log_odds)
    assert calibration_curve(risk, y, np.ones(4000)) == calibration_curve(risk, y)
    weight = np.random.default_rng(4).integers(0, 3, 4000)
    weighted, repeated = (
        calibration_curve(risk, y, weight),
        calibration_curve(np.repeat(risk, weight), np.repeat(y, weight)),
    )
    assert weighted is not None
    assert repeated is not None
    for point, other in zip(weighted.points[:30], repeated.points[:30], strict=True):
        assert point.observed == pytest.approx(other.observed, abs=0.02)


def test_two_risks_alone_give_the_weighted_share_of_each() -> None:
    risk = np.repeat([0.1, 0.4], 100)
    y = np.concatenate([np.arange(100) < 20, np.arange(100) < 30]).astype(float)
    weight = np.where(y == 1, 2.0, 1.0)
    curve = calibration_curve(risk, y, weight)
    assert curve is not None
    # 40 of 120 and 60 of 130
    assert curve.points[0].observed == pytest.approx(40 / 120, abs=1e-3)
    assert curve.points[-1].observed == pytest.approx(60 / 130, abs=1e-3)
    apart = (120 * (40 / 120 - 0.1) + 130 * (60 / 130 - 0.4)) / 250
    assert curve.integrated_calibration_index == pytest.approx(apart, abs=1e-3)
