"""What MLflow is given of a run: numbers and parameters by flat names."""

from typing import Any

from tests.unit.evidence.an_evaluation import MODEL, evaluation
from vi_risk.evidence import metrics_of, parameters_of


def test_metrics_name_the_truth_and_the_share_where_they_were_given() -> None:
    named = {"truth_auroc": 0.828, "truth_model_auroc": 0.761, "share_of_best": 0.796, "truth_correlation": 0.82}
    named |= {"truth_n": 99, "truth_mean_absolute_difference": 0.038}
    plain = {"auroc": 0.762, "n": 100, "at.capacity.ppv": 0.5, "age.auroc": 0.6}

    assert metrics_of(evaluation()) == plain | named
    assert metrics_of({"model": MODEL, "comparators": {"age": {"auroc": 0.6}}}) == plain


def test_metrics_of_comparators_are_those_at_capacity_and_the_differences() -> None:
    at = {"1%": {"ppv": 0.7}, "capacity": {"ppv": 0.4}}
    other = {"auroc": 0.6, "at": at, "difference": {"auroc": {"value": 0.16, "interval": [0.1, 0.2]}}}

    found = metrics_of({"model": MODEL | {"at": at}, "comparators": {"age": other}})

    assert found["at.1%.ppv"] == 0.7
    assert {name: value for name, value in found.items() if name.startswith("age.")} == {
        "age.auroc": 0.6, "age.at.capacity.ppv": 0.4, "age.difference.auroc.value": 0.16,
    }  # fmt: skip


def test_bands_of_age_the_decay_of_the_score_and_places_held_out_are_metrics_too() -> None:
    further = {
        "by_age": {"85+": {"n": 60, "auroc": 0.7, "auroc_interval": [0.6, 0.8], "auprc": None}},
        "score_decay": {"at_risk": {"183": {"not_estimable": None, "auroc": 0.71}}, "same_people": None},
        "held_out": {
            "practice": {"groups": {"A": {"auroc": 0.6}}, "summary": {"auroc": {"mean": 0.69}, "slope": None}}
        },
    }

    found = metrics_of({"model": MODEL, "comparators": {}} | further)

    plain = metrics_of({"model": MODEL, "comparators": {}})
    assert {name: value for name, value in found.items() if name not in plain} == {
        "age 85 and over.n": 60, "age 85 and over.auroc": 0.7, "score_decay.183.auroc": 0.71,
        "held_out.practice.auroc.mean": 0.69,
    }  # fmt: skip


def test_metrics_of_a_count_are_its_own_figures() -> None:
    model = {"deviance_explained": 0.2, "at": {"capacity": {"share_of_observed": 0.3}}, "deciles": [{"n": 3}]}

    found = metrics_of({"kind": "count", "model": model, "comparators": {"last_year": {"deviance_explained": 0.1}}})

    assert found == {
        "deviance_explained": 0.2, "at.capacity.share_of_observed": 0.3, "last_year.deviance_explained": 0.1,
    }  # fmt: skip


def test_a_run_with_companions_names_them_among_its_parameters() -> None:
    run: dict[str, Any] = {
        "spec": {"name": "main", "learner": {"num_leaves": 15}, "companions": [{"name": "death_12m", "seed": 1}]},
        "evaluation": {"capacity": 20},
        "records": {"source": "here", "mapping": "canonical"},
        "features": {"index_dates": {}, "flow": []},
        "versions": {"python": "3.11"},
    }

    found = parameters_of(run)

    assert found["companions"] == "death_12m"
    assert found["learner.num_leaves"] == 15
    assert found["version.python"] == "3.11"
    assert "companions" not in parameters_of(run | {"spec": {"name": "main", "companions": []}})
