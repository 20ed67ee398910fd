"""CITATION.cff and the changelog name the version that is built."""

import re
from pathlib import Path

import yaml

import vi_risk

ROOT = Path(__file__).resolve().parents[2]


def test_the_citation_is_of_this_version_and_licence() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["cff-version"] == "1.2.0"
    assert (cited["version"], cited["license"]) == (vi_risk.__version__, "MIT")
    assert cited["title"].startswith("vi_risk")
    assert cited["authors"]


def test_the_changelog_keeps_a_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## (.+)$", text, re.MULTILINE)
    kinds = re.findall(r"^### (.+)$", text, re.MULTILINE)
    assert versions[0] == "[Unreleased]"
    assert kinds
    assert set(kinds) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert re.search(r"semantic versioning", text, re.IGNORECASE)
