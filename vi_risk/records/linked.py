"""The linked record in an engine: canonical tables as ibis expressions, and what of them was known on a day."""

import hashlib
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self
from warnings import catch_warnings, filterwarnings

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from vi_risk.arguments import refuse_no_day
from vi_risk.errors import ResourceError, UsageError
from vi_risk.records.casting import text_literal
from vi_risk.records.frames import of_declared_types
from vi_risk.records.permission import Permission
from vi_risk.records.tables import TABLES, Table
from vi_risk.records.volume import Volume, volume_of
from vi_risk.running.scratch import ScratchFolder

if TYPE_CHECKING:
    import pandas as pd


class RunsOn(Protocol):
    """The engine that holds the tables of records."""

    backend: Any  # of ibis

    def scratch(self) -> AbstractContextManager[Callable[[str], str]]:
        """Give names for views and tables that are needed for a while; those that were made go at the end."""

    def hold(self, rows: pa.Table) -> ir.Table:
        """Return a few rows as a table of the engine, beside those of the records as long as these are there."""

    def fingerprint(self, rows: ir.Table) -> str:
        """Return a fingerprint of the rows, whatever their order."""

    def close(self) -> None:
        """Let go of what the engine keeps for these records."""


class Workspace:
    """A DuckDB database in a folder of its own, which goes when nothing uses it any more.

    It keeps the records on disk rather than in memory, so that they may be larger than memory.

    Parameters
    ----------
    folder
        Where its own folder is made, for the records while they are worked on and what does not fit into memory; None
        for the system's folder of temporary files.
    memory_mb
        The most that the engine takes of memory, in MB (10^6 bytes), before it writes to disk; None leaves it its own
        bound, four fifths of the machine's.

    Raises
    ------
    ResourceError
        The folder cannot be written.
    """

    def __init__(self, folder: Path | None = None, *, memory_mb: int | None = None) -> None:
        try:
            self._folder = ScratchFolder("vi-risk-", folder)
        except OSError as error:
            msg = (
                f"{folder or 'the folder for temporary files'}: cannot be written ({error.strerror}). Free space there,"
                " or name another folder with --spill or in the environment variable TMPDIR."
            )
            raise ResourceError(msg) from None
        self.path = self._folder.path
        self._scratches = 0
        self.backend: Any = ibis.duckdb.connect(self.path / "records.duckdb")
        self.backend.raw_sql("SET preserve_insertion_order = false")
        self.backend.raw_sql("SET TimeZone = 'UTC'")
        # vi_risk tells its own. In a notebook without ipywidgets it is off, and DuckDB refuses that it be set at all.
        if self.backend.con.execute("SELECT current_setting('enable_progress_bar')").fetchone() == (True,):
            self.backend.raw_sql("SET enable_progress_bar = false")
        if memory_mb is not None:
            self.backend.raw_sql(f"SET memory_limit = '{memory_mb}MB'")
        self.backend.raw_sql(f"SET temp_directory = {text_literal(str(self.path / 'spill'))}")
        # Tied to the backend, which every table of it holds: a table outlives the records that it was taken from.
        self._close = weakref.finalize(self.backend, _close, self.backend.con, self._folder)

    @contextmanager
    def scratch(self) -> Iterator[Callable[[str], str]]:
        """Give names for views and tables that are needed for a while; those that were made go at the end."""
        self._scratches += 1
        prefix = f"scratch_{self._scratches}_"
        try:
            yield lambda thing: prefix + thing
        finally:
            made = "SELECT table_name, table_type FROM information_schema.tables WHERE starts_with(table_name, ?)"
            for name, kind in self.backend.con.execute(made, [prefix]).fetchall():
                self.backend.raw_sql(f'DROP {"VIEW" if kind == "VIEW" else "TABLE"} "{name}"')

    def hold(self, rows: pa.Table) -> ir.Table:
        """Return a few rows as a table of the engine, beside those of the records as long as these are there."""
        return self.backend.create_table(ibis.util.gen_name("held"), rows)

    def fingerprint(self, rows: ir.Table) -> str:
        """Return a fingerprint of the rows, whatever their order."""
        # The sum of row hashes does not depend on the order; the hash is DuckDB's own, stable within a version.
        sql = ibis.to_sql(rows, dialect="duckdb")
        columns = ", ".join(f'"{column}"' for column in sorted(rows.columns))
        found = self.backend.raw_sql(
            f"SELECT count(*), coalesce(sum(hash({columns})::HUGEINT), 0) FROM ({sql})"  # noqa: S608
        ).fetchone()
        return fingerprint_of(rows.columns, *found)

    def close(self) -> None:
        """Disconnect and remove the folder; closing twice is harmless."""
        self._close()


def _close(connection: Any, folder: ScratchFolder) -> None:
    connection.close()
    folder.remove()


@dataclass(frozen=True)
class Records:
    """Linked records of one place: the canonical tables that it has, each with the columns that it has.

    Attributes
    ----------
    tables
        Canonical table name -> ibis table. A table that the site lacks is absent.
    workspace
        The engine that holds them, which goes when nothing uses it any more.
    source
        Where they were read from, for messages and run.json.
    permission
        What they may be used for, settled at the door (`vi_risk.governance.door`); None for records that have not come
        through it, of which no features are built.

    Examples
    --------
    >>> from datetime import date
    >>> import pandas as pd
    >>> import vi_risk
    >>> patients = pd.DataFrame({"patient_id": ["p1"], "birth_month": [date(1950, 1, 1)], "sex": ["2"]})
    >>> spells = pd.DataFrame(
    ...     {"spell_id": ["s1"], "patient_id": ["p1"], "admitted_on": [date(2025, 2, 3)], "discharged_on": None}
    ... )
    >>> records = vi_risk.Records.from_frames({"patients": patients, "spells": spells})
    >>> before = records.as_of(date(2025, 1, 1))  # what was known when that day began
    >>> records.has("spells", "admitted_on"), len(records.frame("spells")), len(before.frame("spells"))
    (True, 1, 0)
    """

    tables: Mapping[str, ir.Table]
    workspace: RunsOn = field(repr=False)
    source: str = "data frames"
    permission: Permission | None = None
    _volumes: dict[str, Volume | None] = field(init=False, repr=False, compare=False, default_factory=dict)
    _fingerprints: dict[str, str] = field(init=False, repr=False, compare=False, default_factory=dict)

    @classmethod
    def from_frames(cls, tables: Mapping[str, "pd.DataFrame"], *, permission: Permission | None = None) -> Self:
        """Make records of canonical data frames, columns that are not canonical left out.

        `tables` are canonical table name -> its frame, with the columns of the data dictionary that the site has.
        Values are cast to the declared types, and moments with a time zone are told by the clock in England, as those
        of files are; nothing is checked (see `vi_risk.records.checks`). `permission` says that the frames are nobody's
        (`vi_risk.records.permission.NOBODYS`); for others see `vi_risk.governance.permitted`.

        Raises
        ------
        UsageError
            A table is no canonical one, or is something else than a data frame.
        InputError
            A frame has none of its table's columns, or one of them twice; or a column holds values that are not of its
            type, which are not told.
        """
        if unknown := sorted({*tables} - {*TABLES}):
            msg = f"{', '.join(unknown)}: is no canonical table. Expected one or more of {', '.join(TABLES)}."
            raise UsageError(msg)
        rows = {name: of_declared_types(TABLES[name], frame) for name, frame in tables.items()}
        workspace = Workspace()
        loaded = {name: workspace.backend.create_table(f"canonical_{name}", found) for name, found in rows.items()}
        return cls(loaded, workspace, permission=permission)

    def has(self, table: str, column: str | None = None) -> bool:
        """Whether the site has that table (and that column of it)."""
        if table not in self.tables:
            return False
        return column is None or column in self.tables[table].columns

    def frame(self, table: str) -> "pd.DataFrame":
        """Return all rows of a canonical table as a data frame, in no order; dates are datetime64.

        Parameters
        ----------
        table
            One of those in `tables`; its grain and columns are those of the data dictionary.

        Raises
        ------
        UsageError
            The records have no table of that name.
        """
        if table not in self.tables:
            msg = f"{table}: is no table of these records. They have {', '.join(sorted(self.tables))}."
            raise UsageError(msg)
        rows: pd.DataFrame = self.tables[table].to_pyarrow().to_pandas(date_as_object=False)
        return rows

    def as_of(self, day: date) -> Self:
        """Return what was known when `day` began: rows that had happened and arrived, later values blanked.

        Raises
        ------
        UsageError
            The day is no `datetime.date`.
        """
        refuse_no_day(day, name="day")
        moment = ibis.literal(day)
        known = {name: known_rows(rows, TABLES[name], moment) for name, rows in self.tables.items()}
        discharged = known["spells"].filter(known["spells"].discharged_on.notnull()) if "spells" in known else None
        for name in known:  # what a stay was coded with is known from its discharge
            if discharged is not None and TABLES[name].known_from == "spells.discharged_on":
                known[name] = known[name].semi_join(discharged, "spell_id")
        return replace(self, tables=known)

    def seen_from(self, table: str) -> date | None:
        """Return the first day from which a table is complete, or None when it is not there or empty.

        It is the first day of the first month with enough rows, so that the stray early rows that extracts hold (long
        stays, old entries) do not count as coverage. Enough is a quarter of the median month's; of a practice's table,
        where practices say when they joined the trust, a fiftieth, for the first of many practices to join is a start.
        """
        volume = self.volume(table)
        if volume is None:
            return None
        joined_one_by_one = TABLES[table].held_by == "practice" and self.has("practices", "integrated_from")
        return volume.seen_from(1 / 50 if joined_one_by_one else 1 / 4)

    def seen_to(self, table: str) -> date | None:
        """Return the last day up to which a table is complete, or None when it is not there or empty.

        It is the last event no later than the month after the last month with a quarter of the median month's rows:
        the month of the extract may have begun only, and a date far beyond it is a slip of a pen.
        """
        volume = self.volume(table)
        return None if volume is None else volume.seen_to()

    def monthly_rows(self, table: str) -> float:
        """Return the median number of rows in a month; 0 when the table is not there or empty."""
        volume = self.volume(table)
        return 0.0 if volume is None else volume.usual

    def volume(self, table: str) -> Volume | None:
        """Return the rows of each month of a dated table, counted once; None when it is not there or empty."""
        event = TABLES[table].event
        if table not in self.tables or event is None:
            return None
        if table not in self._volumes:
            rows = self.tables[table]
            self._volumes[table] = volume_of(rows.select(day=event_date(rows, event)))
        return self._volumes[table]

    def write_parquet(self, files: Mapping[str, Path]) -> None:
        """Write tables, by their names, into Parquet files; those of people sorted by patient_id."""
        for name, path in files.items():
            rows = self.tables[name]
            ordered = rows.order_by("patient_id") if "patient_id" in rows.columns else rows
            # Through Arrow: the engine that read the records may not write outside of its folder.
            with pq.ParquetWriter(path, ordered.schema().to_pyarrow(), compression="zstd") as file, catch_warnings():
                filterwarnings("ignore", "fetch_record_batch", DeprecationWarning)  # ibis 12 calls it
                for batch in ordered.to_pyarrow_batches():
                    file.write_batch(batch)

    def fingerprints(self) -> dict[str, str]:
        """Return a content fingerprint of each table, taken once: same rows in any order, same fingerprint."""
        if not self._fingerprints:
            found = {name: self.workspace.fingerprint(rows) for name, rows in sorted(self.tables.items())}
            self._fingerprints.update(found)
        return dict(self._fingerprints)


def event_date(rows: ir.Table, event: str) -> ir.DateValue:
    """Return the event column as a date, whether it is a date or a timestamp."""
    column = rows[event]
    return column.date() if column.type().is_timestamp() else column


def arrived(rows: ir.Table, moment: ir.DateValue, column: str = "recorded_on") -> ir.BooleanValue:
    """Whether a row had reached the trust before the moment; without a recorded date it arrived with its event."""
    if column not in rows.columns:
        return ibis.literal(True)
    return rows[column].isnull() | (rows[column] < moment)


def known_rows(rows: ir.Table, table: Table, moment: ir.DateValue) -> ir.Table:
    """Return the rows that had happened and arrived before the moment, values not yet known set to null."""
    conditions = [arrived(rows, moment)]
    if table.event is not None:
        conditions.append(event_date(rows, table.event) < moment)
    return blank_unknown(rows.filter(*conditions), table, moment)


def blank_unknown(rows: ir.Table, table: Table, moment: ir.DateValue) -> ir.Table:
    """Set to null the values that became known on or after the moment."""
    unknown = {
        column.name: (rows[column.known_from] < moment).ifelse(rows[column.name], ibis.null(rows[column.name].type()))
        for column in table.columns
        if column.known_from is not None and column.name in rows.columns and column.known_from in rows.columns
    }
    return rows.mutate(**unknown) if unknown else rows


def fingerprint_of(columns: Iterable[str], rows: int, sum_of_hashes: int) -> str:
    """Return the fingerprint of a table of so many rows, whose hashes add up to that."""
    return hashlib.sha256(f"{sorted(columns)}|{rows}|{sum_of_hashes}".encode()).hexdigest()[:16]
