"""The monthly volume of a feed: how many rows each month has, and between which days they are complete."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import ibis
import ibis.expr.types as ir

_USUAL_SHARE = 1 / 4
_REGULAR_ROWS = 10
_APART_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Month:
    """The rows of one calendar month."""

    begins: date  # its first day
    rows: int
    first: date  # days of its first and its last row
    last: date


@dataclass(frozen=True, slots=True)
class Volume:
    """The months that have rows, earliest first; at least one."""

    months: tuple[Month, ...]

    @property
    def usual(self) -> float:
        """Median number of rows of a month that has any."""
        return float(statistics.median(month.rows for month in self.months))

    @property
    def regular(self) -> bool:
        """Whether a usual month has so many rows that one without any has a reason."""
        return self.usual >= _REGULAR_ROWS

    def seen_from(self, share: float = _USUAL_SHARE) -> date:
        """Return the first day of the first month with that share of the usual number of rows."""
        return self._full(share)[0].begins

    def seen_to(self) -> date:
        """Return the day of the last row no later than the month after the last month with a quarter of the usual rows.

        The month of the extract may have begun only, and a date far beyond it is a slip of a pen.
        """
        end = month_after(self._full(_USUAL_SHARE)[-1].begins, 2)
        return max(month.last for month in self.months if month.begins < end)

    def silent(self, first: date, last: date) -> frozenset[date]:
        """Return the months without a row, from that of `first` to that of `last`, by their first days."""
        asked = {month_after(first, n) for n in range(months_between(first, last) + 1)}
        return frozenset(asked - {month.begins for month in self.months})

    def _full(self, share: float) -> Sequence[Month]:
        """Return the months with enough rows; of a regular feed, those of one stretch.

        A month of many rows more than a year away from all others is not coverage: it is what a source writes for a
        day that it does not know, such as 1 January 1900.
        """
        enough = self.usual * share
        full = [month for month in self.months if month.rows >= enough]
        if not self.regular:
            return full
        stretches = [[full[0]]]
        for before, month in pairwise(full):
            if months_between(before.begins, month.begins) > _APART_MONTHS:
                stretches.append([])
            stretches[-1].append(month)
        return max(stretches, key=lambda stretch: sum(month.rows for month in stretch))


def volume_of(days: ir.Table) -> Volume | None:
    """Return the monthly volume of a table with the column ``day``; None where no row has a day."""
    return volumes_of(days.select(days.day, whole=ibis.literal("")), by="whole").get("")


def volumes_of(days: ir.Table, *, by: str) -> dict[str, Volume]:
    """Return the monthly volume of the rows of each value of `by`, where any has a day."""
    dated = days.filter(possible(days.day)).mutate(begins=days.day.truncate("M"))
    counted = dated.group_by(by, "begins").agg(rows=dated.count(), first=dated.day.min(), last=dated.day.max())
    months: dict[str, list[Month]] = {}
    for row in counted.order_by(by, "begins").to_pyarrow().to_pylist():
        months.setdefault(row.pop(by), []).append(Month(**row))
    return {value: Volume(tuple(found)) for value, found in months.items()}


def possible(day: ir.DateValue) -> ir.BooleanValue:
    """Whether Python's dates know the day; an engine's reach further, and the checks tell of such years."""
    return day.year().between(1, 9998)


def month_after(day: date, months: int) -> date:
    """Return the first day of the month so many months after the day's.

    Examples
    --------
    >>> month_after(date(2024, 11, 30), 2)
    datetime.date(2025, 1, 1)
    """
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def months_between(first: date, last: date) -> int:
    """Return how many months after the month of `first` that of `last` is.

    Examples
    --------
    >>> months_between(date(2024, 11, 30), date(2025, 1, 1))
    2
    """
    return (last.year - first.year) * 12 + last.month - first.month
