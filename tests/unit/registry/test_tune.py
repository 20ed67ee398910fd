"""`vi-risk tune` as a person runs it: what it prints, writes and keeps, and how it ends."""

import json
from datetime import date
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from tests.conftest import built_so
from vi_risk import cli
from vi_risk.cohort.index_dates import IndexDates
from vi_risk.features.catalogue import Catalogue, read_catalogue
from vi_risk.models.snapshot_files import save_snapshots
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.spec import ModelSpec, load_spec
from vi_risk.running.run_file import write_json

DATES = IndexDates(date(2025, 1, 1), date(2024, 1, 1), (date(2022, 10, 2), date(2023, 1, 1)))
PATIENTS = 600
SPEC = ModelSpec.model_validate(
    {
        "name": "tuned_by_verb",
        "title": "Emergency admission",
        "outcome": "emergency_admission",
        "outcome_words": "an emergency admission",
        "horizon_days": 365,
        "learner": {"n_estimators": 3, "num_leaves": 4, "num_threads": 1},
    }
)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An output folder as `features build` leaves it."""
    shipped = read_catalogue()
    names = {"emergency_admissions", "outpatient_attended"}
    catalogue = Catalogue(tuple(one for one in shipped.definitions if one.name in names), shipped.codelists)
    columns = [feature.name for feature in catalogue.features]
    generator = np.random.default_rng(5)
    cohorts, tables = [], []
    for role, day in (*(("train", day) for day in DATES.train), ("test", DATES.test), ("list", DATES.list_date)):
        admissions = generator.poisson(0.7, PATIENTS)
        cohort = pd.DataFrame({"patient_id": [f"p{number:05d}" for number in range(PATIENTS)]})
        cohort = cohort.assign(index_date=pd.Timestamp(day), role=role, practice_code="A", weight=1.0)
        risk = 1 / (1 + np.exp(2.0 - 1.2 * admissions))
        cohorts.append(cohort.assign(outcome=(generator.random(PATIENTS) < risk).astype(float)))
        values = {name: generator.poisson(2, PATIENTS).astype(float) for name in columns}
        values["emergency_admissions_365d"] = admissions.astype(float)
        tables.append(cohort[["patient_id", "index_date"]].assign(**values))
    snapshots = Snapshots(
        index_dates=DATES, windows={}, flow=[], notes=(), data_to={}, practices={}, catalogue=catalogue,
        features=pd.concat(tables, ignore_index=True), cohort=pd.concat(cohorts, ignore_index=True),
    )  # fmt: skip
    folder = tmp_path / "out"
    folder.mkdir()
    about = save_snapshots(snapshots, folder)
    records = {"fingerprints": {"spells": "f00d"}}
    write_json(folder / "run.json", {"spec": SPEC.model_dump(mode="json"), "records": records, "features": about})
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments], catch_exceptions=False)


def test_a_search_writes_a_spec_to_train_with_and_keeps_every_trial(out: Path, tracking_uri: str) -> None:
    ended = run("tune", "--out", out, "--trials", 4, "--tracking-uri", tracking_uri)

    assert ended.exit_code == 0
    told = ended.stderr.splitlines()
    assert told[0].startswith("Trial 1 of 4 (the spec's own parameters): log loss 0.")
    assert [line.split(":")[0] for line in told[1:4]] == [f"Trial {number} of 4" for number in (2, 3, 4)]
    assert "log loss of 120 patients who took no part: 0." in told[4]
    assert ended.stdout.startswith("num_leaves ")

    tuned = load_spec(out / "tuned.toml")
    changed = {
        "num_leaves",
        "min_child_samples",
        "learning_rate",
        "colsample",
        "subsample",
        "reg_lambda",
        "n_estimators",
    }
    assert tuned.model_dump(exclude={"learner"}) == SPEC.model_dump(exclude={"learner"})
    assert tuned.learner.model_dump(exclude=changed) == SPEC.learner.model_dump(exclude=changed)
    assert tuned.learner != SPEC.learner
    assert (
        (out / "tuned.toml")
        .read_text()
        .startswith("# Written by vi-risk tune: the best of 4 trials on training dates 2022-10-02 to 2023-01-01,\n")
    )

    client = mlflow.MlflowClient(tracking_uri=tracking_uri)
    (above,) = client.search_runs(
        [client.get_experiment_by_name("emergency_admission").experiment_id],
        "tags.kind = 'search' AND attributes.run_name = 'tuned_by_verb 2025-01-01 tuning'",
    )
    below = client.search_runs([above.info.experiment_id], f"tags.`mlflow.parentRunId` = '{above.info.run_id}'")
    assert above.info.status == "FINISHED"
    assert above.data.metrics["trials"] == 4
    assert {run.info.run_name for run in below} == {f"trial {number}" for number in range(4)}
    own = next(run for run in below if run.info.run_name == "trial 0")
    assert own.data.params["n_estimators"] == "3"
    assert f"log loss {own.data.metrics['log loss']:.5f};" in told[0]

    again = run("tune", "--out", out, "--trials", 4, "--tracking-uri", tracking_uri)
    assert again.exit_code == 0
    assert [line.endswith("; done before") for line in again.stderr.splitlines()] == [True] * 4 + [False]
    assert len(client.search_runs([above.info.experiment_id], "tags.kind = 'trial'")) >= 4
    assert load_spec(out / "tuned.toml") == tuned


def test_test_rows_have_no_say(out: Path, tracking_uri: str, tmp_path: Path) -> None:
    store = ("--tracking-uri", tracking_uri)
    run("tune", "--out", out, "--trials", 2, *store)
    first = (out / "tuned.toml").read_text()
    (out / "tuning.journal").unlink()
    cohort = pd.read_parquet(out / "cohort.parquet")
    cohort.loc[cohort["role"] == "test", "outcome"] = 1.0
    cohort.to_parquet(out / "cohort.parquet", index=False)
    built_so(out)
    (out / "tuned.toml").unlink()

    run("tune", "--out", out, "--trials", 2, *store)

    assert (out / "tuned.toml").read_text() == first


def test_features_of_other_records_begin_a_new_search(out: Path, tracking_uri: str) -> None:
    store = ("--tracking-uri", tracking_uri)
    run("tune", "--out", out, "--trials", 2, *store)
    content = json.loads((out / "run.json").read_text())
    content["records"]["fingerprints"]["spells"] = "beef"
    write_json(out / "run.json", content)

    ended = run("tune", "--out", out, "--trials", 1, *store)

    assert ended.exit_code == 0
    assert "done before" not in ended.stderr
    assert "no trial did better than the spec's own parameters" in ended.stderr


def test_without_features_it_says_what_to_run(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    missing, bare = run("tune", "--out", tmp_path / "none"), run("tune", "--out", empty)

    assert (missing.exit_code, "no such folder" in missing.stderr) == (3, True)
    assert (bare.exit_code, "Run `vi-risk features build`" in bare.stderr) == (3, True)


def test_help_has_an_example(tmp_path: Path) -> None:
    shown = run("tune", "--help")
    assert (shown.exit_code, "vi-risk tune --trials 30 --out out" in shown.stdout) == (0, True)
