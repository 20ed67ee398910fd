"""A run that resumes passes over the stages of which nothing has changed, and over no other."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from tests.conftest import Heard
from vi_risk.errors import InputError, ResourceError
from vi_risk.running.files import JOURNAL, replaced, unfinished
from vi_risk.running.progress import Silence
from vi_risk.running.run_file import OWNED, read_run, update_run
from vi_risk.stages import resuming
from vi_risk.stages.resuming import Journal, fingerprint_of, finished_at_sight

STAGES = ("features", "model", "evaluation", "scores")
FILE_OF = {"features": "cohort.parquet", "model": "model", "evaluation": "evaluation.json", "scores": "scores.parquet"}


@dataclass
class Worker:
    """Four stages that write what they were asked for, and note that they were done."""

    out: Path
    done: list[str] = field(default_factory=list)

    def run(
        self, *, resume: bool = True, fails_at: str = "", error: type[BaseException] = ResourceError, **asked: int
    ) -> None:
        self.done.clear()
        with (
            replaced(self.out, keep=False, owned=OWNED, resume=resume) as folder,
            Journal(folder, Silence()) as journal,
        ):
            for name in STAGES:
                work = self._work(folder, name, asked.get(name, 0), fails=name == fails_at, error=error)
                journal.stage(name, work, {"number": asked.get(name, 0)})

    def _work(
        self, folder: Path, name: str, number: int, *, fails: bool, error: type[BaseException]
    ) -> Callable[[], None]:
        def work() -> None:
            self.done.append(name)
            path = folder / FILE_OF[name]
            assert not path.exists()
            if name == "model":
                path.mkdir()
                path /= "booster.txt"
            path.write_text(f"half of {name}")
            update_run(folder, name, {"number": -1})
            if fails:
                raise error("broken off")
            path.write_text(f"{name} {number}")
            update_run(folder, name, {"number": number})

        return work


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    return Worker(tmp_path / "out")


def broken_off(worker: Worker, at: str, error: type[BaseException] = ResourceError, **asked: int) -> None:
    with pytest.raises(error):
        worker.run(resume=False, fails_at=at, error=error, **asked)


@pytest.mark.parametrize("at", STAGES)
def test_a_run_goes_on_at_the_stage_that_was_broken_off_and_gives_what_an_undisturbed_one_does(
    worker: Worker, tmp_path: Path, at: str
) -> None:
    broken_off(worker, at)

    worker.run()

    assert worker.done == list(STAGES[STAGES.index(at) :])
    undisturbed = Worker(tmp_path / "undisturbed")
    undisturbed.run()
    assert contents(worker.out) == contents(undisturbed.out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "undisturbed"]


def test_without_resume_a_run_begins_anew(worker: Worker) -> None:
    broken_off(worker, "scores")

    worker.run(resume=False)

    assert worker.done == list(STAGES)


def test_there_may_be_nothing_to_go_on_with(worker: Worker) -> None:
    worker.run()

    assert worker.done == list(STAGES)


@pytest.mark.parametrize("changed", STAGES[:3])
def test_what_is_asked_otherwise_begins_at_the_first_stage_that_it_can_touch(worker: Worker, changed: str) -> None:
    broken_off(worker, "scores")

    worker.run(**{changed: 1})

    assert worker.done == list(STAGES[STAGES.index(changed) :])
    assert read_run(worker.out, needs=changed, command="run")[changed] == {"number": 1}


def test_a_file_of_a_finished_stage_that_was_changed_meanwhile_is_made_again(worker: Worker) -> None:
    broken_off(worker, "scores")
    (unfinished(worker.out) / "model" / "booster.txt").write_text("a changed byte")

    worker.run()

    assert worker.done == ["model", "evaluation", "scores"]


def test_other_code_begins_anew(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    broken_off(worker, "scores")
    monkeypatch.setattr(resuming, "code_mark", lambda: "of another version")

    worker.run()

    assert worker.done == list(STAGES)


@pytest.mark.parametrize("damaged", ["", "[", "{}", "[{}]", "[1]", "\x00"])
def test_a_damaged_journal_begins_anew(worker: Worker, damaged: str) -> None:
    broken_off(worker, "scores")
    (unfinished(worker.out) / JOURNAL).write_text(damaged)

    worker.run()

    assert worker.done == list(STAGES)


@pytest.mark.parametrize("error", [ResourceError, KeyboardInterrupt, MemoryError, RuntimeError])
def test_what_was_finished_is_kept_where_the_machine_or_the_person_broke_it_off(
    worker: Worker, error: type[BaseException]
) -> None:
    broken_off(worker, "scores", error)

    assert (unfinished(worker.out) / JOURNAL).is_file()


def test_nothing_is_kept_where_what_was_asked_is_at_fault(worker: Worker) -> None:
    broken_off(worker, "scores", InputError)

    assert not unfinished(worker.out).exists()


def test_nothing_is_kept_of_a_run_without_a_finished_stage(worker: Worker) -> None:
    broken_off(worker, "features")

    assert not unfinished(worker.out).exists()


def test_files_of_others_are_those_that_stand_in_the_folder_now(worker: Worker) -> None:
    worker.run()
    (worker.out / "minutes.txt").write_text("of April")
    (worker.out / "gone.txt").write_text("until May")
    broken_off(worker, "scores")
    (worker.out / "gone.txt").unlink()
    (worker.out / "minutes.txt").unlink()
    (worker.out / "minutes.txt").write_text("of May")

    worker.run()

    assert worker.done == ["scores"]
    assert (worker.out / "minutes.txt").read_text() == "of May"
    assert not (worker.out / "gone.txt").exists()


def test_what_is_kept_says_how_to_go_on_with_it(worker: Worker, tmp_path: Path) -> None:
    heard = Heard()

    def broken_off_by_hand() -> None:
        with replaced(worker.out, keep=False, owned=OWNED) as folder, Journal(folder, heard) as journal:
            journal.stage("features", lambda: update_run(folder, "features", {}))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off_by_hand()

    (warning,) = heard.warnings
    assert warning.startswith("finished before the end: features.")
    assert ".out.unfinished" in warning
    assert "`vi-risk run` with --resume goes on with it" in warning


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1}, {"a": 2}),
        ({"a": [1, 2]}, {"a": [2, 1]}),
        ({"a": None}, {}),
        ({"a": date(2025, 1, 1)}, {"a": date(2025, 1, 2)}),
        ({"a": {"x", "y"}}, {"a": {"x"}}),
        ({"a": Path("b")}, {"a": Path("c")}),
    ],
)
def test_a_fingerprint_tells_contents_apart(one: object, other: object) -> None:
    assert fingerprint_of(one) == fingerprint_of(one)
    assert fingerprint_of(one) != fingerprint_of(other)


def test_a_fingerprint_is_made_of_nothing_that_it_does_not_know() -> None:
    with pytest.raises(TypeError, match="object: expected a value that is declared"):
        fingerprint_of({"a": object()})


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


# --- the first stage known at sight ----------------------------------------------------------------------------------


@dataclass
class Reader:
    """A first stage that needs long to say what it is asked for, and can be known at sight."""

    out: Path
    asked: str = "these rows"
    reads: int = 0
    done: int = 0

    def run(self, at_sight: str | None, *, fails: bool = False) -> None:
        def read() -> dict[str, object]:
            self.reads += 1
            return {"rows": self.asked}

        def work() -> None:
            self.done += 1
            (folder / "cohort.parquet").write_text(self.asked)
            update_run(folder, "features", {"rows": self.asked})

        with (
            replaced(self.out, keep=False, owned=OWNED, resume=True) as folder,
            Journal(folder, Silence()) as journal,
        ):
            journal.stage("features", work, read, at_sight=None if at_sight is None else {"files": at_sight})
            if fails:
                raise ResourceError("broken off")


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    """One whose first run was broken off after the stage, with files known as "A"."""
    reader = Reader(tmp_path / "out")
    with pytest.raises(ResourceError):
        reader.run("A", fails=True)
    assert (reader.reads, reader.done) == (1, 1)
    return reader


def test_what_is_the_same_at_sight_is_passed_over_without_reading(reader: Reader) -> None:
    assert finished_at_sight(reader.out, "features", {"files": "A"})

    reader.run("A")

    assert (reader.reads, reader.done) == (1, 1)


@pytest.mark.parametrize("at_sight", ["B", None])
def test_what_looks_otherwise_is_read_and_passed_over_where_the_rows_are_the_same(
    reader: Reader, at_sight: str | None
) -> None:
    assert not finished_at_sight(reader.out, "features", None if at_sight is None else {"files": at_sight})

    reader.run(at_sight)

    assert (reader.reads, reader.done) == (2, 1)


def test_what_looks_otherwise_and_has_other_rows_is_done_again(reader: Reader) -> None:
    reader.asked = "other rows"

    reader.run("B")

    assert (reader.reads, reader.done) == (2, 2)


def test_what_looks_the_same_is_done_again_where_its_files_were_changed(reader: Reader) -> None:
    (unfinished(reader.out) / "cohort.parquet").write_text("a changed byte")
    assert not finished_at_sight(reader.out, "features", {"files": "A"})

    reader.run("A")

    assert (reader.reads, reader.done) == (2, 2)


def test_what_looks_the_same_to_other_code_is_done_again(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resuming, "code_mark", lambda: "of another version")

    assert not finished_at_sight(reader.out, "features", {"files": "A"})


def test_a_journal_of_a_run_that_could_not_be_known_at_sight_is_never_taken_for_one(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "out")
    with pytest.raises(ResourceError):
        reader.run(None, fails=True)

    assert not finished_at_sight(reader.out, "features", None)
    reader.run(None)
    assert (reader.reads, reader.done) == (2, 1)
