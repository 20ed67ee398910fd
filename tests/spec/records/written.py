"""Small tables written as text: a header, then a row a line; columns two spaces apart, - for nothing."""

import re
from datetime import date
from typing import Any

Row = dict[str, Any]


def written(text: str) -> list[Row]:
    """Return the rows of a written table; columns named ..._on or ..._on_01 hold dates, position and order numbers."""
    header, *lines = [re.split(r"\s{2,}", line.strip()) for line in text.strip().splitlines()]
    assert all(len(line) == len(header) for line in lines), "a row has more or fewer cells than the header"
    return [{name: _value(name, cell) for name, cell in zip(header, line, strict=True)} for line in lines]


def _value(name: str, cell: str) -> Any:
    if cell == "-":
        return None
    if re.search(r"_on(_\d\d)?$", name):
        return date.fromisoformat(cell)
    return int(cell) if name in ("position", "episode_order") else cell
