"""What is looked for: read from extracts and lists, with what stands everywhere left out."""

from pathlib import Path

import pandas as pd
import pytest

from vi_risk.errors import InputError
from vi_risk.leaks.identifiers import Identifiers, read_identifiers

EXTRACT = pd.DataFrame(
    {
        "patient_id": ["pxph4d7mzqkoztibm", "943 476 5919"],
        "NHS_NUMBER": ["943 476 5919", "9990000034"],
        "SURNAME": ["Sekretname", "Li"],
        "POSTCODE": ["ls14ab", "LS1 4AB"],
        "DATE_OF_BIRTH": ["1950-06-12", "1950-06-13"],
        "SEX": ["male", "female"],
        "practice_name": ["High Street Surgery", "High Street Surgery"],
    }
)
SECRETS = ({"9434765919", "9990000034"}, {"LS1 4AB"}, {"Sekretname"})


def _kinds(found: Identifiers) -> tuple[set[str], set[str], set[str]]:
    return set(found.numbers), set(found.postcodes), set(found.others)


def test_of_an_extract_only_columns_that_identify_are_looked_for(tmp_path: Path) -> None:
    EXTRACT.to_csv(tmp_path / "PMI.csv", index=False)
    EXTRACT.to_parquet(tmp_path / "PMI.parquet")
    assert _kinds(read_identifiers(tmp_path / "PMI.csv")) == SECRETS
    assert _kinds(read_identifiers(tmp_path / "PMI.parquet")) == SECRETS


def test_of_a_text_file_each_line_is_looked_for(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("943 476 5919\n9990000034\r\nls14ab\n\n Sekretname \n", encoding="utf-8-sig")
    assert _kinds(read_identifiers(tmp_path / "list.txt")) == SECRETS


def test_dates_and_short_texts_are_passed_over_and_counted() -> None:
    found = Identifiers.of(["1950-06-12", "12/06/1950", "1950-06-12 00:00:00", "Li", "O'B", "", "Long"])
    assert (found.others, found.passed_over) == ({"Long"}, 5)


def test_printing_identifiers_shows_none_of_them() -> None:
    found = Identifiers.of(["9434765919", "LS1 4AB", "Sekretname"])
    assert repr(found) == "Identifiers(passed_over=0)"


def test_a_number_without_a_right_check_digit_is_looked_for_all_the_same() -> None:
    assert Identifiers.of(["9434765918"]).others == {"9434765918"}


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("none.csv", b"SEX,AGE\nmale,8\n", "holds nothing to look for"),
        ("none.txt", b"\n\n", "holds nothing to look for"),
        ("bytes.txt", b"\xff\xfe\x00\x81", "is neither text in UTF-8 nor a table"),
        ("broken.parquet", b"PAR1Sekretname", "is neither text in UTF-8 nor a table"),
    ],
)
def test_a_file_of_which_nothing_can_be_looked_for_is_refused(
    name: str, content: bytes, expected: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=expected) as told:
        read_identifiers(tmp_path / name)
    assert "Sekretname" not in str(told.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere.csv: cannot be read \(No such file or directory\)"):
        read_identifiers(tmp_path / "nowhere.csv")
