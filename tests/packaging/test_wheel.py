"""The wheel is the whole product: code, declared features and models, mappings and templates."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def built(kind: str, folder: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (file,) = folder.iterdir()
    return file


@pytest.fixture(scope="module")
def names_in_wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    with zipfile.ZipFile(built("wheel", tmp_path_factory.mktemp("wheel"))) as wheel:
        return set(wheel.namelist())


def shipped_files(folder: str) -> set[str]:
    files = (file for file in (ROOT / folder).rglob("*") if file.is_file())
    return {str(file.relative_to(ROOT)) for file in files if not {"__pycache__", ".git"} & set(file.parts)}


def test_every_file_of_the_package_is_in_the_wheel(names_in_wheel: set[str]) -> None:
    expected = shipped_files("vi_risk")
    assert expected
    assert expected <= names_in_wheel


@pytest.mark.parametrize("folder", ["features", "models"])
def test_every_declaration_is_in_the_wheel_under_specs(folder: str, names_in_wheel: set[str]) -> None:
    expected = {f"vi_risk/_specs/{name}" for name in shipped_files(folder)}
    assert expected == {name for name in names_in_wheel if name.startswith(f"vi_risk/_specs/{folder}/")}


def test_nothing_but_the_package_is_in_the_wheel(names_in_wheel: set[str]) -> None:
    assert {name.partition("/")[0].partition("-")[0] for name in names_in_wheel} == {"vi_risk"}


def test_the_source_distribution_can_be_tested_and_built_again(tmp_path: Path) -> None:
    with tarfile.open(built("sdist", tmp_path)) as source:
        names = {name.partition("/")[2] for name in source.getnames()}
    kept = {"pyproject.toml", "requirements.lock", "requirements-spark.lock", "tools/lock.py", "tools/spark"}
    assert {*kept, "LICENSE", "README.md", "CHANGELOG.md"} <= names
