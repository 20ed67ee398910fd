"""One process at a time holds a lock; a second is told which does, and of a killed process nothing is held."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vi_risk.errors import ResourceError
from vi_risk.running import lock
from vi_risk.running.files import check_out, replaced
from vi_risk.running.lock import held, is_free, refuse_held

HOLDS = """
import sys, time
from pathlib import Path
from vi_risk.running.files import replaced
with replaced(Path(sys.argv[1]), keep=False, owned=()) as folder:
    (folder / "half.txt").write_text("half")
    print("holds", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that is writing the folder out, and would for ten minutes."""
    command = [sys.executable, "-c", HOLDS, str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holds\n"
        yield process
        process.kill()


def test_a_second_run_is_told_who_writes_the_folder_and_nothing_is_done(
    holder: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    before = sorted(path.name for path in tmp_path.rglob("*"))

    with (
        pytest.raises(
            ResourceError, match=rf"^--out .*out: another run is writing it \(process {holder.pid} .*\)\. Wait"
        ),
        replaced(tmp_path / "out", keep=False, owned=()),
    ):
        pytest.fail("the block was entered")

    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_it_is_told_before_any_work(holder: "subprocess.Popen[str]", tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match=f"process {holder.pid}"):
        check_out(tmp_path / "out")


def test_of_a_holder_that_was_killed_nothing_is_held_and_nothing_stays(
    holder: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".out.lock", ".out.unfinished"]

    with replaced(tmp_path / "out", keep=False, owned=()) as folder:
        assert list(folder.iterdir()) == []
        (folder / "whole.txt").write_text("whole")

    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["whole.txt"]


def test_a_lock_leaves_no_file_and_can_be_held_again(tmp_path: Path) -> None:
    for _ in range(2):
        with held(tmp_path / "lock", what="--out out"):
            assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o660
            assert not is_free(tmp_path / "lock")

    assert list(tmp_path.iterdir()) == []
    refuse_held(tmp_path / "lock", what="--out out")


def test_a_holder_that_has_not_said_who_it_is_yet_is_told_so(tmp_path: Path) -> None:
    with held(tmp_path / "lock", what="--out out"):
        (tmp_path / "lock").write_text("")
        with pytest.raises(ResourceError, match="it has just begun"):
            refuse_held(tmp_path / "lock", what="--out out")


def test_a_lock_that_another_user_left_is_told_as_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def theirs(self: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "lock").write_text("")
    monkeypatch.setattr(lock.FileLock, "acquire", theirs)
    with (
        pytest.raises(ResourceError, match=r"^--links l: another user is writing it"),
        held(tmp_path / "lock", what="--links l"),
    ):
        pytest.fail("the block was entered")
