"""`make env` names what is missing before it makes anything, and does nothing where nothing has changed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS_OF_THE_SYSTEM = ("awk", "cat", "cksum", "dirname", "rm", "sh", "uname")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="make env is for Linux and macOS; Windows uses uv run")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in which nothing needs to be installed, and a PATH of its own without uv or Python."""
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "environment", tmp_path / "tools")
    (tmp_path / "requirements.lock").write_text("")
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "bin").mkdir()
    for name in TOOLS_OF_THE_SYSTEM:
        found = shutil.which(name)
        assert found
        (tmp_path / "bin" / name).symlink_to(found)
    return tmp_path


def put_command(checkout: Path, name: str, script: str) -> None:
    command = checkout / "bin" / name
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)


def make_env(checkout: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(checkout / "tools" / "environment")],
        env={"PATH": str(checkout / "bin"), "HOME": ""},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_without_python_it_says_what_to_install(checkout: Path) -> None:
    put_command(checkout, "python3", "echo 'pyenv: python3: command not found' >&2; exit 127")
    ended = make_env(checkout)
    assert ended.returncode == 6
    assert "no Python 3.11 or newer" in ended.stderr
    assert "python3-venv" in ended.stderr


def put_python(checkout: Path, *, without: tuple[str, ...] = ()) -> None:
    """Put a python3 on the PATH that cannot load these, and that gives its own path when it is asked for it."""
    lacks = "".join(f"*{name}*) exit 1;; " for name in without)
    put_command(
        checkout, "python3", f'case "$*" in {lacks}*sys.executable*) echo "$0"; exit;; esac; exec {sys.executable} "$@"'
    )


@pytest.mark.skipif(sys.platform != "linux", reason="libgomp is looked for on Linux alone")
def test_all_that_is_missing_is_named_at_once_and_nothing_is_made(checkout: Path) -> None:
    put_python(checkout, without=("ensurepip", "libgomp"))
    ended = make_env(checkout)
    assert ended.returncode == 6
    assert "python3-venv" in ended.stderr
    assert "libgomp1" in ended.stderr
    assert not (checkout / ".venv").exists()


def test_uv_does_without_the_venv_module(checkout: Path) -> None:
    put_python(checkout, without=("ensurepip",))
    put_command(checkout, "uv", "exit 9")
    ended = make_env(checkout)
    assert ended.returncode == 9
    assert "missing" not in ended.stderr


def with_fake_uv(checkout: Path) -> Path:
    """Put a uv on the PATH that makes a .venv of one link, and writes down what it was asked."""
    asked = checkout / "asked"
    put_python(checkout)
    put_command(
        checkout,
        "uv",
        f'echo "$1" >>{asked}; [ "$1" != venv ] || {{ {shutil.which("mkdir")} -p .venv/bin; '
        f"{shutil.which('ln')} -s {sys.executable} .venv/bin/python; }}",
    )
    return asked


def test_it_is_made_once_and_again_only_when_the_lock_changes(checkout: Path) -> None:
    asked = with_fake_uv(checkout)
    assert make_env(checkout).returncode == 0
    first = asked.read_text().split()
    assert first == ["venv", "pip", "pip"]
    assert make_env(checkout).returncode == 0
    assert asked.read_text().split() == first
    (checkout / "requirements.lock").write_text("numpy==2.4.6")
    assert make_env(checkout).returncode == 0
    assert len(asked.read_text().split()) > len(first)


def test_an_interrupted_environment_is_made_again(checkout: Path) -> None:
    asked = with_fake_uv(checkout)
    assert make_env(checkout).returncode == 0
    working_uv = (checkout / "bin" / "uv").read_text()
    (checkout / "requirements.lock").write_text("numpy==2.4.6")
    put_command(checkout, "uv", "exit 9")
    assert make_env(checkout).returncode == 9
    (checkout / "requirements.lock").write_text("")
    (checkout / "bin" / "uv").write_text(working_uv)
    asked.unlink()
    assert make_env(checkout).returncode == 0
    assert asked.exists()


def test_an_environment_whose_python_has_gone_is_made_anew(checkout: Path) -> None:
    asked = with_fake_uv(checkout)
    assert make_env(checkout).returncode == 0
    (checkout / ".venv" / "bin" / "python").unlink()
    (checkout / ".venv" / "left_over").write_text("")
    asked.unlink()
    assert make_env(checkout).returncode == 0
    assert "venv" in asked.read_text().split()
    assert not (checkout / ".venv" / "left_over").exists()
