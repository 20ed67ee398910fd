"""The catalogue: all declared definitions with the code lists that they name, read from folders of TOML and CSV."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from vi_risk.errors import SpecificationError, UsageError
from vi_risk.features.codelists import CodeList, code_faults
from vi_risk.features.conditions import Values
from vi_risk.features.declarations import Declarations
from vi_risk.features.definition import WORDS, Definition, Feature
from vi_risk.records.codes import SENSITIVE_KIND


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All declared definitions with the code lists that they name.

    Attributes
    ----------
    definitions
        In declared order.
    codelists
        Name -> code list, as definitions name them.
    sets
        Named value sets of the declared files, for definitions of one's own:
        ``where={"admission_method": catalogue.sets["emergency"]}``.

    Examples
    --------
    >>> import vi_risk
    >>> catalogue = vi_risk.read_catalogue().only("age", "emergency_admissions")
    >>> [feature.name for feature in catalogue.features][-2:]
    ['emergency_admissions_730d', 'age']
    """

    definitions: tuple[Definition, ...]
    codelists: Mapping[str, CodeList]
    sets: Mapping[str, Values] = field(default_factory=dict)

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

        Parameters
        ----------
        definitions
            From `vi_risk.Definition`.
        codelists
            Those that the definitions name and the catalogue has not.

        Raises
        ------
        SpecificationError
            Two definitions, features or code lists have one name, or a code list or group is not there.
        """
        own_lists = list(codelists)
        together = Catalogue(
            (*self.definitions, *definitions), {**self.codelists, **{own.name: own for own in own_lists}}, self.sets
        )
        names = {
            "definition": Counter(definition.name for definition in together.definitions),
            "code list": Counter([*self.codelists, *(own.name for own in own_lists)]),
        }
        faults = [
            f"{name}: a {what} of this name is there already. Rename one of the two."
            for what, of_names in names.items()
            for name, times in of_names.items()
            if times > 1
        ]
        faults += together.faults()
        if faults:
            raise SpecificationError.of(faults)
        return together

    def only(self, *names: str) -> "Catalogue":
        """Return a catalogue of some of the definitions, in their order, with every code list.

        Parameters
        ----------
        names
            Of definitions, each of which yields one feature or several: `emergency_admissions`, not
            `emergency_admissions_365d`.

        Raises
        ------
        UsageError
            A definition is not declared.

        Examples
        --------
        >>> import vi_risk
        >>> [feature.name for feature in vi_risk.read_catalogue().only("age", "medicines").features]
        ['age', 'medicines_90d']
        """
        if unknown := sorted({*names} - {definition.name for definition in self.definitions}):
            msg = (
                f"catalogue: {', '.join(unknown)}: no such definition. Look the name up with `vi-risk features list`,"
                " and leave out the days at its end."
            )
            raise UsageError(msg)
        return Catalogue(tuple(one for one in self.definitions if one.name in names), self.codelists, self.sets)

    def to_json(self) -> str:
        """Return the whole catalogue as JSON, a line for each definition and each code, to be read back elsewhere."""
        definitions = [definition.model_dump(mode="json", exclude_defaults=True) for definition in self.definitions]
        lists = [f'"{name}": {codelist.to_json()}' for name, codelist in sorted(self.codelists.items())]
        return (
            '{"definitions": [\n'
            + ",\n".join(json.dumps(content, ensure_ascii=False) for content in definitions)
            + '\n], "codelists": {\n'
            + ",\n".join(lists)
            + f'\n}}, "sets": {json.dumps(dict(self.sets), ensure_ascii=False)}}}\n'
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
                {name: tuple(values) for name, values in content["sets"].items()},
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
            found = code_faults(definition.codes, definition.groups, self.codelists)
            found += _mixed_faults(definition, self.codelists)
            faults += [f"{where}: {fault}" for fault in found]
            if definition.codes is not None and definition.codes not in self.codelists:
                continue
            for feature in self.features_of(definition):
                other = yielded.setdefault(feature.name, definition.name)
                if other != definition.name:
                    faults.append(
                        f"{where}: yields the feature {feature.name}, as {other} does. Rename one of the two."
                    )
        return faults


def _mixed_faults(definition: Definition, codelists: Mapping[str, CodeList]) -> list[str]:
    """Say that a definition reckons with values of several groups as if one thing had been measured."""
    codelist = codelists.get(definition.codes or "")
    if codelist is None or not definition.in_units or definition.any_unit:
        return []
    read = [group for group in codelist.all_groups if not definition.groups or group in definition.groups]
    if len(read) < 2:
        return []
    reckons = f"measure {definition.measure} reckons with {definition.of} of {len(read)} groups"
    return [f"{reckons} as if they were one measurement: {', '.join(read)}. Name one of them in groups."]


def read_catalogue(*folders: Path | str, sensitive: Iterable[str] | Mapping[str, bool] = ()) -> Catalogue:
    """Read all declarations and code lists of the shipped folder and of the folders given beside it.

    Parameters
    ----------
    folders
        With declarations of one's own, as features/README.md describes them; none are needed.
    sensitive
        Kinds of sensitive code groups that governance allows (such as ``"hiv"``), or kind -> whether it does; all
        others are left out.

    Returns
    -------
    Catalogue
        Definitions in declared order, the shipped ones first.

    Raises
    ------
    SpecificationError
        Any file has a fault; the message has one line for each fault of each file.

    Examples
    --------
    >>> import vi_risk
    >>> catalogue = vi_risk.read_catalogue()
    >>> [feature.name for feature in catalogue.features if feature.name.startswith("emergency_admissions_")][:2]
    ['emergency_admissions_30d', 'emergency_admissions_90d']
    """
    found = Declarations.of_folders(*map(Path, folders))
    named = dict(sensitive) if isinstance(sensitive, Mapping) else dict.fromkeys(sensitive, True)
    allowed = {kind for kind, may_be_read in named.items() if may_be_read}
    catalogue = Catalogue(
        tuple(one for one in found.definitions.values() if one.codes not in found.broken_lists),
        {name: codelist.allowing(allowed) for name, codelist in found.codelists.items()},
        found.sets,
    )
    faults = [
        *found.faults,
        *catalogue.faults(found.places),
        *_unknown_kinds(named, found.codelists.values()),
    ]
    if faults:
        raise SpecificationError.of(faults)
    return catalogue


def _unknown_kinds(named: Iterable[str], codelists: Iterable[CodeList]) -> list[str]:
    known = sorted({kind for codelist in codelists for kind in codelist.sensitive.values()} | {*SENSITIVE_KIND})
    return [
        f"sensitive.{kind}: no code list has groups of this kind. Expected one of: {', '.join(known) or 'none'}."
        " Check the spelling in the governance file."
        for kind in named
        if kind not in known
    ]
