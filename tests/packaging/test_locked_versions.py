"""pip, uv and `uv run` install the same versions, and the lock holds all that pyproject.toml asks for."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.lock import locked_requirements, with_constraints, without_constraints

ROOT = Path(__file__).resolve().parents[2]
PROJECT_TEXT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
PROJECT = tomllib.loads(PROJECT_TEXT)
LOCK_TEXT = (ROOT / "requirements.lock").read_text(encoding="utf-8")
LOCKED = [Requirement(line) for line in locked_requirements(LOCK_TEXT)]
SPARK_LOCK_TEXT = (ROOT / "requirements-spark.lock").read_text(encoding="utf-8")
SPARK_LOCKED = [Requirement(line) for line in locked_requirements(SPARK_LOCK_TEXT)]


def test_the_constraints_of_uv_are_the_lines_of_the_lock() -> None:
    assert PROJECT["tool"]["uv"]["constraint-dependencies"] == locked_requirements(LOCK_TEXT)


def test_nothing_else_is_set_for_uv_where_make_lock_would_remove_it() -> None:
    assert list(PROJECT["tool"]["uv"]) == ["constraint-dependencies"]
    assert with_constraints(PROJECT_TEXT, locked_requirements(LOCK_TEXT)) == PROJECT_TEXT


@pytest.mark.parametrize(("text", "requirements"), [(LOCK_TEXT, LOCKED), (SPARK_LOCK_TEXT, SPARK_LOCKED)])
def test_every_locked_requirement_is_one_exact_version_with_hashes(text: str, requirements: list[Requirement]) -> None:
    entries = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert requirements
    assert len(entries) == len(requirements)
    assert all("--hash=sha256:" in entry for entry in entries)
    assert all([clause.operator for clause in locked.specifier] == ["=="] for locked in requirements)


def test_spark_is_locked_apart_for_it_is_large_and_for_few() -> None:
    (asked,) = (Requirement(line) for line in PROJECT["project"]["optional-dependencies"]["spark"])
    versions = {locked.name: next(iter(locked.specifier)).version for locked in SPARK_LOCKED}
    assert versions.keys() == {"pyspark", "py4j"}
    assert versions[asked.name] in asked.specifier
    assert not versions.keys() & {locked.name for locked in LOCKED}


@pytest.mark.parametrize("asked", [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]])
def test_the_lock_holds_a_version_that_pyproject_allows(asked: str) -> None:
    requirement = Requirement(asked)
    versions = [
        next(iter(locked.specifier)).version
        for locked in LOCKED
        if canonicalize_name(locked.name) == canonicalize_name(requirement.name)
    ]
    assert versions
    assert all(version in requirement.specifier for version in versions)


@pytest.mark.parametrize("text", [LOCK_TEXT, SPARK_LOCK_TEXT])
def test_a_lock_names_no_place_to_download_from(text: str) -> None:
    assert "://" not in text
    assert not re.search(r"^--|index-url", text, re.MULTILINE)


def test_what_installs_the_project_itself_is_locked_too() -> None:
    assert {"hatchling", "editables"} <= {locked.name for locked in LOCKED}


def test_constraints_are_replaced_and_not_added_to() -> None:
    project = '[project]\nname = "x"\n'
    once = with_constraints(project, ["numpy==1.0"])
    assert with_constraints(once, ["numpy==2.0"]) == with_constraints(project, ["numpy==2.0"])
    assert without_constraints(once) == project
    assert tomllib.loads(once)["tool"]["uv"] == {"constraint-dependencies": ["numpy==1.0"]}
