"""The command line itself: help, usage, how progress and errors are told. What commands do is tested end to end."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vi_risk import cli
from vi_risk.cli.told import told
from vi_risk.errors import (
    GovernanceError,
    InputError,
    ResourceError,
    SpecificationError,
    UsageError,
    ViRiskError,
)
from vi_risk.features.catalogue import read_catalogue

COMMANDS = (
    ("demo",),
    ("run",),
    ("check",),
    ("features", "build"),
    ("features", "list"),
    ("features", "describe"),
    ("features", "catalogue"),
    ("train",),
    ("evaluate",),
    ("score",),
    ("caselist",),
    ("models", "list"),
    ("promote",),
    ("rollback",),
    ("recalibrate",),
    ("tune",),
)
SHARED_FLAGS = {
    ("demo",): ["--patients", "--seed", "--out", "--capacity", "--tracking-uri"],
    ("run",): [
        "--records", "--mapping", "--model", "--index-date", "--out", "--capacity", "--tracking-uri", "--governance",
        "--caselist", "--seed", "--features", "--cache",
    ],
    ("check",): ["--records", "--mapping", "--out"],
    ("features", "build"): [
        "--records", "--mapping", "--model", "--index-date", "--out", "--seed", "--features", "--cache", "--governance",
        "--engine",
    ],
    ("features", "list"): ["--features", "--governance"],
    ("features", "describe"): ["--features", "--governance"],
    ("features", "catalogue"): ["--features", "--governance", "--out"],
    ("train",): ["--out"],
    ("evaluate",): ["--out", "--capacity", "--tracking-uri"],
    ("score",): ["--out", "--model", "--tracking-uri"],
    ("models", "list"): ["--tracking-uri"],
    ("promote",): ["--out", "--why", "--unpaired", "--tracking-uri"],
    ("rollback",): ["--to", "--tracking-uri"],
    ("recalibrate",): ["--out", "--model", "--how", "--elsewhere", "--tracking-uri"],
    ("tune",): ["--out", "--trials", "--tracking-uri"],
    ("caselist",): ["--out", "--capacity", "--caselist", "--tracking-uri"],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example_of_itself(command: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(cli.app, [*command, "--help"])

    assert shown.exit_code == 0
    assert f"vi-risk {' '.join(command)}" in shown.output.partition("Example")[2]


@pytest.mark.parametrize("command", SHARED_FLAGS, ids=" ".join)
def test_every_command_has_the_flags_of_the_contract(command: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(cli.app, [*command, "--help"]).output

    assert [flag for flag in SHARED_FLAGS[command] if flag not in shown] == []


def test_the_commands_of_the_contract_are_all_there() -> None:
    shown = CliRunner().invoke(cli.app, ["--help"]).output

    assert [command for command, *_ in COMMANDS if f" {command} " not in shown] == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nonsense"], "nonsense"),
        (["run", "--index-date", "2025-01-01"], "--records"),
        (["run", "--records", "extracts"], "--index-date"),
        (["run", "--records", "extracts", "--index-date", "01/04/2025"], "Write it as YYYY-MM-DD"),
        (["run", "--records", "extracts", "--index-date", "2025-02-30"], "Write it as YYYY-MM-DD"),
        (["demo", "--patients", "12"], "--patients"),
        (["demo", "--capacity", "0"], "--capacity"),
        (["demo", "--seed", "-1"], "--seed"),
        (["train", "--patients", "5"], "--patients"),
    ],
)
def test_a_command_that_is_off_ends_with_2_and_names_what_is(arguments: list[str], told: str) -> None:
    ended = CliRunner().invoke(cli.app, arguments)

    assert ended.exit_code == 2
    assert told in ended.stderr
    assert "Traceback" not in ended.output


def test_the_declared_features_are_listed_one_a_line() -> None:
    shown = CliRunner().invoke(cli.app, ["features", "list"])

    assert shown.exit_code == 0
    lines = [re.split("  +", line) for line in shown.stdout.splitlines()]
    with_sensitive_ones = read_catalogue(sensitive={"hiv"})
    assert [line[0] for line in lines] == [feature.name for feature in with_sensitive_ones.features]
    assert ["emergency_admissions_365d", "acute use", "Emergency admissions, last 12 months"] in lines


# --- how work ends ---------------------------------------------------------------------------------------------------

CODES = (
    (ViRiskError, 1),
    (UsageError, 2),
    (InputError, 3),
    (SpecificationError, 4),
    (GovernanceError, 5),
    (ResourceError, 6),
)


@pytest.fixture
def ends_with(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], int]:
    """Run a command whose work ends with an error, as `vi-risk` in a shell would, and return the exit code."""

    def ended(error: BaseException) -> int:
        def demo() -> None:
            with told() as report:
                report.stage("Work")
                raise error

        monkeypatch.setattr(cli.app.registered_commands[0], "callback", demo)
        monkeypatch.setattr(sys, "argv", ["vi-risk", "demo"])
        monkeypatch.setattr("signal.signal", lambda *_: None)
        monkeypatch.setattr("os.umask", lambda _: 0o022)
        with pytest.raises(SystemExit) as left:
            cli.main()
        code = left.value.code
        return code if isinstance(code, int) else 0

    return ended


@pytest.mark.parametrize(("kind", "code"), CODES, ids=lambda value: getattr(value, "__name__", str(value)))
def test_each_kind_of_error_has_its_exit_code_and_is_told_as_its_message(
    ends_with: Callable[[BaseException], int],
    capsys: pytest.CaptureFixture[str],
    kind: type[ViRiskError],
    code: int,
) -> None:
    assert ends_with(kind("spells.csv: is empty.")) == code

    told = capsys.readouterr().err
    assert "vi-risk: spells.csv: is empty." in told
    assert "Traceback" not in told


def test_too_little_memory_is_a_fault_of_the_machine(
    ends_with: Callable[[BaseException], int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert ends_with(MemoryError()) == 6
    assert "not enough memory" in capsys.readouterr().err


def test_an_interruption_ends_with_130(ends_with: Callable[[BaseException], int]) -> None:
    assert ends_with(KeyboardInterrupt()) == 130


def test_an_interruption_says_that_the_output_is_as_before(
    ends_with: Callable[[BaseException], int], capsys: pytest.CaptureFixture[str]
) -> None:
    ends_with(KeyboardInterrupt())

    assert "interrupted; the output folder is as it was before" in capsys.readouterr().err


def test_square_brackets_in_what_is_told_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    with told() as report:
        report.stage("Read [bold]extracts[/bold]")
        report.step("[red] ward")
        report.warn("[/] odd")

    assert [line.strip() for line in capsys.readouterr().err.splitlines()] == [
        "Read [bold]extracts[/bold]",
        "[red] ward",
        "! [/] odd",
    ]


# --- governance ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ["check"],
        ["run", "--index-date", "2025-01-01"],
        ["features", "build", "--index-date", "2025-01-01"],
        ["features", "build", "--index-date", "2025-01-01", "--engine", "spark"],
        ["mapping", "export", "canonical", "--out", "canonical"],
    ],
    ids=" ".join,
)
def test_without_a_governance_file_no_command_reads_records(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "extracts").mkdir()
    ended = CliRunner().invoke(cli.app, [*command, "--records", "extracts"])

    assert ended.exit_code == 5
    assert "extracts: no governance file says what these records may be used for" in ended.stderr
    assert "Read the records" not in ended.stderr


def test_a_governance_file_in_the_working_folder_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "extracts").mkdir()
    (tmp_path / "governance.toml").write_text("purpose = 3")
    ended = CliRunner().invoke(cli.app, ["check", "--records", "extracts"])

    assert ended.exit_code == 5
    assert "governance.toml: purpose: expected text in quotes. Found 3." in ended.stderr


@pytest.mark.parametrize(
    ("content", "code", "told"),
    [
        (None, 2, "no such file"),
        ('purpose = "', 4, "is not valid TOML"),
        ('owner = "x"', 5, "purpose: is missing. Add it."),
        ('purpose = " "', 5, "purpose: ' ' is not known. Expected one of: direct_care, "),
    ],
)
def test_a_governance_file_must_say_the_purpose(tmp_path: Path, content: str | None, code: int, told: str) -> None:
    file = tmp_path / "governance.toml"
    if content is not None:
        file.write_text(content)

    ended = CliRunner().invoke(cli.app, ["check", "--records", str(tmp_path), "--governance", str(file)])

    assert ended.exit_code == code
    assert told in ended.stderr


# --- folders that a run would write over ------------------------------------------------------------------------------

BUILDS = (
    ["run", "--index-date", "2025-01-01", "--records", "extracts"],
    ["features", "build", "--index-date", "2025-01-01", "--records", "extracts"],
)


@pytest.mark.parametrize("command", BUILDS, ids=lambda command: command[0])
def test_decisions_of_teams_are_not_written_over_by_the_table_that_is_made_of_them(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "reviews.parquet").write_bytes(b"decisions")

    ended = CliRunner().invoke(cli.app, [*command, "--out", "o", "--reviews", "o/reviews.parquet"])

    assert ended.exit_code == 2
    assert "--reviews o/reviews.parquet: lies in the output folder o, where vi_risk writes a" in ended.stderr
    assert (tmp_path / "o" / "reviews.parquet").read_bytes() == b"decisions"


@pytest.mark.parametrize("out", ["place/extracts", "place"])
@pytest.mark.parametrize("command", [*BUILDS, ["check", "--records", "extracts"]], ids=lambda command: command[0])
def test_records_do_not_lie_in_the_output_folder(
    command: list[str], out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extracts = tmp_path / "place" / "extracts"
    extracts.mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    asked = [word if word != "extracts" else "place/extracts" for word in command]

    ended = CliRunner().invoke(cli.app, [*asked, "--out", out])

    assert ended.exit_code == 2
    assert "the folder of --records place/extracts, and an output folder is replaced whole" in ended.stderr
    assert list(extracts.iterdir()) == []


def test_a_synthetic_trust_is_not_written_into_the_output_folder_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_text("{}")

    ended = CliRunner().invoke(cli.app, ["synth", "--out", "out"])

    assert ended.exit_code == 2
    assert "--out out: is the output folder of a run. Name a folder for the records alone." in ended.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["run.json"]
