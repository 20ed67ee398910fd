"""CSV files as sites write them: pipes, tabs, semicolons, other encodings, words for nothing; or a clear refusal."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from vi_risk.errors import InputError
from vi_risk.records.extract_files import FileForm
from vi_risk.records.linked import Records
from vi_risk.records.mapping import Mapping
from vi_risk.records.reading import read_records

PEOPLE = "patient_id,birth_month,sex,lsoa\np1,1950-06-01,1,E01\np2,1961-01-01,2,\n"
STAYS = "spell_id,patient_id,admitted_on,discharged_on,admission_method\ns1,p1,2024-01-02,2024-01-05,21\n"
_COLUMNS = {
    "patients": ("patient_id", "birth_month", "sex", "lsoa"),
    "spells": ("spell_id", "patient_id", "admitted_on", "discharged_on", "admission_method"),
}


def mapping_of(**files: Any) -> Mapping:
    """Return a mapping of files that are written as `files` says and have the canonical names."""
    tables = {name: {"source": name, "columns": {c: c for c in columns}} for name, columns in _COLUMNS.items()}
    return Mapping.model_validate({"name": "site", "files": files, "tables": tables})


def write(folder: Path, people: str = PEOPLE, stays: str = STAYS, encoding: str = "utf-8") -> Path:
    (folder / "patients.csv").write_text(people, encoding=encoding, newline="")
    (folder / "spells.csv").write_text(stays, encoding=encoding, newline="")
    return folder


def people_of(records: Records) -> list[tuple[Any, ...]]:
    rows = records.tables["patients"].select("patient_id", "lsoa").to_pyarrow().to_pylist()
    return sorted((row["patient_id"], row["lsoa"]) for row in rows)


@pytest.mark.parametrize("sign", ["|", "\t", ";", "~", ","])
def test_a_mapping_says_which_sign_delimits(tmp_path: Path, sign: str) -> None:
    write(tmp_path, PEOPLE.replace(",", sign), STAYS.replace(",", sign))

    records = read_records(tmp_path, mapping=mapping_of(delimiter=sign))

    assert people_of(records) == [("p1", "E01"), ("p2", None)]


def test_auto_takes_the_delimiter_of_each_file_from_its_header_line(tmp_path: Path) -> None:
    write(tmp_path, PEOPLE.replace(",", "|").replace("E01", "E,0;1"), STAYS.replace(",", "\t"))

    records = read_records(tmp_path, mapping=mapping_of(delimiter="auto"))

    assert people_of(records) == [("p1", "E,0;1"), ("p2", None)]  # what stands below the header line decides nothing


def test_auto_reads_over_signs_in_quoted_names_and_refuses_to_choose_between_others(tmp_path: Path) -> None:
    write(tmp_path, 'patient_id,birth_month,sex,lsoa,"a|b"\np1,1950-06-01,1,E01,\n')
    assert people_of(read_records(tmp_path, mapping=mapping_of(delimiter="auto"))) == [("p1", "E01")]

    (tmp_path / "patients.csv").write_text("patient_id,birth_month,sex,lsoa,a|b\np1,1950-06-01,1,E01,\n")
    with pytest.raises(InputError, match=r"patients.csv: its header line holds commas and pipes. Say in the mapping"):
        read_records(tmp_path, mapping=mapping_of(delimiter="auto"))


@pytest.mark.parametrize(("sign", "word"), [("|", "pipe"), ("\t", "tab"), (";", "semicolon")])
def test_another_delimiter_than_the_expected_one_is_named_with_what_to_say(
    tmp_path: Path, sign: str, word: str
) -> None:
    write(tmp_path, PEOPLE.replace(",", sign))

    with pytest.raises(InputError) as refused:
        read_records(tmp_path)

    written = '"\\t"' if sign == "\t" else f'"{sign}"'
    assert str(refused.value) == (
        f"patients.csv: looks {word}-delimited: its header line is 1 column with commas and 4 with {word}s. Say"
        f' files.delimiter = {written} in the mapping (or "auto"), or write the file with commas.'
    )


def test_parts_of_one_source_with_several_delimiters_are_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "patients.csv").unlink()
    (tmp_path / "patients").mkdir()
    (tmp_path / "patients" / "a.csv").write_text(PEOPLE)
    (tmp_path / "patients" / "b.csv").write_text(PEOPLE.replace(",", "|"))

    with pytest.raises(InputError, match="patients: its parts are delimited by commas and pipes"):
        read_records(tmp_path, mapping=mapping_of(delimiter="auto"))


@pytest.mark.parametrize("encoding", ["windows-1252", "utf-16", "latin-1", "utf-8-sig"])
def test_a_mapping_says_in_which_encoding_files_are(tmp_path: Path, encoding: str) -> None:
    write(tmp_path, PEOPLE.replace("E01", "Zoë £"), encoding=encoding)

    records = read_records(tmp_path, mapping=mapping_of(encoding=encoding))

    assert people_of(records)[0] == ("p1", "Zoë £")


def test_signs_that_windows_1252_has_of_its_own_are_read_as_they_are_meant(tmp_path: Path) -> None:
    write(tmp_path, PEOPLE.replace("E01", "€ œuvre™"), encoding="windows-1252")

    assert people_of(read_records(tmp_path, mapping=mapping_of(encoding="windows-1252")))[0][1] == "€ œuvre™"


def test_a_file_in_another_encoding_than_the_mapping_says_is_refused_without_a_value(tmp_path: Path) -> None:
    write(tmp_path, PEOPLE.replace("E01", "zebra"))
    (tmp_path / "spells.csv").write_bytes(STAYS.encode() + b"\x81\n")

    with pytest.raises(InputError) as refused:
        read_records(tmp_path, mapping=mapping_of(encoding="windows-1252"))

    assert str(refused.value).startswith("spells.csv: is not windows-1252 text.")


def test_a_damaged_file_in_another_encoding_is_named_as_the_site_names_it(tmp_path: Path) -> None:
    write(tmp_path, stays=STAYS + "s2,p1\n", encoding="windows-1252")

    with pytest.raises(InputError, match=r"^spells.csv: cannot be read as CSV"):
        read_records(tmp_path, mapping=mapping_of(encoding="windows-1252"))


def test_what_nothing_reads_need_not_be_as_the_mapping_says(tmp_path: Path) -> None:
    write(tmp_path, encoding="utf-16")
    (tmp_path / "other.csv").write_bytes(b"\xff")

    assert len(people_of(read_records(tmp_path, mapping=mapping_of(encoding="utf-16")))) == 2


def test_words_for_nothing_are_nothing(tmp_path: Path) -> None:
    write(tmp_path, PEOPLE.replace("E01", "NULL"), STAYS.replace("2024-01-05", "\\N"))

    records = read_records(tmp_path, mapping=mapping_of(null=["NULL", "\\N"]))

    assert people_of(records) == [("p1", None), ("p2", None)]
    assert records.tables["spells"].discharged_on.isnull().all().to_pyarrow().as_py()


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ({"delimiter": "||"}, "delimiter is one sign"),
        ({"delimiter": '"'}, "delimiter is one sign"),
        ({"delimiter": "a"}, "delimiter is one sign"),
        ({"encoding": "windows-9999"}, "encoding is not one that is known"),
        ({"encoding": "rot13"}, "encoding is not one that is known"),
        ({"quote": "'"}, "Extra inputs"),
    ],
)
def test_a_form_that_makes_no_sense_is_refused(form: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        FileForm.model_validate(form)


@pytest.mark.parametrize(
    "spoilt", ["zebra,1950-06-01,1,E01,more\n", "zebra,1950-06-01\n", '"zebra,1950-06-01,1,E01\n', '"zebra"x,1,1,E01\n']
)
@pytest.mark.parametrize("before", [3, 30_000])
def test_a_row_that_cannot_be_read_is_told_by_its_line_and_never_quoted(
    tmp_path: Path, spoilt: str, before: int
) -> None:
    heading, sound = "patient_id,birth_month,sex,lsoa\n", "p,1950-06-01,1,\n"
    write(tmp_path, heading + sound * before + spoilt + sound * 3)
    with pytest.raises(InputError, match=rf"patients\.csv: cannot be read as CSV at line {before + 2}\. Ex") as refused:
        read_records(tmp_path)
    assert "zebra" not in str(refused.value)
