from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GroupKFold, cross_val_score

from vi_risk.errors import InputError, SpecificationError
from vi_risk.models.learning.counts import CountRegressor, LogMeanCalibrator
from vi_risk.models.learning.inputs import BASE

PARAMETERS: dict[str, Any] = {"n_estimators": 40, "learning_rate": 0.1, "min_child_samples": 20, "num_threads": 1}
Population = tuple[pd.DataFrame, np.ndarray, np.ndarray]


def admissions(patients: int = 2500, seed: int = 5) -> Population:
    """Two index dates for each patient: features, the mean count that they give, and counts."""
    rng = np.random.default_rng(seed)
    rows = 2 * patients
    table = pd.DataFrame(
        {
            "age": rng.integers(18, 100, rows),
            "admissions": rng.poisson(0.4, rows),
            "last_egfr": np.where(rng.random(rows) < 0.4, np.nan, rng.normal(70, 20, rows)),
            "team": pd.Categorical(rng.choice(["matron", "falls", "none"], rows)),
        }
    )
    mean = np.exp(-2.5 + 0.02 * (table["age"] - 18) + 0.7 * table["admissions"] + 0.5 * (table["team"] == "matron"))
    return table, mean.to_numpy(), rng.poisson(mean).astype(float)


@pytest.fixture(scope="module")
def population() -> Population:
    return admissions()


@pytest.fixture(scope="module", params=["poisson", "tweedie"])
def model(request: pytest.FixtureRequest, population: Population) -> CountRegressor:
    table, _, counts = population
    patients = np.repeat(np.arange(len(table) // 2), 2)
    return CountRegressor(objective=request.param, **PARAMETERS).fit(table, counts, groups=patients)


def test_expected_counts_of_new_patients_are_near_the_true_means(model: CountRegressor) -> None:
    table, mean, _ = admissions(seed=6)
    expected = model.predict(table)
    assert expected.mean() == pytest.approx(mean.mean(), rel=0.1)
    assert np.corrcoef(np.log(expected), np.log(mean))[0, 1] > 0.8
    top = expected > np.quantile(expected, 0.95)
    assert expected[top].mean() == pytest.approx(mean[top].mean(), rel=0.25)


def test_contributions_add_up_to_the_log_of_the_uncalibrated_count(model: CountRegressor) -> None:
    table, _, _ = admissions(50, seed=7)
    parts = model.contributions(table)
    assert list(parts.columns) == [*table.columns, BASE]
    np.testing.assert_allclose(parts.sum(axis=1), model.predict_raw(table), rtol=1e-6, atol=1e-6)
    uncalibrated = model.booster_.predict(model._inputs.matrix(table))
    np.testing.assert_allclose(np.exp(model.predict_raw(table)), uncalibrated)


def test_calibration_makes_scores_of_trees_that_did_not_see_the_patient_add_up(
    model: CountRegressor, population: Population
) -> None:
    _, _, counts = population
    assert model.calibrator_.predict(model.unseen_raw_).sum() == pytest.approx(counts.sum(), rel=1e-6)


def test_the_same_rows_give_the_same_model_and_weights_of_one_change_nothing(population: Population) -> None:
    table, _, counts = population
    one = CountRegressor(**PARAMETERS, subsample=0.8).fit(table, counts)
    other = CountRegressor(**PARAMETERS, subsample=0.8).fit(table, counts, sample_weight=np.ones(counts.size))
    assert one.booster_.model_to_string() == other.booster_.model_to_string()
    assert one.calibrator_ == other.calibrator_


def test_weights_reach_the_expected_counts(population: Population) -> None:
    table, _, counts = population
    weights = np.where(counts > 0, 2.0, 0.5)
    weighted = CountRegressor(**PARAMETERS).fit(table, counts, sample_weight=weights)
    assert weights @ weighted.calibrator_.predict(weighted.unseen_raw_) == pytest.approx(weights @ counts, rel=1e-6)
    plain = CountRegressor(**PARAMETERS).fit(table, counts)
    assert weighted.predict(table).mean() > 1.5 * plain.predict(table).mean()


@pytest.mark.parametrize("how", ["in_the_large", "slope"])
def test_a_recalibrated_model_keeps_its_trees_and_fits_the_new_place(
    model: CountRegressor, population: Population, how: Any
) -> None:
    table, _, counts = population
    elsewhere = 3 * counts
    moved = model.recalibrated(table, elsewhere, how=how).recalibrated(table, elsewhere, how=how)
    assert moved.booster_ is model.booster_
    assert moved.predict(table).sum() == pytest.approx(elsewhere.sum(), rel=1e-6)
    if how == "in_the_large":
        assert moved.calibrator_.slope == model.calibrator_.slope


def test_a_count_that_may_only_rise_with_a_feature_does(population: Population) -> None:
    table, _, counts = population
    held = CountRegressor(**PARAMETERS, monotone={"age": 1, "last_egfr": -1}).fit(table, counts)
    free = CountRegressor(**PARAMETERS).fit(table, counts)
    asked = pd.DataFrame({"age": np.arange(18, 100.0), "admissions": 1.0, "last_egfr": 60.0, "team": "matron"})
    assert (np.diff(held.predict(asked)) >= 0).all()
    assert not (np.diff(free.predict(asked)) >= 0).all()


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (np.where(np.arange(400) < 3, -1.0, 1.0), "found 3 of 400 rows below 0 or infinite"),
        (np.where(np.arange(400) < 2, np.inf, 1.0), "found 2 of 400 rows below 0 or infinite"),
        (np.where(np.arange(400) < 5, np.nan, 1.0), "5 of 400 rows have none"),
        (np.arange(400) < 49, "at least 50 rows with a count above 0, found 49 of 400"),
        (np.full(400, 2), "all 400 rows have the same count"),
        (np.ones(399), "expected one value for each of 400 rows, found 399"),
        (np.array(["secret"] * 400), "expected counts, numbers of 0 or more"),
    ],
)
def test_counts_that_cannot_be_learnt_are_refused(counts: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message) as refusal:
        CountRegressor(**PARAMETERS).fit(pd.DataFrame({"age": np.arange(400.0)}), counts)
    assert "secret" not in str(refusal.value)


def test_counts_that_are_never_nought_can_be_learnt(population: Population) -> None:
    table, _, counts = population
    assert CountRegressor(**PARAMETERS).fit(table, counts + 1).predict(table).min() > 0.8


def test_all_parameters_out_of_range_are_told_at_once() -> None:
    wrong = CountRegressor(objective="gamma", tweedie_power=2.0, num_leaves=1)  # type: ignore[arg-type]
    with pytest.raises(SpecificationError) as refusal:
        wrong.fit(pd.DataFrame({"age": [1.0, 2.0]}), [0, 1])
    names = [line.split(":")[1].strip() for line in str(refusal.value).splitlines()]
    assert names == ["num_leaves", "objective", "tweedie_power"]


@pytest.mark.parametrize("power", ["1.5", None, float("nan"), 2])
def test_a_power_that_is_no_number_between_1_and_2_is_refused(power: Any) -> None:
    with pytest.raises(SpecificationError, match="tweedie_power: must be above 1 and below 2"):
        CountRegressor(objective="tweedie", tweedie_power=power).fit(pd.DataFrame({"age": [1.0]}), [1])


def test_scores_that_do_not_find_the_counts_are_refused() -> None:
    with pytest.raises(InputError, match="the expected count must rise with the raw score"):
        LogMeanCalibrator.fit([3.0, 2.0, 1.0, 0.0], [0.0, 1.0, 2.0, 5.0])


def test_cloning_and_cross_validation_work(population: Population) -> None:
    table, _, counts = population
    model = clone(CountRegressor(objective="tweedie", tweedie_power=1.2, **PARAMETERS))
    assert model.get_params()["tweedie_power"] == 1.2
    groups = np.repeat(np.arange(len(table) // 2), 2)
    scores = cross_val_score(model, table, counts, groups=groups, cv=GroupKFold(2), scoring="neg_mean_poisson_deviance")
    base = -2 * np.mean(counts * np.log(np.where(counts > 0, counts, 1) / counts.mean()) - counts + counts.mean())
    assert (scores > base).all()
