"""What a mapping says so that a site need not write SQL: files stacked, numbered columns as rows, folders of parts."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

from vi_risk.errors import InputError, SpecificationError
from vi_risk.records.linked import Records
from vi_risk.records.mapping import Mapping
from vi_risk.records.reading import read_records

PEOPLE = "patient_id,birth_month,sex\np1,1950-06-01,1\np2,1961-01-01,2\n"
STAYS = "spell_id,patient_id,admitted_on,discharged_on,admission_method\n"
FIRST, SECOND = "s1,p1,2022-01-02,2022-01-05,21\n", "s2,p2,2023-01-02,,22\n"

_SAME = {
    "patients": ("patient_id", "birth_month", "sex"),
    "spells": ("spell_id", "patient_id", "admitted_on", "discharged_on", "admission_method"),
    "diagnoses": ("spell_id", "position", "code"),
    "procedures": ("spell_id", "position", "code", "performed_on"),
}

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write files, by name, and the people whom all tests have."""

    def files(**content: str) -> Path:
        for name, text in {"patients": PEOPLE, **content}.items():
            path = tmp_path / f"{name.replace('__', '/')}.csv"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return files


def mapping_of(sources: dict[str, Any] | None = None, **tables: dict[str, Any]) -> Mapping:
    """Return a mapping whose columns have the canonical names, but for what is given."""
    plans = {"patients": {}, "spells": {}, **tables}
    whole = {
        name: {"source": name, **plan, "columns": {**{c: c for c in _SAME[name]}, **plan.get("columns", {})}}
        for name, plan in plans.items()
    }
    return Mapping.model_validate({"name": "site", "sources": sources or {}, "tables": whole})


def rows(records: Records, table: str, *columns: str) -> list[tuple[Any, ...]]:
    found = records.tables[table].select(*columns).to_pyarrow().to_pylist()
    return sorted((tuple(row[c] for c in columns) for row in found), key=str)


# --- several files into one table -------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [["APC_2122", "APC_2223"], "APC_*", ["apc_21*", "APC_2223"]])
def test_files_of_several_years_become_one_table(write: Write, source: Any) -> None:
    folder = write(APC_2122=STAYS + FIRST, APC_2223=STAYS + SECOND, OP_2122="a\n1\n")

    records = read_records(folder, mapping=mapping_of(spells={"source": source}))

    assert rows(records, "spells", "spell_id", "admission_method") == [("s1", "21"), ("s2", "22")]


def test_columns_of_stacked_files_are_matched_by_name_and_not_by_place(write: Write) -> None:
    other = "admission_method,patient_id,spell_id,discharged_on,ADMITTED_ON\n22,p2,s2,,2023-01-02\n"
    folder = write(APC_2122=STAYS + FIRST, APC_2223=other)

    records = read_records(folder, mapping=mapping_of(spells={"source": "APC_*"}))

    assert rows(records, "spells", "spell_id", "admitted_on") == [("s1", date(2022, 1, 2)), ("s2", date(2023, 1, 2))]


def test_a_stacked_file_that_is_not_there_is_named(write: Write) -> None:
    folder = write(APC_2122=STAYS + FIRST)

    with pytest.raises(InputError, match=r"APC_2223, which the mapping reads, is missing. Found APC_2122, patients"):
        read_records(folder, mapping=mapping_of(spells={"source": ["APC_2122", "APC_2223"]}))


def test_a_stack_with_declared_columns_needs_neither_the_files_nor_the_columns(write: Write) -> None:
    folder = write(spells=STAYS + FIRST)
    sources = {
        "deaths": {"stack": ["ONS_*"], "columns": ["patient_id", "dod"]},
        "persons": {"stack": ["patients"], "columns": ["lsoa"]},
        "people": "SELECT p.*, d.dod FROM persons AS p LEFT JOIN deaths AS d USING (patient_id)",
    }

    records = read_records(
        folder,
        mapping=mapping_of(sources, patients={"source": "people", "columns": {"lsoa": "lsoa", "died_on": "dod"}}),
    )

    assert rows(records, "patients", "patient_id", "lsoa", "died_on") == [("p1", None, None), ("p2", None, None)]


def test_a_source_may_stand_before_those_that_it_is_made_of(write: Write) -> None:
    sources = {"older": "SELECT * FROM adults WHERE birth_month < '1960'", "adults": "SELECT * FROM patients"}

    records = read_records(write(spells=STAYS + FIRST), mapping=mapping_of(sources, patients={"source": "older"}))

    assert rows(records, "patients", "patient_id") == [("p1",)]


@pytest.mark.parametrize(
    "sources",
    [{"patients": "SELECT * FROM patients"}, {"a": "SELECT * FROM b", "b": ["a"]}],
    ids=["of itself", "of one another"],
)
def test_sources_that_are_made_of_one_another_are_refused(write: Write, sources: dict[str, Any]) -> None:
    with pytest.raises(SpecificationError, match=r"made of one another or of itself, in a circle"):
        read_records(write(spells=STAYS + FIRST), mapping=mapping_of(sources))


def test_a_source_with_the_name_of_a_file_is_refused(write: Write) -> None:
    folder = write(spells=STAYS + FIRST, DEATHS="patient_id,dod\np1,2022-02-02\n")

    with pytest.raises(SpecificationError, match=r"sources.deaths: has the name of a source of the records, DEATHS"):
        read_records(folder, mapping=mapping_of({"deaths": {"stack": ["*DEATH*"]}}))


# --- numbered columns as rows -----------------------------------------------------------------------------------------

WIDE = (
    STAYS.strip()
    + ",DIAG_01,DIAG_02,DIAG_03\n"
    + "s1,p1,2022-01-02,2022-01-05,21,I21.0,,E11\ns2,p2,2023-01-02,,22,,,\n"
)


def test_numbered_columns_become_rows_and_empty_ones_none(write: Write) -> None:
    wide = {"of": "spells", "wide": {"code": "DIAG_%02d"}, "numbers": [1, 20]}

    records = read_records(write(spells=WIDE), mapping=mapping_of({"coded": wide}, diagnoses={"source": "coded"}))

    assert rows(records, "diagnoses", "spell_id", "position", "code") == [("s1", 1, "I21.0"), ("s1", 3, "E11")]


def test_columns_that_go_together_are_turned_together(write: Write) -> None:
    stays = STAYS.strip() + ",oper1,oper2,done1,done2\ns1,p1,2022-01-02,2022-01-05,21,K40,X40,02/01/2022,\n"
    wide = {"of": "spells", "wide": {"code": "OPER%d", "performed_on": "DONE%d"}, "numbers": [1, 2]}

    records = read_records(
        write(spells=stays),
        mapping=mapping_of(
            {"coded": wide}, procedures={"source": "coded", "formats": {"performed_on": ["%Y-%m-%d", "%d/%m/%Y"]}}
        ),
    )

    assert rows(records, "procedures", "position", "code", "performed_on") == [
        (1, "K40", date(2022, 1, 2)),
        (2, "X40", None),
    ]


def test_numbered_columns_that_the_source_lacks_are_told(write: Write) -> None:
    wide = {"of": "spells", "wide": {"code": "DIAG_%02d"}, "numbers": [1, 20]}

    with pytest.raises(InputError, match=r"spells has no column such as DIAG_01. It has spell_id, patient_id"):
        read_records(write(spells=STAYS + FIRST), mapping=mapping_of({"coded": wide}, diagnoses={"source": "coded"}))


def test_rows_do_not_take_the_name_of_a_column_that_is_there(write: Write) -> None:
    wide = {"of": "spells", "wide": {"code": "DIAG_%02d"}, "numbers": [1, 3], "position": "spell_id"}

    with pytest.raises(InputError, match=r"spells has a column spell_id already. Name that of the rows otherwise"):
        read_records(write(spells=WIDE), mapping=mapping_of({"coded": wide}))


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ({"of": "a", "wide": {"code": "DIAG"}, "numbers": [1, 2]}, "wide.code is no name of numbered columns"),
        ({"of": "a", "wide": {"code": "DIAG_%s"}, "numbers": [1, 2]}, "wide.code is no name of numbered columns"),
        ({"of": "a", "wide": {}, "numbers": [1, 2]}, "wide names no columns"),
        ({"of": "a", "wide": {"code": "D%d"}, "numbers": [2, 1]}, "numbers are the first and the last one"),
        ({"of": "a", "wide": {"code": "D%d"}, "numbers": [1]}, "numbers are the first and the last one"),
        ({"stack": []}, "stack names no source"),
        ([], "stack names no source"),
        ({"stack": ["a"], "colums": ["b"]}, "colums"),
        ("DROP TABLE a", "sources.x is not one SELECT statement"),
    ],
)
def test_a_source_that_makes_no_sense_is_refused(source: Any, fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        mapping_of({"x": source})


# --- folders of parts -------------------------------------------------------------------------------------------------


def test_a_folder_of_csv_parts_is_one_source(write: Write) -> None:
    folder = write(spells__part_1=STAYS + FIRST, spells__part_2=STAYS + SECOND)
    (folder / "spells" / "_SUCCESS").touch()
    (folder / "notes").mkdir()

    assert rows(read_records(folder), "spells", "spell_id") == [("s1",), ("s2",)]


def test_a_folder_of_parquet_parts_is_one_source_and_its_columns_are_matched_by_name(tmp_path: Path) -> None:
    place = tmp_path / "patients" / "year=2022"
    place.mkdir(parents=True)
    (tmp_path / "spells.csv").write_text(STAYS + FIRST)
    pd.DataFrame({"patient_id": ["p1"], "birth_month": ["1950-06-01"], "sex": ["1"]}).to_parquet(place / "a.parquet")
    pd.DataFrame({"sex": ["2"], "patient_id": ["p2"], "birth_month": ["1961-01-01"]}).to_parquet(place / "b.parquet")

    assert rows(read_records(tmp_path), "patients", "patient_id", "sex") == [("p1", "1"), ("p2", "2")]


def test_a_damaged_part_is_named(write: Write) -> None:
    folder = write(spells__part_1=STAYS + FIRST, spells__part_2=STAYS + "zebra\n")

    with pytest.raises(InputError) as refused:
        read_records(folder)

    assert "spells/part_2.csv: cannot be read as CSV" in str(refused.value)
    assert "zebra" not in str(refused.value)


def test_parts_of_both_kinds_in_one_folder_are_refused(write: Write) -> None:
    folder = write(spells__a=STAYS + FIRST)
    pd.DataFrame({"spell_id": ["s2"]}).to_parquet(folder / "spells" / "b.parquet")

    with pytest.raises(InputError, match=r"the folder spells holds both CSV and Parquet"):
        read_records(folder)


def test_a_folder_whose_name_holds_signs_of_a_pattern_is_that_folder(tmp_path: Path) -> None:
    place = tmp_path / "extract [1] *"
    place.mkdir()
    (place / "patients.csv").write_text(PEOPLE)
    (place / "spells.csv").write_text(STAYS + FIRST)

    assert rows(read_records(place), "spells", "spell_id") == [("s1",)]


# --- tables that a site may lack --------------------------------------------------------------------------------------


def test_an_optional_table_without_rows_is_left_out_and_another_is_refused(write: Write) -> None:
    folder = write(spells=STAYS + FIRST)
    sources = {"coded": {"stack": ["codes"], "columns": ["spell_id", "position", "code"]}}

    records = read_records(folder, mapping=mapping_of(sources, diagnoses={"source": "coded", "optional": True}))

    assert set(records.tables) == {"patients", "spells"}
    with pytest.raises(InputError, match=r"diagnoses: has no rows"):
        read_records(folder, mapping=mapping_of(sources, diagnoses={"source": "coded"}))


def test_expressions_that_are_wrong_in_several_tables_are_told_at_once(write: Write) -> None:
    mapping = mapping_of(
        patients={"columns": {"lsoa": "postcode", "sex": "gender"}}, spells={"columns": {"spell_id": "stay"}}
    )

    with pytest.raises(SpecificationError) as refused:
        read_records(write(spells=STAYS + FIRST), mapping=mapping)

    assert [line.split(": ")[1:3] for line in str(refused.value).splitlines()] == [
        ["tables.patients", "columns.sex"],
        ["tables.patients", "columns.lsoa"],
        ["tables.spells", "columns.spell_id"],
    ]
