"""An output folder is the old one or the new one, whatever happens in between."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from vi_risk.errors import InputError, ResourceError, UsageError
from vi_risk.running import files
from vi_risk.running.files import check_apart, check_not_owned, check_out, replaced, write_text

OWNED = ("run.json", "lists")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An output folder of an earlier run, with a file and a folder of somebody else in it."""
    folder = tmp_path / "place" / "out"
    (folder / "lists").mkdir(parents=True)
    (folder / "run.json").write_text("old")
    (folder / "lists" / "A.csv").write_text("old list")
    (folder / "notes.txt").write_text("the team's own notes")
    (folder / "plans").mkdir()
    (folder / "plans" / "2024.txt").write_text("the team's own plans")
    return folder


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def write_anew(folder: Path) -> None:
    write_text(folder / "run.json", "new")
    (folder / "lists").mkdir(exist_ok=True)
    write_text(folder / "lists" / "B.csv", "new list")


def test_a_folder_that_was_not_there_appears_whole_with_its_parents(tmp_path: Path) -> None:
    out = tmp_path / "not" / "yet" / "out"

    with replaced(out, keep=False, owned=OWNED) as folder:
        write_anew(folder)
        assert not out.exists()

    assert contents(out) == {"run.json": "new", "lists/B.csv": "new list"}
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_a_new_run_takes_the_place_of_the_old_one_and_leaves_foreign_files(out: Path) -> None:
    with replaced(out, keep=False, owned=OWNED) as folder:
        write_anew(folder)
        assert contents(out)["run.json"] == "old"

    assert contents(out) == {
        "run.json": "new",
        "lists/B.csv": "new list",
        "notes.txt": "the team's own notes",
        "plans/2024.txt": "the team's own plans",
    }
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_a_stage_adds_to_what_is_there(out: Path) -> None:
    with replaced(out, keep=True, owned=OWNED) as folder:
        assert contents(folder) == contents(out)
        write_text(folder / "lists" / "B.csv", "new list")

    assert contents(out)["lists/A.csv"] == "old list"
    assert contents(out)["lists/B.csv"] == "new list"
    assert contents(out)["run.json"] == "old"


def work_that_fails(out: Path, failure: type[BaseException], *, keep: bool) -> None:
    """Write over everything in the new folder, and then fail."""
    with replaced(out, keep=keep, owned=OWNED) as folder:
        write_anew(folder)
        for path in folder.rglob("*"):
            if path.is_file():
                write_text(path, "spoilt")
        raise failure


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, MemoryError, SystemExit])
def test_work_that_fails_leaves_the_old_folder_and_nothing_beside_it(
    out: Path, failure: type[BaseException], keep: bool
) -> None:
    before = contents(out)

    with pytest.raises(failure):
        work_that_fails(out, failure, keep=keep)

    assert contents(out) == before
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_work_that_fails_makes_no_folder_where_none_was(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        work_that_fails(tmp_path / "out", KeyboardInterrupt, keep=False)

    assert list(tmp_path.iterdir()) == []


def test_files_carried_over_are_the_same_files_by_a_second_name(out: Path) -> None:
    """So that a stage costs no copy of what earlier stages wrote; whoever writes them makes new files."""
    with replaced(out, keep=True, owned=OWNED) as folder:
        assert (folder / "notes.txt").stat().st_ino == (out / "notes.txt").stat().st_ino


def test_a_second_name_of_an_output_file_outside_the_folder_keeps_its_content(out: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    os.link(out / "run.json", kept)

    with replaced(out, keep=True, owned=OWNED) as folder:
        write_text(folder / "run.json", "new")

    assert kept.read_text() == "old"


def test_links_in_the_folder_stay_links_and_what_they_name_is_left_alone(out: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.txt").write_text("not ours")
    (out / "link").symlink_to(elsewhere)
    (out / "broken").symlink_to(tmp_path / "nowhere")

    with replaced(out, keep=False, owned=OWNED) as folder:
        write_anew(folder)

    assert (out / "link").is_symlink()
    assert (out / "broken").is_symlink()
    assert (elsewhere / "a.txt").read_text() == "not ours"


@pytest.mark.parametrize("at_once", [True, False])
def test_folders_are_exchanged_with_and_without_help_of_the_system(
    out: Path, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    if not at_once:
        monkeypatch.setattr(files, "_exchange_at_once", lambda *_: False)

    with replaced(out, keep=False, owned=OWNED) as folder:
        write_anew(folder)

    assert contents(out)["run.json"] == "new"
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_files_are_copied_where_a_second_name_cannot_be_given(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)

    with replaced(out, keep=True, owned=OWNED) as folder:
        assert (folder / "run.json").stat().st_ino != (out / "run.json").stat().st_ino

    assert contents(out)["notes.txt"] == "the team's own notes"


@pytest.mark.parametrize("mode", [0o700, 0o750, 0o755])
def test_the_folder_keeps_who_may_look_into_it(out: Path, mode: int) -> None:
    out.chmod(mode)

    with replaced(out, keep=False, owned=OWNED) as folder:
        write_anew(folder)

    assert out.stat().st_mode & 0o777 == mode


def test_a_full_disk_is_told_with_what_to_do(out: Path) -> None:
    with (
        pytest.raises(ResourceError, match=r"--out .*out: cannot be written \(No space left on device\)\. Free space"),
        replaced(out, keep=False, owned=OWNED),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")

    assert contents(out)["run.json"] == "old"


def test_other_faults_of_the_work_are_not_taken_for_a_full_disk(out: Path) -> None:
    with pytest.raises(FileNotFoundError), replaced(out, keep=False, owned=OWNED) as folder:
        (folder / "nowhere").read_text()


def test_a_folder_under_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with (
        pytest.raises(ResourceError, match="cannot be written"),
        replaced(tmp_path / "file" / "out", keep=False, owned=OWNED),
    ):
        pass


def test_a_folder_that_cannot_be_written_is_told_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def refused(*, dir: Path) -> None:  # noqa: A002 - as tempfile calls it
        asked.append(dir)
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(files.tempfile, "TemporaryFile", refused)
    with pytest.raises(
        ResourceError, match=r"out: cannot be written \(Permission denied\)\. Name a folder that you may write to"
    ):
        check_out(tmp_path / "not" / "yet" / "out")

    assert asked == [tmp_path]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_can_be_written_is_left_as_it_is(out: Path) -> None:
    before = contents(out.parent)

    check_out(out)
    check_out(out.parent / "not" / "yet" / "out")

    assert contents(out.parent) == before


def test_a_file_cannot_be_the_output_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")

    with pytest.raises(UsageError, match="is a file"):
        check_out(tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize("named", [".", "..", "../..", "inner/.."])
def test_the_working_folder_or_one_above_it_cannot_be_the_output_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    (tmp_path / "a" / "b" / "inner").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")

    with pytest.raises(UsageError, match="holds the working folder"):
        check_out(Path(named))


def test_the_working_folder_is_known_through_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path / "real")

    with pytest.raises(UsageError, match="holds the working folder"):
        check_out(tmp_path / "link")


def test_an_output_folder_that_is_a_link_is_filled_where_it_points(out: Path, tmp_path: Path) -> None:
    link = tmp_path / "latest"
    link.symlink_to(out)

    with replaced(link, keep=False, owned=OWNED) as folder:
        write_anew(folder)

    assert contents(link)["run.json"] == "new"
    assert contents(out)["run.json"] == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest", "place"]


# --- who may look ----------------------------------------------------------------------------------------------------


def test_a_new_folder_and_all_in_it_is_its_owners_alone(tmp_path: Path) -> None:
    with replaced(tmp_path / "out", keep=False, owned=OWNED) as folder:
        write_anew(folder)
        assert folder.stat().st_mode & 0o777 == 0o700

    assert modes(tmp_path / "out") == {".": 0o700, "run.json": 0o600, "lists": 0o700, "lists/B.csv": 0o600}


@pytest.mark.parametrize(("mode", "of_files", "of_folders"), [(0o750, 0o640, 0o750), (0o755, 0o644, 0o755)])
def test_whom_the_folder_lets_in_may_read_what_is_written_there(
    out: Path, mode: int, of_files: int, of_folders: int
) -> None:
    out.chmod(mode)
    (out / "notes.txt").chmod(0o600)

    with replaced(out, keep=False, owned=OWNED) as folder:
        write_anew(folder)
        assert folder.stat().st_mode & 0o777 == 0o700

    found = modes(out)
    assert (found["run.json"], found["lists"], found["lists/B.csv"]) == (of_files, of_folders, of_files)
    assert found["notes.txt"] == 0o600


def modes(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_mode & 0o777 for path in [folder, *folder.rglob("*")]}


# --- after a process was killed --------------------------------------------------------------------------------------


def test_an_old_folder_that_was_taken_away_when_the_process_was_killed_is_put_back(out: Path) -> None:
    before = contents(out)
    out.rename(out.with_name(".out.unfinished.old"))

    with pytest.raises(KeyboardInterrupt):
        work_that_fails(out, KeyboardInterrupt, keep=True)

    assert contents(out) == before
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_an_old_folder_left_beside_the_new_one_is_removed(out: Path) -> None:
    shutil.copytree(out, out.with_name(".out.unfinished.old"))

    with replaced(out, keep=False, owned=OWNED) as folder:
        write_anew(folder)

    assert contents(out)["run.json"] == "new"
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_a_fault_in_what_is_carried_over_is_told_by_the_name_that_people_gave(out: Path) -> None:
    def find_fault() -> None:
        with replaced(out, keep=True, owned=OWNED) as folder:
            msg = f"{folder / 'model' / 'model.txt'}: has changed."
            raise InputError(msg)

    with pytest.raises(InputError) as told:
        find_fault()
    assert str(told.value) == f"{out / 'model' / 'model.txt'}: has changed."


@pytest.mark.parametrize(
    ("records", "made", "told"),
    [
        ("trust", "trust", "is the folder of --records"),
        ("trust/extracts", "trust", "lies around the folder of --records"),
        ("trust/extracts", "link", "lies around the folder of --records"),
    ],
)
def test_records_do_not_lie_in_the_folder_that_is_replaced(tmp_path: Path, records: str, made: str, told: str) -> None:
    (tmp_path / "trust" / "extracts").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "trust")

    with pytest.raises(UsageError, match=rf"^--out .*: {told} .* Name a folder of its own"):
        check_apart(tmp_path / records, out=tmp_path / made)


def test_an_output_folder_beside_the_records_is_taken(tmp_path: Path) -> None:
    check_apart(tmp_path / "trust", out=tmp_path / "trust_out")
    check_apart(tmp_path / "trust", out=tmp_path / "trust" / "out")


@pytest.mark.parametrize("kept", ["out/run.json", "out/lists/mine.csv", "elsewhere", "out/lists"])
def test_a_file_that_people_keep_does_not_stand_where_a_run_writes(out: Path, kept: str) -> None:
    (out.parent / "elsewhere").symlink_to(out / "run.json")

    with pytest.raises(
        UsageError, match=r"^--reviews .*: lies in the output folder .* Keep the file in another folder"
    ):
        check_not_owned(out.parent / kept, flag="--reviews", out=out, owned=OWNED)


def test_a_link_in_the_place_of_a_runs_file_is_refused_wherever_it_points(out: Path) -> None:
    (out / "run.json").unlink()
    (out / "run.json").symlink_to(out.parent / "kept.json")

    with pytest.raises(UsageError, match=r"writes a run\.json of its own over it"):
        check_not_owned(out / "run.json", flag="--reviews", out=out, owned=OWNED)


def test_a_file_of_another_name_or_place_is_nobodys_but_the_teams(out: Path) -> None:
    for kept in (out / "minutes.csv", out / "plans" / "run.json", out.parent / "run.json", None):
        check_not_owned(kept, flag="--reviews", out=out, owned=OWNED)
