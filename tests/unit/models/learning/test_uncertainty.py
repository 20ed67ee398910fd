from typing import Any

import numpy as np
import pandas as pd
import pytest

from vi_risk.errors import InputError, UsageError
from vi_risk.models.learning import uncertainty
from vi_risk.models.learning.calibration import log_odds_of, risk_of
from vi_risk.models.learning.classifier import RiskClassifier
from vi_risk.models.learning.counts import CountRegressor
from vi_risk.models.learning.uncertainty import Refits, fit_refits, interval_of

PARAMETERS: dict[str, Any] = {
    "n_estimators": 60,
    "num_leaves": 8,
    "learning_rate": 0.1,
    "min_child_samples": 20,
    "num_threads": 1,
}
Population = tuple[pd.DataFrame, np.ndarray, np.ndarray]


def population(patients: int, seed: int) -> Population:
    """Three index dates for each patient; what is known of a patient hardly changes, nor does the outcome."""
    rng = np.random.default_rng(seed)
    need = np.repeat(rng.normal(size=patients), 3)
    rows = need.size
    table = pd.DataFrame({f"measure_{n}": need * (n < 4) * 0.7 + rng.normal(size=rows) for n in range(10)})
    risk = risk_of(-1.5 + 0.5 * table["measure_0"] + 0.4 * table["measure_1"].clip(0) + 0.6 * need)
    luck = np.where(rng.random(rows) < 0.5, np.repeat(rng.random(patients), 3), rng.random(rows))
    return table, (luck < risk).astype(int), np.repeat(np.arange(patients), 3)


@pytest.fixture(scope="module")
def trained() -> Population:
    return population(1000, seed=1)


@pytest.fixture(scope="module")
def model(trained: Population) -> RiskClassifier:
    table, y, patients = trained
    return RiskClassifier(**PARAMETERS).fit(table, y, groups=patients)


@pytest.fixture(scope="module")
def refits(model: RiskClassifier, trained: Population) -> Refits:
    table, y, patients = trained
    return fit_refits(model, table, y, groups=patients, refits=12, seed=3)


@pytest.fixture(scope="module")
def others() -> pd.DataFrame:
    return population(300, seed=2)[0]


def test_there_is_a_risk_of_each_row_by_each_refit(refits: Refits, others: pd.DataFrame) -> None:
    risks = refits.risks(others)
    assert risks.shape == (900, 12)
    assert ((risks > 0) & (risks < 1)).all()
    assert (risks.std(axis=1) > 0).all()
    assert refits.risks(others.head(0)).shape == (0, 12)


def test_refits_lie_around_the_models_own_risk(model: RiskClassifier, refits: Refits, others: pd.DataFrame) -> None:
    main, risks = model.predict_proba(others)[:, 1], refits.risks(others)
    np.testing.assert_allclose(log_odds_of(risks).mean(axis=1), log_odds_of(main), atol=1e-9)
    interval = interval_of(risks)
    assert (interval[:, 0] < main).all()
    assert (main < interval[:, 1]).all()


def test_refits_are_as_wide_as_the_folds_say(model: RiskClassifier, refits: Refits, trained: Population) -> None:
    spread = log_odds_of(refits.risks(trained[0])).var(axis=1, ddof=1).mean() ** 0.5
    assert spread == pytest.approx(model.raw_sd_ * model.calibrator_.slope, rel=0.01)


def test_refits_of_a_recalibrated_model_lie_around_its_risks(
    model: RiskClassifier, refits: Refits, trained: Population, others: pd.DataFrame
) -> None:
    moved = model.recalibrated(trained[0], 1 - trained[1] * (trained[2] % 2))
    risks = Refits(moved, refits.boosters, refits.scale).risks(others)
    expected = log_odds_of(moved.predict_proba(others)[:, 1])
    np.testing.assert_allclose(log_odds_of(risks).mean(axis=1), expected, atol=1e-9)


def test_the_same_seed_gives_the_same_refits_and_another_gives_others(
    model: RiskClassifier, trained: Population, others: pd.DataFrame
) -> None:
    table, y, patients = trained
    one, again, other = (
        fit_refits(model, table, y, groups=patients, refits=3, seed=seed).risks(others) for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_rows_of_no_weight_take_no_part(model: RiskClassifier, trained: Population, others: pd.DataFrame) -> None:
    table, y, patients = trained
    counted = np.arange(y.size) % 5 > 0
    some = fit_refits(model, table[counted], y[counted], groups=patients[counted], refits=2, seed=1)
    spoilt = np.where(counted, y, 1 - y)
    weighted = fit_refits(model, table, spoilt, groups=patients, sample_weight=counted * 1.0, refits=2, seed=1)
    np.testing.assert_array_equal(some.risks(others), weighted.risks(others))


def test_whole_patients_are_drawn_as_many_as_there_are() -> None:
    patients = np.repeat(np.arange(50), [1, 2, 3, 4, 5] * 10)
    for times in uncertainty._draws(patients, patients.size, 5, np.random.default_rng(1)):
        of_patient = pd.Series(times).groupby(patients).agg(["min", "max"])
        assert (of_patient["min"] == of_patient["max"]).all()
        assert of_patient["max"].sum() == 50


def test_where_patients_are_many_each_drawn_brings_some_of_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uncertainty, "_LEAST_ROWS", 100)
    rows_of = np.random.default_rng(3).permutation(np.repeat(np.arange(50), [1, 2, 3, 4, 5] * 10))
    total = np.zeros(150)
    for times in uncertainty._draws(rows_of, 150, 400, np.random.default_rng(1)):
        assert times.sum() == 100
        assert (np.bincount(rows_of, times) % 2 == 0).all()
        total += times
    each = np.bincount(rows_of, total)
    assert each.std() < 0.06 * each.mean()  # every patient alike, however many rows there are


def test_an_interval_by_hand() -> None:
    # log-odds -2, -1 and 0: mean -1, standard deviation 1; Student's t with 2 degrees, 90 % two-sided: 2.9200
    limits = interval_of(risk_of(np.array([[-2.0, -1.0, 0.0]])), level=0.9)
    assert log_odds_of(limits[0]) == pytest.approx([-3.92, 1.92], abs=1e-4)


@pytest.mark.parametrize("number", [0, 1])
def test_fewer_than_two_refits_are_refused(model: RiskClassifier, trained: Population, number: int) -> None:
    with pytest.raises(UsageError, match=f"expected 2 or more, got {number}"):
        fit_refits(model, trained[0], trained[1], refits=number)


def test_refits_of_a_model_of_counts_are_refused(trained: Population) -> None:
    with pytest.raises(UsageError, match="expected a model of a risk, got CountRegressor"):
        fit_refits(CountRegressor(), trained[0], trained[1])


def test_rows_that_refits_cannot_learn_from_are_refused(model: RiskClassifier, trained: Population) -> None:
    table, y, _ = trained
    with pytest.raises(InputError, match="have one outcome only"):
        fit_refits(model, table, np.zeros(y.size), refits=2)
    with pytest.raises(InputError, match="nothing to tell patients apart by"):
        fit_refits(model, table.head(15), y[:15] * 0 + np.arange(15) % 2, refits=2)


@pytest.mark.slow
def test_intervals_cover_where_models_of_other_samples_lie() -> None:
    """Of twelve samples of patients, each interval holds the mean model as often as it says, give or take."""
    table, _, _ = population(300, seed=99)
    main, intervals = [], []
    for seed in range(12):
        features, y, patients = population(1500, seed=100 + seed)
        model = RiskClassifier(**PARAMETERS, seed=seed).fit(features, y, groups=patients)
        risks = fit_refits(model, features, y, groups=patients, refits=20, seed=seed).risks(table)
        main.append(log_odds_of(model.predict_proba(table)[:, 1]))
        intervals.append(log_odds_of(interval_of(risks, level=0.9)))
    mean = np.mean(main, axis=0)
    inside = [(limits[:, 0] < mean) & (mean < limits[:, 1]) for limits in intervals]
    assert 0.85 < np.mean(inside) < 0.98
