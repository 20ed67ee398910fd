from pathlib import Path

import pytest

from vi_risk.governance import read_governance, sensitive
from vi_risk.governance.sensitive import sensitive_codes
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


@pytest.mark.parametrize(("kind", "codes"), sensitive_codes().items())
def test_the_page_tells_how_many_sensitive_codes_there_are(kind: str, codes: frozenset[tuple[str, str]]) -> None:
    assert f"\n| `{kind}` | {len(codes)} | " in PAGE.read_text(encoding="utf-8")


def test_the_page_tells_which_codes_could_not_be_checked() -> None:
    lists = Path(sensitive.__file__).parent / "codelists"
    blocks = [block for file in lists.glob("*.csv") for block in file.read_text(encoding="utf-8").split("# Source: ")]
    unchecked = [line for block in blocks if "a release was not at hand" in block for line in block.splitlines()]
    assert {line.split(",")[0] for line in unchecked if not line.startswith("# ") and "," in line} - {
        "NHS England"
    } == {"opcs4"}
    assert "**Not checked against a release:** the OPCS-4 codes" in PAGE.read_text(encoding="utf-8")
