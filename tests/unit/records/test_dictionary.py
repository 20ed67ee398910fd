"""The data dictionary says all that is declared, and a stale page is found out."""

import re
from pathlib import Path

import pytest

from tools.data_dictionary import main
from vi_risk.records import codes
from vi_risk.records.dictionary import data_dictionary_page
from vi_risk.records.readable import READABLE
from vi_risk.records.tables import Table

PAGE = data_dictionary_page()
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, flags=re.MULTILINE | re.DOTALL))


def line_of(table: str, column: str) -> list[str]:
    line = next(line for line in SECTIONS[table].splitlines() if line.startswith(f"| `{column}` |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_there_is_a_section_for_each_table_in_order_and_one_for_codes() -> None:
    assert list(SECTIONS) == [*READABLE, "Codes"]


@pytest.mark.parametrize("table", READABLE.values(), ids=list(READABLE))
def test_a_section_has_one_line_for_each_column(table: Table) -> None:
    listed = re.findall(r"^\| `(\w+)` \|", SECTIONS[table.name], flags=re.MULTILINE)
    assert tuple(listed) == table.column_names
    assert f"- Without this table: {table.absent}\n" in SECTIONS[table.name]
    assert SECTIONS[table.name].lstrip().lower().startswith(table.grain.lower())


def test_a_line_says_type_need_codes_what_missing_means_and_when_a_value_is_known() -> None:
    assert line_of("spells", "discharge_destination") == [
        "`discharge_destination`",
        "discharge destination",
        "text",
        "no",
        "[discharge destination](#discharge-destination)",
        "",
        "not recorded, or still in hospital",
        "`discharged_on`",
        "",
    ]
    assert line_of("spells", "discharged_on")[3] == "yes"
    assert line_of("spells", "admitted_on")[3:7] == ["never missing", "", "", ""]
    assert line_of("patients", "imd_decile")[4:] == ["1 to 10", "decile of England's areas", "not recorded", "", "yes"]
    assert line_of("prescriptions", "quantity")[4:6] == ["at least 0", "of the medicine: tablets, ml"]


def test_a_section_says_key_event_links_and_holder() -> None:
    assert "- Key: `patient_id`, `practice_code`, `registered_from`\n" in SECTIONS["registrations"]
    assert "- Event: `arrived_at`\n" in SECTIONS["ed_attendances"]
    assert "- Held by: the practice, seen from the day it joined\n" in SECTIONS["gp_events"]
    assert "- Links: `spell_id` to [spells](#spells)\n" in SECTIONS["diagnoses"]
    assert "- Known from: `spells.discharged_on`, whole rows\n" in SECTIONS["procedures"]


def test_every_link_within_the_page_leads_to_a_heading() -> None:
    headings = {heading.replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", PAGE, flags=re.MULTILINE)}
    assert set(re.findall(r"\(#([^)]+)\)", PAGE)) <= headings


def test_every_code_of_a_used_list_stands_with_its_meaning() -> None:
    assert all(f"| `{code}` | {meaning} |" in SECTIONS["Codes"] for code, meaning in codes.ADMISSION_METHOD.items())
    assert SECTIONS["Codes"].count("### attended\n") == 1, "used by two tables, listed once"


def test_every_row_of_a_table_has_as_many_cells_as_its_header() -> None:
    for table in re.findall(r"(?:^\|.*\n)+", PAGE, flags=re.MULTILINE):
        assert len({line.count("|") for line in table.splitlines()}) == 1


def test_a_page_that_was_edited_or_is_missing_fails_the_check_and_is_left_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "data-dictionary.md"
    assert main(["--check"], page) == 1
    assert not page.exists()

    assert main([], page) == 0
    assert main(["--check"], page) == 0
    assert page.read_bytes() == PAGE.encode()

    page.write_text(PAGE + "edited")
    assert main(["--check"], page) == 1
    assert "Run make docs." in capsys.readouterr().err
    assert page.read_text().endswith("edited")
