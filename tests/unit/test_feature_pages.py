"""The declared features for people: a line each, one in full, all as a page."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.conftest import GOVERNANCE
from tools.feature_catalogue import main
from vi_risk import cli
from vi_risk.errors import UsageError
from vi_risk.feature_pages import catalogue_page, describe, example_value, list_lines
from vi_risk.features.catalogue import read_catalogue
from vi_risk.features.definition import Definition, Range

SHIPPED = read_catalogue()
WHOLE = read_catalogue(sensitive={"hiv"})
PAGE = catalogue_page(SHIPPED, WHOLE)
DOCS = Path(__file__).resolve().parents[2] / "docs" / "feature-catalogue.md"

BLOOD = """\
domain = "comorbidity"
[blood]
title = "Blood"
table = "diagnoses"
measure = "group_flags"
codes = "blood"
windows = [365]
reason = "{group} recorded"
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder of declarations with a flag for a sensitive group and for another."""
    (tmp_path / "codelists").mkdir()
    rows = (
        "system,code,group,title,points,replaced_by,sensitive\nicd10,B20,hiv,HIV,1,,hiv\nicd10,D57,sickle,sickle,1,,\n"
    )
    (tmp_path / "codelists" / "blood.csv").write_text(rows, encoding="utf-8")
    (tmp_path / "own.toml").write_text(BLOOD, encoding="utf-8")
    return tmp_path


def facts(name: str) -> dict[str, str]:
    """Return what `describe` says of a feature, by its first words, lines of one fact together."""
    found: dict[str, str] = {}
    label = ""
    for line in describe(name, SHIPPED, WHOLE)[2:]:
        if not line or (line.startswith(("declared", "    ")) and "declared" in found):
            continue
        start, _, said = line.partition("  ")
        label = start.strip() or label
        found[label] = f"{found.get(label, '')} {said.strip()}".strip()
    return found


# --- a line each ------------------------------------------------------------------------------------------------------


def test_each_feature_is_a_line_whose_first_word_is_its_name() -> None:
    assert [line.split()[0] for line in list_lines(SHIPPED, WHOLE)] == [feature.name for feature in WHOLE.features]


def test_the_columns_of_the_list_stand_under_each_other() -> None:
    starts = {re.match(r"\S+ +", line).end() for line in list_lines(SHIPPED, WHOLE)}  # type: ignore[union-attr]
    assert len(starts) == 1


def test_what_is_not_a_model_input_says_so() -> None:
    said = {line.split()[0]: line for line in list_lines(SHIPPED, WHOLE)}
    assert said["ethnic_white"].endswith("(never a model input)")
    assert said["imd_decile"].endswith("(a model input only where the spec names it)")
    assert said["charlson_points_1095d"].endswith("(without hiv: sensitive)")
    assert "(" not in said["bed_days_365d"]


def test_a_feature_that_is_off_is_listed_as_off(own: Path) -> None:
    lines = list_lines(read_catalogue(own), read_catalogue(own, sensitive={"hiv"}))
    assert lines[-2].endswith("Blood, HIV, last 12 months (off: hiv is sensitive)")
    assert lines[-1].endswith("Blood, sickle, last 12 months")


# --- one in full ------------------------------------------------------------------------------------------------------


def test_a_definition_is_described_with_all_that_is_declared_of_it() -> None:
    said = facts("emergency_admissions")
    assert said["value"].startswith("number of admissions with admission_method 21, 22")
    assert said["table"] == "admissions: one row per stay in hospital, spells joined by transfer"
    assert "21 emergency: emergency care department" in said["where"]
    assert said["windows"] == "30 days, 90 days, 180 days, 365 days, 730 days"
    assert said["unit"] == "admissions"
    assert said["direction"] == "a higher value goes with a higher risk"
    assert said["feature"].split()[-1] == "emergency_admissions_730d"
    assert said["says of 3"] == "3 emergency admissions in the last 30 days"


def test_a_feature_is_described_with_its_own_window() -> None:
    lines = describe("emergency_admissions_365d", SHIPPED, WHOLE)
    assert lines[0] == "emergency_admissions_365d: Emergency admissions, last 12 months"
    assert facts("emergency_admissions_365d")["says of 3"] == "3 emergency admissions in the last 12 months"


def test_a_code_list_is_described_group_by_group_with_what_is_off() -> None:
    said = facts("charlson_points")
    assert said["code list"] == "charlson: 326 codes in 16 groups"
    assert "cancer: cancer, 89 codes, 2 points, metastatic_cancer counts instead where both are there" in said["group"]
    assert said["group"].endswith("hiv: off until the governance file allows it ([sensitive] hiv = true)")


def test_a_change_is_shown_both_ways() -> None:
    said = facts("systolic_change")
    assert (said["says of 4.5"].split()[3], said["says of -4.5"].split()[3]) == ("rising", "falling")


def test_where_it_is_declared_stands_with_file_line_and_text() -> None:
    lines = describe("self_discharges", SHIPPED, WHOLE)
    place = next(number for number, line in enumerate(lines) if line.startswith("declared at"))
    assert re.fullmatch(r"declared at .*features/acute_use\.toml:\d+", lines[place])
    assert lines[place + 1] == "    [self_discharges]"


def test_a_definition_made_in_python_says_so() -> None:
    own = Definition(
        name="mine", domain="acute use", title="t", table="spells", measure="count", windows=(9,), reason="r"
    )
    assert describe("mine", SHIPPED.with_definitions(own), WHOLE.with_definitions(own))[-1] == "declared in Python"


def test_a_feature_that_is_off_can_be_described(own: Path) -> None:
    off, whole = read_catalogue(own), read_catalogue(own, sensitive={"hiv"})
    assert "feature      blood_hiv_365d (off: sensitive)" in describe("blood_hiv_365d", off, whole, folders=[own])


@pytest.mark.parametrize("name", [d.name for d in SHIPPED.definitions])
def test_every_shipped_definition_can_be_described(name: str) -> None:
    lines = describe(name, SHIPPED, WHOLE)
    assert all(len(line) <= 160 for line in lines)
    assert not any(line != line.rstrip() for line in lines)


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"emergency_admision: no definition .* Nearest: emergency_admissions, "):
        describe("emergency_admision", SHIPPED, WHOLE)
    with pytest.raises(UsageError, match=r"qqq: no definition or feature is called so. Nothing is near. `vi-risk feat"):
        describe("qqq", SHIPPED, WHOLE)


def test_an_example_lies_in_the_range_that_is_declared() -> None:
    for one in SHIPPED.definitions:
        plausible = one.where.get(one.of or "")
        if one.measure in ("latest", "mean") and isinstance(plausible, Range):
            assert (plausible.min or 0) <= example_value(one) <= (plausible.max or 0)


# --- all as a page ----------------------------------------------------------------------------------------------------


def test_the_page_in_docs_is_what_the_declarations_say() -> None:
    assert DOCS.read_text(encoding="utf-8") == PAGE


def test_every_definition_and_code_list_stands_on_the_page_once() -> None:
    for definition in SHIPPED.definitions:
        assert PAGE.count(f"| `{definition.name}`<br>{definition.title} |") == 1
    for name in SHIPPED.codelists:
        assert PAGE.count(f"### {name}\n") == 1


def test_a_group_that_is_off_stands_on_the_page_as_sensitive() -> None:
    charlson = PAGE.partition("### charlson\n")[2].partition("###")[0]
    assert "| `hiv` | AIDS or HIV | 4 icd10, 1 snomed | 4 |  | hiv |" in charlson
    assert "Off as sensitive: hiv." in PAGE


def test_every_row_of_a_table_has_as_many_cells_as_its_header() -> None:
    for table in re.findall(r"(?:^\|.*\n)+", PAGE, flags=re.MULTILINE):
        assert len({line.count("|") - line.count("\\|") for line in table.splitlines()}) == 1


def test_a_page_that_was_edited_or_is_missing_fails_the_check_and_is_left_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "feature-catalogue.md"
    assert main(["--check"], page) == 1
    assert not page.exists()
    assert main([], page) == 0
    assert main(["--check"], page) == 0
    page.write_text(PAGE + "edited")
    assert main(["--check"], page) == 1
    assert "Run make docs." in capsys.readouterr().err


# --- at the command line ----------------------------------------------------------------------------------------------


def test_a_site_looks_up_features_of_its_own(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    listed = CliRunner().invoke(cli.app, ["features", "list", "--features", str(own)])
    described = CliRunner().invoke(cli.app, ["features", "describe", "blood", "--features", str(own)])
    page = CliRunner().invoke(cli.app, ["features", "catalogue", "--features", str(own)])

    assert listed.stdout.splitlines()[-1].startswith("blood_sickle_365d ")
    assert f"declared at {own / 'own.toml'}:2" in described.stdout
    assert "| `blood`<br>Blood |" in page.stdout


def test_what_governance_allows_is_on(own: Path) -> None:
    governance = own / "codelists" / "governance.toml"
    governance.write_text(GOVERNANCE + "hiv = true\n")
    flags = ["--features", str(own), "--governance", str(governance)]
    listed = CliRunner().invoke(cli.app, ["features", "list", *flags]).stdout
    assert not re.search(r"off:|without hiv", listed)
    assert "\nblood_hiv_365d " in listed


def test_the_page_is_written_where_one_asks(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli.app, ["features", "catalogue", "--out", str(tmp_path / "page.md")])
    assert done.exit_code == 0
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == PAGE
    refused = CliRunner().invoke(cli.app, ["features", "catalogue", "--out", str(tmp_path)])
    assert refused.exit_code == 6
    assert "cannot be written" in refused.stderr


def test_an_unknown_feature_ends_with_2() -> None:
    assert CliRunner().invoke(cli.app, ["features", "describe", "nothing_like_it"]).exit_code == 2
