"""The page on mappings shows mappings that are taken."""

import re
import tomllib
from pathlib import Path

from vi_risk.records.mapping import SHIPPED, Mapping
from vi_risk.records.readable import MADE_OF_EPISODES

PAGE = (Path(__file__).parents[3] / "docs" / "mappings.md").read_text(encoding="utf-8")


def test_the_examples_of_the_page_are_whole_mappings() -> None:
    whole, *parts = (tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL))

    mapping = Mapping.model_validate(whole)
    assert set(mapping.sources) == {"apc", "coded", "with_specialty"}
    for part in parts:
        tables = {**whole["tables"], **part.get("tables", {})}
        if "episodes" in tables:
            tables = {name: table for name, table in tables.items() if name not in MADE_OF_EPISODES}
        Mapping.model_validate({**whole, **part, "tables": tables})
    found = [set(part.get("tables", part)) for part in parts]
    assert found == [{"files"}, {"episodes"}, {"gp_events"}, {"ed_attendances"}]


def test_every_shipped_mapping_is_on_the_page() -> None:
    for file in SHIPPED.glob("*.toml"):
        assert f"`{file.stem}`" in PAGE
