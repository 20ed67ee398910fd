"""The catalogue: all declared definitions with the code lists that they name, read from folders of TOML and CSV."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from vi_risk import declared
from vi_risk.errors import SpecificationError
from vi_risk.features.codelists import CodeList, read_codelists
from vi_risk.features.definition import WORDS, Definition, Feature


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All declared definitions with the code lists that they name."""

    definitions: tuple[Definition, ...]
    codelists: Mapping[str, CodeList]

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
        return tuple(
            Feature(f"{definition.name}_{group}_{w}d", definition, w, group, title)
            for group, title in self.groups_of(definition).items()
            for w in definition.windows
        )

    def groups_of(self, definition: Definition) -> dict[str, str]:
        """Return group -> title of the groups that a definition reads of its code list."""
        groups = self.codelists[definition.codes or ""].groups
        return {group: title for group, title in groups.items() if not definition.groups or group in definition.groups}

    @property
    def fingerprint(self) -> str:
        """Fingerprint of all that decides a value: definitions and code lists; wording may be mended freely."""
        content = [self.fingerprint_of(definition) for definition in self.definitions]
        return hashlib.sha256("\n".join(content).encode()).hexdigest()[:16]

    def fingerprint_of(self, definition: Definition) -> str:
        """Fingerprint of all that decides the values of one definition."""
        content: dict[str, object] = {"definition": definition.model_dump(mode="json", exclude=WORDS)}
        if definition.codes is not None:
            content["codes"] = self.codelists[definition.codes].content
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]

    def with_definitions(self, *definitions: Definition, codelists: Iterable[CodeList] = ()) -> "Catalogue":
        """Return a catalogue with definitions of one's own, made in Python, after those that it has.

        Raises
        ------
        SpecificationError
            Two definitions or features have one name, or a code list or group is not there.
        """
        together = Catalogue(
            (*self.definitions, *definitions), {**self.codelists, **{own.name: own for own in codelists}}
        )
        faults = [*_twice(definition.name for definition in together.definitions), *together.faults()]
        if faults:
            raise SpecificationError.of(faults)
        return together

    def faults(self) -> list[str]:
        """Say what does not fit together: code lists and groups that are not there, two features of one name."""
        faults = []
        for definition in self.definitions:
            if definition.codes is None:
                continue
            if definition.codes not in self.codelists:
                known = ", ".join(sorted(self.codelists)) or "none is there"
                faults.append(
                    f"{definition.name}: codes names the code list {definition.codes}, which is not in codelists/."
                    f" Expected one of: {known}."
                )
                continue
            codelist = self.codelists[definition.codes]
            unknown = [group for group in definition.groups if group not in codelist.all_groups]
            if unknown:
                faults.append(
                    f"{definition.name}: groups names {', '.join(unknown)}, which the code list {codelist.name} does"
                    f" not have. Expected some of: {', '.join(codelist.all_groups)}."
                )
        if not faults:
            faults += [f"features: {fault}" for fault in _twice(feature.name for feature in self.features)]
        return faults


def _twice(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    again: dict[str, None] = {}
    for name in names:
        if name in seen:
            again[name] = None
        seen.add(name)
    if not again:
        return []
    return [f"two definitions yield the feature {', '.join(again)}. Rename one of the definitions."]


def read_catalogue(*folders: Path, sensitive: Iterable[str] = ()) -> Catalogue:
    """Read all declarations and code lists of the shipped folder and of the folders given beside it.

    Parameters
    ----------
    sensitive
        Kinds of sensitive code groups that governance allows (such as ``"hiv"``); all others are left out.

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
        if not folder.is_dir():
            faults.append(f"{folder}: no such folder. Name a folder of feature declarations (*.toml, codelists/*.csv).")
            continue
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
    allowed = frozenset(sensitive)
    catalogue = Catalogue(
        tuple(definitions.values()), {name: codelist.allowing(allowed) for name, codelist in codelists.items()}
    )
    faults += catalogue.faults()
    if faults:
        raise SpecificationError.of(faults)
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
    filled = dict(entry)
    for key in ("where", "part"):
        condition = entry.get(key)
        if isinstance(condition, dict):
            filled[key] = {
                column: sets.get(values[1:], values) if isinstance(values, str) and values.startswith("@") else values
                for column, values in condition.items()
            }
    return filled
