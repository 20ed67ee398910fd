"""Declarations: folders of TOML and CSV files, read as a whole, so that all faults of all files are told at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, get_args

from vi_risk import declared
from vi_risk.errors import SpecificationError
from vi_risk.features.codelists import CodeList, code_faults, codelists_and_faults
from vi_risk.features.conditions import Values
from vi_risk.features.definition import Definition, Domain, read_definition

# Stands beside the features that it speaks of, and declares none (`vi_risk.reasons.prompts`).
PROMPTS_FILE = "prompts.toml"

_HEAD = ("domain", "sets")  # what stands in a file beside its entries
_DOMAINS = get_args(Domain)


@dataclass
class Declarations:
    """What was read of some folders, and every fault of it.

    Attributes
    ----------
    broken_lists
        Code lists that are there and have faults of their own.
    places
        Definition -> where it is declared.
    """

    faults: list[str] = field(default_factory=list)
    files: list[tuple[Path, dict[str, Any]]] = field(default_factory=list)
    sets: dict[str, Values] = field(default_factory=dict)
    codelists: dict[str, CodeList] = field(default_factory=dict)
    broken_lists: set[str] = field(default_factory=set)
    definitions: dict[str, Definition] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_folders(cls, *folders: Path) -> Self:
        """Read the shipped folder and those given beside it."""
        found = cls()
        for folder in found._readable(declared.shipped("features"), *folders):
            found._read_folder(folder)
        found._read_entries()
        return found

    # --- folders ----------------------------------------------------------------------------------------------------

    def _readable(self, shipped: Path, *others: Path) -> list[Path]:
        """Return the folders to read, each once, the shipped one first."""
        folders = {shipped.resolve(): shipped}
        for folder in others:
            if folder.resolve() == shipped.resolve():
                self.faults.append(f"{folder}: is the shipped folder, which is always read. Leave it out.")
            elif folder.resolve() in folders:
                self.faults.append(f"{folder}: is given twice. Name each folder once.")
            elif folder.is_file():
                self.faults.append(f"{folder}: is a file. Name the folder in which it lies.")
            elif not folder.is_dir():
                said = "no such folder. Name a folder of feature declarations (*.toml, codelists/*.csv)"
                self.faults.append(f"{folder}: {said}.")
            elif not _files(folder):
                said = "holds no feature declarations. Expected *.toml, or codelists/*.csv, in it"
                self.faults.append(f"{folder}: {said}.")
            elif outside := [path for path in _files(folder) if declared.leads_out(path, folder)]:
                said = "is a link that leads out of the folder. Put the file itself there"
                self.faults += [f"{path}: {said}." for path in outside]
            else:
                folders[folder.resolve()] = folder
        return list(folders.values())

    def _read_folder(self, folder: Path) -> None:
        for path in feature_files(folder):
            try:
                content = declared.read_toml(path)
            except SpecificationError as error:
                self.faults.append(str(error))
            else:
                self.files.append((path, content))
                self._read_sets(path, content.get("sets", {}))
        lists, broken = codelists_and_faults(folder / "codelists")
        self.faults += [fault for found in broken.values() for fault in found]
        self.broken_lists |= broken.keys() - self.codelists.keys()
        self.faults += [
            f"{folder.name}/codelists/{name}.csv: a code list of this name is there already. Rename one of the two."
            for name in lists
            if name in self.codelists
        ]
        self.codelists = {**lists, **self.codelists}

    def _read_sets(self, path: Path, named: object) -> None:
        where = f"{_shown(path)}: sets"
        if not isinstance(named, dict):
            self.faults.append(f"{where}: is not a table. Expected [sets] with a list of values for each name.")
            return
        for name, values in named.items():
            if not isinstance(values, list):
                said = f"expected a list of values, got {values!r}. Write it in [brackets]"
                self.faults.append(f"{where}.{name}: {said}.")
            elif self.sets.setdefault(name, tuple(values)) != tuple(values):
                said = "another file has a set of this name with other values. Rename one"
                self.faults.append(f"{where}.{name}: {said}.")

    # --- entries ----------------------------------------------------------------------------------------------------

    def _read_entries(self) -> None:
        for path, content in self.files:
            entries = {name: entry for name, entry in content.items() if name not in _HEAD}
            domain = content.get("domain")
            if entries and domain not in _DOMAINS:
                self.faults.append(_domain_fault(path, domain))
                domain = _DOMAINS[0]  # so that the faults of its entries are told too
            for name, entry in entries.items():
                where = f"{_shown(path)}: {name}"
                if isinstance(entry, dict):
                    self._read_entry(name, entry, where, domain)
                else:
                    said = f"is no known key. Expected domain, [sets], or an entry: [{name}]"
                    self.faults.append(f"{where}: {said}.")

    def _read_entry(self, name: str, entry: dict[str, Any], where: str, domain: object) -> None:
        content = {key: value for key, value in entry.items() if key not in _OF_THE_FILE}
        faults = [
            f"{key}: is not a key of an entry; {why}. Remove it." for key, why in _OF_THE_FILE.items() if key in entry
        ]
        filled, unknown = _with_sets(content, self.sets)
        faults += unknown
        emptied = {key for key in ("where", "part") if content.get(key) and not filled[key]}
        definition, errors = read_definition({**filled, "name": name, "domain": domain}, unsure=emptied)
        codes = content.get("codes")
        if definition is None and not (isinstance(codes, str) and codes in self.broken_lists):
            faults += code_faults(codes, content.get("groups"), self.codelists)
        if name in self.places:
            at = self.places[name].rpartition(": ")[0]
            faults.append(f"a feature of this name is declared already, in {at}. Rename one of the two.")
        elif definition is not None:
            self.definitions[name] = definition
        self.places.setdefault(name, where)
        self.faults += [f"{where}: {fault}" for fault in faults]
        self.faults += [fault for error in errors for fault in declared.faults_of(error, where)]


def feature_files(folder: Path) -> list[Path]:
    """Return the files of a folder that declare features, by name."""
    return sorted(path for path in folder.glob("*.toml") if path.name != PROMPTS_FILE)


def _files(folder: Path) -> list[Path]:
    return [*feature_files(folder), *sorted(folder.glob("codelists/*.csv"))]


_OF_THE_FILE = {"name": "the name stands in brackets", "domain": "the domain stands at the head of the file"}


def _shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _domain_fault(path: Path, domain: object) -> str:
    said = "is missing" if domain is None else f"is {domain!r}"
    known = ", ".join(f'"{name}"' for name in _DOMAINS)
    return f"{_shown(path)}: domain: {said}. Expected, at the head of the file, one of {known}."


def _with_sets(entry: dict[str, Any], sets: Mapping[str, Values]) -> tuple[dict[str, Any], list[str]]:
    """Put the values of named sets ("@emergency") in their places, and say which are not there.

    A condition on a set that is not there is left out, so that it is told once.
    """
    filled, faults = dict(entry), []
    for key in ("where", "part"):
        condition = entry.get(key)
        if not isinstance(condition, dict):
            continue
        filled[key] = {}
        for column, values in condition.items():
            if not (isinstance(values, str) and values.startswith("@")):
                filled[key][column] = values
            elif values[1:] in sets:
                filled[key][column] = sets[values[1:]]
            else:
                known = ", ".join(sorted(sets)) or "none"
                said = f"names the set {values}, which no file declares under [sets]. Expected one of: {known}"
                faults.append(f"{key}.{column} {said}.")
    return filled, faults
