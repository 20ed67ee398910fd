import json
from typing import Any

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from vi_risk.errors import InputError
from vi_risk.models.learning.calibration import log_odds_of, risk_of
from vi_risk.models.learning.calibrators import CALIBRATORS, BetaCalibrator, IsotonicCalibrator, SigmoidCalibrator

EVERY_KIND = pytest.mark.parametrize("kind", CALIBRATORS)


@pytest.fixture(scope="module")
def scored() -> tuple[np.ndarray, np.ndarray]:
    """Raw scores whose true risk is 1 / (1 + exp(-(0.5 * raw - 1)))."""
    rng = np.random.default_rng(7)
    raw = rng.normal(-1, 2, size=50_000)
    return raw, (rng.random(raw.size) < risk_of(0.5 * raw - 1)).astype(float)


@pytest.fixture(scope="module")
def bent() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Raw scores, outcomes and true risks that no line on the log-odds follows: flat, then steep, then flat."""
    rng = np.random.default_rng(8)
    raw = rng.normal(-1, 1.5, size=40_000)
    risk = 0.02 + 0.4 * risk_of(4 * raw)
    return raw, (rng.random(raw.size) < risk).astype(float), risk


# --- every calibrator -------------------------------------------------------------------------------------------------


@EVERY_KIND
def test_a_higher_score_always_has_a_higher_risk(kind: str, bent: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    raw, y, _ = bent
    calibrator = CALIBRATORS[kind].fit(raw, y)
    asked = np.sort(np.concatenate([np.linspace(-15, 15, 5001), raw]))
    asked = asked[np.diff(asked, prepend=-np.inf) > 1e-9]
    assert (np.diff(calibrator.log_odds(asked)) > 0).all()
    assert (np.diff(calibrator.predict(asked)) > 0).all()


@EVERY_KIND
def test_no_two_scores_change_places_even_where_they_all_but_agree(
    kind: str, bent: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    raw, y, _ = bent
    calibrator = CALIBRATORS[kind].fit(raw, y)
    knots = np.array(getattr(calibrator, "centres", (-1.0, 0.0, 1.0)))
    asked = np.sort(np.concatenate([knots, *(np.nextafter(knots, end) for end in (-np.inf, np.inf))]))
    assert (np.diff(calibrator.log_odds(asked)) >= 0).all()


@EVERY_KIND
def test_risks_add_up_to_the_events_they_were_fitted_on(
    kind: str, bent: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    raw, y, _ = bent
    weights = np.where(raw > 0, 2.0, 1.0)
    calibrator = CALIBRATORS[kind].fit(raw, y, weights)
    assert weights @ calibrator.predict(raw) == pytest.approx(weights @ y, rel=0.01)


@EVERY_KIND
def test_a_weight_of_two_counts_as_two_rows(kind: str, scored: tuple[np.ndarray, np.ndarray]) -> None:
    raw, y = scored[0][:500], scored[1][:500]
    times = np.where(np.arange(raw.size) % 3 == 0, 2, 1)
    weighted = CALIBRATORS[kind].fit(raw, y, times.astype(float))
    repeated = CALIBRATORS[kind].fit(np.repeat(raw, times), np.repeat(y, times))
    np.testing.assert_allclose(weighted.log_odds(raw), repeated.log_odds(raw), rtol=1e-8, atol=1e-9)


@EVERY_KIND
def test_a_score_that_runs_the_wrong_way_is_refused(kind: str, scored: tuple[np.ndarray, np.ndarray]) -> None:
    raw, y = scored
    with pytest.raises(InputError, match="must rise with the raw score"):
        CALIBRATORS[kind].fit(-raw, y)


@EVERY_KIND
@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_calibrating_on_one_outcome_is_refused(kind: str, outcome: float) -> None:
    with pytest.raises(InputError, match="expected events and non-events"):
        CALIBRATORS[kind].fit([0.1, 0.2, 0.3], [outcome] * 3)


@EVERY_KIND
def test_a_saved_calibrator_is_found_by_its_kind_and_predicts_alike(
    kind: str, scored: tuple[np.ndarray, np.ndarray]
) -> None:
    calibrator = CALIBRATORS[kind].fit(*scored)
    saved = json.loads(json.dumps(calibrator.to_dict()))
    assert saved["kind"] == kind
    assert CALIBRATORS[saved["kind"]].from_dict(saved) == calibrator


# --- sigmoid ----------------------------------------------------------------------------------------------------------


def test_the_sigmoid_recovers_the_line_that_made_the_outcomes(scored: tuple[np.ndarray, np.ndarray]) -> None:
    calibrator = SigmoidCalibrator.fit(*scored)
    assert calibrator.slope == pytest.approx(0.5, abs=0.03)
    assert calibrator.intercept == pytest.approx(-1.0, abs=0.05)


def test_the_sigmoid_is_fitted_on_platt_targets() -> None:
    raw = np.array([-2.0, -1.0, 0.0, 0.5, 1.0, 3.0])
    y = np.array([0.0, 0.0, 1.0, 0.0, 1.0, 1.0])
    target = np.where(y == 1, 4 / 5, 1 / 5)
    twice, label = np.tile(raw, 2), np.repeat([1.0, 0.0], raw.size)
    oracle = LogisticRegression(C=np.inf, tol=1e-12, solver="newton-cholesky")
    oracle.fit(twice[:, None], label, sample_weight=np.concatenate([target, 1 - target]))
    calibrator = SigmoidCalibrator.fit(raw, y)
    assert calibrator.slope == pytest.approx(oracle.coef_[0, 0], abs=1e-6)
    assert calibrator.intercept == pytest.approx(oracle.intercept_[0], abs=1e-6)


def test_scores_that_separate_perfectly_still_give_a_finite_line() -> None:
    calibrator = SigmoidCalibrator.fit([-2.0, -1.0, 1.0, 2.0], [0, 0, 1, 1])
    assert 0 < calibrator.slope < 100


@pytest.mark.parametrize("slope", [0.0, -1.0, np.nan, np.inf])
def test_a_calibrator_without_a_positive_finite_slope_cannot_be_made(slope: float) -> None:
    with pytest.raises(InputError, match="calibration"):
        SigmoidCalibrator(slope=slope, intercept=0.0)


# --- beta -------------------------------------------------------------------------------------------------------------


def test_beta_recovers_the_bend_that_made_the_outcomes() -> None:
    # Where scores are Beta(a1, b1) distributed among events and Beta(a0, b0) among others, a = a1 - a0, b = b0 - b1.
    rng = np.random.default_rng(4)
    risk = np.concatenate([rng.beta(3.0, 2.0, 60_000), rng.beta(1.0, 2.5, 60_000)])
    calibrator = BetaCalibrator.fit(log_odds_of(risk), np.repeat([1.0, 0.0], 60_000))
    assert calibrator.a == pytest.approx(2.0, abs=0.05)
    assert calibrator.b == pytest.approx(0.5, abs=0.05)


def test_beta_by_hand() -> None:
    # p = 0.2: ln p = -1.609438, ln(1 - p) = -0.223144; 0.3 + 2 * -1.609438 + 0.5 * 0.223144 = -2.807304
    calibrator = BetaCalibrator(a=2.0, b=0.5, intercept=0.3)
    assert calibrator.log_odds(log_odds_of(0.2)) == pytest.approx(-2.807304, abs=1e-6)


def test_beta_agrees_with_a_logistic_regression_on_the_logs_of_risk(scored: tuple[np.ndarray, np.ndarray]) -> None:
    raw, y = scored[0][:5000], scored[1][:5000]
    logs = np.column_stack([np.log(risk_of(raw)), -np.log(1 - risk_of(raw))])
    oracle = LogisticRegression(C=np.inf, tol=1e-10, solver="newton-cholesky").fit(logs, y)
    calibrator = BetaCalibrator.fit(raw, y)
    np.testing.assert_allclose(calibrator.log_odds(raw), oracle.decision_function(logs), atol=0.01)  # Platt's targets


def test_beta_drops_the_log_whose_sign_would_turn_the_order() -> None:
    rng = np.random.default_rng(6)
    raw = rng.normal(size=20_000)
    y = (rng.random(raw.size) < risk_of(1 - np.logaddexp(0, -raw) + 0.4 * -np.logaddexp(0, raw))).astype(float)
    calibrator = BetaCalibrator.fit(raw, y)
    assert calibrator.b == 0
    assert calibrator.a > 0.5


@pytest.mark.parametrize(("a", "b"), [(0.0, 0.0), (-0.1, 1.0), (1.0, -0.1), (np.nan, 1.0)])
def test_a_beta_that_would_not_rise_cannot_be_made(a: float, b: float) -> None:
    with pytest.raises(InputError, match="calibration"):
        BetaCalibrator(a=a, b=b, intercept=0.0)


# --- isotonic ---------------------------------------------------------------------------------------------------------


def test_large_isotonic_blocks_are_those_of_scikit_learn(bent: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    raw, y, _ = bent
    weights = np.where(raw > 0, 2.0, 1.0)
    calibrator = IsotonicCalibrator.fit(raw, y, weights)
    oracle = IsotonicRegression().fit(raw, y, sample_weight=weights).predict(raw)
    large = [block for block in np.unique(oracle) if weights[oracle == block].sum() > 2000]
    assert len(large) >= 5
    for block in large:
        centre = np.average(raw[oracle == block], weights=weights[oracle == block])
        assert np.abs(np.array(calibrator.centres) - centre).min() < 1e-9
        assert calibrator.predict(centre) == pytest.approx(block, rel=0.03)


def test_isotonic_by_hand() -> None:
    # 1, 6, 5 and 9 thousand events among ten thousand rows at each of four scores: the second and third are one block.
    raw = np.repeat([-3.0, -1.0, 0.0, 2.0], 10)
    y = np.concatenate([np.arange(10) < events for events in (1, 6, 5, 9)]).astype(float)
    calibrator = IsotonicCalibrator.fit(raw, y, np.full(40, 1000.0))
    assert calibrator.centres == pytest.approx((-3.0, -0.5, 2.0))
    assert risk_of(calibrator.levels) == pytest.approx([0.1, 0.55, 0.9], abs=2e-4)
    assert calibrator.log_odds(-1.75) == pytest.approx((calibrator.levels[0] + calibrator.levels[1]) / 2)
    assert calibrator.log_odds(3.0) - calibrator.log_odds(2.0) == pytest.approx(calibrator.slope)


def test_a_small_isotonic_block_is_drawn_to_the_sigmoid_by_ten_rows() -> None:
    raw, y = np.repeat([-1.0, 1.0], 10), np.repeat([0.0, 1.0, 0.0, 1.0], [8, 2, 3, 7])
    sigmoid = SigmoidCalibrator.fit(raw, y).predict([-1.0, 1.0])
    expected = (np.array([2, 7]) + 10 * sigmoid) / 20
    assert risk_of(IsotonicCalibrator.fit(raw, y).levels) == pytest.approx(expected)


def test_isotonic_follows_a_bend_that_the_sigmoid_cannot(bent: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    raw, y, risk = bent
    error = {kind: float(np.abs(CALIBRATORS[kind].fit(raw, y).predict(raw) - risk).mean()) for kind in CALIBRATORS}
    assert error["isotonic"] < 0.01 < 2 * error["isotonic"] < error["sigmoid"]


def test_no_isotonic_block_says_never_or_always_from_hardly_anybody() -> None:
    raw = np.linspace(-3, 3, 601)
    y = (raw > -2.9) & (np.arange(601) % 3 > 0) & (raw < 2.9) | (raw > 2.97)
    low, *_, high = risk_of(IsotonicCalibrator.fit(raw, y.astype(float)).levels)
    assert 0.1 < low < 2 / 3 < high < 0.98


def test_isotonic_keeps_a_step_beside_a_block_without_events() -> None:
    raw = np.linspace(-3, 3, 601)
    y = (raw > -1) & (np.arange(601) % 3 > 0)
    calibrator = IsotonicCalibrator.fit(raw, y.astype(float))
    assert calibrator.predict(-2.0) < 0.02
    assert calibrator.predict(1.0) == pytest.approx(2 / 3, abs=0.03)


def test_isotonic_scores_that_make_one_block_have_one_level_and_a_slope() -> None:
    raw, y = [-2.0, -1.0, 1.0, 2.0], [0.0, 1.0, 0.0, 1.0]
    calibrator = IsotonicCalibrator(centres=(0.0,), levels=(0.0,), slope=SigmoidCalibrator.fit(raw, y).slope)
    assert calibrator.log_odds([-1.0, 0.0, 1.0]) == pytest.approx(calibrator.slope * np.array([-1.0, 0.0, 1.0]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"centres": (), "levels": ()},
        {"centres": (1.0, 1.0)},
        {"levels": (0.0, -1.0)},
        {"levels": (0.0,)},
        {"slope": 0.0},
        {"centres": (0.0, np.inf)},
    ],
)
def test_an_isotonic_calibrator_that_would_not_rise_cannot_be_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="calibration"):
        IsotonicCalibrator(**{"centres": (0.0, 1.0), "levels": (-1.0, 0.0), "slope": 1.0, **wrong})
