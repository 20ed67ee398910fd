"""Reading: what a site's files hold arrives as it was meant, or the fault is told and no value of a record with it."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vi_risk.errors import InputError, SpecificationError
from vi_risk.records.linked import Records
from vi_risk.records.mapping import Mapping as SiteMapping
from vi_risk.records.reading import read_records

PATIENTS = "patient_id,birth_month,sex\np1,1950-06-01,1\np2,1961-01-01,2\n"
SPELLS = "spell_id,patient_id,admitted_on,discharged_on,admission_method\ns1,p1,2024-01-02,2024-01-05,21\n"

Folder = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Write a records folder: canonical patients and spells, and what the test gives instead or beside them."""

    def write(**files: str | bytes | pd.DataFrame | None) -> Path:
        for name, content in {"patients": PATIENTS, "spells": SPELLS, **files}.items():
            if isinstance(content, pd.DataFrame):
                content.to_parquet(tmp_path / f"{name}.parquet", index=False)
            elif isinstance(content, bytes):
                (tmp_path / f"{name}.csv").write_bytes(content)
            elif content is not None:
                (tmp_path / f"{name}.csv").write_text(content, encoding="utf-8", newline="")
        return tmp_path

    return write


def values(records: Records, table: str, column: str) -> list[Any]:
    rows = records.tables[table]
    found: list[Any] = rows.order_by(rows.columns[0])[column].to_pyarrow().to_pylist()
    return found


def mapping_of(patients: Mapping[str, Any] | None = None, **more: Any) -> SiteMapping:
    """Return a mapping whose patients and spells are the canonical ones, but for what is given."""
    same = {"patient_id": "patient_id", "birth_month": "birth_month", "sex": "sex"}
    stay = {c: c for c in ("spell_id", "patient_id", "admitted_on", "discharged_on", "admission_method")}
    tables = {
        "patients": {
            "source": "patients",
            **(patients or {}),
            "columns": {**same, **(patients or {}).get("columns", {})},
        },
        "spells": {"source": "spells", "columns": stay},
        **more.pop("tables", {}),
    }
    return SiteMapping.model_validate({"name": "site", "tables": tables, **more})


# --- what is read ----------------------------------------------------------------------------------------------------


def test_csv_and_parquet_of_the_same_rows_are_the_same_records(folder: Folder, tmp_path_factory: Any) -> None:
    as_csv = read_records(folder())
    other = tmp_path_factory.mktemp("parquet")
    pd.DataFrame(
        {"patient_id": ["p1", "p2"], "birth_month": [date(1950, 6, 1), date(1961, 1, 1)], "sex": ["1", "2"]}
    ).to_parquet(other / "patients.parquet")
    pd.DataFrame(
        {
            "spell_id": ["s1"],
            "patient_id": ["p1"],
            "admitted_on": [pd.Timestamp("2024-01-02 13:45")],
            "discharged_on": [pd.Timestamp("2024-01-05")],
            "admission_method": ["21"],
        }
    ).to_parquet(other / "spells.parquet")

    assert read_records(other).fingerprints() == as_csv.fingerprints()


def test_leading_zeros_of_identifiers_and_codes_are_kept(folder: Folder) -> None:
    records = read_records(
        folder(
            patients="patient_id,birth_month,sex\n0001,1950-06-01,1\n",
            ed_attendances="attendance_id,patient_id,arrived_at,department_type\n007,0001,2024-01-02 10:00:00,01\n",
        )
    )

    assert values(records, "patients", "patient_id") == ["0001"]
    assert values(records, "ed_attendances", "attendance_id") == ["007"]
    assert values(records, "ed_attendances", "department_type") == ["01"]


def test_whole_numbers_that_parquet_holds_as_floats_become_plain_codes(folder: Folder) -> None:
    patients = pd.DataFrame(
        {"patient_id": [10001.0, 10002.0], "birth_month": ["1950-06-01", "1961-01-01"], "sex": [1, 2]}
    )

    records = read_records(
        folder(patients=None, patients_of_site=patients), mapping=mapping_of({"source": "patients_of_site"})
    )

    assert values(records, "patients", "patient_id") == ["10001", "10002"]
    assert values(records, "patients", "sex") == ["1", "2"]


def test_a_missing_number_of_parquet_is_null_and_not_the_text_nan(folder: Folder) -> None:
    patients = pd.DataFrame(
        {
            "patient_id": ["p1", "p2"],
            "birth_month": ["1950-06-01", "1961-01-01"],
            "sex": ["1", "2"],
            "imd_decile": [3.0, np.nan],
            "lsoa": [np.nan, 101.0],
        }
    )

    records = read_records(
        folder(patients=None, people=patients),
        mapping=mapping_of({"source": "people", "columns": {"imd_decile": "imd_decile", "lsoa": "lsoa"}}),
    )

    assert values(records, "patients", "imd_decile") == [3, None]
    assert values(records, "patients", "lsoa") == [None, "101"]


def test_empty_cells_and_blanks_are_null(folder: Folder) -> None:
    records = read_records(
        folder(patients='patient_id,birth_month,sex,lsoa,died_on\np1,1950-06-01,1,"",\np2,1950-06-01,1,  ," "\n')
    )

    assert values(records, "patients", "lsoa") == [None, None]
    assert values(records, "patients", "died_on") == [None, None]


def test_quotes_commas_and_line_ends_inside_a_cell_stay_in_it(folder: Folder) -> None:
    practices = 'practice_code,name\nA,"Bilston Road, ""The Old"" Surgery"\nB,"two\nlines"\n'

    records = read_records(folder(practices=practices))

    assert values(records, "practices", "name") == ['Bilston Road, "The Old" Surgery', "two\nlines"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_byte_order_mark_and_the_line_ends_of_windows_are_read_over(folder: Folder, line_end: str) -> None:
    content = b"\xef\xbb\xbf" + PATIENTS.replace("\n", line_end).encode()

    records = read_records(folder(patients=content))

    assert values(records, "patients", "patient_id") == ["p1", "p2"]
    assert values(records, "patients", "sex") == ["1", "2"]


def test_letters_beyond_ascii_are_kept(folder: Folder) -> None:
    records = read_records(folder(practices="practice_code,name\nA,Meddygfa Tŷ Coch\n"))

    assert values(records, "practices", "name") == ["Meddygfa Tŷ Coch"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-01-02", datetime.fromisoformat("2024-01-02")),
        ("2024-01-02 03:04:05", datetime.fromisoformat("2024-01-02 03:04:05")),
        ("2024-01-02T03:04:05", datetime.fromisoformat("2024-01-02 03:04:05")),
        ("2024-01-02 03:04:05.678901", datetime.fromisoformat("2024-01-02 03:04:05.678901")),
    ],
)
def test_iso_timestamps_are_read_with_and_without_time_and_microseconds(
    folder: Folder, written: str, meant: datetime
) -> None:
    records = read_records(folder(ed_attendances=f"attendance_id,patient_id,arrived_at\na,p1,{written}\n"))

    assert values(records, "ed_attendances", "arrived_at") == [meant]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("true", True), ("Y", True), ("1", True), ("Yes", True), ("FALSE", False), ("n", False), ("0", False), ("", None)],
)
def test_plain_words_for_yes_and_no_are_truth_values(folder: Folder, written: str, meant: bool | None) -> None:
    records = read_records(folder(patients=f"patient_id,birth_month,sex,care_home\np1,1950-06-01,1,{written}\n"))

    assert values(records, "patients", "care_home") == [meant]


def test_columns_that_are_not_canonical_are_left_out(folder: Folder) -> None:
    records = read_records(folder(patients="patient_id,birth_month,sex,nhs_number\np1,1950-06-01,1,0000000000\n"))

    assert records.tables["patients"].columns == ("patient_id", "birth_month", "sex")


def test_each_table_is_told_of_before_it_is_read(folder: Folder) -> None:
    told: list[str] = []

    read_records(folder(), report=told.append)

    assert told == ["patients", "spells"]


# --- what is refused -------------------------------------------------------------------------------------------------


def refusal(folder_path: Path, mapping: SiteMapping | None = None) -> str:
    with pytest.raises(InputError) as refused:
        read_records(folder_path, mapping=mapping)
    assert "zebra" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("written", ["24-01-02", "02/01/2024", "2024-02-30", "20240102", "zebra", "2024"])
def test_a_date_that_is_not_clearly_one_is_refused(folder: Folder, written: str) -> None:
    message = refusal(folder(spells=SPELLS.replace("2024-01-02", written)))

    assert message == (
        "spells.admitted_on: 1 of 1 rows cannot be read as a date (YYYY-MM-DD)."
        " Say how they are written in the mapping (formats.admitted_on)."
    )


@pytest.mark.parametrize("written", ["maybe", "2", "zebra"])
def test_an_unknown_truth_value_is_refused(folder: Folder, written: str) -> None:
    message = refusal(folder(patients=f"patient_id,birth_month,sex,care_home\np1,1950-06-01,1,{written}\n"))

    assert message.startswith("patients.care_home: 1 of 1 rows cannot be read as true or false.")


@pytest.mark.parametrize("written", ["3.5", "three", "inf"])
def test_a_number_that_is_not_whole_is_refused_where_one_is_needed(folder: Folder, written: str) -> None:
    message = refusal(folder(patients=f"patient_id,birth_month,sex,imd_decile\np1,1950-06-01,1,{written}\n"))

    assert message.startswith("patients.imd_decile: 1 of 1 rows cannot be read as a whole number.")


@pytest.mark.parametrize("written", ["nan", "infinity", "1e999", "12mg"])
def test_what_is_no_finite_number_is_refused(folder: Folder, written: str) -> None:
    prescriptions = f"patient_id,issued_on,bnf_code,quantity\np1,2024-01-02,0212,{written}\n"

    assert refusal(folder(prescriptions=prescriptions)).startswith(
        "prescriptions.quantity: 1 of 1 rows cannot be read as a number."
    )


def test_a_number_is_no_date_however_large(folder: Folder) -> None:
    patients = pd.DataFrame({"patient_id": ["p1"], "birth_month": [19500601], "sex": ["1"]})

    message = refusal(folder(patients=None, people=patients), mapping_of({"source": "people"}))

    assert message.startswith("patients.birth_month: 1 of 1 rows cannot be read as a date")


def test_faults_of_all_tables_are_told_at_once_with_their_numbers_of_rows(folder: Folder) -> None:
    message = refusal(
        folder(
            patients="patient_id,birth_month,sex\np1,zebra,1\np2,zebra,1\np3,1950-06-01,1\n",
            spells=SPELLS.replace("2024-01-05", "zebra"),
            practices="practice_code,integrated_from\nA,zebra\n",
        )
    )

    assert [line.split(" rows")[0] for line in message.splitlines()] == [
        "patients.birth_month: 2 of 3",
        "practices.integrated_from: 1 of 1",
        "spells.discharged_on: 1 of 1",
    ]


def test_a_table_without_rows_is_refused(folder: Folder) -> None:
    assert refusal(folder(spells=SPELLS.splitlines()[0] + "\n")) == (
        "spells: has no rows. Expected at least one; where the site does not have this table, leave it out."
    )


def test_a_missing_required_column_is_refused_with_those_found(folder: Folder) -> None:
    message = refusal(folder(patients="patient_id,sex\np1,1\n"))

    assert message == (
        "patients.csv: column birth_month (first day of the month of birth) is missing. Found patient_id, sex."
        " Add the column, or map another one to it with --mapping."
    )


def test_a_missing_required_table_is_refused(folder: Folder) -> None:
    path = folder()
    (path / "spells.csv").unlink()

    assert "spells is missing. Expected spells.parquet or spells.csv" in refusal(path)


def test_a_folder_that_is_not_there_or_has_no_table_is_refused(tmp_path: Path) -> None:
    assert "no such folder" in refusal(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("zebra")
    assert "holds no CSV or Parquet file" in refusal(tmp_path)


def test_the_same_table_in_two_files_is_refused(folder: Folder) -> None:
    path = folder(patients=pd.DataFrame({"patient_id": ["p1"]}))
    (path / "patients.csv").write_text(PATIENTS)

    assert "holds both patients.csv and patients.parquet. Keep one file for each source." in refusal(path)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "is empty, 0 bytes"),
        (PATIENTS.encode() + "p3,1950-06-01,zebra\xe9\n".encode("latin-1"), "cannot be read as CSV"),
        (PATIENTS.encode("utf-16"), "cannot be read as CSV"),
        (PATIENTS.encode() + b"p3,1950-06-01,1,zebra\n", "cannot be read as CSV"),
        (PATIENTS.encode() + b"zebra\n", "cannot be read as CSV"),
        (PATIENTS.encode() + b'"zebra,1950-06-01,1\n', "cannot be read as CSV"),
    ],
    ids=["0 bytes", "Latin-1", "UTF-16", "a cell too many", "cells too few", "an open quote"],
)
def test_a_damaged_csv_file_is_refused_and_named(folder: Folder, content: bytes, found: str) -> None:
    message = refusal(folder(patients=content))

    assert message.startswith(("patients.csv: ", "patients: "))
    assert found in message


@pytest.mark.parametrize("kept", [0, 3, 200, -8], ids=["0 bytes", "3 bytes", "the first 200", "all but the last 8"])
def test_a_truncated_parquet_file_is_refused_and_named(folder: Folder, kept: int) -> None:
    patients = pd.DataFrame({"patient_id": ["p1"], "birth_month": [date(1950, 6, 1)], "sex": ["1"]})
    path = folder(patients=patients)
    whole = (path / "patients.parquet").read_bytes()
    (path / "patients.parquet").write_bytes(whole[:kept])

    message = refusal(path)

    assert message.startswith("patients.parquet: is ")
    assert message.endswith("Write or copy it again.")


def test_a_damaged_file_that_nothing_reads_is_no_fault(folder: Folder) -> None:
    path = folder(audit_log=b"\xff\xfe\x00broken", notes=b"")
    (path / "old.parquet").write_bytes(b"PAR1")

    assert values(read_records(path), "patients", "patient_id") == ["p1", "p2"]


# --- mappings at work ------------------------------------------------------------------------------------------------


def test_a_mapping_renames_filters_and_computes(folder: Folder) -> None:
    people = "id,born,gender,kind\n1,06/1950,M,person\n2,01/1961,F,person\n3,01/1990,F,test\n"
    mapping = mapping_of(
        {
            "source": "people",
            "where": "kind = 'person'",
            "columns": {"patient_id": "'p' || id", "birth_month": "born", "sex": "gender"},
            "values": {"sex": {"M": "1", "F": "2"}},
            "formats": {"birth_month": "%m/%Y"},
        }
    )

    records = read_records(folder(patients=None, people=people), mapping=mapping)

    assert values(records, "patients", "patient_id") == ["p1", "p2"]
    assert values(records, "patients", "birth_month") == [date(1950, 6, 1), date(1961, 1, 1)]
    assert values(records, "patients", "sex") == ["1", "2"]


def test_a_value_that_the_value_map_does_not_list_is_refused(folder: Folder) -> None:
    people = PATIENTS.replace(",1\n", ",zebra\n")

    message = refusal(folder(patients=people), mapping_of({"values": {"sex": {"2": "2"}}}))

    assert message == (
        "patients.sex: 1 of 2 rows hold a value that the mapping's values.sex does not list."
        ' Add the value, or "*" for all others.'
    )


def test_a_star_takes_all_other_values_and_leaves_missing_ones_missing(folder: Folder) -> None:
    people = "patient_id,birth_month,sex,ethnic_category\na,1950-06-01,1,w\nb,1950-06-01,1,zebra\nc,1950-06-01,1,\n"
    mapping = mapping_of(
        {
            "columns": {"ethnic_category": "ethnic_category"},
            "values": {"ethnic_category": {"w": "A", "*": "Z"}},
        }
    )

    records = read_records(folder(patients=people), mapping=mapping)

    assert values(records, "patients", "ethnic_category") == ["A", "Z", None]


def test_a_value_map_may_give_truth_values(folder: Folder) -> None:
    people = "patient_id,birth_month,sex,care_home\na,1950-06-01,1,RES\nb,1950-06-01,1,OWN\n"
    mapping = mapping_of(
        {"columns": {"care_home": "care_home"}, "values": {"care_home": {"RES": "true", "OWN": "false"}}}
    )

    assert values(read_records(folder(patients=people), mapping=mapping), "patients", "care_home") == [True, False]


def test_a_date_in_another_form_than_the_format_says_is_refused(folder: Folder) -> None:
    people = "patient_id,birth_month,sex\na,01/06/1950,1\nb,1950-06-01,1\n"

    message = refusal(folder(patients=people), mapping_of({"formats": {"birth_month": "%d/%m/%Y"}}))

    assert message.startswith("patients.birth_month: 1 of 2 rows cannot be read as a date as %d/%m/%Y.")


def test_views_of_a_mapping_may_build_on_one_another(folder: Folder) -> None:
    mapping = mapping_of(
        {"source": "older"},
        sources={
            "adults": "SELECT * FROM patients WHERE birth_month < '1970'",
            "older": "SELECT * FROM adults WHERE birth_month < '1960'",
        },
    )

    assert values(read_records(folder(), mapping=mapping), "patients", "patient_id") == ["p1"]


def test_an_expression_with_an_unknown_column_is_refused_with_those_that_there_are(folder: Folder) -> None:
    with pytest.raises(SpecificationError) as refused:
        read_records(folder(), mapping=mapping_of({"columns": {"lsoa": "postcode"}}))

    assert str(refused.value).startswith("mapping: tables.patients: ")
    assert "patients has the columns patient_id, birth_month, sex" in str(refused.value)


@pytest.mark.parametrize(
    "broken",
    [
        {"columns": {"imd_decile": "CAST(patient_id AS INTEGER)"}},
        {"where": "CAST(patient_id AS INTEGER) > 0"},
        {"columns": {"lsoa": "error(patient_id)"}},
    ],
    ids=["column", "where", "error"],
)
def test_an_expression_that_fails_on_a_row_is_told_as_that_and_without_the_row(
    folder: Folder, broken: dict[str, Any]
) -> None:
    message = refusal(folder(patients=PATIENTS.replace("p1,", "zebra,")), mapping_of(broken))

    assert message.startswith("patients: an expression of the mapping fails on some rows.")


def test_an_expression_over_a_view_that_fails_on_a_row_is_told_as_that_and_without_the_row(folder: Folder) -> None:
    mapping = mapping_of(
        {"source": "people", "columns": {"imd_decile": "CAST(patient_id AS INTEGER)"}},
        sources={"people": "SELECT * FROM patients"},
    )

    message = refusal(folder(patients=PATIENTS.replace("p1,", "zebra,")), mapping)

    assert message.startswith("patients: an expression of the mapping fails on some rows. Use TRY_CAST or NULLIF")


def test_a_source_that_is_not_in_the_folder_is_refused_with_those_that_are(folder: Folder) -> None:
    message = refusal(folder(), mapping_of({"source": "people"}))

    assert "people, which the mapping reads, is missing. Found patients, spells." in message


def test_nothing_is_left_of_a_reading_that_failed(folder: Folder, tmp_path_factory: Any, monkeypatch: Any) -> None:
    place = tmp_path_factory.mktemp("scratch")
    monkeypatch.setattr("tempfile.tempdir", str(place))

    refusal(folder(spells=SPELLS.replace("2024-01-02", "zebra")))

    assert list(place.iterdir()) == []
