"""What the names of a source's columns must be like: the engine would mend what is wrong with them and tell nobody.

No fault shows a name: where the header line is missing, the names are the values of a record.
"""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from vi_risk.errors import InputError

_LONGEST = 1 << 21  # characters of a header line; the engine refuses longer ones
_NO_LETTER = re.compile(r"[\W\d_]*\d[\W\d_]*")
_DATE = re.compile(r"\d{1,4}[-/. ](\d{1,2}|[A-Za-z]{3,9})[-/. ]\d{2,4}.*", re.DOTALL)
_MOST_DIGITS = 38  # of a decimal; out of wider ones DuckDB 1.5 reads other numbers

Heading = tuple[str, ...]


def header_line(path: Path) -> str:
    """Return the first record of a CSV file without its line end; bytes that are no UTF-8 are kept as they are."""
    parts, quotes, length = [], 0, 0
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        while length < _LONGEST and (part := file.readline(_LONGEST)):
            parts.append(part)
            quotes, length = quotes + part.count('"'), length + len(part)
            if quotes % 2 == 0:  # a name in quotes may hold line ends
                break
    return "".join(parts).rstrip("\r\n")


def csv_heading(header: str, delimiter: str, shown: str) -> Heading:
    """Return the names in a header line, in lower case.

    Raises
    ------
    InputError
        It is no header line, or a name stands there more than once.
    """
    try:
        names = next(csv.reader(io.StringIO(header, newline=""), delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        msg = f"{shown}: its header line cannot be read. Write one name for each column there."
        raise InputError(msg) from None
    if not names:  # the engine would read over empty lines and take the header for a row
        msg = f"{shown}: has no header line first. Write the names of its columns there."
        raise InputError(msg)
    for number, name in enumerate(names, start=1):
        if _NO_LETTER.fullmatch(name) or _DATE.fullmatch(name.strip()):
            msg = (
                f"{shown}: has a number or a date where the name of column {number} is expected."
                " Write a header line first, with a name for each column."
            )
            raise InputError(msg)
    width = len(str(len(names) - 1))
    return _each_once([_plain(name) or f"column{at:0{width}}" for at, name in enumerate(names)], shown)


def parquet_heading(path: Path, shown: str) -> Heading | None:
    """Return the names of a Parquet file's columns, in lower case; None of a damaged file, which is told of later.

    Raises
    ------
    InputError
        A name stands there more than once, or a column is of a type that the engine misreads.
    """
    try:
        schema = pq.read_schema(path)
    except (OSError, pa.ArrowException):
        return None
    for number, kind in enumerate(schema.types, start=1):
        if pa.types.is_decimal(kind) and kind.precision > _MOST_DIGITS:
            msg = (
                f"{shown}: column {number} is a decimal of {kind.precision} digits. Expected at most {_MOST_DIGITS}."
                " Write it as a narrower decimal or as text."
            )
            raise InputError(msg)
    return _each_once([_plain(name) for name in schema.names], shown)


def fit_together(source: str, parts: Sequence[tuple[Path, str, Heading]]) -> None:
    """Refuse parts (path, what it is called, names) of which one has other columns, and folders named like a column.

    Raises
    ------
    InputError
        The engine would fill the rows of a part with nulls, or with what the name of its folder says.
    """
    if not parts:
        return
    _, first, expected = parts[0]
    for path, shown, names in parts:
        lacking, more = len(set(expected) - set(names)), len(set(names) - set(expected))
        if lacking or more:
            msg = (
                f"{shown}: lacks {lacking} of the columns of {first} and has {more} that it lacks. Give all parts of"
                f" {source} the same columns, or take them out of the folder and stack them in a mapping."
            )
            raise InputError(msg)
        folders = {_plain(folder.partition("=")[0]) for folder in path.parts[:-1] if "=" in folder}
        if clash := sorted(folders & set(names)):
            msg = (
                f"{shown}: lies in a folder {clash[0]}=... and has a column of that name too."
                " Name the folder otherwise."
            )
            raise InputError(msg)


def _plain(name: str) -> str:
    return name.strip().casefold()


def _each_once(names: Sequence[str], shown: str) -> Heading:
    """Refuse a name that stands more than once: the engine would give the second one another name."""
    for number, name in enumerate(names):
        if name in names[:number]:
            msg = (
                f"{shown}: columns {names.index(name) + 1} and {number + 1} have the same name."
                " Name each column once; upper and lower case are the same."
            )
            raise InputError(msg)
    return tuple(names)
