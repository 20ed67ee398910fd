"""The mapping language: how a site's own files become the canonical tables.

A mapping is a TOML file. For each canonical table it names a source (a file of the records folder, or a source that the
mapping defines: a view, files stacked, numbered columns as rows), an optional filter, and one DuckDB SQL expression for
each column. docs/mappings.md is the page for people.
"""

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Self

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

from vi_risk import declared
from vi_risk.errors import SpecificationError
from vi_risk.records.expressions import fault_of_expression, fault_of_query, is_date_format, numbered
from vi_risk.records.extract_files import FileForm
from vi_risk.records.faults import told_at_once
from vi_risk.records.readable import EPISODES, MADE_OF_EPISODES, NUMBERED, READABLE, declared_with
from vi_risk.records.tables import TABLES
from vi_risk.records.units import CODE, UNIT, VALUE, UnitRule

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
    """How one table is made: source, filter, an expression for each column, value maps, date formats, units."""

    model_config = _DECLARED

    source: str | list[str]  # several, or a name with `*`: stacked
    where: str | None = None
    optional: bool = False  # left out where it has no rows
    columns: dict[str, str]
    numbered: dict[str, str] = {}  # of episodes: diagnosis -> expression of a numbered column, such as DIAG_%02d
    values: dict[str, dict[str, str]] = {}  # column -> value of the site -> canonical value; "*" is all others
    formats: dict[str, str | list[str]] = {}  # column -> strptime format(s) of the site's text
    units: list[UnitRule] = []  # of a table with value and unit: the first rule that holds counts

    @model_validator(mode="after")
    def _is_coherent(self) -> Self:
        faults = [
            f"{part}.{column} has no expression in columns; add one or remove it"
            for part, named in (("values", self.values), ("formats", self.formats))
            for column in named
            if column not in (*self.columns, *self.numbered)
        ]
        faults += [
            f"columns.{column} {fault}"
            for column, sql in self.columns.items()
            if (fault := fault_of_expression(sql)) is not None
        ]
        faults += [
            f"formats.{column} is no form of a date, expected one such as %d/%m/%Y"
            for column, written in self.formats.items()
            if not all(is_date_format(one) for one in ([written] if isinstance(written, str) else written))
        ]
        for column, sql in self.numbered.items():
            first = numbered(sql, 1)
            if first.column is None:
                faults.append(f"numbered.{column} names no numbered column, such as DIAG_%02d (DIAG_01, DIAG_02, ...)")
            elif (fault := fault_of_expression(first.sql)) is not None:
                faults.append(f"numbered.{column} {fault}")
        if self.units and not {VALUE, UNIT, CODE} <= self.columns.keys():
            faults.append(f"units needs the columns {VALUE}, {UNIT} and {CODE} to be mapped")
        if self.where is not None and (fault := fault_of_expression(self.where)) is not None:
            faults.append(f"where {fault}")
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

    def with_numbered(self, there: Iterable[str]) -> Self:
        """Return the mapping with a column for each numbered one that a source with these columns has."""
        known = {column.casefold() for column in there}
        columns, values, formats = dict(self.columns), dict(self.values), dict(self.formats)
        for name, sql in self.numbered.items():
            for number in range(1, 100):
                one = numbered(sql, number)
                if one.column is None or one.column.casefold() not in known:
                    continue
                column = f"{name}_{number:02d}"
                columns[column] = one.sql
                if name in values:
                    values[column] = values[name]
                if name in formats:
                    formats[column] = formats[name]
        return self.model_copy(update={"columns": columns, "values": values, "formats": formats, "numbered": {}})

    @property
    def source_name(self) -> str:
        """What the source is called in messages."""
        return self.source if isinstance(self.source, str) else ", ".join(self.source)


class Mapping(BaseModel):
    """A whole mapping: how files are written, sources made of them, and the canonical tables made from these."""

    model_config = _DECLARED

    name: str
    title: str = ""
    files: FileForm = FileForm()
    sources: dict[str, Source] = {}
    tables: dict[str, TableMapping]

    @property
    def lacking(self) -> list[str]:
        """The tables that every mapping makes and this one does not; spells may be made of episodes."""
        made = {*self.tables, *(MADE_OF_EPISODES if EPISODES.name in self.tables else ())}
        return [table.name for table in TABLES.values() if table.required and table.name not in made]

    def conflicts(self) -> list[str]:
        """Return what is wrong with tables that are mapped and are made of episodes too."""
        return [
            f"tables.{name}: is made of tables.{EPISODES.name} already; remove one of the two"
            for name in MADE_OF_EPISODES
            if EPISODES.name in self.tables and name in self.tables
        ]

    @model_validator(mode="after")
    def _is_coherent(self, info: ValidationInfo) -> Self:
        partly = bool(info.context and info.context.get("partly"))
        faults = [
            f"sources.{name} {fault}"
            for name, source in self.sources.items()
            if isinstance(source, str) and (fault := fault_of_query(source)) is not None
        ]
        for name, table in self.tables.items():
            if name in READABLE:
                faults += _faults_of_table(name, table, partly=partly)
            else:
                faults.append(f"tables.{name} is no canonical table; expected one of {', '.join(READABLE)}")
        faults += self.conflicts()
        if not partly:
            faults += [
                f"tables.{name} is missing; a mapping makes at least patients and spells" for name in self.lacking
            ]
        if faults:
            raise ValueError("\n".join(faults))
        return self


def _faults_of_table(name: str, table: TableMapping, *, partly: bool) -> Iterator[str]:
    declared_table = declared_with(READABLE[name], table.columns)
    for column in table.columns:
        if column not in declared_table.column_names:
            yield f"tables.{name}: {column} is no column of {name}; it has {', '.join(READABLE[name].column_names)}"
    for column in table.numbered:
        if name != EPISODES.name or column not in NUMBERED:
            yield f"tables.{name}: numbered.{column} is not known; only episodes have numbered {', '.join(NUMBERED)}"
    if table.units and UNIT not in declared_table.column_names:
        yield f"tables.{name}: units: {name} has no column {UNIT}; convert its values in the expression"
    for needed in declared_table.columns:
        if (needed.required or needed.mapped) and needed.name not in table.columns and not partly:
            yield f"tables.{name}: columns lacks {needed.name} ({needed.meaning}), which {name} needs"


def load_mapping(name_or_file: str | Path, *, partly: bool = False) -> Mapping | None:
    """Read a shipped mapping by name or one's own by path; None for `canonical`, which needs no file.

    With `partly`, required tables and columns may still be missing: for `mapping check`, while a mapping is written.

    Raises
    ------
    UsageError
        There is no such file and no shipped mapping of that name.
    SpecificationError
        The file has faults; the first twenty are in the message, and how many more there are.
    """
    if str(name_or_file) == CANONICAL:
        return None
    path = declared.find(name_or_file, SHIPPED, what="mapping")
    content = declared.read_toml(path)
    try:
        return Mapping.model_validate(content, context={"partly": partly})
    except ValidationError as error:
        raise SpecificationError(told_at_once(declared.faults_of(error, path.name))) from None
