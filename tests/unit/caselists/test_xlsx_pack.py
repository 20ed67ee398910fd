from datetime import datetime
from io import BytesIO

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from tests.unit.caselists.conftest import MakeList
from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.rules import load_rules
from vi_risk.caselists.xlsx_pack import xlsx_pack


def opened(case_list: CaseList) -> Workbook:
    return openpyxl.load_workbook(BytesIO(xlsx_pack(case_list, load_rules())))


def column_of(book: Workbook, words: str) -> str:
    return next(cell.column_letter for cell in book["Case list"][1] if cell.value == words)


def test_the_sheet_has_words_over_its_columns_and_one_line_a_patient(make_list: MakeList) -> None:
    sheet = opened(make_list({}, {}, facts=("ed_attendances_12m",)))["Case list"]
    headings = [cell.value for cell in sheet[1]]
    assert headings[:7] == ["Rank", "Patient", "Age", "Practice", "Chance", "Band", "Reason 1"]
    assert headings[11:13] == ["Sex", "A&E attendances, 12 months"]
    assert headings[-5:] == ["Decision", "Owner", "Plan", "Review on", "Outcome"]
    assert sheet.max_row == 3


def test_the_header_stays_in_sight_filters_and_repeats_in_print(make_list: MakeList) -> None:
    sheet = opened(make_list({}, {}))["Case list"]
    assert sheet.freeze_panes == "C2"
    assert sheet.auto_filter.ref == "A1:Q3"
    assert sheet.print_title_rows == "$1:$1"


def test_it_prints_one_page_wide_on_landscape_a4(make_list: MakeList) -> None:
    sheet = opened(make_list({}))["Case list"]
    assert sheet.page_setup.orientation == "landscape"
    assert int(sheet.page_setup.paperSize) == 9
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (int(sheet.page_setup.fitToWidth or 1), int(sheet.page_setup.fitToHeight)) == (1, 0)


def test_decisions_are_chosen_from_a_drop_down_and_review_dates_are_dates(make_list: MakeList) -> None:
    book = opened(make_list({}, {}))
    rules = {str(rule.sqref): rule for rule in book["Case list"].data_validations.dataValidation}
    decision, review_on = column_of(book, "Decision"), column_of(book, "Review on")
    assert rules[f"{decision}2:{decision}3"].type == "list"
    assert rules[f"{decision}2:{decision}3"].formula1 == '"accept,already in hand,not suitable,defer"'
    assert rules[f"{review_on}2:{review_on}3"].type == "date"


def test_risk_is_a_number_shown_as_a_percentage_and_the_band_has_its_circles(make_list: MakeList) -> None:
    book = opened(make_list({"risk": 0.384}))
    sheet = book["Case list"]
    risk = sheet[f"{column_of(book, 'Chance')}2"]
    assert (risk.value, risk.number_format) == (0.384, "0.0%")
    assert sheet[f"{column_of(book, 'Band')}2"].value == "●●●○ high"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "{=1}", "https://example.org", "00123"])
def test_text_is_written_as_text_whatever_it_begins_with(make_list: MakeList, text: str) -> None:
    people = {"reason_1": text, "patient_id": text, "plan": text, "note": text}
    book = opened(make_list(people, facts=("note",)))
    for words in ("Reason 1", "Patient", "Plan", "Note"):
        cell = book["Case list"][f"{column_of(book, words)}2"]
        assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)


def test_what_was_not_seen_is_said(make_list: MakeList) -> None:
    book = opened(make_list({"medicines": None}, {"medicines": 4}, facts=("medicines",)))
    column = column_of(book, "Medicines")
    assert [book["Case list"][f"{column}{row}"].value for row in (2, 3)] == ["not seen", 4]


def test_an_empty_list_says_so(make_list: MakeList) -> None:
    sheet = opened(make_list())["Case list"]
    assert sheet["A2"].value == "Nobody is on this list: 7,412 people of this practice could have been listed."


def test_the_second_sheet_says_what_the_list_is(make_list: MakeList) -> None:
    about = {row[0]: row[1] for row in opened(make_list({}))["About"].iter_rows(values_only=True)}
    assert about["Index date"] == "1 November 2025: nothing from this day on was used"
    assert about["Use"] == "Decision support: to be reviewed by a clinician."
    assert about["Note"] == "GP record not seen before 1 March"


def test_the_page_header_takes_the_practice_as_text(make_list: MakeList) -> None:
    sheet = opened(make_list({}, practice_name="Smith & Partners"))["Case list"]
    assert sheet.oddHeader.left.text == "Smith && Partners"


def test_the_workbook_was_made_on_the_index_date(make_list: MakeList) -> None:
    assert opened(make_list({})).properties.created == datetime(2025, 11, 1)  # noqa: DTZ001 -- Excel has no zones
