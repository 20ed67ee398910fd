import json
from typing import Any

import numpy as np
import pytest

from vi_risk.errors import InputError
from vi_risk.models.evidence.count_evaluation import CountEvaluation, evaluate_counts
from vi_risk.models.evidence.count_subgroups import count_subgroups

PATIENTS = 900


def snapshot() -> dict[str, Any]:
    """Return a test snapshot of 900 patients in three practices with a good model of bed days and a poor comparator."""
    rng = np.random.default_rng(81)
    expected = rng.gamma(0.8, 1.2, PATIENTS) + 0.02
    return {
        "expected": expected,
        "y": rng.poisson(expected),
        "patient_id": np.array([f"P{number:04d}" for number in range(PATIENTS)]),
        "practice_code": np.array(["A81001", "A81002", "A81003"])[np.arange(PATIENTS) % 3],
        "capacity": 20,
        "comparators": {"last_year": np.exp(0.4 * np.log(expected) + rng.normal(0, 0.7, PATIENTS))},
    }


@pytest.fixture(scope="module")
def evaluation() -> CountEvaluation:
    return evaluate_counts(
        **snapshot(), attributes={"sex": ["female", "male"] * (PATIENTS // 2)}, notes={"age_and_sex": "not computed"}
    )


def test_the_result_is_the_contract_of_evaluation_json(evaluation: CountEvaluation) -> None:
    content = evaluation.to_dict()
    assert set(content) == {"kind", "model", "comparators", "comparator_notes", "subgroups"}
    assert content["kind"] == "count"
    figures = {"n", "followed", "with_any", "total", "mean_observed", "mean_expected", "observed_over_expected"}
    figures |= {"calibration_slope", "deviance_explained", "rank_correlation", "at"}
    assert set(content["model"]) == figures | {"deciles", "intervals"}
    assert set(content["comparators"]["last_year"]) == figures | {"difference"}
    for performance in (content["model"], content["comparators"]["last_year"]):
        assert list(performance["at"]) == ["0.5%", "1%", "2%", "5%", "10%", "capacity"]
        of_one = {"n", "observed", "share_of_observed", "mean_observed", "lift"}
        assert all(set(found) == of_one for found in performance["at"].values())
    assert set(content["model"]["deciles"][0]) == {"n", "mean_expected", "mean_observed", "low", "high"}
    assert set(content["comparators"]["last_year"]["difference"]) == {
        "deviance_explained",
        "rank_correlation",
        "observed.capacity",
        "share_of_observed.capacity",
        "mean_observed.capacity",
    }
    assert set(content["model"]["intervals"]) == {
        *("mean_observed", "observed_over_expected", "calibration_slope", "deviance_explained", "rank_correlation"),
        *(f"share_of_observed.{place}" for place in content["model"]["at"]),
        *(f"mean_observed.{place}" for place in content["model"]["at"]),
    }
    assert content["comparator_notes"] == {"age_and_sex": "not computed"}
    assert json.loads(json.dumps(content, allow_nan=False)) == content


def test_counts_drawn_at_what_was_expected_are_well_calibrated(evaluation: CountEvaluation) -> None:
    model = evaluation.model
    assert model.observed_over_expected == pytest.approx(1, abs=0.1)
    assert model.calibration_slope == pytest.approx(1, abs=0.1)
    for figure in ("observed_over_expected", "calibration_slope"):
        low, high = evaluation.intervals[figure] or (2, 2)
        assert low < 1 < high
    assert sum(tenth.low <= tenth.mean_expected <= tenth.high for tenth in evaluation.deciles) >= 8
    assert [tenth.n for tenth in evaluation.deciles] == [90] * 10


def test_the_lists_and_what_they_came_to_are_those_of_the_rows(evaluation: CountEvaluation) -> None:
    given = snapshot()
    at = evaluation.model.at
    top = np.argsort(-given["expected"])[:45]
    found, y = at["5%"], given["y"]
    assert (found.n, found.observed) == (45, y[top].sum())
    assert found.share_of_observed == pytest.approx(y[top].sum() / y.sum())
    assert found.lift == pytest.approx(y[top].mean() / y.mean())
    of_each = [np.flatnonzero(given["practice_code"] == practice) for practice in np.unique(given["practice_code"])]
    listed = np.concatenate([rows[np.argsort(-given["expected"][rows])][:20] for rows in of_each])
    assert (at["capacity"].n, at["capacity"].observed) == (60, y[listed].sum())


def test_the_model_is_better_than_the_comparator_beyond_chance(evaluation: CountEvaluation) -> None:
    for figure, difference in evaluation.differences["last_year"].items():
        low, high = difference.interval or (0, 0)
        assert 0 < low < (difference.value or 0) < high, figure
    model, other = evaluation.model, evaluation.comparators["last_year"]
    assert evaluation.differences["last_year"]["observed.capacity"].value == (
        model.at["capacity"].observed - other.at["capacity"].observed
    )


def test_each_group_has_its_own_ratio_and_of_few_people_nothing_is_told(evaluation: CountEvaluation) -> None:
    given = snapshot()
    women = np.arange(PATIENTS) % 2 == 0
    found = evaluation.subgroups["sex"]["female"]
    assert (found.n, found.total) == (450, given["y"][women].sum())
    assert found.observed_over_expected == pytest.approx(given["y"][women].sum() / given["expected"][women].sum())
    low, high = found.observed_over_expected_interval or (2, 2)
    assert low < 1 < high
    assert sum(group.share_of_listed or 0 for group in evaluation.subgroups["sex"].values()) == pytest.approx(1)
    assert sum(group.share_of_observed or 0 for group in evaluation.subgroups["sex"].values()) == pytest.approx(1)

    few = np.where(np.arange(PATIENTS) < 60, "a", np.where(np.arange(PATIENTS) < 100, "b", "c"))
    y = np.where((few == "a") & (np.cumsum(given["y"] > 0) > 5), 0, given["y"])
    letters = evaluate_counts(**(given | {"y": y}), attributes={"letter": few}, resamples=2).subgroups["letter"]
    assert (letters["a"].n, letters["a"].with_any, letters["a"].total) == (60, 5, y[:60].sum())
    assert letters["b"].n is None


def test_the_interval_of_a_groups_ratio_covers_about_95_times_in_100_though_counts_spread_more_than_poissons() -> None:
    rng = np.random.default_rng(82)
    covered = 0
    for _ in range(200):
        expected = rng.gamma(1, 1, 400) + 0.05
        y = rng.poisson(expected * rng.gamma(1, 1, 400)).astype(float)
        found = count_subgroups(expected, y, {"all": ["all"] * 400}, listed=np.arange(9), weight=None)["all"]["all"]
        low, high = found.observed_over_expected_interval or (2, 2)
        covered += low <= 1 <= high
    assert 0.9 <= covered / 200 <= 0.985


def test_weights_of_one_change_nothing_and_who_is_not_followed_is_listed_all_the_same() -> None:
    given = snapshot()
    assert evaluate_counts(**given, weight=np.ones(PATIENTS), resamples=20) == evaluate_counts(**given, resamples=20)
    weight = np.random.default_rng(2).choice([0.0, 1.0, 1.2], PATIENTS, p=[0.1, 0.5, 0.4])
    found = evaluate_counts(**given, weight=weight, resamples=20).model
    followed = weight > 0
    assert (found.n, found.followed, found.total) == (PATIENTS, followed.sum(), given["y"][followed].sum())
    assert found.mean_observed == pytest.approx(np.average(given["y"], weights=weight))
    assert found.at["capacity"].n == 60


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"expected": np.zeros(PATIENTS)}, "model: 900 of 900 expected counts are not finite numbers above 0"),
        ({"expected": np.full(PATIENTS, np.inf)}, "model: 900 of 900 expected counts are not finite"),
        ({"expected": np.full(PATIENTS, np.nan)}, "model: 900 of 900 values are missing"),
        ({"y": np.full(PATIENTS, -1)}, "count: 900 of 900 values are below 0 or infinite"),
        ({"patient_id": np.full(PATIENTS, "P1")}, "patient_id: 899 rows repeat a patient"),
        ({"weight": np.zeros(PATIENTS)}, "nobody's outcome is known"),
        ({"capacity": 0}, "capacity: expected a whole number of patients from 1"),
        ({"power": 2.0}, "power must be 1"),
        (
            {name: [] for name in ("expected", "y", "patient_id", "practice_code")} | {"comparators": {}},
            "no test patients",
        ),
    ],
)
def test_columns_that_do_not_fit_are_refused_with_counts(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        evaluate_counts(**(snapshot() | change))


def test_patients_without_any_count_leave_none_in_the_json() -> None:
    content = evaluate_counts(**(snapshot() | {"y": np.zeros(PATIENTS)}), resamples=20).to_dict()
    assert content["model"]["deviance_explained"] is None
    assert content["model"]["at"]["capacity"]["lift"] is None
    assert content["model"]["intervals"]["calibration_slope"] is None
    json.dumps(content, allow_nan=False)


def test_of_a_group_that_nobody_followed_or_that_came_to_nothing_there_is_no_ratio() -> None:
    y, weight = np.tile([2.0, 1.0], 100), np.repeat([0.0, 1.0], 100)
    labels = {"half": ["away"] * 100 + ["there"] * 100}
    found = count_subgroups(np.ones(200), y, labels, listed=np.arange(9), weight=weight)["half"]
    assert (found["away"].n, found["there"].observed_over_expected) == (None, 1.5)
    none = count_subgroups(np.ones(200), np.zeros(200), labels, listed=np.arange(9), weight=None)["half"]["there"]
    assert (none.total, none.observed_over_expected, none.observed_over_expected_interval) == (0, 0, None)
    assert none.share_of_observed is None
