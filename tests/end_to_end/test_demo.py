"""The demo at small size, and the contract of what it writes."""

import csv
import html
import io
import json
import math
import re
from datetime import date
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook

from tests.end_to_end.conftest import DEMO_PATIENTS, Ended, contents, run_demo
from vi_risk.features.catalogue import read_catalogue
from vi_risk.models.evidence.metrics import slope_and_error
from vi_risk.models.learning import bundle
from vi_risk.models.snapshot_files import load_snapshots
from vi_risk.tracking.quiet import quiet_mlflow

LIST_DATE = date(2025, 1, 1)
REASONS = [f"reason_{n}" for n in range(1, 6)]
CAPACITY = 20
PLOTS = {"reliability.png", "contributions.png", "decision_curve.png", "dependence.png"}
PERFORMANCE = {
    "auroc", "auprc", "brier", "calibration_in_the_large", "calibration_slope", "n", "events", "at",
}  # fmt: skip


@pytest.fixture(scope="module")
def run_file(demo: Ended) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((demo.out / "run.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def scores(demo: Ended) -> pd.DataFrame:
    return pd.read_parquet(demo.out / "scores.parquet")


@pytest.fixture(scope="module")
def features(demo: Ended) -> pd.DataFrame:
    return pd.read_parquet(demo.out / "features.parquet")


@pytest.fixture(scope="module")
def cohort(demo: Ended) -> pd.DataFrame:
    return pd.read_parquet(demo.out / "cohort.parquet")


@pytest.fixture(scope="module")
def evaluation(demo: Ended) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((demo.out / "evaluation.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def lists(demo: Ended) -> dict[str, list[dict[str, str]]]:
    """Rows of each practice's CSV list, as a program of another make would read them."""
    found = {}
    for path in sorted((demo.out / "case_lists").glob("*.csv")):
        if not path.stem.startswith("network-"):
            with path.open(encoding="utf-8-sig", newline="") as opened:
                found[path.stem] = list(csv.DictReader(opened))
    return found


def test_the_files_of_the_contract_and_no_others_are_written(demo: Ended) -> None:
    assert {path.name for path in demo.out.iterdir()} == {
        "run.json", "check.json", "check.html", "features.parquet", "cohort.parquet", "catalogue.json", "model",
        "evaluation.json", "model_card.html", "model_card.md", "scores.parquet", "case_lists", "plots",
        "contacts.parquet", "reviews.parquet", "departures.parquet", "objectors.parquet", "pathways.parquet",
        "whole_record.parquet", "scores_in_refits.parquet", "scores_before.parquet",
    }  # fmt: skip
    assert {path.name for path in demo.cwd.iterdir()} == {"out", "mlruns"}


def test_what_was_done_is_told_as_plain_lines_and_where_to_look(demo: Ended) -> None:
    assert "\x1b" not in demo.stderr
    assert f"Build a synthetic trust of {DEMO_PATIENTS:,} people (seed 1)" in demo.stderr
    assert "Warning" not in demo.stderr
    assert "out/case_lists" in demo.stdout
    assert "mlflow ui --backend-store-uri sqlite:///mlruns/mlflow.db" in demo.stdout


# --- features and scores ---------------------------------------------------------------------------------------------


def test_whoever_objects_is_in_no_cohort_of_training_test_or_list_and_in_no_scores(
    demo: Ended, scores: pd.DataFrame, cohort: pd.DataFrame, run_file: dict[str, Any]
) -> None:
    objecting = set(pd.read_parquet(demo.out / "objectors.parquet")["patient_id"])

    assert objecting  # there are some
    assert not objecting & set(cohort["patient_id"])
    assert not objecting & set(scores["patient_id"])
    told = {"rule": "objection to being risk stratified", "of": "people", "number": "fewer than 8"}
    assert told in run_file["records"]["permission"]["left_out"]
    assert "Left out at the door: objection to being risk stratified, fewer than 8 people." in demo.stderr


def test_everyone_eligible_has_one_score(scores: pd.DataFrame, cohort: pd.DataFrame) -> None:
    eligible = cohort[cohort["role"] == "list"]

    assert list(scores.columns) == [
        "patient_id", "index_date", "risk", "risk_low", "risk_high",
        "risk_emergency_admission_3m", "risk_death_12m",
        "expected_emergency_admissions_count_12m", "expected_emergency_bed_days_12m", "rank",
    ]  # fmt: skip
    assert scores["patient_id"].is_unique
    assert set(scores["patient_id"]) == set(eligible["patient_id"])
    assert set(scores["index_date"]) == {LIST_DATE}


def test_risks_are_probabilities_and_ranks_run_from_one_as_risks_fall(scores: pd.DataFrame) -> None:
    assert scores["risk"].between(0, 1).all()
    assert scores["risk"].nunique() > len(scores) / 10
    assert scores["rank"].tolist() == list(range(1, len(scores) + 1))
    assert scores["risk"].is_monotonic_decreasing


def test_features_have_one_row_per_person_and_index_date_and_every_declared_column(
    features: pd.DataFrame, cohort: pd.DataFrame
) -> None:
    keys = ["patient_id", "index_date"]

    assert list(features.columns) == [*keys, *(feature.name for feature in read_catalogue().features)]
    assert len(features.columns) - 2 >= 40
    asked = cohort[keys].sort_values(keys, ignore_index=True)
    pd.testing.assert_frame_equal(features[keys], asked)
    assert not features.duplicated(keys).any()
    assert np.isfinite(features.drop(columns=keys).to_numpy()[features.drop(columns=keys).notna()]).all()


def test_the_outcome_is_as_common_as_it_is_in_life(cohort: pd.DataFrame) -> None:
    rates = cohort.groupby("role")["outcome"].mean()

    assert 0.03 < rates["train"] < 0.15
    assert 0.03 < rates["test"] < 0.15
    assert math.isnan(rates["list"])


def test_index_dates_are_apart_so_that_no_window_is_used_twice(run_file: dict[str, Any]) -> None:
    dates = run_file["features"]["index_dates"]
    days = {role: date.fromisoformat(dates[role]) for role in ("list", "test")}

    assert days["list"] == LIST_DATE
    assert (days["list"] - days["test"]).days >= 365
    assert len(dates["train"]) >= 3
    assert all((days["test"] - date.fromisoformat(day)).days >= 365 for day in dates["train"])


# --- case lists ------------------------------------------------------------------------------------------------------


def test_every_practice_of_the_trust_has_a_list_of_each_kind_and_others_are_counted(
    demo: Ended, cohort: pd.DataFrame, run_file: dict[str, Any]
) -> None:
    eligible = cohort[cohort["role"] == "list"]
    seen = eligible.groupby("practice_code")["gp_seen_from"].apply(lambda days: days.notna().any())
    written = {path.name for path in (demo.out / "case_lists").iterdir()}

    assert seen.sum() > 3
    packs = {name for name in written if not name.startswith("network-")} - {"listed.parquet", "pathways.html"}
    assert packs == {f"{code}.{ending}" for code in seen.index[seen] for ending in ("csv", "jsonl", "xlsx", "html")}
    outside = eligible[eligible["practice_code"].isin(seen.index[~seen])]
    assert run_file["case_lists"]["practices_without_list"] == outside["practice_code"].value_counts().to_dict()


def test_a_list_begins_with_the_columns_of_the_contract(lists: dict[str, list[dict[str, str]]]) -> None:
    leading = ["rank", "patient_id", "age_band", "practice_code", "risk", "band", *REASONS]

    for rows in lists.values():
        assert list(rows[0])[: len(leading)] == leading


def test_a_list_holds_the_highest_risks_of_its_practice_in_order_and_who_is_passed_over_is_counted(
    lists: dict[str, list[dict[str, str]]], scores: pd.DataFrame, cohort: pd.DataFrame, run_file: dict[str, Any]
) -> None:
    eligible = cohort[cohort["role"] == "list"].merge(scores, on="patient_id").sort_values("rank")
    passed_over = 0

    for code, rows in lists.items():
        own = eligible[eligible["practice_code"] == code].set_index("patient_id")
        listed = own.loc[[row["patient_id"] for row in rows]]
        assert len(rows) == CAPACITY
        assert listed["risk"].is_monotonic_decreasing
        assert [int(row["rank"]) for row in rows] == list(range(1, CAPACITY + 1))
        assert [float(row["risk"]) for row in rows] == pytest.approx(listed["risk"].tolist(), abs=5e-5)
        assert {row["practice_code"] for row in rows} == {code}
        assert [row["age_band"] for row in rows] == listed["age_band"].tolist()
        passed_over += int((own["risk"] > listed["risk"].min()).sum()) - int(
            (listed["risk"] > listed["risk"].min()).sum()
        )

    kept_off = sum(number for words, number in run_file["case_lists"]["kept_off"].items() if "since" not in words)
    assert passed_over <= kept_off


def test_a_list_says_what_changed_since_the_list_before(lists: dict[str, list[dict[str, str]]]) -> None:
    changes = {row["change"] for rows in lists.values() for row in rows}

    assert "new" in changes
    assert any(change == "same" or change.startswith("from ") for change in changes)
    for row in (row for rows in lists.values() for row in rows):
        assert (row["is_new"] == "yes") == (row["change"] == "new") == (row["rank_before"] == "")


def test_a_band_agrees_with_its_risk(lists: dict[str, list[dict[str, str]]]) -> None:
    lowest = {"very high": 0.5, "high": 0.3, "moderate": 0.15, "lower": 0.0}

    for row in (row for rows in lists.values() for row in rows):
        assert float(row["risk"]) >= lowest[row["band"]] - 5e-5
        assert not any(float(row["risk"]) > cut + 5e-5 for cut in lowest.values() if cut > lowest[row["band"]])


def test_reasons_are_sentences_never_a_raw_feature_name(lists: dict[str, list[dict[str, str]]]) -> None:
    names = {feature.name for feature in read_catalogue().features if "_" in feature.name}
    reasons = [row[column] for rows in lists.values() for row in rows for column in REASONS if row[column]]

    assert len(reasons) > 3 * sum(len(rows) for rows in lists.values())
    for reason in reasons:
        assert not names & set(re.findall(r"\w+", reason))
        assert not re.search(r"[_{}]|\bnan\b|\bNone\b", reason)
        assert " " in reason


def test_everyone_listed_has_a_first_reason_and_no_reason_twice(lists: dict[str, list[dict[str, str]]]) -> None:
    for row in (row for rows in lists.values() for row in rows):
        given = [row[column] for column in REASONS if row[column]]
        assert row["reason_1"]
        assert given == [row[column] for column in REASONS][: len(given)]
        assert len(given) == len(set(given))


def test_a_reason_that_counts_emergency_admissions_has_the_patients_own_number(
    lists: dict[str, list[dict[str, str]]], features: pd.DataFrame
) -> None:
    at_list = features[features["index_date"] == LIST_DATE].set_index("patient_id")
    days = {"30 days": 30, "90 days": 90, "6 months": 180, "12 months": 365}
    sentence = re.compile(rf"(\d+) emergency admissions? in the last ({'|'.join(days)})")
    told = [
        (row["patient_id"], f"emergency_admissions_{days[found[2]]}d", int(found[1]))
        for rows in lists.values()
        for row in rows
        for column in REASONS
        if (found := sentence.fullmatch(row[column]))
    ]

    assert told
    assert [(patient, name, int(at_list.loc[patient, name])) for patient, name, _ in told] == told


def test_workbooks_and_pages_show_the_same_people_as_the_csv(
    demo: Ended, lists: dict[str, list[dict[str, str]]]
) -> None:
    for code, rows in lists.items():
        workbook = load_workbook(demo.out / "case_lists" / f"{code}.xlsx", read_only=True)
        cells = [str(value) for sheet in workbook for line in sheet.iter_rows(values_only=True) for value in line]
        workbook.close()
        page = html.unescape((demo.out / "case_lists" / f"{code}.html").read_text(encoding="utf-8"))
        for row in rows:
            assert row["patient_id"] in cells
            assert row["patient_id"] in page
            assert any(row["reason_1"] in cell for cell in cells)
            assert row["reason_1"] in page


# --- evidence --------------------------------------------------------------------------------------------------------


def test_the_model_and_its_comparators_are_evaluated_on_the_same_people(evaluation: dict[str, Any]) -> None:
    assert set(evaluation) >= {"model", "comparators"}
    assert set(evaluation["comparators"]) == {
        *("age_and_sex", "admissions_last_year", "three_or_more_emergency_admissions", "charlson", "hospital_frailty"),
        *("pilot_flags", "l1_logistic_regression", "hist_gradient_boosting"),
    }
    everyone = [evaluation["model"], *evaluation["comparators"].values()]
    assert len({(found["n"], found["events"]) for found in everyone}) == 1


def test_evaluation_has_every_number_of_the_contract_within_its_range(
    evaluation: dict[str, Any], cohort: pd.DataFrame
) -> None:
    test_rows = cohort[cohort["role"] == "test"]
    for found in (evaluation["model"], *evaluation["comparators"].values()):
        assert set(found) >= PERFORMANCE
        for share in ("auroc", "auprc", "brier"):
            assert 0 <= found[share] <= 1
        assert found["n"] == len(test_rows)
        assert found["events"] == test_rows["outcome"].sum()
        assert set(found["at"]) == {"0.5%", "1%", "2%", "5%", "10%", "capacity"}
        for label, listed in found["at"].items():
            assert set(listed) >= {"ppv", "sensitivity", "n", "true_cases", "number_needed_to_review", "lift"}
            assert 0 <= listed["ppv"] <= 1
            assert 0 <= listed["sensitivity"] <= 1
            assert listed["true_cases"] <= min(listed["n"], found["events"])
            hits = listed["ppv"] * listed["n"]  # who left the area counts for nothing, who stayed for a little more
            assert hits == pytest.approx(listed["sensitivity"] * found["events"], rel=0.1)
            if label != "capacity":
                assert listed["n"] == math.ceil(round(found["n"] * float(label.rstrip("%")) / 100, 6))


def test_the_risks_beside_it_are_told_with_their_evidence_and_never_against_it(
    scores: pd.DataFrame, evaluation: dict[str, Any]
) -> None:
    assert (scores["risk_emergency_admission_3m"] <= scores["risk"]).all()
    assert scores["risk_death_12m"].between(0, 1).all()
    assert (scores["risk_low"] <= scores["risk"]).all()
    assert (scores["risk"] <= scores["risk_high"]).all()
    companions = evaluation["companions"]
    assert set(companions) == {
        "emergency_admission_3m", "death_12m", "emergency_admissions_count_12m", "emergency_bed_days_12m",
    }  # fmt: skip
    assert (scores["expected_emergency_admissions_count_12m"] > 0).all()
    assert 0 <= companions["emergency_admission_3m"]["share_capped"] <= 1
    assert companions["death_12m"]["share_capped"] is None


def test_capacity_is_twenty_places_for_each_practice(evaluation: dict[str, Any], cohort: pd.DataFrame) -> None:
    sizes = cohort[cohort["role"] == "test"].groupby("practice_code").size()

    assert evaluation["model"]["at"]["capacity"]["n"] == sizes.clip(upper=CAPACITY).sum()


def test_the_model_tells_people_apart_as_such_models_do_and_no_better(evaluation: dict[str, Any]) -> None:
    """Above 0.9 is leakage until shown otherwise; 2,000 people leave a wide margin below."""
    assert 0.6 < evaluation["model"]["auroc"] < 0.9
    assert 0.4 < evaluation["model"]["calibration_slope"] < 2.5


def test_the_run_file_says_what_was_asked_from_what_with_which_versions(
    run_file: dict[str, Any], scores: pd.DataFrame
) -> None:
    assert set(run_file) - {"git_revision"} == {  # which only a checkout has
        "versions", "spec", "records", "features", "model", "evaluation", "scores", "case_lists", "tracking",
    }  # fmt: skip
    assert run_file["versions"]["vi_risk"]
    assert run_file["spec"]["seed"] == 1
    assert run_file["spec"]["cohort"]["min_age"] == 18
    assert set(run_file["records"]["fingerprints"]) == set(run_file["records"]["rows"])
    assert all(re.fullmatch("[0-9a-f]{16}", mark) for mark in run_file["records"]["fingerprints"].values())
    assert run_file["scores"]["people"] == len(scores)
    assert [step["role"] for step in run_file["features"]["flow"]][-2:] == ["test", "list"]
    assert run_file["features"]["flow"][-1]["aged 18 or over"] == len(scores)


def test_a_flow_only_ever_loses_people(run_file: dict[str, Any]) -> None:
    for step in run_file["features"]["flow"]:
        counts = [value for value in step.values() if isinstance(value, int)]
        assert counts == sorted(counts, reverse=True)
        assert counts[-1] > 0


def test_the_card_and_the_plots_are_whole(demo: Ended, evaluation: dict[str, Any]) -> None:
    card = (demo.out / "model_card.html").read_text(encoding="utf-8")

    assert card.rstrip().endswith("</html>")
    assert f"{evaluation['model']['auroc']:.3f}" in card
    assert "Left out at the door: objection to being risk stratified, fewer than 8 people." in card
    assert "Sensitive codes refused at the door: prison and custody, " in card
    assert {path.name for path in (demo.out / "plots").iterdir()} == PLOTS
    for path in (demo.out / "plots").iterdir():
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.read_bytes().endswith(b"IEND\xaeB`\x82")


@pytest.mark.parametrize("name", ["model_card.html", "run.json", "evaluation.json", "check.json"])
def test_no_patient_is_named_in_what_is_not_a_list(demo: Ended, scores: pd.DataFrame, name: str) -> None:
    text = (demo.out / name).read_text(encoding="utf-8")

    assert [patient for patient in scores["patient_id"] if patient in text] == []


# --- tracking --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def store(demo: Ended) -> str:
    return f"sqlite:///{demo.cwd / 'mlruns' / 'mlflow.db'}"


def _run(store: str, kind: str) -> mlflow.entities.Run:
    client = mlflow.MlflowClient(tracking_uri=store)
    (experiment,) = client.search_experiments(filter_string="name = 'emergency_admission'")
    (run,) = client.search_runs([experiment.experiment_id], f"tags.kind = '{kind}'")
    return run


def _kept(store: str, run: mlflow.entities.Run) -> set[str]:
    client = mlflow.MlflowClient(tracking_uri=store)
    folders = [item.path for item in client.list_artifacts(run.info.run_id)]
    return {item.path for folder in folders for item in client.list_artifacts(run.info.run_id, folder)}


def test_the_model_is_tracked_with_what_was_asked_and_what_came_out(
    demo: Ended, store: str, run_file: dict[str, Any], evaluation: dict[str, Any]
) -> None:
    with quiet_mlflow(store):
        run = _run(store, "model")
        kept = _kept(store, run)

    assert run.info.status == "FINISHED"
    assert run.info.run_id == run_file["tracking"]["run_id"]
    assert run.data.params["seed"] == "1"
    assert run.data.metrics["auroc"] == pytest.approx(evaluation["model"]["auroc"], abs=5e-5)
    assert run.data.metrics["age_and_sex.auroc"] == pytest.approx(
        evaluation["comparators"]["age_and_sex"]["auroc"], abs=5e-5
    )
    assert kept == {
        "card/model_card.html", "card/model_card.md", "card/evaluation.json",
        "run/run.json", "run/catalogue.json",
        *(f"plots/{path.name}" for path in (demo.out / "plots").iterdir()),
    }  # fmt: skip


def test_the_lists_are_tracked_apart_below_the_model_that_they_were_made_with(
    demo: Ended, store: str, run_file: dict[str, Any]
) -> None:
    with quiet_mlflow(store):
        run = _run(store, "scoring")
        kept = _kept(store, run)

    assert run.info.status == "FINISHED"
    assert run.info.run_id == run_file["tracking"]["lists_run_id"]
    assert run.data.tags["mlflow.parentRunId"] == run_file["tracking"]["run_id"]
    assert run.data.tags["registered"] == "emergency_admission_12m 1"
    assert kept == {"run/run.json", *(f"case_lists/{path.name}" for path in (demo.out / "case_lists").iterdir())}


def test_the_tracked_model_predicts_the_same_risks_again(
    store: str, scores: pd.DataFrame, features: pd.DataFrame
) -> None:
    listed = features[features["index_date"] == LIST_DATE]
    with quiet_mlflow(store):
        model = mlflow.pyfunc.load_model("models:/emergency_admission_12m/1")
        signature = model.metadata.get_input_schema()
        risk = model.predict(listed[signature.input_names()])["risk"].to_numpy()

    again = pd.Series(risk, index=listed["patient_id"])
    assert again.loc[scores["patient_id"]].tolist() == pytest.approx(scores["risk"].tolist(), abs=1e-9)


# --- the same again --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_people(demo: Ended, tmp_path: Path) -> None:
    again, other = run_demo(tmp_path / "again"), run_demo(tmp_path / "other", seed=2)

    for name in ("scores.parquet", "features.parquet", "evaluation.json"):
        assert (again.out / name).read_bytes() == (demo.out / name).read_bytes()
        assert (other.out / name).read_bytes() != (demo.out / name).read_bytes()
    assert contents(again.out / "case_lists") == contents(demo.out / "case_lists")
    assert contents(again.out / "model") == contents(demo.out / "model")
    assert (
        json.loads((again.out / "run.json").read_text())["records"]
        == json.loads((demo.out / "run.json").read_text())["records"]
    )


def test_the_csv_is_of_the_form_that_other_tools_read(demo: Ended) -> None:
    for path in (demo.out / "case_lists").glob("*.csv"):
        content = path.read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        text = content.decode("utf-8-sig")
        assert len({len(row) for row in csv.reader(io.StringIO(text, newline=""))}) == 1


def test_the_calibration_slope_is_not_told_from_one(demo: Ended, run_file: dict[str, Any]) -> None:
    """Its 99 % interval holds 1, as of a model whose risks are neither too wide nor too narrow."""
    snapshots = load_snapshots(demo.out, run_file["features"])
    model, _ = bundle.load(demo.out / "model")
    answers = snapshots.answers("test")
    risk = model.predict_proba(snapshots.rows("test")[1])[:, 1]

    found = slope_and_error(risk, answers["outcome"].to_numpy(), answers["weight"].to_numpy())

    assert found is not None
    slope, error = found
    assert slope - 2.5758 * error < 1 < slope + 2.5758 * error
