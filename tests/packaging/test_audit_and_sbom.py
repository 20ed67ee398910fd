"""What is said of the libraries: a finding fails, a database that could not be asked does not, and each has a scope."""

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools import audit
from tools.sbom import ROOT, needed, with_scopes
from tools.sbom import main as write_sbom

SOUND = {"name": "jinja2", "version": "3.1.6", "vulns": []}
VULNERABLE = {"name": "old", "version": "1.0", "vulns": [{"id": "CVE-2026-1", "fix_versions": ["1.1", "2.0"]}]}
UNKNOWN = {"name": "ours", "skip_reason": "Dependency not found"}


def audited(monkeypatch: pytest.MonkeyPatch, *answers: list[dict[str, Any]] | None) -> int:
    waiting = list(answers)

    def ask(requirements: Sequence[str]) -> list[dict[str, Any]] | None:
        assert requirements
        return waiting.pop(0)

    monkeypatch.setattr(audit, "ask", ask)
    return audit.main()


def test_libraries_without_a_known_vulnerability_pass(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    assert audited(monkeypatch, [SOUND], [SOUND, SOUND]) == 0
    assert capsys.readouterr().out == "audit: 2 libraries, 0 known vulnerabilities\n"


def test_a_known_vulnerability_fails_and_is_told_with_what_mends_it(
    monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    assert audited(monkeypatch, [SOUND], [SOUND, VULNERABLE]) == 1
    assert "audit: old 1.0: CVE-2026-1, mended in 1.1, 2.0\n" in capsys.readouterr().out


@pytest.mark.parametrize("answers", [[None], [[UNKNOWN]], [[SOUND], None]], ids=str)
def test_a_database_that_cannot_be_asked_is_a_warning_and_not_a_clean_bill(
    monkeypatch: pytest.MonkeyPatch, capsys: Any, answers: list[Any]
) -> None:
    assert audited(monkeypatch, *answers) == 0
    assert "WARNING: the database of vulnerabilities cannot be reached" in capsys.readouterr().out


def test_a_library_that_the_database_does_not_know_is_named_and_not_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    assert audited(monkeypatch, [SOUND], [SOUND, UNKNOWN]) == 0
    told = capsys.readouterr().out
    assert "not audited, for the database does not know them: ours\n" in told
    assert "audit: 1 libraries" in told


def test_what_vi_risk_runs_with_is_told_from_what_development_needs() -> None:
    bom = {
        "metadata": {"component": {"bom-ref": "root"}},
        "components": [{"bom-ref": ref} for ref in ("a", "b", "tests")],
        "dependencies": [{"ref": "root", "dependsOn": ["a"]}, {"ref": "a", "dependsOn": ["b", "root"]}, {"ref": "b"}],
    }

    assert needed(bom) == {"root", "a", "b"}
    assert [part["scope"] for part in with_scopes(bom)["components"]] == ["required", "required", "excluded"]


@pytest.mark.slow
def test_the_written_list_names_every_library_that_pyproject_asks_for(tmp_path: Path) -> None:
    write_sbom(tmp_path / "build" / "sbom.json")

    bom = json.loads((tmp_path / "build" / "sbom.json").read_text("utf-8"))
    scopes = {canonicalize_name(part["name"]): part["scope"] for part in bom["components"]}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    assert {scopes[name] for name in asked} == {"required"}
    assert scopes["hatchling"] == "excluded"
    assert str(ROOT) not in json.dumps(bom)
