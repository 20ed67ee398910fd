"""What a feature means: one declared definition, checked when made, that yields one feature per window or group.

The grammar for people is features/README.md. A definition is declared in a TOML file or made in Python with the same
objects; either way the engine sees the same thing.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from vi_risk.features.conditions import Condition, Range, Values, condition_faults, shape_faults
from vi_risk.features.sources import CODE_COLUMNS, IN_ANY_UNIT, SOURCES
from vi_risk.records.tables import Table

__all__ = ["Condition", "Definition", "Domain", "Feature", "Measure", "Range", "Values", "read_definition"]

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
# placeholder -> the measures whose value it can say
_SAYS: Mapping[str, tuple[Measure, ...]] = {
    "ago": ("days_since_last", "days_since_first"),
    "band": ("age",),
    "group": ("group_flags",),
    "percent": ("share", "rise"),
}
_SAID_OF_NOTHING = {"window", "group"}  # what can be said where there is no value
_SENTENCES = ("reason", "reason_zero", "reason_negative", "reason_missing")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CHECKED = ConfigDict(frozen=True, extra="forbid", strict=True)

# Keys that are for people and decide no value.
WORDS = {"title", "theme", "unit", "any_unit", "direction", "missing", "reference", *_SENTENCES}

_LONGEST_WINDOW = 36_525  # a century


class Definition(BaseModel):
    """One declared feature definition; it yields a feature for each window, and for each group where it flags them.

    features/README.md is the grammar, with an example of each key.

    Attributes
    ----------
    name, domain, title, theme
        What files, the catalogue and reasons call it; definitions of one theme are one reason.
    table, where
        The source, and what of a row must hold for it to count: column -> values or a range.
    measure, of, part, recent
        What is made of the rows: of which column, of what the part holds that is a share, and which days are recent.
    codes, groups
        The code list, and those of its groups that count.
    prefix
        Characters by which the values of `of` are told apart, where different ones are counted.
    windows
        Days of look-back, each of which yields a feature.
    at_least
        Makes a count a matter of yes or no: 1 where it is so much or more, else 0.
    unseen
        Where the record was seen for a part of the window: missing, or scaled up.
    unit, any_unit
        The unit of the values, or that they are taken in any.
    direction
        Whether risk may only rise ("up") or fall ("down") with it.
    reason, reason_zero, reason_negative, reason_missing
        The sentence that a list says, of a value, of none, of a fall, and where it is missing.
    missing, reference
        What a missing value means, and the source of the definition.
    model_input
        Whether models use it unless a spec says otherwise.

    Examples
    --------
    >>> import vi_risk
    >>> own = vi_risk.Definition(
    ...     name="stays",
    ...     domain="acute use",
    ...     title="Stays in hospital",
    ...     table="spells",
    ...     measure="count",
    ...     windows=(180, 365),
    ...     reason="{n} stay{s} in the last {window}",
    ... )
    >>> catalogue = vi_risk.read_catalogue().only("age").with_definitions(own)
    >>> [feature.name for feature in catalogue.features_of(own)]
    ['stays_180d', 'stays_365d']
    """

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
    any_unit: bool = False
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
        faults = [fault for column, values in condition.items() for fault in shape_faults(column, values)]
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
    def _is_coherent(self, info: ValidationInfo) -> Self:
        unsure: Set[str] = (info.context or {}).get("unsure", frozenset())
        faults = [text for keys, text in self._faults() if unsure.isdisjoint(keys)]
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

    def _faults(self) -> Iterator["_Fault"]:
        if not _NAME.fullmatch(self.name):
            yield ("name",), "a name is lower case letters, digits and underscores, starting with a letter"
        yield from self._table_faults()
        yield from self._measure_faults()
        yield from self._window_faults()
        yield from self._key_faults()
        yield from self._number_faults()
        yield from self._reason_faults()

    def _table_faults(self) -> Iterator["_Fault"]:
        if self.table not in SOURCES:
            yield ("table",), f"table must be one of {', '.join(SOURCES)}"
            return
        known = self.source.column_names
        reads = {"where": tuple(self.where), "part": tuple(self.part), "of": (self.of,) if self.of else ()}
        for key, columns in reads.items():
            for column in columns:
                if column not in known:
                    yield ("table", key), f"{self.table} has no column {column}; it has {', '.join(known)}"
        for key, condition in (("where", self.where), ("part", self.part)):
            for column, values in condition.items():
                if column in known:
                    for fault in condition_faults(f"{key}.{column}", self.source.column(column), values):
                        yield ("table", key), fault

    def _measure_faults(self) -> Iterator["_Fault"]:
        measure = self.measure
        if measure in PERSON_MEASURES:
            if self.table != "patients":
                yield ("measure", "table"), f"measure {measure} is of the table patients"
            if self.windows:
                yield ("measure", "windows"), f"measure {measure} takes no windows"
            if measure == "is" and not self.where:
                yield ("measure", "where"), "measure is needs `where`, what must hold of the person"
        elif self.table in ("patients", "practices"):
            yield ("measure", "table"), f"measure {measure} needs a table of dated rows, not {self.table}"
        elif not self.windows:
            said = f"measure {measure} needs windows, a list of days such as [90, 365]"
            yield ("measure", "table", "windows"), said
        of_one_table = INTERVAL_MEASURES.get(measure)
        if of_one_table is not None and self.table != of_one_table:
            yield ("measure", "table"), f"measure {measure} is of the table {of_one_table}"
        if measure == "seen_days" and self.table in SOURCES and self.source.held_by != "practice":
            yield ("measure", "table"), "measure seen_days is of a table that practices hold"
        if measure == "seen_days" and (self.where or self.codes):
            yield ("measure", "where", "codes"), "measure seen_days takes no where and no codes"

    def _window_faults(self) -> Iterator["_Fault"]:
        if list(self.windows) != sorted(set(self.windows)):
            yield ("windows",), "windows must rise, each once"
        if any(window < 1 for window in self.windows):
            least = min(self.windows)
            said = f"windows must be 1 day or more, got {least}; a window ends the day before the index date"
            yield ("windows",), said
        if any(window > _LONGEST_WINDOW for window in self.windows):
            most = max(self.windows)
            yield ("windows",), f"windows must be {_LONGEST_WINDOW} days (a century) or less, got {most}"

    def _key_faults(self) -> Iterator["_Fault"]:
        measure = self.measure
        needs = (
            ("of", _READS_OF, self.of is not None, "the column that it reads"),
            ("part", _READS_PART, bool(self.part), "what the part of the rows holds, written as `where` is"),
            ("recent", ("rise",), self.recent is not None, "the days that count as recent"),
        )
        for key, measures, given, meaning in needs:
            if measure in measures and not given:
                yield ("measure", key), f"measure {measure} needs `{key}`, {meaning}"
            if measure not in measures and given:
                said = f"`{key}` belongs to the measure{'s' if len(measures) > 1 else ''} {_listed(measures)}"
                yield ("measure", key), f"{said}, and {measure} does not take it"
        if self.prefix is not None and measure != "distinct":
            yield ("measure", "prefix"), "`prefix` belongs to measure distinct"
        if self.recent is not None and any(window <= self.recent for window in self.windows):
            yield ("recent", "windows"), "`recent` must be shorter than every window"
        if self.unseen == "scale" and measure not in _SCALABLE:
            yield ("measure", "unseen"), 'unseen = "scale" belongs to the measures count and sum'
        if self.unseen == "scale" and self.table in SOURCES and self.source.held_by != "practice":
            said = f'unseen = "scale" is for a table that practices hold, and {self.table} counts as wholly seen'
            yield ("table", "unseen"), said
        if self.at_least is not None and measure not in _COUNTED:
            yield ("measure", "at_least"), f"`at_least` belongs to the measures {_listed(_COUNTED)}"
        if self.at_least is not None and self.unseen == "scale":
            yield ("at_least", "unseen"), '`at_least` and unseen = "scale" do not go together'
        if measure in GROUPED_MEASURES and self.codes is None:
            yield ("measure", "codes"), f"measure {measure} needs `codes`, the name of a code list"
        if self.codes is not None and self.table not in CODE_COLUMNS:
            said = f"`codes` needs a table with clinical codes: {', '.join(CODE_COLUMNS)}"
            yield ("table", "codes"), said
        if self.groups and self.codes is None:
            yield ("groups", "codes"), "`groups` needs `codes`, the code list that they are groups of"

    def _number_faults(self) -> Iterator["_Fault"]:
        """Yield what is wrong with the numbers that are reckoned with: no numbers, or of more than one unit."""
        if self.measure in NUMBER_MEASURES and self._type_of(self.of) not in ("integer", "number", None):
            said = f"measure {self.measure} needs a column of numbers, and {self.of} is not one"
            yield ("measure", "table", "of"), said
        if self.any_unit and not self.in_units:
            said = "`any_unit` is of a measure that reckons with values whose unit stands beside them"
            yield ("measure", "table", "of", "any_unit"), said
        if not self.in_units or self.any_unit:
            return
        mend = "or write any_unit = true for values without a unit, such as scores"
        keys = ("measure", "table", "of", "where", "codes", "any_unit")
        reckons = f"measure {self.measure} reckons with {self.of}"
        if "unit" not in self.where:
            named = 'name the units that count in `where`, such as unit = "mmHg"'
            yield keys, f"{reckons} whatever its unit; {named}, {mend}"
        if self.codes is None and "code" not in self.where:
            yield keys, f"{reckons} whatever was measured; name its code list with `codes`, {mend}"

    @property
    def in_units(self) -> bool:
        """Whether it reckons with values whose unit stands in a column beside them."""
        return self.measure in NUMBER_MEASURES and (self.table, self.of) in IN_ANY_UNIT

    def _type_of(self, column: str | None) -> str | None:
        known = self.source.column_names if self.table in SOURCES else ()
        return self.source.column(column).type if column in known and column is not None else None

    def _reason_faults(self) -> Iterator["_Fault"]:
        for key in _SENTENCES:
            sentence = getattr(self, key)
            placed = set(re.findall(r"\{([^{}]*)\}", sentence))
            unknown = sorted(placed - _PLACEHOLDERS)
            if unknown:
                said = f"{key} has the unknown placeholder {_in_braces(unknown)}; known: {_in_braces(_PLACEHOLDERS)}"
                yield (key,), said
            if set(re.sub(r"\{[^{}]*\}", "", sentence)) & {"{", "}"}:
                yield (key,), f"{key} has a brace without its other half"
            for name, measures in _SAYS.items():
                if name in placed and self.measure not in measures:
                    said = f"{key} has {{{name}}}, which only {_listed(measures)} can say, not {self.measure}"
                    yield (key, "measure"), said
            if "window" in placed and self.measure in PERSON_MEASURES:
                yield (key, "measure"), f"{key} has {{window}}, and measure {self.measure} has no windows"
        of_nothing = sorted(set(re.findall(r"\{(\w+)\}", self.reason_missing)) & _PLACEHOLDERS - _SAID_OF_NOTHING)
        if of_nothing:
            said = f"reason_missing has {_in_braces(of_nothing)}, and a missing value has none to say"
            yield ("reason_missing",), f"{said}; it may have {_in_braces(_SAID_OF_NOTHING)}"


# The keys that a fault lies in, and what it is.
_Fault = tuple[tuple[str, ...], str]

# For a key whose value is no use, so that what the others say can be checked all the same.
_STAND_INS = {"name": "a", "domain": "person", "title": "", "table": "spells", "measure": "count", "reason": ""}


def read_definition(
    entry: Mapping[str, object], *, unsure: Collection[str] = ()
) -> tuple[Definition | None, list[ValidationError]]:
    """Return the definition of an entry, or None and everything that is wrong with it.

    A key that is missing, unknown or of a wrong type does not hide what is wrong with the others.

    Parameters
    ----------
    unsure
        Keys whose values are not known, of which nothing is said.
    """
    try:
        return Definition.model_validate(entry, context={"unsure": frozenset(unsure)}), []
    except ValidationError as error:
        errors = [error]
    wrong = {str(fault["loc"][0]) for fault in errors[0].errors() if fault["loc"]}
    if wrong:
        others = {key: value for key, value in entry.items() if key not in wrong}
        try:
            Definition.model_validate({**_STAND_INS, **others}, context={"unsure": wrong | set(unsure)})
        except ValidationError as error:
            errors.append(error)
    return None, errors


def _listed(words: tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _in_braces(names: Iterable[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names))


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
