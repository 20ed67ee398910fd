"""A file, or a folder of files, known by its bytes."""

from pathlib import Path

import pytest

from vi_risk.errors import InputError
from vi_risk.running.checksums import checksums_of, content_mark, refuse_others, refuse_strangers


@pytest.fixture
def of_spark(tmp_path: Path) -> Path:
    """A folder as Spark writes it: two parts, a mark that all was written, a hidden checksum."""
    folder = tmp_path / "features.parquet"
    folder.mkdir()
    for name, content in {"part-0": "a", "part-1": "b", "_SUCCESS": "", ".part-0.crc": "c"}.items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["_SUCCESS", ".part-0.crc"])
def test_what_no_reader_takes_changes_no_mark(of_spark: Path, name: str) -> None:
    before = content_mark(of_spark)
    (of_spark / name).unlink()
    assert content_mark(of_spark) == before


@pytest.mark.parametrize("change", ["another byte", "one more", "one less", "other names"])
def test_a_folder_of_other_parts_is_refused(of_spark: Path, change: str) -> None:
    written = checksums_of(of_spark.parent, [of_spark.name])
    match change:
        case "another byte":
            (of_spark / "part-0").write_text("b", encoding="utf-8")
        case "one more":
            (of_spark / "part-2").write_text("", encoding="utf-8")
        case "one less":
            (of_spark / "part-1").unlink()
        case "other names":
            (of_spark / "part-0").rename(of_spark / "part-2")
    with pytest.raises(InputError, match=r"features\.parquet: is not the file that was written when they were built"):
        refuse_others(of_spark.parent, written, when="they were built", command="features build")


def test_a_folder_nobody_wrote_is_a_stranger(of_spark: Path) -> None:
    names = [of_spark.name, "cohort.parquet"]
    with pytest.raises(InputError, match=r"features\.parquet: was not written when the rest was"):
        refuse_strangers(of_spark.parent, {"cohort.parquet": "0"}, names, command="features build")
    refuse_strangers(of_spark.parent, checksums_of(of_spark.parent, names), names, command="features build")


def test_without_a_file_there_is_no_mark(tmp_path: Path) -> None:
    assert content_mark(None) is None
    assert checksums_of(tmp_path, ["cohort.parquet"]) == {}
