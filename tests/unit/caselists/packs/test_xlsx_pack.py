from dataclasses import replace
from datetime import datetime
from io import BytesIO

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.unit.caselists.conftest import MakeList
from tests.unit.caselists.example_lists import HOSTILE, example_list, example_summary
from vi_risk.caselists.choosing.rules import load_rules
from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.packs.patient_block import patients_of
from vi_risk.caselists.packs.xlsx_pack import xlsx_pack
from vi_risk.caselists.wording import CHANCE_FORMAT, SHARE_FORMAT

WHY, CHANGED = "Why (all: sheet Patients)", "What changed (all: Patients)"
LANDSCAPE_A4_LETTERS = 152  # of Arial 10, within the margins
LANDSCAPE_A4_POINTS = 595 - 72 * (0.6 + 0.55)  # high, within them


def opened(case_list: CaseList) -> Workbook:
    return openpyxl.load_workbook(BytesIO(xlsx_pack(case_list, load_rules())))


def headings(sheet: Worksheet) -> list[object]:
    return [cell.value for cell in sheet[1]]


def column_of(sheet: Worksheet, words: str) -> str:
    return next(cell.column_letter for cell in sheet[1] if cell.value == words)


def cell_of(sheet: Worksheet, words: str, row: int = 2) -> object:
    return sheet[f"{column_of(sheet, words)}{row}"].value


def told(book: Workbook, patient: str) -> dict[str, str]:
    """Return what the sheet of patients says of one: what -> in words."""
    rows = book["Patients"].iter_rows(min_row=2, values_only=True)
    return {str(what): str(words) for _, who, what, words in rows if who == patient}


def test_the_list_has_the_columns_of_a_meeting_and_one_line_a_patient(full_list: CaseList) -> None:
    sheet = opened(full_list)["Case list"]
    assert headings(sheet) == [
        "Rank",
        "Since last time",
        "Patient",
        "Age and sex",
        "Chance",
        "Chance of dying",
        "Band",
        WHY,
        CHANGED,
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
    assert book.sheetnames == ["Case list", "Patients", "About", "vi_risk"]
    assert not {"Since last time", CHANGED, "Who might help"} & set(headings(book["Case list"]))
    assert cell_of(book["Case list"], WHY) == "1. 3 emergency admissions in the last 12 months"
    assert cell_of(book["Case list"], WHY, row=3) == "No reason stands out."


def test_everything_known_has_its_sheet(full_list: CaseList) -> None:
    sheets = ["Case list", "Patients", "Practice", "Left out", "Left the list", "About", "vi_risk"]
    assert opened(full_list).sheetnames == sheets


def test_the_strongest_reasons_stand_in_one_cell_each_with_what_is_usual(full_list: CaseList) -> None:
    why = str(cell_of(opened(full_list)["Case list"], WHY, row=4)).split("\n")
    assert why == [
        "1. 3 emergency admissions in the last 12 months, the last 9 days ago (same age and sex: 0.2)",
        "2. Hospital frailty score 14.2, intermediate (same age and sex: 3.1)",
    ]


def test_how_the_place_moved_and_what_to_note_stand_beside_the_name(full_list: CaseList) -> None:
    sheet = opened(full_list)["Case list"]
    assert [cell_of(sheet, "Since last time", row) for row in (2, 4)] == ["NEW", "▲ from 6"]
    assert cell_of(sheet, CHANGED, row=4) == "2 more A&E attendances in the last 12 months than at 1 August 2025"
    assert cell_of(sheet, "Age and sex", row=4) == "75 to 79, female\nin hospital now, care home"


def test_who_might_help_is_named_as_in_the_table_of_the_page(full_list: CaseList) -> None:
    assert cell_of(opened(full_list)["Case list"], "Who might help", row=3) == "Pharmacist, Community matron"


def test_ten_patients_and_more_fit_on_a_page(make_list: MakeList) -> None:
    """Every cell is as full as any of the demo's: two long reasons, many roles, a long change, flags."""
    sheet = opened(example_list(12, hostile=False))["Case list"]
    width = sum(sheet.column_dimensions[cell.column_letter].width for cell in sheet[1])
    scale = min(1.0, LANDSCAPE_A4_LETTERS / width)
    heights = [sheet.row_dimensions[row].height * scale for row in range(1, 14)]
    fitting = sum(1 for row in range(2, 14) if heights[0] + sum(heights[1:row]) <= LANDSCAPE_A4_POINTS)
    assert fitting >= 10


def test_a_patient_is_looked_up_with_all_the_words_of_the_page_in_its_order(full_list: CaseList) -> None:
    found = told(opened(full_list), "P-0003")
    (patient,) = [each for each in patients_of(full_list, load_rules()) if each.patient_id == "P-0003"]
    order = ["Who", "Since last time", "Conditions", "Chance of an emergency admission in the next 12 months"]
    assert list(found)[:4] == order
    parts = [name for name in found if name in ("Why", "In her favour", "Not seen", "What changed", "Who might help")]
    assert parts == ["Why", "Not seen", "What changed", "Who might help"]
    assert found["Who"] == "75 to 79, female · in hospital now · care home"
    assert found[order[3]] == f"{patient.percent} ●●●○ high ({patient.frequency})"
    assert found["Why"].count("\n") == 4
    assert found["Not seen"] == "GP record not seen"
    assert found["What changed"].split("\n")[1] == "Community nursing stopped on 12 September 2025"
    assert found["Who might help"].startswith("Pharmacist: 11 medicines including")
    assert [found[fact.heading].partition(" (")[0] for fact in patient.facts] == [
        fact.text.partition(" (")[0] for fact in patient.facts
    ]


def test_a_filter_of_the_sheet_of_patients_finds_every_line_of_a_patient(full_list: CaseList) -> None:
    sheet = opened(full_list)["Patients"]
    assert sheet.auto_filter.ref == f"A1:D{sheet.max_row}"
    assert sheet.freeze_panes == "C2"
    assert all(row[0] and row[1] and row[2] for row in sheet.iter_rows(min_row=2, values_only=True))
    assert (sheet.page_setup.orientation or "portrait", int(sheet.page_setup.fitToWidth or 1)) == ("portrait", 1)
    assert sheet.print_title_rows == "$1:$1"


def test_the_header_stays_in_sight_filters_and_repeats_in_print(full_list: CaseList) -> None:
    sheet = opened(full_list)["Case list"]
    assert sheet.freeze_panes == "D2"
    assert sheet.auto_filter.ref == "A1:O7"
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.print_area == "'Case list'!$A$1:$O$7"


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
    assert [cell_of(sheet, "Practice", row) for row in (2, 3)] == ["Bilston Road Surgery", "Y02736"]


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


@pytest.mark.parametrize(("risk", "shown"), [(0.384, 0.38), (0.385, 0.39), (0.0984, 0.1), (0.0044, 0.004)])
def test_a_chance_is_the_number_that_the_page_shows(make_list: MakeList, risk: float, shown: float) -> None:
    case_list = make_list({"risk": risk})
    sheet = opened(case_list)["Case list"]
    cell = sheet[f"{column_of(sheet, 'Chance')}2"]
    assert (cell.value, cell.number_format) == (shown, CHANCE_FORMAT)
    (patient,) = patients_of(case_list, load_rules())
    assert patient.percent == f"{100 * shown:.{0 if shown >= 0.0095 else 1}f} %"
    assert cell_of(sheet, "Band") == f"{patient.symbol} {patient.band}"


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "{=1}", "https://example.org", "00123", *HOSTILE]
)
def test_text_is_written_as_text_whatever_it_begins_with(make_list: MakeList, text: str) -> None:
    book = opened(make_list({"patient_id": text, "plan": text, "note": text}, facts=("note",)))
    for sheet, words in (("Case list", "Patient"), ("Case list", "Plan")):
        cell = book[sheet][f"{column_of(book[sheet], words)}2"]
        assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)
    note = book["Patients"].cell(book["Patients"].max_row, 4)
    assert (note.value, note.data_type, note.hyperlink) == (text, "s", None)


def test_no_cell_of_any_sheet_is_a_formula_or_a_link(full_list: CaseList) -> None:
    cells = [cell for sheet in opened(full_list) for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert not any(cell.hyperlink for cell in cells)
    assert any(cell.value == HOSTILE[0] for cell in cells)


def test_what_was_not_seen_is_said_among_the_facts(make_list: MakeList) -> None:
    sheet = opened(make_list({"medicines": None}, {"medicines": 4}, facts=("medicines",)))["Patients"]
    rows = [row[1:] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert [words for _, what, words in rows if what == "Medicines"] == ["not seen", "4"]


def test_an_empty_list_says_so() -> None:
    book = opened(example_list(0))
    text = "Nobody is on this list: 7,412 people of this practice could have been listed."
    assert book["Case list"]["A2"].value == text


def test_the_practice_is_told_in_figures_beside_the_trust(full_list: CaseList) -> None:
    rows = [row[:3] for row in opened(full_list)["Practice"].iter_rows(values_only=True)]
    assert ("Three or more long-term conditions", 0.214, 0.188) in rows
    assert ("Share of the trust's people", 0.119, None) in rows
    assert {cell.number_format for cell in opened(full_list)["Practice"]["B"] if cell.value == 0.119} == {SHARE_FORMAT}
    assert ("Diabetes", "condition", 402) in rows


def test_a_line_tells_the_chance_of_dying_as_the_page_does_and_unknown_as_not_seen(make_list: MakeList) -> None:
    sheet = opened(make_list({"risk_of_death": 0.126}, {"risk_of_death": None}, facts=("risk_of_death",)))["Case list"]
    assert [cell_of(sheet, "Chance of dying", row) for row in (2, 3)] == [0.13, "not seen"]
    assert "Chance of dying" not in headings(opened(make_list({}))["Case list"])


def test_reasons_take_the_lines_that_the_rest_of_a_row_needs_anyhow(full_list: CaseList) -> None:
    prompts = full_list.prompts
    none = replace(full_list, prompts=prompts[prompts["patient_id"] != "P-0001"])
    few, more = (str(cell_of(opened(one)["Case list"], WHY)).split("\n") for one in (none, full_list))
    assert len(few) < len(more)


def test_who_was_left_out_is_counted_and_named_with_the_reason(full_list: CaseList) -> None:
    rows = [row[:4] for row in opened(full_list)["Left out"].iter_rows(values_only=True)]
    assert ("reviewed within 8 weeks", 12, None, None) in rows
    assert ("P-9001", "85 to 89", 0.44, "reviewed within 8 weeks") in rows


def test_who_left_the_list_is_told_with_why(full_list: CaseList) -> None:
    rows = [row[:3] for row in opened(full_list)["Left the list"].iter_rows(values_only=True)]
    assert ("P-8001", 4, "died on 3 September 2025") in rows
    assert ("Last time: the list of 1 August 2025", None, None) in rows


def test_a_sheet_has_no_heading_over_what_there_is_not(full_list: CaseList) -> None:
    def titles_of(case_list: CaseList, sheet: str) -> set[object]:
        return {row[0] for row in opened(case_list)[sheet].iter_rows(values_only=True)}

    nothing = replace(example_summary(), pyramid={}, stands_out=(), reviewed={}, notes=())
    alone = replace(full_list.about, previous_date=None)
    nobody = replace(full_list, summary=nothing, excluded=full_list.excluded.head(0), about=alone)

    gone = titles_of(full_list, "Practice") - titles_of(nobody, "Practice")
    assert {"What stands out", "People by age and band", "Of the list before"} <= gone
    assert "Fair shares" in titles_of(nobody, "Practice")
    assert "Would be on this list but for the reason" in titles_of(full_list, "Left out") - titles_of(
        nobody, "Left out"
    )
    last_time = "Last time: the list of 1 August 2025"
    assert last_time in titles_of(full_list, "Left the list") - titles_of(nobody, "Left the list")


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
