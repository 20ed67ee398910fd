"""The public surface cannot change without a word in the CHANGELOG."""

import re
import shutil
from pathlib import Path

import pytest

from tools.public_surface import CHANGELOG, PAGE, ROOT, main, not_told, surface

_CHANGELOG = "# Changes\n\n## [Unreleased]\n\n- {said}\n\n## 0.1.0\n\n- `train` and `score` came.\n"


def test_the_surface_in_the_reference_is_that_of_today() -> None:
    assert main(["--check"]) == 0


def test_every_public_name_has_its_line() -> None:
    import vi_risk
    import vi_risk.types

    names = {re.match(r"[\w.]+", line)[0] for line in surface()}  # type: ignore[index]

    assert {name for name in names if "." not in name} == {*vi_risk.__all__, "types"}
    assert {name for name in names if re.fullmatch(r"types\.\w+", name)} == {
        f"types.{name}" for name in vi_risk.types.__all__
    }


@pytest.mark.parametrize(
    ("before", "after", "said", "silent"),
    [
        (["train(a: int)"], ["train(a: int, b: int)"], "nothing", ["train"]),
        (["train(a: int)"], ["train(a: int, b: int)"], "`train` takes `b`.", []),
        (["train(a: int)"], [], "nothing", ["train"]),
        ([], ["Records()", "Records.tables: dict"], "`Records` are new.", []),
        (["Records()"], ["Records()", "Records.tables: dict"], "`Records` are better.", ["Records.tables"]),
        (["Records()"], ["Records()", "Records.tables: dict"], "`Records.tables` is new.", []),
        (["score() -> int"], ["score() -> float"], "nothing", ["score"]),  # a word on an earlier release is none
        (["score() -> int"], ["score() -> int"], "nothing", []),
        (["types: all"], ["types: all", "types.Bin()", "types.Bin.low: float"], "nothing", ["types.Bin"]),
        ([], ["types: all", "types.Bin()", "types.Bin.low: float"], "`vi_risk.types` is new.", []),
    ],
)
def test_a_changed_name_must_be_told_under_unreleased(
    before: list[str], after: list[str], said: str, silent: list[str]
) -> None:
    assert not_told(before, after, _CHANGELOG.format(said=said)) == silent


def test_a_new_parameter_fails_the_check_until_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(ROOT / "vi_risk", tmp_path / "vi_risk", ignore=shutil.ignore_patterns("__pycache__"))
    page, changelog = tmp_path / PAGE.name, tmp_path / CHANGELOG.name
    shutil.copy(PAGE, page)
    changelog.write_text(_CHANGELOG.format(said="nothing"))
    source = tmp_path / "vi_risk" / "caselists" / "ranking.py"
    text = source.read_text()
    assert text.count("def choose(\n    scores: pd.DataFrame,") == 1
    source.write_text(text.replace("def choose(\n    scores: pd.DataFrame,", "def choose(\n    risks: pd.DataFrame,"))

    assert main(["--check"], page, changelog, tmp_path) == 1
    assert "does not name under Unreleased: choose." in capsys.readouterr().err
    changelog.write_text(_CHANGELOG.format(said="`choose` calls its first argument risks."))
    assert main(["--check"], page, changelog, tmp_path) == 1
    assert "Run make docs." in capsys.readouterr().err
    assert main([], page, changelog, tmp_path) == 0
    assert main(["--check"], page, changelog, tmp_path) == 0
