"""The declaration of a table as a pandera schema, and that schema as expressions which the engine counts.

pandera's own validation runs a query for each check and brings back the rows that fail; here the schema says what is
checked, and one aggregate query per table counts it.
"""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from vi_risk.records.checks.findings import Finding
from vi_risk.records.checks.rules import Rule
from vi_risk.records.tables import Column, Table

# ruff: noqa: PLC0415 - pandera takes a second to import and only checking needs it

_TYPES = {
    "text": dt.string,
    "integer": dt.int64,
    "number": dt.float64,
    "date": dt.date,
    "timestamp": dt.Timestamp(scale=6),
    "boolean": dt.boolean,
}

# Codes decide who counts as an emergency admission and as a woman: there a code outside the list stops the run.
_DECISIVE = {("patients", "sex"), ("spells", "admission_method")}

# What a pandera check compares with, by its name there -> whether a value breaks it; null never does.
_BREAKS: dict[str, Callable[[ir.Value, Any], ir.BooleanValue]] = {
    "allowed_values": lambda value, allowed: value.notin(allowed),
    "min_value": lambda value, least: value < least,
    "max_value": lambda value, most: value > most,
}
_MENDS = {
    "allowed_values": "Map the site's codes to those of docs/data-dictionary.md, or to null where there is none.",
    "min_value": "Correct these values, or map them to null: they are used as they are.",
    "max_value": "Correct these values, or map them to null: they are used as they are.",
}

_TYPE_MEND = "Convert the column in the mapping, or send it as the data dictionary has it."


def pandera_schema(table: Table, columns: tuple[str, ...]) -> Any:
    """Return the pandera schema (ibis backend) of a table, restricted to the columns that are there."""
    pa = _pandera()
    return pa.DataFrameSchema(
        {
            column.name: pa.Column(_TYPES[column.type], _limits(column), nullable=not column.required)
            for column in table.columns
            if column.name in columns
        },
        unique=list(table.key) or None,
        name=table.name,
    )


def _pandera() -> Any:
    with warnings.catch_warnings():
        # Where pyspark is installed, pandera loads it, and pyspark remarks on pandas 3.
        warnings.simplefilter("ignore", FutureWarning)
        import pandera.ibis
    return pandera.ibis


def _limits(column: Column) -> list[Any]:
    pa, limits = _pandera(), []
    if column.values is not None:
        limits.append(pa.Check.isin(list(column.values), name="code outside the list of the data dictionary"))
    if column.minimum is not None:
        limits.append(pa.Check.ge(column.minimum, name=f"below {column.minimum:g}"))
    if column.maximum is not None:
        limits.append(pa.Check.le(column.maximum, name=f"above {column.maximum:g}"))
    return limits


def sound_columns(schema: Any, rows: ir.Table) -> frozenset[str]:
    """Return the columns of the declared type; nothing is asked of the values of others."""
    return frozenset(name for name, column in schema.columns.items() if _type_of(rows[name]) == column.dtype.type)


def _type_of(value: ir.Value) -> dt.DataType:
    kind = value.type().copy(nullable=True)
    # Spark's timestamps are of microseconds, and it does not say so.
    return kind.copy(scale=6) if kind.is_timestamp() and kind.scale is None else kind


def shape_findings(table: Table, schema: Any, rows: ir.Table, total: int) -> Iterator[Finding]:
    """Yield needed columns that are not there and columns of another type, both whatever the rows hold."""
    for column in table.columns:
        if (column.required or column.mapped) and column.name not in rows.columns:
            mend = f"Add the column ({column.meaning}), or map another one to it."
            yield Finding(table.name, column.name, "column is not there, but required", total, total, "error", mend)
    sound = sound_columns(schema, rows)
    for name in schema.columns:
        if name not in sound:
            rule = f"wrong type, expected {table.column(name).type}"
            yield Finding(table.name, name, rule, total, total, "error", _TYPE_MEND)


def value_rules(table: Table, schema: Any, rows: ir.Table) -> Iterator[Rule]:
    """Yield the schema's rules on single values: required values, codes, limits."""
    sound = sound_columns(schema, rows)
    for name, column in schema.columns.items():
        if not column.nullable:
            yield Rule(name, "missing, but required", rows[name].isnull(), "error")
        for check in column.checks if name in sound else ():
            ((compared, with_what),) = check.statistics.items()
            broken = _BREAKS[compared](rows[name], with_what)
            if (table.name, name) in _DECISIVE:
                yield Rule(name, check.name, broken, "error")
            else:
                yield Rule(name, check.name, broken, mend=_MENDS[compared])
