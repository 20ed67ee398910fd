"""Prompts as they are declared: rules that turn a person's facts into questions for a team, each to one role.

    [end_of_life]
    when = { end_of_life_register_1095d = { min = 1 } }
    unless = { risk_of_death = { max = 0.1 } }

    [[prompt]]
    name = "ten or more medicines"
    role = "pharmacist"
    when = { medicines_90d = { min = 10 } }
    unless = { gp_pharmacist_appointments_365d = { min = 1 } }
    words = "{medicines_90d} medicines in 90 days: would a structured medication review help?"
    reference = "NICE NG5"

A prompt says what the record shows and asks; it never instructs. `when` and `unless` are conditions on features and
risks (`vi_risk.reasons.when`). Of people near the end of life only what says so is asked (`end_of_life = true`). None
reads an objection, which is never said beside a name. The grammar for people is features/README.md.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vi_risk import declared
from vi_risk.errors import SpecificationError
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.declarations import PROMPTS_FILE
from vi_risk.features.definition import Feature
from vi_risk.reasons.askable import (
    PEOPLE_COLUMNS,
    Saying,
    bounded_above,
    counts_on,
    never_met,
    none_of,
    objecting,
    saying_of,
)
from vi_risk.reasons.when import When, read_when
from vi_risk.records.tables import Holder

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

Words = Annotated[str, Field(min_length=1)]


class _Entry(BaseModel):
    """What an entry holds, as TOML has it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Words
    role: Words
    words: Words
    reference: Words
    when: object  # read by `vi_risk.reasons.when`
    unless: object = None
    end_of_life: bool = False


@dataclass(frozen=True, slots=True)
class NearEndOfLife:
    """Who is near the end of life: `when` holds and `unless` does not, as where a risk says that death is unlikely."""

    when: When
    unless: When = field(default_factory=When)

    def holds(self, people: pd.DataFrame) -> "np.ndarray[Any, np.dtype[np.bool_]]":
        """Return for each row whether the person is."""
        return self.when.holds(people) & ~self.unless.holds(people)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that it reads."""
        return (*self.when.columns, *self.unless.columns)


@dataclass(frozen=True, slots=True)
class Prompt:
    """One rule: of whom something is asked, which role might help, and in which words.

    Attributes
    ----------
    unless
        Of whom it is not asked though `when` holds: the help is there already.
    not_near
        Who is near the end of life, where it is not asked of them; None of one that is asked of everybody.
    says
        Placeholder of `words` -> how its value is written.
    counts_on
        Features whose whole window it counts on: it says "none", "so many at most" or how many.
    none_of
        Features of which it asks whether there are none -> who holds the record that would have one.
    """

    name: str
    role: str
    when: When
    unless: When
    words: str
    reference: str
    says: Mapping[str, Saying]
    not_near: NearEndOfLife | None = None
    counts_on: frozenset[str] = frozenset()
    none_of: Mapping[str, Holder] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def rule(self) -> str:
        """The rule by its name, and its source."""
        return f"{self.name} ({self.reference})"

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that it reads."""
        near = () if self.not_near is None else self.not_near.columns
        return tuple(dict.fromkeys([*self.when.columns, *self.unless.columns, *near, *self.says]))


# --- reading ----------------------------------------------------------------------------------------------------------


def read_prompts(path: Path | None = None, *, catalogue: Catalogue) -> tuple[Prompt, ...]:
    """Read the prompts of a TOML file, in its order; without one, those shipped.

    A shipped prompt that reads a feature which the catalogue has not (one of an earlier version's folder, or one made
    in Python) is left out, as a prompt about a table that the site lacks is never made. In a site's file it is a fault.

    Raises
    ------
    SpecificationError
        The file has faults; the message has one line for each.
    """
    file = declared.shipped("features") / PROMPTS_FILE if path is None else path
    content = declared.read_toml(file)
    features = {feature.name: feature for feature in catalogue.features}
    there = {*features, *PEOPLE_COLUMNS}
    faults = [
        f"{key}: is no known key. Expected [[prompt]] and [end_of_life]."
        for key in content
        if key not in ("prompt", "end_of_life")
    ]
    near, found = _read_end_of_life(content.get("end_of_life"), features, sieve=there if path is None else None)
    faults += [f"end_of_life: {fault}" for fault in found]
    entries = content.get("prompt", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        faults.append("prompt: expected [[prompt]] tables; found something else. Write each under [[prompt]].")
        entries = []
    prompts: dict[str, Prompt] = {}
    for place, entry in enumerate(entries, start=1):
        if path is None and not _reads(entry) <= there:
            continue
        prompt, found = _read(entry, features, near=near)
        if prompt is not None and prompts.setdefault(prompt.name, prompt) is not prompt:
            found.append("name: is that of a prompt before it. Rename one of the two.")
        where = f"prompt {place} ({entry['name']})" if entry.get("name") else f"prompt {place}"
        faults += [f"{where}: {fault}" for fault in found]
    if faults:
        raise SpecificationError.of([f"{file.name}: {fault}" for fault in faults])
    return tuple(prompts.values())


def _reads(content: Mapping[str, object]) -> set[str]:
    """Return every column that an entry names."""
    asked = [read_when(content.get(key, {}))[0].columns for key in ("when", "unless")]
    return {*asked[0], *asked[1], *_PLACEHOLDER.findall(str(content.get("words", "")))}


def _read_end_of_life(
    content: object, features: Mapping[str, Feature], *, sieve: Collection[str] | None
) -> tuple[NearEndOfLife | None, list[str]]:
    """Return who is near the end of life, None where the file does not say, and every fault of it.

    `sieve` keeps the alternatives that name its columns alone, as a shipped prompt about any other is left out.
    """
    if content is None:
        return None, []
    if not isinstance(content, dict) or "when" not in content:
        return None, [
            "expected a table with `when`. Write [end_of_life] and below it when = { feature = { min = 1 } }."
        ]
    given = {key: content[key] for key in ("when", "unless") if key in content}
    faults = [f"{key}: is no known key. Expected when and unless." for key in content if key not in given]
    conditions: dict[str, When] = {}
    for key, condition in given.items():
        if sieve is None:
            conditions[key], found = _read_condition(key, condition, features)
            faults += found
        else:
            alternatives = read_when(condition)[0].alternatives
            conditions[key] = When(tuple(one for one in alternatives if {*When((one,)).columns} <= {*sieve}))
    return NearEndOfLife(**conditions), faults


def _read_condition(key: str, content: object, features: Mapping[str, Feature]) -> tuple[When, list[str]]:
    """Return the condition of a key, and every fault of it."""
    condition, found = read_when(content, known={*features, *PEOPLE_COLUMNS})
    asked = read_when(content)[0]
    return condition, [
        *(f"{key}{fault.removeprefix('when')}." for fault in found),
        *(f"{key}: {fault}" for fault in (*never_met(asked, features), *objecting(asked.columns, features))),
    ]


def _read(
    content: Mapping[str, object], features: Mapping[str, Feature], *, near: NearEndOfLife | None
) -> tuple[Prompt | None, list[str]]:
    """Return the prompt of an entry, or None and every fault of it; `near` says who is near the end of life."""
    conditions = {"when": When(), "unless": When()}
    faults: list[str] = []
    try:
        entry = _Entry.model_validate(dict(content))
    except ValidationError as error:
        entry = None
        faults += [fault.removeprefix("entry: ") for fault in declared.faults_of(error, "entry")]
    for key in conditions:
        if key in content:
            conditions[key], found = _read_condition(key, content[key], features)
            faults += found
    says, found = _read_words(content.get("words"), features)
    faults += [f"words: {fault}" for fault in found]
    if entry is not None and entry.end_of_life and near is None:
        faults.append("end_of_life: the file does not say who that is. Add [end_of_life] with `when`, or leave it out.")
    if entry is None or faults:
        return None, faults
    bounded = bounded_above(conditions.values()) & features.keys()
    return Prompt(
        entry.name,
        entry.role,
        **conditions,
        words=entry.words,
        reference=entry.reference,
        says=says,
        not_near=None if entry.end_of_life else near,
        counts_on=counts_on({*bounded, *says} & features.keys(), features),
        none_of=none_of(bounded, features),
    ), []


def _read_words(words: object, features: Mapping[str, Feature]) -> tuple[dict[str, Saying], list[str]]:
    """Return how the value of each placeholder is written, and what is wrong with the words."""
    if not isinstance(words, str):
        return {}, []  # which is told of the entry
    says: dict[str, Saying] = {}
    placeholders = _PLACEHOLDER.findall(words)
    faults = objecting(placeholders, features)
    for name in placeholders:
        saying = saying_of(name, features)
        if saying is not None:
            says[name] = saying
        elif name in features or name in PEOPLE_COLUMNS:
            faults.append(f"{{{name}}} is 1 or 0. Say in words what it means where `when` holds.")
        else:
            faults.append(f"{{{name}}} is no feature and no risk. Look it up with `vi-risk features list`.")
    if set(_PLACEHOLDER.sub("", words)) & {"{", "}"}:
        faults.append("has a brace without its other half. Add it, or leave the brace out.")
    return says, faults
