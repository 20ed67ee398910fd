"""The mapping language: how a site's own files become the canonical tables.

A mapping is a TOML file. For each canonical table it names a source (a file of the records folder, or a source that the
mapping defines: a view, files stacked, numbered columns as rows), an optional filter, and one DuckDB SQL expression for
each column. docs/mappings.md is the page for people.
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Self

import sqlglot
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Tag,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from sqlglot import exp

from vi_risk import declared
from vi_risk.errors import SpecificationError
from vi_risk.records.tables import TABLES

SHIPPED = Path(__file__).resolve().parent / "mappings"

# Records whose files and columns already have the canonical names need no mapping file.
CANONICAL = "canonical"


_DECLARED = ConfigDict(frozen=True, extra="forbid", strict=True)
_NUMBERED = re.compile(r"[^%]*%(0[1-9])?d[^%]*")


class Stack(BaseModel):
    """Sources one under another, columns matched by name; a source's name may hold `*`.

    It has every column that one of them has, and all of `columns` even where none has them (they are null then). With
    `columns` there need not be a source at all: it has no rows then.
    """

    model_config = _DECLARED

    stack: list[str]
    columns: list[str] = []

    @model_validator(mode="after")
    def _is_coherent(self) -> Self:
        if not self.stack:
            msg = "stack names no source; name the files to stack"
            raise ValueError(msg)
        return self

    def members(self, names: Iterable[str]) -> list[str]:
        """Return those of `names` that are stacked, each once; upper and lower case are the same."""
        patterns = [pattern.casefold() for pattern in self.stack]
        return [name for name in names if any(fnmatchcase(name.casefold(), pattern) for pattern in patterns)]

    def lacking(self, names: Iterable[str]) -> list[str]:
        """Return the patterns that none of `names` matches."""
        known = [name.casefold() for name in names]
        return [p for p in self.stack if not any(fnmatchcase(name, p.casefold()) for name in known)]


class Wide(BaseModel):
    """Numbered columns (DIAG_01, DIAG_02, ...) turned into rows; a number whose first column is empty gives no row."""

    model_config = _DECLARED

    of: str
    wide: dict[str, str]  # column of the rows -> name of the numbered columns, as "DIAG_%02d"
    numbers: list[int]  # first and last
    position: str = "position"

    @model_validator(mode="after")
    def _is_coherent(self) -> Self:
        faults = [
            f"wide.{column} is no name of numbered columns, expected one such as DIAG_%02d (DIAG_01, DIAG_02, ...)"
            for column, pattern in self.wide.items()
            if not _NUMBERED.fullmatch(pattern)
        ]
        if not self.wide:
            faults.append("wide names no columns, expected for example code = DIAG_%02d")
        if len(self.numbers) != 2 or not 0 <= self.numbers[0] <= self.numbers[-1]:
            faults.append("numbers are the first and the last one, for example [1, 20]")
        if faults:
            raise ValueError("\n".join(faults))
        return self

    def numbered(self) -> list[tuple[int, dict[str, str]]]:
        """Return each number with column of the rows -> column of the source."""
        first, last = self.numbers
        return [(n, {column: name % n for column, name in self.wide.items()}) for n in range(first, last + 1)]


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "view"
    return "wide" if isinstance(value, Wide) or (isinstance(value, dict) and "wide" in value) else "stack"


def _list_as_stack(value: Any) -> Any:
    return {"stack": value} if isinstance(value, list) else value


# A view over other sources (SELECT), files stacked, or numbered columns as rows.
Source = Annotated[
    Annotated[str, Tag("view")] | Annotated[Stack, Tag("stack")] | Annotated[Wide, Tag("wide")],
    Discriminator(_kind),
    BeforeValidator(_list_as_stack),
]


class TableMapping(BaseModel):
    """How one canonical table is made: source, filter, an expression for each column, value maps, date formats."""

    model_config = _DECLARED

    source: str | list[str]  # several, or a name with `*`: stacked
    where: str | None = None
    optional: bool = False  # left out where it has no rows
    columns: dict[str, str]
    values: dict[str, dict[str, str]] = {}  # column -> value of the site -> canonical value; "*" is all others
    formats: dict[str, str | list[str]] = {}  # column -> strptime format(s) of the site's text

    @model_validator(mode="after")
    def _is_coherent(self) -> Self:
        faults = [
            f"{part}.{column} has no expression in columns; add one or remove it"
            for part, named in (("values", self.values), ("formats", self.formats))
            for column in named
            if column not in self.columns
        ]
        faults += [
            f"columns.{column} is not one SQL expression"
            for column, sql in self.columns.items()
            if not _is_expression(sql)
        ]
        if self.where is not None and not _is_expression(self.where):
            faults.append("where is not one SQL condition")
        if not self.source:
            faults.append("source names no source; name the files to stack")
        if faults:
            raise ValueError("\n".join(faults))
        return self

    @property
    def stacked(self) -> Stack | None:
        """The sources to stack, where there may be several; None where the source is one."""
        if isinstance(self.source, list):
            return Stack(stack=self.source)
        return Stack(stack=[self.source]) if "*" in self.source else None

    @property
    def source_name(self) -> str:
        """What the source is called in messages."""
        return self.source if isinstance(self.source, str) else ", ".join(self.source)


class Mapping(BaseModel):
    """A whole mapping: sources made of the site's files, and the canonical tables made from them."""

    model_config = _DECLARED

    name: str
    title: str = ""
    sources: dict[str, Source] = {}
    tables: dict[str, TableMapping]

    @model_validator(mode="after")
    def _is_coherent(self, info: ValidationInfo) -> Self:
        partly = bool(info.context and info.context.get("partly"))
        faults = [
            f"sources.{name} is not one SELECT statement"
            for name, source in self.sources.items()
            if isinstance(source, str) and not _is_select(source)
        ]
        for name, table in self.tables.items():
            if name not in TABLES:
                faults.append(f"tables.{name} is no canonical table; expected one of {', '.join(TABLES)}")
                continue
            declared_table = TABLES[name]
            faults += [
                f"tables.{name}: {column} is no column of {name}; it has {', '.join(declared_table.column_names)}"
                for column in table.columns
                if column not in declared_table.column_names
            ]
            faults += [
                f"tables.{name}: columns lacks {column.name} ({column.meaning}), which {name} needs"
                for column in declared_table.columns
                if (column.required or column.mapped) and column.name not in table.columns and not partly
            ]
        faults += [
            f"tables.{table.name} is missing; a mapping makes at least patients and spells"
            for table in TABLES.values()
            if table.required and table.name not in self.tables and not partly
        ]
        if faults:
            raise ValueError("\n".join(faults))
        return self


def load_mapping(name_or_file: str | Path, *, partly: bool = False) -> Mapping | None:
    """Read a shipped mapping by name or one's own by path; None for `canonical`, which needs no file.

    With `partly`, required tables and columns may still be missing: for `mapping check`, while a mapping is written.

    Raises
    ------
    UsageError
        There is no such file and no shipped mapping of that name.
    SpecificationError
        The file has faults; all of them are in the message.
    """
    if str(name_or_file) == CANONICAL:
        return None
    path = declared.find(name_or_file, SHIPPED, what="mapping")
    content = declared.read_toml(path)
    try:
        return Mapping.model_validate(content, context={"partly": partly})
    except ValidationError as error:
        raise SpecificationError.of(declared.faults_of(error, path.name)) from None


# What is not one value of one row, or is another value tomorrow: nothing here asks the clock.
_NO_SINGLE_VALUE = (
    exp.Select, exp.Alias, exp.Star, exp.Columns, exp.Explode, exp.AggFunc,
    exp.CurrentDate, exp.CurrentTimestamp, exp.CurrentTime, exp.Rand, exp.Uuid,
)  # fmt: skip
_CLOCKS = {"now", "get_current_timestamp", "transaction_timestamp", "current_localtimestamp", "current_localtime"}


def _is_expression(sql: str) -> bool:
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


def _is_select(sql: str) -> bool:
    """Whether the text is one query (SELECT, WITH or UNION) and nothing else."""
    try:
        parsed = sqlglot.parse(sql, read="duckdb")
    except sqlglot.errors.SqlglotError:
        return False
    return len(parsed) == 1 and isinstance(parsed[0], exp.Query)


def sources_of(sql: str) -> set[str]:
    """Return the names of the tables that a query reads, its own WITH names left out."""
    query = sqlglot.parse_one(sql, read="duckdb")
    named = {cte.alias for cte in query.find_all(exp.CTE)}
    return {table.name for table in query.find_all(exp.Table) if table.name} - named
