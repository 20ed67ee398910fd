"""The shipped mapping of Hospital Episode Statistics, on invented rows in the published layout."""

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from vi_risk.records.checks import check_records
from vi_risk.records.linked import Records
from vi_risk.records.mapping_check import check_mapping
from vi_risk.records.reading import read_records

_APC = (
    "EPIKEY,TOKEN_PERSON_ID,MYDOB,SEX,ETHNOS,LSOA11,IMD04_DECILE,PROCODE3,PROVSPNOPS,ADMIDATE,ADMIMETH,CLASSPAT,DISDATE,"
    "DISMETH,DISDEST,EPISTART,EPIEND,EPIORDER,EPITYPE,TRETSPEF,DIAG_01,DIAG_02,DIAG_03,OPERTN_01,OPDATE_01"
)
_ANN = "ANN,061950,2,A,E01010521,Most deprived 10%,RL4,S1"
_BEN = "BEN,121961,1,X,,Least deprived 10%,RL4"
_YEAR_ONE = [
    # A stay of two episodes; the second is unfinished when the year ends.
    f"1,{_ANN},2022-03-20,21,1,1800-01-01,8,98,2022-03-20,2022-03-25,1,1,300,I210,E119,,K401,2022-03-21",
    f"2,{_ANN},2022-03-20,21,1,,8,98,2022-03-25,,2,1,430,I500,I210,,-,",
    # Two attendances of a regular day attender under one spell number are two spells.
    f"3,{_BEN},D1,2021-06-01,13,3,2021-06-01,1,19,2021-06-01,2021-06-01,1,1,361,N185,,,X403,1800-01-01",
    f"4,{_BEN},D1,2021-06-01,13,3,2021-06-03,1,19,2021-06-03,2021-06-03,2,1,361,N185,,,X403,2021-06-03",
    # No primary diagnosis was submitted; a dagger and a filler are cut off.
    f"5,{_BEN},S2,2021-09-01,22,1,2021-09-04,4,79,2021-09-01,2021-09-04,1,1,300,R69X6,A170D,J22X,&,",
    # A birth event without a spell, and a record of nobody.
    f"6,{_BEN},S3,2021-10-01,82,5,2021-10-01,1,19,2021-10-01,2021-10-01,1,6,501,Z380,,,-,",
    "7,,061950,2,A,,,RL4,S4,2021-10-01,21,1,2021-10-02,1,19,2021-10-01,2021-10-02,1,1,300,I10X,,,-,",
]
_YEAR_TWO = [f"8,{_ANN},2022-03-20,21,1,2022-04-05,1,54,2022-03-25,2022-04-05,2,1,430,I500,I210,,-,"]
_OP = (
    "ATTENDKEY,TOKEN_PERSON_ID,MYDOB,SEX,APPTDATE,ATTENDED,FIRSTATT,TRETSPEF\n"
    "a,ANN,061950,2,2022-01-10,5,1,320\nb,ANN,061950,2,2022-02-10,3,2,320\nc,CAZ,011970,0,2022-02-11,9,X,&\n"
)
_AE = (
    "AEKEY,TOKEN_PERSON_ID,MYDOB,SEX,ARRIVALDATE,ARRIVALTIME,AEDEPTTYPE,AEATTENDCAT,AEARRIVALMODE,AEATTENDDISP\n"
    "x,ANN,061950,2,2022-03-20,14:05:00,01,1,1,01\ny,ANN,061950,2,2022-03-21,0915,03,2,2,03\n"
    "z,BEN,121961,1,2022-03-22,3000,99,9,9,99\n"
)


def write(tmp_path: Path) -> Path:
    (tmp_path / "HES_APC_2122.csv").write_text("\n".join([_APC, *_YEAR_ONE]) + "\n")
    (tmp_path / "HES_APC_2223.csv").write_text("\n".join([_APC, *_YEAR_TWO]) + "\n")
    (tmp_path / "HES_OP_2122.csv").write_text(_OP)
    (tmp_path / "HES_AE_2122.csv").write_text(_AE)
    (tmp_path / "DEATHS.csv").write_text("TOKEN_PERSON_ID,DOD\nCAZ,2022-12-24\n")
    return tmp_path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Records:
    return read_records(write(tmp_path_factory.mktemp("hes")), mapping="nhs_hes")


def rows(records: Records, table: str, *columns: str) -> list[tuple[Any, ...]]:
    found = records.tables[table].select(*columns).to_pyarrow().to_pylist()
    return sorted((tuple(row[c] for c in columns) for row in found), key=str)


def test_everybody_who_came_is_a_person_with_the_latest_attributes(records: Records) -> None:
    people = rows(
        records,
        "patients",
        *("patient_id", "birth_month", "sex", "ethnic_category", "lsoa", "imd_decile", "died_on"),
    )

    assert people == [
        ("ANN", date(1950, 6, 1), "2", "A", "E01010521", 1, None),
        ("BEN", date(1961, 12, 1), "1", None, None, 10, date(2021, 9, 4)),  # died in hospital
        ("CAZ", date(1970, 1, 1), "X", None, None, None, date(2022, 12, 24)),
    ]


def test_episodes_become_spells(records: Records) -> None:
    spells = rows(
        records,
        "spells",
        *(
            "patient_id",
            "admitted_on",
            "discharged_on",
            "admission_method",
            "treatment_function",
            "discharge_destination",
        ),
    )

    assert spells == [
        ("ANN", date(2022, 3, 20), date(2022, 4, 5), "21", "300", "54"),
        ("BEN", date(2021, 6, 1), date(2021, 6, 1), "13", "361", "19"),
        ("BEN", date(2021, 6, 1), date(2021, 6, 3), "13", "361", "19"),
        ("BEN", date(2021, 9, 1), date(2021, 9, 4), "22", "300", "79"),
    ]


def test_a_row_that_was_sent_twice_counts_once(folder: Path, records: Records) -> None:
    (folder / "HES_APC_2223.csv").write_text("\n".join([_APC, *_YEAR_TWO, *_YEAR_ONE[3:]]) + "\n")

    again = read_records(folder, mapping="nhs_hes")

    assert rows(again, "spells", "spell_id") == rows(records, "spells", "spell_id")
    assert rows(again, "diagnoses", "spell_id", "position", "code") == rows(
        records, "diagnoses", "spell_id", "position", "code"
    )


def test_pipes_are_read_as_commas_are(folder: Path, records: Records) -> None:
    for file in folder.iterdir():
        file.write_text(file.read_text().replace(",", "|"))

    piped = read_records(folder, mapping="nhs_hes")

    assert piped.tables.keys() == records.tables.keys()
    for name, table in records.tables.items():
        assert rows(piped, name, *table.columns) == rows(records, name, *table.columns)


def test_an_extract_of_the_time_before_tokens_is_read_by_its_own_pseudonyms(folder: Path, records: Records) -> None:
    for file in folder.iterdir():
        file.write_text(file.read_text().replace("TOKEN_PERSON_ID", "PSEUDO_HESID"))

    older = read_records(folder, mapping="nhs_hes")

    for name in ("patients", "spells", "ed_attendances", "outpatient_appointments"):
        assert rows(older, name, *records.tables[name].columns) == rows(records, name, *records.tables[name].columns)


def test_rows_without_a_day_of_admission_are_left_out_and_counted(folder: Path, records: Records) -> None:
    year = folder / "HES_APC_2223.csv"
    year.write_text(year.read_text() + f"9,{_BEN},S9,1800-01-01,21,1,,8,98,2022-05-01,,1,1,300,I10X,,,-,\n")

    left_out = next(table for table in check_mapping(folder, "nhs_hes").tables if table.table == "episodes")

    assert left_out.rows_left_out == 3  # with the birth event and the record of nobody
    assert rows(read_records(folder, mapping="nhs_hes"), "spells", "spell_id") == rows(records, "spells", "spell_id")


def test_a_spell_whose_last_episode_goes_on_is_open(folder: Path) -> None:
    (folder / "HES_APC_2223.csv").unlink()

    spells = rows(read_records(folder, mapping="nhs_hes"), "spells", "patient_id", "discharged_on", "discharge_method")

    assert spells[0] == ("ANN", None, "8")


def test_diagnoses_of_all_episodes_belong_to_the_spell_each_once(records: Records) -> None:
    person = dict(rows(records, "spells", "spell_id", "patient_id"))

    diagnoses = sorted((person[s], p, c) for s, p, c in rows(records, "diagnoses", "spell_id", "position", "code"))

    assert diagnoses == [
        ("ANN", 1, "I210"),
        ("ANN", 2, "E119"),
        ("ANN", 3, "I500"),
        ("BEN", 1, "N185"),
        ("BEN", 1, "N185"),
        ("BEN", 2, "A170"),  # no primary diagnosis: nothing stands first
        ("BEN", 3, "J22"),
    ]


def test_operations_have_their_day_where_it_is_one(records: Records) -> None:
    procedures = rows(records, "procedures", "position", "code", "performed_on")

    assert procedures == [(1, "K401", date(2022, 3, 21)), (1, "X403", None), (1, "X403", date(2021, 6, 3))]


def test_attendances_and_appointments_are_read_in_the_words_of_the_dictionary(records: Records) -> None:
    assert rows(records, "ed_attendances", "attendance_id", "arrived_at", "attendance_category", "disposal") == [
        ("x", pd.Timestamp(2022, 3, 20, 14, 5), "1", "01"),
        ("y", pd.Timestamp(2022, 3, 21, 9, 15), "4", "03"),
        ("z", pd.Timestamp(2022, 3, 22), None, "99"),
    ]
    assert rows(records, "outpatient_appointments", "appointment_id", "attended", "first_attendance", "specialty") == [
        ("a", "5", True, "320"),
        ("b", "3", False, "320"),
        ("c", "9", None, None),
    ]


def test_what_was_read_passes_the_checks(records: Records) -> None:
    found = check_records(records)

    assert not found.errors


def test_admitted_care_alone_is_enough(folder: Path) -> None:
    for name in ("HES_OP_2122", "HES_AE_2122", "DEATHS"):
        (folder / f"{name}.csv").unlink()

    assert check_mapping(folder, "nhs_hes").fits
    assert set(read_records(folder, mapping="nhs_hes").tables) == {"patients", "spells", "diagnoses", "procedures"}
