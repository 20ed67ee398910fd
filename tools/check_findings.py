"""Everything that `vi-risk check` can find wrong with records: what tools/error_page.py tells causes and mends of.

Rules on single rows are made here for every canonical table, of which none holds a row. What the checks find in whole
tables is read from the calls in their source, with the constants that these name.
"""

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from types import ModuleType

import pandas as pd

from tools.error_messages import GAP, ROOT, assigned, text_of
from vi_risk.records.checks.checking import row_rules
from vi_risk.records.checks.findings import MEND, Finding
from vi_risk.records.checks.rules import beside
from vi_risk.records.checks.schemas import pandera_schema, sound_columns
from vi_risk.records.linked import Records
from vi_risk.records.tables import TABLES

CHECKS = ROOT / "vi_risk" / "records" / "checks"
_FEW = 3  # places that are told; more are not worth reading
_PARAMETERS = tuple(field.name for field in fields(Finding))
_FILLED_IN = re.compile(r"\d{4}-\d\d-\d\d|(?<=^below )\S+|(?<=^above )\S+")  # what differs from column to column


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """A kind of finding: its rule with `GAP` for what is filled in, where it is looked for, what is done about it.

    Attributes
    ----------
    severity
        "error" or "warning".
    unit
        What is counted: "rows", "people", "months", "practices".
    places
        The columns whose rows keep the rule; none of a rule on whole tables, or on more than a few columns.
    """

    severity: str
    rule: str
    unit: str
    places: tuple[str, ...]
    mend: str


def findings() -> list[Found]:
    """Return every kind of finding once: errors first, each grade by its rule."""
    return sorted({*_of_rows(), *_of_tables()})


def _of_rows() -> Iterator[Found]:
    records = Records.from_frames(
        {name: pd.DataFrame(columns=[column.name for column in table.columns]) for name, table in TABLES.items()}
    )
    schemas = {name: pandera_schema(TABLES[name], tuple(rows.columns)) for name, rows in records.tables.items()}
    sound = {name: sound_columns(schemas[name], rows) for name, rows in records.tables.items()}
    places: dict[tuple[str, str, str], list[str]] = {}
    for name, table in TABLES.items():
        for rule in row_rules(beside(records, table, sound), schemas[name], date(2025, 4, 1)):
            kind = (rule.severity, _FILLED_IN.sub(GAP, rule.text), rule.mend)
            places.setdefault(kind, []).append(f"{name}.{rule.column}")
    for (severity, rule_text, mend), columns in places.items():
        yield Found(severity, rule_text, "rows", tuple(columns) if len(columns) <= _FEW else (), mend)


def _of_tables() -> Iterator[Found]:
    for file in sorted(CHECKS.glob("*.py")):
        module = importlib.import_module(f"vi_risk.records.checks.{file.stem}")
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding":
                        yield from of_call(node, function, module)


def of_call(call: ast.Call, function: ast.FunctionDef, module: ModuleType) -> Iterator[Found]:
    """Yield what a call of `Finding` tells; nothing where it passes a rule on rows on."""
    given = dict(zip(_PARAMETERS, call.args, strict=False))
    given |= {str(keyword.arg): keyword.value for keyword in call.keywords}
    if isinstance(given["rule"], ast.Attribute):
        return
    (severity,) = _texts(given["severity"], function, module)
    (mend,) = _texts(given["mend"], function, module) if "mend" in given else (MEND,)
    (unit,) = _texts(given["unit"], function, module) if "unit" in given else ("rows",)
    for rule in _texts(given["rule"], function, module):
        yield Found(severity, rule, unit, (), mend)


def _texts(node: ast.expr, function: ast.FunctionDef, module: ModuleType) -> list[str]:
    """Return every text that an expression may be: as written, of a constant, of a variable before it or of a loop."""
    values = assigned(function, node) if isinstance(node, ast.Name) else [node]
    texts = [text for value in values if (text := text_of(value, {})) is not None]
    if not texts and isinstance(node, ast.Name):
        constant = getattr(module, node.id, None)
        texts = [constant] if isinstance(constant, str) else _of_loop(node.id, function, module)
    if not texts:
        where = f"{module.__name__}: line {node.lineno}"
        msg = f"{where}: expected a text, a constant or a variable that is given one, found something else."
        raise ValueError(msg)
    return texts


def _of_loop(name: str, function: ast.FunctionDef, module: ModuleType) -> list[str]:
    """Return the values of the constant whose items a loop of the function runs over, under that name."""
    for node in ast.walk(function):
        if isinstance(node, ast.For) and isinstance(node.target, ast.Tuple) and isinstance(node.iter, ast.Call):
            over, named = node.iter.func, node.target.elts[-1]
            if isinstance(named, ast.Name) and named.id == name and isinstance(over, ast.Attribute):
                return [*getattr(module, ast.unparse(over.value)).values()]
    return []
