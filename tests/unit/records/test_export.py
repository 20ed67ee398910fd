"""Canonical tables written as Parquet, and read again as they were."""

from datetime import date, datetime, time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tests.conftest import MakeRecords
from vi_risk.cli import app
from vi_risk.records.linked import Records
from vi_risk.records.reading import read_records


@pytest.fixture
def records(make_records: MakeRecords) -> Records:
    return make_records(
        patients=[{"patient_id": "q"}, {"patient_id": "p"}],
        spells=[{"patient_id": "q", "admitted_on": date(2024, 2, 29)}],
        ed_attendances=[{"patient_id": "p", "arrived_at": datetime.combine(date(2024, 3, 31), time(1, 30))}],
    )


def test_tables_are_written_with_their_declared_types_and_sorted_by_person(records: Records, tmp_path: Path) -> None:
    records.write_parquet({name: tmp_path / f"{name}.parquet" for name in records.tables})
    assert pq.read_table(tmp_path / "patients.parquet")["patient_id"].to_pylist() == ["p", "q"]
    assert str(pq.read_schema(tmp_path / "ed_attendances.parquet").field("arrived_at").type) == "timestamp[us]"
    assert read_records(tmp_path).fingerprints() == records.fingerprints()


def test_the_command_writes_one_file_a_table_and_leaves_other_files_alone(records: Records, tmp_path: Path) -> None:
    extracts, out = tmp_path / "extracts", tmp_path / "canonical"
    for folder in (extracts, out):
        folder.mkdir()
    (out / "notes.txt").write_text("mine")
    records.write_parquet({name: extracts / f"{name}.parquet" for name in records.tables})
    command = ["mapping", "export", "canonical", "--records", str(extracts), "--out", str(out)]
    ended = CliRunner().invoke(app, command, catch_exceptions=False)
    assert ended.exit_code == 0, ended.stderr
    assert sorted(path.name for path in out.iterdir()) == [
        "ed_attendances.parquet",
        "notes.txt",
        "patients.parquet",
        "spells.parquet",
    ]
