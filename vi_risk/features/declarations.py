"""What a feature means: one declared definition, checked when made, that yields one feature per window or group.

The grammar for people is features/README.md. A definition is declared in a TOML file or made in Python with the same
objects; either way the engine sees the same thing.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from vi_risk import declared
from vi_risk.errors import SpecificationError
from vi_risk.features.codelists import CodeList, read_codelists
from vi_risk.records.tables import TABLES

Measure = Literal[
    "count", "any", "distinct", "days_since_last", "days_since_first", "bed_days", "groups", "points", "group_flags",
    "age", "is", "value",
]  # fmt: skip
Domain = Literal["person", "comorbidity", "acute use", "primary and community use"]

# Diagnoses of hospital spells and entries of the GP record seen as one table: date, code system and code.
CODED_ENTRIES = "coded_entries"
_CODED_ENTRY_COLUMNS = ("patient_id", "event_on", "code_system", "code")

_PERSON_MEASURES = ("age", "is", "value")
_GROUPED_MEASURES = ("groups", "points", "group_flags")
# Keys that are for people and decide no value.
_WORDS = {"title", "theme", "unit", "direction", "reason", "reason_zero", "reason_missing", "missing", "reference"}

# table -> its column of clinical codes
CODE_COLUMNS = {CODED_ENTRIES: "code", "diagnoses": "code", "gp_events": "code", "prescriptions": "bnf_code"}
_PLACEHOLDERS = {"n", "s", "times", "window", "ago", "band", "group"}
_NAME = re.compile(r"[a-z][a-z0-9_]*")

Window = Annotated[int, Field(ge=1, le=36_525)]


class Definition(BaseModel):
    """One declared feature definition; it yields a feature for each window, and for each group where it flags them."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str
    domain: Domain
    title: str
    table: str
    measure: Measure
    theme: str = ""
    windows: tuple[Window, ...] = Field(default=(), strict=False)
    where: dict[str, tuple[str | bool | int, ...]] = {}
    codes: str | None = None
    of: str | None = None
    prefix: Annotated[int, Field(ge=1)] | None = None
    unit: str = ""
    direction: Literal["up", "down", "none"] = "none"
    reason: str
    reason_zero: str = ""
    reason_missing: str = ""
    missing: str = ""
    reference: str = ""
    model_input: bool = True

    @field_validator("where", mode="before")
    @classmethod
    def _lists_of_values(cls, where: object) -> object:
        """Take one value, or a list as TOML has it, for each column."""
        if not isinstance(where, dict):
            return where
        return {
            column: tuple(values) if isinstance(values, list | tuple) else (values,) for column, values in where.items()
        }

    @model_validator(mode="after")
    def _is_coherent(self) -> Self:
        faults = [*self._name_faults(), *self._table_faults(), *self._measure_faults(), *self._reason_faults()]
        if faults:
            raise ValueError("\n".join(faults))
        return self

    def _name_faults(self) -> list[str]:
        if _NAME.fullmatch(self.name):
            return []
        return ["a name is lower case letters, digits and underscores, starting with a letter"]

    def _columns(self) -> tuple[str, ...]:
        return _CODED_ENTRY_COLUMNS if self.table == CODED_ENTRIES else TABLES[self.table].column_names

    def _table_faults(self) -> list[str]:
        if self.table != CODED_ENTRIES and self.table not in TABLES:
            return [f"table must be one of {', '.join((*TABLES, CODED_ENTRIES))}"]
        used = [*self.where, *([self.of] if self.of else [])]
        faults = [
            f"{self.table} has no column {column}; it has {', '.join(self._columns())}"
            for column in used
            if column not in self._columns()
        ]
        return faults + [
            f"where.{column} names the set {value}, which no file declares under [sets]"
            for column, values in self.where.items()
            for value in values
            if isinstance(value, str) and value.startswith("@")
        ]

    def _measure_faults(self) -> list[str]:
        faults = []
        if self.measure in _PERSON_MEASURES:
            if self.table != "patients":
                faults.append(f"measure {self.measure} is of the table patients")
            if self.windows:
                faults.append(f"measure {self.measure} takes no windows")
        elif self.table in ("patients", "practices"):
            faults.append(f"measure {self.measure} needs a table of dated rows, not {self.table}")
        elif not self.windows:
            faults.append(f"measure {self.measure} needs windows, a list of days such as [90, 365]")
        if list(self.windows) != sorted(set(self.windows)):
            faults.append("windows must rise, each once")
        if self.measure == "bed_days" and self.table != "spells":
            faults.append("measure bed_days is of the table spells")
        if (self.measure in ("distinct", "value")) != (self.of is not None):
            faults.append("`of` names the column that measures distinct and value read, and no other measure takes it")
        if self.prefix is not None and self.measure != "distinct":
            faults.append("`prefix` belongs to measure distinct")
        if self.measure in _GROUPED_MEASURES and self.codes is None:
            faults.append(f"measure {self.measure} needs `codes`, the name of a code list")
        if self.codes is not None and self.table not in CODE_COLUMNS:
            faults.append(f"`codes` needs a table with clinical codes: {', '.join(CODE_COLUMNS)}")
        return faults

    def _reason_faults(self) -> list[str]:
        faults = []
        for field in ("reason", "reason_zero", "reason_missing"):
            used = set(re.findall(r"\{([^{}]*)\}", getattr(self, field)))
            unknown = sorted(used - _PLACEHOLDERS)
            if unknown:
                known = ", ".join(sorted(_PLACEHOLDERS))
                faults.append(f"{field} has the unknown placeholder {', '.join(unknown)}; known: {known}")
            if set(re.sub(r"\{[^{}]*\}", "", getattr(self, field))) & {"{", "}"}:
                faults.append(f"{field} has a brace without its other half")
        if "{group}" in self.reason and self.measure != "group_flags":
            faults.append("only measure group_flags has the placeholder group")
        return faults

    @property
    def as_at_extract(self) -> bool:
        """Whether it reads an attribute that the source gives without a date."""
        if self.table not in TABLES:
            return False
        used = [*self.where, *([self.of] if self.of else [])]
        return any(TABLES[self.table].column(column).as_at_extract for column in used)


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


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All declared definitions with the code lists that they name."""

    definitions: tuple[Definition, ...]
    codelists: dict[str, CodeList]

    @property
    def features(self) -> tuple[Feature, ...]:
        """Every feature of every definition, in declared order."""
        return tuple(feature for definition in self.definitions for feature in self.features_of(definition))

    def features_of(self, definition: Definition) -> tuple[Feature, ...]:
        """Return the features that one definition yields."""
        if not definition.windows:
            return (Feature(definition.name, definition),)
        if definition.measure != "group_flags":
            return tuple(Feature(f"{definition.name}_{w}d", definition, w) for w in definition.windows)
        groups = self.codelists[definition.codes or ""].groups
        return tuple(
            Feature(f"{definition.name}_{group}_{w}d", definition, w, group, title)
            for group, title in groups.items()
            for w in definition.windows
        )

    @property
    def fingerprint(self) -> str:
        """Fingerprint of all that decides a value: definitions and code lists; wording may be mended freely."""
        content = {
            "definitions": [definition.model_dump(mode="json", exclude=_WORDS) for definition in self.definitions],
            "codelists": {
                name: sorted((e.system, e.code, e.group, e.points) for e in codelist.entries)
                for name, codelist in sorted(self.codelists.items())
            },
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def read_catalogue(*folders: Path) -> Catalogue:
    """Read all declarations and code lists of the shipped folder and of the folders given beside it.

    Raises
    ------
    SpecificationError
        Any file has a fault; the message has one line for each fault of each file.
    """
    faults: list[str] = []
    definitions: dict[str, Definition] = {}
    codelists: dict[str, CodeList] = {}
    files: list[tuple[Path, dict[str, Any]]] = []
    for folder in (declared.shipped("features"), *folders):
        for path in sorted(folder.glob("*.toml")):
            try:
                files.append((path, declared.read_toml(path)))
            except SpecificationError as error:
                faults.append(str(error))
        try:
            codelists |= read_codelists(folder / "codelists")
        except SpecificationError as error:
            faults.append(str(error))
    sets = _sets(files, faults)
    for path, content in files:
        for name, entry in content.items():
            where = f"{path.parent.name}/{path.name}: {name}"
            if name in ("domain", "sets"):
                continue
            if name in definitions:
                faults.append(f"{where}: a feature of this name is declared already. Rename one of the two.")
                continue
            faults += _entry_faults(entry, where)
            if not isinstance(entry, dict):
                continue
            told = {"name": name, "domain": content.get("domain")}
            try:
                definitions[name] = Definition.model_validate(_with_sets(entry, sets) | told)
            except ValidationError as error:
                faults += declared.faults_of(error, where)
    faults += [
        f"{name}: codes names the code list {definition.codes}, which is not in codelists/."
        f" Expected one of: {', '.join(sorted(codelists)) or 'none is there'}."
        for name, definition in definitions.items()
        if definition.codes is not None and definition.codes not in codelists
    ]
    if faults:
        raise SpecificationError.of(faults)
    catalogue = Catalogue(tuple(definitions.values()), codelists)
    names = [feature.name for feature in catalogue.features]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        msg = f"features: two definitions yield the feature {', '.join(twice)}. Rename one of the definitions."
        raise SpecificationError(msg)
    return catalogue


def _sets(files: list[tuple[Path, dict[str, Any]]], faults: list[str]) -> dict[str, Any]:
    """Return the named value sets of all files together."""
    sets: dict[str, Any] = {}
    for path, content in files:
        named = content.get("sets", {})
        where = f"{path.parent.name}/{path.name}: sets"
        if not isinstance(named, dict):
            faults.append(f"{where}: is not a table. Expected [sets] with a list of values for each name.")
            continue
        for name, values in named.items():
            if name in sets and sets[name] != values:
                faults.append(f"{where}.{name}: another file has a set of this name with other values. Rename one.")
            sets[name] = values
    return sets


def _entry_faults(entry: object, where: str) -> list[str]:
    if not isinstance(entry, dict):
        return [f"{where}: is not a table. Expected [{where.rpartition(' ')[2]}] with its keys."]
    given = {"name": "the name stands in brackets", "domain": "the domain stands at the head of the file"}
    return [
        f"{where}: {key}: is not a key of an entry; {why}. Remove it." for key, why in given.items() if key in entry
    ]


def _with_sets(entry: dict[str, Any], sets: dict[str, Any]) -> dict[str, Any]:
    """Put the values of named sets ("@emergency") in their places; an unknown set stays and is told of below."""
    where = entry.get("where")
    if not isinstance(where, dict):
        return entry
    named = {
        column: sets.get(values[1:], values) if isinstance(values, str) and values.startswith("@") else values
        for column, values in where.items()
    }
    return {**entry, "where": named}
