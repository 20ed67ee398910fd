from datetime import datetime
from io import BytesIO

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.unit.caselists.conftest import MakeList
from tests.unit.caselists.example_lists import HOSTILE, example_list
from vi_risk.caselists.choosing.rules import load_rules
from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.packs.xlsx_pack import xlsx_pack

WHY = "Why, strongest first (usual: of the same age and sex)"
LANDSCAPE_A4_LETTERS = 152  # of Arial 10, within the margins


def opened(case_list: CaseList) -> Workbook:
    return openpyxl.load_workbook(BytesIO(xlsx_pack(case_list, load_rules())))


def headings(sheet: Worksheet) -> list[object]:
    return [cell.value for cell in sheet[1]]


def column_of(sheet: Worksheet, words: str) -> str:
    return next(cell.column_letter for cell in sheet[1] if cell.value == words)


def cell_of(sheet: Worksheet, words: str, row: int = 2) -> object:
    return sheet[f"{column_of(sheet, words)}{row}"].value


def test_the_list_has_the_columns_of_a_meeting_and_one_line_a_patient(full_list: CaseList) -> None:
    sheet = opened(full_list)["Case list"]
    assert headings(sheet) == [
        "Rank",
        "Patient",
        "Age and sex",
        "Since last time",
        "Chance",
        "Band",
        WHY,
        "Who might help",
        "Decision",
        "Owner",
        "Plan",
        "Review on",
        "Outcome",
    ]
    assert sheet.max_row == 1 + len(full_list.table)


def test_a_list_that_stands_alone_has_no_empty_columns_or_sheets(bare_list: CaseList) -> None:
    book = opened(bare_list)
    assert book.sheetnames == ["Case list", "About", "vi_risk"]
    assert not {"Since last time", "Who might help"} & set(headings(book["Case list"]))
    assert cell_of(book["Case list"], WHY) == "1. 3 emergency admissions in the last 12 months"
    assert cell_of(book["Case list"], WHY, row=3) == "No reason stands out."


def test_everything_known_has_its_sheet(full_list: CaseList) -> None:
    sheets = ["Case list", "Facts", "Practice", "Left out", "Left the list", "About", "vi_risk"]
    assert opened(full_list).sheetnames == sheets


def test_reasons_stand_in_one_cell_each_with_what_is_usual(full_list: CaseList) -> None:
    why = str(cell_of(opened(full_list)["Case list"], WHY, row=4)).split("\n")
    first = "1. 3 emergency admissions in the last 12 months, the last 9 days ago (usual: 0.2)"
    assert why[0] == first
    assert [line[0] for line in why] == ["1", "2", "3", "4", "5"]


def test_what_changed_and_what_to_note_stand_beside_the_name(full_list: CaseList) -> None:
    sheet = opened(full_list)["Case list"]
    assert cell_of(sheet, "Since last time") == "NEW"
    assert str(cell_of(sheet, "Since last time", row=4)).split("\n") == [
        "▲ from 6",
        "2 more A&E attendances in the last 12 months than at 1 August 2025",
        "Community nursing stopped on 12 September 2025",
    ]
    assert cell_of(sheet, "Age and sex", row=4) == "75 to 79, female\nin hospital now\ncare home"


def test_prompts_stand_a_line_each_with_their_role(full_list: CaseList) -> None:
    helps = str(cell_of(opened(full_list)["Case list"], "Who might help", row=3)).split("\n")
    assert [line.partition(":")[0] for line in helps] == ["Pharmacist", "Community matron"]


def test_the_header_stays_in_sight_filters_and_repeats_in_print(full_list: CaseList) -> None:
    sheet = opened(full_list)["Case list"]
    assert sheet.freeze_panes == "C2"
    assert sheet.auto_filter.ref == "A1:M7"
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.print_area == "'Case list'!$A$1:$M$7"


def test_it_prints_one_landscape_a4_page_wide_in_letters_that_can_be_read(full_list: CaseList) -> None:
    sheet = opened(full_list)["Case list"]
    assert sheet.page_setup.orientation == "landscape"
    assert int(sheet.page_setup.paperSize) == 9
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (int(sheet.page_setup.fitToWidth or 1), int(sheet.page_setup.fitToHeight)) == (1, 0)
    width = sum(sheet.column_dimensions[cell.column_letter].width for cell in sheet[1])
    points = 10 * LANDSCAPE_A4_LETTERS / width
    assert points >= 7.8


def test_a_network_list_names_the_practice_of_each_patient(make_list: MakeList) -> None:
    sheet = opened(make_list({}, {"practice_code": "Y02736"}))["Case list"]
    assert [cell_of(sheet, "Practice", row) for row in (2, 3)] == ["M92001", "Y02736"]


def test_decisions_owners_and_outcomes_are_chosen_from_drop_downs_and_review_dates_are_dates(
    full_list: CaseList,
) -> None:
    book = opened(full_list)
    sheet = book["Case list"]
    rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}

    def rule(words: str) -> object:
        return rules[f"{column_of(sheet, words)}2:{column_of(sheet, words)}7"]

    assert rule("Decision").formula1 == '"accept,already in hand,not suitable,person declined,defer"'
    assert rule("Outcome").formula1 == '"under way,done,not reached,person declined,no longer needed"'
    assert rule("Review on").type == "date"
    owners = rule("Owner")
    assert not owners.showErrorMessage  # other words are taken too
    first, last = (int(row) for row in owners.formula1.replace("'vi_risk'!$B$", "").replace("$B$", "").split(":"))
    choices = [book["vi_risk"].cell(row, 2).value for row in range(first, last + 1)]
    assert choices[:3] == ["GP", "practice nurse", "community matron"]
    assert len({str(choice).casefold() for choice in choices}) == len(choices)


def test_risk_is_a_number_shown_as_a_percentage_and_the_band_has_its_circles(make_list: MakeList) -> None:
    sheet = opened(make_list({"risk": 0.384}))["Case list"]
    risk = sheet[f"{column_of(sheet, 'Chance')}2"]
    assert (risk.value, risk.number_format) == (0.384, "0.0%")
    assert cell_of(sheet, "Band") == "●●●○ high"


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "{=1}", "https://example.org", "00123", *HOSTILE]
)
def test_text_is_written_as_text_whatever_it_begins_with(make_list: MakeList, text: str) -> None:
    book = opened(make_list({"patient_id": text, "plan": text, "note": text}, facts=("note",)))
    for sheet, words in (("Case list", "Patient"), ("Case list", "Plan"), ("Facts", "Note")):
        cell = book[sheet][f"{column_of(book[sheet], words)}2"]
        assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)


def test_no_cell_of_any_sheet_is_a_formula_or_a_link(full_list: CaseList) -> None:
    cells = [cell for sheet in opened(full_list) for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert not any(cell.hyperlink for cell in cells)
    assert any(cell.value == HOSTILE[0] for cell in cells)


def test_what_was_not_seen_is_said_among_the_facts(make_list: MakeList) -> None:
    sheet = opened(make_list({"medicines": None}, {"medicines": 4}, facts=("medicines",)))["Facts"]
    assert [cell_of(sheet, "Medicines", row) for row in (2, 3)] == ["not seen", 4]


def test_facts_hold_every_column_that_the_list_has_no_room_for(full_list: CaseList) -> None:
    sheet = opened(full_list)["Facts"]
    assert {"Chance of dying within 12 months", "Certainty", "Frailty", "In their favour", "Not seen"} <= set(
        headings(sheet)
    )
    assert cell_of(sheet, "Chance of dying within 12 months") == full_list.table["risk_of_death"].iloc[0]
    assert cell_of(sheet, "In their favour") == "GP review 5 weeks ago"
    assert cell_of(sheet, "Not seen", row=4) == "GP record not seen"


def test_an_empty_list_says_so() -> None:
    book = opened(example_list(0))
    text = "Nobody is on this list: 7,412 people of this practice could have been listed."
    assert book["Case list"]["A2"].value == text


def test_the_practice_is_told_in_figures_beside_the_trust(full_list: CaseList) -> None:
    rows = [row[:3] for row in opened(full_list)["Practice"].iter_rows(values_only=True)]
    assert ("Three or more long-term conditions", 0.214, 0.188) in rows
    assert ("Share of the trust's people", 0.119, None) in rows
    assert ("Diabetes", "condition", 402) in rows


def test_who_was_left_out_is_counted_and_named_with_the_reason(full_list: CaseList) -> None:
    rows = [row[:4] for row in opened(full_list)["Left out"].iter_rows(values_only=True)]
    assert ("reviewed within 8 weeks", 12, None, None) in rows
    assert ("P-9001", "85 to 89", 0.44, "reviewed within 8 weeks") in rows


def test_who_left_the_list_is_told_with_why(full_list: CaseList) -> None:
    rows = [row[:3] for row in opened(full_list)["Left the list"].iter_rows(values_only=True)]
    assert ("P-8001", 4, "died on 3 September 2025") in rows
    assert ("Last time: the list of 1 August 2025", None, None) in rows


def test_a_sheet_says_what_the_list_is(full_list: CaseList) -> None:
    about = {row[0]: row[1] for row in opened(full_list)["About"].iter_rows(values_only=True)}
    assert about["Index date"] == "1 November 2025: nothing from this day on was used"
    assert about["Use"] == "Decision support: to be reviewed by a clinician."


def test_which_list_it_is_stands_on_a_sheet_that_nobody_sees(full_list: CaseList) -> None:
    sheet = opened(full_list)["vi_risk"]
    assert sheet.sheet_state == "veryHidden"
    rows = [[value for value in row if value is not None] for row in sheet.iter_rows(values_only=True)]
    assert ["practice_code", "M92001"] in rows
    assert ["model_version", "91ec8b37a806"] in rows
    themes = ["emergency admissions", "frailty", "medicines", "missed appointments", "COPD"]
    assert ["patient", "P-0003", "M92001", *themes] in rows


def test_the_page_header_takes_the_practice_as_text(make_list: MakeList) -> None:
    sheet = opened(make_list({}, practice_name="Smith & Partners"))["Case list"]
    assert sheet.oddHeader.left.text == "Smith && Partners"


def test_the_workbook_was_made_on_the_index_date(make_list: MakeList) -> None:
    assert opened(make_list({})).properties.created == datetime(2025, 11, 1)  # noqa: DTZ001 -- Excel has no zones
