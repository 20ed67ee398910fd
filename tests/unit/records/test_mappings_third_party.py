"""The shipped mappings on records that others made, where VI_RISK_DATA names the folder that holds them."""

import os
from pathlib import Path

import pytest

from vi_risk.records.checks import check_records
from vi_risk.records.linked import Records
from vi_risk.records.mapping_check import check_mapping
from vi_risk.records.reading import read_records


def place(name: str) -> Path:
    """Return one of the folders; skip where it is not there."""
    data = os.environ.get("VI_RISK_DATA")
    if not data:
        pytest.skip("VI_RISK_DATA names no folder of third-party records")
    folder = Path(data) / name
    if not folder.is_dir():
        pytest.skip(f"{name} is not in the folder that VI_RISK_DATA names")
    return folder


def emergencies(records: Records) -> int:
    spells = records.tables["spells"]
    return int(spells.filter(spells.admission_method == "21").count().to_pyarrow().as_py())


@pytest.mark.parametrize(
    ("name", "mapping", "patients", "spells"),
    [
        ("clinosim_us3000", "clinosim", 2597, 729),
        ("psynthea_gmf", "synthea_csv", 3000, 992),
        ("omop_gibleed_eunomia", "omop_5_3", 2694, 1037),
        ("real_mimic_iv_demo/omop", "omop_5_3", 100, 167),
    ],
)
def test_a_mapping_reads_the_records_that_it_was_written_for(
    name: str, mapping: str, patients: int, spells: int
) -> None:
    folder = place(name)

    report = check_mapping(folder, mapping)
    records = read_records(folder, mapping=mapping)

    assert report.fits, report.lines()
    made = {table.table: table.rows_out for table in report.tables if table.rows_out}
    assert made == {table: int(rows.count().to_pyarrow().as_py()) for table, rows in records.tables.items()}
    assert (made["patients"], made["spells"]) == (patients, spells)
    assert not check_records(records).errors


def test_orphan_observation_periods_are_nobodys_registration() -> None:
    folder = place("omop_gibleed_eunomia")

    report = check_mapping(folder, "omop_5_3")

    source = next(source for source in report.sources if source.name == "first_periods")
    assert source.made_of["periods"] == 5343
    assert source.rows == 2694
    assert next(table for table in report.tables if table.table == "registrations").without == {}


def test_most_stays_of_the_real_demo_came_through_an_emergency_room() -> None:
    records = read_records(place("real_mimic_iv_demo/omop"), mapping="omop_5_3")

    assert emergencies(records) == 154
    assert "diagnoses" not in records.tables  # no vocabulary comes with it to tell ICD-9 from ICD-10


def test_repeated_encounters_of_synthea_modules_count_once() -> None:
    report = check_mapping(place("psynthea_gmf"), "synthea_csv")

    source = next(source for source in report.sources if source.name == "distinct_encounters")
    assert (source.made_of["encounters"], source.rows) == (68607, 68299)
