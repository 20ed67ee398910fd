"""Folders for the time of a process: closed to others, and gone at the latest when the next process makes one."""

import errno
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from vi_risk.cli.told import told
from vi_risk.running.scratch import ScratchFolder

HOLDS = """
import sys, time
from pathlib import Path
from vi_risk.running.scratch import ScratchFolder
folder = ScratchFolder("vi-risk-", Path(sys.argv[1]))
(folder.path / "records.duckdb").write_text("a patient")
print(folder.path, flush=True)
time.sleep(600)
"""


def test_a_scratch_folder_is_its_owners_alone_and_goes_when_it_is_removed(tmp_path: Path) -> None:
    folder = ScratchFolder("vi-risk-", tmp_path)
    assert folder.path.name.startswith("vi-risk-")
    assert folder.path.stat().st_mode & 0o777 == 0o700
    (folder.path / "records.duckdb").write_text("a patient")

    folder.remove()
    folder.remove()

    assert list(tmp_path.iterdir()) == []


def test_it_goes_with_what_held_it(tmp_path: Path) -> None:
    folder = ScratchFolder("vi-risk-", tmp_path)
    del folder

    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_holds_is_not(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        living = ScratchFolder("vi-risk-", tmp_path)
        assert left.exists()

        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        next_one = ScratchFolder("vi-risk-", tmp_path)

    assert not left.exists()
    assert sorted(tmp_path.iterdir()) == sorted([living.path, next_one.path])


def test_a_command_begins_by_removing_what_a_killed_one_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        with told():
            assert left.exists()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    with told():
        assert list(tmp_path.iterdir()) == []


def test_folders_of_another_user_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vi-risk-of-another").mkdir()
    real = Path.is_file

    def is_file(path: Path) -> bool:
        if path.parent.name == "vi-risk-of-another":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "is_file", is_file)

    ScratchFolder("vi-risk-", tmp_path).remove()

    assert [path.name for path in tmp_path.iterdir()] == ["vi-risk-of-another"]


def test_folders_of_others_by_such_a_name_stay(tmp_path: Path) -> None:
    (tmp_path / "vi-risk-notes").mkdir()
    (tmp_path / "vi-risk-notes" / "notes.txt").write_text("of somebody")

    ScratchFolder("vi-risk-", tmp_path).remove()

    assert (tmp_path / "vi-risk-notes" / "notes.txt").read_text() == "of somebody"
