"""Which rows have a code of a code list: matched through the distinct codes in use, then joined by equality."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from vi_risk.features.catalogue import Catalogue
from vi_risk.features.definition import Definition
from vi_risk.features.sources import CODE_COLUMNS, CODE_SYSTEMS

_KEYS = [("_system", pa.string()), ("_code", pa.string())]

# A code list and those of its groups that count.
Chosen = tuple[str, tuple[str, ...]]


def chosen_by(definition: Definition) -> Chosen:
    """Return the code list and the groups of it that a definition reads."""
    return definition.codes or "", definition.groups


@dataclass(frozen=True)
class Codes:
    """The codes that a source has in use, as (system, code) pairs, and the column that holds them."""

    catalogue: Catalogue
    column: str
    system: str | None  # None: the source says it row by row
    in_use: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, catalogue: Catalogue, source: str, rows: ir.Table) -> "Codes":
        """Ask a source for its distinct codes."""
        column, system = CODE_COLUMNS[source], CODE_SYSTEMS.get(source)
        columns = [column] if system else ["code_system", column]
        found = rows.filter(rows[column].notnull()).select(columns).distinct().to_pyarrow()
        codes = found[column].to_pylist()
        systems = [system] * len(codes) if system else found["code_system"].to_pylist()
        return cls(catalogue, column, system, tuple(sorted((s, c) for s, c in zip(systems, codes, strict=True) if s)))

    def flagged(self, rows: ir.Table, lists: Iterable[Chosen], *, only_matched: bool) -> ir.Table:
        """Add a column for each list, true where the row's code is in it; other rows stay or drop out."""
        chosen = list(lists)
        inside = [{(s, c) for s, c, *_ in self.matches(one)} for one in chosen]
        pairs = sorted(set().union(*inside))
        columns = {"_system": [s for s, _ in pairs], "_code": [c for _, c in pairs]}
        flags = {flag_of(one): [pair in codes for pair in pairs] for one, codes in zip(chosen, inside, strict=True)}
        schema = pa.schema([*_KEYS, *((name, pa.bool_()) for name in flags)])
        matches = ibis.memtable(pa.table(columns | flags, schema=schema))
        if only_matched:
            return rows.join(matches, self.same_code(rows, matches)).drop("_system", "_code")
        joined = rows.left_join(matches, self.same_code(rows, matches)).drop("_system", "_code")
        return joined.mutate(**{name: joined[name].fill_null(False) for name in flags})

    def grouped(self, rows: ir.Table, lists: Iterable[Chosen]) -> tuple[ir.Table, dict[tuple[Chosen, str], int]]:
        """Return the rows with a code of the lists once per group, as `_place`; and (list, group) -> place."""
        place: dict[tuple[Chosen, str], int] = {}
        matched: set[tuple[str, str, int]] = set()
        for one in lists:
            for group in self.catalogue.codelists[one[0]].groups:
                if not one[1] or group in one[1]:
                    place[one, group] = len(place)
            matched |= {(s, c, place[one, group]) for s, c, group in self.matches(one)}
        return self._numbered(rows, matched, "_place"), place

    def read(self, rows: ir.Table, lists: Mapping[int, Chosen]) -> ir.Table:
        """Return the rows with a code of the lists, once per list, as `_reading`, the list's number."""
        matched = {(s, c, number) for number, one in lists.items() for s, c, _ in self.matches(one)}
        return self._numbered(rows, matched, "_reading")

    def _numbered(self, rows: ir.Table, matched: set[tuple[str, str, int]], name: str) -> ir.Table:
        found = sorted(matched)
        schema = pa.schema([*_KEYS, (name, pa.int32())])
        columns = [[row[n] for row in found] for n in range(3)]
        matches = ibis.memtable(pa.table(dict(zip(schema.names, columns, strict=True)), schema=schema))
        return rows.join(matches, self.same_code(rows, matches)).drop("_system", "_code")

    def matches(self, one: Chosen) -> list[tuple[str, str, str]]:
        """Return (system, code, group) for every code in use that is in a list."""
        name, groups = one
        matched = self.catalogue.codelists[name].match(self.in_use)
        return [(system, code, group) for system, code, group, _ in matched if not groups or group in groups]

    def same_code(self, rows: ir.Table, matches: ir.Table) -> list[ir.BooleanValue]:
        """Whether a row has the code of a row of `matches`, which has them as `_system` and `_code`."""
        same = [rows[self.column] == matches._code]
        return same if self.system else [*same, rows.code_system == matches._system]


def flag_of(chosen: Chosen) -> str:
    """Return the column that says whether a row's code is in a list."""
    name, groups = chosen
    return "_in_" + ":".join([name, *groups])  # which no name of a file or group holds
