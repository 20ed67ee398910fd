"""What a mapping makes of a site's files, as a report: counts and names, nothing of any record."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from vi_risk.records.readable import NUMBERED, READABLE, numbered_columns

Counts = dict[str, int]  # name -> number of rows


@dataclass(frozen=True)
class SourceReport:
    """A source that the mapping defines: its rows, and the rows of what it is made of."""

    name: str
    rows: int
    made_of: Counts
    lacking: tuple[str, ...] = ()  # of a stack: "file: column, column" that others have


@dataclass(frozen=True)
class TableReport:
    """What the mapping makes of one canonical table.

    Attributes
    ----------
    rows_in, rows_left_out, rows_out
        Rows of the source, those that `where` leaves out, and rows of the canonical table.
    mapped, not_mapped
        Canonical columns that the mapping gives, and those that it could give and does not.
    required_missing
        Required columns that the mapping does not give.
    unlisted
        Column -> rows with a value that its value map does not list.
    unreadable
        Column -> rows with a value that cannot be read as its type.
    empty
        Required column -> rows without a value.
    repeated
        Rows whose key another row has too.
    without
        Table -> rows that name no row of it (a spell of nobody in patients).
    kept_units
        Rows whose value stays in a unit, or without one, that `units` does not know.
    faults
        What is wrong, each with what to do; a table with none can be read.
    """

    table: str
    source: str
    rows_in: int = 0
    rows_left_out: int = 0
    rows_out: int = 0
    mapped: tuple[str, ...] = ()
    not_mapped: tuple[str, ...] = ()
    required_missing: tuple[str, ...] = ()
    unlisted: Counts = field(default_factory=dict)
    unreadable: Counts = field(default_factory=dict)
    empty: Counts = field(default_factory=dict)
    repeated: int = 0
    without: Counts = field(default_factory=dict)
    kept_units: int = 0
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class MappingReport:
    """What a mapping makes of a site's files.

    Attributes
    ----------
    mapping, records
        The name of the mapping, and the place of the files.
    sources
        The sources that the mapping defines.
    tables
        One for each canonical table that it makes: its rows and columns, and what is wrong with them.
    tables_not_mapped
        Canonical tables that it does not make; their features will be missing.
    faults
        What is wrong with the mapping or the place, and with no one table.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import vi_risk
    >>> with TemporaryDirectory() as folder:
    ...     vi_risk.write_trust(folder, patients=20)
    ...     report = vi_risk.check_mapping(folder, None)
    >>> [table.table for table in report.tables if table.faults], report.to_dict()["fits"]
    ([], True)
    """

    mapping: str
    records: str
    sources: tuple[SourceReport, ...]
    tables: tuple[TableReport, ...]
    tables_not_mapped: tuple[str, ...]
    faults: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether nothing was found wrong, with the mapping or with what it makes of the records."""
        return not self.faults and not any(table.faults for table in self.tables)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {**asdict(self), "fits": self.fits}

    def lines(self) -> list[str]:
        """Return it as lines for a terminal."""
        lines = [f"mapping {self.mapping} on {self.records}", ""]
        if self.sources:
            lines += ["sources of the mapping", *(_source_line(source) for source in self.sources)]
            lines += [f"    {lacks}" for source in self.sources for lacks in source.lacking] + [""]
        for table in self.tables:
            lines += [*_table_lines(table), ""]
        if self.tables_not_mapped:
            lines += [f"not mapped: {', '.join(self.tables_not_mapped)} (their features will be missing)", ""]
        faults: dict[str, list[str]] = {fault: [] for fault in self.faults}  # fault -> the tables that it stops
        for table in self.tables:
            for fault in table.faults:
                faults.setdefault(fault, []).append(table.table)
        for fault, tables in faults.items():
            lines.append(f"  - {fault}{f' It stops {_listed(tables)}.' if len(tables) > 1 else ''}")
        if not faults:
            return [*lines, *self._missed(), "The mapping fits: these records can be read."]
        return [*lines, "1 fault to mend." if len(faults) == 1 else f"{len(faults)} faults to mend."]

    def _missed(self) -> list[str]:
        """Say which tables that were mapped have no row at all, and which source had no file."""
        empty = [table.table for table in self.tables if not table.rows_out and not READABLE[table.table].may_be_empty]
        if not empty:
            return []
        unfed = [source.name for source in self.sources if not source.made_of]
        why = f" No file was found for the source {', '.join(unfed)}." if unfed else ""
        return [f"But {', '.join(empty)} would have no row, and their features would be missing.{why}", ""]


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _source_line(source: SourceReport) -> str:
    parts = ", ".join(f"{name} {rows:,}" for name, rows in source.made_of.items()) or "no file"
    return f"  {source.name}: {source.rows:,} rows, made of {parts}"


def _table_lines(table: TableReport) -> Iterator[str]:
    yield f"{table.table}, from {table.source}"
    left_out = f", {table.rows_left_out:,} left out by where" if table.rows_left_out else ""
    yield f"  rows: {table.rows_in:,} in{left_out}, {table.rows_out:,} out"
    yield f"  mapped: {', '.join(_shortened(table.mapped))}"
    if table.not_mapped:
        yield f"  not mapped: {', '.join(table.not_mapped)}"
    if table.required_missing:
        yield f"  needed and not mapped: {', '.join(table.required_missing)}"
    for words, counts in (
        ("not in the value map", table.unlisted),
        ("cannot be read", table.unreadable),
        ("without a value that is needed", table.empty),
        ("naming no row there", table.without),
    ):
        if counts:
            yield f"  {words}: {', '.join(f'{name} {rows:,} rows' for name, rows in counts.items())}"
    if table.repeated:
        yield f"  repeating the key: {table.repeated:,} rows"
    if table.kept_units:
        yield f"  kept in a unit that units does not know, or without one: {table.kept_units:,} rows"


def _shortened(columns: Iterable[str]) -> Iterator[str]:
    """Name numbered columns from the first to the last of them."""
    numbered = numbered_columns(columns)
    yield from (column for column in columns if column not in numbered)
    for entry in NUMBERED:
        alike = [column for column, (of, _) in numbered.items() if of == entry]
        if alike:
            yield alike[0] if len(alike) == 1 else f"{alike[0]} to {alike[-1]}"
