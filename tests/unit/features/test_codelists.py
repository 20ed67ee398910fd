from pathlib import Path

import pytest

from vi_risk.features.codelists import CodeList, codelists_and_faults, plain_code

HEADER = "system,code,group,title,points\n"


def read_one(folder: Path, text: str) -> CodeList:
    (folder / "mine.csv").write_text(text, encoding="utf-8")
    lists, faults = codelists_and_faults(folder)
    assert faults == {}
    return lists["mine"]


def faults_of(folder: Path, text: str | None = None) -> str:
    """Return the faults of the list that a text makes, or of the one that is there; it is not among the sound ones."""
    if text is not None:
        (folder / "mine.csv").write_text(text, encoding="utf-8")
    lists, faults = codelists_and_faults(folder)
    assert lists == {}
    return "\n".join(faults["mine"])


def test_a_folder_that_is_not_there_holds_no_lists(tmp_path: Path) -> None:
    assert codelists_and_faults(tmp_path / "codelists") == ({}, {})


def test_lines_that_begin_with_a_hash_are_comments(tmp_path: Path) -> None:
    codelist = read_one(tmp_path, "# Source: a paper, 2018\n" + HEADER + "icd10,I50,heart_failure,Heart failure,2\n")
    assert [(e.system, e.code, e.group, e.points) for e in codelist.entries] == [("icd10", "I50", "heart_failure", 2.0)]
    assert codelist.groups == {"heart_failure": "Heart failure"}


def test_title_and_points_are_optional(tmp_path: Path) -> None:
    codelist = read_one(tmp_path, "system,code,group\nsnomed,13645005,chronic_lung\n")
    assert codelist.entries[0].points == 1.0
    assert codelist.groups == {"chronic_lung": "chronic lung"}


def test_zero_points_are_zero_and_not_the_default(tmp_path: Path) -> None:
    assert read_one(tmp_path, HEADER + "icd10,I21,infarction,Infarction,0\n").entries[0].points == 0.0


@pytest.mark.parametrize(
    ("code_in_use", "found"),
    [
        (("icd10", "I50"), True),
        (("icd10", "I50.1"), True),
        (("icd10", "i501"), True),
        (("icd10", "I5"), False),
        (("icd10", "I51"), False),
        (("read2", "I50.1"), False),
    ],
)
def test_an_icd10_code_stands_for_itself_and_all_below_it(
    tmp_path: Path, code_in_use: tuple[str, str], *, found: bool
) -> None:
    codelist = read_one(tmp_path, HEADER + "icd10,I50,heart_failure,,\n")
    assert bool(codelist.match([code_in_use])) is found


@pytest.mark.parametrize(("code_in_use", "found"), [("0208020V0AAABAB", True), ("0208", False), ("0209000A0", False)])
def test_a_bnf_code_stands_for_itself_and_all_below_it(tmp_path: Path, code_in_use: str, *, found: bool) -> None:
    codelist = read_one(tmp_path, HEADER + "bnf,020802,anticoagulant,,\n")
    assert bool(codelist.match([("bnf", code_in_use)])) is found


@pytest.mark.parametrize(("code_in_use", "found"), [("X40.3", True), ("x40", True), ("X41", False)])
def test_an_opcs4_code_stands_for_itself_and_all_below_it(tmp_path: Path, code_in_use: str, *, found: bool) -> None:
    codelist = read_one(tmp_path, HEADER + "opcs4,X40,dialysis,,\n")
    assert bool(codelist.match([("opcs4", code_in_use)])) is found


@pytest.mark.parametrize(("code_in_use", "found"), [("84114007", True), ("841140071", False), ("8411400", False)])
def test_a_snomed_concept_stands_for_itself_alone(tmp_path: Path, code_in_use: str, *, found: bool) -> None:
    codelist = read_one(tmp_path, HEADER + "snomed,84114007,heart_failure,,\n")
    assert bool(codelist.match([("snomed", code_in_use)])) is found


def test_a_match_gives_the_code_back_as_the_records_write_it_once_for_each_group(tmp_path: Path) -> None:
    codelist = read_one(tmp_path, HEADER + "icd10,I50,heart,,2\nicd10,I501,heart,,2\nicd10,I5,any_i5,,1\n")
    assert codelist.match([("icd10", "i50.1")]) == [
        ("icd10", "i50.1", "any_i5", 1.0),
        ("icd10", "i50.1", "heart", 2.0),
    ]


@pytest.mark.parametrize(
    ("system", "code", "plain"),
    [("icd10", "i50.1", "I501"), ("icd10", "I10 X", "I10X"), ("bnf", " 0208v ", "0208V"), ("read2", "g58..", "g58..")],
)
def test_dots_and_case_do_not_matter_where_the_system_does_not_use_them(system: str, code: str, plain: str) -> None:
    assert plain_code(system, code) == plain


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ("icd11,BD10,heart,,\n", "line 2: system must be one of icd10, opcs4, bnf, snomed, read2, ctv3, got 'icd11'"),
        ("opcs4,4K0,heart,,\n", "line 2: '4K0' has not the shape of a code of opcs4. Check it against its source."),
        ("icd10,50I,heart,,\n", "line 2: '50I' has not the shape of a code of icd10"),
        ("snomed,84-11,heart,,\n", "line 2: '84-11' has not the shape of a code of snomed"),
        ("icd10,I50,Heart Failure,,\n", "line 2: a group is lower case letters, digits and underscores"),
        ("icd10,I50,heart,,\nicd10,i50,heart,,\n", "line 3: i50 stands already in line 2. Remove one."),
        ("icd10,I50,heart,,inf\n", "line 2: points must be a number, got 'inf'"),
        ("icd10,I50,heart,,nan\n", "line 2: points must be a number, got 'nan'"),
        ("icd10,I50,heart,,many\n", "line 2: points must be a number, got 'many'"),
        ("icd10,I50,heart,,1\nicd10,I51,heart,,2\n", "line 3: group heart has two different points"),
    ],
)
def test_a_wrong_row_is_named_with_its_file_its_line_and_the_rule(tmp_path: Path, rows: str, fault: str) -> None:
    assert f"codelists/mine.csv: {fault}" in faults_of(tmp_path, HEADER + rows)


WHOLE_HEADER = "system,code,group,title,points,replaced_by,sensitive\n"


def test_a_group_can_be_replaced_by_its_severe_form(tmp_path: Path) -> None:
    codelist = read_one(tmp_path, WHOLE_HEADER + "icd10,K70,mild,,2,severe,\nicd10,K72,severe,,4,,\n")
    assert codelist.replaced_by == {"mild": "severe"}


@pytest.mark.parametrize("by", ["sever", "mild"])
def test_a_group_is_replaced_by_another_group_of_the_list(tmp_path: Path, by: str) -> None:
    message = faults_of(tmp_path, WHOLE_HEADER + f"icd10,K70,mild,,2,{by},\nicd10,K72,severe,,4,,\n")
    assert f"codelists/mine.csv: group mild is replaced by {by}, which is no other group of the list." in message


@pytest.mark.parametrize(("key", "cells"), [("replaced_by", ("1,severe,", "1,,")), ("sensitive", ("1,,hiv", "1,,"))])
def test_a_group_says_the_same_in_each_of_its_rows(tmp_path: Path, key: str, cells: tuple[str, str]) -> None:
    rows = f"icd10,K70,mild,,{cells[0]}\nicd10,K73,mild,,{cells[1]}\nicd10,K72,severe,,1,,\n"
    assert f"line 3: group mild has two different {key}." in faults_of(tmp_path, WHOLE_HEADER + rows)


def test_a_sensitive_group_is_left_out_unless_its_kind_is_allowed(tmp_path: Path) -> None:
    codelist = read_one(tmp_path, WHOLE_HEADER + "icd10,B20,hiv,HIV,1,,hiv\nicd10,D57,sickle,sickle cell,1,,\n")
    without, allowed = codelist.allowing({"genetic"}), codelist.allowing({"hiv"})
    assert without.groups == {"sickle": "sickle cell"}
    assert without.match([("icd10", "B20.1"), ("icd10", "D57")]) == [("icd10", "D57", "sickle", 1.0)]
    assert without.all_groups == ("sickle", "hiv")
    assert set(allowed.groups) == {"hiv", "sickle"}
    assert without.content != allowed.content


@pytest.mark.parametrize("text", ["", "code,system\nI50,icd10\n", "system,code,group,colour\nicd10,I50,heart,red\n"])
def test_a_wrong_header_is_told_with_the_right_one(tmp_path: Path, text: str) -> None:
    message = faults_of(tmp_path, text)
    assert "codelists/mine.csv: the header must be system,code,group,title,points,replaced_by,sensitive" in message


def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_bytes(b"system,code,group\nicd10,I50,caf\xe9\n")
    assert "codelists/mine.csv: is not text in UTF-8. Save it as UTF-8 CSV" in faults_of(tmp_path)


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + "icd10,50I,heart,,\nicd11,BD10,heart,,\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("nothing\nhere\n", encoding="utf-8")
    _, faults = codelists_and_faults(tmp_path)

    assert {name: len(of_list) for name, of_list in faults.items()} == {"a": 2, "b": 1}


def test_a_fault_is_told_in_the_line_of_the_file_comments_counted(tmp_path: Path) -> None:
    text = "# a source\n# of two lines\n" + HEADER + "icd10,I50,heart,,\n# a remark\nicd10,50I,heart,,\n"
    assert "codelists/mine.csv: line 6: '50I'" in faults_of(tmp_path, text)


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ("icd10,I50\n", "line 2: has fewer cells than the header. Write a comma for each that is empty."),
        (
            "icd10,I50,heart,weak, or failing,1\n",
            "line 2: has more cells than the header. Quote a title that has a comma.",
        ),
        ('icd10,I50,heart,"weak,1\nicd10,I51,heart,,1\n', "Look for a quote that is opened and not closed."),
        ("", "has no codes. Add some, or remove the file."),
    ],
)
def test_rows_that_do_not_fit_the_header_are_told(tmp_path: Path, rows: str, fault: str) -> None:
    assert fault in faults_of(tmp_path, HEADER + rows)


def test_a_folder_in_the_place_of_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").mkdir()
    assert "codelists/mine.csv: cannot be read" in faults_of(tmp_path)


def test_groups_that_replace_one_another_in_a_circle_are_refused(tmp_path: Path) -> None:
    rows = "icd10,E10,a,b\nicd10,E11,b,a\n"

    assert "group a is replaced by itself, by way of b" in faults_of(tmp_path, "system,code,group,replaced_by\n" + rows)
