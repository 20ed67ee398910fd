"""Workbooks filled in as a team does: opened, written into, saved by another program than the one that made them."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.unit.caselists.example_lists import example_list
from vi_risk.caselists.choosing.rules import load_rules
from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.packs.xlsx_pack import xlsx_pack

Answers = Mapping[str, Any]  # words over a column -> what is written there


def book_of(case_list: CaseList | None = None) -> Workbook:
    """Return the workbook of a list, of the example list of six if none is given, as a program opens it."""
    return openpyxl.load_workbook(BytesIO(xlsx_pack(example_list() if case_list is None else case_list, load_rules())))


def places_of(sheet: Worksheet, row: int = 1) -> dict[str, int]:
    return {str(cell.value): cell.column for cell in sheet[row] if cell.value is not None}


def fill(book: Workbook, answers: Mapping[str, Answers]) -> Workbook:
    """Write the answers into the row of each patient, named by pseudonym."""
    sheet = book["Case list"]
    places = places_of(sheet)
    rows = {str(sheet.cell(row, places["Patient"]).value): row for row in range(2, sheet.max_row + 1)}
    for patient, words in answers.items():
        for heading, value in words.items():
            cell = sheet.cell(rows[patient], places[heading], value)
            if isinstance(value, str):
                cell.data_type = "s"  # what begins with = is text here
    return book


def saved(book: Workbook, path: Path) -> Path:
    book.save(path)
    return path


def filled(path: Path, answers: Mapping[str, Answers], case_list: CaseList | None = None) -> Path:
    """Save a workbook of the list with these answers."""
    return saved(fill(book_of(case_list), answers), path)
