"""How often the registered of each practice came to hospital in each month: what practices are compared by.

A person counts with the practice at which they are registered on a day, the latest one where there are two. Time ends
with death. All is as it is known once what happened in the last month has had its time to arrive.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from vi_risk.errors import InputError
from vi_risk.impact.outcomes import NO_STAYS, OUTCOMES, attendances_missing, complete_to, happened
from vi_risk.impact.registered import practice_held
from vi_risk.records.linked import Records
from vi_risk.records.volume import month_after, months_between

if TYPE_CHECKING:
    import pandas as pd

_FEWEST_MONTHS = 24
_FEWEST_REGISTERED = 50


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Practices by months.

    Attributes
    ----------
    rows
        One row per practice_code and month (number of the month, 0 the first): ``registered`` (mean number of people),
        a column for each of `OUTCOMES` that the records hold (number in the month), ``joined`` (number of the first
        whole month in the trust, missing: did not join).
    months
        First day of each month.
    practices
        Number of practices, before any was left out.
    notes
        What was left out, and why.
    """

    rows: "pd.DataFrame"
    months: tuple[date, ...]
    practices: int
    notes: tuple[str, ...]

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Names of the outcomes that the records hold."""
        return tuple(name for name in OUTCOMES if name in self.rows)


def panel_of(records: Records, *, since: date | None = None, until: date | None = None) -> Panel:
    """Return how often people of each practice came to hospital in each month.

    Parameters
    ----------
    since, until
        Only whole months in ``[since, until)`` are looked at; None takes what the records hold. The last months, for
        which one row in a hundred may still be on its way, are left out.

    Raises
    ------
    InputError
        The records lack practices, their days of joining or registrations, or hold too few whole months.
    """
    for table, column in (("registrations", None), ("practices", "integrated_from"), ("spells", None)):
        if not records.has(table, column):
            name = table if column is None else f"{table}.{column}"
            msg = f"{name}: is not in the records. What joining did is told by practice and month: map it first."
            raise InputError(msg)
    first, end, notes = _window(records, since, until)
    months = tuple(month_after(first, n) for n in range(months_between(first, end)))
    known = records.as_of(end + timedelta(days=complete_to(records)[1])).tables
    held = practice_held(known)
    span = _months_table(months)
    rows = _registered(held, span)
    joined = _joined(known["practices"], first)
    events = happened(known)
    if missing := attendances_missing(records, first, end):
        notes.append(missing)
        events.pop("ed_attendances", None)
    for name, of_outcome in events.items():
        rows = rows.merge(_counts(of_outcome, held, first, end, name), on=["practice_code", "month"], how="left")
        rows[name] = rows[name].fillna(0).astype("int64")
    rows = rows.merge(joined, on="practice_code", how="left")
    practices = int(rows["practice_code"].nunique())
    fewest = rows.groupby("practice_code")["registered"].min()
    whole = rows.groupby("practice_code")["month"].count() == len(months)
    # The last people of a practice that closes would weigh as much as all of another's.
    kept = fewest.index[(fewest >= _FEWEST_REGISTERED) & whole]
    if left := practices - len(kept):
        notes.append(
            f"{left} of {practices} practices had fewer than {_FEWEST_REGISTERED} people registered in some month, as"
            " one has that opened or closed in this time, and are left out."
        )
    rows = rows[rows["practice_code"].isin(kept)]
    partly = rows["joined_within"] == rows["month"]
    rows = rows[~partly].drop(columns="joined_within").sort_values(["practice_code", "month"], ignore_index=True)
    return Panel(rows, months, practices, tuple(notes))


def _window(records: Records, since: date | None, until: date | None) -> tuple[date, date, list[str]]:
    """Return the first day, the day after the last, and what is left out at the end."""
    begins = records.seen_from("spells")
    if begins is None:
        raise InputError(NO_STAYS)
    complete, late = complete_to(records)
    notes = []
    first = begins if since is None else max(begins, since)
    first = first if first.day == 1 else month_after(first, 1)
    if until is None or complete < until:
        left = f", as 1 row in 100 takes longer than {late} days to arrive" if late else ""
        notes.append(f"Months that were not over by {complete} are left out{left}.")
    last = complete if until is None else min(until, complete)
    end = last.replace(day=1)
    if months_between(first, end) < _FEWEST_MONTHS:
        msg = (
            f"spells: expected at least {_FEWEST_MONTHS} whole months to compare before and after, found"
            f" {max(0, months_between(first, end))} from {first} to {end}. Widen --from and --to, or give longer"
            " records."
        )
        raise InputError(msg)
    return first, end, notes


def _months_table(months: tuple[date, ...]) -> ir.Table:
    import pyarrow as pa  # noqa: PLC0415 - loaded when used

    starts = pa.array(months, pa.date32())
    ends = pa.array([month_after(month, 1) for month in months], pa.date32())
    return ibis.memtable(pa.table({"month": range(len(months)), "starts": starts, "until": ends}))


def _registered(held: ir.Table, span: ir.Table) -> "pd.DataFrame":
    pairs = held.join(span, [held.begins < span.until, held.ends > span.starts])
    days = ibis.least(pairs.ends, pairs.until).delta(ibis.greatest(pairs.begins, pairs.starts), unit="day")
    share = days / pairs.until.delta(pairs.starts, unit="day")
    found: pd.DataFrame = (
        (pairs.mutate(share=share).group_by("practice_code", "month").agg(registered=ibis._.share.sum()))
        .to_pyarrow()
        .to_pandas()
    )
    return found.astype({"month": "int64"})


def _counts(of_outcome: ir.Table, held: ir.Table, first: date, end: date, name: str) -> "pd.DataFrame":
    rows = of_outcome.filter(of_outcome.day >= ibis.literal(first), of_outcome.day < ibis.literal(end))
    met = rows.join(held, [rows.patient_id == held.patient_id, rows.day >= held.begins, rows.day < held.ends])
    month = (met.day.year() - first.year) * 12 + met.day.month() - first.month
    counted = met.mutate(month=month.cast("int64")).group_by("practice_code", "month").agg(number=ibis._.count())
    found: pd.DataFrame = counted.to_pyarrow().to_pandas()
    return found.rename(columns={"number": name})


def _joined(practices: ir.Table, first: date) -> "pd.DataFrame":
    """Return the number of the first whole month in the trust, and of the month within which a practice joined."""
    import pandas as pd  # noqa: PLC0415 - loaded when used

    rows: pd.DataFrame = practices.select("practice_code", "integrated_from").to_pyarrow().to_pandas()
    days = pd.to_datetime(rows["integrated_from"])
    number = (days.dt.year - first.year) * 12 + days.dt.month - first.month
    within = number.where(days.dt.day > 1)
    joined = number.where(days.dt.day == 1, number + 1)
    return pd.DataFrame({"practice_code": rows["practice_code"], "joined": joined, "joined_within": within})
