"""A list with NHS numbers beside some of its pseudonyms, in the format that it had; the pseudonyms stay.

They stay because decisions come back by them: a workbook with NHS numbers in it is imported like any other, and what is
kept of it holds none. A copy that lacks someone is no copy: ValueError says so.
"""

import csv
import html
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from io import BytesIO, StringIO
from typing import Any

import openpyxl
from openpyxl.styles import Alignment
from openpyxl.utils import coordinate_to_tuple, get_column_letter
from openpyxl.worksheet.cell_range import CellRange, MultiCellRange
from openpyxl.worksheet.worksheet import Worksheet

from vi_risk.identity.nhs_numbers import spaced
from vi_risk.identity.pseudonyms import OF_PERSON

_HEADING = "NHS number"
_OF_PEOPLE = "Patient"  # heading of the pseudonyms (`vi_risk.caselists.wording`)
_WIDTH = 14  # letters
_LONGEST_HEADER = 230  # letters; Excel takes 255 with those of their look
# Tags, and what is no text for people though it stands between two of them.
_MARKUP = re.compile(r"(<script\b.*?</script>|<style\b.*?</style>|<[^>]*>)", re.DOTALL | re.IGNORECASE)
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
# The pseudonym may go below the number where a table is narrow.
_SHOWN = '<span style="white-space:normal">NHS\N{NO-BREAK SPACE}{} <small>({})</small></span>'
_BANNER = "margin:0;padding:.6em 1em;background:#d5281b;color:#fff;font-weight:bold"


def html_copy(page: bytes, numbers: Mapping[str, str], said: str) -> bytes:
    """Return a page with each NHS number before its pseudonym, and what is `said` of the copy at its head."""
    parts = _MARKUP.split(page.decode())
    _check_all(set(re.findall(OF_PERSON, "".join(parts[::2]))), numbers)
    shown = {pseudonym: _SHOWN.format(spaced(number), pseudonym) for pseudonym, number in numbers.items()}
    for place in range(0, len(parts), 2):  # between the tags
        parts[place] = re.sub(OF_PERSON, lambda found: shown.get(found[0], found[0]), parts[place])
    banner = f'<aside aria-label="Re-identified" style="{_BANNER}">{html.escape(said)}</aside>'
    page_with, bodies = _BODY.subn(lambda found: f"{found[0]}\n{banner}", "".join(parts), count=1)
    if not bodies:
        raise ValueError("no place for what is said")
    return page_with.encode()


def csv_copy(table: bytes, numbers: Mapping[str, str], said: str) -> bytes:
    """Return a table with the column ``nhs_number`` after the pseudonym, and ``reidentified`` at its end."""
    heading, *rows = csv.reader(StringIO(table.decode("utf-8-sig"), newline=""), strict=True)
    if any(len(row) != len(heading) for row in rows):
        raise ValueError("a row is not of the table")
    place = heading.index("patient_id") + 1
    _check_all({row[place - 1] for row in rows}, numbers)
    written = StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow([*heading[:place], "nhs_number", *heading[place:], "reidentified"])
    for row in rows:
        number = numbers.get(row[place - 1], "")
        writer.writerow([*row[:place], number, *row[place:], said if number else ""])
    return written.getvalue().encode("utf-8-sig")


def json_copy(lines: bytes, numbers: Mapping[str, str], said: str) -> bytes:
    """Return JSON lines with ``nhs_number`` and ``reidentified`` in those of the people who have a number here."""
    people = [json.loads(line) for line in lines.decode().splitlines()]
    _check_all({person["patient_id"] for person in people}, numbers)
    for person in people:
        if number := numbers.get(person["patient_id"]):
            person |= {"nhs_number": number, "reidentified": said}
    return "".join(f"{json.dumps(person, ensure_ascii=False, allow_nan=False)}\n" for person in people).encode()


def xlsx_copy(workbook: bytes, numbers: Mapping[str, str], said: str) -> bytes:
    """Return a workbook with NHS numbers beside the pseudonyms of its sheets, and a sheet of what is said.

    Who a row is about stands in its column of pseudonyms alone: a team may note the pseudonym of a wife or a carer in
    any other cell. What is said stands on the printed pages of those sheets too, as far as the headers of Excel reach.
    """
    book = openpyxl.load_workbook(BytesIO(workbook))
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    people = [(sheet, _people_of(sheet)) for sheet in sheets]
    _check_all({cell.value for _, cells in people for cell in cells}, numbers)
    for sheet, cells in people:
        _add_numbers(sheet, [cell for cell in cells if cell.value in numbers], numbers, said)
    about = book.create_sheet("Re-identified")
    about.column_dimensions["A"].width = 100
    about.cell(1, 1, said).alignment = Alignment(wrap_text=True)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def _people_of(sheet: Worksheet) -> list[Any]:
    """Return the cells of a sheet under the heading of the pseudonyms; none where it has no such column."""
    places = [cell.column for cell in sheet[1] if cell.value == _OF_PEOPLE]
    return [sheet.cell(row, places[0]) for row in range(2, sheet.max_row + 1)] if places else []


def _add_numbers(sheet: Worksheet, named: Sequence[Any], numbers: Mapping[str, str], said: str) -> None:
    if not named:
        return
    place = (named[0].column or 0) + 1
    texts = {cell.row or 1: spaced(numbers[str(cell.value)]) for cell in named}
    _open_column(sheet, place)
    for row in range(1, sheet.max_row + 1):
        cell: Any = sheet.cell(row, place, _HEADING if row == 1 else texts.get(row))
        like: Any = sheet.cell(row, place - 1)
        cell.font, cell.fill, cell.border, cell.alignment = map(
            copy, (like.font, like.fill, like.border, like.alignment)
        )
    sheet.column_dimensions[get_column_letter(place)].width = _WIDTH
    header = sheet.oddHeader
    if header is not None:
        room = _LONGEST_HEADER - len(header.left.text or "") - len(header.right.text or "")
        # An ampersand begins a command there.
        header.center.text, header.center.size = said.replace("&", "and")[: max(room, 0)], 7


def _open_column(sheet: Worksheet, place: int) -> None:
    """Make room for a column: what stands there moves on, with widths, choices, and the frozen and printed part."""
    known: Any = sheet.column_dimensions.values()
    widths = {number: one.width for one in known for number in range(one.min, one.max + 1)}
    sheet.insert_cols(place)
    sheet.column_dimensions.clear()
    for number, width in widths.items():
        sheet.column_dimensions[get_column_letter(number + (number >= place))].width = width
    for choices in sheet.data_validations.dataValidation:
        choices.sqref = MultiCellRange([_moved(each, place) for each in choices.sqref.ranges])
    if sheet.freeze_panes:
        row, column = coordinate_to_tuple(sheet.freeze_panes)
        sheet.freeze_panes = f"{get_column_letter(column + (column >= place))}{row}"
    if sheet.auto_filter.ref:
        sheet.auto_filter.ref = _moved(CellRange(sheet.auto_filter.ref), place).coord
    if sheet.print_area:
        sheet.print_area = _moved(CellRange(sheet.print_area.split("!")[-1]), place).coord


def _moved(cells: CellRange, place: int) -> CellRange:
    """Return where cells are when a column was put in before a place."""
    first, last = (column + (column >= place) for column in (cells.min_col, cells.max_col))
    return CellRange(min_col=first, min_row=cells.min_row, max_col=last, max_row=cells.max_row)


def _check_all(there: Collection[object], numbers: Mapping[str, str]) -> None:
    if not numbers.keys() <= set(there):
        raise ValueError("somebody is missing")


# Ending of a pack -> how its copy is made.
COPIES: Mapping[str, Callable[[bytes, Mapping[str, str], str], bytes]] = {
    ".html": html_copy,
    ".xlsx": xlsx_copy,
    ".csv": csv_copy,
    ".jsonl": json_copy,
}
