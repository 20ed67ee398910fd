"""What a Parquet file's own types become, where they are not the canonical ones."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vi_risk.errors import InputError
from vi_risk.records.casting import Cast
from vi_risk.records.reading import read_records
from vi_risk.records.tables import TABLES

PATIENTS = pa.table({"patient_id": ["p1"], "birth_month": [date(1950, 1, 1)], "sex": ["2"]})


def spells(**columns: Any) -> pa.Table:
    plain = {
        "spell_id": ["s1"],
        "patient_id": ["p1"],
        "admitted_on": [date(2023, 7, 1)],
        "discharged_on": pa.array([None], pa.date32()),
        "admission_method": ["21"],
    }
    return pa.table({**plain, **columns})


def first_spell(folder: Path, table: pa.Table) -> dict[str, Any]:
    pq.write_table(PATIENTS, folder / "patients.parquet")
    pq.write_table(table, folder / "spells.parquet")
    row: dict[str, Any] = read_records(folder).tables["spells"].to_pyarrow().to_pylist()[0]
    return row


def test_a_moment_with_a_zone_falls_on_the_day_of_the_hospital(tmp_path: Path) -> None:
    # 23:00 UTC on 30 June is midnight of 1 July in a British summer.
    moment = pa.array([1_688_166_000_000_000], pa.timestamp("us", tz="UTC"))

    assert first_spell(tmp_path, spells(admitted_on=moment))["admitted_on"] == date(2023, 7, 1)


@pytest.mark.parametrize(
    "number", [pa.array([21.0]), pa.array([Decimal("21.00")], pa.decimal128(6, 2)), pa.array([21])], ids=str
)
def test_a_whole_number_held_in_any_type_is_the_code(tmp_path: Path, number: pa.Array) -> None:
    assert first_spell(tmp_path, spells(admission_method=number))["admission_method"] == "21"


def test_a_list_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"spells\.provider_code: 1 of 1 rows cannot be read as text"):
        first_spell(tmp_path, spells(provider_code=pa.array([["RL4"]])))


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    pq.write_table(spells(), tmp_path / "spells.parquet")
    (tmp_path / "patients.csv").write_text("patient_id,birth_month,sex,Sex\np1,1950-01-01,2,1\n")

    with pytest.raises(InputError, match=r"patients\.csv: columns 3 and 4 have the same name\."):
        read_records(tmp_path)


@pytest.mark.parametrize(
    "held",
    [
        pa.array([9.1e17]),
        pa.array([float("inf")]),
        pa.array([16_777_217.0], pa.float32()),
        pa.array([b"RL4"]),
        pa.array([{"code": "RL4"}]),
    ],
    ids=["a long code as a float", "infinity", "a long code as a short float", "bytes", "a structure"],
)
def test_what_a_type_cannot_hold_exactly_is_no_code(tmp_path: Path, held: pa.Array) -> None:
    with pytest.raises(InputError, match=r"spells\.provider_code: 1 of 1 rows cannot be read as text"):
        first_spell(tmp_path, spells(provider_code=held))


@pytest.mark.parametrize(
    "held",
    [pa.array(["RL4"]).dictionary_encode(), pa.array(["RL4"], pa.large_string())],
    ids=lambda held: str(held.type),
)
def test_text_is_text_however_it_is_stored(tmp_path: Path, held: pa.Array) -> None:
    assert first_spell(tmp_path, spells(provider_code=held))["provider_code"] == "RL4"


def test_a_decimal_wider_than_the_engine_holds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"spells\.parquet: column 6 is a decimal of 40 digits"):
        first_spell(tmp_path, spells(provider_code=pa.array([Decimal("1.00")], pa.decimal256(40, 2))))


def test_a_file_that_is_no_parquet_though_its_name_says_so_is_refused(tmp_path: Path) -> None:
    pq.write_table(spells(), tmp_path / "spells.parquet")
    (tmp_path / "patients.parquet").write_text("patient_id,birth_month,sex\np1,1950-01-01,2\n")

    with pytest.raises(InputError, match=r"patients\.parquet: is not a whole Parquet file"):
        read_records(tmp_path)


def test_a_truth_value_may_be_a_float_and_a_date_is_no_number(tmp_path: Path) -> None:
    pq.write_table(spells(), tmp_path / "spells.parquet")
    pq.write_table(PATIENTS.append_column("care_home", pa.array([1.0])), tmp_path / "patients.parquet")
    assert read_records(tmp_path).tables["patients"].care_home.to_pyarrow().to_pylist() == [True]

    pq.write_table(PATIENTS.append_column("imd_decile", pa.array([date(2019, 1, 1)])), tmp_path / "patients.parquet")
    with pytest.raises(InputError, match=r"patients\.imd_decile: 1 of 1 rows cannot be read as a whole number"):
        read_records(tmp_path)


def test_two_columns_of_one_name_of_a_parquet_file_are_refused(tmp_path: Path) -> None:
    pq.write_table(PATIENTS.append_column("Sex", pa.array(["1"])), tmp_path / "patients.parquet")
    pq.write_table(spells(), tmp_path / "spells.parquet")

    with pytest.raises(InputError, match=r"patients\.parquet: columns 3 and 4 have the same name\."):
        read_records(tmp_path)


@pytest.mark.parametrize(
    ("written", "day_format", "meant"),
    [
        ("1/2/2024", "%d/%m/%Y", date(2024, 2, 1)),
        ("01/02/24", "%d/%m/%Y", None),
        ("20240102", "%Y%m%d", date(2024, 1, 2)),
        ("2024112", "%Y%m%d", None),  # the 12th of January or the 2nd of November
        ("2401021", "%Y%m%d", None),
        ("2024-06-30T23:30:00+0000", "%Y-%m-%dT%H:%M:%S%z", date(2024, 7, 1)),
        ("01-Feb-2024", "%d-%b-%Y", date(2024, 2, 1)),
    ],
)
def test_a_format_says_how_many_digits_a_date_has(written: str, day_format: str, meant: date | None) -> None:
    cast = Cast(TABLES["spells"].column("admitted_on"), "VARCHAR", None, day_format)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = connection.execute(f"SELECT {cast.sql} FROM (SELECT ? AS admitted_on)", [written]).fetchone()  # noqa: S608

    assert found == (meant,)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-06-30T23:30:00Z", date(2024, 7, 1)),
        ("2024-06-30 23:30:00+05:30", date(2024, 6, 30)),
        ("2024-06-30 (BC)", None),
        ("2024-06-30 24:00:00", None),
        ("0000-01-01", None),
    ],
)
def test_a_moment_in_text_falls_on_the_day_of_the_hospital(written: str, meant: date | None) -> None:
    cast = Cast(TABLES["spells"].column("admitted_on"), "VARCHAR", None, None)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = connection.execute(f"SELECT {cast.sql} FROM (SELECT ? AS admitted_on)", [written]).fetchone()  # noqa: S608

    assert found == (meant,)
