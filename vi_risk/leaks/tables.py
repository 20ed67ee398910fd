"""Tables in files, as texts: the cells of each column that could hold an identifier, and what is said of the table."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

CHECKSUM_BYTES = 32  # that stand before features kept by `--cache`

_ROWS = 65_536
_LEAST, _MOST = 10**8, 10**10  # an NHS number that was taken for a figure; the first digit of some is 0


def cells_of_parquet(stream: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield the name of each column and its cells, a line each, some rows at a time.

    Limits of columns stand in the footer unpacked, and are found among the bytes of the file.
    """
    file = pq.ParquetFile(stream)
    yield "names and notes of its columns", b"\n".join(_names(file.schema_arrow))
    yield from _cells(file.iter_batches(_ROWS))


def cells_of_arrow(stream: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield the same of an Arrow file."""
    file = pa.ipc.open_file(stream)
    yield "names and notes of its columns", b"\n".join(_names(file.schema))
    yield from _cells(file.get_batch(number) for number in range(file.num_record_batches))


def cells_of_sqlite(stream: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield the same of each table of a SQLite file, which is read into memory and never written to."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(_of_one_file(stream.read()))
        database.text_factory = bytes
        tables = database.execute("SELECT name, sql FROM sqlite_master").fetchall()
        yield "names of its tables", b"\n".join(part for row in tables for part in row if part is not None)
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            table = name.decode("utf-8", "replace")
            quoted = table.replace('"', '""')
            rows = database.execute(f'SELECT * FROM "{quoted}"')  # noqa: S608 - a name of the file's own, quoted
            columns = [column[0] for column in rows.description]
            while found := rows.fetchmany(_ROWS):
                for column, cells in zip(columns, zip(*found, strict=True), strict=True):
                    yield f"{table}.{column}", b"\n".join(_text_of(cell) for cell in cells if cell is not None)


def cells_of_kept_features(stream: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield the figures of a file of `--cache` that could be NHS numbers: a checksum, then packed doubles."""
    packed = pa.BufferReader(stream.read()[CHECKSUM_BYTES:])
    with pa.CompressedInputStream(packed, "zstd") as unpacked:
        values = np.frombuffer(unpacked.read(), "<f8")
    yield "values", _lines(_texts(pa.array(values)))


def _of_one_file(content: bytes) -> bytes:
    """Return a SQLite file as one that needs no log beside it (bytes 18 and 19: how it is written and read)."""
    return content[:18] + b"\x01\x01" + content[20:]


def _names(schema: Any) -> Iterator[bytes]:
    yield from (name.encode() for name in schema.names)
    notes: list[Mapping[bytes, bytes] | None] = [
        schema.metadata,
        *(schema.field(i).metadata for i in range(len(schema))),
    ]
    yield from (part for said in notes for pair in (said or {}).items() for part in pair)


def _cells(batches: Any) -> Iterator[tuple[str, bytes]]:
    for batch in batches:
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            for part in _flat(column):
                if len(texts := _texts(part)):
                    yield f"column {name}", _lines(texts)


def _flat(column: Any) -> Iterator[Any]:
    """Yield a column, or what stands in its lists and structures."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        yield from _flat(column.dictionary_decode())
    elif pa.types.is_struct(kind):
        for part in column.flatten():
            yield from _flat(part)
    elif pa.types.is_map(kind):
        yield from _flat(column.keys)
        yield from _flat(column.items)
    elif pa.types.is_nested(kind):
        yield from _flat(column.flatten())
    else:
        yield column


def _texts(column: Any) -> Any:
    """Return the cells that may hold an identifier, as texts: figures as well, if they are as large as NHS numbers."""
    kind = column.type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        figures = column.cast(pa.float64(), safe=False)
        large = figures.filter(pc.and_(pc.greater_equal(figures, _LEAST), pc.less(figures, _MOST)))
        whole = large.filter(pc.equal(pc.floor(large), large))
        return pc.utf8_lpad(whole.cast(pa.int64()).cast(pa.string()), 10, "0")
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return column.drop_null().cast(pa.binary())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return column.drop_null().cast(pa.string())
    return pa.array([], pa.string())


def _lines(texts: Any) -> bytes:
    together = pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), texts)
    return bytes(pc.binary_join(together, pa.scalar(b"\n").cast(texts.type))[0].as_buffer())


def _text_of(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
