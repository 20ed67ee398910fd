from pathlib import Path

import pandas as pd
import pytest

from vi_risk.errors import GovernanceError
from vi_risk.identity.identifying_columns import (
    identifying,
    refuse_identifying_columns,
    refuse_identifying_files,
)
from vi_risk.records.readable import READABLE

LOOKS = "looks as if it told who somebody is"


@pytest.mark.parametrize(
    "column",
    [
        *("forename", "Surname", "PATIENT_NAME", "name", "FirstName", "family name", "address_line_1", "homeAddress"),
        *("dob", "DateOfBirth", "DATE_OF_BIRTH", "date of birth", "postcode", "PostCode", "home_post_code", "pcds"),
        *("nhs_number", "NHSNumber", "NHS_NO", "NEWNHSNO", "telephone", "mobile_phone", "email_address", "e-mail"),
    ],
)
def test_a_column_that_tells_who_somebody_is_is_known_by_its_name(column: str) -> None:
    assert list(identifying([column])) == [column]


@pytest.mark.parametrize(
    "column",
    ["sex", "admitted_on", "practice_name", "GP_POSTCODE", "provider_code", "birth_month", "drug_name", "", "数"],
)
def test_other_columns_are_not(column: str) -> None:
    assert identifying([column]) == {}


def test_no_canonical_column_of_a_person_looks_identifying() -> None:
    named = {table.name: list(identifying(table.column_names)) for table in READABLE.values()}
    assert {table: columns for table, columns in named.items() if columns} == {"practices": ["name"]}


def test_all_columns_are_told_at_once_each_with_what_may_stand_there() -> None:
    with pytest.raises(GovernanceError) as refused:
        refuse_identifying_columns(
            {"patients": ["patient_id", "DOB", "postcode"], "practices": ["name"], "gp_events": ["nhs_number"]}
        )
    assert str(refused.value).splitlines() == [
        f"patients.DOB: {LOOKS}; give birth_month, the first day of the month, in its place.",
        f"patients.postcode: {LOOKS}; give lsoa, the area in which it lies, in its place.",
        f"gp_events.nhs_number: {LOOKS}; make it patient_id, and pseudonymise that (vi-risk pseudonymise).",
    ]


def test_tables_that_no_run_reads_are_not_looked_at() -> None:
    refuse_identifying_columns({"staff": ["surname"], "practices": ["name", "practice_code"]})


def test_the_files_of_a_folder_are_looked_at(tmp_path: Path) -> None:
    row = {"patient_id": ["p"], "birth_month": ["1950-01-01"], "sex": ["1"]}
    pd.DataFrame(row).to_csv(tmp_path / "patients.csv", index=False)
    refuse_identifying_files(tmp_path)
    pd.DataFrame({**row, "Surname": ["sekret"]}).to_csv(tmp_path / "patients.csv", index=False)
    with pytest.raises(GovernanceError, match=r"^patients\.Surname: looks as if it told who somebody is; leave it out"):
        refuse_identifying_files(tmp_path)
