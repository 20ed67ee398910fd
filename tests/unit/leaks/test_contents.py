"""How far archives are opened, and what is told where that ends."""

import gzip
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from tests.unit.leaks.people import NUMBER, scanned
from vi_risk.leaks.contents import DEEPEST


def _packed(times: int) -> bytes:
    content = f"{NUMBER}\n".encode()
    for _ in range(times):
        content = gzip.compress(content)
    return content


def test_archives_in_archives_are_opened_so_deep(tmp_path: Path) -> None:
    (tmp_path / "deep").write_bytes(_packed(DEEPEST))
    assert len(scanned(tmp_path).findings) == 1


def test_what_lies_deeper_is_told(tmp_path: Path) -> None:
    (tmp_path / "deeper").write_bytes(_packed(DEEPEST + 1))
    found = scanned(tmp_path)
    assert found.findings == []
    assert list(found.unopened.values()) == ["lies in more than 6 archives"]


def test_of_what_would_fill_the_memory_the_beginning_is_searched_and_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vi_risk.leaks.contents.MOST_UNPACKED", 1 << 20)
    monkeypatch.setattr("vi_risk.leaks.contents._BLOCK", 1 << 16)
    (tmp_path / "large.gz").write_bytes(gzip.compress(f"{NUMBER}\n".encode() + b"\n" * (1 << 24)))
    found = scanned(tmp_path)
    assert [finding.times for finding in found.findings] == [1]
    assert list(found.unopened.values()) == ["holds more than 1 MB, of which the first were searched"]


def test_a_member_that_is_locked_is_told_and_the_others_are_searched(tmp_path: Path) -> None:
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("locked.txt", "nobody")
        archive.writestr("open.txt", NUMBER)
    locked = bytearray(content.getvalue())
    locked[6] |= 1  # the mark of encryption, of the first member
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(locked)
    found = scanned(tmp_path)
    assert f"{tmp_path}/a.zip, open.txt" in {finding.place for finding in found.findings}
    assert found.unopened == {f"{tmp_path}/a.zip, locked.txt": "cannot be unpacked (RuntimeError)"}
