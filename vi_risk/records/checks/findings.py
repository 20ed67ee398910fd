"""What the checks found, as values: findings, what each table holds, and practices whose data are not whole."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from vi_risk.errors import InputError

Severity = Literal["error", "warning"]
Fault = Literal["no rows", "late", "silent", "stopped"]

MEND = "Correct these rows or leave them out in the mapping."


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that some rows break.

    Attributes
    ----------
    rows, of
        How many break it, and of how many; of a table that is not there, 0 of 0.
    unit
        What is counted, where it is not rows: people, months, practices.
    mend
        What to do about it, in a sentence.
    """

    table: str
    column: str
    rule: str
    rows: int
    of: int
    severity: Severity
    mend: str = MEND
    unit: str = "rows"

    def __str__(self) -> str:
        """'spells.admission_method: 14 of 20,310 rows: code outside the list of the data dictionary'."""
        at = f"{self.table}.{self.column}" if self.column else self.table
        return f"{at}: {self.rows:,} of {self.of:,} {self.unit}: {self.rule}" if self.of else f"{at}: {self.rule}"


@dataclass(frozen=True, slots=True)
class Lag:
    """Days from the event to the day on which its row reached the trust, over the rows that say so.

    The share is that of rows which arrived more than 31 days after the event.
    """

    rows: int
    median: int
    p90: int
    p99: int
    over_31_days: float

    @classmethod
    def of(cls, rows_by_days: Mapping[int, int]) -> "Lag | None":
        """Return the lag of so many rows after so many days; None where there are none.

        Examples
        --------
        >>> Lag.of({0: 5, 3: 4, 40: 1})
        Lag(rows=10, median=0, p90=3, p99=40, over_31_days=0.1)
        """
        rows = sum(rows_by_days.values())
        if not rows:
            return None

        def quantile(percent: int) -> int:
            reached = 0
            for days in sorted(rows_by_days):
                reached += rows_by_days[days]
                if 100 * reached >= percent * rows:
                    return days
            raise AssertionError  # the last days reach all rows

        late = sum(number for days, number in rows_by_days.items() if days > 31)
        return cls(rows, quantile(50), quantile(90), quantile(99), round(late / rows, 4))


@dataclass(frozen=True, slots=True)
class TableSummary:
    """What one table holds.

    Attributes
    ----------
    first, last
        Days of the first and the last row; of what a stay was coded with, the days of discharge.
    missing
        Column -> share of rows in which it is null.
    months
        Month (YYYY-MM) -> rows, for the months that have any.
    repeated
        Rows beyond the first of a key; of a table without a key, rows that are the same as another in every column.
    seen_from, seen_to
        The days between which the table is complete, stray earlier and later rows left out.
    """

    table: str
    rows: int
    first: str | None
    last: str | None
    missing: dict[str, float]
    months: dict[str, int]
    repeated: int = 0
    seen_from: str | None = None
    seen_to: str | None = None
    lag: Lag | None = None


@dataclass(frozen=True, slots=True)
class PracticeFeed:
    """A table of a practice that begins late, falls silent, stops, or is not there at all.

    The practice is named by its code where that has the form of one, else "(code not of the usual form)": whatever
    stands in its place may be a value of a person.
    """

    table: str
    practice: str
    fault: Fault
    expected_from: str  # months, as YYYY-MM
    first: str | None
    last: str | None
    silent_months: int


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What the checks found: a summary of each table, the broken rules, and practices whose data are not whole."""

    tables: tuple[TableSummary, ...]
    findings: tuple[Finding, ...]
    absent: tuple[str, ...]
    practices: tuple[PracticeFeed, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings that stop a run."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Findings that a run goes on with, counted on the model card."""
        return tuple(finding for finding in self.findings if finding.severity == "warning")

    def raise_errors(self) -> None:
        """Raise InputError with every finding that stops a run."""
        if self.errors:
            raise InputError("\n".join(f"{finding}. {finding.mend}" for finding in self.errors))

    def to_dict(self) -> dict[str, object]:
        """Return the report as plain values for check.json."""
        return {
            "tables": [asdict(table) for table in self.tables],
            "absent": list(self.absent),
            "errors": [asdict(finding) for finding in self.errors],
            "warnings": [asdict(finding) for finding in self.warnings],
            "practices": [asdict(feed) for feed in self.practices],
        }
