"""The page of messages: each with its cause and its mend, as the source has them today."""

import re
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tools.check_findings import Found
from tools.error_messages import Message, messages
from tools.error_page import (
    PAGE,
    WORDS,
    entries,
    expected_values,
    kinds,
    main,
    page,
    page_of_expected,
    page_of_findings,
    without_words,
)
from vi_risk.cli import app

_KINDS = {"InputError": "InputError", "SpecificationError": "SpecificationError"}
_WORDS = {name: {"cause": "", "mend": ""} for name in (*kinds(), "faults")}


def _of(source: str, folder: Path) -> list[tuple[str, str]]:
    package = folder / "vi_risk" / "records"
    package.mkdir(parents=True)
    (package / "reading.py").write_text(source)
    return [(one.kind, one.text) for one in messages(_KINDS, folder)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('def f(a):\n    raise InputError(f"{a}: no such folder. Name one.")', "…: no such folder. Name one."),
        (
            'def f(a):\n    msg = f"{a} of {a:,} rows" + " too many."\n    raise InputError(msg)',
            "… of … rows too many.",
        ),
        ('_M = "Write it as TOML."\ndef f():\n    raise InputError(f"no TOML. {_M}")', "no TOML. Write it as TOML."),
        ('def f(a):\n    return InputError("cannot be read; copy it again.")', "cannot be read; copy it again."),
    ],
    ids=["in the call", "in a variable", "with a constant", "returned"],
)
def test_a_message_is_found_where_it_is_written(source: str, expected: str, tmp_path: Path) -> None:
    assert _of(source, tmp_path) == [("InputError", expected)]


@pytest.mark.parametrize(
    "source",
    [
        'def f(a):\n    faults = []\n    faults.append(f"{a}: expected a number.")\n',
        'def f(a):\n    faults = [f"{one}: expected a number." for one in a]\n',
        'def f(a, faults):\n    faults += [f"{a}: expected a number."] if a else []\n',
        'def _faults_of(a):\n    return [f"{one}: expected a number." for one in a]',
    ],
    ids=["appended", "listed", "added", "returned"],
)
def test_a_fault_is_found_where_faults_are_gathered(source: str, tmp_path: Path) -> None:
    assert _of(source, tmp_path) == [("", "…: expected a number.")]


def test_a_text_that_is_no_message_is_none(tmp_path: Path) -> None:
    source = (
        'def f(a):\n    title = f"A page of all {a} messages."\n    return InputError(title.upper()), "not a fault"'
    )
    assert _of(source, tmp_path) == []


def test_a_message_without_a_mend_is_a_fault_until_it_has_one() -> None:
    message = Message("InputError", "records", "…: it is all too much.")

    _, faults = entries([message], [])
    made, none = entries([message], [{"has": "all too much", "cause": "Greed.", "mend": "Take less."}])

    assert faults == ["records: …: it is all too much.: says nothing to do. Say it there, or in errors.toml."]
    assert none == []
    assert "- …: it is all too much.\n  **Cause.** Greed.\n  **Mend.** Take less." in page(made, _WORDS)


def test_words_for_a_message_that_is_gone_are_a_fault() -> None:
    _, faults = entries([], [{"has": "it is all too much", "mend": "Take less."}])

    assert faults == ["errors.toml: it is all too much: is of no message that wants words. Take it out."]


def test_what_a_message_says_to_do_stands_in_bold() -> None:
    made, _ = entries([Message("InputError", "records", "a_b: no such folder. Name one with `--records`.")], [])

    assert r"- a\_b: no such folder. **Name one with `--records`.**" in page(made, _WORDS)


def test_the_page_is_that_of_today_and_says_every_exit_code() -> None:
    assert main(["--check"]) == 0
    assert all(f"| {kind.exit_code} | {name} |" in PAGE.read_text() for name, kind in kinds().items())


def test_a_stale_page_fails_the_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stale = tmp_path / PAGE.name
    stale.write_text(PAGE.read_text() + "more\n")

    assert main(["--check"], stale) == 1
    assert "Run make docs." in capsys.readouterr().err
    assert main([], stale) == 0
    assert stale.read_text() == PAGE.read_text()


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (["run", "--records", "nowhere", "--index-date", "2025-04-01"], 3, "no such folder. Expected a folder of CSV"),
        (["score", "--out", "nowhere"], 3, "no such folder. Name the folder that `vi-risk features build` wrote"),
        (["features", "describe", "nothing"], 2, "no definition or feature is called so"),
    ],
)
def test_words_of_a_message_are_found_on_the_page(
    command: list[str], code: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(app, command)

    assert ended.exit_code == code
    assert words in ended.stderr
    assert words in PAGE.read_text().replace("*", "")


def test_what_a_value_is_expected_to_be_has_words_for_what_to_write() -> None:
    expected = expected_values()
    told = page_of_expected(dict.fromkeys(expected, "Write it so."))

    assert {"text in quotes", "a table in {braces}", "less than …", "a list of … or more"} <= {*expected}
    assert r"| a table in \{braces\} | Write it so. |" in told


def test_what_the_check_finds_is_told_with_its_cause_and_its_mend_errors_first() -> None:
    told = page_of_findings(
        [
            Found("error", "missing, but required", "rows", (), "Fill them."),
            Found("warning", "overlap", "people", ("registrations.patient_id",), "End the earlier one."),
        ],
        {"missing, but required": "A join.", "overlap": "A move."},
    )

    errors, warnings = told.split("### Warnings")
    assert "| missing, but required | A join. | Fill them. |" in errors
    assert "| … of … people: overlap (`registrations.patient_id`) | A move. | End the earlier one. |" in warnings


def test_what_has_no_words_and_words_of_nothing_are_faults() -> None:
    assert without_words(["a cause"], {"a cause": "It is told."}, "finding") == []
    assert without_words(["a rule"], {"another": "A reason."}, "finding") == [
        "errors.toml: [finding]: a rule: is missing. Add it.",
        "errors.toml: [finding]: another: is gone. Take it out.",
    ]


def test_every_entry_has_a_mend_that_is_a_sentence() -> None:
    words = tomllib.loads(WORDS.read_text())

    sentences = {one["has"]: one["mend"] for one in words["message"]} | words["finding"] | words["expected"]
    assert [has for has, sentence in sentences.items() if not re.search(r"[.`]$", sentence)] == []
    assert {*words["kinds"]} == {*kinds(), "faults"}
