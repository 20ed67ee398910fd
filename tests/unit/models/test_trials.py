"""What a trial comes to is LightGBM's own loss on patients held out, and the gain is told of patients apart."""

from dataclasses import replace

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

from vi_risk.errors import InputError
from vi_risk.features.catalogue import Catalogue, read_catalogue
from vi_risk.models.learning.blocks import Blocks, HeldRows
from vi_risk.models.learning.calibration import risk_of
from vi_risk.models.on_snapshots import LearningRows
from vi_risk.models.reviewed.learning import AT_WORK
from vi_risk.models.spec import ModelSpec
from vi_risk.models.trials import FOLDS, TrialRows, loss_of

PATIENTS, DATES = 400, 3
CATALOGUE = Catalogue((), read_catalogue().codelists)


def spec_of(outcome: str = "emergency_admission", **learner: object) -> ModelSpec:
    small = {"n_estimators": 15, "num_leaves": 4, "learning_rate": 0.1, "min_child_samples": 10, "num_threads": 1}
    return ModelSpec.model_validate(
        {
            "name": "small",
            "title": "Small",
            "outcome": outcome,
            "outcome_words": "an emergency admission",
            "horizon_days": 365,
            "learner": {**small, "min_events": 10, **learner},
        }
    )


def learning_rows(*, counts: bool = False) -> LearningRows:
    """Return rows in which the first feature tells the outcome and the others do not; one in twenty is not known."""
    generator = np.random.default_rng(7)
    rows = PATIENTS * DATES
    features = pd.DataFrame(generator.standard_normal((rows, 4)), columns=["telling", "one", "two", "three"])
    features.loc[generator.random(rows) < 0.2, "one"] = np.nan
    features["never"] = np.nan
    mean = np.exp(-1.0 + 0.8 * features["telling"].to_numpy())
    outcome = generator.poisson(mean).astype(float)
    known = generator.random(rows) > 0.05
    return LearningRows(
        Blocks.of(HeldRows(features)),
        outcome if counts else (outcome > 0).astype(float),
        np.where(known, generator.uniform(0.9, 1.2, rows), 0.0),
        np.tile([f"p{number}" for number in range(PATIENTS)], DATES),
    )


@pytest.fixture(scope="module")
def rows() -> LearningRows:
    return learning_rows()


@pytest.fixture(scope="module")
def trial_rows(rows: LearningRows) -> TrialRows:
    return TrialRows.of(rows, spec_of(), CATALOGUE)


def test_no_patient_is_learnt_from_and_held_out_and_none_kept_back_is_in_any_trial(trial_rows: TrialRows) -> None:
    patients = trial_rows.known.patient_id
    kept_back = set(patients[trial_rows.kept_back.rows])
    held_out = [set(patients[fold.rows]) for fold in trial_rows.folds]

    assert len(trial_rows.folds) == FOLDS
    assert sum(map(len, held_out)) == len(set.union(*held_out))
    assert len(kept_back) == pytest.approx(PATIENTS / 5, abs=1)
    assert not kept_back & set.union(*held_out)
    for fold in trial_rows.folds:
        learnt = set(patients[fold.learning.used_indices])
        assert not learnt & (set(patients[fold.rows]) | kept_back)
    assert not set(patients[trial_rows.kept_back.learning.used_indices]) & kept_back


def test_the_loss_is_that_of_scikit_learn_on_trees_grown_by_hand(trial_rows: TrialRows) -> None:
    known, learner = trial_rows.known, spec_of(subsample=1.0, colsample=1.0).learner
    settings = {
        "objective": "binary", "num_leaves": 4, "learning_rate": 0.1, "min_child_samples": 10, "reg_lambda": 5.0,
        "seed": 1, "num_threads": 1, "verbosity": -1,
    }  # fmt: skip
    losses, weights = [], []
    for fold in trial_rows.folds:
        whole = lgb.Dataset(trial_rows.matrix, known.outcome, weight=known.weight, params=settings)
        booster = lgb.train(settings, whole.subset(fold.learning.used_indices), num_boost_round=15)
        risk = booster.predict(trial_rows.matrix.iloc[fold.rows])
        losses.append(log_loss(known.outcome[fold.rows], risk, sample_weight=known.weight[fold.rows]))
        weights.append(known.weight[fold.rows].sum())

    tried = trial_rows.tried(learner, trees_as_given=True)

    assert tried.learner == learner
    assert tried.loss == pytest.approx(np.average(losses, weights=weights), abs=1e-9)


def test_a_trial_learns_as_many_trees_as_do_best(trial_rows: TrialRows) -> None:
    learner = spec_of().learner
    best = trial_rows.tried(learner)

    def of(trees: int) -> float:
        loss = trial_rows.tried(learner.model_copy(update={"n_estimators": trees}), trees_as_given=True).loss
        assert loss is not None
        return loss

    trees = best.learner.n_estimators
    assert best.loss == pytest.approx(of(trees))
    assert min(of(trees - 1), of(trees + 1)) >= of(trees)


def test_a_hopeless_trial_is_given_up_before_the_last_fold(trial_rows: TrialRows) -> None:
    asked: list[tuple[int, float]] = []

    def hopeless(step: int, loss: float) -> bool:
        asked.append((step, loss))
        return step == 1

    tried = trial_rows.tried(spec_of().learner, hopeless=hopeless)

    assert tried.loss is None
    assert [step for step, _ in asked] == [0, 1]


def test_the_gain_is_the_difference_of_losses_on_those_kept_back_with_an_interval_by_patients(
    trial_rows: TrialRows,
) -> None:
    before, after = spec_of(n_estimators=2).learner, spec_of(n_estimators=40).learner
    rows, known = trial_rows.kept_back.rows, trial_rows.known

    gain = trial_rows.gain(before, after)

    losses = []
    for learner in (before, after):
        booster = lgb.train(
            trial_rows._settings(learner), trial_rows.kept_back.learning, num_boost_round=learner.n_estimators
        )
        losses.append(
            loss_of(booster.predict(trial_rows.matrix.iloc[rows], raw_score=True), known.outcome[rows], "binary")
        )
    weight = known.weight[rows]
    of_patients = pd.DataFrame(
        {"less": (losses[0] - losses[1]) * weight, "weight": weight, "patient": known.patient_id[rows]}
    ).groupby("patient").sum()  # fmt: skip
    generator = np.random.default_rng(3)
    drawn = [of_patients.sample(frac=1, replace=True, random_state=generator).sum() for _ in range(400)]
    bootstrap = np.std([one["less"] / one["weight"] for one in drawn])

    assert gain.less == pytest.approx(of_patients["less"].sum() / of_patients["weight"].sum())
    assert gain.less == pytest.approx(gain.loss_before - gain.loss_after)
    assert (gain.interval[1] - gain.interval[0]) / (2 * 1.96) == pytest.approx(bootstrap, rel=0.15)
    assert gain.clear
    assert gain.patients == len(of_patients)


def test_a_learner_gains_nothing_over_itself(trial_rows: TrialRows) -> None:
    gain = trial_rows.gain(spec_of().learner, spec_of().learner)

    assert (gain.less, gain.interval) == (0.0, (0.0, 0.0))
    assert not gain.clear


@pytest.mark.parametrize(
    ("outcome", "objective"),
    [("emergency_admission", "binary"), ("emergency_bed_days", "poisson"), ("emergency_bed_days", "tweedie")],
)
def test_the_loss_on_those_kept_back_is_the_one_that_trials_are_held_against(outcome: str, objective: str) -> None:
    spec = spec_of(outcome, objective=objective)
    rows = TrialRows.of(learning_rows(counts=objective != "binary"), spec, CATALOGUE)
    told: dict[str, dict[str, list[float]]] = {}
    lgb.train(
        rows._settings(spec.learner),
        rows.kept_back.learning,
        num_boost_round=spec.learner.n_estimators,
        valid_sets=[rows.kept_back.held_out],
        valid_names=["kept back"],
        callbacks=[lgb.record_evaluation(told)],
    )
    ((_, losses),) = told["kept back"].items()

    assert rows.gain(spec.learner, spec.learner).loss_after == pytest.approx(losses[-1], rel=1e-6)


def test_risks_of_raw_scores_have_the_log_loss_of_their_outcome() -> None:
    raw, outcome = np.array([-2.0, 0.3, 1.5]), np.array([0.0, 1.0, 0.0])

    assert loss_of(raw, outcome, "binary").mean() == pytest.approx(log_loss(outcome, risk_of(raw)))


def test_too_few_events_are_refused_before_any_trial(rows: LearningRows) -> None:
    with pytest.raises(InputError, match=r"tuning: expected at least 5000 events and as many non-events, found \d+"):
        TrialRows.of(rows, spec_of(min_events=5000), CATALOGUE)


def test_where_reviews_are_a_covariate_trials_learn_with_them_as_training_does() -> None:
    rows = learning_rows()
    generator = np.random.default_rng(3)
    share = np.where(generator.random(len(rows.outcome)) < 0.3, 0.5, 0.0)
    helped = replace(rows, outcome=np.where(share > 0, 0.0, rows.outcome))  # whoever is reviewed has no event
    spec = spec_of()

    without = TrialRows.of(helped, spec, CATALOGUE)
    learnt_with = TrialRows.of(replace(helped, review_share=share), spec, CATALOGUE)
    nobody = TrialRows.of(replace(helped, review_share=np.zeros_like(share)), spec, CATALOGUE)

    assert [*learnt_with.matrix.columns] == [*without.matrix.columns, AT_WORK]
    assert [*nobody.matrix.columns] == [*without.matrix.columns]
    blind, seeing = (of.tried(spec.learner, trees_as_given=True).loss for of in (without, learnt_with))
    assert blind is not None
    assert seeing is not None
    assert seeing < blind - 0.01
