"""Files known by their bytes: what a stage wrote is what a later one reads, or the later one says so."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from vi_risk.errors import InputError


def content_mark(file: Path | None) -> str | None:
    """Return the SHA-256 of a file's bytes in hexadecimal; None without one.

    Of a folder of files, as Spark writes, that of the names and marks of those that a reader of Parquet takes: all but
    what begins with a dot or an underscore.
    """
    if file is None:
        return None
    if file.is_dir():
        parts = sorted(part for part in file.iterdir() if part.is_file() and not part.name.startswith((".", "_")))
        marks = "".join(f"{content_mark(part)}  {part.name}\n" for part in parts)
        return hashlib.sha256(marks.encode()).hexdigest()
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def checksums_of(folder: Path, names: Iterable[str]) -> dict[str, str | None]:
    """Return name -> `content_mark` of the files, or folders of files, that are there."""
    return {name: content_mark(folder / name) for name in names if (folder / name).exists()}


def refuse_strangers(folder: Path, written: Mapping[str, str | None], names: Iterable[str], *, command: str) -> None:
    """Refuse files that may be written and were not: what is read where there is such a file would be of another run.

    Parameters
    ----------
    written, command
        As in `refuse_others`. Of nothing written nothing is a stranger: an earlier version kept no checksums.
    names
        Of the files that may be.

    Raises
    ------
    InputError
        There is one.
    """
    for name in names:
        if written and name not in written and (folder / name).exists():
            msg = (
                f"{name}: was not written when the rest was: run.json tells of none. Take it away, or run `vi-risk"
                f" {command}` with the same --out again."
            )
            raise InputError(msg)


def refuse_others(folder: Path, written: Mapping[str, str | None], *, when: str, command: str) -> None:
    """Refuse files that are not those that were written, whether changed, exchanged or taken from another folder.

    Parameters
    ----------
    written
        Name -> the checksum that run.json keeps. A file that is not among them is not looked at.
    when, command
        When they were written, and the command that writes them, for the message.

    Raises
    ------
    InputError
        A file that was written is missing or is another.
    """
    for name, checksum in written.items():
        path = folder / name
        if not path.exists() or content_mark(path) != checksum:
            msg = (
                f"{name}: is not the file that was written when {when}: run.json tells of another. Run"
                f" `vi-risk {command}` with the same --out again."
            )
            raise InputError(msg)
