"""`evaluate --truth`: the one verb that reads the true risk, and what it leaves where it refuses."""

import json
from datetime import date, timedelta
from pathlib import Path

import mlflow
import pandas as pd
import pytest

from tests.end_to_end.conftest import LIST_DATE, Invoke, contents, run_here
from vi_risk.records.synthetic import write_trust

TEST_DATE = LIST_DATE - timedelta(days=365)


@pytest.fixture(scope="module")
def beside_truth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small synthetic trust with its true risks."""
    folder = tmp_path_factory.mktemp("trust") / "records"
    write_trust(folder, patients=800, seed=3, index_dates=[TEST_DATE, date(2023, 1, 1)])
    return folder


@pytest.fixture(scope="module")
def trained(beside_truth: Path, small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working folder of a model trained on that trust."""
    cwd = tmp_path_factory.mktemp("trained")
    built = ("features", "build", "--records", beside_truth, "--model", small_model, "--index-date", LIST_DATE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        for arguments in (built, ("train",)):
            result = run_here(*arguments)
            assert result.exit_code == 0, result.stderr
    return cwd


@pytest.fixture
def evaluated(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Evaluate that model."""
    monkeypatch.chdir(trained)
    return lambda *arguments: run_here("evaluate", *arguments)


def test_the_evidence_says_how_near_the_model_comes_to_the_truth(
    evaluated: Invoke, trained: Path, beside_truth: Path
) -> None:
    ended = evaluated("--truth", beside_truth / "truth.parquet")

    assert ended.exit_code == 0, ended.stderr
    found = json.loads((trained / "out" / "evaluation.json").read_text(encoding="utf-8"))
    truth = found["truth"]
    assert truth["auroc"] > 0.7
    assert truth["n"] + truth["left_out"] == found["model"]["n"]
    assert f"truth: the true risk reaches AUROC {truth['auroc']:.3f}" in ended.stderr
    card = (trained / "out" / "model_card.html").read_text(encoding="utf-8")
    assert "Against the true risk (synthetic records only)" in card

    mlflow.set_tracking_uri(f"sqlite:///{trained}/mlruns/mlflow.db")
    run = json.loads((trained / "out" / "run.json").read_text(encoding="utf-8"))
    metrics = mlflow.get_run(run["tracking"]["run_id"]).data.metrics
    assert metrics["truth_auroc"] == round(truth["auroc"], 4)  # told as finely as nobody can count people from
    assert metrics["share_of_best"] == pytest.approx(truth["share_of_best"], abs=0.005)


def test_without_the_flag_nothing_is_said_of_it_even_beside_the_file(evaluated: Invoke, trained: Path) -> None:
    ended = evaluated()

    assert ended.exit_code == 0, ended.stderr
    assert "truth" not in json.loads((trained / "out" / "evaluation.json").read_text(encoding="utf-8"))
    assert "true risk" not in (trained / "out" / "model_card.html").read_text(encoding="utf-8") + ended.stderr


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        ("absent", 2, "no such file"),
        ("another date", 3, "index_date: expected 2024-01-02, as in the run, found 2023-01-01."),
        ("another trust", 3, "Give the file that `vi-risk synth` wrote beside these very records"),
    ],
)
def test_a_truth_that_does_not_fit_leaves_the_folder_as_it_was(
    fault: str, code: int, words: str, evaluated: Invoke, trained: Path, beside_truth: Path, tmp_path: Path
) -> None:
    rows = pd.read_parquet(beside_truth / "truth.parquet")
    path = tmp_path / "truth.parquet"
    if fault == "another date":
        rows[rows["index_date"] != TEST_DATE].to_parquet(path)
    elif fault == "another trust":
        rows.assign(patient_id="X" + rows["patient_id"]).to_parquet(path)
    before = contents(trained / "out")

    ended = evaluated("--truth", path)

    assert ended.exit_code == code
    assert words in ended.stderr
    assert contents(trained / "out") == before
