"""The mapping language: how a site's own files become the canonical tables.

A mapping is a TOML file. For each canonical table it names a source (a file of the records folder, or a view over files
that the mapping defines), an optional filter, and one DuckDB SQL expression for each column. docs/mappings.md is the
page for people.
"""

from pathlib import Path
from typing import Self

import sqlglot
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from sqlglot import exp

from vi_risk import declared
from vi_risk.errors import SpecificationError
from vi_risk.records.tables import TABLES

SHIPPED = Path(__file__).resolve().parent / "mappings"

# Records whose files and columns already have the canonical names need no mapping file.
CANONICAL = "canonical"


class TableMapping(BaseModel):
    """How one canonical table is made: source, filter, an expression for each column, value maps, date formats."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    source: str
    where: str | None = None
    columns: dict[str, str]
    values: dict[str, dict[str, str]] = {}  # column -> value of the site -> canonical value; "*" is all others
    formats: dict[str, str] = {}  # column -> strptime format of the site's text

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
        if faults:
            raise ValueError("; ".join(faults))
        return self


class Mapping(BaseModel):
    """A whole mapping: views over the site's files, and the canonical tables made from them."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str
    title: str = ""
    sources: dict[str, str] = {}  # name -> SELECT over the files of the records folder
    tables: dict[str, TableMapping]

    @model_validator(mode="after")
    def _is_coherent(self) -> Self:
        faults = [
            f"sources.{name} is not one SELECT statement" for name, sql in self.sources.items() if not _is_select(sql)
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
                if (column.required or column.mapped) and column.name not in table.columns
            ]
        faults += [
            f"tables.{table.name} is missing; a mapping makes at least patients and spells"
            for table in TABLES.values()
            if table.required and table.name not in self.tables
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self


def load_mapping(name_or_file: str | Path) -> Mapping | None:
    """Read a shipped mapping by name or one's own by path; None for `canonical`, which needs no file.

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
        return Mapping.model_validate(content)
    except ValidationError as error:
        raise SpecificationError.of(declared.faults_of(error, path.name)) from None


def _is_expression(sql: str) -> bool:
    """Whether the text is one scalar expression: no statement, no second statement, no query inside."""
    try:
        parsed = sqlglot.parse(f"SELECT {sql}\n", read="duckdb")
    except sqlglot.errors.SqlglotError:
        return False
    if len(parsed) != 1 or not isinstance(parsed[0], exp.Select):
        return False
    select = parsed[0]
    if {part for part, value in select.args.items() if value} - {"expressions"}:  # FROM, WHERE, LIMIT and so on
        return False
    return len(select.expressions) == 1 and not list(select.expressions[0].find_all(exp.Select, exp.Alias))


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
