import os
from pathlib import Path

import pytest

from vi_risk.errors import GovernanceError, SpecificationError, UsageError
from vi_risk.governance import Governance, read_governance


def read(folder: Path, text: str) -> Governance:
    (folder / "governance.toml").write_text(text, encoding="utf-8")
    return read_governance(folder / "governance.toml")


def test_a_purpose_is_enough_and_allows_no_sensitive_kind(tmp_path: Path) -> None:
    assert read(tmp_path, 'purpose = "direct care"\n') == Governance("direct care", {})


def test_each_sensitive_kind_is_allowed_or_not(tmp_path: Path) -> None:
    found = read(tmp_path, 'purpose = "direct care"\n[sensitive]\nhiv = true\nsexual_health = false\n')
    assert found.sensitive == {"hiv": True, "sexual_health": False}


@pytest.mark.parametrize("text", ["", 'purpose = ""\n', "purpose = 3\n"])
def test_without_a_purpose_it_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(GovernanceError, match=r"governance\.toml: purpose is missing\. Say in one line what"):
        read(tmp_path, text)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(GovernanceError) as caught:
        read(tmp_path, '[sensitive]\nhiv = "yes"\nother = 1\n')
    purpose, hiv, other = str(caught.value).splitlines()
    assert "purpose is missing" in purpose
    assert hiv.endswith("sensitive.hiv: expected true or false, got 'yes'. Write hiv = true to allow it.")
    assert "sensitive.other: expected true or false, got 1." in other


def test_sensitive_is_a_table(tmp_path: Path) -> None:
    with pytest.raises(GovernanceError, match=r"sensitive: is not a table\. Expected \[sensitive\] with true or false"):
        read(tmp_path, 'purpose = "p"\nsensitive = ["hiv"]\n')


def test_a_file_that_is_not_there_and_one_that_is_no_toml_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no such file\. Name a TOML file with at least the key purpose"):
        read_governance(tmp_path / "none.toml")
    with pytest.raises(UsageError, match=r"is a folder\. Name a TOML file"):
        read_governance(tmp_path)
    with pytest.raises(UsageError, match=r"is no plain file\. Name a TOML file"):
        read_governance(Path(os.devnull))
    with pytest.raises(SpecificationError, match="is not valid TOML"):
        read(tmp_path, "purpose = ")


def test_practices_outside_the_trust_that_may_have_a_list_are_named(tmp_path: Path) -> None:
    file = tmp_path / "governance.toml"
    file.write_text('purpose = "direct care"\npractices_outside = ["M92001", "M92002"]\n')

    assert read_governance(file).practices_outside == ("M92001", "M92002")


@pytest.mark.parametrize("written", ['"M92001"', "[1]", '[""]', "true"])
def test_practices_that_are_no_codes_are_refused(tmp_path: Path, written: str) -> None:
    file = tmp_path / "governance.toml"
    file.write_text(f'purpose = "direct care"\npractices_outside = {written}\n')

    with pytest.raises(GovernanceError, match="practices_outside: expected a list of practice codes"):
        read_governance(file)
