"""The SQL of a mapping: what may stand as the expression of a column, and as the query of a source.

Two parsers look at it: sqlglot knows what is one value of one row; DuckDB's own, which will run it, says what it calls.
A mapping reads its sources by their names and nothing else: no function that opens a file, writes one, or changes the
engine, neither in an expression nor in a query. `vi_risk.records.sources` shuts the engine in as well.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import duckdb
import sqlglot
from sqlglot import exp

_NOT_AN_EXPRESSION = "is not one SQL expression"
_NOT_A_QUERY = "is not one SELECT statement"
_NO_SINGLE_VALUE = (exp.Select, exp.Alias, exp.Star, exp.Columns, exp.Explode, exp.AggFunc)
_CLOCKS = (exp.CurrentDate, exp.CurrentTimestamp, exp.CurrentTime, exp.Localtime, exp.Localtimestamp)
# Of the engine's functions that give rows, those that make them of what they are given. The others open files, show or
# change the engine itself (enable_profiling writes a file, and DuckDB 1.5 lets it where access is shut off), or run
# text as a query.
_ROWS_OF_WHAT_IS_GIVEN = {"unnest", "generate_series", "range", "repeat", "json_each", "json_tree"}
_OF_THE_MACHINE = {"current_setting", "getenv", "getvariable", "version"}


def fault_of_expression(sql: str) -> str | None:
    """Say why the text is not one expression that gives one value for each row, the same whenever it is asked."""
    select = _parsed(f"SELECT {sql}\n")
    if not isinstance(select, exp.Select) or len(select.expressions) != 1:
        return _NOT_AN_EXPRESSION
    if {part for part, value in select.args.items() if value} - {"expressions"}:  # FROM, WHERE, LIMIT and so on
        return _NOT_AN_EXPRESSION
    if select.find(*_CLOCKS):
        return _refused("the clock")
    if list(select.expressions[0].find_all(*_NO_SINGLE_VALUE)):
        return _NOT_AN_EXPRESSION
    return _engine_fault(f"SELECT ({sql}) AS value", _NOT_AN_EXPRESSION)


def fault_of_query(sql: str) -> str | None:
    """Say why the text is not one query (SELECT, WITH or UNION) of sources alone, the same whenever it is asked."""
    query = _parsed(sql)
    if not isinstance(query, exp.Query):
        return _NOT_A_QUERY
    return _refused("the clock") if query.find(*_CLOCKS) else _engine_fault(sql, _NOT_A_QUERY)


def is_date_format(written: str) -> bool:
    """Whether the engine knows it as a form of dates, such as %d/%m/%Y."""
    try:
        _engine().cursor().execute("SELECT try_strptime('1', ?)", [written])
    except (duckdb.Error, RuntimeError, UnicodeError):  # the last where the engine cuts its message inside a sign
        return False
    return "%" in written


def _parsed(sql: str) -> exp.Expr | None:
    try:
        statements = sqlglot.parse(sql, read="duckdb")
    except (sqlglot.errors.SqlglotError, RecursionError):
        return None
    return statements[0] if len(statements) == 1 else None


def _engine_fault(sql: str, otherwise: str) -> str | None:
    """Say what the engine would call that it may not; `otherwise` where it does not see one SELECT."""
    try:
        row = _engine().cursor().execute("SELECT json_serialize_sql(?)", [sql]).fetchone()
        read = json.loads(row[0]) if row else {}
    except (duckdb.Error, RuntimeError):  # too deep, or signs that are no text
        return otherwise
    if len(read.get("statements", [])) != 1:
        return otherwise
    for node in _nodes(read):
        if node.get("class") == "PARAMETER":
            return otherwise
        if node.get("type") == "TABLE_FUNCTION":
            called = str(node["function"].get("function_name", "")).lower()
            if called not in _ROWS_OF_WHAT_IS_GIVEN:
                return _refused(f"{called}()" if called else "a table function")
        elif node.get("class") == "FUNCTION":
            called = str(node["function_name"]).lower()
            since_today = called == "age" and len(node["children"]) == 1
            if since_today or called in _OF_THE_MACHINE or called in _changing():
                return _refused(f"{called}()")
    return None


def _refused(what: str) -> str:
    return (
        f"asks {what}; a mapping sees its sources and nothing else, neither files nor the machine, the clock nor"
        " chance; take it out"
    )


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    waiting = [tree]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            yield here
            waiting += here.values()
        elif isinstance(here, list):
            waiting += here


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    """Return an engine with nothing in it, that parses and runs none of what it is shown."""
    return duckdb.connect(config={"enable_external_access": False, "lock_configuration": True})


@cache
def _changing() -> frozenset[str]:
    """Return the names of the engine's functions that may give another value tomorrow (now, random, nextval, ...)."""
    found = "SELECT function_name FROM duckdb_functions() WHERE stability <> 'CONSISTENT' AND function_name <> 'error'"
    return frozenset(row[0] for row in _engine().cursor().execute(found).fetchall())


def is_costly(sql: str) -> bool:
    """Whether a query joins, groups, orders or compares rows, rather than pick and compute them one by one."""
    query = sqlglot.parse_one(sql, read="duckdb")
    return any(
        True
        for _ in query.find_all(
            exp.Join, exp.Group, exp.Window, exp.Distinct, exp.Order, exp.SetOperation, exp.Subquery
        )
    )


def sources_of(sql: str) -> set[str]:
    """Return the names of the tables that a query reads, its own WITH names left out."""
    query = sqlglot.parse_one(sql, read="duckdb")
    named = {cte.alias for cte in query.find_all(exp.CTE)}
    return {table.name for table in query.find_all(exp.Table) if table.name} - named


_NUMBERED_NAME = re.compile(r"\"[^\"]*%(?:0\d)?d[^\"]*\"|\w*%(?:0\d)?d\w*")
_NUMBER = re.compile(r"%(0\d)?d")


class Numbered(NamedTuple):
    """An expression over numbered columns, for one number: the first of these columns, and the SQL."""

    column: str | None
    sql: str


def numbered(sql: str, number: int) -> Numbered:
    """Return the expression for that number; no column where it names no numbered one.

    >>> numbered("nullif(OPERTN_%02d, '-')", 7)
    Numbered(column='OPERTN_07', sql="nullif(OPERTN_07, '-')")
    """

    def written(name: str) -> str:
        return _NUMBER.sub(lambda found: f"{number:{found[1] or ''}d}", name)

    first = _NUMBERED_NAME.search(sql)
    return Numbered(written(first[0]).strip('"') if first else None, _NUMBERED_NAME.sub(lambda f: written(f[0]), sql))
