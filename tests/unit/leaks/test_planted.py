"""Every kind of leak, planted and found: in each kind of file, in each way of writing. Without it nothing is found."""

import base64
import bz2
import gzip
import hashlib
import json
import lzma
import pickle
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.leaks.people import EVERYTHING, HARMLESS, NAME, NUMBER, POSTCODE, scanned, told
from vi_risk.leaks.identifiers import Identifiers
from vi_risk.leaks.scanning import scan
from vi_risk.leaks.searching import ListedSearch

Write = Callable[[Path, str], None]


def _parquet(path: Path, text: str) -> None:
    pq.write_table(pa.table({"note": ["-", text, None]}), path, compression="zstd")


def _parquet_lists(path: Path, text: str) -> None:
    pq.write_table(pa.table({"notes": [[{"by": text}], None], "more": pa.array(["-", text]).dictionary_encode()}), path)


def _parquet_metadata(path: Path, text: str) -> None:
    field = pa.field("note", pa.string(), metadata={"about": text})
    pq.write_table(pa.table({"note": ["-"]}, schema=pa.schema([field], metadata={"made for": text})), path)


def _arrow(path: Path, text: str) -> None:
    table = pa.table({"note": [text]})
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_file(path, table.schema, options=options) as writer:
        writer.write_table(table)


def _xlsx(path: Path, text: str) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active["B3"] = text
    book.save(path)


def _zip_in_zip(path: Path, text: str) -> None:
    inner = BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("note.txt", text)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inner.zip", inner.getvalue())


def _tar(path: Path, text: str) -> None:
    with tarfile.open(path, "w:gz") as archive:
        content = text.encode()
        member = tarfile.TarInfo("note.txt")
        member.size = len(content)
        archive.addfile(member, BytesIO(content))


def _zstd(path: Path, text: str) -> None:
    with pa.CompressedOutputStream(str(path), "zstd") as stream:
        stream.write(text.encode())


def _sqlite(path: Path, text: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute('CREATE TABLE "a ""note""" (written TEXT)')
        database.execute('INSERT INTO "a ""note""" VALUES (?)', [text])
        database.commit()


def _sqlite_log(path: Path, text: str) -> None:
    """A file with a log beside it, which MLflow's store may have."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE notes (written TEXT)")
        database.execute("INSERT INTO notes VALUES (?)", [text])
        database.commit()


def _sqlite_deleted(path: Path, text: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA secure_delete = OFF")
        database.execute("CREATE TABLE notes (written TEXT)")
        database.executemany("INSERT INTO notes VALUES (?)", [[f"7{text}7"] for _ in range(3)])
        database.commit()
        database.execute("DELETE FROM notes")
        database.commit()


def _crash(path: Path, text: str) -> None:
    """What a program leaves that kept its objects."""
    path.write_bytes(pickle.dumps({"row": [1, text], "length": len(text)}))


def _numpy(path: Path, text: str) -> None:
    np.save(path, np.array([text, "-"]))  # four bytes a sign


FILES: dict[str, Write] = {
    "note.txt": lambda path, text: path.write_text(f"seen: {text}.", encoding="utf-8") and None,
    "utf-16.txt": lambda path, text: path.write_text(f"seen: {text}.", encoding="utf-16") and None,
    "list.csv": lambda path, text: path.write_text(f'1,"{text}",x\n', encoding="utf-8") and None,
    "values.json": lambda path, text: path.write_text(json.dumps({"who": [text]})) and None,
    "page.html": lambda path, text: path.write_text(f"<td>{text.replace(' ', '&nbsp;')}</td>", "utf-8") and None,
    "note.gz": lambda path, text: path.write_bytes(gzip.compress(text.encode())) and None,
    "note.bz2": lambda path, text: path.write_bytes(bz2.compress(text.encode())) and None,
    "note.xz": lambda path, text: path.write_bytes(lzma.compress(text.encode())) and None,
    "note.zst": _zstd,
    "cells.parquet": _parquet,
    "lists.parquet": _parquet_lists,
    "metadata.parquet": _parquet_metadata,
    "cells.arrow": _arrow,
    "book.xlsx": _xlsx,
    "archive.zip": _zip_in_zip,
    "archive.tgz": _tar,
    "store.db": _sqlite,
    "log.db": _sqlite_log,
    "deleted.db": _sqlite_deleted,
    "crash.pickle": _crash,
    "wide.npy": _numpy,
}
WAYS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in capitals": str.upper,
    "in small letters": str.lower,
    "among other words": lambda text: f"called {text}, again",
}


@pytest.mark.parametrize("secret", [NUMBER, POSTCODE, "Maria Sekretname"])
@pytest.mark.parametrize("file", FILES)
def test_an_identifier_is_found_in_every_kind_of_file(file: str, secret: str, tmp_path: Path) -> None:
    FILES[file](tmp_path / file, secret)
    found = scan([tmp_path], ListedSearch.of(Identifiers.of([secret])))
    assert found.findings
    assert {Path(finding.place.split(",")[0]).stem for finding in found.findings} == {Path(file).stem}


@pytest.mark.parametrize("file", FILES)
def test_nothing_is_found_where_nothing_is(file: str, tmp_path: Path) -> None:
    FILES[file](tmp_path / file, HARMLESS)
    assert told(tmp_path) == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("secret", EVERYTHING)
def test_an_identifier_is_found_however_its_letters_are_written(secret: str, way: str, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text(WAYS[way](secret), encoding="utf-8")
    assert len(told(tmp_path)) == 1


@pytest.mark.parametrize(
    "written",
    [
        *("999 000 0034", "999-000-0034", "999\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}0034", "999.000.0034"),
        *("9990000034.0", "RL4_9990000034_1", "NHS9990000034", "'9990000034'", r"999\u00a0000\u00a00034"),
        *("999&#160;000&#160;0034", "999%20000%200034", "999%C2%A0000%C2%A00034", "-9990000034-01"),
    ],
)
def test_an_nhs_number_is_found_however_it_is_parted(written: str, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text(written, encoding="utf-8")
    [line] = told(tmp_path)
    assert "NHS number" in line


@pytest.mark.parametrize("written", ["19990000034", "99900000341", "0.9990000034", "999,000,0034", "9990000035"])
def test_other_figures_are_no_nhs_number_of_the_list(written: str, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text(written)
    assert told(tmp_path) == []


@pytest.mark.parametrize("written", ["ZZ12 3QX", "ZZ123QX", "zz12-3qx", "ZZ12%203QX", "zz12+3qx", '"ZZ12 3QX"'])
def test_a_postcode_is_found_however_it_is_parted(written: str, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text(f"at={written}&")
    [line] = told(tmp_path)
    assert "postcode" in line


@pytest.mark.parametrize(
    "written",
    [NAME.encode(), NAME.encode("cp1252"), json.dumps(NAME).encode(), quote(NAME).encode(), b"Zo\\xeb Sekretname"],
)
def test_a_name_beyond_ascii_is_found_in_every_code(written: bytes, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_bytes(b"of " + written + b" again")
    assert len(told(tmp_path)) == 1


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "token="])
@pytest.mark.parametrize("secret", [NUMBER, "999 000 0034", POSTCODE, "Zoë Sekretname"])
def test_an_identifier_in_base64_is_found_wherever_it_begins(secret: str, before: str, tmp_path: Path) -> None:
    for place, encode in enumerate((base64.b64encode, base64.urlsafe_b64encode)):
        (tmp_path / f"{place}.json").write_bytes(b'{"payload": "' + encode(f"{before}{secret}!".encode()) + b'"}')
    found = told(tmp_path)
    assert len(found) == 2
    assert all("in base64" in line for line in found)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1, int(NUMBER)]),
        pa.array([1.5, float(NUMBER), None]),
        pa.array([Decimal(NUMBER)]),
        pa.array([NUMBER.encode()]),
        pa.array([NUMBER], pa.large_string()),
    ],
    ids=lambda column: str(column.type),
)
def test_an_nhs_number_that_was_taken_for_a_figure_is_found(column: pa.Array, tmp_path: Path) -> None:
    pq.write_table(pa.table({"person": column}), tmp_path / "x.parquet", compression="zstd", write_statistics=False)
    assert f"{tmp_path}/x.parquet, column person: NHS number, 1 time" in told(tmp_path)


def test_an_nhs_number_among_features_that_were_kept_is_found(tmp_path: Path) -> None:
    packed = pa.Codec("zstd").compress(np.array([1.5, np.nan, float(NUMBER)], "<f8").tobytes(), asbytes=True)
    (tmp_path / "entry").write_bytes(hashlib.sha256(packed).digest() + packed)
    assert told(tmp_path) == [f"{tmp_path}/entry, values: NHS number, 1 time"]


@pytest.mark.parametrize(
    "kind", [pa.float16(), pa.float32(), pa.int8(), pa.uint64(), pa.date32(), pa.bool_(), pa.null()], ids=str
)
def test_no_kind_of_other_column_hinders_the_search(kind: pa.DataType, tmp_path: Path) -> None:
    column = pa.nulls(2, kind) if pa.types.is_null(kind) else pa.array([0, None]).cast(pa.int32()).cast(kind)
    pq.write_table(pa.table({"other": column, "person": [NUMBER, None]}), tmp_path / "x.parquet", compression="zstd")
    found = scanned(tmp_path)
    assert f"{tmp_path}/x.parquet, column person: NHS number, 1 time" in told(tmp_path)
    assert not found.unopened


def test_an_nhs_number_in_the_name_of_a_file_is_found_and_the_name_is_not_told(tmp_path: Path) -> None:
    (tmp_path / NUMBER).mkdir()
    (tmp_path / NUMBER / f"{NUMBER}.txt").write_text(NUMBER)
    words = told(tmp_path)
    assert [line.rpartition(": ")[2] for line in words] == ["NHS number, 1 time", "NHS number, 2 times"]
    assert all("(a name that is itself an identifier)" in line for line in words)


def test_an_nhs_number_in_the_name_of_a_member_or_a_column_is_found_and_not_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(f"{NUMBER}.txt", NUMBER)
    pq.write_table(pa.table({NUMBER: [NUMBER]}), tmp_path / "b.parquet")
    words = told(tmp_path)
    assert len([line for line in words if "(a name that is itself an identifier)" in line]) == 2
    assert {Path(finding.place.split(",")[0]).name for finding in scanned(tmp_path).findings} == {"a.zip", "b.parquet"}


def test_an_identifier_that_lies_across_two_blocks_is_found_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vi_risk.leaks.contents._BLOCK", 64)
    for before in range(40, 90):
        (tmp_path / "note.txt").write_text("x" * before + f"\n{NUMBER}\n" + "y" * 100)
        [line] = told(tmp_path)
        assert line.endswith("NHS number, 1 time")


def test_a_broken_file_is_searched_as_bytes_and_that_is_told(tmp_path: Path) -> None:
    (tmp_path / "cells.parquet").write_bytes(b"PAR1" + b"\0" * 40 + NUMBER.encode() + b"\0PAR1")
    found = scanned(tmp_path)
    assert [finding.kind for finding in found.findings] == ["NHS number"]
    [why] = found.unopened.values()
    assert why.startswith("cannot be opened as Parquet")


@pytest.mark.parametrize("file", FILES)
def test_no_damage_to_a_file_stops_the_search_of_it(file: str, tmp_path: Path) -> None:
    FILES[file](tmp_path / file, NUMBER)
    whole = (tmp_path / file).read_bytes()
    rng = np.random.default_rng(1)
    for _ in range(25):
        damaged = bytearray(whole[: rng.integers(1, len(whole) + 1)])
        for place in rng.integers(0, len(damaged), 8):
            damaged[place] = rng.integers(0, 256)
        (tmp_path / file).write_bytes(damaged)
        assert scanned(tmp_path).files >= 1
