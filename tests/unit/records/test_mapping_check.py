"""Checking a mapping: every rule's rows are counted, faults do not stop it, and nothing of a record is shown."""

import json
from pathlib import Path

import pytest

from vi_risk.errors import InputError, SpecificationError
from vi_risk.records.mapping_check import check_mapping
from vi_risk.records.mapping_report import MappingReport, SourceReport, TableReport

_PEOPLE = (
    "id,born,gender,kind\n"
    "a,01/06/1950,M,person\nb,01/01/1961,F,person\nc,zebra,F,person\nd,01/01/1970,zebra,person\n"
    "e,,F,person\nf,01/01/1990,M,test\n"
)
_STAYS = (
    "no,person,admitted,discharged,method\n"
    "1,a,2022-01-02,2022-01-05,21\n2,b,2022-02-02,,12\n2,b,2022-02-02,,12\n3,stranger,2022-03-02,,21\n"
)
_MAPPING = """
name = "site"
[sources]
known_stays = "SELECT * FROM STAYS JOIN PMI ON PMI.id = STAYS.person"
[tables.patients]
source = "PMI"
where = "kind = 'person'"
columns.patient_id = "id"
columns.birth_month = "born"
columns.sex = "gender"
values.sex = { M = "1", F = "2" }
formats.birth_month = "%d/%m/%Y"
[tables.spells]
source = "STAYS"
columns.spell_id = "no"
columns.patient_id = "person"
columns.admitted_on = "admitted"
columns.discharged_on = "discharged"
columns.admission_method = "method"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "extracts"
    place.mkdir()
    (place / "PMI.csv").write_text(_PEOPLE)
    (place / "STAYS.csv").write_text(_STAYS)
    return place


def checked(folder: Path, text: str = _MAPPING) -> MappingReport:
    file = folder.parent / "site.toml"
    file.write_text(text)
    report = check_mapping(folder, file)
    told = "\n".join([*report.lines(), json.dumps(report.to_dict())])
    assert "zebra" not in told
    assert "stranger" not in told
    return report


def table(report: MappingReport, name: str) -> TableReport:
    return next(table for table in report.tables if table.table == name)


def test_rows_are_counted_rule_by_rule(folder: Path) -> None:
    patients = table(checked(folder), "patients")

    assert (patients.rows_in, patients.rows_left_out, patients.rows_out) == (6, 1, 5)
    assert patients.unreadable == {"birth_month": 1}
    assert patients.unlisted == {"sex": 1}
    assert patients.empty == {"birth_month": 1}  # what cannot be read is not counted as empty as well
    assert patients.repeated == 0


def test_columns_are_told_as_mapped_and_not_mapped(folder: Path) -> None:
    report = checked(folder)

    assert table(report, "patients").mapped == ("patient_id", "birth_month", "sex")
    assert "died_on" in table(report, "patients").not_mapped
    assert "registrations" in report.tables_not_mapped


def test_repeated_keys_and_rows_of_nobody_are_counted(folder: Path) -> None:
    spells = table(checked(folder), "spells")

    assert spells.repeated == 2
    assert spells.without == {"patients": 1}
    assert [fault.split(". ")[0] for fault in spells.faults] == [
        "spells: 2 of 4 rows share their key (spell_id) with another"
    ]


def test_rows_that_a_join_drops_are_seen_in_the_source(folder: Path) -> None:
    source = checked(folder).sources[0]

    assert (source.name, source.rows, source.made_of) == ("known_stays", 3, {"PMI": 6, "STAYS": 4})


def test_faults_are_told_with_what_to_do_and_the_mapping_does_not_fit(folder: Path) -> None:
    report = checked(folder)

    assert not report.fits
    assert report.lines()[-1] == "4 faults to mend."
    assert (
        "patients.sex: 1 of 5 rows hold a value that the mapping's values.sex does not list."
        ' Add the value, or "*" for all others.'
    ) in table(report, "patients").faults


def test_a_mapping_that_is_half_written_is_checked_as_far_as_it_goes(folder: Path) -> None:
    text = _MAPPING.split("[tables.spells]")[0].replace('columns.sex = "gender"\n', "")
    text = "\n".join(line for line in text.splitlines() if not line.startswith("values"))

    report = checked(folder, text)

    patients = table(report, "patients")
    assert patients.required_missing == ("sex",)
    assert patients.rows_out == 5
    assert any("columns lacks sex" in fault for fault in patients.faults)
    assert "mapping: tables.spells is missing; a mapping makes at least patients and spells." in report.faults


def test_a_wrong_expression_does_not_hide_the_others(folder: Path) -> None:
    patients = table(checked(folder, _MAPPING.replace('"gender"', '"sex_code"')), "patients")

    assert patients.mapped == ("patient_id", "birth_month")
    assert patients.unreadable == {"birth_month": 1}
    assert any("columns.sex: Binder Error" in fault for fault in patients.faults)


def test_a_missing_and_a_damaged_file_do_not_hide_the_other_tables(folder: Path) -> None:
    (folder / "STAYS.csv").write_text(_STAYS + "zebra\n")
    damaged = checked(folder)
    (folder / "STAYS.csv").unlink()
    missing = checked(folder)

    assert table(damaged, "patients").rows_out == table(missing, "patients").rows_out == 5
    assert any("STAYS.csv: cannot be read as CSV" in fault for fault in table(damaged, "spells").faults)
    assert any("STAYS, which the mapping reads, is missing" in fault for fault in table(missing, "spells").faults)


def test_a_missing_file_that_several_tables_need_is_one_fault(folder: Path) -> None:
    (folder / "STAYS.csv").unlink()
    columns = '[tables.referrals]\nsource = "known_stays"\ncolumns.patient_id = "id"\n'
    text = _MAPPING + columns + 'columns.referred_on = "admitted"\ncolumns.service = "\'falls\'"\n'

    report = checked(folder, text)

    missing = [line for line in report.lines() if "STAYS, which the mapping reads, is missing" in line]
    assert len(missing) == 1
    assert missing[0].endswith("Add the file or mend the mapping. It stops spells and referrals.")
    assert report.lines()[-1] == "4 faults to mend."


def test_files_of_a_stack_that_lack_columns_are_told(folder: Path) -> None:
    (folder / "STAYS_OLD.csv").write_text("no,person,admitted,method\n4,a,2020-01-02,21\n")

    report = checked(folder, _MAPPING.replace('source = "STAYS"', 'source = "STAYS*"'))

    assert table(report, "spells").rows_in == 5
    assert report.sources[-1].lacking == ("STAYS_OLD lacks discharged",)


def test_a_mapping_that_fits_says_so(folder: Path) -> None:
    (folder / "PMI.csv").write_text("id,born,gender,kind\na,01/06/1950,M,person\n")
    (folder / "STAYS.csv").write_text("no,person,admitted,discharged,method\n1,a,2022-01-02,2022-01-05,21\n")

    report = checked(folder)

    assert report.fits
    assert report.lines()[-1] == "The mapping fits: these records can be read."


def test_a_table_that_is_mapped_and_would_be_empty_is_told_before_the_verdict() -> None:
    report = MappingReport(
        mapping="site",
        records="records",
        sources=(SourceReport("concepts", 0, {}), SourceReport("coded", 0, {"concepts": 0, "conditions": 16_441})),
        tables=(TableReport("diagnoses", "coded"), TableReport("objections", "coded")),
        tables_not_mapped=(),
    )

    said = "But diagnoses would have no row, and their features would be missing."
    assert report.lines()[-3] == f"{said} No file was found for the source concepts."


def test_canonical_records_are_checked_without_a_mapping(tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text("patient_id,sex\na,1\n")

    report = check_mapping(tmp_path, "canonical")

    assert table(report, "patients").required_missing == ("birth_month",)
    assert any("spells is missing. Expected spells.parquet" in fault for fault in report.faults)
    assert not report.fits


def test_a_report_is_plain_values(folder: Path) -> None:
    whole = json.loads(json.dumps(checked(folder).to_dict()))

    assert whole["fits"] is False
    assert whole["tables"][0]["table"] == "patients"


def test_what_is_no_mapping_or_no_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SpecificationError, match="is not a known key"):
        checked(folder, _MAPPING + 'wher = "true"\n')
    with pytest.raises(InputError, match="no such folder"):
        check_mapping(tmp_path / "nowhere", "nhs_hes")
