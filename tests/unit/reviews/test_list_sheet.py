from datetime import date
from pathlib import Path

import pytest
from openpyxl.workbook import Workbook

from tests.unit.reviews.filling import book_of, fill, places_of, saved
from vi_risk.errors import InputError
from vi_risk.reviews.returned import Returned, read_returned

ACCEPT = {"Decision": "accept"}


def read(book: Workbook, folder: Path) -> Returned:
    return read_returned(saved(book, folder / "back.xlsx"), reviewed_on=date(2025, 11, 11))


@pytest.mark.parametrize("answers", [{"P-0001": ACCEPT}, {}])
def test_decisions_in_a_copy_of_the_sheet_are_told_and_both_sheets_named(
    tmp_path: Path, answers: dict[str, dict[str, str]]
) -> None:
    book = fill(book_of(), answers)
    copy = book.copy_worksheet(book["Case list"])
    copy.title = "Meeting 2"
    copy.insert_rows(1)
    copy.cell(5, places_of(copy, 2)["Decision"], "defer")
    with pytest.raises(
        InputError, match='found some in sheet "Meeting 2", which has the headings of sheet "Case list"'
    ):
        read(book, tmp_path)


def test_a_copy_without_answers_is_no_fault(tmp_path: Path) -> None:
    book = book_of()
    book.copy_worksheet(book["Case list"]).title = "Blank"
    assert len(read(fill(book, {"P-0001": ACCEPT}), tmp_path).decided) == 1


def test_a_copy_alone_is_read(tmp_path: Path) -> None:
    book = fill(book_of(), {"P-0001": ACCEPT})
    book.copy_worksheet(book["Case list"]).title = "Meeting 2"
    del book["Case list"]
    [decided] = read(book, tmp_path).decided
    assert decided.where == 'back.xlsx: sheet "Meeting 2", row 2'


def test_a_sheet_of_the_team_that_names_patients_and_plans_is_left_alone(tmp_path: Path) -> None:
    book = fill(book_of(), {"P-0001": ACCEPT})
    notes = book.create_sheet("To do")
    for row in (("Patient", "Owner", "Plan"), ("P-0001", "GP", "ring")):
        notes.append(row)
    assert len(read(book, tmp_path).decided) == 1


@pytest.mark.parametrize(("rows", "told"), [(9, None), (10, "in one of its first 10 rows, found none of them there")])
def test_headings_too_far_down_are_told_of_the_sheet_of_the_list(tmp_path: Path, rows: int, told: str | None) -> None:
    book = fill(book_of(), {"P-0001": ACCEPT})
    book["Case list"].insert_rows(1, rows)
    if told is None:
        assert len(read(book, tmp_path).decided) == 1
        return
    with pytest.raises(InputError, match=rf'^back.xlsx: sheet "Case list": expected the columns "Patient", .* {told}'):
        read(book, tmp_path)
