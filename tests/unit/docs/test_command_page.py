"""The page of commands: what `--help` says, in the order in which it says it."""

from pathlib import Path

import pytest

from tools.command_page import PAGE, command_page, main

COMMANDS = ("run", "demo", "features build", "reviews import", "mapping check", "reidentify")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_has_its_options_and_its_example(command: str) -> None:
    _, _, after = command_page().partition(f"## `vi-risk {command}`\n")
    told = after.partition("\n## ")[0]
    assert "- `--" in told
    assert f"**Example**\n\n    vi-risk {command}" in told


def test_no_mark_of_the_terminal_is_left() -> None:
    page = command_page()
    assert not any(mark in page for mark in ("[bold]", "&#x27;", "&lt;", "`--help`", "```"))


def test_a_stale_page_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stale = tmp_path / PAGE.name
    stale.write_text("# Commands\n")
    assert main(["--check"], stale) == 1
    assert "Run make docs." in capsys.readouterr().err
    assert main([], stale) == 0
    assert main(["--check"], stale) == 0
