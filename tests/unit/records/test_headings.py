"""Header lines: what the engine would mend in silence is refused, and no name of a column is shown."""

from pathlib import Path

import pytest

from vi_risk.errors import InputError
from vi_risk.records.headings import csv_heading, fit_together, header_line


def test_a_heading_is_the_names_in_lower_case_without_space_around() -> None:
    assert csv_heading(' Patient_ID, "Sex ",', ",", "a.csv") == ("patient_id", "sex", "column2")


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("", "a.csv: has no header line first"),
        ("id,sex, SEX", "a.csv: columns 2 and 3 have the same name"),
        ("id,,column1", "a.csv: columns 2 and 3 have the same name"),
        ("zebra,1950-06-01,M", "a.csv: has a number or a date where the name of column 2 is expected"),
        ("zebra,01-Jan-1950,M", "a.csv: has a number or a date where the name of column 2 is expected"),
        ("zebra,x,7", "a.csv: has a number or a date where the name of column 3 is expected"),
        (f"{'x' * 200_000},zebra", "a.csv: its header line cannot be read"),
    ],
)
def test_a_first_line_that_is_no_header_is_refused_and_not_shown(header: str, says: str) -> None:
    with pytest.raises(InputError) as refused:
        csv_heading(header, ",", "a.csv")

    assert str(refused.value).startswith(says)
    assert "zebra" not in str(refused.value)


def test_names_that_begin_with_a_number_are_names() -> None:
    assert csv_heading("30_day_readmission,4AT,imd_2019", ",", "a.csv")[0] == "30_day_readmission"


def test_a_header_line_ends_outside_quotes_and_its_bytes_need_not_be_utf8(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'\xef\xbb\xbf"a\nb",caf\xe9\r\n1,2\r\n')

    assert header_line(path) == '"a\nb",caf\udce9'


def test_a_header_line_without_an_end_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'"' + b"a\n" * 3_000_000)

    assert len(header_line(path)) < 3_000_000


def test_parts_with_other_columns_are_refused_wherever_they_stand() -> None:
    one, two = (Path("spells/a.csv"), "spells/a.csv", ("id", "day")), (Path("spells/b.csv"), "spells/b.csv", ("id",))

    fit_together("spells", [one, one])
    for parts, says in (
        ([one, two], r"spells/b\.csv: lacks 1 of the columns of spells/a\.csv and has 0"),
        ([two, one], r"spells/a\.csv: lacks 0 of the columns of spells/b\.csv and has 1"),
    ):
        with pytest.raises(InputError, match=says):
            fit_together("spells", parts)


def test_a_folder_named_like_a_column_is_refused() -> None:
    part = (Path("patients/Sex=1/a.csv"), "patients/a.csv", ("patient_id", "sex"))

    with pytest.raises(InputError, match=r"patients/a\.csv: lies in a folder sex=\.\.\. and has a column"):
        fit_together("patients", [part])
