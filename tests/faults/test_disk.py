"""No space, no right to write, a limit on the size of files: told in a line, and the last good outputs stay.

Of the outputs, of the folder to spill to, and of every other folder that a command writes.
"""

import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.conftest import GOVERNANCE
from tests.faults.conftest import Run, arguments, contents, environment
from vi_risk import stages
from vi_risk.cli import app
from vi_risk.errors import ResourceError
from vi_risk.running.files import replaced
from vi_risk.running.progress import Report

pytestmark = pytest.mark.faults

MB = 1024 * 1024
Room = Callable[[bool], object]  # whether there is any


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 60 MB; where this user may not mount one, the test is skipped."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", str(disk)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here: that needs root and the right to mount")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def fill(disk: Path, *, leave: int) -> None:
    free = shutil.disk_usage(disk).free - leave
    with (disk / "filling").open("wb") as file:
        for _ in range(free // MB):
            file.write(bytes(MB))
        file.write(bytes(free % MB))


def test_a_disk_that_fills_while_the_outputs_are_written_leaves_the_last_good_ones(small_disk: Path, run: Run) -> None:
    store = ("--tracking-uri", f"sqlite:///{small_disk.parent / 'store' / 'mlflow.db'}")
    out = ("--out", str(small_disk / "out"))
    assert run(*out, *store).returncode == 0
    before = contents(small_disk / "out")
    fill(small_disk, leave=MB // 2)

    ended = run(*out, *store)

    assert ended.returncode == 6, ended.stderr
    assert "cannot be written (No space left on device). Free space or name another folder with --out." in ended.stderr
    assert "Traceback" not in ended.stderr
    assert contents(small_disk / "out") == before
    (small_disk / "filling").unlink()
    again = run(*out, *store, "--resume")
    assert again.returncode == 0, again.stderr
    assert contents(small_disk / "out") == before
    assert [path.name for path in small_disk.iterdir()] == ["out"]


@pytest.fixture(scope="module")
def good(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the good outputs of a run."""
    cwd = tmp_path_factory.mktemp("good")
    command = [sys.executable, "-m", "vi_risk", *arguments(place)]
    subprocess.run(command, cwd=cwd, env=environment(), capture_output=True, check=True)
    return cwd / "out"


@pytest.fixture
def no_room(request: pytest.FixtureRequest) -> Iterator[tuple[Path, Room]]:
    """A folder to spill to, and what takes its room away and gives it back.

    Either its disk is full, or no file may grow, as `ulimit -f` asks: for that, nobody need be root.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    if request.param == "a full disk":
        folder: Path = request.getfixturevalue("small_disk")
        yield folder, lambda given: (folder / "filling").unlink() if given else fill(folder, leave=0)
        return
    folder = request.getfixturevalue("tmp_path") / "spill"
    folder.mkdir()
    yield folder, lambda given: resource.setrlimit(resource.RLIMIT_FSIZE, before if given else (4096, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@pytest.mark.parametrize("no_room", ["a full disk", "no file may grow"], indirect=True)
def test_a_folder_to_spill_to_that_is_full_ends_a_run_in_words_and_it_goes_on_when_there_is_room(
    no_room: tuple[Path, Room], place: Path, good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(good, tmp_path / "out")
    before = contents(good)
    spill, room = no_room
    train = stages.train

    def train_without_room(folder: Path, report: Report) -> None:
        room(False)
        try:
            train(folder, report)
        finally:
            room(True)

    # A limit so high that this process does not reach it, of which nothing is left for rows: all of them are spilled.
    monkeypatch.setattr("vi_risk.running.memory._LIBRARIES_MB", 10**6)
    monkeypatch.chdir(tmp_path)
    asked = [*arguments(place), "--memory-limit", "100000", "--spill", str(spill)]
    with monkeypatch.context() as patch:
        patch.setattr(stages, "train", train_without_room)
        ended = CliRunner().invoke(app, asked)

    assert ended.exit_code == 6, ended.output
    assert f"{spill}: " in ended.stderr
    assert "of features do not fit into the memory that --memory-limit gives, and could not be written" in ended.stderr
    assert "name another folder with --spill" in ended.stderr
    assert "finished before the end: features." in ended.stderr
    assert contents(tmp_path / "out") == before

    resumed = CliRunner().invoke(app, [*asked, "--resume"])

    assert resumed.exit_code == 0, resumed.output
    assert resumed.stderr.startswith("Finished before: features\nTrain the model\n")
    assert contents(tmp_path / "out") == before
    assert list(spill.iterdir()) == []


def test_a_folder_to_spill_to_that_is_full_while_the_records_are_read_is_named(small_disk: Path, run: Run) -> None:
    fill(small_disk, leave=MB)

    ended = run("--spill", str(small_disk))

    assert ended.returncode == 6, ended.stderr
    assert f": {small_disk}, which holds the records while they are worked on, is full. Free space" in ended.stderr
    assert ended.stderr.rstrip().endswith("or name another folder with --spill.")


def test_a_limit_on_the_size_of_files_is_told_as_a_full_disk_is(place: Path, tmp_path: Path) -> None:
    """What `ulimit -f` sets, and the nearest to a full disk where no disk can be mounted."""

    def at_most_half_a_megabyte() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (MB // 2, MB // 2))

    command = [sys.executable, "-m", "vi_risk", *arguments(place)]
    ended = subprocess.run(
        command, cwd=tmp_path, env=environment(), preexec_fn=at_most_half_a_megabyte, capture_output=True, text=True,
        check=False,
    )  # fmt: skip

    assert ended.returncode == 6, ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "out").exists()


def test_a_disk_that_may_only_be_read_is_told_with_what_to_do(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    out = small_disk / "out"

    with (
        pytest.raises(ResourceError, match=r"out: cannot be written \(Read-only file system\)\. .* with --out\.$"),
        replaced(out, keep=False, owned=()),
    ):
        pytest.fail("the block was entered")


@pytest.mark.parametrize("flag", ["--out", "--cache", "--spill", "--tracking-uri"])
def test_a_folder_that_cannot_be_written_is_told_before_a_record_is_read(
    small_disk: Path, run: Run, tmp_path: Path, flag: str
) -> None:
    (small_disk / "there").mkdir(mode=0o700)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    where = str(small_disk / "there")
    records = tmp_path / "records"
    records.mkdir()
    (records / "patients.csv").write_text("this is no table of patients\n")
    (tmp_path / "governance.toml").write_text(GOVERNANCE)
    given = {
        "--tracking-uri": ("--tracking-uri", f"sqlite:///{where}/mlflow.db"),
        "--out": ("--out", f"{where}/new/out"),
    }.get(flag, (flag, where))

    ended = run("--records", str(records), *given)

    assert ended.returncode == 6, ended.stderr
    assert "(Read-only file system)" in ended.stderr or "you may not write to it" in ended.stderr
    assert "patients" not in ended.stderr
