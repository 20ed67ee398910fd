"""Which rows have a code of a code list: matched through the distinct codes in use, then joined by equality."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from vi_risk.features.catalogue import Catalogue
from vi_risk.features.definition import Definition
from vi_risk.features.sources import CODE_COLUMNS, CODE_SYSTEMS, CODED_ENTRIES

_KEYS = [("_system", pa.string()), ("_code", pa.string())]
_TABLES_OF_CODED_ENTRIES = ("diagnoses", "gp_events")

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


def codes_in_use(catalogue: Catalogue, sources: Iterable[str], tables: Mapping[str, ir.Table]) -> dict[str, Codes]:
    """Ask each table that sources take codes from, once, for its distinct codes; more than they show do no harm."""
    behind = {source: _TABLES_OF_CODED_ENTRIES if source == CODED_ENTRIES else (source,) for source in sources}
    names = dict.fromkeys(name for several in behind.values() for name in several if name in tables)
    found = {name: _codes_of(name, tables[name]) for name in names}
    return {
        source: Codes(
            catalogue,
            CODE_COLUMNS[source],
            CODE_SYSTEMS.get(source),
            tuple(sorted({pair for name in several for pair in found.get(name, ())})),
        )
        for source, several in behind.items()
    }


def _codes_of(name: str, rows: ir.Table) -> list[tuple[str, str]]:
    """Return the distinct codes of a table that have a system."""
    column, system = CODE_COLUMNS[name], CODE_SYSTEMS.get(name)
    systems = rows.code_system if system is None else ibis.literal(system)
    coded = rows.select(system=systems, code=rows[column]).distinct()
    found = coded.filter(coded.system.notnull(), coded.code.notnull()).to_pyarrow()
    return list(zip(found["system"].to_pylist(), found["code"].to_pylist(), strict=True))


def flag_of(chosen: Chosen) -> str:
    """Return the column that says whether a row's code is in a list."""
    name, groups = chosen
    return "_in_" + ":".join([name, *groups])  # which no name of a file or group holds
