"""A site with episodes only: they are read with the care of any table, and spells are made of them before any check."""

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

from vi_risk.errors import InputError, SpecificationError
from vi_risk.records.checks import check_records
from vi_risk.records.linked import Records
from vi_risk.records.mapping import Mapping
from vi_risk.records.mapping_check import check_mapping
from vi_risk.records.reading import read_records

PEOPLE = "patient_id,birth_month,sex\np1,1950-06-01,1\np2,1961-01-01,2\n"
HEADER = (
    "patient_id,spell_number,episode_started_on,episode_order,admitted_on,admission_method,discharged_on,"
    "diagnosis_01,diagnosis_02,operation_01,operated_on_01\n"
)
EPISODES = HEADER + (
    "p1,7,2024-01-04,2,2024-01-01,21,2024-01-09,I500,I10,W371,2024-01-05\n"
    "p1,7,2024-01-01,1,2024-01-01,21,,R07,,,\n"
    "p2,8,2024-03-01,1,2024-03-01,12,,,J440,,\n"
)
# The same in a site's own words; the years hold different numbers of codes.
_SITE = "HESID,SPELL,START,ORDER_NO,ADMITTED,METHOD,DISCHARGED,DIAG_01,DIAG_02,OP_1,OPDATE_1\n"
SITE = EPISODES.replace(HEADER, _SITE).replace("2024-01-05", "05/01/2024")


def write(folder: Path, **files: str) -> Path:
    for name, text in {"patients": PEOPLE, **files}.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def site_mapping(*, columns: dict[str, str] | None = None, **episodes: Any) -> Mapping:
    plan = {
        "source": "APC*",
        "columns": {
            "patient_id": "HESID",
            "spell_number": "SPELL",
            "episode_started_on": "START",
            "episode_order": "ORDER_NO",
            "admitted_on": "ADMITTED",
            "admission_method": "METHOD",
            "discharged_on": "DISCHARGED",
            **(columns or {}),
        },
        "numbered": {
            "diagnosis": "nullif(DIAG_%02d, 'R69')",
            "operation": "OP_%d",
            "operated_on": '"OPDATE_%d"',
        },
        "formats": {"operated_on": "%d/%m/%Y"},
    } | episodes
    people = {"source": "patients", "columns": {c: c for c in ("patient_id", "birth_month", "sex")}}
    return Mapping.model_validate({"name": "site", "tables": {"patients": people, "episodes": plan}})


def rows(records: Records, table: str, *columns: str) -> list[tuple[Any, ...]]:
    found = records.tables[table].select(*columns).to_pyarrow().to_pylist()
    return sorted((tuple(row[c] for c in columns) for row in found), key=str)


STAYS = [("p1", date(2024, 1, 1), date(2024, 1, 9), "21"), ("p2", date(2024, 3, 1), None, "12")]
CODES = [(1, "R07"), (2, "I500"), (2, "J440"), (3, "I10")]


def test_a_file_of_episodes_gives_spells_diagnoses_and_procedures(tmp_path: Path) -> None:
    records = read_records(write(tmp_path, episodes=EPISODES))

    assert records.tables.keys() == {"patients", "spells", "diagnoses", "procedures"}
    assert rows(records, "spells", "patient_id", "admitted_on", "discharged_on", "admission_method") == STAYS
    assert rows(records, "diagnoses", "position", "code") == CODES
    assert rows(records, "procedures", "position", "code", "performed_on") == [(2, "W371", date(2024, 1, 5))]
    assert not check_records(records).errors


def test_parquet_and_names_in_capitals_are_read_as_csv_is(tmp_path: Path) -> None:
    write(tmp_path, episodes=EPISODES)
    frame = pd.read_csv(tmp_path / "episodes.csv", dtype=str).rename(columns=str.upper)
    (tmp_path / "episodes.csv").unlink()
    frame.to_parquet(tmp_path / "episodes.parquet", index=False)

    records = read_records(tmp_path)

    assert rows(records, "spells", "patient_id", "admitted_on", "discharged_on", "admission_method") == STAYS
    assert rows(records, "diagnoses", "position", "code") == CODES


def test_a_mapping_maps_episodes_and_their_numbered_columns(tmp_path: Path) -> None:
    write(tmp_path, APC_2122=SITE, APC_2223="HESID,SPELL,START,ORDER_NO,ADMITTED,METHOD,DISCHARGED,DIAG_01\n")

    records = read_records(tmp_path, mapping=site_mapping())

    assert rows(records, "spells", "patient_id", "admitted_on", "discharged_on", "admission_method") == STAYS
    assert rows(records, "diagnoses", "position", "code") == CODES
    assert rows(records, "procedures", "position", "code", "performed_on") == [(2, "W371", date(2024, 1, 5))]


def test_the_expression_of_a_numbered_column_is_evaluated_for_each_of_them(tmp_path: Path) -> None:
    write(tmp_path, APC=SITE.replace("I10", "R69").replace("I500", "R69"))

    records = read_records(tmp_path, mapping=site_mapping())

    assert rows(records, "diagnoses", "position", "code") == [(1, "R07"), (2, "J440")]


def test_without_codes_there_are_spells_alone(tmp_path: Path) -> None:
    without = "\n".join(",".join(line.split(",")[:7]) for line in EPISODES.splitlines())
    assert read_records(write(tmp_path, episodes=without)).tables.keys() == {"patients", "spells"}

    uncoded = HEADER + "p2,8,2024-03-01,1,2024-03-01,12,,,,,\n"
    assert read_records(write(tmp_path, episodes=uncoded)).tables.keys() == {"patients", "spells"}


@pytest.mark.parametrize("made", ["spells", "diagnoses", "procedures"])
def test_episodes_beside_what_is_made_of_them_are_refused(tmp_path: Path, made: str) -> None:
    with pytest.raises(InputError, match=f"holds episodes and {made}, which is made of them. Keep one of the two"):
        read_records(write(tmp_path, episodes=EPISODES, **{made: "spell_id,position,code\n"}))

    mapping = site_mapping().model_dump(by_alias=True, exclude_defaults=True)
    mapping["tables"][made] = {"source": "x", "columns": {}}
    with pytest.raises(ValidationError, match=f"tables.{made}: is made of tables.episodes already"):
        Mapping.model_validate(mapping, context={"partly": True})


@pytest.mark.parametrize("column", ["patient_id", "admitted_on"])
def test_an_episode_that_belongs_to_no_spell_is_refused_and_counted(tmp_path: Path, column: str) -> None:
    at = HEADER.split(",").index(column)
    cells = EPISODES.splitlines()[1].split(",")
    cells[at] = ""

    with pytest.raises(InputError) as refused:
        read_records(write(tmp_path, episodes=EPISODES + ",".join(cells) + "\n"))

    assert str(refused.value) == (
        f"episodes.{column}: 1 of 4 rows have no value, and without it belong to no spell."
        " Correct these rows, or leave them out in the mapping (where)."
    )


def test_what_cannot_be_read_is_told_by_table_column_and_rows(tmp_path: Path) -> None:
    broken = EPISODES.replace("2024-01-05", "zebra").replace("2024-01-09", "zebra")

    with pytest.raises(InputError) as refused:
        read_records(write(tmp_path, episodes=broken))

    told = str(refused.value).splitlines()
    assert [line.split(" rows ")[0] for line in told] == [
        "episodes.discharged_on: 1 of 3",
        "episodes.operated_on_01: 1 of 3",
    ]
    assert "zebra" not in str(refused.value)


def test_a_missing_column_and_a_missing_table_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"episodes.csv: column admission_method \(admission method\) is missing"):
        read_records(write(tmp_path, episodes=EPISODES.replace("admission_method", "method")))

    (tmp_path / "episodes.csv").unlink()
    with pytest.raises(InputError, match=r"spells is missing. Expected .*, episodes of which they can be made"):
        read_records(tmp_path)


def test_a_mapping_of_episodes_need_not_make_spells_and_must_name_numbered_columns_that_are_there(
    tmp_path: Path,
) -> None:
    write(tmp_path, APC=SITE)
    with pytest.raises(SpecificationError, match=r"tables.episodes: numbered.diagnosis: its source has no such column"):
        read_records(tmp_path, mapping=site_mapping(numbered={"diagnosis": "ICD_%02d"}, formats={}))
    with pytest.raises(ValidationError, match=r"numbered.diagnosis names no numbered column"):
        site_mapping(numbered={"diagnosis": "DIAG_01"}, formats={})
    with pytest.raises(ValidationError, match=r"numbered.shoe is not known; only episodes have numbered diagnosis"):
        site_mapping(numbered={"shoe": "SHOE_%02d"}, formats={})
    with pytest.raises(ValidationError, match=r"numbered.diagnosis is not one SQL expression"):
        site_mapping(numbered={"diagnosis": "max(DIAG_%02d)"}, formats={})


def test_checking_a_mapping_tells_what_the_episodes_make(tmp_path: Path) -> None:
    write(tmp_path, APC=SITE + SITE.splitlines()[1].replace("p1", "stranger") + "\n")

    report = check_mapping(tmp_path, site_mapping(where="METHOD <> '12'"))

    told = {table.table: table for table in report.tables}
    assert list(told) == ["patients", "episodes", "spells", "diagnoses", "procedures"]
    assert (told["episodes"].rows_in, told["episodes"].rows_left_out, told["episodes"].rows_out) == (4, 1, 3)
    assert (told["spells"].source, told["spells"].rows_in, told["spells"].rows_out) == ("episodes", 3, 2)
    assert told["spells"].without == {"patients": 1}
    assert (told["diagnoses"].rows_out, told["procedures"].rows_out) == (5, 2)
    assert "spells" not in report.tables_not_mapped
    assert report.fits
    assert any("diagnosis_01 to diagnosis_02" in line for line in report.lines())


def test_checking_tells_of_episodes_without_a_spell_and_goes_on(tmp_path: Path) -> None:
    write(tmp_path, APC=SITE.replace("p2,", ","))

    report = check_mapping(tmp_path, site_mapping())

    told = {table.table: table for table in report.tables}
    assert told.keys() == {"patients", "episodes"}
    assert told["episodes"].empty == {"patient_id": 1}
    assert not report.fits
