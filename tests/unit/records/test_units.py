"""Units: values become the record's own by hand-worked figures; what no rule knows stays as it is and is counted."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from vi_risk.records.mapping import Mapping
from vi_risk.records.mapping_check import check_mapping
from vi_risk.records.reading import read_records

HBA1C, CREATININE, GLUCOSE, SODIUM = "999791000000106", "1000731000000107", "1010671000000102", "1000661000000107"
RULES: list[dict[str, Any]] = [
    {"from": ["%", "per cent"], "codes": [HBA1C], "to": "mmol/mol", "factor": 10.929, "offset": -23.49735},
    {"from": "mg/dL", "codes": [CREATININE], "to": "umol/L", "factor": 88.42},
    {"from": "mg/dL", "codes": [GLUCOSE], "to": "mmol/L", "factor": 0.0555},
    {"from": "lb", "to": "kg", "factor": 0.45359237},
]


def mapping_of(rules: list[dict[str, Any]], **more: Any) -> Mapping:
    columns = {
        "patients": ("patient_id", "birth_month", "sex"),
        "spells": ("spell_id", "patient_id", "admitted_on", "discharged_on", "admission_method"),
        "gp_events": ("patient_id", "event_on", "code_system", "code", "value", "unit"),
    }
    tables: dict[str, Any] = {
        name: {"source": name, "columns": {c: c for c in names}} for name, names in columns.items()
    }
    tables["gp_events"] |= {"units": rules} | more
    return Mapping.model_validate({"name": "site", "tables": tables})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "patients.csv").write_text("patient_id,birth_month,sex\np1,1950-06-01,1\n")
    (tmp_path / "spells.csv").write_text(
        "spell_id,patient_id,admitted_on,discharged_on,admission_method\ns1,p1,2024-01-02,2024-01-05,21\n"
    )
    return tmp_path


def measured(folder: Path, *entries: tuple[str, str, str]) -> list[tuple[float | None, str | None]]:
    """Return value and unit of (code, value, unit) as they are read, in order."""
    lines = [f"p1,2024-01-{day:02d},snomed,{','.join(entry)}" for day, entry in enumerate(entries, start=1)]
    (folder / "gp_events.csv").write_text(
        "\n".join(["patient_id,event_on,code_system,code,value,unit", *lines]) + "\n", encoding="utf-8"
    )
    found = read_records(folder, mapping=mapping_of(RULES)).tables["gp_events"].order_by("event_on")
    return [(row["value"], row["unit"]) for row in found.to_pyarrow().to_pylist()]


def test_hba1c_in_per_cent_becomes_mmol_per_mol(folder: Path) -> None:
    # 10.929 * (x - 2.15): 6.5 % is 47.54, the threshold of diabetes, which is told as 48 mmol/mol; 9 % is 74.86.
    (low, unit), (high, _) = measured(folder, (HBA1C, "6.5", "%"), (HBA1C, "9", " per cent "))

    assert unit == "mmol/mol"
    assert low == pytest.approx(47.54115)
    assert high == pytest.approx(74.86365)


def test_what_a_mg_per_dl_is_depends_on_what_was_measured(folder: Path) -> None:
    found = measured(folder, (CREATININE, "1.2", "mg/dL"), (GLUCOSE, "100", "mg/dL"))

    assert found == [(pytest.approx(106.104), "umol/L"), (pytest.approx(5.55), "mmol/L")]


def test_a_rule_without_codes_holds_for_every_entry(folder: Path) -> None:
    assert measured(folder, ("27113001", "200", "lb")) == [(pytest.approx(90.718474), "kg")]


def test_what_no_rule_knows_stays_as_it_is_written(folder: Path) -> None:
    entries = [(HBA1C, "48", "mmol/mol"), (SODIUM, "98", "%"), (CREATININE, "80", ""), (CREATININE, "7", "mg%")]

    assert measured(folder, *entries) == [(48.0, "mmol/mol"), (98.0, "%"), (80.0, None), (7.0, "mg%")]


def test_what_stays_in_an_unknown_unit_or_without_one_is_counted_and_not_shown(folder: Path) -> None:
    measured(
        folder,
        (HBA1C, "6.5", "%"),
        (HBA1C, "48", "mmol/mol"),
        (SODIUM, "98", "%"),
        (CREATININE, "80", ""),
        (CREATININE, "7", "zebra"),
        (CREATININE, "", "zebra"),  # nothing was measured
    )

    report = check_mapping(folder, mapping_of(RULES))

    events = next(table for table in report.tables if table.table == "gp_events")
    assert events.kept_units == 3
    assert "  kept in a unit that units does not know, or without one: 3 rows" in report.lines()
    assert not any("zebra" in line for line in report.lines())
    assert report.fits


def test_a_value_that_cannot_be_read_is_counted_as_that_and_not_converted(folder: Path) -> None:
    (folder / "gp_events.csv").write_text(
        f"patient_id,event_on,code_system,code,value,unit\np1,2024-01-01,snomed,{HBA1C},six,%\n"
    )

    report = check_mapping(folder, mapping_of(RULES))

    events = next(table for table in report.tables if table.table == "gp_events")
    assert events.unreadable == {"value": 1}


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ({"from": [], "to": "kg"}, "from names no unit"),
        ({"from": " ", "to": "kg"}, "from names no unit"),
        ({"from": "lb", "to": "kg", "factor": 0.0}, "factor is 0"),
        ({"from": "lb", "to": "kg", "factor": float("nan")}, "finite number"),
        ({"from": "lb"}, "Field required"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(rule: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        mapping_of([rule])


def test_units_need_value_unit_and_code() -> None:
    with pytest.raises(ValidationError, match="units needs the columns value, unit and code to be mapped"):
        mapping_of(RULES, columns={"patient_id": "a", "event_on": "b", "code_system": "c", "code": "d", "value": "e"})
