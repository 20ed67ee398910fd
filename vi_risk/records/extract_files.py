"""The files of a records folder: which there are, how they are written, and which of them is damaged."""

import codecs
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import duckdb
from pydantic import BaseModel, ConfigDict, model_validator

from vi_risk.errors import InputError, ResourceError
from vi_risk.records.casting import text_literal
from vi_risk.records.headings import csv_heading, fit_together, header_line, parquet_heading

_KINDS = (".csv", ".parquet")
_AUTO = "auto"
_DELIMITERS = {",": "comma", "|": "pipe", "\t": "tab", ";": "semicolon"}


class FileForm(BaseModel):
    """How the CSV files of a site are written."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    delimiter: str = ","  # or "auto": of each file that of comma, pipe, tab and semicolon which its header line holds
    encoding: str = "utf-8"
    null: list[str] = []  # words that stand for an empty cell

    @model_validator(mode="after")
    def _is_coherent(self) -> Self:
        faults = []
        sign = self.delimiter
        if sign != _AUTO and (len(sign) != 1 or not sign.isascii() or sign.isalnum() or sign in '"\r\n_'):
            faults.append('delimiter is one sign, such as "|", ";" or "\\t", or "auto" for that of the header lines')
        try:
            "a".encode(self.encoding)
        except LookupError:
            faults.append('encoding is not one that is known; expected for example "utf-8", "windows-1252" or "utf-16"')
        if faults:
            raise ValueError("\n".join(faults))
        return self

    @property
    def is_utf8(self) -> bool:
        """Whether the engine reads it as it is."""
        return codecs.lookup(self.encoding).name in ("utf-8", "utf-8-sig")


@dataclass(frozen=True)
class SourceFiles:
    """The files of one source, ready to be read: all Parquet, or all CSV with one delimiter.

    `paths` are the site's, `readable` the same as the engine reads them: copies in UTF-8 where the site's are not.
    """

    name: str
    paths: tuple[Path, ...]
    readable: tuple[Path, ...]
    delimiter: str = ","
    null: tuple[str, ...] = ()

    @property
    def scan(self) -> str:
        """What stands behind FROM to read all of them."""
        return _scan(self.readable, self.delimiter, self.null)

    def damage(self, connection: duckdb.DuckDBPyConnection) -> str | None:
        """Say which file is damaged, by reading each of them whole; None where none is."""
        for path, readable in zip(self.paths, self.readable, strict=True):
            scan = _scan((readable,), self.delimiter, self.null)
            try:
                connection.execute(f"SELECT count(COLUMNS(*)) FROM {scan}").fetchone()  # noqa: S608
            except duckdb.Error as error:
                line = _line_in(error) or _line_of_fault(connection, readable, self.delimiter)
                return f"{_shown(path, self.name)}: {_file_fault(path, line, self.delimiter)}"
        return None


def files_of(folder: Path) -> dict[str, tuple[Path, ...]]:
    """Return source name -> files of a records folder: NAME.csv, NAME.parquet, or a folder NAME of parts."""
    found: dict[str, tuple[Path, ...]] = {}
    from_path: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "_")):
            continue
        if path.is_dir():
            name, files = path.name, tuple(sorted(p for p in path.rglob("*") if _is_part(p, path)))
        elif path.suffix.lower() in _KINDS:
            name, files = path.stem, (path,)
        else:
            continue
        if not files:
            continue
        alike = next((known for known in found if known.casefold() == name.casefold()), None)
        if alike is not None:
            msg = f"{folder}: holds both {from_path[alike].name} and {path.name}. Keep one file for each source."
            raise InputError(msg)
        if len({file.suffix.lower() for file in files}) > 1:
            msg = f"{folder}: the folder {path.name} holds both CSV and Parquet. Keep parts of one kind in a folder."
            raise InputError(msg)
        found[name], from_path[name] = files, path
    if not found:
        msg = f"{folder}: holds no CSV or Parquet file. Expected one file for each source, such as spells.parquet."
        raise InputError(msg)
    return found


def ready(name: str, paths: tuple[Path, ...], form: FileForm, place: Path) -> SourceFiles:
    """Return the files of a source ready to be read; copies in UTF-8, where they are needed, go to `place`.

    Raises
    ------
    InputError
        One of them is empty, has no header line, names a column twice or has other columns than the first, or is
        delimited or encoded in another way than `form` says.
    ResourceError
        There is no room for the copies.
    """
    for path in paths:
        if path.stat().st_size == 0:  # DuckDB would find a nameless column in it
            msg = f"{_shown(path, name)}: is empty, 0 bytes. Write or copy it again."
            raise InputError(msg)
    if paths[0].suffix.lower() != ".csv":
        named = [(path, _shown(path, name), parquet_heading(path, _shown(path, name))) for path in paths]
        fit_together(name, [(path, shown, heading) for path, shown, heading in named if heading is not None])
        return SourceFiles(name, paths, paths)
    readable = paths if form.is_utf8 else tuple(_recoded(name, paths, form.encoding, place))
    delimiters, headings = [], []
    for path, copy in zip(paths, readable, strict=True):
        shown, header = _shown(path, name), header_line(copy)
        delimiter = _delimiter(header, form.delimiter, shown)
        headings.append((path, shown, csv_heading(header, delimiter, shown)))
        delimiters.append(delimiter)
    if len(set(delimiters)) > 1:
        signs = " and ".join(f"{_DELIMITERS[sign]}s" for sign in dict.fromkeys(delimiters))
        msg = f"{name}: its parts are delimited by {signs}. Write all of them with one."
        raise InputError(msg)
    fit_together(name, headings)
    return SourceFiles(name, paths, readable, delimiters[0], tuple(form.null))


def _recoded(name: str, paths: Iterable[Path], encoding: str, place: Path) -> Iterator[Path]:
    (place / name).mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(paths):
        copy = place / name / f"{number}.csv"
        try:
            with (
                path.open(encoding=encoding, newline="") as site,
                copy.open("w", encoding="utf-8", newline="") as ours,
            ):
                shutil.copyfileobj(site, ours, 1 << 20)
        except UnicodeError:
            msg = (
                f"{_shown(path, name)}: is not {encoding} text. Say in the mapping how it is written:"
                " encoding under [files]."
            )
            raise InputError(msg) from None
        except OSError as error:
            msg = (
                f"{_shown(path, name)}: no copy of it in UTF-8 can be made ({error.strerror})."
                " Free space, or name another folder for temporary files in the environment variable TMPDIR."
            )
            raise ResourceError(msg) from None
        yield copy


def _delimiter(header: str, wanted: str, shown: str) -> str:
    """Return the delimiter of a file, which is the wanted one or that of its header line; refuse what looks wrong."""
    bare = re.sub(r'"[^"]*"', "", header)
    there = [sign for sign in _DELIMITERS if sign in bare]
    if wanted != _AUTO:
        if wanted not in bare and there:
            sign = max(there, key=bare.count)
            called = f"{_DELIMITERS[wanted]}s" if wanted in _DELIMITERS else wanted
            msg = (
                f"{shown}: looks {_DELIMITERS[sign]}-delimited: its header line is 1 column with {called} and"
                f" {bare.count(sign) + 1} with {_DELIMITERS[sign]}s. Say files.delimiter = {_as_toml(sign)} in the"
                f" mapping (or {_as_toml(_AUTO)}), or write the file with {called}."
            )
            raise InputError(msg)
        return wanted
    if len(there) > 1:
        signs = " and ".join(f"{_DELIMITERS[sign]}s" for sign in there)
        msg = f"{shown}: its header line holds {signs}. Say in the mapping which one delimits: files.delimiter."
        raise InputError(msg)
    return there[0] if there else ","


def _as_toml(sign: str) -> str:
    return '"\\t"' if sign == "\t" else f'"{sign}"'


def _is_part(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
    return path.is_file() and path.suffix.lower() in _KINDS and not hidden


def _scan(paths: Iterable[Path], delimiter: str, null: Iterable[str]) -> str:
    files = [str(path) for path in paths]
    listed = f"[{', '.join(text_literal(literal_path(file)) for file in files)}]"
    several = ", union_by_name = true" if len(files) > 1 else ""
    if files[0].lower().endswith(".parquet"):
        return f"read_parquet({listed}{several})"
    empty = ", ".join(text_literal(word) for word in ("", *null))
    return (
        f"read_csv({listed}{several}, header = true, all_varchar = true, delim = {text_literal(delimiter)},"
        f" quote = '\"', escape = '\"', comment = '', skip = 0, nullstr = [{empty}], strict_mode = true,"
        " encoding = 'utf-8')"
    )


def literal_path(path: str) -> str:
    """Return a path in which DuckDB sees no pattern: `*`, `?` and `[` stand for themselves."""
    return re.sub(r"([*?\[])", r"[\1]", path)


def _shown(path: Path, name: str) -> str:
    return path.name if path.stem == name else f"{name}/{path.name}"


def not_alike(name: str) -> str:
    """Say that the parts of a source cannot be read as one."""
    return f"{name}: its parts do not fit together. Expected the same columns, of the same types, in each."


def _line_in(error: duckdb.Error) -> str | None:
    """Return the line that the engine names; further on its message quotes the record, so nothing else is kept."""
    found = re.match(r"[^\n]*CSV Error on Line: (\d+)", str(error))
    return None if found is None else found[1]


def _line_of_fault(connection: duckdb.DuckDBPyConnection, path: Path, delimiter: str) -> str | None:
    """Return the line of the first fault of a CSV file; None where the engine knows none.

    While it looks for itself how a file is written, the engine names no line. So it is told the number of columns.
    """
    if path.suffix.lower() == ".parquet":
        return None
    columns = ", ".join(f"'{place}': 'VARCHAR'" for place in range(len(csv_heading(header_line(path), delimiter, ""))))
    scan = _scan((path,), delimiter, ()).removesuffix(")")
    query = f"SELECT count(COLUMNS(*)) FROM {scan}, auto_detect = false, columns = {{{columns}}})"  # noqa: S608
    try:
        connection.execute(query).fetchone()
    except duckdb.Error as error:
        return _line_in(error)
    return None


def _file_fault(path: Path, line: str | None, delimiter: str) -> str:
    """Say what is wrong with a file."""
    if path.suffix.lower() == ".parquet":
        return "is not a whole Parquet file (truncated, or not Parquet). Write or copy it again."
    at = f" at line {line}" if line else ""
    return (
        f"cannot be read as CSV{at}. Expected UTF-8 text (another encoding is named in the mapping: files.encoding),"
        f" {_DELIMITERS.get(delimiter, delimiter)}s, a header line, and as many cells in each row as in the header."
    )
