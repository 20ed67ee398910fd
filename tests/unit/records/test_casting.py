"""What a Parquet file's own types become, where they are not the canonical ones."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vi_risk.errors import InputError
from vi_risk.records.mapping import TableMapping
from vi_risk.records.reading import read_records

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

    with pytest.raises(InputError, match=r"patients\.csv: has two columns sex\. Name each column once\."):
        read_records(tmp_path)


@pytest.mark.parametrize("expression", ["*", "unnest([1, 2])", "now()", "current_date", "random()", "max(sex)"])
def test_an_expression_is_one_value_of_one_row_whenever_it_is_asked(expression: str) -> None:
    plan = {"source": "spells", "columns": {"spell_id": expression}}

    with pytest.raises(ValueError, match=r"columns\.spell_id is not one SQL expression"):
        TableMapping.model_validate(plan)
