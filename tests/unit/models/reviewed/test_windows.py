"""Reviewed windows count as the spec declares, and weights give back what would have been without reviews."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.conftest import MakeRecords
from tests.unit.models.reviewed.acted_on import acted_on, records_of, spec_of, treated
from vi_risk.errors import InputError
from vi_risk.models.evaluating import evaluate
from vi_risk.models.evidence.evaluation import Evaluation, Performance
from vi_risk.models.on_snapshots import train
from vi_risk.models.reviewed.at_the_top import treated_in_words
from vi_risk.models.reviewed.windows import as_if_not_reviewed


def observed(cohort: pd.DataFrame, role: str) -> float:
    rows = cohort[(cohort["role"] == role) & (cohort["weight"] > 0)]
    return float(np.average(rows["outcome"], weights=rows["weight"]))


def test_where_reviews_are_ignored_the_cohort_stays_the_same_object() -> None:
    snapshots, records, _ = acted_on(300)

    assert as_if_not_reviewed(snapshots, records, spec_of("ignore")) is snapshots.cohort


def test_weights_give_back_the_share_that_would_have_had_the_event() -> None:
    snapshots, untreated = treated("weight")
    excluded, _ = treated("exclude")
    role = snapshots.cohort["role"]

    for asked in ("train", "test"):
        true = untreated[role == asked].mean()
        as_it_was = snapshots.cohort.loc[role == asked, "outcome"].mean()
        assert as_it_was < true - 0.03  # reviews helped
        assert observed(excluded.cohort, asked) < true - 0.02  # and whom they helped were at higher risk
        assert observed(snapshots.cohort, asked) == pytest.approx(true, abs=0.015)


def test_weights_are_one_on_average_and_nought_for_the_reviewed() -> None:
    snapshots, _ = treated("weight")
    training = snapshots.people("train")

    assert (training.loc[training["review_day"].notna(), "weight"] == 0).all()
    assert (training.loc[training["review_day"].isna(), "weight"] >= 1 - 1e-9).all()
    assert training["weight"].mean() == pytest.approx(1, abs=1e-6)


def test_excluded_windows_count_for_nothing_in_training_and_in_the_test() -> None:
    snapshots, _ = treated("exclude")
    cohort = snapshots.cohort

    for role in ("train", "test"):
        rows = cohort[cohort["role"] == role]
        assert set(rows.loc[rows["review_day"].notna(), "weight"]) == {0.0}
        assert set(rows.loc[rows["review_day"].isna(), "weight"]) == {1.0}
    assert cohort.loc[cohort["role"] == "list", "weight"].isna().all()


def test_a_covariate_keeps_every_training_window_and_is_forgotten_by_the_model() -> None:
    snapshots, untreated = treated("covariate")
    naive, _, _ = acted_on()
    training = snapshots.people("train")
    spec = spec_of("covariate")

    model, without = train(snapshots, spec), train(naive, spec_of("ignore"))

    assert (training["weight"] == 1).all()
    assert set(training["review_share"]) == {0.0, 180 / 365}
    assert model.feature_name_ == without.feature_name_
    assert model.booster_.feature_name() == model.feature_name_
    of_list = naive.blocks("list").table()
    risk, as_treated = model.predict_proba(of_list)[:, 1], without.predict_proba(of_list)[:, 1]
    admitted = (of_list["emergency_admissions_365d"] > 0).to_numpy()
    assert isinstance(snapshots.features, pd.DataFrame)
    then = training["role"].index[(snapshots.features.loc[training.index, "emergency_admissions_365d"] > 0)]
    true = untreated[then].mean()  # the list's people are drawn as those of training
    assert as_treated[admitted].mean() < true - 0.05
    assert risk[admitted].mean() == pytest.approx(true, abs=0.04)


def test_evidence_is_of_the_windows_without_a_review() -> None:
    snapshots, untreated = treated("weight")
    spec = spec_of("weight")

    found = evaluate(train(snapshots, spec), snapshots, capacity=10, spec=spec).model

    tested = snapshots.people("test")
    true = untreated[tested.index].mean()
    assert tested["outcome"].mean() < true - 0.03  # as it came about
    assert isinstance(found, Performance)
    assert found.observed == pytest.approx(true, abs=0.015)
    assert found.observed_over_expected == pytest.approx(1, abs=0.08)


def test_records_without_reviews_cannot_be_treated(make_records: MakeRecords) -> None:
    snapshots, _, _ = acted_on(300)
    records = make_records(patients=[{"patient_id": "p0001"}])

    with pytest.raises(InputError, match='treated_as = "weight" needs mdt_reviews, which the records lack'):
        as_if_not_reviewed(snapshots, records, spec_of("weight"))


@pytest.mark.parametrize("way", ["exclude", "covariate", "weight"])
def test_where_nobody_was_reviewed_every_way_gives_the_model_of_none(way: str) -> None:
    snapshots, _, _ = acted_on(300, share=0.0)
    none = records_of(pd.DataFrame(columns=["patient_id", "reviewed_on", "decision"]))
    treated_so = replace(snapshots, cohort=as_if_not_reviewed(snapshots, none, spec_of(way)))

    model, as_before = train(treated_so, spec_of(way)), train(snapshots, spec_of("ignore"))

    assert model.booster_.model_to_string() == as_before.booster_.model_to_string()
    assert treated_in_words(treated_so, spec_of(way)) == (
        ["reviews: at work in no training window, so there was nothing to treat"],
        [],
    )


@pytest.mark.parametrize("way", ["exclude", "covariate", "weight"])
def test_where_everyone_was_reviewed_nothing_is_learnt(way: str) -> None:
    snapshots, _, _ = acted_on(300)
    everyone = snapshots.people("train")[["patient_id"]].assign(reviewed_on="2023-01-05", decision="accepted")
    everyone["reviewed_on"] = pd.to_datetime(everyone["reviewed_on"]).dt.date

    with pytest.raises(InputError, match="found 0 of 300: nobody is left who shows the risk without one"):
        as_if_not_reviewed(snapshots, records_of(everyone), spec_of(way))


def test_too_few_reviewed_to_tell_who_is_are_left_out_and_that_is_said() -> None:
    snapshots, _ = treated("weight", people=300, share=0.2)
    training = snapshots.people("train")

    said, doubts = treated_in_words(snapshots, spec_of("weight"))

    assert 0 < training["review_day"].notna().sum() < 50
    assert set(training["weight"]) == {0.0, 1.0}
    assert "to tell who is reviewed" in doubts[0]
    assert said[0].startswith("reviews: at work in ")


def test_where_nearly_everyone_alike_is_reviewed_the_missing_overlap_is_said() -> None:
    snapshots, _ = treated("weight", share=0.99)
    training = snapshots.people("train")

    _, (doubt,) = treated_in_words(snapshots, spec_of("weight"))

    assert "fewer than 1 in 20 would be left unreviewed: weights cannot make up for people" in doubt
    likeliest = training[training["review_stratum"] == training["review_stratum"].max()]
    assert (likeliest["weight"] == 0).all()  # the events before a review as well: they alone would be too many
    assert (training["weight"] < 20).all()


def test_features_that_do_not_tell_of_reviews_are_refused() -> None:
    snapshots, _, _ = acted_on(300)

    with pytest.raises(InputError, match="which these features do not tell"):
        train(snapshots, spec_of("exclude"))


@pytest.mark.parametrize("way", ["exclude", "covariate", "weight"])
def test_comparators_learn_from_windows_without_a_review_as_the_model_does(way: str) -> None:
    snapshots, _ = treated(way)
    spec = spec_of(way)

    found = evaluate(train(snapshots, spec), snapshots, capacity=10, spec=spec)

    assert isinstance(found, Evaluation)
    for name in ("age_and_sex", "admissions_last_year", "l1_logistic_regression"):
        comparator = found.comparators[name]
        assert isinstance(comparator, Performance)
        assert comparator.observed_over_expected == pytest.approx(1, abs=0.08), name


@pytest.mark.parametrize("way", ["exclude", "covariate"])
def test_a_test_of_nobody_but_the_reviewed_is_refused_with_their_number(way: str) -> None:
    snapshots, _ = treated(way, people=1000)
    tested = snapshots.people("test").index
    cohort = snapshots.cohort.copy()
    cohort.loc[tested, "review_day"], cohort.loc[tested, "weight"] = 10.0, 0.0
    everyone = replace(snapshots, cohort=cohort)

    with pytest.raises(InputError, match="0 of 0 people had the outcome, beside 1,000 whom a team had reviewed"):
        evaluate(train(everyone, spec_of(way)), everyone, spec=spec_of(way))


def test_where_chance_alone_decides_who_is_reviewed_all_others_stand_for_them_alike() -> None:
    snapshots, _, _ = acted_on(600)
    training = snapshots.people("train")
    by_chance = training.iloc[np.random.default_rng(0).permutation(len(training))[:300]]
    day = pd.to_datetime(by_chance["index_date"]) + pd.Timedelta(days=1)
    reviews = by_chance[["patient_id"]].assign(reviewed_on=day.dt.date, decision="accepted", recorded_on=day.dt.date)

    cohort = as_if_not_reviewed(snapshots, records_of(reviews), spec_of("weight"))
    treated_so = replace(snapshots, cohort=cohort)

    counted = treated_so.people("train")
    assert len(set(counted["review_stratum"])) == 1
    assert counted.loc[counted["review_day"].isna(), "weight"].to_numpy() == pytest.approx(2, abs=0.05)
    said, doubts = treated_in_words(treated_so, spec_of("weight"))
    assert "nothing tells who is likely to have one" in said[1]
    assert doubts == []
