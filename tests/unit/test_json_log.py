"""JSON lines for programs: stage, rows, seconds and peak memory, and the end of a command whichever way it goes."""

import io
import json

import pytest
import typer

from vi_risk.cli.told import told
from vi_risk.errors import InputError
from vi_risk.json_log import JsonReport


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

    with JsonReport(to) as report:
        report.stage("Check the records")
        report.rows(20_310)
        report.step("spells: 20,310 rows")
        report.stage("Train the model")
        report.warn("few events")

    found = lines(to.getvalue())
    assert [line["event"] for line in found] == [
        "stage_began", "step", "stage_ended", "stage_began", "warning", "stage_ended",
    ]  # fmt: skip
    assert (found[2]["stage"], found[2]["rows"]) == ("Check the records", 20_310)
    assert (found[5]["stage"], found[5]["rows"]) == ("Train the model", None)
    for line in (found[2], found[5]):
        assert isinstance(line["seconds"], float)
        assert line["peak_memory_mb"] is None or line["peak_memory_mb"] > 10  # type: ignore[operator]


def test_a_command_is_logged_as_json_where_the_environment_asks_for_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VI_RISK_LOG", "json")

    assert ends_with(InputError("spells.csv: is empty.")) == 3
    found = lines(capsys.readouterr().err)
    assert [line["event"] for line in found] == ["stage_began", "stage_broken_off", "failed"]
    assert (found[-1]["text"], found[-1]["exit_code"]) == ("spells.csv: is empty.", 3)


def test_another_form_of_log_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("VI_RISK_LOG", "xml")

    with pytest.raises(typer.Exit) as left, told():
        pytest.fail("the block was entered")

    assert left.value.exit_code == 2
    assert "VI_RISK_LOG=xml: expected json" in capsys.readouterr().err


def test_an_error_that_nobody_foresaw_is_told_by_where_it_came_from_and_not_in_its_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ends_with(ValueError("943 476 5919 SMITH is not a number")) == 1

    said = capsys.readouterr().err
    assert "this is a fault of vi_risk (ValueError;" in said
    assert "test_json_log.py" in said
    assert "SMITH" not in said
