"""Codes without the shape of their coding system: a dash for none, a word, a number that a spreadsheet has rounded.

No code list knows such a code, so that its row counts for nothing; whether a well-shaped code exists is not asked.
"""

from collections.abc import Iterator, Mapping, Set
from types import MappingProxyType

import ibis.expr.types as ir

from vi_risk.records.checks.findings import Finding
from vi_risk.records.tables import Table

# table -> column of codes -> their one system; None where the rows say it in code_system
_CODED: Mapping[str, Mapping[str, str | None]] = MappingProxyType(
    {
        "diagnoses": {"code": "icd10"},
        "procedures": {"code": "opcs4"},
        "prescriptions": {"bnf_code": "bnf", "dmd_code": "dmd"},
        "gp_events": {"code": None},
    }
)

# system -> its name, and the shape of its codes as sites write them: with or without the dot, fillers and daggers.
_SHAPES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "icd10": ("an ICD-10", r"^[A-Za-z][0-9][0-9A-Za-z][.]?[0-9A-Za-z]{0,4}[-*+†]{0,2}$"),
        "opcs4": ("an OPCS-4", r"^[A-Za-z][0-9]{2}[.]?[0-9]?-?$"),
        "bnf": ("a BNF", r"^[0-9]{4}[0-9A-Za-z]{0,11}$"),
        "dmd": ("a dm+d", r"^[0-9]{6,18}$"),
        "snomed": ("a SNOMED CT", r"^[0-9]{6,18}$"),
        "read2": ("a Read version 2", r"^[0-9A-Za-z.]{5}([0-9A-Za-z]{2})?$"),
        "ctv3": ("a Clinical Terms version 3", r"^[0-9A-Za-z.]{5}$"),
    }
)

_MEND = "Send one code of this system in each row, as text, and null for none: no code list knows these."


def code_findings(table: Table, rows: ir.Table, sound: Set[str]) -> Iterator[Finding]:
    """Yield how many rows of each code column have a code without the shape of its system.

    Only the distinct codes are looked at, so that the cost is that of counting them.
    """
    for column, system in _CODED.get(table.name, {}).items():
        if {column, *([] if system else ["code_system"])} <= sound:
            yield from _of_column(table, rows, column, system)


def _of_column(table: Table, rows: ir.Table, column: str, system: str | None) -> Iterator[Finding]:
    keys = [column] if system else [column, "code_system"]
    in_use = rows.filter(rows[column].notnull()).group_by(keys).agg(number=lambda t: t.count())
    code = in_use[column].strip()
    systems = [system] if system else [name for name in _SHAPES if name != "dmd"]
    counts: dict[str, ir.Value] = {}
    for name in systems:
        of_system = None if system else in_use.code_system == name
        odd = ~code.re_search(_SHAPES[name][1])
        counts[f"odd_{name}"] = in_use.number.sum(where=odd if of_system is None else odd & of_system)
        counts[f"all_{name}"] = in_use.number.sum(where=of_system)
    (found,) = in_use.aggregate(**counts).to_pyarrow().to_pylist()
    for name in systems:
        if found[f"odd_{name}"]:
            rule = f"not of the shape of {_SHAPES[name][0]} code"
            odd_rows, of = int(found[f"odd_{name}"]), int(found[f"all_{name}"])
            yield Finding(table.name, column, rule, odd_rows, of, "warning", _MEND)
