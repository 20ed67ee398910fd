from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, PoissonRegressor

from vi_risk.errors import InputError
from vi_risk.models.learning.calibration import (
    folds_apart,
    log_mean_line,
    log_odds_of,
    logistic_intercept,
    logistic_line,
    risk_of,
)


@pytest.fixture
def scored() -> tuple[np.ndarray, np.ndarray]:
    """Raw scores whose true risk is 1 / (1 + exp(-(0.5 * raw - 1)))."""
    rng = np.random.default_rng(7)
    raw = rng.normal(-1, 2, size=50_000)
    return raw, (rng.random(raw.size) < risk_of(0.5 * raw - 1)).astype(float)


def test_risk_and_log_odds_undo_each_other() -> None:
    log_odds = np.array([-25.0, -3.0, 0.0, 3.0, 20.0])
    np.testing.assert_allclose(log_odds_of(risk_of(log_odds)), log_odds, rtol=1e-6)


def test_a_risk_of_nought_or_one_has_finite_log_odds() -> None:
    assert np.isfinite(log_odds_of([0.0, 1.0])).all()


def test_extreme_log_odds_neither_overflow_nor_lose_their_order() -> None:
    risks = risk_of([-800.0, -700.0, -600.0, 800.0])
    assert (np.diff(risks) > 0).sum() == 3
    assert risks[-1] == 1.0


def test_the_logistic_line_agrees_with_scikit_learn(scored: tuple[np.ndarray, np.ndarray]) -> None:
    raw, y = scored
    weights = np.where(raw > 0, 2.0, 1.0)
    oracle = LogisticRegression(C=np.inf, tol=1e-10, solver="newton-cholesky")
    oracle.fit(raw[:, None], y, sample_weight=weights)
    intercept, slope = logistic_line(raw, y, weights)
    assert slope == pytest.approx(oracle.coef_[0, 0], abs=1e-6)
    assert intercept == pytest.approx(oracle.intercept_[0], abs=1e-6)


def test_the_logistic_line_of_a_two_by_two_table_is_its_log_odds_ratio() -> None:
    # score 0: 10 events of 40; score 1: 30 events of 50
    score = np.repeat([0.0, 0.0, 1.0, 1.0], [10, 30, 30, 20])
    y = np.repeat([1.0, 0.0, 1.0, 0.0], [10, 30, 30, 20])
    intercept, slope = logistic_line(score, y)
    assert intercept == pytest.approx(np.log(10 / 30))
    assert slope == pytest.approx(np.log(30 / 20) - np.log(10 / 30))


@pytest.mark.parametrize(("shift", "scale"), [(1e6, 1.0), (0.0, 1e-6), (-50.0, 1e4)])
def test_the_logistic_line_does_not_mind_the_scale_of_the_score(
    scored: tuple[np.ndarray, np.ndarray], shift: float, scale: float
) -> None:
    raw, y = scored[0][:2000], scored[1][:2000]
    intercept, slope = logistic_line(raw, y)
    moved_intercept, moved_slope = logistic_line(raw * scale + shift, y)
    np.testing.assert_allclose(
        moved_intercept + moved_slope * (raw * scale + shift), intercept + slope * raw, rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("shift", [-2.0, 0.0, 0.7])
def test_the_logistic_intercept_makes_the_risks_add_up_to_the_events(
    scored: tuple[np.ndarray, np.ndarray], shift: float
) -> None:
    raw, y = scored[0][:2000], scored[1][:2000]
    weights = np.where(raw > 0, 2.0, 1.0)
    intercept = logistic_intercept(raw + shift, y, weights)
    assert weights @ risk_of(raw + shift + intercept) == pytest.approx(weights @ y, rel=1e-7)


def test_the_log_mean_line_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    score = rng.normal(size=5000)
    count = rng.poisson(np.exp(1.5 + 0.8 * score)).astype(float)
    weights = np.where(score > 0, 2.0, 0.5)
    oracle = PoissonRegressor(alpha=0, tol=1e-10, max_iter=1000).fit(score[:, None], count, sample_weight=weights)
    intercept, slope = log_mean_line(score, count, weights)
    assert slope == pytest.approx(oracle.coef_[0], abs=1e-5)
    assert intercept == pytest.approx(oracle.intercept_, abs=1e-5)


def test_the_log_mean_line_of_two_groups_joins_their_mean_counts() -> None:
    intercept, slope = log_mean_line(np.repeat([0.0, 1.0], 3), np.array([0.0, 1.0, 2.0, 0.0, 1.0, 11.0]))
    assert np.exp(intercept) == pytest.approx(1)
    assert np.exp(intercept + slope) == pytest.approx(4)


def test_a_poisson_fit_survives_scores_that_overshoot() -> None:
    score = np.concatenate([np.zeros(999), [400.0]])
    count = np.concatenate([np.ones(999), [3.0]])
    intercept, slope = log_mean_line(score, count)
    assert np.exp(intercept) == pytest.approx(1)
    assert np.exp(intercept + 400 * slope) == pytest.approx(3)


def test_no_patient_straddles_calibration_folds() -> None:
    rng = np.random.default_rng(3)
    patients = rng.choice([f"P{number}" for number in range(40)], size=300)
    y = rng.integers(0, 2, size=300)
    held_out_times = np.zeros(300, dtype=int)
    for learning, held_out in folds_apart(y, patients, folds=4, seed=1):
        assert not set(patients[learning]) & set(patients[held_out])
        assert learning.size + held_out.size == 300
        held_out_times[held_out] += 1
    assert (held_out_times == 1).all()


def test_without_patients_each_fold_has_its_share_of_events() -> None:
    y = np.repeat([1, 0], [30, 270])
    events = [int(y[held_out].sum()) for _, held_out in folds_apart(y, None, folds=3, seed=1)]
    assert events == [10, 10, 10]


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (["P1", None, "P2", "P3"], "1 of 4 rows have no patient"),
        (["P1", "P2", "P3"], "one entry for each of 4 rows, found 3"),
        (["P1", "P1", "P1", "P1"], "found 1"),
    ],
)
def test_patients_that_cannot_make_folds_are_refused(groups: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        list(folds_apart([0, 1, 0, 1], groups, folds=2, seed=1))


def test_a_fold_that_would_leave_no_events_to_learn_from_is_refused() -> None:
    with pytest.raises(InputError, match="one outcome only"):
        list(folds_apart([1, 1, 0, 0], ["P1", "P1", "P2", "P2"], folds=2, seed=1))
