"""Where the answers of a team stand in a workbook: the sheet and its headings; no copy of it may hold answers too."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vi_risk.errors import InputError
from vi_risk.reviews.answers import text_of
from vi_risk.reviews.form import ANSWERS, IDENTITY_SHEET, LIST_SHEET, ListIdentity
from vi_risk.reviews.workbook import Cells

_HEADING_WITHIN = 10  # rows: a team may have put a title above
_COLUMNS = ("patient_id", *ANSWERS)


@dataclass(frozen=True, slots=True)
class ListSheet:
    """The sheet of a list and where its columns are.

    Attributes
    ----------
    heading_row
        Counted from 0.
    columns
        Of the heading row, in its order: the column of a review, None over any other.
    """

    name: str
    heading_row: int
    columns: tuple[str | None, ...]

    @property
    def places(self) -> dict[str, int]:
        """Column of a review -> its place in a row, counted from 0; the first where it is there twice."""
        return {column: self.columns.index(column) for column in _COLUMNS if column in self.columns}

    @property
    def is_copy(self) -> bool:
        """Whether it asks for decisions about people, as only the sheet of the list and its copies do."""
        return {"patient_id", "decision"} <= set(self.columns)

    def holds_answers(self, cells: Cells) -> bool:
        """Whether anything stands under the heading of an answer."""
        places = [place for column, place in self.places.items() if column in ANSWERS]
        rows = cells[self.heading_row + 1 :]
        return any(text_of(row[place]) for row in rows for place in places if place < len(row))


def list_sheet(name: str, sheets: Mapping[str, Cells], identity: ListIdentity) -> ListSheet:
    """Return the sheet that holds the list, whatever a team called it.

    Parameters
    ----------
    name
        Of the workbook, for messages.

    Raises
    ------
    InputError
        No sheet has every heading once, or answers stand in a copy of the sheet as well, where nobody would read them.
    """
    found = [_with_headings(sheet, sheets[sheet], identity) for sheet in _in_order(sheets)]
    if not found:
        msg = f'{name}: expected the sheet "{LIST_SHEET}", found none to read. Import the workbook that vi-risk wrote.'
        raise InputError(msg)
    best = max(found, key=lambda sheet: len(sheet.places))  # of equals the first
    if len(best.places) == 1:
        best = found[0]  # patients are named on other sheets too: say what is wrong with that of the list
    _check_headings(name, best, identity)
    for other in found:
        if other is not best and other.is_copy and other.holds_answers(sheets[other.name]):
            msg = (
                f'{name}: expected answers in one sheet, found some in sheet "{other.name}", which has the headings of'
                f' sheet "{best.name}". Bring all answers into one of the two, and delete the other.'
            )
            raise InputError(msg)
    return best


def _in_order(sheets: Mapping[str, Cells]) -> Iterator[str]:
    """Give the names of the sheets that may hold the list, the one that held it first of all."""
    if LIST_SHEET in sheets:
        yield LIST_SHEET
    yield from (sheet for sheet in sheets if sheet not in (LIST_SHEET, IDENTITY_SHEET))


def _with_headings(sheet: str, cells: Cells, identity: ListIdentity) -> ListSheet:
    """Return the sheet with the row that has most of the headings, the first of equals."""
    expected = {words.casefold(): column for column, words in identity.headings.items()}
    rows = [
        ListSheet(sheet, number, tuple(expected.get((text_of(cell) or "").casefold()) for cell in row))
        for number, row in enumerate(cells[:_HEADING_WITHIN])
    ]
    return max(rows, key=lambda row: len(row.places), default=ListSheet(sheet, 0, ()))


def _check_headings(name: str, sheet: ListSheet, identity: ListIdentity) -> None:
    words = identity.headings
    expected = ", ".join(f'"{words[column]}"' for column in _COLUMNS)
    if not sheet.places:
        msg = (
            f'{name}: sheet "{sheet.name}": expected the columns {expected} in one of its first {_HEADING_WITHIN} rows,'
            " found none of them there. Give the columns their headings back, or take out rows above them."
        )
        raise InputError(msg)
    absent = [f'no column "{words[column]}"' for column in _COLUMNS if column not in sheet.columns]
    twice = [f'"{words[column]}" twice' for column in _COLUMNS if sheet.columns.count(column) > 1]
    if absent or twice:
        msg = (
            f'{name}: sheet "{sheet.name}": expected the columns {expected}, each once; found'
            f" {'; '.join((*absent, *twice))}. Give the columns their headings back."
        )
        raise InputError(msg)
