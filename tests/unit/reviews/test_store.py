import os
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.unit.identity.people import NUMBERS
from vi_risk.errors import InputError, ResourceError, UsageError
from vi_risk.reviews.store import REVIEW_COLUMNS, read_reviews, write_reviews

REVIEW: dict[str, Any] = {
    "patient_id": "P-1",
    "reviewed_on": date(2025, 11, 11),
    "decision": "accepted",
    "owner": None,
    "plan": '=1+1, "quoted"\nمرحبا',  # noqa: RUF001 -- Arabic
    "review_on": None,
    "recorded_on": date(2025, 11, 11),
    "outcome_code": None,
    "decided_by": "Dr Rao",
    "practice_code": "0012",
    "index_date": date(2025, 11, 1),
    "model_version": "v",
    "list_id": "l",
    "themes": "",
}
ENDINGS = ("parquet", "csv")


def reviews(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{**REVIEW, **row} for row in rows], columns=list(REVIEW_COLUMNS), dtype=object)


@pytest.mark.parametrize("ending", ENDINGS)
def test_reviews_come_back_as_they_were_written(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "new folder" / f"reviews.{ending}"
    write_reviews(
        reviews({}, {"patient_id": "P-2", "owner": "GP", "review_on": date(2026, 1, 1), "themes": "a; b"}), path
    )
    found = read_reviews(path)
    first, second = found.to_dict("records")
    assert {**first, "themes": first["themes"] or ""} == REVIEW
    assert (second["owner"], second["review_on"], second["themes"]) == ("GP", date(2026, 1, 1), "a; b")


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_reviews_in_any_order_are_the_same_bytes(tmp_path: Path, ending: str) -> None:
    path, rows = tmp_path / f"reviews.{ending}", reviews({}, {"patient_id": "P-2"})
    write_reviews(rows, path)
    before = path.read_bytes()
    write_reviews(rows.iloc[::-1], path)
    assert path.read_bytes() == before
    write_reviews(read_reviews(path), path)
    assert read_reviews(path).equals(read_reviews(path))
    assert path.read_bytes() == before


def test_no_cell_of_the_csv_is_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    write_reviews(reviews({"plan": "=cmd", "owner": "'=cmd"}), path)
    assert ",'=cmd," in path.read_text(encoding="utf-8-sig")
    [review] = read_reviews(path).to_dict("records")
    assert (review["plan"], review["owner"]) == ("=cmd", "'=cmd")


def test_no_file_yet_is_no_reviews(tmp_path: Path) -> None:
    found = read_reviews(tmp_path / "reviews.parquet")
    assert (list(found.columns), len(found)) == (list(REVIEW_COLUMNS), 0)


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"expected a file that ends in .parquet or .csv"):
        read_reviews(tmp_path / "reviews.xlsx")


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("content", [b"", b"\x00\xff\x00", b"patient_id,decision\nsekret,1917\n", b"PAR1sekretPAR1"])
def test_a_damaged_file_is_told_without_its_content(tmp_path: Path, ending: str, content: bytes) -> None:
    path = tmp_path / f"reviews.{ending}"
    path.write_bytes(content)
    with pytest.raises(InputError) as told:
        read_reviews(path)
    assert "sekret" not in str(told.value)
    assert "vi-risk reviews import" in str(told.value)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([{}, {}], "patient_id, reviewed_on: 1 rows tell of a person and a day again"),
        ([{"decision": "sekret"}], "decision: 1 of 1 rows are none of accepted"),
        ([{"outcome_code": "sekret"}], "outcome_code: 1 of 1 rows are none of under_way"),
        ([{"patient_id": None}], "patient_id: 1 of 1 rows have none"),
    ],
)
def test_rows_that_no_import_wrote_are_told(tmp_path: Path, rows: list[dict[str, Any]], says: str) -> None:
    path = tmp_path / "reviews.parquet"
    write_reviews(reviews(*rows), path)
    with pytest.raises(InputError, match=says) as told:
        read_reviews(path)
    assert "sekret" not in str(told.value)


def test_a_place_that_cannot_be_written_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "reviews.csv"
    write_reviews(reviews({}), path)
    before = path.read_bytes()

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ResourceError, match="No space left"):
        write_reviews(reviews({}, {"patient_id": "P-2"}), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_dates_that_a_spreadsheet_rewrote_are_refused_rather_than_guessed(tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    write_reviews(reviews({}), path)
    path.write_text(path.read_text(encoding="utf-8-sig").replace("2025-11-11", "11/12/2025"), encoding="utf-8-sig")
    with pytest.raises(InputError, match=r"reviewed_on: expected dates as 2025-12-31, found others"):
        read_reviews(path)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_new_file_is_its_owners_alone_and_one_that_was_shared_stays_shared(tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    write_reviews(reviews({}), path)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o660)
    write_reviews(reviews({}), path)
    assert path.stat().st_mode & 0o777 == 0o660


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    ("column", "written", "found"),
    [
        ("plan", "ring about 943 476 5919", "an NHS number"),
        ("owner", "matron at SW1A 9AA", "a postcode"),
        ("decided_by", "9434765919", "an NHS number"),
        ("themes", "falls; 9434765919", "an NHS number"),
        ("list_id", "943 476 5919", "an NHS number"),
        ("model_version", "SW1A 9AA", "a postcode"),
    ],
)
def test_what_a_hand_wrote_into_the_file_names_nobody(
    tmp_path: Path, ending: str, column: str, written: str, found: str
) -> None:
    path = tmp_path / f"reviews.{ending}"
    write_reviews(reviews({column: written}, {"patient_id": "P-2"}, {"patient_id": "P-3", column: written}), path)
    with pytest.raises(InputError) as refused:
        read_reviews(path)
    told = f"{path}: {column}: 2 of 3 rows hold {found}. Take it out; the pseudonym says who it is."
    assert str(refused.value) == told


def test_one_nhs_number_in_the_place_of_a_pseudonym_is_told(tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    write_reviews(reviews({"patient_id": NUMBERS[0]}, {"patient_id": "P-2"}), path)
    with pytest.raises(InputError, match="patient_id: holds NHS numbers, 1 of them") as refused:
        read_reviews(path)
    assert NUMBERS[0] not in str(refused.value)


def test_nhs_numbers_with_a_letter_before_are_told_from_three_people_on(tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    write_reviews(reviews(*({"patient_id": f"P{number}"} for number in NUMBERS[:2])), path)
    assert len(read_reviews(path)) == 2  # local numbers may pass the check digit by chance
    write_reviews(reviews(*({"patient_id": f"P{number}"} for number in NUMBERS[:3])), path)
    with pytest.raises(InputError, match="patient_id: holds NHS numbers, 3 of them") as refused:
        read_reviews(path)
    assert not any(number in str(refused.value) for number in NUMBERS)
