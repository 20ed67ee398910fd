"""From training to the champion's lists: what is registered, promoted, scored with and shown on the list."""

import json
from pathlib import Path

import mlflow
import pandas as pd
import pytest

from tests.end_to_end.conftest import LIST_DATE, Ended, Invoke, contents, run_here
from vi_risk.evidence import disclosed
from vi_risk.governance.small_numbers import Disclosure

# Calibration is loose here, because the trust is small.
PROMOTION = """
[promotion]
slope = [0.2, 5.0]
in_the_large = [-2.0, 2.0]
"""


@pytest.fixture(scope="module")
def spec(small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("spec") / "small.toml"
    file.write_text(small_model.read_text() + PROMOTION)
    return file


@pytest.fixture(scope="module")
def champion(trust: Path, spec: Path, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """A folder whose model was evaluated and is champion of the store beside it."""
    cwd = tmp_path_factory.mktemp("champion")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        for arguments in (
            ("features", "build", "--records", trust, "--model", spec, "--index-date", LIST_DATE),
            ("train",),
            ("evaluate", "--capacity", 7),
            ("promote",),
        ):
            result = run_here(*arguments)
            assert result.exit_code == 0, result.stderr
    return Ended(cwd, 0, result.stdout, result.stderr)


def run_file(out: Path) -> dict[str, object]:
    content: dict[str, object] = json.loads((out / "run.json").read_text(encoding="utf-8"))
    return content


def test_the_first_model_is_champion_and_its_run_has_no_list(champion: Ended) -> None:
    assert champion.stdout == "small: version 1 is champion now; there was none before.\n"
    assert run_file(champion.out)["tracking"].items() >= {"name": "small", "version": 1}.items()


def test_features_alone_are_scored_and_listed_with_the_champion_and_its_evidence(
    champion: Ended, trust: Path, spec: Path, tmp_path: Path, invoke: Invoke
) -> None:
    store = ("--tracking-uri", f"sqlite:///{champion.cwd / 'mlruns' / 'mlflow.db'}")
    build = ("features", "build", "--records", trust, "--model", spec, "--index-date", LIST_DATE)
    assert invoke(*build).exit_code == 0

    scored = invoke("score", *store)
    listed = invoke("caselist", "--capacity", 7, *store)

    assert (scored.exit_code, listed.exit_code) == (0, 0), scored.stderr + listed.stderr
    assert "small version 1, champion" in scored.stderr
    out = tmp_path / "out"
    assert contents(out / "registered" / "model") == contents(champion.out / "model")
    evidence = json.loads((champion.out / "evaluation.json").read_text(encoding="utf-8"))
    told = json.loads((out / "registered" / "evaluation.json").read_text(encoding="utf-8"))
    assert told == json.loads(json.dumps(disclosed(evidence, Disclosure())))
    assert not (out / "model").exists()
    assert run_file(out)["scores"]["model"].items() >= {"from": "registered", "version": 1, "champion": True}.items()
    checksum = run_file(champion.out)["model"]["version"]
    assert any(checksum in page.read_text(encoding="utf-8") for page in (out / "case_lists").glob("*.html"))
    client = mlflow.MlflowClient(tracking_uri=store[1])
    run = client.get_run(run_file(out)["tracking"]["lists_run_id"])
    assert run.data.tags["registered"] == "small 1"
    assert {item.path for item in client.list_artifacts(run.info.run_id)} == {"case_lists", "run"}
    pd.testing.assert_frame_equal(pd.read_parquet(out / "scores.parquet"), _own_scores(champion, tmp_path, invoke))


def _own_scores(champion: Ended, tmp_path: Path, invoke: Invoke) -> pd.DataFrame:
    """The scores that the champion's own folder gives."""
    out = tmp_path / "copy"
    for name, content in contents(champion.out).items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(content)
    assert invoke("score", "--model", "own", "--out", out).exit_code == 0
    return pd.read_parquet(out / "scores.parquet")


def test_training_again_takes_away_the_model_that_was_fetched(
    champion: Ended, trust: Path, spec: Path, tmp_path: Path, invoke: Invoke
) -> None:
    store = ("--tracking-uri", f"sqlite:///{champion.cwd / 'mlruns' / 'mlflow.db'}")
    build = ("features", "build", "--records", trust, "--model", spec, "--index-date", LIST_DATE)
    assert invoke(*build).exit_code == 0
    assert invoke("score", *store).exit_code == 0
    assert invoke("train").exit_code == 0
    assert not (tmp_path / "out" / "registered").exists()


def test_a_verb_that_is_refused_leaves_the_folder_as_it_was(champion: Ended, invoke: Invoke, tmp_path: Path) -> None:
    before = contents(champion.out)
    store = ("--tracking-uri", f"sqlite:///{champion.cwd / 'mlruns' / 'mlflow.db'}")
    ended = invoke("score", "--model", 9, "--out", champion.out, *store)
    assert ended.exit_code == 2
    assert "there is no version 9" in ended.stderr
    assert contents(champion.out) == before
