"""Canonical tables written as Parquet, and read again as they were."""

from datetime import date, datetime, time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tests.conftest import GOVERNANCE, MakeRecords
from vi_risk.cli import app
from vi_risk.records.linked import Records
from vi_risk.records.reading import read_records
from vi_risk.records.synthetic import write_trust
from vi_risk.records.synthetic.marker import why_not_synthetic


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
    (tmp_path / "governance.toml").write_text(GOVERNANCE)
    permitted = ["--governance", str(tmp_path / "governance.toml")]
    command = ["mapping", "export", "canonical", "--records", str(extracts), "--out", str(out), *permitted]
    ended = CliRunner().invoke(app, command, catch_exceptions=False)
    assert ended.exit_code == 0, ended.stderr
    assert sorted(path.name for path in out.iterdir()) == [
        "ed_attendances.parquet",
        "notes.txt",
        "patients.parquet",
        "spells.parquet",
    ]


def test_the_synthetic_trust_exported_is_still_nobodys(tmp_path: Path) -> None:
    span = {"first_day": date(2023, 1, 1), "last_day": date(2023, 6, 30)}
    write_trust(tmp_path / "trust", patients=60, file_format="csv", **span)
    out = ("--out", str(tmp_path / "canonical"))
    command = ["mapping", "export", "canonical", "--records", str(tmp_path / "trust"), *out]
    for _ in range(2):  # the second time in place of the first
        ended = CliRunner().invoke(app, command, catch_exceptions=False)
        assert ended.exit_code == 0, ended.stderr
        assert why_not_synthetic(tmp_path / "canonical") is None
