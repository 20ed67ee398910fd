"""What CSV files hold, read slowly and strictly with Python's own csv module: rows, or that they must be refused."""

import csv
import io
import math
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from vi_risk.records.tables import TABLES, ColumnType

Row = tuple[Any, ...]
Reader = Callable[[str], Any]

_SPACES = "".join(chr(sign) for sign in range(sys.maxunicode) if unicodedata.category(chr(sign)) == "Zs")


class MustBeRefusedError(Exception):
    """The file, or a value in it, has no one clear meaning."""


class NobodyKnowsError(Exception):
    """The file may be refused or read: spaces after a closing quote, which RFC 4180 does not have but people mean."""


def canonical_rows(table: str, *parts: bytes) -> tuple[tuple[str, ...], list[Row]]:
    """Return the canonical columns of a table's files and their rows.

    Raises
    ------
    MustBeRefusedError
        They are no CSV in UTF-8 with the same names in all headers, rows as long as those, values of declared types.
    NobodyKnowsError
        Their quotes can be understood, though no standard says how.
    """
    declared = TABLES[table]
    read = [_cells(content) for content in parts]
    names = set(read[0][0])
    if any(set(others) != names for others, _ in read):
        raise MustBeRefusedError
    if any(column.name not in names for column in declared.columns if column.required or column.mapped):
        raise MustBeRefusedError
    columns = tuple(column for column in declared.column_names if column in names)
    readers = [READ[declared.column(column).type] for column in columns]
    rows = [row for heading, cells in read for row in _values(heading, cells, columns, readers)]
    if not rows and not declared.may_be_empty:
        raise MustBeRefusedError
    return columns, rows


def people(content: bytes) -> list[Row]:
    """Return id, day of birth and sex of a site's file with id, born (day/month/year) and gender (M, F)."""
    names, cells = _cells(content)
    if not cells or not {"id", "born", "gender"} <= set(names):
        raise MustBeRefusedError
    return _values(names, cells, ("id", "born", "gender"), (str, _day_month_year, _gender))


def _values(names: list[str], cells: list[list[str]], wanted: Iterable[str], readers: Iterable[Reader]) -> list[Row]:
    at = [(names.index(name), reader) for name, reader in zip(wanted, readers, strict=True)]
    return [
        tuple(reader(bare) if (bare := row[number].strip(_SPACES)) else None for number, reader in at) for row in cells
    ]


def _cells(content: bytes) -> tuple[list[str], list[list[str]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise MustBeRefusedError from None
    with _long_cells():
        try:
            lines = list(csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True))
        except csv.Error:
            raise (NobodyKnowsError if re.search(r'" +([,\r\n]|\Z)', text) else MustBeRefusedError) from None
    if not lines or not lines[0]:
        raise MustBeRefusedError
    names = [name.strip().lower() or f"nameless {number}" for number, name in enumerate(lines[0])]
    if len(set(names)) < len(names):
        raise MustBeRefusedError
    # A blank line is no row, but where there is one column only it is a row without a value.
    rows = [row or [""] for row in lines[1:] if row or len(names) == 1]
    for row in rows:
        if len(row) < len(names) or any(row[len(names) :]):
            raise MustBeRefusedError
    return names, rows


@contextmanager
def _long_cells() -> Iterator[None]:
    before = csv.field_size_limit(10_000_000)
    try:
        yield
    finally:
        csv.field_size_limit(before)


_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MOMENT = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:[T ]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?(?: ?(Z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?))?)?"
)


def _number(cell: str) -> float:
    bare = cell.strip(" \t\n\r\v\f")
    number = float(bare) if _NUMBER.fullmatch(bare) else math.nan
    if not math.isfinite(number):
        raise MustBeRefusedError
    return number


def _whole_number(cell: str) -> int:
    number = _number(cell)
    if number != math.floor(number) or abs(number) >= 2**53:
        raise MustBeRefusedError
    return int(number)


def moment(cell: str) -> datetime:
    """Return the moment of an ISO date, at the hospital's clock where it has a zone."""
    found = _MOMENT.fullmatch(cell)
    if found is None:
        raise MustBeRefusedError
    *parts, fraction, zone = found.groups()
    try:
        told = datetime(*(int(part or 0) for part in parts), int(((fraction or "") + "000000")[:6]))  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        raise MustBeRefusedError from None
    if zone is None:
        return told
    hours, minutes = (0, 0) if zone in ("Z", "UTC") else (int(zone[1:3]), int(zone[3:].lstrip(":") or 0))
    apart = timedelta(hours=hours, minutes=minutes)
    there = told.replace(tzinfo=timezone(-apart if zone[0] == "-" else apart))
    return there.astimezone(ZoneInfo("Europe/London")).replace(tzinfo=None)


def _day(cell: str) -> date:
    return moment(cell).date()


def _day_month_year(cell: str) -> date:
    found = re.fullmatch(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})", cell)
    if found is None:
        raise MustBeRefusedError
    day, month, year = (int(part) for part in found.groups())
    try:
        return date(year, month, day)
    except ValueError:
        raise MustBeRefusedError from None


def _gender(cell: str) -> str:
    if cell not in ("M", "F"):
        raise MustBeRefusedError
    return "1" if cell == "M" else "2"


def _truth(cell: str) -> bool:
    if cell.lower() in ("true", "t", "yes", "y", "1"):
        return True
    if cell.lower() in ("false", "f", "no", "n", "0"):
        return False
    raise MustBeRefusedError


READ: dict[ColumnType, Reader] = {
    "text": str,
    "date": _day,
    "timestamp": moment,
    "number": _number,
    "integer": _whole_number,
    "boolean": _truth,
}
