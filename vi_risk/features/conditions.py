"""Conditions: which rows count, as a value, a list of values or a range of numbers for each column."""

import math
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from vi_risk.records.tables import Column

_ENDS = frozenset({"min", "max"})
_PYTHON_TYPES = {"text": str, "boolean": bool, "integer": int, "number": int | float}


class Range(BaseModel):
    """Numbers from `min` to `max`, both included; either end may be open."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        if any(end is not None and math.isnan(end) for end in (self.min, self.max)):
            msg = "min and max are numbers"
            raise ValueError(msg)
        if self.min is None and self.max is None:
            msg = "a range has min, max or both"
            raise ValueError(msg)
        if self.min is not None and self.max is not None and self.min > self.max:
            msg = "min is above max"
            raise ValueError(msg)
        return self


Values = tuple[str | bool | int | float, ...]
Condition = dict[str, Values | Range]


def shape_faults(column: str, values: object) -> list[str]:
    """Say what of a condition is neither a value, nor a list of values, nor a range."""
    if isinstance(values, Range):
        return []
    if isinstance(values, dict):
        faults = [f"{column}.{key} is not a key of a range; it has min and max" for key in values.keys() - _ENDS]
        faults += [
            f"{column}.{key} must be a number without quotes, got {end!r}"
            for key, end in values.items()
            if key in _ENDS and (isinstance(end, bool) or not isinstance(end, int | float))
        ]
        least, most = values.get("min"), values.get("max")
        if not faults and least is None and most is None:
            faults.append(f"{column} is a range without min and max; give one of them, or both")
        if not faults and least is not None and most is not None and least > most:
            faults.append(f"{column} is a range whose min is above its max")
        return faults
    listed = values if isinstance(values, list | tuple) else [values]
    if not listed:
        return [f"{column} is an empty list, which no row holds; give it values, or leave it out"]
    wrong = [value for value in listed if not isinstance(value, str | bool | int | float)]
    expected = "text, a number or true or false, a list of them, or a range"
    return [f"{column} must be {expected}, got {wrong[0]!r}"] if wrong else []


def condition_faults(where: str, column: Column, values: Values | Range) -> list[str]:
    """Say which values a column never has, or has not of this type; `where` is the place, for the messages."""
    numeric = column.type in ("integer", "number")
    if isinstance(values, Range):
        return [] if numeric else [f"{where} is a range, and {column.name} is not a number"]
    sets = [value for value in values if isinstance(value, str) and value.startswith("@")]
    if sets:
        return [
            f"{where} names the set {name}, and sets stand for values in declared files only;"
            f' in Python write the values, catalogue.sets["{name[1:]}"]'
            for name in sets
        ]
    expected = _PYTHON_TYPES.get(column.type)
    if expected is None:
        return [f"{where}: {column.name} is a {column.type}, which `where` cannot compare"]
    wrong = [v for v in values if not isinstance(v, expected) or (isinstance(v, bool) and column.type != "boolean")]
    if wrong:
        return [f"{where} has {', '.join(map(repr, wrong))}, but {column.name} is {column.type}"]
    unknown = [str(value) for value in values if column.values is not None and value not in column.values]
    if unknown:
        known = ", ".join(column.values or ())
        return [f"{where} has {', '.join(unknown)}, which {column.name} never is; it is one of {known}"]
    return []
