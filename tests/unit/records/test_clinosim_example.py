"""The example in the guide is the mapping that ships."""

from pathlib import Path

from vi_risk.records.mapping import SHIPPED

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "clinosim" / "mapping.toml"


def test_the_mapping_of_the_example_is_the_one_that_ships() -> None:
    assert EXAMPLE.read_bytes() == (SHIPPED / "clinosim.toml").read_bytes()
