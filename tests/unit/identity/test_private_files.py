import os
import stat
from pathlib import Path

import pytest

from vi_risk.errors import InputError, ResourceError
from vi_risk.identity.private_files import check_private_place, read_private, tree_of, write_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("anew", [True, False])
def test_a_private_file_and_a_folder_made_for_it_are_their_owners_alone(tmp_path: Path, anew: bool) -> None:
    path = tmp_path / "folder" / "file"
    mask = os.umask(0)
    try:
        write_private(path, b"content", anew=anew)
    finally:
        os.umask(mask)
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    assert read_private(path, what="it") == b"content"
    assert [each.name for each in path.parent.iterdir()] == ["file"]


def test_a_file_that_is_there_is_written_over_only_where_that_was_asked(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_private(path, b"old")
    with pytest.raises(InputError, match="is there already, and is not written over"):
        write_private(path, b"new", anew=True)
    assert path.read_bytes() == b"old"
    write_private(path, b"new")
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("rights", [0o604, 0o640, 0o660, 0o644])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, rights: int) -> None:
    path = tmp_path / "file"
    write_private(path, b"sekret")
    path.chmod(rights)
    with pytest.raises(InputError, match=rf"the key may be read by others \(mode {rights:04o}, expected 0600\)") as no:
        read_private(path, what="the key")
    assert "sekret" not in str(no.value)


def test_what_cannot_be_read_or_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the key cannot be read"):
        read_private(tmp_path / "absent", what="the key")
    (tmp_path / "file").write_bytes(b"")
    for anew in (True, False):
        with pytest.raises(ResourceError, match="cannot be written"):
            write_private(tmp_path / "file" / "below", b"", anew=anew)


def test_a_file_that_cannot_be_finished_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for anew in (True, False):
        with pytest.raises(ResourceError, match="No space left"):
            write_private(tmp_path / "key", b"sekret", anew=anew)
    assert list(tmp_path.iterdir()) == []


def test_a_path_in_a_git_tree_is_known_for_one(tmp_path: Path) -> None:
    (tmp_path / "tree" / ".git").mkdir(parents=True)
    assert tree_of(tmp_path / "tree" / "deep" / "file") == tmp_path / "tree"
    assert tree_of(tmp_path / "file") is None
    (tmp_path / "link").symlink_to(tmp_path / "tree")
    assert tree_of(tmp_path / "link" / "file") == tmp_path / "tree"


def test_a_place_that_cannot_be_written_is_told_before_long_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ResourceError, match=r"file/links: cannot be written \(Not a directory\)\. Free space, or name"):
        check_private_place(tmp_path / "file" / "links")
    check_private_place(tmp_path / "not" / "yet" / "links")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
