"""In which order people get places: by their risk or a site's formula, with a stated rule for ties."""

import ast
import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from vi_risk.errors import SpecificationError, UsageError

Floats = np.ndarray[Any, np.dtype[np.float64]]

_LONGEST_FORMULA = 500  # characters: what a person can check by eye
_OPERATORS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = MappingProxyType(
    {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
)
_FUNCTIONS: Mapping[str, Callable[..., Any]] = MappingProxyType({"min": np.fmin, "max": np.fmax})
_GRAMMAR = "names of columns, numbers, + - * / and brackets, min(a, b) and max(a, b)"
# Among equals the first is who is likely to be admitted sooner, as a meeting can act only before; then who is likelier
# to die, as a talk about wishes cannot wait either. No age and no sex: nobody stands back for who they are.
_TIES: Mapping[str, str] = MappingProxyType(
    {
        "risk": "the higher chance",
        "risk_3m": "the higher chance within 3 months",
        "risk_of_death": "the higher chance of dying",
        "rank": "the model's score before calibration",
    }
)


@dataclass(frozen=True, slots=True)
class Order:
    """What people are ordered by, from the highest: a column of the people frame, or a formula over its columns.

    Raises
    ------
    SpecificationError
        The formula is none: it holds something other than columns, numbers and arithmetic.

    Examples
    --------
    >>> Order("risk * (1 - risk_of_death)").columns
    ('risk', 'risk_of_death')
    """

    formula: str = "risk"

    def __post_init__(self) -> None:
        if faults := formula_faults(self.formula):
            raise SpecificationError.of([f"case list rules: {fault}" for fault in faults])

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the formula names, in its order."""
        tree = ast.parse(self.formula.strip(), mode="eval")
        called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called]
        return tuple(dict.fromkeys(node.id for node in sorted(names, key=lambda node: node.col_offset)))

    def in_words(self, known: Collection[str]) -> str:
        """Return the order as it completes "in order of ...", ties and all.

        Parameters
        ----------
        known
            Columns of the people who were ordered.

        Examples
        --------
        >>> Order().in_words(["risk", "risk_3m"])
        'their chance; of two with the same by the higher chance within 3 months, then by pseudonym'
        """
        formula = self.formula.strip()
        ties = [words for name, words in _TIES.items() if name in known and name != formula]
        by = "their chance" if formula == "risk" else formula
        return f"{by}; of two with the same by {', then by '.join([*ties, 'pseudonym'])}"

    def values(self, people: pd.DataFrame) -> Floats:
        """Return what each person is ordered by; NaN where something of it is missing, or it is divided by zero."""
        tree = ast.parse(self.formula.strip(), mode="eval")
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            found = np.asarray(_value(tree.body, people), dtype=np.float64)
        found = np.broadcast_to(found, len(people)).copy()
        found[~np.isfinite(found)] = np.nan
        return found

    def sorted(self, people: pd.DataFrame) -> pd.DataFrame:
        """Return people from first to last with the value, ordered_by; who has no value comes after the others.

        The order of the rows has no part in it. The ranks of `vi_risk.score` hold the score before calibration, which
        may tell apart people whose calibrated risks are the same.

        Raises
        ------
        UsageError
            A column of the formula is missing or holds no numbers, or its value is missing for everyone.
        """
        if lacking := [name for name in self.columns if name not in people]:
            msg = (
                f"case list rules: order: {', '.join(lacking)} is not known of these people. Score the companion of"
                ' that name beside the model, or write order = "risk".'
            )
            raise UsageError(msg)
        if texts := [name for name in self.columns if not pd.api.types.is_numeric_dtype(people[name])]:
            msg = f"case list rules: order: {', '.join(texts)}: expected numbers, found something else. Name another."
            raise UsageError(msg)
        values = self.values(people)
        if len(people) and np.isnan(values).all():
            msg = f'case list rules: order: {self.formula} has a value for nobody. Write order = "risk", or another.'
            raise UsageError(msg)
        ties = [column for column in _TIES if column in people]
        keys = people[ties].astype(float).assign(value=values, patient_id=people["patient_id"]).reset_index(drop=True)
        in_order = keys.sort_values(
            ["value", *ties, "patient_id"],
            ascending=[False, *(name == "rank" for name in ties), True],
            na_position="last",
        )
        return people.iloc[in_order.index].assign(ordered_by=in_order["value"].to_numpy()).reset_index(drop=True)


def formula_faults(formula: object) -> list[str]:
    """Return what is wrong with the formula of an order."""
    if not isinstance(formula, str) or not formula.strip():
        return [f'order: expected text such as "risk", found {formula!r}. Write a column or a formula in quotes.']
    if len(formula) > _LONGEST_FORMULA:
        return [f"order: expected at most {_LONGEST_FORMULA} characters, found {len(formula)}. Shorten the formula."]
    try:
        tree = ast.parse(formula.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return [f"order: {formula!r} is no formula. Write {_GRAMMAR}."]
    odd = next((node for node in _nodes(tree.body) if not _is_allowed(node)), None)
    if odd is not None:
        return [f"order: {ast.unparse(odd)!r} cannot stand in a formula. Write {_GRAMMAR}."]
    if not any(isinstance(node, ast.Name) for node in _nodes(tree.body)):
        return [f"order: {formula!r} is the same for everyone. Name a column, such as risk."]
    if any(_is_no_number(node) for node in _nodes(tree.body)):
        fault = "has no value for anybody: it divides by zero, or holds a number too large to count with"
        return [f"order: {formula!r} {fault}. Mend its numbers."]
    return []


def _is_no_number(node: ast.expr) -> bool:
    """Return whether a part of a formula gives nobody a number, whatever the columns hold."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and _constant(node.right) == 0:
        return True
    number = _constant(node)
    return number is not None and not np.isfinite(number)


def _constant(node: ast.expr) -> float | None:
    """Return the number that a part of a formula is for everyone; None where a column has a part in it."""
    if any(isinstance(part, ast.Name) for part in _nodes(node)):
        return None
    try:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return float(_value(node, pd.DataFrame()))
    except OverflowError:  # a whole number with more figures than a float holds
        return np.inf


def _nodes(node: ast.expr) -> list[ast.expr]:
    """Return every part of an expression that has a value; the name of a function has none."""
    parts: list[ast.expr]
    if isinstance(node, ast.BinOp):
        parts = [node.left, node.right]
    elif isinstance(node, ast.UnaryOp):
        parts = [node.operand]
    elif isinstance(node, ast.Call):
        parts = node.args
    else:
        parts = []
    return [node, *(found for part in parts for found in _nodes(part))]


def _is_allowed(node: ast.expr) -> bool:
    match node:
        case ast.Name():
            return True
        case ast.Constant(value=value):
            return isinstance(value, int | float) and not isinstance(value, bool)
        case ast.BinOp(op=op):
            return type(op) in _OPERATORS
        case ast.UnaryOp(op=op):
            return isinstance(op, ast.USub | ast.UAdd)
        case ast.Call(func=ast.Name(id=name), args=[_, _], keywords=[]):
            return name in _FUNCTIONS
    return False


def _value(node: ast.expr, people: pd.DataFrame) -> Any:  # a number, or one for each person
    match node:
        case ast.Constant(value=int() | float() as number):
            return np.float64(number)
        case ast.Name(id=name):
            return pd.to_numeric(people[name]).to_numpy(dtype=float, na_value=np.nan)
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATORS[type(op)](_value(left, people), _value(right, people))
        case ast.UnaryOp(op=op, operand=operand):
            return -_value(operand, people) if isinstance(op, ast.USub) else _value(operand, people)
        case ast.Call(func=ast.Name(id=name), args=[first, second]):
            return _FUNCTIONS[name](_value(first, people), _value(second, people))
    raise AssertionError(ast.dump(node))  # pragma: no cover - formula_faults lets nothing else through
