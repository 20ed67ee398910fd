"""Training, evaluation and scores on made-up snapshots, in which admissions and age drive the outcome."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vi_risk.cohort.index_dates import IndexDates
from vi_risk.errors import InputError
from vi_risk.features.catalogue import Catalogue, read_catalogue
from vi_risk.models.evaluating import evaluate
from vi_risk.models.evidence.metrics import auroc
from vi_risk.models.learning.classifier import RiskClassifier
from vi_risk.models.on_snapshots import decay_of, importance, refits_of, risks_in_refits, score, train
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.spec import ModelSpec, SplitSpec, UncertaintySpec

DATES = IndexDates(date(2025, 1, 1), date(2024, 1, 2), (date(2023, 1, 2),))
USED = ("age", "sex_female", "emergency_admissions", "gp_appointments")
SPEC = ModelSpec.model_validate(
    {
        "name": "small",
        "title": "Emergency admission",
        "outcome": "emergency_admission",
        "outcome_words": "an emergency admission",
        "horizon_days": 365,
        "learner": {"n_estimators": 20, "num_leaves": 4, "min_child_samples": 10, "min_events": 10, "num_threads": 1},
    }
)


def made_up(people: int = 300) -> Snapshots:
    whole = read_catalogue()
    definitions = tuple(d for d in whole.definitions if d.name in USED)
    catalogue = Catalogue(definitions, whole.codelists)
    rng = np.random.default_rng(5)
    parts = []
    for day, role in DATES.roles:
        admissions = rng.poisson(0.4, people)
        age = rng.integers(18, 95, people)
        chance = 1 / (1 + np.exp(4 - 1.2 * admissions - 0.03 * age))
        columns: dict[str, Any] = {
            feature.name: (
                admissions if feature.definition.name == "emergency_admissions" else rng.integers(0, 2, people)
            )
            for feature in catalogue.features
        }
        columns["age"] = age
        outcome = (rng.random(people) < chance).astype(float)
        parts.append(
            pd.DataFrame(
                {
                    "patient_id": [f"p{n:04d}" for n in range(people)],
                    "index_date": day,
                    "role": role,
                    "practice_code": np.where(np.arange(people) % 3 == 0, "A", "B"),
                    "outcome": np.nan if role == "list" else outcome,
                    **{name: np.asarray(values, dtype=float) for name, values in columns.items()},
                }
            )
        )
    rows = pd.concat(parts, ignore_index=True)
    names = [feature.name for feature in catalogue.features]
    return Snapshots(
        features=rows[["patient_id", "index_date", *names]],
        cohort=rows[["patient_id", "index_date", "role", "practice_code", "outcome"]].assign(
            age_band="75-79", sex="female", gp_seen_from=date(1900, 1, 1)
        ),
        index_dates=DATES,
        windows={},
        flow=[],
        notes=(),
        data_to={},
        practices={},
        catalogue=catalogue,
    )


@pytest.fixture(scope="module")
def snapshots() -> Snapshots:
    return made_up()


@pytest.fixture(scope="module")
def model(snapshots: Snapshots) -> RiskClassifier:
    return train(snapshots, SPEC)


def changed(snapshots: Snapshots, role: str, **columns: Any) -> Snapshots:
    """Return snapshots with other values in some columns of one role."""
    chosen = snapshots.cohort["role"] == role
    cohort, features = snapshots.cohort.copy(), snapshots.features.copy()
    for name, values in columns.items():
        (cohort if name in cohort else features).loc[chosen, name] = values
    return replace(snapshots, cohort=cohort, features=features)


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


def test_everyone_eligible_has_one_score_and_ranks_run_from_one(snapshots: Snapshots, model: RiskClassifier) -> None:
    scores = score(model, snapshots)
    listed, _ = snapshots.rows("list")

    assert list(scores.columns) == ["patient_id", "index_date", "risk", "rank"]
    assert sorted(scores["patient_id"]) == sorted(listed["patient_id"])
    assert scores["rank"].tolist() == list(range(1, len(listed) + 1))
    assert scores["risk"].is_monotonic_decreasing
    assert scores["risk"].between(0, 1).all()
    assert set(scores["index_date"]) == {DATES.list_date}


def test_a_score_is_the_models_risk_for_that_person(snapshots: Snapshots, model: RiskClassifier) -> None:
    listed, features = snapshots.rows("list")
    risk = dict(zip(listed["patient_id"], model.predict_proba(features[model.feature_name_])[:, 1], strict=True))

    scores = score(model, snapshots)

    assert scores["risk"].tolist() == pytest.approx([risk[patient] for patient in scores["patient_id"]], abs=1e-12)


def test_ties_go_by_patient_id_whatever_the_order_of_rows(snapshots: Snapshots, model: RiskClassifier) -> None:
    same = dict.fromkeys(model.feature_name_, 1.0)
    tied = changed(snapshots, "list", **same)
    mixed = tied.cohort.sample(frac=1, random_state=3).index
    shuffled = replace(
        tied,
        cohort=tied.cohort.loc[mixed].reset_index(drop=True),
        features=tied.features.loc[mixed].reset_index(drop=True),
    )

    assert score(model, shuffled)["patient_id"].is_monotonic_increasing
    pd.testing.assert_frame_equal(score(model, shuffled), score(model, tied))


def test_scores_do_not_depend_on_how_many_rows_are_scored_at_once(
    snapshots: Snapshots, model: RiskClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = score(model, snapshots)
    monkeypatch.setattr("vi_risk.models.on_snapshots._BATCH", 7)

    pd.testing.assert_frame_equal(score(model, snapshots), at_once)


def test_importance_is_of_a_sample_drawn_by_the_seed(snapshots: Snapshots, model: RiskClassifier) -> None:
    _, features = snapshots.rows("test")

    sample = importance(model, features, seed=1, most=50)

    assert sample.shape == (50, len(model.feature_name_))
    assert set(sample.index) <= set(features.index)
    assert sample.index.is_unique
    pd.testing.assert_frame_equal(importance(model, features, seed=1, most=50), sample)
    assert set(importance(model, features, seed=2, most=50).index) != set(sample.index)
    assert len(importance(model, features, seed=1)) == len(features)


def weighed(snapshots: Snapshots, weight: Any) -> Snapshots:
    """Return snapshots whose cohort says how much each row counts."""
    return replace(snapshots, cohort=snapshots.cohort.assign(weight=weight))


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


def test_refits_give_every_risk_an_interval_around_it(snapshots: Snapshots, model: RiskClassifier) -> None:
    spec = SPEC.model_copy(update={"uncertainty": UncertaintySpec(refits=4)})
    refits = refits_of(model, snapshots, spec)
    assert refits is not None

    scores = score(model, snapshots, refits=refits)
    risks = risks_in_refits(refits, snapshots)

    assert ((scores["risk_low"] < scores["risk"]) & (scores["risk"] < scores["risk_high"])).all()
    assert risks.shape == (len(scores), 4)
    assert set(risks.index) == set(scores["patient_id"])
    assert risks.to_numpy().min() > 0
    assert risks.to_numpy().max() < 1
    assert refits_of(model, snapshots, SPEC.model_copy(update={"uncertainty": UncertaintySpec(refits=0)})) is None


def test_a_companion_learns_its_own_outcome_and_one_that_asks_sooner_is_capped(
    snapshots: Snapshots, model: RiskClassifier
) -> None:
    sooner = SPEC.model_copy(update={"name": "sooner", "horizon_days": 91})
    death = SPEC.model_copy(update={"name": "death", "outcome": "death"})
    spec = SPEC.model_copy(update={"companions": (sooner, death)})
    admissions, age = (snapshots.features[name].to_numpy() for name in ("emergency_admissions_365d", "age"))
    slip = np.arange(900) % 7 == 0
    asked = replace(
        snapshots,
        cohort=snapshots.cohort.assign(
            sooner_outcome=((age > 30) ^ slip).astype(float), death_outcome=((admissions == 0) ^ slip).astype(float)
        ),
    )
    companions = {c.name: train(asked, spec, companion=c) for c in spec.companions}

    scores = score(model, asked, spec=spec, companions=companions)  # type: ignore[arg-type]

    assert (scores["risk_sooner"] == scores["risk"]).mean() > 0.5  # most have that outcome more often here
    assert (scores["risk_sooner"] <= scores["risk"]).all()
    assert (scores["risk_death"] > scores["risk"]).any()
    assert scores.loc[scores["rank"] == 1, "risk_death"].item() < 0.5


def test_counts_are_scored_as_expected_numbers(snapshots: Snapshots) -> None:
    learner = SPEC.learner.model_copy(update={"objective": "poisson"})
    spec = SPEC.model_copy(update={"outcome": "emergency_admissions_count", "learner": learner})
    counted = replace(
        snapshots, cohort=snapshots.cohort.assign(outcome=snapshots.features["emergency_admissions_365d"].to_numpy())
    )
    model = train(counted, spec)

    scores, found = score(model, counted), evaluate(model, counted, spec=spec).to_dict()

    assert "risk" not in scores
    assert scores["expected_count"].is_monotonic_decreasing
    assert found["kind"] == "count"
    assert found["model"]["rank_correlation"] > 0.9
    assert list(found["comparators"]) == ["age_and_sex", "last_year"]
    assert refits_of(model, counted, spec) is None


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
