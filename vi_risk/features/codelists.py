"""Code lists: which clinical codes belong to which group, read from CSV and matched against codes in use.

A code of ICD-10, OPCS-4 or BNF stands for itself and everything below it (I50 matches I50.1); SNOMED CT and Read codes
stand for themselves. Dots and case do not matter.
"""

import csv
import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from vi_risk.errors import SpecificationError

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
    groups
        Group -> title for people, of the groups that have entries.
    replaced_by
        Group -> the group that counts instead where both are there.
    sensitive
        Group -> kind, of the groups that governance must allow; `allowing` leaves the others out.
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


def read_codelists(folder: Path) -> dict[str, CodeList]:
    """Read every CSV file of a folder; a folder that is not there holds none.

    Raises
    ------
    SpecificationError
        A header, a code, a group or points are malformed, or a code stands twice in one group; all faults at once.
    """
    faults: list[str] = []
    lists = {path.stem: _read(path, faults) for path in sorted(folder.glob("*.csv"))}
    if faults:
        raise SpecificationError.of(faults)
    return lists


def _read(path: Path, faults: list[str]) -> CodeList:
    where = f"codelists/{path.name}"
    entries: list[CodeEntry] = []
    groups: dict[str, str] = {}
    of_group: dict[str, dict[str, str | float]] = {"points": {}, "replaced_by": {}, "sensitive": {}}
    seen: dict[tuple[str, str, str], int] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [line for line in file if not line.startswith("#")]
        rows = list(csv.DictReader(lines))
    except (UnicodeDecodeError, csv.Error):
        faults.append(f"{where}: is not CSV text in UTF-8. Save it as UTF-8 CSV.")
        return CodeList(path.stem, (), {})
    header = tuple(rows[0]) if rows else ()
    if not set(header) <= set(_COLUMNS) or not {"system", "code", "group"} <= set(header):
        faults.append(
            f"{where}: the header must be {','.join(_COLUMNS)} (title and those after it optional), got {header}."
        )
        return CodeList(path.stem, (), {})
    for number, row in enumerate(rows, start=1):
        at = f"{where}: entry {number}"
        if None in row or None in row.values():
            faults.append(
                f"{at}: has {'more' if None in row else 'fewer'} cells than the header. Quote commas in titles."
            )
            continue
        system, code, group = row["system"].strip(), row["code"].strip(), row["group"].strip()
        shape = _SHAPES.get(system)
        if shape is None:
            faults.append(f"{at}: system must be one of {', '.join(_SHAPES)}, got {system!r}.")
            continue
        plain = plain_code(system, code)
        if not shape.fullmatch(plain):
            faults.append(f"{at}: {code!r} is not a {system} code.")
        if not _GROUP.fullmatch(group):
            faults.append(f"{at}: a group is lower case letters, digits and underscores, got {group!r}.")
        if (system, plain, group) in seen:
            faults.append(f"{at}: {code} stands already as entry {seen[system, plain, group]}. Remove one.")
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
    sensitive = {group: str(kind) for group, kind in of_group["sensitive"].items() if kind}
    return CodeList(path.stem, tuple(entries), groups, replaced_by, sensitive)
