"""What must not be found: NHS numbers, postcodes, names and addresses, read from where a site has them."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from vi_risk.errors import InputError
from vi_risk.identity.identifying_columns import identifying
from vi_risk.identity.nhs_numbers import nhs_number_of

NHS_NUMBER, POSTCODE, OTHER = "NHS number", "postcode", "name or address"
KINDS = (NHS_NUMBER, POSTCODE, OTHER)

_POSTCODE = re.compile(r"([A-Za-z]{1,2}[0-9][A-Za-z0-9]?) ?([0-9][A-Za-z]{2})")
_DATE = re.compile(r"[0-9]{1,4}[-/. ][0-9]{1,2}[-/. ][0-9]{1,4}([ T].*)?")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_SHORTEST = 4  # letters and digits: shorter names stand everywhere
_OF_A_PERSON = "patient_id"


@dataclass(frozen=True, slots=True)
class Identifiers:
    """Identifiers to look for; printing them shows how many there are, and none of them.

    Attributes
    ----------
    numbers
        NHS numbers, ten digits.
    postcodes
        Full ones, with one space.
    others
        Names and addresses, as they were given.
    passed_over
        How many texts were no identifier to look for: dates, and what has under four letters and digits.
    """

    numbers: frozenset[str] = field(default=frozenset(), repr=False)
    postcodes: frozenset[str] = field(default=frozenset(), repr=False)
    others: frozenset[str] = field(default=frozenset(), repr=False)
    passed_over: int = 0

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Identifiers":
        """Return what is to be looked for of these texts.

        >>> Identifiers.of(["943 476 5919", "ls14ab", "Ann Lee", "Li", "1950-06-12"]).in_words()
        '1 NHS number, 1 postcode, 1 name or address; 2 dates and short texts are not looked for'
        """
        numbers, postcodes, others, passed_over = set(), set(), set(), 0
        for text in {" ".join(text.split()) for text in texts}:
            if (number := nhs_number_of(text)) is not None:
                numbers.add(number)
            elif (parts := _POSTCODE.fullmatch(text)) is not None:
                postcodes.add(f"{parts[1]} {parts[2]}".upper())
            elif len(_LETTER_OR_DIGIT.findall(text)) < _SHORTEST or _DATE.fullmatch(text):
                passed_over += bool(text)
            else:
                others.add(text)
        return cls(frozenset(numbers), frozenset(postcodes), frozenset(others), passed_over)

    def __len__(self) -> int:
        """How many there are to look for."""
        return len(self.numbers) + len(self.postcodes) + len(self.others)

    def in_words(self) -> str:
        """Tell how many of each kind are looked for."""
        told = [
            counted(len(texts), kind)
            for kind, texts in zip(KINDS, (self.numbers, self.postcodes, self.others), strict=True)
            if texts
        ]
        over = f"; {self.passed_over:,} dates and short texts are not looked for" if self.passed_over else ""
        return (", ".join(told) or "nothing to look for") + over

    def spelt(self) -> Iterator[tuple[bytes, int]]:
        """Yield every way in which each may be written, and the place of its kind in `KINDS`.

        Capitals of A to Z, and signs between words, are the search's own matter.
        """
        for number in self.numbers:
            yield number.encode(), 0
            yield f"{number[:3]} {number[3:6]} {number[6:]}".encode(), 0
            yield f"{number[:3]}-{number[3:6]}-{number[6:]}".encode(), 0
        for postcode in self.postcodes:
            yield postcode.encode(), 1
            yield postcode.replace(" ", "").encode(), 1
        for text in self.others:
            for spelling in {text} if text.isascii() else {text, text.lower(), text.upper()}:
                yield from ((written, 2) for written in _bytes_of(spelling))


def counted(number: int, kind: str) -> str:
    """Return how many of a kind, in words.

    >>> counted(2, NHS_NUMBER), counted(1200, OTHER)
    ('2 NHS numbers', '1,200 names or addresses')
    """
    many = {OTHER: "names or addresses"}.get(kind, f"{kind}s")
    return f"{number:,} {kind if number == 1 else many}"


def read_identifiers(file: Path) -> Identifiers:
    """Return the identifiers that a file holds.

    A CSV or Parquet file (``.csv``, ``.parquet``) gives those of its columns whose names say that they identify
    somebody, such as ``NHS_NUMBER`` or ``surname``, and the NHS numbers of ``patient_id``; any other file, in UTF-8,
    each of its lines.

    Raises
    ------
    InputError
        The file cannot be read, or holds nothing to look for.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        msg = f"--identifiers {file}: cannot be read ({error.strerror}). Name a file, as a user who may read it."
        raise InputError(msg) from None
    try:
        found = Identifiers.of(_texts(file, content))
    except (UnicodeDecodeError, csv.Error, pa.ArrowException):
        msg = (
            f"--identifiers {file}: is neither text in UTF-8 nor a table that can be read. Write one identifier a line,"
            " or name an extract with the ending .csv or .parquet."
        )
        raise InputError(msg) from None
    if not found:
        msg = (
            f"--identifiers {file}: holds nothing to look for. Expected an identifier a line, or a table with columns"
            " such as NHS_NUMBER, SURNAME and POSTCODE."
        )
        raise InputError(msg)
    return found


def _texts(file: Path, content: bytes) -> Iterator[str]:
    if file.suffix == ".parquet":
        yield from _of_table(pq.read_table(BytesIO(content)))
    elif file.suffix == ".csv":
        rows = csv.reader(StringIO(content.decode("utf-8-sig"), newline=""))
        names = next(rows, [])
        cells = list(rows)
        for place in _wanted(names):
            values = (row[place] for row in cells if place < len(row))
            yield from _kept(names[place], values)
    else:
        yield from content.decode("utf-8-sig").splitlines()


def _of_table(rows: pa.Table) -> Iterator[str]:
    for place in _wanted(rows.column_names):
        values = rows.column(place).unique().to_pylist()
        yield from _kept(rows.column_names[place], (str(value) for value in values if value is not None))


def _wanted(names: list[str]) -> list[int]:
    chosen = identifying(names)
    return [place for place, name in enumerate(names) if name in chosen or name == _OF_A_PERSON]


def _kept(name: str, values: Iterable[str]) -> Iterator[str]:
    """Yield the values of a column; of patient_id NHS numbers alone, for pseudonyms may be found anywhere."""
    return (value for value in values if name != _OF_A_PERSON or nhs_number_of(value) is not None)


def _bytes_of(text: str) -> Iterator[bytes]:
    """Yield a text as UTF-8, and, if it is more than ASCII, as Windows and as JSON write it too."""
    yield text.encode()
    if not text.isascii():
        yield text.encode("cp1252", "ignore")
        yield text.encode("ascii", "backslashreplace")  # é is \xe9, beyond Latin-1 \u0142
        yield "".join(sign if sign.isascii() else f"\\u{ord(sign):04x}" for sign in text).encode()
