"""A limit of memory changes where rows lie while a run works, and nothing that it writes."""

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.end_to_end.conftest import Invoke
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
    monkeypatch.setattr("vi_risk.memory._LIBRARIES_MB", 10**6)
    monkeypatch.setattr("vi_risk.memory._FEWEST_AT_ONCE", 300)
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
    assert "--memory-limit 100: the smallest limit is 1000 MB" in ended.stderr
    assert "Read the records" not in ended.stderr


def test_a_folder_to_spill_to_must_be_there(trust: Path, invoke: Invoke) -> None:
    ended = invoke("run", "--records", trust, *INDEX_DATE, "--memory-limit", "2000", "--spill", "nowhere")

    assert ended.exit_code == 2
    assert "--spill nowhere: no such folder." in ended.stderr
