"""What a feature means: one declared definition, checked when made, that yields one feature per window or group.

The grammar for people is features/README.md. A definition is declared in a TOML file or made in Python with the same
objects; either way the engine sees the same thing.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from vi_risk.features.sources import CODE_COLUMNS, SOURCES
from vi_risk.records.tables import Column, Table

Measure = Literal[
    "count", "any", "distinct", "days_since_last", "days_since_first", "sum", "maximum", "mean", "latest", "slope",
    "share", "latest_is", "rise", "bed_days", "registered_days", "seen_days", "groups", "points", "group_flags",
    "age", "is", "value",
]  # fmt: skip
Domain = Literal["person", "comorbidity", "acute use", "primary and community use", "measurements", "trajectory"]

PERSON_MEASURES = ("age", "is", "value")
GROUPED_MEASURES = ("groups", "points", "group_flags")
NUMBER_MEASURES = ("sum", "maximum", "mean", "latest", "slope")
# measure -> the one table that it is of
INTERVAL_MEASURES: Mapping[str, str] = {"bed_days": "spells", "registered_days": "registrations"}

_READS_OF = ("distinct", "value", *NUMBER_MEASURES)
_READS_PART = ("share", "latest_is")
_SCALABLE = ("count", "sum")
_COUNTED = ("count", "distinct", "groups", "points", "sum", "bed_days")
_PLACEHOLDERS = {"n", "s", "times", "percent", "window", "ago", "band", "group"}
_SENTENCES = ("reason", "reason_zero", "reason_negative", "reason_missing")
_ENDS = frozenset({"min", "max"})
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PYTHON_TYPES = {"text": str, "boolean": bool, "integer": int, "number": int | float}
_CHECKED = ConfigDict(frozen=True, extra="forbid", strict=True)

# Keys that are for people and decide no value.
WORDS = {"title", "theme", "unit", "direction", "missing", "reference", *_SENTENCES}

_LONGEST_WINDOW = 36_525  # a century


class Range(BaseModel):
    """Numbers from `min` to `max`, both included; either end may be open."""

    model_config = _CHECKED

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


class Definition(BaseModel):
    """One declared feature definition; it yields a feature for each window, and for each group where it flags them."""

    model_config = _CHECKED

    name: str
    domain: Domain
    title: str
    table: str
    measure: Measure
    theme: str = ""
    windows: tuple[int, ...] = Field(default=(), strict=False)
    where: Condition = {}
    codes: str | None = None
    groups: tuple[str, ...] = Field(default=(), strict=False)
    of: str | None = None
    prefix: Annotated[int, Field(ge=1)] | None = None
    part: Condition = {}
    recent: Annotated[int, Field(ge=1)] | None = None
    at_least: Annotated[float, Field(gt=0)] | None = None
    unseen: Literal["missing", "scale"] = "missing"
    unit: str = ""
    direction: Literal["up", "down", "none"] = "none"
    reason: str
    reason_zero: str = ""
    reason_negative: str = ""
    reason_missing: str = ""
    missing: str = ""
    reference: str = ""
    model_input: bool = True

    @field_validator("where", "part", mode="before")
    @classmethod
    def _lists_of_values(cls, condition: object) -> object:
        """Take one value, a list as TOML has it, or a range, for each column."""
        if not isinstance(condition, dict):
            return condition
        faults = [fault for column, values in condition.items() for fault in _shape_faults(column, values)]
        if faults:
            raise ValueError("\n".join(faults))
        return {
            column: Range(**values)
            if isinstance(values, dict)
            else tuple(values)
            if isinstance(values, list | tuple)
            else values
            if isinstance(values, Range)
            else (values,)
            for column, values in condition.items()
        }

    @model_validator(mode="after")
    def _is_coherent(self) -> Self:
        faults = [*self._name_faults(), *self._table_faults(), *self._measure_faults(), *self._reason_faults()]
        if faults:
            raise ValueError("\n".join(faults))
        return self

    # --- what it reads ----------------------------------------------------------------------------------------------

    @property
    def source(self) -> Table:
        """The declaration of what it reads."""
        return SOURCES[self.table]

    @property
    def columns_read(self) -> tuple[str, ...]:
        """Columns of its source that decide its value, apart from the event, the person and the codes."""
        return tuple(dict.fromkeys([*self.where, *self.part, *([self.of] if self.of else [])]))

    @property
    def as_at_extract(self) -> bool:
        """Whether it reads an attribute that the source gives without a date."""
        return any(self.source.column(column).as_at_extract for column in self.columns_read)

    # --- faults -----------------------------------------------------------------------------------------------------

    def _name_faults(self) -> list[str]:
        if _NAME.fullmatch(self.name):
            return []
        return ["a name is lower case letters, digits and underscores, starting with a letter"]

    def _table_faults(self) -> list[str]:
        if self.table not in SOURCES:
            return [f"table must be one of {', '.join(SOURCES)}"]
        known = self.source.column_names
        faults = [
            f"{self.table} has no column {column}; it has {', '.join(known)}"
            for column in self.columns_read
            if column not in known
        ]
        for key, condition in (("where", self.where), ("part", self.part)):
            for column, values in condition.items():
                if column in known:
                    faults += _condition_faults(f"{key}.{column}", self.source.column(column), values)
        return faults

    def _measure_faults(self) -> list[str]:
        measure, faults = self.measure, []
        if measure in PERSON_MEASURES:
            if self.table != "patients":
                faults.append(f"measure {measure} is of the table patients")
            if self.windows:
                faults.append(f"measure {measure} takes no windows")
        elif self.table in ("patients", "practices"):
            faults.append(f"measure {measure} needs a table of dated rows, not {self.table}")
        elif not self.windows:
            faults.append(f"measure {measure} needs windows, a list of days such as [90, 365]")
        if list(self.windows) != sorted(set(self.windows)):
            faults.append("windows must rise, each once")
        if any(window < 1 for window in self.windows):
            faults.append(
                f"windows must be 1 day or more, got {min(self.windows)}; a window ends the day before the index date"
            )
        if any(window > _LONGEST_WINDOW for window in self.windows):
            faults.append(f"windows must be {_LONGEST_WINDOW} days (a century) or less, got {max(self.windows)}")
        of_one_table = INTERVAL_MEASURES.get(measure)
        if of_one_table is not None and self.table != of_one_table:
            faults.append(f"measure {measure} is of the table {of_one_table}")
        if measure == "seen_days" and self.table in SOURCES and self.source.held_by != "practice":
            faults.append("measure seen_days is of a table that practices hold")
        if measure == "seen_days" and (self.where or self.codes):
            faults.append("measure seen_days takes no where and no codes")
        return faults + self._key_faults()

    def _key_faults(self) -> list[str]:
        measure, faults = self.measure, []
        if (measure in _READS_OF) != (self.of is not None):
            faults.append(f"`of` names the column that {_listed(_READS_OF)} read, and no other measure takes it")
        elif measure in NUMBER_MEASURES and self._type_of(self.of) not in ("integer", "number", None):
            faults.append(f"measure {measure} needs a column of numbers, and {self.of} is not one")
        if self.prefix is not None and measure != "distinct":
            faults.append("`prefix` belongs to measure distinct")
        if (measure in _READS_PART) != bool(self.part):
            faults.append("`part` is what the part of share or latest_is holds, and no other measure takes it")
        if (measure == "rise") != (self.recent is not None):
            faults.append("`recent` is the recent days of measure rise, and no other measure takes it")
        elif self.recent is not None and any(window <= self.recent for window in self.windows):
            faults.append("`recent` must be shorter than every window")
        if self.unseen == "scale" and measure not in _SCALABLE:
            faults.append('unseen = "scale" belongs to the measures count and sum')
        if self.at_least is not None and measure not in _COUNTED:
            faults.append(f"`at_least` belongs to the measures {_listed(_COUNTED)}")
        if self.at_least is not None and self.unseen == "scale":
            faults.append('`at_least` and unseen = "scale" do not go together')
        if measure in GROUPED_MEASURES and self.codes is None:
            faults.append(f"measure {measure} needs `codes`, the name of a code list")
        if self.codes is not None and self.table not in CODE_COLUMNS:
            faults.append(f"`codes` needs a table with clinical codes: {', '.join(CODE_COLUMNS)}")
        if self.groups and self.codes is None:
            faults.append("`groups` needs `codes`, the code list that they are groups of")
        return faults

    def _type_of(self, column: str | None) -> str | None:
        known = self.source.column_names if self.table in SOURCES else ()
        return self.source.column(column).type if column in known and column is not None else None

    def _reason_faults(self) -> list[str]:
        faults = []
        for key in _SENTENCES:
            sentence = getattr(self, key)
            unknown = sorted(set(re.findall(r"\{([^{}]*)\}", sentence)) - _PLACEHOLDERS)
            if unknown:
                named, known = (
                    ", ".join(f"{{{name}}}" for name in names) for names in (unknown, sorted(_PLACEHOLDERS))
                )
                faults.append(f"{key} has the unknown placeholder {named}; known: {known}")
            if set(re.sub(r"\{[^{}]*\}", "", sentence)) & {"{", "}"}:
                faults.append(f"{key} has a brace without its other half")
        if "{group}" in self.reason and self.measure != "group_flags":
            faults.append("only measure group_flags has the placeholder group")
        return faults


def _shape_faults(column: str, values: object) -> list[str]:
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
    wrong = [value for value in listed if not isinstance(value, str | bool | int | float)]
    expected = "text, a number or true or false, a list of them, or a range"
    return [f"{column} must be {expected}, got {wrong[0]!r}"] if wrong else []


def _condition_faults(where: str, column: Column, values: Values | Range) -> list[str]:
    numeric = column.type in ("integer", "number")
    if isinstance(values, Range):
        return [] if numeric else [f"{where} is a range, and {column.name} is not a number"]
    sets = [value for value in values if isinstance(value, str) and value.startswith("@")]
    if sets:
        return [f"{where} names the set {name}, which no file declares under [sets]" for name in sets]
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


def _listed(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the feature table: a definition at one window, and for one group where it flags groups."""

    name: str
    definition: Definition
    window: int | None = None
    group: str | None = None
    group_title: str = ""

    @property
    def theme(self) -> tuple[str, str | None]:
        """Features of one theme are one reason: all windows of the definitions that share it, apart by group."""
        return (self.definition.theme or self.definition.name, self.group)
