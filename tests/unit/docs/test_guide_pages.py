"""Links of the guide: written as they hold in the repository, and mended to hold in the built pages."""

import pytest

from tools.guide_pages import ELSEWHERE, ROOT, decisions, guide_links, title


@pytest.mark.parametrize(
    ("placed", "written", "in_the_guide"),
    [
        ("caselist.md", "[how](../features/README.md#who-might-help)", "[how](reference/features.md#who-might-help)"),
        ("reference/models.md", "[decision](../docs/decisions/0009-leaving-and-dying.md)",
         "[decision](../decisions/0009-leaving-and-dying.md)"),
        ("reference/features.md", "[how](../docs/governance.md)", "[how](../governance.md)"),
        ("safety/README.md", "[the log](hazard_log.md#h01)", "[the log](hazard_log.md#h01)"),
        ("contributing.md", "[decisions](docs/decisions)", "[decisions](decisions/index.md)"),
        ("index.md", "[elsewhere](https://www.england.nhs.uk/)", "[elsewhere](https://www.england.nhs.uk/)"),
        ("index.md", "[below](#below)", "[below](#below)"),
    ],
)  # fmt: skip
def test_a_link_holds_where_the_guide_has_the_page(placed: str, written: str, in_the_guide: str) -> None:
    assert guide_links(f"See {written}.", placed) == f"See {in_the_guide}."


def test_a_link_to_a_file_that_is_no_page_becomes_its_words_and_names_the_file() -> None:
    told = guide_links("[it fails](../../tests/unit/running/test_files.py)", "safety/hazard_log.md")
    assert told == '<span class="in-the-source" title="tests/unit/running/test_files.py">it fails</span>'


def test_a_link_that_leads_nowhere_is_left_for_the_build_to_refuse() -> None:
    assert guide_links("[gone](../nowhere.md)", "safety/README.md") == "[gone](../nowhere.md)"


def test_every_page_that_lies_elsewhere_is_there() -> None:
    assert [lies for lies in ELSEWHERE if not (ROOT / lies).is_file()] == []


def test_the_decisions_are_in_the_order_of_their_numbers() -> None:
    numbers = [int(title(page).partition(".")[0]) for page in decisions()]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == len(numbers)
