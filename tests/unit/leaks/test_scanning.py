"""Which files are searched, what is told of them, and how it ends."""

from pathlib import Path

import pytest

from tests.unit.leaks.people import NUMBER, SEARCH, scanned
from vi_risk.errors import InputError, LeakError
from vi_risk.leaks.scanning import scan


def test_every_file_is_searched_once_and_hidden_ones_too(tmp_path: Path) -> None:
    (tmp_path / "a" / ".hidden").mkdir(parents=True)
    (tmp_path / "a" / ".hidden" / ".note").write_text(NUMBER)
    (tmp_path / "empty").touch()
    (tmp_path / "link").symlink_to(tmp_path / "a" / ".hidden" / ".note")
    found = scanned(tmp_path, tmp_path / "a")
    assert (found.files, found.size, len(found.findings)) == (2, 10, 1)


def test_what_is_left_out_by_name_is_counted(tmp_path: Path) -> None:
    (tmp_path / "M92001.identified.html").write_text(NUMBER)
    (tmp_path / "M92001.html").write_text("nobody")
    found = scan([tmp_path], SEARCH, but=["*.identified.*"])
    assert (found.files, found.left_out, found.findings) == (1, 1, [])


def test_findings_are_told_by_place_and_number_and_refused(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text(f"{NUMBER}\n{NUMBER}")
    (tmp_path / "a.txt").write_text(NUMBER)
    found = scanned(tmp_path)
    assert [finding.in_words() for finding in found.findings] == [
        f"{tmp_path}/a.txt: NHS number, 1 time",
        f"{tmp_path}/b.txt: NHS number, 2 times",
    ]
    with pytest.raises(LeakError, match=r"^2 places hold what may say who somebody is\. Keep these files") as refused:
        found.raise_found()
    assert refused.value.exit_code == 8


def test_where_nothing_is_found_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("nobody")
    scanned(tmp_path).raise_found()


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "plot.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    assert scanned(tmp_path).unopened == {f"{tmp_path}/plot.png": "is of no kind that is opened"}


def test_a_place_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere: no such file or folder"):
        scanned(tmp_path / "nowhere")


def test_a_file_that_cannot_be_read_stops_the_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "closed").touch()
    monkeypatch.setattr(Path, "open", closed)
    with pytest.raises(InputError, match=r"closed: cannot be read \(Permission denied\)"):
        scanned(tmp_path)
