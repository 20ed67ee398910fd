"""Code lists: which clinical codes belong to which group, read from CSV and matched against codes in use.

A code of ICD-10, OPCS-4 or BNF stands for itself and everything below it (I50 matches I50.1); SNOMED CT and Read codes
stand for themselves. Dots and case do not matter.
"""

import csv
import json
import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

PREFIX_SYSTEMS = ("icd10", "opcs4", "bnf")
_SHAPES = {
    "icd10": re.compile(r"[A-Z][0-9][0-9A-Z]{0,4}"),
    "opcs4": re.compile(r"[A-Z][0-9]{2}[0-9]?"),
    "bnf": re.compile(r"[0-9A-Z]{2,15}"),
    "snomed": re.compile(r"[0-9]{6,18}"),
    "read2": re.compile(r"[0-9A-Za-z.]{1,7}"),
    "ctv3": re.compile(r"[0-9A-Za-z.]{1,5}"),
}
_COLUMNS = ("system", "code", "group", "title", "points", "replaced_by", "sensitive")
_GROUP = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """One code of a list: its system, its group and, in a score, the points of the group."""

    system: str
    code: str
    group: str
    points: float = 1.0


@dataclass(frozen=True, slots=True)
class CodeList:
    """A named list of codes in groups.

    Attributes
    ----------
    name
        As definitions name it: that of the file, without .csv.
    entries
        One for each code of each group: its system, the code, the group and its points in a score.
    groups
        Group -> title for people, of the groups that have entries.
    replaced_by
        Group -> the group that counts instead where both are there.
    sensitive
        Group -> kind, of the groups that governance must allow; `allowing` leaves the others out.

    Examples
    --------
    A code takes in all codes below it; of a match are told the code in use, its group and its points.

    >>> import vi_risk
    >>> conditions = vi_risk.read_catalogue().codelists["long_term_conditions"]
    >>> conditions.match([("icd10", "I500"), ("icd10", "Z999")])
    [('icd10', 'I500', 'heart_failure', 1.0)]
    """

    name: str
    entries: tuple[CodeEntry, ...]
    groups: Mapping[str, str]
    replaced_by: Mapping[str, str] = field(default_factory=dict)
    sensitive: Mapping[str, str] = field(default_factory=dict)

    @property
    def all_groups(self) -> tuple[str, ...]:
        """Every group, those left out as sensitive among them."""
        return tuple(dict.fromkeys([*self.groups, *self.sensitive]))

    @property
    def content(self) -> list[tuple[str, str, str, float, str]]:
        """All that decides which rows count for what, in a fixed order."""
        return sorted((e.system, e.code, e.group, e.points, self.replaced_by.get(e.group, "")) for e in self.entries)

    def allowing(self, kinds: Collection[str]) -> Self:
        """Return the list without the sensitive groups that are not of these kinds."""
        left_out = {group for group, kind in self.sensitive.items() if kind not in kinds}
        return replace(
            self,
            entries=tuple(entry for entry in self.entries if entry.group not in left_out),
            groups={group: title for group, title in self.groups.items() if group not in left_out},
        )

    def to_json(self) -> str:
        """Return all but the name as JSON, a line for each code."""
        words = {"groups": self.groups, "replaced_by": self.replaced_by, "sensitive": self.sensitive}
        head = json.dumps({key: dict(said) for key, said in words.items()}, ensure_ascii=False).removesuffix("}")
        entries = [json.dumps([entry.system, entry.code, entry.group, entry.points]) for entry in self.entries]
        return head + ', "entries": [\n' + ",\n".join(entries) + "\n]}"

    @classmethod
    def from_json(cls, name: str, content: Mapping[str, Any]) -> Self:
        """Return the list of that name from the content that `to_json` wrote, read as JSON."""
        entries = tuple(CodeEntry(*entry) for entry in content["entries"])
        return cls(name, entries, content["groups"], content["replaced_by"], content["sensitive"])

    def match(self, codes_in_use: Iterable[tuple[str, str]]) -> list[tuple[str, str, str, float]]:
        """Return (system, code, group, points) for every code in use that belongs to a group, once per group.

        `codes_in_use` are (system, code) pairs as the records write them; they come back unchanged, so that the
        result can be joined to the records by equality.
        """
        exact: dict[tuple[str, str], list[CodeEntry]] = {}
        for entry in self.entries:
            exact.setdefault((entry.system, entry.code), []).append(entry)
        matches: set[tuple[str, str, str, float]] = set()
        for system, code in codes_in_use:
            plain = plain_code(system, code)
            stems = (plain[:n] for n in range(1, len(plain) + 1)) if system in PREFIX_SYSTEMS else (plain,)
            for stem in stems:
                for entry in exact.get((system, stem), ()):
                    matches.add((system, code, entry.group, entry.points))
        return sorted(matches)


def plain_code(system: str, code: str) -> str:
    """Return a code without dots, spaces and case where its system does not use them ('i50.1' -> 'I501')."""
    if system in ("icd10", "opcs4"):
        return re.sub(r"[^0-9A-Z]", "", code.upper())
    return code.strip().upper() if system == "bnf" else code.strip()


def code_faults(codes: object, groups: object, codelists: Mapping[str, CodeList]) -> list[str]:
    """Say which code list or groups that an entry names are not there; of another type they are told elsewhere."""
    if not isinstance(codes, str):
        return []
    if codes not in codelists:
        known = ", ".join(sorted(codelists)) or "none is there"
        return [f"codes names the code list {codes}, which is not in codelists/. Expected one of: {known}."]
    there = codelists[codes].all_groups
    unknown = [str(group) for group in groups if group not in there] if isinstance(groups, list | tuple) else []
    if not unknown:
        return []
    named = f"groups names {', '.join(unknown)}, which the code list {codes} does not have"
    return [f"{named}. Expected some of: {', '.join(there)}."]


def codelists_and_faults(folder: Path) -> tuple[dict[str, CodeList], dict[str, list[str]]]:
    """Return the code lists of a folder that are sound, and name -> faults of the others.

    Every CSV file is one; a folder that is not there holds none. A fault is a header, a code, a group or points that
    are malformed, or a code that stands twice in one group.
    """
    lists: dict[str, CodeList] = {}
    faults: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.csv")):
        found: list[str] = []
        codelist = _read(path, found)
        if found:
            faults[path.stem] = found
        else:
            lists[path.stem] = codelist
    return lists, faults


def _read(path: Path, faults: list[str]) -> CodeList:
    where = f"{path.parent.parent.name}/codelists/{path.name}"
    entries: list[CodeEntry] = []
    groups: dict[str, str] = {}
    of_group: dict[str, dict[str, str | float]] = {"points": {}, "replaced_by": {}, "sensitive": {}}
    seen: dict[tuple[str, str, str], int] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = {number: line for number, line in enumerate(file, start=1) if not line.startswith("#")}
        reader = csv.DictReader(lines.values(), strict=True)
        header = tuple(reader.fieldnames or ())
        numbers = list(lines)
        rows = [(numbers[reader.line_num - 1], row) for row in reader]
    except UnicodeDecodeError:
        faults.append(f"{where}: is not text in UTF-8. Save it as UTF-8 CSV.")
        return CodeList(path.stem, (), {})
    except csv.Error as error:
        faults.append(f"{where}: is not whole CSV ({error}). Look for a quote that is opened and not closed.")
        return CodeList(path.stem, (), {})
    except OSError as error:
        faults.append(f"{where}: cannot be read ({error.strerror}). Check that it is a file that you may read.")
        return CodeList(path.stem, (), {})
    fits = set(header) <= set(_COLUMNS) and {"system", "code", "group"} <= set(header)
    if not fits or len(set(header)) < len(header):
        faults.append(
            f"{where}: the header must be {','.join(_COLUMNS)} (title and those after it optional),"
            f" got {','.join(header) or 'none'}."
        )
        return CodeList(path.stem, (), {})
    if not rows:
        faults.append(f"{where}: has no codes. Add some, or remove the file.")
    for number, row in rows:
        at = f"{where}: line {number}"
        if None in row:
            faults.append(f"{at}: has more cells than the header. Quote a title that has a comma.")
            continue
        if None in row.values():
            faults.append(f"{at}: has fewer cells than the header. Write a comma for each that is empty.")
            continue
        system, code, group = row["system"].strip(), row["code"].strip(), row["group"].strip()
        shape = _SHAPES.get(system)
        if shape is None:
            faults.append(f"{at}: system must be one of {', '.join(_SHAPES)}, got {system!r}.")
            continue
        plain = plain_code(system, code)
        if not shape.fullmatch(plain):
            faults.append(f"{at}: {code!r} has not the shape of a code of {system}. Check it against its source.")
        if not _GROUP.fullmatch(group):
            faults.append(f"{at}: a group is lower case letters, digits and underscores, got {group!r}.")
        if (system, plain, group) in seen:
            faults.append(f"{at}: {code} stands already in line {seen[system, plain, group]}. Remove one.")
        seen[system, plain, group] = number
        try:
            points = float(row.get("points") or 1)
            if not math.isfinite(points):
                raise ValueError
        except ValueError:
            faults.append(f"{at}: points must be a number, got {row['points']!r}.")
            continue
        said = {"points": points} | {key: (row.get(key) or "").strip() for key in ("replaced_by", "sensitive")}
        faults += [
            f"{at}: group {group} has two different {key}. A group is one thing: say the same in each of its rows."
            for key, value in said.items()
            if of_group[key].setdefault(group, value) != value
        ]
        groups.setdefault(group, (row.get("title") or group.replace("_", " ")).strip())
        entries.append(CodeEntry(system, plain, group, points))
    replaced_by = {group: str(by) for group, by in of_group["replaced_by"].items() if by}
    faults += [
        f"{where}: group {group} is replaced by {by}, which is no other group of the list. Check the spelling."
        for group, by in replaced_by.items()
        if by not in groups or by == group
    ]
    faults += [
        f"{where}: group {group} is replaced by itself, by way of {replaced_by[group]}. Of two, one is the severe form."
        for group in replaced_by
        if replaced_by[group] != group and _comes_back(group, replaced_by)
    ]
    sensitive = {group: str(kind) for group, kind in of_group["sensitive"].items() if kind}
    return CodeList(path.stem, tuple(entries), groups, replaced_by, sensitive)


def _comes_back(group: str, replaced_by: Mapping[str, str]) -> bool:
    """Whether what replaces a group, and what replaces that, leads to the group again."""
    here, steps = replaced_by.get(group), 0
    while here is not None and here != group and steps < len(replaced_by):
        here, steps = replaced_by.get(here), steps + 1
    return here == group
