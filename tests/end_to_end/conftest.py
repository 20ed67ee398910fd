"""What is run once for all tests of this folder: a demo, and a small trust with a small model."""

import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from filelock import FileLock
from typer.testing import CliRunner, Result

from vi_risk.cli import app
from vi_risk.records.synthetic import write_trust

LIST_DATE = date(2025, 1, 1)
DEMO_PATIENTS = 2000

# A model that is fitted in a blink; the look-back and the dates are those of the shipped one.
SMALL_MODEL = """
name = "small"
title = "Emergency admission in the next 12 months"
outcome = "emergency_admission"
outcome_words = "an emergency admission in the next 12 months"
horizon_days = 365
[snapshots]
most = 2
[learner]
n_estimators = 20
calibration_folds = 2
min_child_samples = 20
min_events = 20
num_threads = 1
"""

Contents = Mapping[str, bytes]
Invoke = Callable[..., Result]


@dataclass(frozen=True)
class Ended:
    """A command that has ended: the folder it worked in, its exit code, what it told."""

    cwd: Path
    code: int
    stdout: str
    stderr: str

    @property
    def out(self) -> Path:
        return self.cwd / "out"


def environment(**more: str) -> dict[str, str]:
    """Return an environment in which two workers do not take each other's cores."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive", **more}


def contents(folder: Path) -> Contents:
    """Return the bytes of every file under a folder, by its path there; links as what they name."""
    return {
        str(path.relative_to(folder)): os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def run_demo(cwd: Path, *, patients: int = DEMO_PATIENTS, seed: int = 1) -> Ended:
    """Run `vi-risk demo` in a folder as a person would."""
    cwd.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "vi_risk", "demo", "--patients", str(patients), "--seed", str(seed)]
    ended = subprocess.run(command, cwd=cwd, env=environment(), capture_output=True, text=True, check=False)
    return Ended(cwd, ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Ended:
    """The demo at small size, run once even where several workers share the tests."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if hasattr(request.config, "workerinput") else base
    cwd, stdout, stderr = shared / "demo", shared / "demo.stdout", shared / "demo.stderr"
    with FileLock(shared / "demo.lock"):
        if not stderr.exists():
            ended = run_demo(cwd)
            if ended.code != 0:
                pytest.fail(f"vi-risk demo ended with {ended.code}:\n{ended.stderr}")
            stdout.write_text(ended.stdout)
            stderr.write_text(ended.stderr)
    return Ended(cwd, 0, stdout.read_text(), stderr.read_text())


@pytest.fixture(scope="session")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small synthetic trust in canonical files."""
    folder = tmp_path_factory.mktemp("trust") / "records"
    write_trust(folder, patients=800, seed=3)
    return folder


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model spec of a few small trees."""
    file = tmp_path_factory.mktemp("models") / "small.toml"
    file.write_text(SMALL_MODEL)
    return file


def run_here(*arguments: object) -> Result:
    """Run a command in this process; an error that it does not turn into a message is raised."""
    with warnings.catch_warnings():
        # shap sets colours as older versions of matplotlib had it; people do not see this warning.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Run a command in this process, with the test's own folder as the working folder."""
    monkeypatch.chdir(tmp_path)
    return run_here
