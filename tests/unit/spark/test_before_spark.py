"""What is said before any Spark is there; what Spark computes is tested end to end."""

import subprocess
import sys
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.conftest import GOVERNANCE, MakeRecords
from vi_risk.cli import app
from vi_risk.errors import UsageError
from vi_risk.models.spec import load_spec
from vi_risk.spark.snapshots import write_snapshots
from vi_risk.spark.workspace import SparkWorkspace


def build(*flags: object) -> Result:
    always = ("features", "build", "--records", "nowhere", "--index-date", "2025-01-01")
    return CliRunner().invoke(app, [str(part) for part in (*always, *flags)])


def test_spark_that_is_not_installed_is_told_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    (tmp_path / "governance.toml").write_text(GOVERNANCE)
    permitted = ("--governance", tmp_path / "governance.toml")
    ended = build("--engine", "spark", "--out", tmp_path / "out", *permitted)
    assert ended.exit_code == 2
    assert "expected the package pyspark, found none" in ended.stderr
    assert "vi-risk[spark]" in ended.stderr


def test_an_engine_that_is_not_known_is_told_with_those_that_are(tmp_path: Path) -> None:
    ended = build("--engine", "snowflake", "--out", tmp_path / "out")
    assert ended.exit_code == 2
    assert "expected embedded or spark" in ended.stderr


def test_extracts_are_not_for_spark_before_they_are_canonical(tmp_path: Path) -> None:
    ended = build("--engine", "spark", "--mapping", "nhs_hes", "--out", tmp_path / "out")
    assert ended.exit_code == 2
    assert "vi-risk mapping export nhs_hes" in ended.stderr


def test_a_cache_is_refused_where_it_would_not_be_used(tmp_path: Path) -> None:
    ended = build("--engine", "spark", "--cache", tmp_path / "cache", "--out", tmp_path / "out")
    assert ended.exit_code == 2
    assert "belongs to the embedded engine" in ended.stderr


def test_records_that_are_not_on_spark_are_refused_by_name(make_records: MakeRecords, tmp_path: Path) -> None:
    records = make_records(patients=[{"patient_id": "p"}])
    with pytest.raises(TypeError, match="not on Spark"):
        write_snapshots(records, load_spec("emergency_admission_12m"), tmp_path, index_date=date(2025, 1, 1))


def test_reviews_that_a_spec_treats_are_refused_before_anything_is_built(tmp_path: Path) -> None:
    records: Any = SimpleNamespace(workspace=object.__new__(SparkWorkspace))
    spec = load_spec().with_changes(reviews={"treated_as": "exclude"})

    with pytest.raises(UsageError, match=r'--engine spark: .*treated_as = "exclude" is built embedded alone'):
        write_snapshots(records, spec, tmp_path, index_date=date(2025, 1, 1))


def test_a_newcomer_never_loads_spark() -> None:
    loaded = "import sys, vi_risk.pipeline, vi_risk.spark.snapshots; print('pyspark' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
