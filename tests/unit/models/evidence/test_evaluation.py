import json
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest

from vi_risk.errors import InputError
from vi_risk.models.evidence import metrics
from vi_risk.models.evidence.evaluation import Evaluation, evaluate
from vi_risk.models.evidence.truth import AgainstTruth, Tenth
from vi_risk.models.learning.calibration import risk_of

PATIENTS = 700


def snapshot() -> dict[str, Any]:
    """Return a test snapshot of 700 patients in three practices with a good model and a poor comparator."""
    rng = np.random.default_rng(21)
    log_odds = rng.normal(-2, 1.2, PATIENTS)
    return {
        "risk": risk_of(log_odds),
        "y": (rng.random(PATIENTS) < risk_of(log_odds)).astype(int),
        "patient_id": np.array([f"P{number:04d}" for number in range(PATIENTS)]),
        "practice_code": np.array(["A81001", "A81002", "A81003"])[np.arange(PATIENTS) % 3],
        "capacity": 20,
        "comparators": {"age_and_sex": risk_of(-2 + rng.normal(size=PATIENTS))},
    }


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return evaluate(**snapshot())


def test_the_result_is_the_contract_of_evaluation_json(evaluation: Evaluation) -> None:
    content = evaluation.to_dict()
    assert set(content) == {"model", "comparators", "comparator_notes", "decision_curve", "subgroups"}
    assert set(content["comparators"]) == {"age_and_sex"}
    names = {"auroc", "auroc_interval", "auprc", "brier", "calibration_in_the_large", "calibration_slope"}
    names |= {"scaled_brier", "observed_over_expected", "integrated_calibration_index"}
    names |= {"n", "events", "followed", "observed", "at", "incremental_finds"}
    assert set(content["comparators"]["age_and_sex"]) == names | {"difference"}
    assert set(content["model"]) == names | {"reliability", "calibration_curve", "intervals"}
    for performance in (content["model"], content["comparators"]["age_and_sex"]):
        assert list(performance["at"]) == ["0.5%", "1%", "2%", "5%", "10%", "capacity"]
        found_names = {"ppv", "sensitivity", "n", "true_cases", "number_needed_to_review", "lift"}
        assert all(set(found) == found_names for found in performance["at"].values())
    assert set(content["model"]["reliability"][0]) == {"n", "mean_risk", "observed", "low", "high"}
    assert set(content["model"]["calibration_curve"][0]) == {"risk", "observed"}
    assert len(content["model"]["intervals"]["auprc"]) == 2
    assert set(content["comparators"]["age_and_sex"]["difference"]["auroc"]) == {"value", "interval"}
    curve = content["decision_curve"]
    assert set(curve) == {"thresholds", "model", "all", "none", "comparators", "list_threshold"}
    assert len(curve["comparators"]["age_and_sex"]) == len(curve["thresholds"])
    assert json.loads(json.dumps(content, allow_nan=False)) == content


def test_the_true_risk_stands_beside_the_model_where_it_was_given(evaluation: Evaluation) -> None:
    truth = AgainstTruth(700, 0, 0.83, (0.81, 0.85), 0.76, 0.79, None, 0.82, 0.04, (Tenth(700, 0.1, 0.1),))
    content = replace(evaluation, truth=truth).to_dict()
    assert content["truth"]["auroc_interval"] == [0.81, 0.85]
    assert content["truth"]["tenths"] == [{"n": 700, "mean_risk": 0.1, "mean_true_risk": 0.1}]
    assert {name: part for name, part in content.items() if name != "truth"} == evaluation.to_dict()
    assert json.loads(json.dumps(content, allow_nan=False)) == content


def test_what_was_not_asked_for_is_not_in_the_json(evaluation: Evaluation) -> None:
    decay, held_out = {"at_risk": {"0": {"n": 60}}}, {"practice": {"told": 3}}
    content = replace(evaluation, score_decay=decay, held_out=held_out).to_dict()
    assert content["score_decay"] == decay
    assert content["held_out"] == held_out
    assert {name: part for name, part in content.items() if name not in ("score_decay", "held_out")} == (
        evaluation.to_dict()
    )


def test_ages_give_results_within_bands_of_age() -> None:
    ages = np.random.default_rng(3).integers(18, 100, PATIENTS).astype(float)
    ages[0] = np.nan
    content = evaluate(**snapshot(), age=ages, resamples=2).to_dict()
    assert list(content["by_age"]) == ["under 65", "65-74", "75-84", "85+"]
    assert sum(band["n"] for band in content["by_age"].values()) == PATIENTS - 1
    with pytest.raises(InputError, match="age: expected 700 values, one for each patient, found 699"):
        evaluate(**snapshot(), age=ages[1:])


def with_weights() -> dict[str, Any]:
    """Return the snapshot with one in nine not followed, who are seen without the outcome, and others who stand in."""
    rng = np.random.default_rng(8)
    given = snapshot()
    weight = np.where(rng.random(PATIENTS) < 1 / 9, 0.0, rng.choice([1.0, 1.1, 1.4], PATIENTS))
    return given | {"weight": weight, "y": np.where(weight == 0, 0, given["y"])}


def test_weights_of_one_give_the_very_same_figures() -> None:
    ages = {"age": np.arange(PATIENTS) % 80 + 18, "attributes": {"sex": ["female", "male"] * (PATIENTS // 2)}}
    plain = evaluate(**snapshot(), **ages, resamples=20).to_dict()
    assert evaluate(**snapshot(), **ages, resamples=20, weight=np.ones(PATIENTS)).to_dict() == plain


def test_who_is_not_followed_is_listed_and_counts_for_nothing_else() -> None:
    given = with_weights()
    found = evaluate(**given).model
    followed = given["weight"] > 0
    assert (found.n, found.followed) == (PATIENTS, followed.sum())
    assert found.at["capacity"].n == 60
    assert found.observed == pytest.approx(np.average(given["y"], weights=given["weight"]))
    of_followed = {name: given[name][followed].astype(float) for name in ("risk", "y", "weight")}
    for name in ("auroc", "auprc", "brier", "scaled_brier", "calibration_in_the_large", "calibration_slope"):
        expected = getattr(metrics, name)(of_followed["risk"], of_followed["y"], of_followed["weight"])
        assert getattr(found, name) == pytest.approx(expected, rel=1e-12), name
    listed = np.argsort(-given["risk"])[: found.at["5%"].n]
    assert followed[listed].sum() < found.at["5%"].n
    assert found.at["5%"].ppv == pytest.approx(np.average(given["y"][listed], weights=given["weight"][listed]))
    assert found.at["5%"].true_cases == given["y"][listed].sum()


def test_weighted_figures_lie_inside_their_intervals_and_differences_add_up() -> None:
    found = evaluate(**with_weights())
    for name in ("auroc", "auprc", "brier", "scaled_brier", "calibration_in_the_large", "calibration_slope"):
        low, high = found.intervals[name] or (1, 0)
        assert low < getattr(found.model, name) < high, name
    difference = found.differences["age_and_sex"]["auroc"].value
    assert difference == pytest.approx((found.model.auroc or 0) - (found.comparators["age_and_sex"].auroc or 0))
    assert found.intervals["auroc"] == pytest.approx(found.model.auroc_interval, abs=0.02)


def test_the_figures_are_those_of_the_metrics(evaluation: Evaluation) -> None:
    given = snapshot()
    y = given["y"].astype(float)
    for performance, risk in (
        (evaluation.model, given["risk"]),
        (evaluation.comparators["age_and_sex"], given["comparators"]["age_and_sex"]),
    ):
        assert performance.auroc == metrics.auroc(risk, y)
        assert performance.auroc_interval == metrics.auroc_interval(risk, y)
        assert performance.auprc == metrics.auprc(risk, y)
        assert performance.brier == metrics.brier(risk, y)
        assert performance.calibration_in_the_large == metrics.calibration_in_the_large(risk, y)
        assert performance.calibration_slope == metrics.calibration_slope(risk, y)
        assert (performance.n, performance.events) == (PATIENTS, int(y.sum()))
    assert (evaluation.model.auroc or 0) > (evaluation.comparators["age_and_sex"].auroc or 1) + 0.1


def test_the_top_share_is_rounded_up_to_whole_patients(evaluation: Evaluation) -> None:
    # 3.5, 7, 14, 35 and 70 patients
    assert [evaluation.model.at[share].n for share in ("0.5%", "1%", "2%", "5%", "10%")] == [4, 7, 14, 35, 70]


def test_capacity_is_what_the_lists_of_all_practices_hold(evaluation: Evaluation) -> None:
    given = snapshot()
    assert evaluation.model.at["capacity"].n == 60
    listed = []
    for practice in np.unique(given["practice_code"]):
        own = np.flatnonzero(given["practice_code"] == practice)
        listed += own[np.argsort(-given["risk"][own])][:20].tolist()
    assert evaluation.model.at["capacity"].ppv == pytest.approx(given["y"][listed].mean())
    assert evaluation.model.at["capacity"].sensitivity == pytest.approx(given["y"][listed].sum() / given["y"].sum())


def test_the_order_of_the_rows_changes_nothing() -> None:
    given = snapshot() | {"risk": np.round(snapshot()["risk"], 1)}
    rows = np.random.default_rng(1).permutation(PATIENTS)
    turned: dict[str, Any] = {name: values[rows] for name, values in given.items() if isinstance(values, np.ndarray)}
    turned |= {"capacity": 20, "comparators": {"age_and_sex": given["comparators"]["age_and_sex"][rows]}}
    assert evaluate(**turned).model.at == evaluate(**given).model.at


def test_the_raw_score_breaks_ties_of_the_risk() -> None:
    tied: dict[str, Any] = {
        "risk": [0.5, 0.5, 0.1],
        "y": [0, 1, 0],
        "patient_id": ["A", "B", "C"],
        "practice_code": ["all"] * 3,
        "capacity": 1,
        "comparators": {},
    }
    assert evaluate(**tied).model.at["capacity"].ppv == 0
    assert evaluate(**tied, raw_score=[0.0, 0.1, -2.0]).model.at["capacity"].ppv == 1


def test_the_threshold_of_the_lists_lets_as_many_in_as_they_hold(evaluation: Evaluation) -> None:
    threshold = evaluation.decision_curve.list_threshold
    assert (snapshot()["risk"] >= threshold).sum() == evaluation.model.at["capacity"].n


def test_the_difference_to_a_comparator_is_that_of_both_figures_and_inside_its_interval(
    evaluation: Evaluation,
) -> None:
    model, other = evaluation.model, evaluation.comparators["age_and_sex"]
    differences = evaluation.differences["age_and_sex"]
    assert differences["auroc"].value == pytest.approx((model.auroc or 0) - (other.auroc or 0))
    found, of_other = model.at["capacity"].true_cases, other.at["capacity"].true_cases
    assert differences["true_cases.capacity"].value == found - of_other
    for name, difference in differences.items():
        low, high = difference.interval or (1, 0)
        assert low <= (difference.value or 0) <= high, name


def test_the_figures_of_the_model_lie_inside_their_intervals(evaluation: Evaluation) -> None:
    for name in ("auroc", "auprc", "brier", "scaled_brier", "calibration_in_the_large", "calibration_slope"):
        low, high = evaluation.intervals[name] or (1, 0)
        assert low < getattr(evaluation.model, name) < high
    for label, found in evaluation.model.at.items():
        low, high = evaluation.intervals[f"ppv.{label}"] or (1, 0)
        assert low < (found.ppv or 0) < high


def test_finds_are_told_where_it_is_known_who_was_known(evaluation: Evaluation) -> None:
    given = snapshot()
    nobody, everybody = np.zeros(PATIENTS, dtype=bool), np.ones(PATIENTS, dtype=bool)
    found = evaluate(**given, known={"a register": nobody, "a caseload": everybody}, resamples=2).model
    assert found.incremental_finds is not None
    assert found.incremental_finds.true_cases == found.at["capacity"].true_cases > 0
    assert found.incremental_finds.not_known_by == {"a register": found.at["capacity"].true_cases, "a caseload": 0}
    assert found.incremental_finds.new == 0
    assert evaluation.model.incremental_finds is None


def test_subgroups_and_notes_stand_in_the_result() -> None:
    content = evaluate(
        **snapshot(),
        attributes={"sex": ["female", "male"] * (PATIENTS // 2)},
        notes={"lace": "not computed"},
        resamples=2,
    ).to_dict()
    assert sum(group["listed"] for group in content["subgroups"]["sex"].values()) == 60
    assert sum(group["share_of_listed"] for group in content["subgroups"]["sex"].values()) == pytest.approx(1)
    assert content["comparator_notes"] == {"lace": "not computed"}


def test_patients_without_any_event_leave_none_in_the_json() -> None:
    content = evaluate(**(snapshot() | {"y": np.zeros(PATIENTS)})).to_dict()
    assert content["model"]["auroc"] is None
    assert content["model"]["auroc_interval"] is None
    assert content["model"]["at"]["1%"] == {
        "ppv": 0.0, "sensitivity": None, "n": 7, "true_cases": 0, "number_needed_to_review": None, "lift": None,
    }  # fmt: skip
    assert content["model"]["calibration_curve"] == []
    assert content["model"]["intervals"]["auroc"] is None
    assert content["comparators"]["age_and_sex"]["difference"]["auroc"] == {"value": None, "interval": None}
    json.dumps(content, allow_nan=False)


def test_an_evaluation_cannot_be_changed(evaluation: Evaluation) -> None:
    with pytest.raises(FrozenInstanceError):
        evaluation.model.auroc = 1.0  # type: ignore[misc]
    with pytest.raises(TypeError):
        evaluation.comparators["mine"] = evaluation.model  # type: ignore[index]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"risk": np.full(PATIENTS, 1.2)}, "model: 700 of 700 risks lie outside 0 to 1"),
        ({"risk": np.full(PATIENTS, np.nan)}, "model: 700 of 700 values are missing"),
        ({"risk": np.full(PATIENTS - 1, 0.5)}, "model: expected 700 values, one for each patient, found 699"),
        ({"y": np.full(PATIENTS, 2)}, "outcome: 700 of 700 values are neither 0 nor 1"),
        ({"patient_id": np.full(PATIENTS, "P1")}, "patient_id: 699 rows repeat a patient"),
        ({"practice_code": np.full(PATIENTS, None)}, "practice_code: 700 of 700 values are missing"),
        ({"comparators": {"mine": np.full(PATIENTS, -1.0)}}, "comparator mine: 700 of 700 risks lie outside"),
        ({"raw_score": np.full(PATIENTS, np.nan)}, "raw score: 700 of 700 values are missing"),
        ({"weight": np.full(PATIENTS, -1.0)}, "weight: 700 of 700 values lie below 0"),
        ({"weight": np.full(PATIENTS, np.nan)}, "weight: 700 of 700 values are missing or infinite"),
        ({"weight": np.zeros(PATIENTS)}, "weight: all 700 values are 0"),
        ({"weight": np.ones(3)}, "weight: expected 700 values, one for each patient, found 3"),
        ({"capacity": 0}, "capacity: expected a whole number of patients from 1"),
    ],
)
def test_columns_that_do_not_fit_are_refused_with_counts(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        evaluate(**(snapshot() | change))


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(InputError) as refusal:
        evaluate(**(snapshot() | {"risk": np.full(PATIENTS, 1.2), "patient_id": np.full(PATIENTS, "P1")}))
    assert len(str(refusal.value).splitlines()) == 2


def test_no_patients_are_refused() -> None:
    nobody: dict[str, Any] = {name: [] for name in ("risk", "y", "patient_id", "practice_code")}
    with pytest.raises(InputError, match="there are no test patients"):
        evaluate(**nobody, capacity=20, comparators={})
