import os
from datetime import date
from pathlib import Path

import pytest

from tests.unit.governance.files import WHOLE, governance, written
from vi_risk.errors import GovernanceError, SpecificationError, UsageError
from vi_risk.governance import read_governance
from vi_risk.governance.declaration import PURPOSES
from vi_risk.governance.door import permission_of

TODAY = date(2026, 3, 31)
ALWAYS = (
    "objections.risk_stratification: is always honoured, and no approval changes that."
    ' Write "exclude", or leave it out.'
)


def refused(folder: Path, text: str) -> list[str]:
    """Return the faults of a file, a line each, without the file's name."""
    file = folder / "governance.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(GovernanceError) as caught:
        read_governance(file)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{file}: ") for line in lines)
    return [line.removeprefix(f"{file}: ") for line in lines]


def test_a_whole_file_says_purpose_basis_and_approval_in_one_line(tmp_path: Path) -> None:
    found = governance(tmp_path)
    assert found.words == "direct care by the provider; duty to care; approval: DPIA 7, until 31 March 2026"


def test_a_file_of_the_purpose_alone_is_told_all_that_it_lacks(tmp_path: Path) -> None:
    assert refused(tmp_path, 'purpose = "direct_care"\n') == [
        f"{key}: is missing. Add it." for key in ("legal_basis", "approval", "tables", "retention_months", "objections")
    ]


def test_every_fault_of_a_file_is_told_at_once_in_words(tmp_path: Path) -> None:
    text = WHOLE.format(purpose="research", legal_basis=" ").replace("2026-03-31", '"soon"')
    text = text.replace('"gp_events"', '"letters"').replace("= 12", "= 0").replace('= "exclude"', '= "ask"')
    text += 'type_2 = "exclude"\n[sensitive]\nhiv = "no"\n[small_numbers]\nfewer_than = 5\n[other]\n'
    found = refused(tmp_path, text)
    assert found[0] == (
        "purpose: 'research' is not known. Expected one of: direct_care, section_251_risk_stratification, planning."
    )
    assert found[1] == "legal_basis: is empty. Say it in one line."
    assert found[2] == "approval.ends: expected a date, without quotes, such as 2027-03-31. Found 'soon'."
    assert found[3].startswith("tables: 'letters' is not known. Expected one of: patients, practices, ")
    assert found[4] == "retention_months: expected 1 or more. Found 0."
    assert found[5] == (
        'objections.type_1: expected "exclude", or {include = "REFERENCE"} with the approval that includes them.'
        " Found 'ask'."
    )
    assert found[6].startswith("objections.national_data_opt_out: expected")
    assert found[7] == "objections.type_2: is not a known key. Remove it or check its spelling."
    assert found[8] == "sensitive.hiv: expected true or false, without quotes. Found 'no'."
    assert found[9] == "small_numbers.fewer_than: expected 8 or more. Found 5."
    assert found[10] == "other: is not a known key. Remove it or check its spelling."
    assert len(found) == 11


@pytest.mark.parametrize("policy", ['{include = "CAG 7"}', '"include"', "false"])
def test_no_approval_includes_those_who_object_to_risk_stratification(tmp_path: Path, policy: str) -> None:
    assert refused(
        tmp_path, WHOLE.format(purpose="direct_care", legal_basis="b") + f"risk_stratification = {policy}\n"
    ) == [ALWAYS]


def test_those_who_object_otherwise_are_included_by_an_approval_alone(tmp_path: Path) -> None:
    text = WHOLE.format(purpose="direct_care", legal_basis="b")
    text = text.replace('type_1 = "exclude"', 'type_1 = {include = "CAG 7"}')
    (tmp_path / "governance.toml").write_text(text)
    found = read_governance(tmp_path / "governance.toml")
    assert found.objections.approvals == {"type_1": "CAG 7", "national_data_opt_out": None, "risk_stratification": None}
    assert refused(tmp_path, text.replace('"CAG 7"', '" "')) == [
        "objections.type_1.include: is empty. Say it in one line."
    ]


def test_a_list_names_only_what_may_be_used(tmp_path: Path) -> None:
    top = 'shown_on_lists = ["hiv"]\n'
    whole = WHOLE.format(purpose="direct_care", legal_basis="b")
    assert refused(tmp_path, top + whole) == [
        "shown_on_lists names hiv, which may not be used. Add hiv = true to [sensitive], or take it out."
    ]
    (tmp_path / "governance.toml").write_text(top + whole + "[sensitive]\nhiv = true\n")
    assert read_governance(tmp_path / "governance.toml").shown_on_lists == ("hiv",)


def test_a_kind_that_is_nearly_one_of_the_six_is_a_slip(tmp_path: Path) -> None:
    text = WHOLE.format(purpose="direct_care", legal_basis="b") + "[sensitive]\ncustdy = true\naddiction = true\n"
    [fault] = refused(tmp_path, text)
    assert fault == (
        "sensitive.custdy: is not a known kind. Write custody if that is meant; a kind of the site's own code lists"
        " needs a name that is less like it."
    )


def test_a_file_that_an_editor_began_with_a_mark_is_read(tmp_path: Path) -> None:
    file = written(tmp_path)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert read_governance(file).purpose == "direct_care"


def test_planning_permits_nobody_to_reidentify(tmp_path: Path) -> None:
    [fault] = refused(tmp_path, WHOLE.format(purpose="planning", legal_basis="b") + '[reidentify]\nrao = ["A"]\n')
    assert "reidentify names users, and the purpose planning permits nobody. Take them out." in fault


@pytest.mark.parametrize("sign", ["*", "M92*", "M9200?", "%"])
def test_no_sign_stands_for_every_practice(tmp_path: Path, sign: str) -> None:
    [fault] = refused(
        tmp_path, WHOLE.format(purpose="direct_care", legal_basis="b") + f'[reidentify]\nroot = ["A", "{sign}"]\n'
    )
    assert "reidentify.root: a sign such as * stands for no practice. Name each practice whose lists" in fault


def test_a_user_may_reidentify_the_practices_that_the_file_names_and_no_other(tmp_path: Path) -> None:
    found = governance(tmp_path, '[reidentify]\nrao = ["A", "B"]\n')
    assert [found.may_reidentify("rao", code) for code in "ABC"] == [True, True, False]
    assert not found.may_reidentify("okafor", "A")


def test_only_planning_permits_no_scores_and_no_lists() -> None:
    permits = {name: (one.scores, one.lists, one.reidentified) for name, one in PURPOSES.items()}
    assert permits == {
        "direct_care": (True, True, True),
        "section_251_risk_stratification": (True, True, True),
        "planning": (False, False, False),
    }


def test_an_approval_holds_through_its_last_day_and_not_a_day_longer(tmp_path: Path) -> None:
    found = governance(tmp_path)
    assert found.faults(today=TODAY) == []
    [fault] = found.faults(today=date(2026, 4, 1))
    assert fault == (
        "approval: DPIA 7 ended on 2026-03-31, and today is 2026-04-01. Have it extended, and write its"
        " new end under [approval]."
    )


def test_tables_beyond_the_permitted_are_named_beside_the_ended_approval(tmp_path: Path) -> None:
    ended, beyond = governance(tmp_path).faults(
        today=date(2026, 4, 1), tables=["patients", "objections", "referrals", "prescriptions"]
    )
    assert "ended on" in ended
    assert beyond.startswith("tables: not among those that are permitted: referrals, prescriptions. Leave what is not")


@pytest.mark.parametrize("written_so", ['"M92001"', "[1]", '[""]', "true"])
def test_practices_that_are_no_codes_are_refused(tmp_path: Path, written_so: str) -> None:
    whole = WHOLE.format(purpose="direct_care", legal_basis="b")
    assert refused(tmp_path, f"practices_outside = {written_so}\n" + whole)[0].startswith("practices_outside")


def test_a_file_that_is_not_there_and_one_that_is_no_toml_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no such file\. Name a TOML file; docs/governance\.md has a filled example"):
        read_governance(tmp_path / "none.toml")
    with pytest.raises(UsageError, match=r"is a folder\. Name a TOML file"):
        read_governance(tmp_path)
    with pytest.raises(UsageError, match=r"is no plain file\. Name a TOML file"):
        read_governance(Path(os.devnull))
    written(tmp_path, "purpose =")
    with pytest.raises(SpecificationError, match="is not valid TOML"):
        read_governance(tmp_path / "governance.toml")


def own_codes(folder: Path, text: str, name: str = "ours/codelists/ours.csv") -> Path:
    """Write a code list of the site's own, and a governance file that names its folder."""
    file = folder / name
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return written(folder, "", first='sensitive_codes = "ours"\n')


def test_a_sites_own_sensitive_codes_are_kept_out_as_the_shipped_ones_are(tmp_path: Path) -> None:
    file = own_codes(tmp_path, "system,code,group,sensitive\nicd10,F10,drink,addiction\nsnomed,86406008,virus,hiv\n")
    refused_codes = permission_of(read_governance(file)).refused
    assert refused_codes["addiction"] == {("icd10", "F10")}
    assert refused_codes["hiv"] > {("snomed", "86406008")}


def test_one_of_the_six_kinds_may_be_permitted_with_the_sites_own_codes_of_it(tmp_path: Path) -> None:
    file = own_codes(tmp_path, "system,code,group,sensitive\nsnomed,86406008,virus,hiv\n")
    file.write_text(file.read_text() + "[sensitive]\nhiv = true\n")
    assert "hiv" not in permission_of(read_governance(file)).refused


def test_a_kind_of_the_sites_own_is_not_kept_out_and_permitted_in_one_file(tmp_path: Path) -> None:
    file = own_codes(tmp_path, "system,code,group,sensitive\nicd10,F10,drink,addiction\n")
    file.write_text(file.read_text() + "[sensitive]\naddiction = true\n")
    with pytest.raises(GovernanceError, match=r"ours\.csv: keeps out the kind addiction, and \[sensitive\] permits it"):
        read_governance(file)


@pytest.mark.parametrize(
    ("codes", "fault"),
    [
        ("system,code,group\nicd10,F10,drink\n", "ours/codelists/ours.csv: group drink says no kind in the column"),
        ("system,code,group,sensitive\nicd10,10F,drink,addiction\n", "ours/codelists/ours.csv: line 2: '10F' has not"),
        ("system,code\nicd10,F10\n", "ours/codelists/ours.csv: the header must be"),
    ],
)
def test_code_lists_that_would_let_codes_in_are_refused(tmp_path: Path, codes: str, fault: str) -> None:
    file = own_codes(tmp_path, codes)
    with pytest.raises(GovernanceError) as caught:
        read_governance(file)
    assert str(caught.value).startswith(f"{file}: sensitive_codes: {fault}")


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_a_folder_without_code_lists_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty" / "codelists").mkdir(parents=True)
    with pytest.raises(GovernanceError, match=f"sensitive_codes: {name}/codelists holds no code list. Put a CSV file"):
        read_governance(written(tmp_path, first=f'sensitive_codes = "{name}"\n'))


@pytest.mark.parametrize("absolute", [False, True])
def test_a_folder_elsewhere_is_refused_though_it_holds_code_lists(tmp_path: Path, *, absolute: bool) -> None:
    own_codes(tmp_path, "system,code,group,sensitive\nicd10,F10,drink,addiction\n")
    (tmp_path / "here").mkdir()
    name = (tmp_path / "ours").as_posix() if absolute else "../ours"
    with pytest.raises(GovernanceError, match="sensitive_codes: lies elsewhere"):
        read_governance(written(tmp_path / "here", first=f'sensitive_codes = "{name}"\n'))
