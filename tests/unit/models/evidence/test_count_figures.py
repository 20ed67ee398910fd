from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.linear_model import PoissonRegressor
from sklearn.metrics import d2_tweedie_score

from vi_risk.models.evidence.count_figures import count_figures, of_everyone, poisson_line
from vi_risk.models.evidence.resampling import resampled

PEOPLE = 600


def people() -> tuple[np.ndarray, np.ndarray]:
    """Return expected counts with ties, and counts that spread more than Poisson's."""
    rng = np.random.default_rng(71)
    expected = np.round(rng.gamma(1.0, 0.6, PEOPLE) + 0.05, 2)
    return expected, rng.poisson(expected * rng.gamma(2, 0.5, PEOPLE)).astype(float)


def figures(weight: np.ndarray | None = None, power: float = 1.0) -> dict[str, float | None]:
    expected, y = people()
    listed = {"capacity": np.argsort(-expected, kind="stable")[:60]}
    return of_everyone(count_figures(expected, y, listed, weight, power=power, whole=True), PEOPLE)


@pytest.mark.parametrize("power", [1.0, 1.3, 1.7])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_deviance_explained_agrees_with_scikit_learn(power: float, weighted: bool) -> None:
    expected, y = people()
    weight = np.random.default_rng(2).choice([0.0, 1.0, 1.5], PEOPLE) if weighted else None
    oracle = d2_tweedie_score(y, expected, sample_weight=weight, power=power)
    assert figures(weight, power)["deviance_explained"] == pytest.approx(oracle, rel=1e-9)


def test_the_rank_correlation_agrees_with_scipy() -> None:
    assert figures()["rank_correlation"] == pytest.approx(spearmanr(*people()).statistic, rel=1e-9)


def test_the_slope_agrees_with_an_unpenalised_poisson_fit() -> None:
    expected, y = people()
    weight = np.random.default_rng(2).choice([0.0, 1.0, 1.5], PEOPLE)
    oracle = PoissonRegressor(alpha=0, solver="newton-cholesky", tol=1e-10, max_iter=1000)
    oracle.fit(np.log(expected)[:, None], y, sample_weight=weight)
    assert figures(weight)["calibration_slope"] == pytest.approx(oracle.coef_[0], rel=1e-5)


def test_sums_and_shares_of_a_hand_worked_case() -> None:
    expected, y, weight = np.array([2.0, 1.0, 0.5, 0.5]), np.array([3.0, 0.0, 1.0, 9.0]), np.array([1.0, 1.0, 2.0, 0.0])
    listed = {"capacity": np.array([0, 1])}
    found = of_everyone(count_figures(expected, y, listed, weight, power=1, whole=True), 4)
    assert found["mean_observed"] == pytest.approx(5 / 4)
    assert found["mean_expected"] == pytest.approx(4 / 4)
    assert found["observed_over_expected"] == pytest.approx(5 / 4)
    assert found["share_of_observed.capacity"] == pytest.approx(3 / 5)
    assert found["mean_observed.capacity"] == pytest.approx(3 / 2)
    assert found["observed.capacity"] == 3


def test_a_whole_weight_is_being_there_so_many_times_and_its_unit_changes_only_sums() -> None:
    expected, y = people()
    weight = np.random.default_rng(3).integers(0, 4, PEOPLE).astype(float)
    rows = np.repeat(np.arange(PEOPLE), weight.astype(int))
    twice = of_everyone(count_figures(expected[rows], y[rows], {}, None, power=1.5, whole=True), rows.size)
    for factor in (1, 5):
        once = of_everyone(count_figures(expected, y, {}, factor * weight, power=1.5, whole=True), PEOPLE)
        for name, value in twice.items():
            assert once[name] == pytest.approx(value, rel=1e-6), name


def test_every_interval_agrees_with_drawing_patients_one_by_one() -> None:
    expected, y = people()
    listed = np.argsort(-expected, kind="stable")[:60]
    found = resampled(
        count_figures(expected, y, {"capacity": listed}, None, power=1, whole=True),
        {},
        n=PEOPLE,
        seed=4,
        resamples=40,
    ).intervals
    rng = np.random.default_rng(4)
    slow: dict[str, list[Any]] = {name: [] for name in found}
    for _ in range(40):
        rows = rng.integers(0, PEOPLE, PEOPLE, dtype=np.uint32)
        own_expected, own_y, own_listed = expected[rows], y[rows], np.isin(rows, listed)
        one = {
            "mean_observed": own_y.mean(),
            "mean_expected": own_expected.mean(),
            "observed_over_expected": own_y.sum() / own_expected.sum(),
            "deviance_explained": d2_tweedie_score(own_y, own_expected, power=1),
            "rank_correlation": spearmanr(own_expected, own_y).statistic,
            "calibration_slope": poisson_line(np.log(own_expected), own_y, np.ones(PEOPLE))[1],
            "observed.capacity": own_y[own_listed].sum(),
            "share_of_observed.capacity": own_y[own_listed].sum() / own_y.sum(),
            "mean_observed.capacity": own_y[own_listed].mean(),
        }
        for name, value in one.items():
            slow[name].append(value)
    assert set(found) == set(slow)
    for name, values in slow.items():
        near = 0.01 if name == "calibration_slope" else 1e-9  # two steps of Newton's method
        assert found[name] == pytest.approx(tuple(np.quantile(values, (0.025, 0.975))), abs=near), name


@pytest.mark.parametrize(
    ("expected", "y"),
    [
        ([0.5, 0.5, 0.5], [0, 1, 2]),
        ([0.1, 0.2, 0.9], [0, 0, 4]),
        ([0.1, 0.2, 0.9], [3, 0, 0]),
        ([0.1, 0.2, 0.9], [0, 0, 0]),
    ],
)
def test_a_slope_that_has_no_finite_value_is_none(expected: list[float], y: list[int]) -> None:
    found = of_everyone(count_figures(np.array(expected), np.array(y, dtype=float), {}, None, power=1, whole=True), 3)
    assert found["calibration_slope"] is None


def test_no_counts_at_all_leave_none_and_never_nan() -> None:
    found = of_everyone(count_figures(np.array([0.1, 0.4]), np.zeros(2), {}, None, power=1, whole=True), 2)
    assert found["observed_over_expected"] == 0
    assert (found["deviance_explained"], found["rank_correlation"]) == (None, None)
