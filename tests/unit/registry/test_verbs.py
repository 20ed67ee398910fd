"""`vi-risk models list`, `promote` and `rollback` as a person runs them: what they print and how they end."""

from dataclasses import replace
from datetime import date

import pytest
from typer.testing import CliRunner, Result

from tests.unit.registry.conftest import NOISE, MakeOut
from vi_risk import cli
from vi_risk.cli.registry import lines_of
from vi_risk.registry.keeping import keep_model
from vi_risk.tracking import Version


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments], catch_exceptions=False)


def test_a_model_is_promoted_kept_out_listed_and_rolled_back(make_out: MakeOut, tracking_uri: str) -> None:
    store = ("--tracking-uri", tracking_uri)
    weak, good = make_out("verbs", inputs=(NOISE,)), make_out("verbs")
    keep_model(weak, tracking_uri=tracking_uri)
    keep_model(good, tracking_uri=tracking_uri)

    first = run("promote", "--out", weak, *store)
    second = run("promote", "--out", good, "--why", "more data", *store)
    third = run("promote", "--out", weak, *store)
    again = run("promote", "--out", good, *store)

    assert (first.exit_code, first.stdout) == (0, "verbs: version 1 is champion now; there was none before.\n")
    assert (second.exit_code, second.stdout) == (0, "verbs: version 2 is champion now; was version 1.\n")
    assert (third.exit_code, third.stdout) == (7, "")
    assert "verbs version 1 is not promoted; version 2 stays champion" in third.stderr
    assert (again.exit_code, again.stdout) == (0, "verbs: version 2 is champion already.\n")

    listed = run("models", "list", "verbs", *store).stdout.splitlines()
    assert [line.split()[:3] for line in listed] == [
        ["model", "version", "registered"], ["verbs", "2", "champion"], ["verbs", "1", listed[2].split()[2]],
    ]  # fmt: skip
    assert listed[1].split()[4:] == ["2024-01-01", "0.750", "1.00", "30", "60", "30", listed[1].split()[-1]]

    back = run("rollback", "verbs", *store)
    assert (back.exit_code, back.stdout) == (0, "verbs: version 1 is champion again; was version 2.\n")
    assert run("rollback", "verbs", *store).exit_code == 2


def test_an_empty_registry_says_what_fills_it(tmp_path: object) -> None:
    shown = run("models", "list", "--tracking-uri", f"sqlite:///{tmp_path}/mlflow.db")
    assert (shown.exit_code, "`vi-risk evaluate` registers one" in shown.stdout) == (0, True)


def test_promote_without_an_output_folder_says_what_writes_it(tmp_path: object) -> None:
    ended = run("promote", "--out", f"{tmp_path}/out")
    assert ended.exit_code == 3
    assert "no such folder" in ended.stderr


@pytest.mark.parametrize("command", [("models", "list"), ("promote",), ("rollback",)], ids=" ".join)
def test_every_verb_has_help_with_an_example_of_itself(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    shown = run(*command, "--help")
    assert f"vi-risk {' '.join(command)}" in shown.output.partition("Example")[2]
    assert "--tracking-uri" in shown.output


def test_the_table_lines_up_and_shows_a_dash_for_what_is_not_known() -> None:
    one = Version(
        name="a", number=9, run_id="r", evidence_run_id="r", tags={"auroc": "0.7512", "capacity.true_cases": "1234"},
        registered_on=date(2025, 1, 2), champion=True,
    )  # fmt: skip
    head, first, second = lines_of([one, replace(one, number=10, tags={}, champion=False)])

    assert head.startswith("model  version            registered  test date  AUROC")
    assert first.split() == ["a", "9", "champion", "2025-01-02", "-", "0.751", "-", "1,234", "-", "-", "-"]
    assert second.split() == ["a", "10", "2025-01-02", *"-------"]
    assert first.index("2025") == second.index("2025") == head.index("registered")
