"""A model is kept with its evidence and nothing of any patient; the lists are kept apart, in the run of the scoring."""

import json
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pandas as pd
import pytest

from tests.unit.registry.conftest import MakeOut
from vi_risk.errors import InputError
from vi_risk.registry.keeping import keep_lists, keep_model
from vi_risk.running.run_file import write_json
from vi_risk.tracking import versions_of
from vi_risk.tracking.quiet import quiet_mlflow


@pytest.fixture(scope="module")
def out(make_out: MakeOut) -> Path:
    return make_out("kept")


@pytest.fixture(scope="module")
def with_lists(out: Path, make_out: MakeOut) -> Path:
    folder = make_out("kept")
    (folder / "case_lists").mkdir()
    (folder / "case_lists" / "A.csv").write_text("patient_id,rank\np00001,1\n")
    run = json.loads((folder / "run.json").read_text())
    run |= {"scores": {"people": 1200}, "case_lists": {"capacity": 30, "lists": {"A": 1}, "files": ["A.csv"]}}
    write_json(folder / "run.json", run)
    return folder


@pytest.fixture(scope="module")
def kept(out: Path, tracking_uri: str) -> mlflow.entities.Run:
    registered = keep_model(out, tracking_uri=tracking_uri)
    return mlflow.MlflowClient(tracking_uri=tracking_uri).get_run(registered.run_id)


def files_of(run: mlflow.entities.Run, tracking_uri: str) -> dict[str, Path]:
    folder = Path(tracking_uri.removeprefix("sqlite:///")).parent / "artifacts" / run.info.run_id / "artifacts"
    return {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}


def test_the_run_says_what_the_model_was_made_from(kept: mlflow.entities.Run, out: Path) -> None:
    run = json.loads((out / "run.json").read_text())
    tags = kept.data.tags

    assert tags["kind"] == "model"
    assert tags["checksum"] == run["model"]["checksum"]
    assert tags["catalogue"] == run["features"]["catalogue"]
    assert tags["records.spells"] == "f00d"
    assert (tags["test_date"], tags["list_date"]) == ("2024-01-01", "2025-01-01")
    assert len(tags["spec"]) == len(tags["codelists"]) == 16
    assert kept.data.params["version.python"] == "3.11"
    assert "cohort_flow" in kept.data.params


def test_the_run_keeps_spec_catalogue_evidence_card_and_plots(kept: mlflow.entities.Run, tracking_uri: str) -> None:
    assert set(files_of(kept, tracking_uri)) == {
        "card/evaluation.json", "card/model_card.html", "card/model_card.md", "plots/reliability.png",
        "run/catalogue.json", "run/run.json",
    }  # fmt: skip


def test_the_version_shows_how_the_model_did(kept: mlflow.entities.Run, tracking_uri: str) -> None:
    (version,) = versions_of("kept", tracking_uri=tracking_uri)
    shown = {"auroc": "0.75", "calibration_slope": "1", "capacity": "30", "capacity.true_cases": "30"}  # rounded
    assert shown.items() <= version.tags.items()


def test_the_model_of_the_registry_answers_the_made_up_example(kept: mlflow.entities.Run, tracking_uri: str) -> None:
    with quiet_mlflow(tracking_uri):
        model = mlflow.pyfunc.load_model("models:/kept/1")
        assert model.predict(model.input_example)["risk"].between(0, 1).all()


def test_nothing_of_a_patient_goes_with_a_model(with_lists: Path, tracking_uri: str) -> None:
    keep_model(with_lists, tracking_uri=tracking_uri)
    client = mlflow.MlflowClient(tracking_uri=tracking_uri)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = client.search_runs(experiments, "tags.kind = 'model'")
    store = Path(tracking_uri.removeprefix("sqlite:///")).parent / "artifacts"
    files = [*_files(store / "models"), *(file for run in runs for file in files_of(run, tracking_uri).values())]

    assert len(runs) >= 1
    assert {"run.json", "catalogue.json", "booster.txt"} <= {path.name for path in files}
    assert [path.name for path in files if b"p0000" in path.read_bytes()] == []
    assert not any("p0000" in text for run in runs for text in (*run.data.params.values(), *run.data.tags.values()))


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def test_the_lists_are_in_the_run_of_the_scoring_below_that_of_the_model(
    kept: mlflow.entities.Run, with_lists: Path, tracking_uri: str
) -> None:
    run_id = keep_lists(with_lists, tracking_uri=tracking_uri)

    run = mlflow.MlflowClient(tracking_uri=tracking_uri).get_run(run_id)
    assert set(files_of(run, tracking_uri)) == {"case_lists/A.csv", "run/run.json"}
    assert run.info.status == "FINISHED"
    assert run.info.experiment_id == kept.info.experiment_id
    assert run.data.tags["kind"] == "scoring"
    assert run.data.tags["registered"] == "kept 1"
    assert run.data.tags["mlflow.parentRunId"] == kept.info.run_id
    assert run.data.metrics == {"people_scored": 1200, "lists": 1}  # one person listed is not told
    assert len(versions_of("kept", tracking_uri=tracking_uri)) == 1


def test_a_folder_that_was_not_evaluated_is_refused(out: Path, tmp_path: Path, tracking_uri: str) -> None:
    run = json.loads((out / "run.json").read_text())
    del run["evaluation"]
    write_json(tmp_path / "run.json", run)
    with pytest.raises(InputError, match="Run `vi-risk evaluate`"):
        keep_model(tmp_path, tracking_uri=tracking_uri)
    with pytest.raises(InputError, match="Run `vi-risk caselist`"):
        keep_lists(tmp_path, tracking_uri=tracking_uri)


def test_the_example_that_goes_with_the_model_is_made_up(kept: mlflow.entities.Run, tracking_uri: str) -> None:
    with quiet_mlflow(tracking_uri):
        example = mlflow.pyfunc.load_model("models:/kept/1").input_example
    pd.testing.assert_frame_equal(example, pd.DataFrame({name: [0.0, 1.0] for name in example.columns}))
