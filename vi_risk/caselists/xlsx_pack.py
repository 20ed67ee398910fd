"""The list as a workbook to decide in: one line a patient, one page wide, decisions by drop-down, and what it is."""

import math
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from vi_risk.caselists.lists import DECISION_COLUMNS, DECISIONS, REASON_COLUMNS, CaseList
from vi_risk.caselists.rules import CaseListRules
from vi_risk.caselists.wording import DECISION_SUPPORT, about_rows, fact_text, heading, is_chance, summary, written
from vi_risk.models.templates import date_in_words

_A4 = 9  # Excel's number for the paper size
_LONGEST_TEXT = 32_767  # characters in one cell, Excel's limit
_WIDTHS = {
    "rank": 6,
    "patient_id": 13,
    "practice_code": 10,
    "risk": 8,
    "band": 15,
    "conditions": 28,
    "high_risk_medicines": 22,
    "plan": 30,
    **dict.fromkeys(REASON_COLUMNS, 24),
}
_OTHER_WIDTH = 12
_LINE_HEIGHT = 13.5  # points, of Arial 10
_HEADING_LINES = 4
_HIGHEST_ROW = 400  # points, Excel's limit is 409


def xlsx_pack(case_list: CaseList, rules: CaseListRules) -> bytes:
    """Return the workbook: a sheet "Case list" with the columns of the list in words, and a sheet "About"."""
    content = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    workbook = xlsxwriter.Workbook(content, options)
    # Excel wants a moment of making; the clock would make every file different.
    made_on = datetime.combine(case_list.about.index_date, time())
    workbook.set_properties(
        {"title": f"MDT case list: {case_list.title}", "comments": DECISION_SUPPORT, "created": made_on}
    )
    plain = {
        "font_name": "Arial",
        "font_size": 10,
        "text_wrap": True,
        "valign": "top",
        "border": 1,
        "border_color": "#D8DDE0",
    }
    formats = {
        "text": workbook.add_format(plain),
        "risk": workbook.add_format({**plain, "num_format": "0.0%", "bold": True}),
        "date": workbook.add_format({**plain, "num_format": "dd/mm/yyyy"}),
        "decision": workbook.add_format({**plain, "bg_color": "#FFF9C4"}),
        "heading": workbook.add_format({**plain, "bold": True, "font_color": "#FFFFFF", "bg_color": "#005EB8"}),
    }
    _write_list(workbook.add_worksheet("Case list"), case_list, rules, formats)
    _write_about(workbook.add_worksheet("About"), case_list, rules, formats)
    workbook.close()
    return content.getvalue()


def _write_list(sheet: Worksheet, case_list: CaseList, rules: CaseListRules, formats: dict[str, Format]) -> None:
    columns = list(case_list.table.columns)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, _WIDTHS.get(column, _OTHER_WIDTH))
        sheet.write_string(0, place, heading(column), formats["heading"])
    sheet.set_row(0, _HEADING_LINES * _LINE_HEIGHT)
    for row, person in enumerate(case_list.table.to_dict("records"), start=1):
        for place, column in enumerate(columns):
            _write_cell(sheet, (row, place), column, person[column], rules, formats)
        sheet.set_row(row, _height(person))
    last_row = len(case_list.table)
    if last_row:
        _offer_choices(sheet, columns, last_row, case_list.about.index_date)
    else:
        sheet.merge_range(1, 0, 1, len(columns) - 1, summary(case_list), formats["text"])
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(last_row, 1), len(columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_header(f"&L{_in_header(case_list.title)}&R{date_in_words(case_list.about.index_date)}")
    sheet.set_footer(f"&L{DECISION_SUPPORT}&RPage &P of &N")


def _write_cell(
    sheet: Worksheet,
    cell: tuple[int, int],
    column: str,
    value: Any,  # what a table holds
    rules: CaseListRules,
    formats: dict[str, Format],
) -> None:
    """Write numbers as numbers and everything else as text, so that no cell is ever a formula."""
    if column == "risk" or (is_chance(column) and _is_number(value)):
        sheet.write_number(*cell, float(value), formats["risk"])
    elif column in DECISION_COLUMNS:
        # An empty text becomes a blank cell that keeps its format.
        cell_format = formats["date" if column == "review_on" else "decision"]
        sheet.write_string(*cell, written(value)[:_LONGEST_TEXT], cell_format)
    elif column == "band":
        symbol = rules.bands[rules.grade(value)].symbol
        sheet.write_string(*cell, f"{symbol} {value}", formats["text"])
    elif column == "rank" or (_is_number(value) and column != "patient_id"):
        sheet.write_number(*cell, value, formats["text"])
    else:
        sheet.write_string(*cell, fact_text(value, column)[:_LONGEST_TEXT], formats["text"])


def _height(person: dict[Any, Any]) -> float:
    """Return the height that the longest wrapped text of a row needs; not every program works it out by itself."""
    lines = max(
        math.ceil(1.15 * len(fact_text(value, column)) / _WIDTHS.get(column, _OTHER_WIDTH))
        for column, value in person.items()
    )
    return min(_HIGHEST_ROW, _LINE_HEIGHT * max(1, lines) + 2)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _offer_choices(sheet: Worksheet, columns: list[str], last_row: int, index_date: date) -> None:
    decision, review_on = columns.index("decision"), columns.index("review_on")
    sheet.data_validation(
        1, decision, last_row, decision,
        {
            "validate": "list",
            "source": list(DECISIONS),
            "error_title": "Decision",
            "error_message": f"Choose one of: {', '.join(DECISIONS)}.",
        },
    )  # fmt: skip
    sheet.data_validation(
        1, review_on, last_row, review_on,
        {
            "validate": "date",
            "criteria": ">=",
            "value": index_date,
            "error_title": "Review on",
            "error_message": "Write a date on or after the date of this list, as 31/12/2025.",
        },
    )  # fmt: skip


def _write_about(sheet: Worksheet, case_list: CaseList, rules: CaseListRules, formats: dict[str, Format]) -> None:
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 90)
    for row, (label, text) in enumerate(about_rows(case_list, rules)):
        sheet.write_string(row, 0, label, formats["heading"])
        sheet.write_string(row, 1, text[:_LONGEST_TEXT], formats["text"])
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)


def _in_header(text: str) -> str:
    """Escape the codes of Excel's page header, which holds 255 characters at most."""
    return text[:100].replace("&", "&&")
