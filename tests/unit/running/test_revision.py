"""The revision of the code is that of the checkout that it runs from, and no path is told."""

import re
import subprocess
from pathlib import Path

import pytest

from vi_risk.running import revision
from vi_risk.running.revision import revision_of


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of one file, committed."""
    (tmp_path / "code.py").write_text("answer = 42\n")
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for command in (["init", "--quiet"], ["add", "code.py"], [*who, "commit", "--quiet", "-m", "Answer"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True, capture_output=True)
    return tmp_path


def test_a_clean_checkout_is_its_commit(checkout: Path) -> None:
    assert re.fullmatch("[0-9a-f]{40}", revision_of(checkout / "code.py") or "")


def test_a_tag_does_not_hide_the_commit(checkout: Path) -> None:
    subprocess.run(["git", "tag", "v1"], cwd=checkout, check=True)
    assert re.fullmatch("[0-9a-f]{40}", revision_of(checkout / "code.py") or "")


def test_a_changed_file_makes_it_dirty_and_one_that_git_does_not_know_does_not(checkout: Path) -> None:
    (checkout / "notes.txt").write_text("mine")
    assert not (revision_of(checkout / "code.py") or "").endswith("-dirty")
    (checkout / "code.py").write_text("answer = 43\n")
    assert re.fullmatch("[0-9a-f]{40}-dirty", revision_of(checkout / "code.py") or "")


def test_code_installed_inside_the_checkout_of_something_else_has_none(checkout: Path) -> None:
    installed = checkout / "site-packages" / "code.py"
    installed.parent.mkdir()
    installed.write_text("answer = 42\n")
    assert revision_of(installed) is None


def test_outside_git_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("answer = 42\n")
    assert revision_of(tmp_path / "code.py") is None


@pytest.mark.parametrize("fault", [FileNotFoundError(), subprocess.TimeoutExpired("git", 10)])
def test_without_git_or_where_it_hangs_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(revision.subprocess, "run", fail)
    assert revision_of(tmp_path / "code.py") is None
