import json

import numpy as np
import pandas as pd
import pytest

from vi_risk.errors import InputError, SpecificationError
from vi_risk.models.learning.calibration import log_odds_of, logistic_line, risk_of
from vi_risk.models.learning.calibrators import CALIBRATORS, SigmoidCalibrator
from vi_risk.models.learning.classifier import RiskClassifier
from vi_risk.models.learning.recalibration import Recalibrated, calibrator_of

FIRST = SigmoidCalibrator(slope=0.8, intercept=-0.5)


@pytest.fixture(scope="module")
def elsewhere() -> tuple[np.ndarray, np.ndarray]:
    """Raw scores and outcomes of a place where risks are higher and spread less than the first calibrator says."""
    rng = np.random.default_rng(3)
    raw = rng.normal(-1, 1.5, size=30_000)
    return raw, (rng.random(raw.size) < risk_of(0.4 + 0.6 * FIRST.log_odds(raw))).astype(float)


def test_in_the_large_the_risks_add_up_and_all_log_odds_move_alike(elsewhere: tuple[np.ndarray, np.ndarray]) -> None:
    raw, y = elsewhere
    weights = np.where(raw > 0, 3.0, 1.0)
    moved = Recalibrated.of(FIRST, raw, y, "in_the_large", weights)
    assert weights @ moved.predict(raw) == pytest.approx(weights @ y, rel=1e-7)
    assert moved.slope == 1
    np.testing.assert_allclose(moved.log_odds(raw) - FIRST.log_odds(raw), moved.intercept)


def test_slope_finds_the_line_that_the_place_follows(elsewhere: tuple[np.ndarray, np.ndarray]) -> None:
    moved = Recalibrated.of(FIRST, *elsewhere, "slope")
    assert moved.intercept == pytest.approx(0.4, abs=0.06)
    assert moved.slope == pytest.approx(0.6, abs=0.04)
    intercept, slope = logistic_line(moved.log_odds(elsewhere[0]), elsewhere[1])
    assert (intercept, slope) == pytest.approx((0, 1), abs=1e-6)


@pytest.mark.parametrize("kind", CALIBRATORS)
def test_recalibrating_again_is_one_line_on_the_first_calibrator(
    kind: str, elsewhere: tuple[np.ndarray, np.ndarray]
) -> None:
    raw, y = elsewhere
    first = CALIBRATORS[kind].fit(raw[:5000], y[:5000])
    once = Recalibrated.of(first, raw, y, "slope")
    twice = Recalibrated.of(once, raw[::2], 1 - y[::2] * (raw[::2] < 0), "in_the_large")
    assert twice.first is first
    np.testing.assert_allclose(np.diff(twice.log_odds(raw) - once.log_odds(raw)), 0, atol=1e-9)
    saved = json.loads(json.dumps(twice.to_dict()))
    np.testing.assert_array_equal(calibrator_of(saved).predict(raw), twice.predict(raw))


def test_a_place_where_the_model_runs_the_wrong_way_is_refused(elsewhere: tuple[np.ndarray, np.ndarray]) -> None:
    raw, y = elsewhere
    with pytest.raises(InputError, match="must still rise with the model's"):
        Recalibrated.of(FIRST, raw, 1 - y, "slope")


@pytest.fixture(scope="module")
def place() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"age": rng.integers(18, 95, 3000), "admissions": rng.poisson(0.5, 3000)})
    risk = risk_of(-4 + 0.03 * table["age"] + 0.8 * table["admissions"])
    return table, (rng.random(3000) < risk).astype(int)


@pytest.fixture(scope="module")
def model(place: tuple[pd.DataFrame, np.ndarray]) -> RiskClassifier:
    return RiskClassifier(n_estimators=20, num_threads=1).fit(*place)


@pytest.mark.parametrize("how", ["in_the_large", "slope"])
def test_a_recalibrated_model_keeps_its_trees_and_fits_the_new_place(
    model: RiskClassifier, place: tuple[pd.DataFrame, np.ndarray], how: str
) -> None:
    table, y = place
    before = model.predict_proba(table)
    weights = np.where(y == 1, 3.0, 1.0)
    moved = model.recalibrated(table, y, how=how, sample_weight=weights)  # type: ignore[arg-type]
    assert moved.booster_ is model.booster_
    assert weights @ moved.predict_proba(table)[:, 1] == pytest.approx(weights @ y, rel=1e-6)
    np.testing.assert_array_equal(model.predict_proba(table), before)
    np.testing.assert_array_equal(moved.predict_raw(table), model.predict_raw(table))
    assert hasattr(model, "unseen_raw_")
    assert not hasattr(moved, "unseen_raw_")


def test_rows_of_no_weight_do_not_move_a_model(model: RiskClassifier, place: tuple[pd.DataFrame, np.ndarray]) -> None:
    table, y = place
    counted = np.arange(3000) % 4 > 0
    some = model.recalibrated(table[counted], y[counted])
    none = model.recalibrated(table, np.where(counted, y, np.nan), sample_weight=counted.astype(float))
    assert some.calibrator_ == none.calibrator_


def test_what_cannot_recalibrate_is_refused(model: RiskClassifier, place: tuple[pd.DataFrame, np.ndarray]) -> None:
    table, y = place
    with pytest.raises(SpecificationError, match="how: expected one of in_the_large, slope, got 'isotonic'"):
        model.recalibrated(table, y, how="isotonic")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="not those that the model was trained on"):
        model.recalibrated(table, y + 1)
    with pytest.raises(InputError, match="at least 50 events"):
        model.recalibrated(table.head(60), y[:60])


def test_the_risk_that_a_recalibration_starts_from_is_the_calibrated_one() -> None:
    moved = Recalibrated(first=FIRST, slope=2.0, intercept=1.0)
    assert moved.log_odds(1.0) == pytest.approx(1 + 2 * 0.3)
    assert log_odds_of(moved.predict(1.0)) == pytest.approx(1.6)


def test_a_slope_is_refused_where_the_risks_of_events_and_others_do_not_overlap() -> None:
    raw, outcome = np.array([-3.0, -2.0, 1.0, 2.0]), np.array([0.0, 0.0, 1.0, 1.0])

    with pytest.raises(InputError, match="do not overlap"):
        Recalibrated.of(SigmoidCalibrator(slope=1.0, intercept=0.0), raw, outcome, "slope")
