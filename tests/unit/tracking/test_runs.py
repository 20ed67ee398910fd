"""A run is in the store as a whole, can be loaded again, and leaves the process as it found it."""

import dataclasses
import logging
import os
import pickle
import re
import sqlite3
import warnings
import zipfile
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from vi_risk.errors import InputError, ResourceError, UsageError
from vi_risk.models.learning.classifier import RiskClassifier
from vi_risk.tracking import TrackedRun, runs, track_run
from vi_risk.tracking.quiet import quiet_mlflow


@pytest.fixture(scope="module")
def run_id(tracked_run: TrackedRun, tracking_uri: str) -> str:
    return track_run(tracked_run, tracking_uri=tracking_uri)


@pytest.fixture(scope="module")
def kept(run_id: str, tracking_uri: str) -> mlflow.entities.Run:
    return mlflow.MlflowClient(tracking_uri=tracking_uri).get_run(run_id)


def as_in_features_parquet(features: pd.DataFrame) -> pd.DataFrame:
    """Numbers as decimals and categories as text: what the signature asks for."""
    return features.astype({"age": "float64", "care_home": "float64", "sex": "str"})


def store_of(tracking_uri: str) -> Path:
    return Path(tracking_uri.removeprefix("sqlite:///"))


def test_the_run_holds_what_was_asked_and_what_came_out(kept: mlflow.entities.Run) -> None:
    assert kept.info.status == "FINISHED"
    assert kept.info.run_name == "demo 2026-04-01"
    assert kept.data.params == {"n_estimators": "5", "index_dates": "['2024-04-01', '2025-04-01']"}
    assert kept.data.metrics == {"auroc": 0.78, "ppv at 0.5 percent": 0.41}
    assert kept.data.tags["index_date"] == "2026-04-01"


def test_files_are_kept_beside_the_database(kept: mlflow.entities.Run, run_id: str, tracking_uri: str) -> None:
    card = store_of(tracking_uri).parent / "artifacts" / run_id / "artifacts" / "card" / "model_card.html"
    assert card.read_text() == "<h1>Model card</h1>"


def test_the_model_loads_again_and_gives_the_same_risks(
    run_id: str, tracking_uri: str, fitted: RiskClassifier, made_up_features: pd.DataFrame
) -> None:
    with quiet_mlflow(tracking_uri):
        model = mlflow.pyfunc.load_model(f"runs:/{run_id}/model")
        risk = model.predict(as_in_features_parquet(made_up_features))["risk"]
    np.testing.assert_allclose(risk, fitted.predict_proba(made_up_features)[:, 1], rtol=0, atol=1e-12)


def test_a_table_in_any_order_of_columns_and_of_any_kind_of_number_gives_the_same_risks(
    run_id: str, tracking_uri: str, fitted: RiskClassifier, made_up_features: pd.DataFrame
) -> None:
    shuffled = made_up_features[["sex", "care_home", "age", "days_since_last_admission"]].assign(note="for the team")
    with quiet_mlflow(tracking_uri):
        risk = mlflow.pyfunc.load_model(f"runs:/{run_id}/model").predict(shuffled)["risk"]
    np.testing.assert_allclose(risk, fitted.predict_proba(made_up_features)[:, 1], rtol=0, atol=1e-12)


def test_a_table_without_one_of_the_features_is_refused_by_name_and_without_a_value(
    run_id: str, tracking_uri: str, made_up_features: pd.DataFrame
) -> None:
    with quiet_mlflow(tracking_uri):
        model = mlflow.pyfunc.load_model(f"runs:/{run_id}/model")
        with pytest.raises(InputError, match="1 of the model's 4 columns are missing: age") as told:
            model.predict(made_up_features.drop(columns="age"))
    assert "316" not in str(told.value)


def test_the_signature_names_what_goes_in_and_what_comes_out(run_id: str, tracking_uri: str) -> None:
    with quiet_mlflow(tracking_uri):
        metadata = mlflow.pyfunc.load_model(f"runs:/{run_id}/model").metadata
    assert metadata.signature.inputs.input_names() == ["age", "days_since_last_admission", "care_home", "sex"]
    assert metadata.signature.outputs.input_names() == ["risk"]


def test_the_input_example_is_kept_and_the_model_answers_it_as_a_server_would(
    run_id: str, tracking_uri: str, tracked_run: TrackedRun
) -> None:
    with quiet_mlflow(tracking_uri):
        model = mlflow.pyfunc.load_model(f"runs:/{run_id}/model")
        example = model.input_example
        served = mlflow.models.validate_serving_input(
            f"runs:/{run_id}/model", mlflow.models.convert_input_example_to_serving_input(example)
        )
    assert example.columns.tolist() == ["age", "days_since_last_admission", "care_home", "sex"]
    expected = tracked_run.output_example
    assert expected is not None
    np.testing.assert_allclose(served["risk"], expected["risk"], rtol=0, atol=1e-12)


def test_the_signature_takes_a_value_that_is_missing_though_the_example_had_it(
    run_id: str, tracking_uri: str, made_up_features: pd.DataFrame, fitted: RiskClassifier
) -> None:
    unknown_age = as_in_features_parquet(made_up_features.head(5)).assign(age=np.nan)
    with quiet_mlflow(tracking_uri):
        risk = mlflow.pyfunc.load_model(f"runs:/{run_id}/model").predict(unknown_age)["risk"]
    expected = fitted.predict_proba(made_up_features.head(5).assign(age=np.nan))[:, 1]
    np.testing.assert_allclose(risk, expected, rtol=0, atol=1e-12)


def test_nothing_pickled_is_kept(run_id: str, tracking_uri: str, tmp_path: Path) -> None:
    with quiet_mlflow(tracking_uri):  # of this run alone: other tests plant what they like in theirs
        mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="", dst_path=str(tmp_path / "run"))
        mlflow.artifacts.download_artifacts(f"runs:/{run_id}/model", dst_path=str(tmp_path / "model"))
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {"model_code.py", "booster.txt", "model.json", "model_card.html"} <= {file.name for file in files}
    assert [file.name for file in files if is_pickled(file)] == []


def is_pickled(file: Path) -> bool:
    """Whether a file is a pickle by its name, by its first bytes, or by what lies in it where it is an archive."""
    if file.suffix in (".pkl", ".pickle", ".joblib") or re.match(rb"\x80[\x01-\x05]", file.read_bytes()[:2]):
        return True
    return zipfile.is_zipfile(file) and any(name.endswith(".pkl") for name in zipfile.ZipFile(file).namelist())


@pytest.mark.parametrize("protocol", range(2, 6))
def test_a_pickle_would_be_found_whatever_its_name(tmp_path: Path, protocol: int) -> None:
    (tmp_path / "model.json").write_bytes(pickle.dumps({"age": 70}, protocol=protocol))
    assert is_pickled(tmp_path / "model.json")


def test_a_second_run_stands_in_the_same_experiment(
    kept: mlflow.entities.Run, tracked_run: TrackedRun, tracking_uri: str
) -> None:
    second = track_run(dataclasses.replace(tracked_run, run_name="second"), tracking_uri=tracking_uri)
    client = mlflow.MlflowClient(tracking_uri=tracking_uri)
    assert client.get_run(second).info.experiment_id == kept.info.experiment_id


def test_more_parameters_than_mlflow_takes_at_once_and_longer_ones_are_kept(
    tracked_run: TrackedRun, tracking_uri: str
) -> None:
    parameters = {f"feature_{number}": "x" * 7000 for number in range(150)}
    many = track_run(dataclasses.replace(tracked_run, parameters=parameters), tracking_uri=tracking_uri)
    held = mlflow.MlflowClient(tracking_uri=tracking_uri).get_run(many).data.params
    assert held == dict.fromkeys(parameters, "x" * 6000)


@pytest.mark.parametrize(("fault", "status"), [(ValueError("no"), "FAILED"), (KeyboardInterrupt(), "KILLED")])
def test_a_run_that_does_not_reach_its_end_is_not_marked_finished(
    fault: BaseException,
    status: str,
    run_id: str,
    tracked_run: TrackedRun,
    tracking_uri: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(mlflow.pyfunc, "log_model", fail)
    with pytest.raises(type(fault)):
        track_run(dataclasses.replace(tracked_run, run_name=f"ends as {status}"), tracking_uri=tracking_uri)
    client = mlflow.MlflowClient(tracking_uri=tracking_uri)
    experiment = client.get_experiment_by_name(tracked_run.experiment)
    assert experiment is not None
    statuses = {run.info.run_name: run.info.status for run in client.search_runs([experiment.experiment_id])}
    assert statuses[f"ends as {status}"] == status
    assert mlflow.active_run() is None


def test_tracking_says_nothing_and_leaves_the_process_as_it_was(
    run_id: str, tracked_run: TrackedRun, tracking_uri: str, capfd: pytest.CaptureFixture[str]
) -> None:
    def state() -> object:
        loggers = [logging.getLogger(name) for name in (None, "mlflow", "alembic", "sqlalchemy.engine")]
        return (
            dict(os.environ),
            [(logger.level, logger.handlers[:], logger.propagate, logger.disabled) for logger in loggers],
            warnings.filters[:],
            mlflow.get_tracking_uri(),
        )

    before = state()
    track_run(dataclasses.replace(tracked_run, run_name="quiet"), tracking_uri=tracking_uri)
    assert capfd.readouterr() == ("", "")
    assert state() == before


def test_a_run_that_the_caller_has_open_stays_open(
    run_id: str, tracked_run: TrackedRun, tracking_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking_uri)
    with mlflow.start_run() as open_run:
        track_run(dataclasses.replace(tracked_run, run_name="inside"), tracking_uri=tracking_uri)
        active = mlflow.active_run()
        assert active is not None
        assert active.info.run_id == open_run.info.run_id


def test_usage_is_reported_to_nobody(tracking_uri: str) -> None:
    from mlflow.telemetry.utils import is_telemetry_disabled

    with quiet_mlflow(tracking_uri):
        assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
        assert is_telemetry_disabled()


def test_a_store_of_another_mlflow_is_a_resource_error_that_names_the_upgrade(
    run_id: str, tracked_run: TrackedRun, tracking_uri: str, tmp_path: Path
) -> None:
    other = tmp_path / "mlflow.db"
    with sqlite3.connect(store_of(tracking_uri)) as source, sqlite3.connect(other) as copy:
        source.backup(copy)
        copy.execute("UPDATE alembic_version SET version_num = '0000deadbeef'")
    source.close()
    copy.close()
    with pytest.raises(ResourceError, match=r"another version wrote.*mlflow db upgrade sqlite:///"):
        track_run(tracked_run, tracking_uri=f"sqlite:///{other}")


def test_a_server_that_is_not_there_is_a_resource_error(
    tracked_run: TrackedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(ResourceError, match="could not be kept there"):
        track_run(tracked_run, tracking_uri="http://127.0.0.1:9")


def test_an_unknown_kind_of_store_is_a_usage_error(tracked_run: TrackedRun) -> None:
    with pytest.raises(UsageError):
        track_run(tracked_run, tracking_uri="ftp://mlflow.trust.example")


def test_a_run_whose_files_are_missing_is_refused_before_anything_is_kept(
    tracked_run: TrackedRun, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"run demo 2026-04-01: expected files .*no_card\.html.*no_model"):
        dataclasses.replace(
            tracked_run, files={"card": (tmp_path / "no_card.html",)}, model_folder=tmp_path / "no_model"
        )


def test_the_requirements_of_a_kept_model_name_exact_versions(run_id: str, tracking_uri: str) -> None:
    found = list((store_of(tracking_uri).parent / "artifacts").rglob("requirements.txt"))
    assert found
    lines = found[0].read_text().splitlines()
    assert {line.partition("==")[0] for line in lines} >= set(runs._MODEL_REQUIREMENTS)
    assert all("==" in line for line in lines)
