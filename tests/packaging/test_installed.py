"""The wheel in an empty environment, outside the checkout, on every supported Python that the machine has."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.packaging.test_wheel import ROOT, built
from tools.lock import locked_requirements

pytestmark = pytest.mark.slow

SUPPORTED = ("3.11", "3.12", "3.13")


@cache
def interpreter(version: str) -> str | None:
    """Return the interpreter of this version on the path; each is run, for pyenv leaves commands there that fail."""
    for found in filter(None, (shutil.which(f"python{version}"), sys.executable)):
        asked = [found, "-c", "import sys, venv; print('%d.%d' % sys.version_info[:2], sys.executable)"]
        told = subprocess.run(asked, capture_output=True, text=True, check=False)
        if told.returncode == 0 and told.stdout.split()[0] == version:
            return told.stdout.split()[1]
    return None


def install(wheel: Path, environment: Path, python: str, constraints: Path) -> None:
    """Install the wheel and what it needs into a new environment, with uv where there is one."""
    inside = environment / "bin" / "python"
    if uv := shutil.which("uv"):
        making = [uv, "venv", "--quiet", "--python", python, str(environment)]
        installing = [uv, "pip", "install", "--quiet", "--python", str(inside)]
    else:
        making = [python, "-m", "venv", str(environment)]
        installing = [str(inside), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    subprocess.run(making, check=True)
    # Away from the checkout, whose settings uv would read.
    subprocess.run([*installing, "--constraint", str(constraints), str(wheel)], check=True, cwd=environment.parent)


@pytest.mark.parametrize("version", SUPPORTED)
def test_the_wheel_alone_makes_lists_with_its_own_features_and_models(version: str, tmp_path: Path) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"Python {version} is not on this machine")
    constraints = tmp_path / "constraints.txt"
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    constraints.write_text("\n".join(locked_requirements(lock)), encoding="utf-8")
    install(built("wheel", tmp_path / "dist"), tmp_path / "environment", python, constraints)
    command = tmp_path / "environment" / "bin" / "vi-risk"
    cwd = tmp_path / "elsewhere"
    cwd.mkdir()

    run = subprocess.run(
        [str(command), "demo", "--patients", "1500"],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": str(cwd), "TMPDIR": str(cwd)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr[-2000:]
    assert list((cwd / "out" / "case_lists").glob("*.html"))
    assert (cwd / "out" / "model_card.html").exists()
    assert "pip install 'vi-risk[ui]'" in run.stdout  # MLflow's server is no part of the core
    described = [str(command), "features", "describe", "emergency_admissions"]
    told = subprocess.run(described, cwd=cwd, capture_output=True, text=True, check=True).stdout
    assert "emergency" in told
    imported = [str(command.parent / "python"), "-c", "import vi_risk; print(vi_risk.__file__)"]
    where = subprocess.run(imported, cwd=cwd, capture_output=True, text=True, check=True).stdout
    assert Path(where.strip()).is_relative_to(tmp_path / "environment")
