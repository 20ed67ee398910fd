"""Training and evaluation on made-up snapshots, in which admissions and age drive the outcome."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.unit.models.made_up_snapshots import SPEC, changed, made_up, weighed
from vi_risk.errors import InputError
from vi_risk.models.evaluating import evaluate
from vi_risk.models.evidence.metrics import auroc
from vi_risk.models.learning.classifier import RiskClassifier
from vi_risk.models.on_snapshots import decay_of, importance, train
from vi_risk.models.scoring import score
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.spec_tables import SplitSpec


@pytest.fixture(scope="module")
def snapshots() -> Snapshots:
    return made_up()


@pytest.fixture(scope="module")
def model(snapshots: Snapshots) -> RiskClassifier:
    return train(snapshots, SPEC)


def test_a_model_is_fitted_on_training_rows_alone(snapshots: Snapshots, model: RiskClassifier) -> None:
    elsewhere = changed(changed(snapshots, "test", age=1.0, outcome=1.0), "list", age=99.0)

    again = train(elsewhere, SPEC)

    assert again.booster_.model_to_string() == model.booster_.model_to_string()


@pytest.mark.parametrize("age", [np.nan, 47.0])
def test_a_feature_missing_or_the_same_for_everyone_in_training_is_left_out(snapshots: Snapshots, age: float) -> None:
    without = train(changed(snapshots, "train", age=age), SPEC)

    assert "age" not in without.feature_name_
    assert "emergency_admissions_365d" in without.feature_name_


def test_without_any_feature_nothing_is_trained(snapshots: Snapshots) -> None:
    names = [feature.name for feature in snapshots.catalogue.features]

    with pytest.raises(InputError, match="small: no feature of the spec tells people apart in these records"):
        train(changed(snapshots, "train", **dict.fromkeys(names, np.nan)), SPEC)


def test_too_few_outcomes_to_train_are_refused(snapshots: Snapshots) -> None:
    rare = np.zeros(300)
    rare[:9] = 1

    with pytest.raises(InputError, match="10"):
        train(changed(snapshots, "train", outcome=rare), SPEC)


def test_the_same_spec_gives_the_same_model_and_another_seed_another(
    snapshots: Snapshots, model: RiskClassifier
) -> None:
    assert train(snapshots, SPEC).booster_.model_to_string() == model.booster_.model_to_string()
    assert train(snapshots, SPEC.with_seed(2)).booster_.model_to_string() != model.booster_.model_to_string()


def test_evaluation_is_of_the_test_rows_beside_what_the_records_allow(
    snapshots: Snapshots, model: RiskClassifier
) -> None:
    found = evaluate(model, snapshots, capacity=7).to_dict()
    test_rows, _ = snapshots.rows("test")

    rules = ["age_and_sex", "admissions_last_year", "pilot_flags"]
    assert list(found["comparators"]) == [*rules, "l1_logistic_regression", "hist_gradient_boosting"]
    assert found["comparator_notes"]["charlson"] == "not computed: the records do not tell charlson_points_1095d"
    assert list(found["model"]["incremental_finds"]["not_known_by"]) == ["emergency admission in the past year"]
    assert list(found["subgroups"]) == ["sex", "age band", "practice", "GP record"]
    assert found["model"]["n"] == len(test_rows)
    assert found["model"]["events"] == test_rows["outcome"].sum()
    assert found["model"]["auroc"] > 0.65
    assert found["model"]["at"]["capacity"]["n"] == 2 * 7


def test_evaluation_does_not_look_at_the_list(snapshots: Snapshots, model: RiskClassifier) -> None:
    other_list = changed(snapshots, "list", age=99.0, emergency_admissions_365d=9.0)

    assert evaluate(model, other_list).to_dict() == evaluate(model, snapshots).to_dict()


def test_the_model_is_held_against_the_true_risk_where_it_is_given(snapshots: Snapshots, model: RiskClassifier) -> None:
    cohort, features = snapshots.rows("test")
    true = 1 / (1 + np.exp(4 - 1.2 * features["emergency_admissions_365d"] - 0.03 * features["age"]))
    true_risk = pd.Series(true.to_numpy(), index=cohort["patient_id"]).iloc[::-1]

    plain, found = evaluate(model, snapshots), evaluate(model, snapshots, true_risk=true_risk)

    assert found.truth is not None
    assert found.truth.n == len(cohort)
    assert found.truth.model_auroc == plain.model.auroc
    assert found.truth.correlation > 0.8
    assert 0.5 < found.truth.share_of_best < 1.1
    assert plain.truth is None
    assert replace(found, truth=None).to_dict() == plain.to_dict()


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_a_test_snapshot_of_one_outcome_is_refused(snapshots: Snapshots, model: RiskClassifier, outcome: float) -> None:
    with pytest.raises(
        InputError, match=rf"test snapshot 2024-01-02: {300 * int(outcome)} of 300 people had the outcome"
    ):
        evaluate(model, changed(snapshots, "test", outcome=outcome))


def test_importance_is_of_a_sample_drawn_by_the_seed(snapshots: Snapshots, model: RiskClassifier) -> None:
    _, features = snapshots.rows("test")

    sample = importance(model, features, seed=1, most=50)

    assert sample.shape == (50, len(model.feature_name_))
    assert set(sample.index) <= set(features.index)
    assert sample.index.is_unique
    pd.testing.assert_frame_equal(importance(model, features, seed=1, most=50), sample)
    assert set(importance(model, features, seed=2, most=50).index) != set(sample.index)
    assert len(importance(model, features, seed=1)) == len(features)


def test_what_people_who_left_the_area_looked_like_teaches_the_model_nothing(snapshots: Snapshots) -> None:
    left = np.arange(len(snapshots.cohort)) % 5 == 0
    some = weighed(snapshots, np.where(left, 0.0, 1.25))
    other = changed(some, "train", age=np.where(left[:300], 7.0, snapshots.rows("train")[1]["age"]))

    assert train(other, SPEC).booster_.model_to_string() == train(some, SPEC).booster_.model_to_string()
    assert train(some, SPEC).booster_.model_to_string() != train(snapshots, SPEC).booster_.model_to_string()


def test_who_left_the_area_is_scored_and_listed_but_no_evidence(snapshots: Snapshots, model: RiskClassifier) -> None:
    left = np.arange(len(snapshots.cohort)) % 5 == 0
    some = weighed(snapshots, np.where(left, 0.0, 1.25))

    found = evaluate(model, some, capacity=7).model

    assert (found.n, found.followed) == (300, 240)
    assert found.auroc == evaluate(model, changed(some, "test", outcome=np.where(
        left[300:600], 1.0, snapshots.rows("test")[0]["outcome"])), capacity=7).model.auroc  # fmt: skip
    assert len(score(model, some)) == 300


def test_every_test_row_of_a_practice_is_scored_by_a_model_without_it() -> None:
    snapshots = made_up(1200)
    split = SPEC.model_copy(update={"split": SplitSpec(by="practice")})

    model = train(snapshots, SPEC)

    found = evaluate(model, snapshots, spec=split).to_dict()
    practice = snapshots.cohort["practice_code"] == "A"
    patients = set(snapshots.cohort.loc[practice, "patient_id"])
    others = snapshots.cohort["role"].isin(["test", "list"]) | ~snapshots.cohort["patient_id"].isin(patients)
    without = replace(snapshots, cohort=snapshots.cohort[others], features=snapshots.features[others])
    cohort, features = snapshots.rows("test")
    of_a = (cohort["practice_code"] == "A").to_numpy()
    risk = train(without, SPEC).predict_proba(features[of_a])[:, 1]

    assert set(found["held_out"]["practice"]["groups"]) == {"A", "B"}
    assert found["held_out"]["practice"]["groups"]["A"]["auroc"] == auroc(risk, cohort["outcome"].to_numpy()[of_a])
    assert found["model"]["auroc"] != evaluate(model, snapshots).model.auroc


def test_how_a_score_ages_is_told_of_the_earliest_training_date(snapshots: Snapshots) -> None:
    of_train = (snapshots.cohort["role"] == "train").to_numpy()
    later = {f"outcome_{days}": np.where(of_train, snapshots.cohort["outcome"], np.nan) for days in (183, 365)}
    cohort = snapshots.cohort.assign(**later, outcome_730=np.nan)
    cohort = cohort.assign(
        **{f"weight_{days}": np.where(of_train, 1.0, np.nan) for days in (183, 365)}, weight_730=np.nan
    )
    asked = replace(snapshots, cohort=cohort)
    model = train(asked, SPEC)

    decay = decay_of(model, asked)

    assert decay is not None
    assert decay["at_risk"]["183"]["auroc"] == decay["at_risk"]["0"]["auroc"]  # the outcomes are the same here
    assert decay["at_risk"]["0"]["n"] == 300
    assert decay["at_risk"]["730"]["not_estimable"]
    assert decay_of(model, snapshots) is None


def test_a_split_that_leaks_is_refused_in_training(snapshots: Snapshots) -> None:
    with pytest.raises(InputError, match="300 patients have a training window of 366 days that reaches into"):
        train(snapshots, SPEC.model_copy(update={"horizon_days": 366}))
