"""The catalogue: all declared definitions with the code lists that they name, read from folders of TOML and CSV."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, get_args

from pydantic import ValidationError

from vi_risk import declared
from vi_risk.errors import SpecificationError
from vi_risk.features.codelists import CodeList, read_codelists
from vi_risk.features.definition import WORDS, Definition, Domain, Feature

_TAKEN = "{where}: a feature of this name is declared already. Rename one of the two."


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
    def sensitive(self) -> dict[str, bool]:
        """Every kind of sensitive code group -> whether features read it, as governance allows."""
        return {
            kind: group in codelist.groups
            for codelist in self.codelists.values()
            for group, kind in codelist.sensitive.items()
        }

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
        taken = {definition.name for definition in self.definitions}
        faults = [_TAKEN.format(where=name) for name in _again([*taken, *(own.name for own in definitions)])]
        faults += together.faults()
        if faults:
            raise SpecificationError.of(faults)
        return together

    def to_json(self) -> str:
        """Return the whole catalogue as JSON, a line for each definition and each code, to be read back elsewhere."""
        definitions = [definition.model_dump(mode="json", exclude_defaults=True) for definition in self.definitions]
        lists = [f'"{name}": {codelist.to_json()}' for name, codelist in sorted(self.codelists.items())]
        return (
            '{"definitions": [\n'
            + ",\n".join(json.dumps(content, ensure_ascii=False) for content in definitions)
            + '\n], "codelists": {\n'
            + ",\n".join(lists)
            + "\n}}\n"
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the catalogue that `to_json` wrote.

        Raises
        ------
        ValueError
            The text is not what `to_json` wrote.
        """
        try:
            content = json.loads(text)
            return cls(
                tuple(Definition.model_validate(one) for one in content["definitions"]),
                {name: CodeList.from_json(name, one) for name, one in content["codelists"].items()},
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            msg = "is not a catalogue as it was written"
            raise ValueError(msg) from None

    def faults(self, places: Mapping[str, str] | None = None) -> list[str]:
        """Say what does not fit together: code lists and groups that are not there, two features of one name.

        Parameters
        ----------
        places
            Definition -> where it is declared, for the messages.
        """
        faults = []
        yielded: dict[str, str] = {}
        for definition in self.definitions:
            where = (places or {}).get(definition.name, definition.name)
            if definition.codes is not None and definition.codes not in self.codelists:
                known = ", ".join(sorted(self.codelists)) or "none is there"
                faults.append(
                    f"{where}: codes names the code list {definition.codes}, which is not in codelists/."
                    f" Expected one of: {known}."
                )
                continue
            if definition.codes is not None:
                codelist = self.codelists[definition.codes]
                unknown = [group for group in definition.groups if group not in codelist.all_groups]
                if unknown:
                    faults.append(
                        f"{where}: groups names {', '.join(unknown)}, which the code list {codelist.name} does"
                        f" not have. Expected some of: {', '.join(codelist.all_groups)}."
                    )
            for feature in self.features_of(definition):
                other = yielded.setdefault(feature.name, definition.name)
                if other != definition.name:
                    faults.append(
                        f"{where}: yields the feature {feature.name}, as {other} does. Rename one of the two."
                    )
        return faults


def _again(names: Iterable[str]) -> list[str]:
    """Return the names that come more than once."""
    return [name for name, times in Counter(names).items() if times > 1]


def read_catalogue(*folders: Path | str, sensitive: Iterable[str] | Mapping[str, bool] = ()) -> Catalogue:
    """Read all declarations and code lists of the shipped folder and of the folders given beside it.

    Parameters
    ----------
    sensitive
        Kinds of sensitive code groups that governance allows (such as ``"hiv"``), or kind -> whether it does; all
        others are left out.

    Raises
    ------
    SpecificationError
        Any file has a fault; the message has one line for each fault of each file.
    """
    faults: list[str] = []
    definitions: dict[str, Definition] = {}
    places: dict[str, str] = {}
    codelists: dict[str, CodeList] = {}
    unread: set[str] = set()
    files: list[tuple[Path, dict[str, Any]]] = []
    for folder in (declared.shipped("features"), *map(Path, folders)):
        if not folder.is_dir():
            faults.append(f"{folder}: no such folder. Name a folder of feature declarations (*.toml, codelists/*.csv).")
            continue
        for path in sorted(folder.glob("*.toml")):
            try:
                files.append((path, declared.read_toml(path)))
            except SpecificationError as error:
                faults.append(str(error))
        try:
            lists = read_codelists(folder / "codelists")
        except SpecificationError as error:
            faults.append(str(error))
            unread |= {path.stem for path in (folder / "codelists").glob("*.csv")}
            continue
        faults += [
            f"{folder.name}/codelists/{name}.csv: a code list of this name is there already. Rename one of the two."
            for name in lists
            if name in codelists
        ]
        codelists |= lists
    sets = _sets(files, faults)
    for path, content in files:
        entries = {name: entry for name, entry in content.items() if name not in ("domain", "sets")}
        domain = content.get("domain")
        if entries and domain not in get_args(Domain):
            faults.append(_domain_fault(path, domain))
            domain = get_args(Domain)[0]  # so that the faults of its entries are told too
        for name, entry in entries.items():
            where = f"{path.parent.name}/{path.name}: {name}"
            if name in places:
                faults.append(_TAKEN.format(where=where))
                continue
            faults += _entry_faults(entry, where)
            if not isinstance(entry, dict):
                continue
            places[name] = where
            try:
                definitions[name] = Definition.model_validate(
                    _with_sets(entry, sets) | {"name": name, "domain": domain}
                )
            except ValidationError as error:
                faults += declared.faults_of(error, where)
    named = dict(sensitive) if isinstance(sensitive, Mapping) else dict.fromkeys(sensitive, True)
    faults += _unknown_kinds(named, codelists.values())
    allowed = {kind for kind, may_be_read in named.items() if may_be_read}
    catalogue = Catalogue(
        tuple(one for one in definitions.values() if one.codes not in unread - codelists.keys()),
        {name: codelist.allowing(allowed) for name, codelist in codelists.items()},
    )
    faults += catalogue.faults(places)
    if faults:
        raise SpecificationError.of(faults)
    return catalogue


def _domain_fault(path: Path, domain: object) -> str:
    said = "is missing" if domain is None else f"is {domain!r}"
    known = ", ".join(f'"{name}"' for name in get_args(Domain))
    return f"{path.parent.name}/{path.name}: domain: {said}. Expected, at the head of the file, one of {known}."


def _unknown_kinds(named: Iterable[str], codelists: Iterable[CodeList]) -> list[str]:
    known = sorted({kind for codelist in codelists for kind in codelist.sensitive.values()})
    return [
        f"sensitive.{kind}: no code list has groups of this kind. Expected one of: {', '.join(known) or 'none'}."
        " Check the spelling in the governance file."
        for kind in named
        if kind not in known
    ]


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
            if not isinstance(values, list):
                faults.append(f"{where}.{name}: expected a list of values, got {values!r}. Write it in [brackets].")
                continue
            if name in sets and sets[name] != values:
                faults.append(f"{where}.{name}: another file has a set of this name with other values. Rename one.")
            sets[name] = values
    return sets


def _entry_faults(entry: object, where: str) -> list[str]:
    if not isinstance(entry, dict):
        return [f"{where}: is no known key. Expected domain, [sets], or an entry: [{where.rpartition(' ')[2]}]."]
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
