from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

import vi_risk
from tests.unit.governance.files import governance, written
from vi_risk.errors import GovernanceError, InputError, UsageError
from vi_risk.governance.reading import doorway, read_records, refuse_unless_synthetic
from vi_risk.records.synthetic import write_trust
from vi_risk.records.synthetic.marker import MARKER_FILE, why_not_synthetic

TODAY = date(2026, 1, 10)


@pytest.fixture
def extracts(tmp_path: Path) -> Path:
    """Extracts of a site: two people, one of them with a code of HIV."""
    folder = tmp_path / "extracts"
    folder.mkdir()
    (folder / "patients.csv").write_text("patient_id,birth_month,sex\np,1950-06-01,1\nq,1960-01-01,2\n")
    (folder / "spells.csv").write_text(
        "spell_id,patient_id,admitted_on,discharged_on,admission_method\ns,p,2025-03-01,2025-03-04,21\n"
    )
    (folder / "diagnoses.csv").write_text("spell_id,position,code\ns,1,I50\ns,2,B20\n")
    return folder


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic trust as `vi-risk synth` writes it."""
    folder = tmp_path_factory.mktemp("synthetic") / "trust"
    write_trust(folder, patients=60, seed=1, first_day=date(2023, 1, 1), last_day=date(2023, 6, 30))
    return folder


def test_without_a_governance_file_no_record_is_read(extracts: Path) -> None:
    told: list[str] = []
    with pytest.raises(GovernanceError) as caught:
        read_records(extracts, report=told.append)
    assert str(caught.value) == (
        "extracts: no governance file says what these records may be used for, and they do not count as a synthetic"
        " trust: it holds no synthetic.json, which `vi-risk synth` writes. Write governance.toml into the working"
        " folder, or name one with --governance; docs/governance.md has a filled example."
    )
    assert told == []


def test_with_one_they_are_read_as_it_permits(extracts: Path, tmp_path: Path) -> None:
    records = vi_risk.read_records(extracts, governance=written(tmp_path), today=TODAY)
    assert records.tables["diagnoses"].to_pyarrow()["code"].to_pylist() == ["I50"]
    assert records.permission is not None
    assert records.permission.words.startswith("direct care by the provider; duty to care")


def test_a_table_that_is_not_permitted_stops_the_reading_before_a_row_is_read(extracts: Path, tmp_path: Path) -> None:
    (extracts / "referrals.csv").write_text("patient_id,referred_on,service\np,no date at all,falls\n")
    told: list[str] = []
    with pytest.raises(
        GovernanceError, match=r"^governance: tables: not among those that are permitted: referrals\. Leave"
    ):
        read_records(extracts, governance=governance(tmp_path), today=TODAY, report=told.append)
    assert told == []


def test_an_approval_past_its_end_stops_the_reading(extracts: Path, tmp_path: Path) -> None:
    with pytest.raises(
        GovernanceError, match="governance: approval: DPIA 7 ended on 2026-03-31, and today is 2026-04-01"
    ):
        read_records(extracts, governance=governance(tmp_path), today=date(2026, 4, 1))


def test_the_day_is_asked_of_the_caller(extracts: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"today: is missing\. Pass the day of the use, such as today=date\.today\(\)"):
        read_records(extracts, governance=governance(tmp_path))


def test_spells_made_of_episodes_are_asked_for_as_what_they_become(extracts: Path, tmp_path: Path) -> None:
    (extracts / "spells.csv").unlink()
    (extracts / "diagnoses.csv").unlink()
    (extracts / "episodes.csv").write_text("patient_id,admitted_on,episode_started_on,admission_method,discharged_on\n")
    with pytest.raises(GovernanceError, match="tables: not among those that are permitted: procedures"):
        read_records(extracts, governance=governance(tmp_path), today=TODAY)


def test_a_mistyped_folder_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere: no such folder\. Expected a folder of CSV or Parquet files"):
        read_records(tmp_path / "nowhere")


@pytest.mark.parametrize("place", ["postgresql://reader@host/warehouse", "hdfs://host/trust", "s3a://bucket/trust"])
def test_a_database_or_a_cluster_is_never_a_synthetic_trust(place: str) -> None:
    with pytest.raises(GovernanceError, match="synthetic trust: it is no folder of this machine"):
        doorway(place, None, today=TODAY)


# --- the synthetic trust --------------------------------------------------------------------------------------------


def test_the_synthetic_trust_needs_no_governance_file(synthetic: Path) -> None:
    records = read_records(synthetic)
    assert records.permission is not None
    assert records.permission.words == ""


def copy_of(synthetic: Path, folder: Path) -> Path:
    folder.mkdir()
    for path in synthetic.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def test_a_changed_table_is_not_the_synthetic_trust(synthetic: Path, tmp_path: Path) -> None:
    folder = copy_of(synthetic, tmp_path / "copy")
    assert why_not_synthetic(folder) is None
    with (folder / "spells.parquet").open("ab") as file:
        file.write(b" ")
    assert why_not_synthetic(folder) == "spells.parquet has been changed since `vi-risk synth` wrote it"
    with pytest.raises(GovernanceError, match=r"trust: spells\.parquet has been changed"):
        refuse_unless_synthetic(folder)


@pytest.mark.parametrize("name", ["letters.csv", "letters/part-1.parquet", "LETTERS.PARQUET"])
def test_a_table_beside_the_others_is_not_the_synthetic_trust(synthetic: Path, tmp_path: Path, name: str) -> None:
    folder = copy_of(synthetic, tmp_path / "copy")
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("a,b\n1,2\n")
    assert why_not_synthetic(folder) == f"{name} is none of its files"


def test_what_is_no_table_beside_it_changes_nothing(synthetic: Path, tmp_path: Path) -> None:
    folder = copy_of(synthetic, tmp_path / "copy")
    (folder / "notes.txt").write_text("made on Monday")
    assert why_not_synthetic(folder) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"files": 3}'])
def test_a_damaged_marker_is_none(synthetic: Path, tmp_path: Path, content: str) -> None:
    folder = copy_of(synthetic, tmp_path / "copy")
    (folder / MARKER_FILE).write_text(content)
    assert why_not_synthetic(folder) == "its synthetic.json is damaged"


@pytest.mark.parametrize(
    ("today", "told"),
    [
        ("2026-01-10", r"got str\. Give date\.fromisoformat"),
        (datetime(2026, 1, 10, tzinfo=UTC), r"got datetime\. Give \.date\(\)"),
    ],
)
def test_a_day_that_is_none_is_refused_with_what_to_give(extracts: Path, tmp_path: Path, today: Any, told: str) -> None:
    with pytest.raises(UsageError, match=rf"^today: expected a datetime\.date, .*{told}"):
        read_records(extracts, governance=written(tmp_path), today=today)
