"""What a file holds, unpacked: cells of tables, members of archives, and the bytes themselves.

A file is known by its first bytes, not by its name. Whatever cannot be opened is still read as the bytes that it is.
"""

import bz2
import codecs
import gzip
import io
import lzma
import sqlite3
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

import pyarrow as pa

from vi_risk.leaks.tables import (
    CHECKSUM_BYTES,
    cells_of_arrow,
    cells_of_kept_features,
    cells_of_parquet,
    cells_of_sqlite,
)

DEEPEST = 6  # archives in archives
MOST_UNPACKED = 1 << 30  # bytes of one member that must be held in memory
_BLOCK = 1 << 22
_HEAD = 1 << 12
_TO_BREAK_AT = 1 << 16  # a block ends at a sign between words, looked for this far back
_ENDS = (b"\n", b"\0", b"<", b'"', b",", b" ")

_FAULTS = (
    *(pa.ArrowException, sqlite3.Error, zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, zlib.error),
    *(OSError, EOFError, RuntimeError, NotImplementedError, ValueError),
)


@dataclass(frozen=True, slots=True)
class Block:
    """Some of what a file holds.

    Attributes
    ----------
    place
        Where in the file: names of a member, of a column; the first is the file's own.
    content
        At most some megabytes; words are not cut in two.
    text
        Whether it is text: words begin and end there, and figures have decimals.
    """

    place: tuple[str, ...]
    content: bytes
    text: bool


@dataclass(frozen=True, slots=True)
class Unopened:
    """What was searched as bytes alone, because it could not be opened, or has no kind that can be."""

    place: tuple[str, ...]
    why: str


def contents(stream: IO[bytes], place: tuple[str, ...], deep: int = 0) -> Iterator[Block | Unopened]:
    """Yield all that a stream holds, unpacked as often as it was packed.

    Parameters
    ----------
    stream
        At its beginning, and able to go back to it.
    """
    head = stream.read(_HEAD)
    stream.seek(0)
    kind = next((kind for kind, (at, sign) in _SIGNS.items() if head[at : at + len(sign)] == sign), None)
    if kind is not None and deep < DEEPEST:
        try:
            yield from _OPENED[kind](stream, place, deep)
        except _FAULTS as error:
            # The words of the fault may quote what was read.
            yield Unopened(place, f"cannot be opened as {kind} ({type(error).__name__})")
        stream.seek(0)
    elif kind is not None:
        yield Unopened(place, f"lies in more than {DEEPEST} archives")
    text = kind is None and is_text(head)
    if text and head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        content = stream.read().decode("utf-16", "replace").encode()
        stream = io.BytesIO(content)
    elif kind is None and not text and head:
        yield Unopened(place, "is of no kind that is opened")
    yield from (Block(place, block, text) for block in blocks(stream))


def is_text(head: bytes) -> bool:
    r"""Whether bytes are the beginning of a text, in UTF-8, UTF-16 with its mark, or an older code of Windows.

    >>> is_text("Zoë".encode()), is_text("Zoë".encode("utf-16")), is_text(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    (True, True, False)
    """
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    if b"\0" in head:
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        strange = sum(byte < 9 or 13 < byte < 32 or byte > 126 for byte in head)
        return strange < 0.1 * len(head)
    return True


def blocks(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a stream in parts of some megabytes that end where a word does."""
    whole = stream.read(_BLOCK)
    while new := stream.read(_BLOCK):
        after = max(0, len(whole) - _TO_BREAK_AT)
        cut = next((at + 1 for sign in _ENDS if (at := whole.rfind(sign, after)) >= 0), len(whole))
        yield whole[:cut]
        whole = whole[cut:] + new
    if whole:
        yield whole


def _of_zip(stream: IO[bytes], place: tuple[str, ...], deep: int) -> Iterator[Block | Unopened]:
    with zipfile.ZipFile(stream) as archive:
        yield Block((*place, "names of its members"), "\n".join(archive.namelist()).encode(), text=True)
        for member in archive.infolist():
            try:
                with archive.open(member) as opened:
                    yield from _unpacked(opened, (*place, member.filename), deep)
            except _FAULTS as error:
                yield Unopened((*place, member.filename), f"cannot be unpacked ({type(error).__name__})")


def _of_tar(stream: IO[bytes], place: tuple[str, ...], deep: int) -> Iterator[Block | Unopened]:
    with tarfile.open(fileobj=stream) as archive:
        for member in archive:
            yield Block((*place, "names of its members"), member.name.encode(errors="replace"), text=True)
            if (opened := archive.extractfile(member)) is not None:
                yield from _unpacked(opened, (*place, member.name), deep)


def _with(opener: Callable[[IO[bytes]], Any]) -> Callable[..., Iterator[Block | Unopened]]:
    def of_one(stream: IO[bytes], place: tuple[str, ...], deep: int) -> Iterator[Block | Unopened]:
        with opener(stream) as opened:
            yield from _unpacked(opened, (*place, "unpacked"), deep)

    return of_one


def _unpacked(opened: Any, place: tuple[str, ...], deep: int) -> Iterator[Block | Unopened]:
    """Yield what a packed stream holds; it is held in memory, for no copy may be left on a disk."""
    content = bytearray()
    while len(content) <= MOST_UNPACKED and (part := opened.read(_BLOCK)):
        content += part
    if len(content) > MOST_UNPACKED:
        yield Unopened(place, f"holds more than {MOST_UNPACKED >> 20:,} MB, of which the first were searched")
    yield from contents(io.BytesIO(content), place, deep + 1)


def _cells(cells: Callable[[IO[bytes]], Iterator[tuple[str, bytes]]]) -> Callable[..., Iterator[Block | Unopened]]:
    def of_table(stream: IO[bytes], place: tuple[str, ...], deep: int) -> Iterator[Block | Unopened]:
        del deep
        for column, texts in cells(stream):
            yield from (Block((*place, column), block, text=True) for block in blocks(io.BytesIO(texts)))

    return of_table


_ZSTD = b"\x28\xb5\x2f\xfd"
# Kind -> where its first bytes stand, and what they are.
_SIGNS = {
    "zip": (0, b"PK\x03\x04"),
    "gzip": (0, b"\x1f\x8b"),
    "zstd": (0, _ZSTD),
    "kept features": (CHECKSUM_BYTES, _ZSTD),
    "bzip2": (0, b"BZh"),
    "xz": (0, b"\xfd7zXZ\0"),
    "tar": (257, b"ustar"),
    "Parquet": (0, b"PAR1"),
    "Arrow": (0, b"ARROW1\0\0"),
    "SQLite": (0, b"SQLite format 3\0"),
}
_OPENED: dict[str, Callable[..., Iterator[Block | Unopened]]] = {
    "zip": _of_zip,
    "gzip": _with(lambda stream: gzip.GzipFile(fileobj=stream)),
    "zstd": _with(lambda stream: pa.CompressedInputStream(pa.BufferReader(stream.read()), "zstd")),
    "bzip2": _with(bz2.BZ2File),
    "xz": _with(lzma.LZMAFile),
    "tar": _of_tar,
    "Parquet": _cells(cells_of_parquet),
    "Arrow": _cells(cells_of_arrow),
    "SQLite": _cells(cells_of_sqlite),
    "kept features": _cells(cells_of_kept_features),
}
