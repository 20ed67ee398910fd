"""Sensitive codes: which there are, and rows and values that have one taken out of records.

The codes shipped stand in `codelists/`, a file for each kind, each code under its source. At the door a Read version 2
code stands for those below it as well, as an ICD-10 code does, for Read writes its hierarchy into the code. Elsewhere
it stands for itself (`vi_risk.features.codelists`).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType

import ibis
import ibis.expr.types as ir

from vi_risk import declared
from vi_risk.errors import SpecificationError
from vi_risk.features.codelists import CodeEntry, CodeList, codelists_and_faults
from vi_risk.features.sources import CODE_COLUMNS, CODE_SYSTEMS
from vi_risk.records.codes import SENSITIVE_KIND
from vi_risk.records.permission import LeftOut
from vi_risk.records.tables import TABLES

Refused = Mapping[str, frozenset[tuple[str, str]]]

# Columns of the NHS Data Dictionary whose values tell of such a thing: the row stays, for a stay is a stay, and the
# value goes. 37 and 38: discharged to a court, a penal establishment or a police station; 360: genitourinary medicine.
_TELLING: Mapping[str, Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "spells": {
            "discharge_destination": {"37": "custody", "38": "custody"},
            "treatment_function": {"360": "sexual_health"},
        },
        "outpatient_appointments": {"specialty": {"360": "sexual_health"}},
    }
)
_CODED = tuple(name for name in CODE_COLUMNS if name in TABLES)
_READ_LENGTH = 5  # characters of a Read code, filled up with dots; two more are its term


def sensitive_codes(*folders: Path) -> dict[str, frozenset[tuple[str, str]]]:
    """Return kind -> (system, code) of every sensitive code: those shipped, and those of a site's own code lists.

    Parameters
    ----------
    folders
        Whose ``codelists/*.csv`` may have a column ``sensitive``: a site's own declared features, and the folder that
        its governance file names.

    Raises
    ------
    SpecificationError
        A code list has a fault.
    """
    with as_file(files("vi_risk.governance") / "codelists") as shipped:
        places = [shipped, *(folder / "codelists" for folder in (declared.shipped("features"), *folders))]
        read = [codelists_and_faults(place) for place in places]
    faults = [fault for _, broken in read for of_list in broken.values() for fault in of_list]
    if faults:
        raise SpecificationError.of(faults)
    found: dict[str, set[tuple[str, str]]] = {}
    for lists, _ in read:
        for codelist in lists.values():
            for entry in codelist.entries:
                if entry.group in codelist.sensitive:
                    found.setdefault(codelist.sensitive[entry.group], set()).add((entry.system, entry.code))
    return {kind: frozenset(codes) for kind, codes in sorted(found.items())}


def faults_of_own(folder: Path, *, permitted: Collection[str] = ()) -> list[str]:
    """Say what is wrong with the code lists of a folder that a governance file names: there for this, each is to work.

    Parameters
    ----------
    folder
        Holds ``codelists/*.csv``.
    permitted
        Kinds that the same file permits: of a kind of its own it would say yes and no.
    """
    lists, broken = codelists_and_faults(folder / "codelists")
    faults = [fault for of_list in broken.values() for fault in of_list]
    if not lists and not faults:
        return [f"{folder.name}/codelists holds no code list. Put a CSV file there with system, code, group, sensitive"]
    for name, codelist in lists.items():
        faults += [
            f"{folder.name}/codelists/{name}.csv: group {group} says no kind in the column sensitive, and its codes"
            " would come in. Write one, such as hiv or a word of your own."
            for group in codelist.groups
            if group not in codelist.sensitive
        ]
        faults += [
            f"{folder.name}/codelists/{name}.csv: keeps out the kind {kind}, and [sensitive] permits it. Take one of"
            " them out"
            for kind in sorted({*codelist.sensitive.values()} - {*SENSITIVE_KIND})
            if kind in permitted
        ]
    return [fault.rstrip(".") for fault in faults]


def kind_in_words(kind: str) -> str:
    """Return a kind of sensitive codes in words; a site's own kind is its own word."""
    return SENSITIVE_KIND.get(kind, kind.replace("_", " "))


def without_sensitive(tables: Mapping[str, ir.Table], refused: Refused) -> tuple[dict[str, ir.Table], list[LeftOut]]:
    """Return the tables without the rows that have a refused code and the values that tell of one, and how many.

    Codes are matched through the distinct ones in use, so that tables without any come back as they are.
    """
    entries = tuple(
        CodeEntry(system, next(_spellings(system, code), code), kind)
        for kind, codes in refused.items()
        for system, code in codes
    )
    codelist = CodeList("refused", entries, {kind: kind for kind in refused})
    left, found = dict(tables), dict[tuple[str, str], int]()
    for name in _CODED:
        if name in left and CODE_COLUMNS[name] in left[name].columns:
            left[name], rows = _without_rows(left[name], name, codelist)
            for kind, number in rows.items():
                found[kind, "rows"] = found.get((kind, "rows"), 0) + number
    for name, columns in _TELLING.items():
        for column, kinds in columns.items():
            values = {value: kind for value, kind in kinds.items() if kind in refused}
            if name in left and column in left[name].columns and values:
                left[name], blanked = _without_values(left[name], column, values)
                for kind, number in blanked.items():
                    found[kind, "values"] = found.get((kind, "values"), 0) + number
    counted = [
        LeftOut(f"sensitive codes: {kind_in_words(kind)}", "rows" if of == "rows" else "values", number)
        for (kind, of), number in sorted(found.items())
    ]
    return left, counted


def _without_rows(rows: ir.Table, name: str, codelist: CodeList) -> tuple[ir.Table, dict[str, int]]:
    column, system = CODE_COLUMNS[name], CODE_SYSTEMS.get(name)
    coded = rows.select(system=rows.code_system if system is None else ibis.literal(system), code=rows[column])
    used = coded.group_by("system", "code").agg(rows=coded.count())
    counts = {
        (row["system"], row["code"]): int(row["rows"])
        for row in used.filter(used.system.notnull(), used.code.notnull()).to_pyarrow().to_pylist()
    }
    written: dict[tuple[str, str], set[str]] = {}
    for one, code in counts:
        for spelling in _spellings(one, code):
            written.setdefault((one, spelling), set()).add(code)
    matched = {
        (one, code, kind) for one, spelling, kind, _ in codelist.match(written) for code in written[one, spelling]
    }
    if not matched:
        return rows, {}
    of_system: dict[str, set[str]] = {}
    of_kind: dict[str, int] = {}
    for one, code, kind in sorted(matched):
        of_system.setdefault(one, set()).add(code)
        of_kind[kind] = of_kind.get(kind, 0) + counts[one, code]
    refused = ibis.or_(
        *(
            rows[column].isin(sorted(codes)) & (ibis.literal(True) if system else rows.code_system == one)
            for one, codes in sorted(of_system.items())
        )
    )
    return rows.filter(~refused.fill_null(False)), of_kind


def _spellings(system: str, code: str) -> Iterator[str]:
    """Yield how a code list may write a code: of a Read code itself as it is in full, then those that it is below.

    >>> list(_spellings("read2", "A788000"))
    ['A7880', 'A788.', 'A78..', 'A7...', 'A....']
    >>> list(_spellings("ctv3", "43C3")), list(_spellings("icd10", "B20.1"))
    (['43C3.'], ['B20.1'])
    """
    if system not in ("read2", "ctv3"):
        yield code
        return
    stem = code.strip()[:_READ_LENGTH].rstrip(".")
    lengths = range(len(stem), 0, -1) if system == "read2" else (len(stem),)
    yield from (stem[:length].ljust(_READ_LENGTH, ".") for length in lengths)


def _without_values(rows: ir.Table, column: str, kinds: Mapping[str, str]) -> tuple[ir.Table, dict[str, int]]:
    telling = rows.filter(rows[column].isin(sorted(kinds)))
    counts = telling.group_by(column).agg(rows=telling.count()).to_pyarrow().to_pylist()
    of_kind: dict[str, int] = {}
    for row in counts:
        kind = kinds[row[column]]
        of_kind[kind] = of_kind.get(kind, 0) + int(row["rows"])
    if not of_kind:
        return rows, {}
    blank = rows[column].isin(sorted(kinds)).ifelse(ibis.null(rows[column].type()), rows[column])
    return rows.mutate(**{column: blank}), of_kind


def refused_kinds(codes: Refused, permitted: Sequence[str]) -> dict[str, frozenset[tuple[str, str]]]:
    """Return the codes of the kinds that are not permitted."""
    return {kind: pairs for kind, pairs in codes.items() if kind not in permitted}
