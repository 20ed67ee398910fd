"""Records that a run may do without: known at sight by all that decides them, and read once at most."""

from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import MakeRecords
from vi_risk.errors import GovernanceError
from vi_risk.records.linked import Records
from vi_risk.records.permission import NOBODYS
from vi_risk.stages.unread import UnreadRecords, mark_at_sight, unread

MAPPING = """
name = "site"
[tables.patients]
source = "patients"
columns = { patient_id = "patient_id", birth_month = "birth_month", sex = "sex" }
[tables.spells]
source = "spells"
columns = { spell_id = "id", patient_id = "id", admitted_on = "day", discharged_on = "day", admission_method = "'21'" }
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Records of two tables, one of them in parts, with a mapping and the decisions of a meeting beside them."""
    (tmp_path / "records" / "spells").mkdir(parents=True)
    (tmp_path / "records" / "patients.csv").write_text("patient_id,birth_month,sex\na,1950-06-01,1\n")
    (tmp_path / "records" / "spells" / "2023.csv").write_text("id,day\na,2023-01-02\n")
    (tmp_path / "records" / "spells" / "2024.csv").write_text("id,day\na,2024-01-02\n")
    (tmp_path / "mapping.toml").write_text(MAPPING)
    (tmp_path / "reviews.parquet").write_text("a decision")
    return tmp_path


def mark(place: Path) -> str | None:
    reviews = place / "reviews.parquet"
    return mark_at_sight(str(place / "records"), str(place / "mapping.toml"), reviews=reviews)


def test_the_same_bytes_give_the_same_mark_wherever_they_lie(place: Path) -> None:
    first = mark(place)
    (place / "records").rename(place / "elsewhere")

    assert first is not None
    assert (
        mark_at_sight(str(place / "elsewhere"), str(place / "mapping.toml"), reviews=place / "reviews.parquet") == first
    )


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("records/patients.csv", "patient_id,birth_month,sex\na,1950-07-01,1\n"),
        ("records/spells/2023.csv", "id,day\na,2023-01-03\n"),
        ("records/spells/2025.csv", "id,day\na,2025-01-02\n"),
        ("records/practices.csv", "practice_code\nM92001\n"),
        ("mapping.toml", MAPPING.replace("'21'", "'22'")),
        ("reviews.parquet", "another decision"),
    ],
)
def test_whatever_decides_the_records_changes_the_mark(place: Path, file: str, content: str) -> None:
    before = mark(place)

    (place / file).write_text(content)

    assert mark(place) not in (before, None)


def test_a_part_that_is_gone_or_bears_another_name_changes_the_mark(place: Path) -> None:
    before = mark(place)
    (place / "records" / "spells" / "2023.csv").rename(place / "records" / "spells" / "2022.csv")
    renamed = mark(place)
    (place / "records" / "spells" / "2022.csv").unlink()

    assert len({before, renamed, mark(place)}) == 3


def test_what_is_no_source_does_not_change_the_mark(place: Path) -> None:
    before = mark(place)

    (place / "records" / "notes.txt").write_text("of somebody")
    (place / "records" / ".patients.csv.part").write_text("half a copy")
    (place / "mapping.toml").write_text(f"# in other words\n{MAPPING}")

    assert mark(place) == before


def test_a_database_a_place_that_is_not_there_and_one_without_files_have_no_mark(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    assert mark_at_sight("postgresql://host/records", "canonical") is None
    assert mark_at_sight(str(tmp_path / "nowhere"), "canonical") is None
    assert mark_at_sight(str(tmp_path / "empty"), "canonical") is None


def test_records_are_read_once_and_only_when_they_are_asked_for(make_records: MakeRecords) -> None:
    read: list[Records] = []

    def now() -> Records:
        read.append(make_records(patients=[{"patient_id": "a"}]))
        return read[-1]

    waiting = UnreadRecords(NOBODYS, None, now)
    assert read == []

    waiting.read_now()

    assert waiting.records is waiting.records
    assert len(read) == 1


def test_records_that_were_read_are_never_known_at_sight_and_must_have_come_through_the_door(
    make_records: MakeRecords,
) -> None:
    records = make_records(patients=[{"patient_id": "a"}])

    assert unread(records).records is records
    assert (unread(records).permission, unread(records).at_sight) == (NOBODYS, None)
    assert unread(unread(records)).records is records
    frames = {"patients": pd.DataFrame({"patient_id": ["a"], "birth_month": [None], "sex": ["1"]})}
    with pytest.raises(GovernanceError, match="nothing says what these records may be used for"):
        unread(Records.from_frames(frames))
