"""Cells of a workbook: their look, and values written so that a text is a text whatever it begins with."""

import math
from collections.abc import Iterable, Mapping, Sequence
from textwrap import wrap
from types import MappingProxyType
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.wording import CHANCE_FORMAT, DECISION_SUPPORT, SHARE_FORMAT, written
from vi_risk.models.templates import date_in_words

Formats = dict[str, Format]

_FONT = {"font_name": "Arial", "font_size": 10}
# How the workbook is written. Text is text; and its default font, in whose figures widths are counted, is one that
# every program has, or has another of the same widths for.
WORKBOOK: Mapping[str, Any] = MappingProxyType(
    {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_format_properties": _FONT,
    }
)

LINE_HEIGHT = 13.5  # points, of Arial 10
_LONGEST_TEXT = 32_767  # characters in one cell, Excel's limit
_HIGHEST_ROW = 405.0  # points, Excel's limit is 409
_LETTERS_A_FIGURE = 1.2  # widths are counted in figures, which are wider than most letters
_A4 = 9  # Excel's number for the paper size
_LONGEST_HEADER = 100  # of a page, whose limit is 255 with its codes


def formats_of(workbook: xlsxwriter.Workbook) -> Formats:
    """Return the looks that a cell can have, by name."""
    plain = {
        **_FONT,
        "text_wrap": True,
        "valign": "top",
        "border": 1,
        "border_color": "#D8DDE0",
    }
    bare = {**_FONT, "valign": "top"}
    return {
        "text": workbook.add_format(plain),
        "strong": workbook.add_format({**plain, "bold": True, "bg_color": "#E8EDEE", "align": "left"}),
        "rank": workbook.add_format({**plain, "bold": True, "align": "center"}),
        "number": workbook.add_format({**plain, "num_format": "#,##0.##"}),
        "count": workbook.add_format({**plain, "num_format": "#,##0"}),
        "chance": workbook.add_format({**plain, "num_format": CHANCE_FORMAT, "bold": True, "align": "center"}),
        "share": workbook.add_format({**plain, "num_format": SHARE_FORMAT}),
        "again": workbook.add_format({**plain, "font_color": "#4C6272", "align": "left"}),
        "date": workbook.add_format({**plain, "num_format": "dd/mm/yyyy", "bg_color": "#FFF9C4"}),
        "decision": workbook.add_format({**plain, "bg_color": "#FFF9C4"}),
        "heading": workbook.add_format({**plain, "bold": True, "font_color": "#FFFFFF", "bg_color": "#005EB8"}),
        "title": workbook.add_format({**bare, "bold": True, "font_size": 12}),
        "line": workbook.add_format(bare),
    }


def put(sheet: Worksheet, cell: tuple[int, int], value: object, formats: Formats, look: str = "text") -> None:
    """Write a finite number as a number and everything else as text, so that no cell is ever a formula or a link."""
    if is_number(value):
        sheet.write_number(*cell, float(value), formats[look if look != "text" else "number"])  # type: ignore[arg-type]
    else:
        # What is missing, or empty, becomes a blank cell that keeps its look.
        text = value if isinstance(value, str) else written(value)
        sheet.write_string(*cell, text[:_LONGEST_TEXT], formats[look])


def put_table(
    sheet: Worksheet,
    first_row: int,
    headings: Sequence[str],
    rows: Iterable[Sequence[object]],
    formats: Formats,
    looks: Sequence[str] = (),
) -> int:
    """Write a small table with its headings, and return the first free row below it."""
    for place, words in enumerate(headings):
        put(sheet, (first_row, place), words, formats, "heading")
    row = first_row
    for row, values in enumerate(rows, start=first_row + 1):
        for place, value in enumerate(values):
            put(sheet, (row, place), value, formats, looks[place] if looks else "text")
    return row + 1


def lines_of(text: str, width: float) -> int:
    """Return how many lines a text takes in a column so wide, a little more than less."""
    letters = max(1, int(_LETTERS_A_FIGURE * width))
    return sum(max(1, len(wrap(line, letters))) for line in text.split("\n"))


def height_of(texts: Sequence[tuple[str, float]]) -> float:
    """Return the height that the longest of a row's wrapped texts needs; not every program works it out by itself.

    Parameters
    ----------
    texts
        Each with the width of its column.
    """
    return min(_HIGHEST_ROW, LINE_HEIGHT * max(lines_of(text, width) for text, width in texts) + 2)


def set_up_page(sheet: Worksheet, case_list: CaseList, *, landscape: bool) -> None:
    """Print on A4 with the name of the practice and the date above, and what the list is for below."""
    if landscape:
        sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.set_margins(left=0.3, right=0.3, top=0.6, bottom=0.55)
    sheet.fit_to_pages(1, 0)
    title = case_list.title[:_LONGEST_HEADER].replace("&", "&&")  # & begins a code of the page's header
    sheet.set_header(f"&L{title}&R{date_in_words(case_list.about.index_date)}")
    sheet.set_footer(f"&L{DECISION_SUPPORT}&C{case_list.about.handling}&RPage &P of &N")


def is_number(value: Any) -> bool:
    """Return whether a value is a finite number, and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
