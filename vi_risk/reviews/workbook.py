"""A workbook opened with care: the cells of a sheet as rows, whoever saved it, and never one that would fill memory."""

import warnings
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from vi_risk.errors import InputError

Cells = list[tuple[Any, ...]]  # rows of a sheet; an empty cell is None, and one that nobody wrote is `Computed`

_MOST_BYTES = 200_000_000  # of a workbook unpacked; a pack of 500 patients has under 2 million
_MOST_ROWS = 20_000  # a sheet formatted down to its last row has a million empty ones
_LAST_COLUMN = 200
_OLD_FORMAT = b"\xd0\xcf\x11\xe0"  # of .xls, and of workbooks that ask for a password
_SAVE_AS = "Save it from Excel or LibreOffice as .xlsx, without a password, and import that."
_FORMULA, _ERROR = "f", "e"  # kinds of cells, as openpyxl names them


@dataclass(frozen=True, slots=True)
class Computed:
    """A cell that holds a formula or an error value: what it last came to is nobody's words, so it is not kept."""


def sheets_of(path: Path) -> dict[str, Cells]:
    """Return the sheets of a workbook by name: values, and `Computed` where a formula or an error stands.

    Raises
    ------
    InputError
        The file is not there, no workbook, damaged, or far larger than any pack.
    """
    import openpyxl  # noqa: PLC0415 - not needed to write packs

    try:
        _check_size(path.name, path.stat().st_size)
        content = BytesIO(path.read_bytes())  # the reader would leave a damaged file open
        _check(path.name, content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl tells of styles and drop-downs that it does not keep
            book = openpyxl.load_workbook(content, read_only=True, keep_links=False)
            try:
                return {sheet.title: _cells(sheet) for sheet in book.worksheets}
            finally:
                book.close()
    except InputError:
        raise
    except OSError as error:
        msg = f"{path.name}: cannot be read ({error.strerror or 'no such file'}). Check its name."
        raise InputError(msg) from None
    except Exception:  # damage shows as any error of the reader, whose words may quote a cell
        msg = f"{path.name}: is a damaged workbook. {_SAVE_AS}"
        raise InputError(msg) from None


def _check(name: str, content: BytesIO) -> None:
    if content.getbuffer()[: len(_OLD_FORMAT)] == _OLD_FORMAT:
        msg = f"{name}: is a workbook of the old format, or asks for a password. {_SAVE_AS}"
        raise InputError(msg)
    try:
        with ZipFile(content) as parts:
            size = sum(part.file_size for part in parts.infolist())
            names = set(parts.namelist())
    except BadZipFile:
        names, size = set(), 0
    if "[Content_Types].xml" not in names:
        msg = f"{name}: expected an Excel workbook (.xlsx), found something else. {_SAVE_AS}"
        raise InputError(msg)
    _check_size(name, size)


def _check_size(name: str, size: int) -> None:
    if size > _MOST_BYTES:
        msg = f"{name}: holds {size / 1e6:,.0f} MB, expected at most {_MOST_BYTES / 1e6:,.0f}. Is it a pack?"
        raise InputError(msg)


def _cells(sheet: Any) -> Cells:
    sheet.reset_dimensions()  # what a file says of its own size may be wrong
    rows = sheet.iter_rows(max_row=_MOST_ROWS, max_col=_LAST_COLUMN)
    return [tuple(Computed() if cell.data_type in (_FORMULA, _ERROR) else cell.value for cell in row) for row in rows]
