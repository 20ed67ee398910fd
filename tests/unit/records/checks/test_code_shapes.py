"""Codes without the shape of their system are counted by system, and none is shown."""

from datetime import date
from typing import Any

import pytest

from vi_risk.records.checks.code_shapes import code_findings
from vi_risk.records.checks.findings import Finding
from vi_risk.records.tables import TABLES

DAY = date(2024, 1, 2)


def findings(make_records: Any, table: str, *rows: dict[str, Any]) -> list[Finding]:
    records = make_records(patients=[{"patient_id": "p"}], **{table: list(rows)})
    return list(code_findings(TABLES[table], records.tables[table], set(records.tables[table].columns)))


def entry(system: str, code: str) -> dict[str, Any]:
    return {"patient_id": "p", "event_on": DAY, "code_system": system, "code": code}


SHAPES = [
    ("diagnoses", "code", ["I50", "I50.0", "i501", "I50X", "F00.0D", "G301*", "S72.001A", "C4A", "M47.8-", " I50 "]),
    ("procedures", "code", ["W37", "W37.1", "w371", "K40-"]),
    ("prescriptions", "bnf_code", ["0208", "0208020V0", "0208020V0AAABAB", "210109000BBCAA0"]),
    ("prescriptions", "dmd_code", ["319775004", "39113611000001102"]),
]
ODD = [
    ("diagnoses", "code", ["-", "", "I5", "428.0", "4280", "I50.0 I10", "heart failure", "I500000000"]),
    ("procedures", "code", ["-", "&", "W3", "W3712", "hip"]),
    ("prescriptions", "bnf_code", ["02.08.02", "2.8", "aspirin 75mg", "0208020V0AAABABX"]),
    ("prescriptions", "dmd_code", ["3.9E+16", "12345", "1234567890123456789"]),
]


def row(table: str, column: str, code: str, number: int) -> dict[str, Any]:
    if table == "prescriptions":
        return {"patient_id": "p", "issued_on": DAY, "bnf_code": "0208", column: code}
    return {"spell_id": "s", "position": number, column: code}


@pytest.mark.parametrize(("table", "column", "codes"), SHAPES)
def test_codes_as_sites_write_them_have_their_shape(
    make_records: Any, table: str, column: str, codes: list[str]
) -> None:
    rows = [row(table, column, code, number) for number, code in enumerate(codes, start=1)]
    assert findings(make_records, table, *rows) == []


@pytest.mark.parametrize(("table", "column", "codes"), ODD)
def test_what_has_not_the_shape_of_a_code_is_counted(
    make_records: Any, table: str, column: str, codes: list[str]
) -> None:
    rows = [row(table, column, code, number) for number, code in enumerate(codes, start=1)]
    (found,) = findings(make_records, table, *rows, row(table, column, SHAPES_OF[table, column], 99))
    assert (found.column, found.severity) == (column, "warning")
    assert (found.rows, found.of) == (len(codes), len(codes) + 1)


SHAPES_OF = {(table, column): codes[0] for table, column, codes in SHAPES}


def test_entries_of_the_practice_are_told_by_their_code_system(make_records: Any) -> None:
    sound = [entry("snomed", "84114007"), entry("read2", "C10.."), entry("read2", "C10..00"), entry("ctv3", "X40J4")]
    odd = [entry("snomed", "8.41E+07"), entry("snomed", "C10.."), entry("read2", "C10"), entry("ctv3", "C10..00")]

    found = findings(make_records, "gp_events", *sound, *odd)

    assert [str(finding) for finding in found] == [
        "gp_events.code: 2 of 3 rows: not of the shape of a SNOMED CT code",
        "gp_events.code: 1 of 3 rows: not of the shape of a Read version 2 code",
        "gp_events.code: 1 of 2 rows: not of the shape of a Clinical Terms version 3 code",
    ]


def test_a_row_counts_as_often_as_it_is_there_and_null_is_no_code(make_records: Any) -> None:
    rows = [row("diagnoses", "code", "-", 1), row("diagnoses", "code", "-", 2), row("diagnoses", "code", None, 3)]  # type: ignore[arg-type]
    (found,) = findings(make_records, "diagnoses", *rows)
    assert (found.rows, found.of) == (2, 2)


def test_nothing_is_asked_of_a_table_without_codes_or_a_column_that_is_not_sound(make_records: Any) -> None:
    records = make_records(patients=[{"patient_id": "p"}], gp_events=[entry("snomed", "-")])
    assert list(code_findings(TABLES["patients"], records.tables["patients"], {"patient_id"})) == []
    assert list(code_findings(TABLES["gp_events"], records.tables["gp_events"], {"code"})) == []
