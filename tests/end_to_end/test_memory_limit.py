"""A limit of memory changes where rows lie while a run works, and nothing that it writes."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.end_to_end.conftest import Invoke, contents, environment, run_here
from vi_risk.models.stored_features import StoredFeatures

INDEX_DATE = ("--index-date", "2025-01-01")


def test_scores_and_evidence_of_a_run_that_spills_are_those_of_one_that_does_not(
    trust: Path, small_model: Path, invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("run", "--records", trust, "--model", small_model, *INDEX_DATE)
    assert invoke(*asked, "--out", "held", "--tracking-uri", "sqlite:///held.db").exit_code == 0
    spilled: list[str] = []
    spill = StoredFeatures._spilled
    monkeypatch.setattr(
        StoredFeatures, "_spilled", lambda self, role, cohort: spilled.append(role) or spill(self, role, cohort)
    )
    # A limit so high that this process does not reach it, of which nothing is left for rows.
    monkeypatch.setattr("vi_risk.running.memory._LIBRARIES_MB", 10**6)
    monkeypatch.setattr("vi_risk.running.memory._FEWEST_AT_ONCE", 300)
    (tmp_path / "spill").mkdir()

    bounded = invoke(
        *(*asked, "--memory-limit", "100000", "--spill", "spill"),
        *("--out", "spilled", "--tracking-uri", "sqlite:///spilled.db"),
    )

    assert bounded.exit_code == 0, bounded.output
    assert {"train", "test", "list"} <= set(spilled)
    assert list((tmp_path / "spill").iterdir()) == []
    for name in ("scores.parquet", "scores_in_refits.parquet", "evaluation.json", "cohort.parquet"):
        held_file, spilled_file = tmp_path / "held" / name, tmp_path / "spilled" / name
        assert held_file.exists() == spilled_file.exists()
        if held_file.exists():
            assert spilled_file.read_bytes() == held_file.read_bytes(), name
    held, other = (pd.read_parquet(tmp_path / out / "features.parquet") for out in ("held", "spilled"))
    pd.testing.assert_frame_equal(other, held)
    versions = [
        json.loads((tmp_path / out / "run.json").read_text())["model"]["version"] for out in ("held", "spilled")
    ]
    assert versions[0] == versions[1]


def test_a_limit_that_cannot_hold_is_refused_before_the_records_are_read(trust: Path, invoke: Invoke) -> None:
    ended = invoke("run", "--records", trust, *INDEX_DATE, "--memory-limit", "100")

    assert ended.exit_code == 6
    assert "--memory-limit 100: the smallest limit is 800 MB" in ended.stderr
    assert "Read the records" not in ended.stderr


def test_a_folder_to_spill_to_must_be_there(trust: Path, invoke: Invoke) -> None:
    ended = invoke("run", "--records", trust, *INDEX_DATE, "--memory-limit", "2000", "--spill", "nowhere")

    assert ended.exit_code == 2
    assert "--spill nowhere: no such folder." in ended.stderr


STAGES = (("train",), ("evaluate",), ("score",), ("caselist",))


@pytest.fixture(scope="module")
def built(trust: Path, small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a whole run was made, stage by stage, without a limit."""
    cwd = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        for asked in (("features", "build", "--records", trust, "--model", small_model, *INDEX_DATE), *STAGES):
            ended = run_here(*asked)
            assert ended.exit_code == 0, ended.stderr
    return cwd


def test_each_stage_by_itself_spills_and_leaves_what_it_leaves_without_a_limit(
    built: Path, invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(built / "out", tmp_path / "out")
    (tmp_path / "spill").mkdir()
    monkeypatch.setattr("vi_risk.running.memory._LIBRARIES_MB", 10**6)  # nothing is left for rows, and nothing is ended
    roles: list[str] = []
    spill = StoredFeatures._spilled
    monkeypatch.setattr(
        StoredFeatures, "_spilled", lambda self, role, cohort: roles.append(role) or spill(self, role, cohort)
    )
    spilled = {}
    for (stage,) in STAGES:
        ended = invoke(stage, "--memory-limit", "100000", "--spill", "spill")
        assert ended.exit_code == 0, ended.stderr
        spilled[stage] = {*roles}
        roles.clear()

    assert spilled == {"train": {"train"}, "evaluate": {"train", "test"}, "score": {"list"}, "caselist": set()}
    assert list((tmp_path / "spill").iterdir()) == []
    for name in ("evaluation.json", "scores.parquet", "model/booster.txt"):
        assert (tmp_path / "out" / name).read_bytes() == (built / "out" / name).read_bytes(), name
    lists = [file.name for file in (built / "out" / "case_lists").glob("*.csv")]
    assert lists
    for name in lists:
        made = (folder / "out" / "case_lists" / name for folder in (tmp_path, built))
        assert len({file.read_bytes() for file in made}) == 1, name


@pytest.mark.parametrize("stage", [stage for (stage,) in STAGES])
def test_each_stage_by_itself_refuses_what_a_run_refuses_and_leaves_the_folder_as_it_was(
    built: Path, invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    shutil.copytree(built / "out", tmp_path / "out")

    too_small = invoke(stage, "--memory-limit", "100")
    nowhere = invoke(stage, "--memory-limit", "2000", "--spill", "nowhere")
    monkeypatch.setattr("vi_risk.running.memory._MB_OF_A_THOUSAND_ROWS", 10**5)
    too_many = invoke(stage, "--memory-limit", "20000")

    assert (too_small.exit_code, nowhere.exit_code, too_many.exit_code) == (6, 2, 6)
    assert "--memory-limit 100: the smallest limit is 800 MB" in too_small.stderr
    assert "--spill nowhere: no such folder." in nowhere.stderr
    assert "people and index dates is" in too_many.stderr
    assert contents(tmp_path / "out") == contents(built / "out")
    assert {path.name for path in tmp_path.iterdir()} <= {"out", "mlruns"}


@pytest.mark.parametrize("stage", [stage for (stage,) in STAGES])
def test_each_stage_by_itself_is_ended_beyond_its_limit_and_the_folder_is_as_it_was(
    built: Path, tmp_path: Path, stage: str
) -> None:
    shutil.copytree(built / "out", tmp_path / "out")
    code = "from vi_risk.running import memory; memory._LEAST_MB = 1; from vi_risk.cli import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", code, stage, "--memory-limit", "150"],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert ended.returncode == 6, ended.stderr
    assert "more than a quarter above the limit, and was ended" in ended.stderr
    assert "Raise the limit" in ended.stderr
    assert contents(tmp_path / "out") == contents(built / "out")
