"""Scores on made-up snapshots: everyone once, nobody who objects, and what stands beside each risk."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from tests.spec.caselists.listing import particulars
from tests.unit.models.made_up_snapshots import DATES, SPEC, changed, made_up, with_a_list_before
from vi_risk.models.evaluating import evaluate
from vi_risk.models.learning.classifier import RiskClassifier
from vi_risk.models.on_snapshots import refits_of, train
from vi_risk.models.scoring import risks_in_refits, score, score_before
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.spec_tables import UncertaintySpec


@pytest.fixture(scope="module")
def snapshots() -> Snapshots:
    return made_up()


@pytest.fixture(scope="module")
def model(snapshots: Snapshots) -> RiskClassifier:
    return train(snapshots, SPEC)


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
    monkeypatch.setattr("vi_risk.models.scoring._BATCH", 7)

    pd.testing.assert_frame_equal(score(model, snapshots), at_once)


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


def test_who_objects_is_not_scored_and_the_others_are_scored_as_before(
    snapshots: Snapshots, model: RiskClassifier
) -> None:
    objecting = replace(snapshots, particulars=particulars(objectors=["p0003", "p0007", "of no practice"]))

    everyone, scores = score(model, snapshots), score(model, objecting)

    assert {*everyone["patient_id"]} - {*scores["patient_id"]} == {"p0003", "p0007"}
    kept = everyone[everyone["patient_id"].isin(scores["patient_id"])].drop(columns="rank").reset_index(drop=True)
    pd.testing.assert_frame_equal(scores.drop(columns="rank"), kept)
    assert scores["rank"].tolist() == list(range(1, 299))


def test_who_objects_is_in_no_refit_and_not_scored_for_the_list_before(
    snapshots: Snapshots, model: RiskClassifier
) -> None:
    spec = SPEC.model_copy(update={"uncertainty": UncertaintySpec(refits=2)})
    asked = replace(with_a_list_before(snapshots), particulars=particulars(objectors=["p0003"]))
    refits = refits_of(model, asked, spec)
    assert refits is not None

    in_refits, before = risks_in_refits(refits, asked), score_before(model, asked, spec=spec)

    assert (len(in_refits), len(before)) == (299, 299)
    assert "p0003" not in {*in_refits.index, *before["patient_id"]}
    assert set(before["index_date"]) == {date(2024, 10, 1)}


def test_where_nobody_objects_the_list_before_is_scored_as_the_list_is(
    snapshots: Snapshots, model: RiskClassifier
) -> None:
    asked = with_a_list_before(snapshots)

    before = score_before(model, asked, spec=SPEC)

    pd.testing.assert_frame_equal(
        before.drop(columns="index_date"), score(model, snapshots).drop(columns="index_date"), check_exact=False
    )


def test_risks_in_refits_at_hand_give_the_same_intervals(snapshots: Snapshots, model: RiskClassifier) -> None:
    refits = refits_of(model, snapshots, SPEC.model_copy(update={"uncertainty": UncertaintySpec(refits=3)}))
    assert refits is not None

    pd.testing.assert_frame_equal(
        score(model, snapshots, refits=risks_in_refits(refits, snapshots)), score(model, snapshots, refits=refits)
    )
