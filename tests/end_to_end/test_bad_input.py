"""Whatever is wrong with the input, or whoever interrupts: one message, the exit code, and the old output whole."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.conftest import GOVERNANCE
from tests.end_to_end.conftest import LIST_DATE, Contents, Invoke, contents, environment

# Every value of a record that is wrong has this word in it, and so has every identifier: no message may show it.
MARK = "zebra"
Spoil = Callable[[Path], object]


def write_records(folder: Path) -> None:
    """Write two canonical tables as CSV: forty people, three stays each over four years, five of them emergencies."""
    folder.mkdir()
    people = [f"{MARK}-{number:03d}" for number in range(40)]
    patients = ["patient_id,birth_month,sex", *(f"{person},1950-06-01,{1 + n % 2}" for n, person in enumerate(people))]
    spells = ["spell_id,patient_id,admitted_on,discharged_on,admission_method"]
    for number in range(120):
        day = date(2021, 1, 1) + timedelta(days=12 * number)
        method = "21" if number % 24 == 0 else "11"
        spells.append(f"stay-{MARK}-{number:04d},{people[number % 40]},{day},{day},{method}")
    (folder / "patients.csv").write_text("\n".join(patients) + "\n")
    (folder / "spells.csv").write_text("\n".join(spells) + "\n")


def replace_in(file: str, old: str, new: str) -> Spoil:
    def spoil(cwd: Path) -> None:
        path = cwd / "records" / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return spoil


def in_file(path: str, content: str | bytes) -> Spoil:
    def spoil(cwd: Path) -> None:
        (cwd / path).write_bytes(content if isinstance(content, bytes) else content.encode())

    return spoil


def truncated_parquet(cwd: Path) -> None:
    import pandas as pd

    spells = cwd / "records" / "spells.csv"
    pd.read_csv(spells, dtype=str).to_parquet(cwd / "records" / "spells.parquet")
    spells.unlink()
    whole = (cwd / "records" / "spells.parquet").read_bytes()
    (cwd / "records" / "spells.parquet").write_bytes(whole[: len(whole) // 2])


def first_line_only(cwd: Path) -> None:
    path = cwd / "records" / "spells.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n")


def twice(file: str) -> Spoil:
    def spoil(cwd: Path) -> None:
        path = cwd / "records" / file
        path.write_text(path.read_text() + path.read_text().splitlines()[-1] + "\n")

    return spoil


@dataclass(frozen=True)
class Case:
    """One fault: what spoils the input, what is asked, the exit code, and what the message must say."""

    name: str
    code: int
    says: tuple[str, ...]  # where, what was expected or found, what to do
    spoil: Spoil = Path.resolve  # spoils nothing
    flags: tuple[str, ...] = ()


CASES = (
    Case(
        "a missing folder",
        3,
        ("nowhere: no such folder", "Expected a folder of CSV or Parquet files", "name it with --records"),
        flags=("--records", "nowhere"),
    ),
    Case(
        "a folder without a table",
        3,
        ("empty: holds no CSV or Parquet file", "Expected one file for each source"),
        lambda cwd: (cwd / "empty").mkdir(),
        ("--records", "empty"),
    ),
    Case(
        "a missing table",
        3,
        ("records: spells is missing", "Expected spells.parquet or spells.csv", "or a --mapping that makes it"),
        lambda cwd: (cwd / "records" / "spells.csv").unlink(),
    ),
    Case(
        "a missing column",
        3,
        ("spells.csv: column discharged_on", "Found spell_id, patient_id", "Add the column"),
        replace_in("spells.csv", "discharged_on", "left_on"),
    ),
    Case(
        "a wrong type",
        3,
        ("patients.imd_decile: 40 of 40 rows", "cannot be read as a whole number"),
        lambda cwd: (cwd / "records" / "patients.csv").write_text(
            "\n".join(
                line + (",imd_decile" if number == 0 else f",{MARK}")
                for number, line in enumerate((cwd / "records" / "patients.csv").read_text().splitlines())
            )
        ),
    ),
    Case(
        "an unparseable date",
        3,
        ("spells.admitted_on: 1 of 120 rows", "cannot be read as a date (YYYY-MM-DD)", "formats.admitted_on"),
        replace_in("spells.csv", "2021-01-01", f"first of {MARK}"),
    ),
    Case(
        "a two-digit year",
        3,
        ("spells.admitted_on: 1 of 120 rows", "cannot be read as a date (YYYY-MM-DD)"),
        replace_in("spells.csv", "2021-01-01", "21-01-01"),
    ),
    Case(
        "a year that cannot be",
        3,
        ("spells.admitted_on: 1 of 120 rows: year outside 1850 to 2200", "Correct these rows"),
        replace_in("spells.csv", "2021-01-01", "0021-01-01"),
    ),
    Case(
        "a duplicate key",
        3,
        ("patients: 1 of 41 rows: duplicate key (patient_id)", "Correct these rows or leave them out"),
        twice("patients.csv"),
    ),
    Case(
        "a missing value that is needed",
        3,
        ("patients.sex: 1 of 40 rows: missing, but required", "Correct these rows"),
        replace_in("patients.csv", "-01,1\n", "-01,\n"),
    ),
    Case(
        "a code that decides the outcome and is not one",
        3,
        ("spells.admission_method: 1 of 120 rows: code outside the list", "Correct these rows"),
        replace_in("spells.csv", ",21\n", f",{MARK}\n"),
    ),
    Case("an empty table", 3, ("spells: has no rows", "Expected at least one", "leave it out"), first_line_only),
    Case(
        "an empty file",
        3,
        ("spells.csv: is empty, 0 bytes", "Write or copy it again"),
        in_file("records/spells.csv", b""),
    ),
    Case(
        "a truncated Parquet file",
        3,
        ("spells.parquet: is not a whole Parquet file", "Write or copy it again"),
        truncated_parquet,
    ),
    Case(
        "text that is not UTF-8",
        3,
        ("patients.csv: cannot be read as CSV", "Expected UTF-8 text"),
        in_file("records/patients.csv", f"patient_id,birth_month,sex\n{MARK}\xe9,1950-06-01,1\n".encode("latin-1")),
    ),
    Case(
        "a row with a cell too many",
        3,
        ("spells.csv: cannot be read as CSV", "as many cells in each row as in the header"),
        replace_in("spells.csv", ",21\n", f",21,{MARK}\n"),
    ),
    Case(
        "an index date after the records",
        3,
        ("--index-date 2031-01-01: lies outside the records", "spells from 2021-01-01 to", "Choose a date inside them"),
        flags=("--index-date", "2031-01-01"),
    ),
    Case(
        "an index date before the records",
        3,
        ("--index-date 2011-01-01: lies outside the records", "Choose a date inside them"),
        flags=("--index-date", "2011-01-01"),
    ),
    Case(
        "an index date too early for training",
        3,
        ("--index-date 2022-06-01: too early", "the earliest date possible is 2024-01-01", "Choose a later date"),
        flags=("--index-date", "2022-06-01"),
    ),
    Case("too few outcomes to train", 3, ("events", "50"), flags=()),
    Case(
        "a broken mapping",
        4,
        ("site.toml: is not valid TOML", "Mend that line"),
        in_file("site.toml", 'name = "site\n'),
        ("--mapping", "site.toml"),
    ),
    Case(
        "a mapping with an unknown column",
        4,
        ("site.toml: tables.patients: ", "is no column of patients"),
        in_file("site.toml", 'name = "s"\n[tables.patients]\nsource = "patients"\ncolumns.nhs_number = "patient_id"\n'),
        ("--mapping", "site.toml"),
    ),
    Case(
        "a broken model spec",
        4,
        ("model.toml: is not valid TOML", "Mend that line"),
        in_file("model.toml", "[learner"),
        ("--model", "model.toml"),
    ),
    Case(
        "a model spec without what it needs",
        4,
        ("model.toml: horizon_days: is missing. Add it.", "model.toml: colour: is not a known key"),
        in_file("model.toml", 'name = "m"\ncolour = "red"\n'),
        ("--model", "model.toml"),
    ),
    Case(
        "broken list rules",
        4,
        ("rules.toml: capacity: expected a whole number from 1, found 0",),
        in_file("rules.toml", "capacity = 0\n"),
        ("--caselist", "rules.toml"),
    ),
    Case(
        "list rules that are not there",
        2,
        ("--caselist nowhere.toml: no such file", "Name a TOML file"),
        flags=("--caselist", "nowhere.toml"),
    ),
    Case(
        "a governance file without a purpose",
        5,
        ("governance.toml: purpose: is missing. Add it.", "governance.toml: owner: is not a known key"),
        in_file("governance.toml", 'owner = "x"\n'),
    ),
    Case(
        "no governance file",
        5,
        ("records: no governance file says what these records may be used for", "docs/governance.md has a filled"),
        lambda cwd: (cwd / "governance.toml").unlink(),
    ),
    Case(
        "an approval past its end, and a table that is not permitted",
        5,
        (
            "governance: approval: none ended on 2020-12-31, and today is ",
            "governance: tables: not among those that are permitted: ",
        ),
        in_file("governance.toml", GOVERNANCE.replace("2099", "2020").replace("'spells', ", "")),
    ),
    Case(
        "a purpose that permits no list",
        5,
        ("governance: the purpose planning does not permit people named on a list", "`vi-risk features build`"),
        in_file("governance.toml", GOVERNANCE.replace("direct_care", "planning")),
    ),
    Case("an unknown mapping", 2, ("no mapping of that name is shipped", "clinosim"), flags=("--mapping", "clinsim")),
    Case("an unknown model", 2, ("no model spec of that name is shipped", "Expected one of"), flags=("--model", "x")),
    Case(
        "the working folder as output",
        2,
        ("--out .: holds the working folder", "Name a folder of its own"),
        flags=("--out", "."),
    ),
    Case(
        "a file as output",
        2,
        ("--out notes.txt: is a file", "Name a folder"),
        in_file("notes.txt", "kept"),
        ("--out", "notes.txt"),
    ),
    Case(
        "a store that MLflow does not know",
        2,
        ("--tracking-uri: nowhere is not a store", "Expected sqlite:///"),
        flags=("--tracking-uri", "nowhere"),
    ),
    Case(
        "a store that is something else",
        6,
        ("expected an SQLite file, found something else", "Name another file"),
        in_file("store.db", "kept notes"),
        ("--tracking-uri", "sqlite:///store.db"),
    ),
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A working folder with sound records, and the output of an earlier run."""
    write_records(tmp_path / "records")
    (tmp_path / "governance.toml").write_text(GOVERNANCE)
    old = tmp_path / "out"
    (old / "case_lists").mkdir(parents=True)
    (old / "run.json").write_text('{"versions": {}}')
    (old / "case_lists" / "A.csv").write_text("the old list")
    (old / "minutes.txt").write_text("the team's own")
    return tmp_path


def whole_place(cwd: Path) -> Contents:
    return {name: content for name, content in contents(cwd).items() if not name.startswith("scratch/")}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fault_ends_a_run_with_one_message_and_the_old_output_whole(case: Case, place: Path, invoke: Invoke) -> None:
    case.spoil(place)
    before, stamp = contents(place), (place / "out").stat().st_ino

    ended = invoke("run", "--records", "records", "--index-date", "2024-12-01", *case.flags)

    assert ended.exit_code == case.code, ended.stderr
    message = ended.stderr.partition("vi-risk: ")[2]
    assert [words for words in case.says if words not in message] == []
    assert "Traceback" not in ended.output
    assert MARK not in ended.output
    assert contents(place) == before
    assert (place / "out").stat().st_ino == stamp
    assert not [path.name for path in place.iterdir() if path.name.startswith(".")]


def test_the_records_are_sound_where_nothing_spoils_them(place: Path, invoke: Invoke) -> None:
    """So that each fault above is the one that was put in."""
    ended = invoke("check", "--records", "records")

    assert ended.exit_code == 0
    assert "0 warnings, no errors" in ended.stderr


def test_the_faults_of_all_tables_are_one_message(place: Path, invoke: Invoke) -> None:
    replace_in("patients.csv", "1950-06-01", MARK)(place)
    replace_in("spells.csv", "2021-01-01", MARK)(place)

    ended = invoke("check", "--records", "records")

    assert ended.exit_code == 3
    assert "patients.birth_month: 1 of 40 rows" in ended.stderr
    assert "spells.admitted_on: 1 of 120 rows" in ended.stderr


def test_a_check_writes_its_page_whatever_it_finds_and_leaves_all_else(place: Path, invoke: Invoke) -> None:
    replace_in("spells.csv", ",21\n", f",{MARK}\n")(place)
    before = contents(place)

    ended = invoke("check", "--records", "records")

    assert ended.exit_code == 3
    told = "spells.admission_method: 1 of 120 rows: code outside the list of the data dictionary"
    assert told in ended.stdout
    assert told in ended.stderr
    assert MARK not in ended.output
    written = contents(place)
    pages = {name: written.pop(name) for name in ("out/check.json", "out/check.html")}
    assert all(b"admission_method" in page and MARK.encode() not in page for page in pages.values())
    assert written == {name: content for name, content in before.items() if name not in pages}


# --- as a person sees it ---------------------------------------------------------------------------------------------


def in_a_shell(cwd: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start `vi-risk run` as a process of its own, scratch files in a folder of its own."""
    (cwd / "scratch").mkdir(exist_ok=True)
    command = [sys.executable, "-m", "vi_risk", "run", *arguments]
    return subprocess.Popen(
        command, cwd=cwd, env=environment(TMPDIR=str(cwd / "scratch")), stderr=subprocess.PIPE, text=True
    )


def test_a_process_shows_no_traceback_and_leaves_no_scratch_files(place: Path) -> None:
    replace_in("spells.csv", "2021-01-01", MARK)(place)
    before = whole_place(place)

    process = in_a_shell(place, "--records", "records", "--index-date", "2024-12-01")
    _, told = process.communicate(timeout=60)

    assert process.returncode == 3
    assert told.count("vi-risk: ") == 1
    assert "Traceback" not in told
    assert MARK not in told
    assert whole_place(place) == before
    assert list((place / "scratch").iterdir()) == []


@pytest.fixture(scope="module")
def interrupted_place(trust: Path, small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with a small trust that a run needs some seconds for."""
    cwd = tmp_path_factory.mktemp("interrupted")
    shutil.copytree(trust, cwd / "records")
    shutil.copy(small_model, cwd / "small.toml")
    return cwd


@pytest.mark.parametrize(
    ("sent", "code", "stage"),
    [
        (signal.SIGINT, 130, "Fix index dates"),
        (signal.SIGTERM, 130, "Train the model"),
        (signal.SIGKILL, -signal.SIGKILL, "Train the model"),
    ],
    ids=["SIGINT", "SIGTERM", "SIGKILL"],
)
def test_an_interrupted_run_leaves_the_old_output_whole(
    interrupted_place: Path, sent: signal.Signals, code: int, stage: str
) -> None:
    cwd = interrupted_place
    shutil.rmtree(cwd / "out", ignore_errors=True)
    shutil.rmtree(cwd / "scratch", ignore_errors=True)
    (cwd / "out").mkdir()
    (cwd / "out" / "run.json").write_text("old")
    (cwd / "out" / "minutes.txt").write_text("the team's own")
    before = contents(cwd / "out")

    process = in_a_shell(
        cwd, "--records", "records", "--index-date", str(LIST_DATE), "--model", "small.toml", "--tracking-uri",
        "sqlite:///store/mlflow.db",
    )  # fmt: skip
    told = _wait_for(process, stage)
    os.kill(process.pid, sent)
    _, rest = process.communicate(timeout=60)

    assert process.returncode == code, told + rest
    assert contents(cwd / "out") == before
    assert "Traceback" not in told + rest
    left = {path.name for path in cwd.iterdir()} - {"out", "records", "scratch", "small.toml"}
    if sent is signal.SIGKILL:
        assert left <= {".out.unfinished", ".out.lock"}  # nobody was left to tidy up; the next run does
    else:
        finished = {".out.unfinished"} if stage == "Train the model" else set()  # features, for `run --resume`
        assert left == finished
        assert list((cwd / "scratch").iterdir()) == []
    shutil.rmtree(cwd / ".out.unfinished", ignore_errors=True)
    (cwd / ".out.lock").unlink(missing_ok=True)


def _wait_for(process: subprocess.Popen[str], stage: str) -> str:
    """Read what a process tells until a stage begins, and give the stage a moment to be under way."""
    assert process.stderr is not None
    told = ""
    for line in process.stderr:
        told += line
        if line.startswith(stage):
            time.sleep(0.05)
            return told
    pytest.fail(f"the stage {stage} never began:\n{told}")
