from datetime import date
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from tests.unit.caselists.example_lists import example_list
from tests.unit.reviews.filling import book_of, fill, filled, places_of, saved
from vi_risk.caselists.packs.identity import identity_of
from vi_risk.errors import InputError
from vi_risk.reviews.returned import Returned, read_returned

MEETING = date(2025, 11, 11)
ACCEPT = {"Decision": "accept", "Owner": "GP", "Plan": "home visit", "Review on": "31/12/2025"}


def read(path: Path) -> Returned:
    return read_returned(path, reviewed_on=MEETING)


def test_what_was_decided_comes_back_with_who_and_which_list(tmp_path: Path) -> None:
    found = read(filled(tmp_path / "M92001.xlsx", {"P-0003": {**ACCEPT, "Outcome": "under way"}}))
    assert found.identity == identity_of(example_list())
    [decided] = found.decided
    assert decided.patient.patient_id == "P-0003"
    assert decided.patient.themes[0] == "emergency admissions"
    assert decided.content == ("accepted", "GP", "home visit", date(2025, 12, 31), "under_way")
    assert decided.where == 'M92001.xlsx: sheet "Case list", row 4'
    assert (len(found.empty), found.without_row) == (5, 0)


def test_rows_may_be_in_another_order_hidden_or_gone(tmp_path: Path) -> None:
    book = fill(book_of(), {"P-0003": ACCEPT, "P-0006": {"Decision": "defer"}})
    sheet = book["Case list"]
    third, sixth = ([cell.value for cell in sheet[row]] for row in (4, 7))
    for place, (one, other) in enumerate(zip(third, sixth, strict=True), start=1):
        sheet.cell(4, place, other)
        sheet.cell(7, place, one)
    sheet.row_dimensions[7].hidden = True  # by a filter
    sheet.delete_rows(2)
    found = read(saved(book, tmp_path / "back.xlsx"))
    assert {decided.patient.patient_id: decided.decision for decided in found.decided} == {
        "P-0003": "accepted",
        "P-0006": "deferred",
    }
    assert found.without_row == 1


def test_columns_may_be_moved_added_or_left_out_and_rows_put_above(tmp_path: Path) -> None:
    book = fill(book_of(), {"P-0002": ACCEPT})
    sheet = book["Case list"]
    sheet.delete_cols(places_of(sheet)["Why (all: sheet Patients)"])
    sheet.insert_cols(1)
    sheet.cell(1, 1, "Notes of the meeting")
    sheet.insert_rows(1, 2)
    sheet.cell(1, 1, "MDT of 11 November")
    found = read(saved(book, tmp_path / "back.xlsx"))
    assert [decided.content for decided in found.decided] == [
        ("accepted", "GP", "home visit", date(2025, 12, 31), None)
    ]
    assert found.decided[0].where == 'back.xlsx: sheet "Case list", row 5'


def test_the_sheet_of_the_list_may_have_another_name(tmp_path: Path) -> None:
    book = fill(book_of(), {"P-0002": ACCEPT})
    book["Case list"].title = "Done"
    assert len(read(saved(book, tmp_path / "back.xlsx")).decided) == 1


def test_a_plan_that_begins_like_a_formula_is_text(tmp_path: Path) -> None:
    found = read(filled(tmp_path / "back.xlsx", {"P-0001": {"Decision": "accept", "Plan": "=HYPERLINK(1)"}}))
    assert found.decided[0].plan == "=HYPERLINK(1)"


def test_a_formula_or_an_error_in_the_place_of_an_answer_is_told(tmp_path: Path) -> None:
    book = fill(book_of(), {"P-0001": ACCEPT, "P-0002": {"Decision": "defer"}, "P-0003": ACCEPT, "P-0004": ACCEPT})
    sheet, places = book["Case list"], places_of(book["Case list"])
    sheet.cell(2, places["Owner"], "=GP")
    sheet.cell(3, places["Plan"], "#NAME?")
    sheet.cell(4, places["Decision"], '=IF(1,"accept","")')
    sheet.cell(5, places["Patient"], '="P-0004"')
    sheet.cell(6, places["Review on"], "=TODAY()")
    sheet.cell(7, places["Rank"], "=1+1")  # which nobody reads
    with pytest.raises(InputError) as told:
        read(saved(book, tmp_path / "back.xlsx"))
    stands = "a formula or an error stands here. Write the words themselves, a day as 31/12/2025."
    where = 'back.xlsx: sheet "Case list", row'
    assert str(told.value).split("\n") == [
        f"{where} 2: Owner: {stands}",
        f"{where} 3: Plan: {stands}",
        f"{where} 4: Decision: {stands}",
        f"{where} 5: Patient: {stands}",
        f"{where} 6: Review on: {stands}",
    ]


def test_a_workbook_without_decisions_holds_none(tmp_path: Path) -> None:
    found = read(filled(tmp_path / "back.xlsx", {}))
    assert (found.decided, len(found.empty)) == ((), 6)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("ring about 943 476 5919", "an NHS number"),
        (9434765919, "an NHS number"),
        ("94-34-76-59-19", "an NHS number"),
        ("visit at sw1a9aa", "a postcode"),
    ],
)
@pytest.mark.parametrize("heading", ["Plan", "Owner"])
def test_words_that_say_who_or_where_somebody_is_are_refused_by_sheet_and_row(
    tmp_path: Path, heading: str, words: str | int, found: str
) -> None:
    with pytest.raises(InputError) as told:
        read(filled(tmp_path / "back.xlsx", {"P-0003": {**ACCEPT, heading: words}}))
    assert str(told.value) == (
        f'back.xlsx: sheet "Case list", row 4: {heading}: expected no word of who or where somebody is, found {found}.'
        " Take it out; the pseudonym says who it is."
    )


def test_a_person_named_twice_in_the_same_words_is_one(tmp_path: Path) -> None:
    book = fill(book_of(), {"P-0001": ACCEPT})
    sheet = book["Case list"]
    for cell in sheet[2]:
        sheet.cell(8, cell.column, cell.value)
    assert len(read(saved(book, tmp_path / "back.xlsx")).decided) == 1


def test_all_faults_are_told_by_sheet_and_row_and_never_by_patient_or_words(tmp_path: Path) -> None:
    book = fill(
        book_of(),
        {
            "P-0001": {"Decision": "sekret", "Review on": "whenever sekret"},
            "P-0002": {"Owner": "sekret"},
            "P-0003": {"Decision": "accept", "Outcome": "sekret"},
            "P-0004": {"Decision": "accept", "Review on": "01/11/2025"},
            "P-0005": ACCEPT,
        },
    )
    sheet, places = book["Case list"], places_of(book["Case list"])
    sheet.cell(8, places["Patient"], "P-sekret")
    sheet.cell(8, places["Decision"], "accept")
    sheet.cell(9, places["Plan"], "sekret")
    sheet.cell(10, places["Patient"], "P-0005")
    sheet.cell(10, places["Decision"], "defer")
    with pytest.raises(InputError) as told:
        read(saved(book, tmp_path / "M92001.xlsx"))
    where = 'M92001.xlsx: sheet "Case list", row'
    outcomes = "expected one of under way, done, not reached, person declined, no longer needed; found something else."
    too_early = "expected a day on or after the meeting of 2025-11-11, found one before it."
    choices = "Choose from the list of the cell."
    expected = "expected one of accept, already in hand, not suitable, person declined, defer; found something else."
    assert str(told.value).split("\n") == [
        f"{where} 2: Decision: {expected} {choices}",
        f"{where} 2: Review on: expected a date, found something else. Write it as 31/12/2025.",
        f"{where} 3: Decision: expected one beside the other answers, found none. Choose a decision.",
        f"{where} 4: Outcome: {outcomes} {choices}",
        f"{where} 5: Review on: {too_early} Correct the day.",
        f"{where} 8: a person who is not on this list. Write the answers into the row of the person they are about.",
        f"{where} 9: nobody is named beside the answers. Write the answers into the row of the person they are about.",
        f"{where} 10: is about the person of {where} 6, and says otherwise. Keep one of the two.",
    ]


def test_a_meeting_before_the_list_is_refused(tmp_path: Path) -> None:
    path = filled(tmp_path / "back.xlsx", {"P-0001": ACCEPT})
    with pytest.raises(InputError, match="the list is of 2025-11-01, and no meeting was before it"):
        read_returned(path, reviewed_on=date(2025, 10, 31))


@pytest.mark.parametrize(("heading", "change"), [("Decision", "Decided"), ("Patient", None), ("Outcome", "Plan")])
def test_a_heading_that_is_gone_or_there_twice_is_told(tmp_path: Path, heading: str, change: str | None) -> None:
    book = fill(book_of(), {"P-0001": ACCEPT})
    sheet = book["Case list"]
    sheet.cell(1, places_of(sheet)[heading], change).value = change
    with pytest.raises(InputError, match=f'expected the columns "Patient", .* found no column "{heading}"'):
        read(saved(book, tmp_path / "back.xlsx"))


def test_a_workbook_that_does_not_say_which_list_it_is_is_refused(tmp_path: Path) -> None:
    book = fill(book_of(), {"P-0001": ACCEPT})
    del book["vi_risk"]
    with pytest.raises(InputError, match=r"its hidden sheet .* is not there or was changed"):
        read(saved(book, tmp_path / "back.xlsx"))


def test_a_workbook_whose_people_were_changed_is_refused(tmp_path: Path) -> None:
    book = book_of()
    hidden = book["vi_risk"]
    hidden.cell(hidden.max_row, 2, "P-9999")
    with pytest.raises(InputError, match="is not there or was changed"):
        read(saved(book, tmp_path / "back.xlsx"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "expected an Excel workbook"),
        (b"patient_id,decision\n", "expected an Excel workbook"),
        (b"PK\x03\x04 and no more", "expected an Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is a workbook of the old format, or asks for a password"),
    ],
)
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "back.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputError, match=says):
        read(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none.xlsx: cannot be read \(No such file or directory\)"):
        read(tmp_path / "none.xlsx")


def test_a_workbook_that_would_fill_memory_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "back.xlsx"
    with ZipFile(path, "w", ZIP_DEFLATED) as parts:
        parts.writestr("[Content_Types].xml", b" " * 210_000_000)
    assert path.stat().st_size < 1_000_000
    with pytest.raises(InputError, match="holds 210 MB, expected at most 200"):
        read(path)
