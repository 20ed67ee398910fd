"""The SQL of a mapping: what may stand as the expression of a column, and as the query of a source."""

import re
from typing import NamedTuple

import sqlglot
from sqlglot import exp

# What is not one value of one row, or is another value tomorrow: nothing here asks the clock.
_NO_SINGLE_VALUE = (
    exp.Select, exp.Alias, exp.Star, exp.Columns, exp.Explode, exp.AggFunc,
    exp.CurrentDate, exp.CurrentTimestamp, exp.CurrentTime, exp.Rand, exp.Uuid,
)  # fmt: skip
_CLOCKS = {"now", "get_current_timestamp", "transaction_timestamp", "current_localtimestamp", "current_localtime"}


def is_expression(sql: str) -> bool:
    """Whether the text is one expression that gives one value for each row, the same whenever it is asked."""
    try:
        parsed = sqlglot.parse(f"SELECT {sql}\n", read="duckdb")
    except sqlglot.errors.SqlglotError:
        return False
    if len(parsed) != 1 or not isinstance(parsed[0], exp.Select):
        return False
    select = parsed[0]
    if {part for part, value in select.args.items() if value} - {"expressions"}:  # FROM, WHERE, LIMIT and so on
        return False
    if len(select.expressions) != 1 or list(select.expressions[0].find_all(*_NO_SINGLE_VALUE)):
        return False
    called = {str(function.this).lower() for function in select.expressions[0].find_all(exp.Anonymous)}
    return not called & _CLOCKS


def is_select(sql: str) -> bool:
    """Whether the text is one query (SELECT, WITH or UNION) and nothing else."""
    try:
        parsed = sqlglot.parse(sql, read="duckdb")
    except sqlglot.errors.SqlglotError:
        return False
    return len(parsed) == 1 and isinstance(parsed[0], exp.Query)


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
