"""The page on mappings shows mappings that are taken."""

import re
import tomllib
from pathlib import Path

from vi_risk.records.mapping import SHIPPED, Mapping

PAGE = (Path(__file__).parents[3] / "docs" / "mappings.md").read_text(encoding="utf-8")


def test_the_examples_of_the_page_are_whole_mappings() -> None:
    whole, emergency_care = (tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL))

    mapping = Mapping.model_validate(whole)
    Mapping.model_validate({**whole, "tables": {**whole["tables"], **emergency_care["tables"]}})

    assert set(mapping.sources) == {"apc", "coded", "with_specialty"}


def test_every_shipped_mapping_is_on_the_page() -> None:
    for file in SHIPPED.glob("*.toml"):
        assert f"`{file.stem}`" in PAGE
