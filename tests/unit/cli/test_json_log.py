"""JSON lines for programs: stage, rows, seconds and peak memory, and the end of a command whichever way it goes."""

import io
import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from vi_risk.cli import app
from vi_risk.cli.json_log import JsonReport, LogFile
from vi_risk.cli.told import told
from vi_risk.errors import ResourceError

NOON = datetime(2025, 11, 11, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VI_RISK_LOG", raising=False)
    monkeypatch.setenv("COLUMNS", "200")


def asked(*options: str, command: tuple[str, ...] = ("features", "describe", "nonsense")) -> Result:
    """Ask for a command that fails at once, after options that stand before it."""
    return CliRunner().invoke(app, [*options, *command], catch_exceptions=False)


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def ends_with(error: Exception) -> int:
    """Return the exit code of a command that fails in its first stage."""

    def work() -> None:
        with told() as report:
            report.stage("Check the records")
            raise error

    with pytest.raises(typer.Exit) as left:
        work()
    return left.value.exit_code


def test_each_stage_ends_with_its_rows_seconds_and_peak_memory() -> None:
    to = io.StringIO()

    with JsonReport(to, command="run", when=NOON) as report:
        report.stage("Check the records")
        report.rows(20_310)
        report.step("spells: 20,310 rows")
        report.stage("Train the model")
        report.warn("few events")

    found = lines(to.getvalue())
    assert [line["event"] for line in found] == [
        "began", "stage_began", "step", "stage_ended", "stage_began", "warning", "stage_ended", "ended",
    ]  # fmt: skip
    assert (found[0]["command"], found[0]["when"]) == ("run", "2025-11-11T12:00:00+00:00")
    assert (found[3]["stage"], found[3]["rows"]) == ("Check the records", 20_310)
    assert (found[6]["stage"], found[6]["rows"]) == ("Train the model", None)
    for line in (found[3], found[6]):
        assert isinstance(line["seconds"], float)
        assert line["peak_memory_mb"] is None or line["peak_memory_mb"] > 10  # type: ignore[operator]


def test_json_lines_take_the_place_of_those_for_people_on_standard_error() -> None:
    ended = asked("--log", "json")

    assert ended.exit_code == 2
    found = lines(ended.stderr)
    assert [line["event"] for line in found] == ["began", "failed"]
    assert found[0]["command"] == "features"
    assert (found[-1]["exit_code"], "nonsense" in str(found[-1]["text"])) == (2, True)


def test_the_environment_may_ask_for_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VI_RISK_LOG", "json")

    assert [line["event"] for line in lines(asked().stderr)] == ["began", "failed"]


def test_a_file_of_the_log_is_its_owners_alone_and_people_are_told_beside_it(tmp_path: Path) -> None:
    ended = asked("--log", "night.jsonl")

    assert ended.stderr.startswith("\nvi-risk: nonsense")
    assert [line["event"] for line in lines((tmp_path / "night.jsonl").read_text())] == ["began", "failed"]
    assert stat.S_IMODE((tmp_path / "night.jsonl").stat().st_mode) == 0o600


def test_a_file_that_is_there_is_added_to_and_who_may_read_it_still_may(tmp_path: Path) -> None:
    file = tmp_path / "night.jsonl"
    file.write_text('{"event": "ended"}\n')
    file.chmod(0o640)

    asked("--log", "night.jsonl")

    assert [line["event"] for line in lines(file.read_text())] == ["ended", "began", "failed"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_one_command_does_not_log_where_the_one_before_it_did(tmp_path: Path) -> None:
    asked("--log", "night.jsonl")
    before = (tmp_path / "night.jsonl").read_text()

    assert asked().stderr.startswith("\nvi-risk: nonsense")
    assert (tmp_path / "night.jsonl").read_text() == before


@pytest.mark.parametrize("where", ["xml", "night.log", "JSON"])
def test_another_form_of_log_is_refused(tmp_path: Path, where: str) -> None:
    ended = asked("--log", where)

    assert ended.exit_code == 2
    assert f"{where}: expected json, for standard error, or a file that ends in .jsonl." in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_log_that_cannot_be_written_is_told_before_the_command_begins() -> None:
    ended = asked("--log", "nowhere/night.jsonl")

    assert ended.exit_code == ResourceError.exit_code
    assert ended.stderr == (
        "\nvi-risk: --log nowhere/night.jsonl: cannot be written (No such file or directory). Name a file in a folder"
        " that you may write to.\n"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_log_whose_disk_fills_is_told_once_and_the_work_goes_on() -> None:
    told_of: list[str] = []

    with (
        LogFile(Path("/dev/full")) as full,
        JsonReport(full, command="run", when=NOON, unwritten=told_of.append) as report,
    ):
        report.stage("Check the records")
        report.stage("Train the model")

    assert told_of == ["the log cannot be written any more (No space left on device); the work goes on without it"]


def test_an_error_that_nobody_foresaw_is_told_by_where_it_came_from_and_not_in_its_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ends_with(ValueError("943 476 5919 SMITH is not a number")) == 1

    said = capsys.readouterr().err
    assert "this is a fault of vi_risk (ValueError;" in said
    assert "test_json_log.py" in said
    assert "SMITH" not in said
