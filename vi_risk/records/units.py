"""Units of measurement: a site's unit and value into the unit in which the record is kept, by rules of the mapping."""

from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from vi_risk.records.casting import quoted, text_literal

# The columns that a conversion reads and writes.
VALUE, UNIT, CODE = "value", "unit", "code"


class UnitRule(BaseModel):
    """A site's unit and what it becomes: ``value * factor + offset`` in unit `to`.

    With `codes` it holds for entries of these codes alone: how many umol/L a mg/dL is depends on what was measured.

    >>> UnitRule.model_validate({"from": "%", "to": "mmol/mol", "factor": 10.929, "offset": -23.49735}).of_site
    ('%',)
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    site: str | list[str] = Field(alias="from")  # as the site writes it, in one or several ways
    to: str
    factor: float = 1.0
    offset: float = 0.0
    codes: list[str] = []

    @model_validator(mode="after")
    def _is_coherent(self) -> Self:
        faults = []
        if not self.of_site or not all(unit.strip() for unit in self.of_site):
            faults.append("from names no unit of the site")
        if self.factor == 0:
            faults.append("factor is 0, which would make every value the same")
        if faults:
            raise ValueError("\n".join(faults))
        return self

    @property
    def of_site(self) -> tuple[str, ...]:
        """The ways in which the site writes its unit."""
        return (self.site,) if isinstance(self.site, str) else tuple(self.site)

    def holds(self, units: Sequence[str]) -> str:
        """Return the condition that a row has one of these units and one of the rule's codes."""
        listed = ", ".join(text_literal(unit.strip()) for unit in units)
        coded = f" AND {quoted(CODE)} IN ({', '.join(text_literal(code) for code in self.codes)})" if self.codes else ""
        return f"({quoted(UNIT)} IN ({listed}){coded})"


def converted(rules: Sequence[UnitRule]) -> str:
    """Return what stands after SELECT to convert value and unit of canonical rows; the first rule that holds counts."""
    value, unit = quoted(VALUE), quoted(UNIT)
    values = " ".join(
        f"WHEN {rule.holds(rule.of_site)} THEN {value} * {rule.factor!r}::DOUBLE + {rule.offset!r}::DOUBLE"
        for rule in rules
    )
    units = " ".join(f"WHEN {rule.holds(rule.of_site)} THEN {text_literal(rule.to)}" for rule in rules)
    return f"* REPLACE (CASE {values} ELSE {value} END AS {value}, CASE {units} ELSE {unit} END AS {unit})"


def kept_as_written(rules: Sequence[UnitRule]) -> str:
    """Return the condition that a row's value was left in a unit, or without one, that no rule takes or gives."""
    known = " OR ".join(rule.holds((rule.to,)) for rule in rules)
    return f"{quoted(VALUE)} IS NOT NULL AND NOT coalesce({known}, false)"
