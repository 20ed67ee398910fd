from pathlib import Path

import pytest

from vi_risk.governance import read_governance
from vi_risk.records.mapping import load_mapping
from vi_risk.records.readable import EPISODES, MADE_OF_EPISODES

FOLDER = Path(__file__).parents[3] / "docs" / "examples" / "governance"
PAGE = Path(__file__).parents[3] / "docs" / "governance.md"


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.toml")), ids=lambda file: file.stem)
def test_every_example_can_be_read(file: Path) -> None:
    assert read_governance(file).words


@pytest.mark.parametrize(
    ("example", "mapping"),
    [("clinosim", "clinosim"), ("synthea_csv", "synthea_csv"), ("omop", "omop_5_3"), ("omop", "omop_5_4")],
)
def test_an_example_of_a_mapping_permits_what_the_mapping_makes_and_no_more(example: str, mapping: str) -> None:
    made = set(load_mapping(mapping).tables)
    assert set(read_governance(FOLDER / f"{example}.toml").tables) == made


def test_the_filled_example_permits_what_hospital_episodes_become() -> None:
    made = set(load_mapping("nhs_hes").tables)
    made = (made - {EPISODES.name}) | {*MADE_OF_EPISODES}
    assert made <= set(read_governance(FOLDER / "direct_care.toml").tables)


def test_the_page_shows_the_filled_example_as_it_is() -> None:
    assert (FOLDER / "direct_care.toml").read_text(encoding="utf-8") in PAGE.read_text(encoding="utf-8")
