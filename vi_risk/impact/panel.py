"""How often the registered of each practice came to hospital in each month: what practices are compared by.

A person counts with the practice at which they are registered on a day, the latest one where there are two. Time ends
with death. All is as it was known on the day after the last month.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from vi_risk.cohort.events import began_as_emergency
from vi_risk.errors import InputError
from vi_risk.impact.registered import practice_held
from vi_risk.records.codes import EMERGENCY_ADMISSION_METHODS
from vi_risk.records.linked import Records, event_date
from vi_risk.records.stays import is_regular, stays
from vi_risk.records.volume import month_after, months_between

if TYPE_CHECKING:
    import pandas as pd

OUTCOMES = {
    "emergency_admissions": "emergency admissions",
    "ed_attendances": "A&E attendances",
    "readmissions": "emergency readmissions within 30 days",
}
_TABLE_OF = {"emergency_admissions": "spells", "ed_attendances": "ed_attendances", "readmissions": "spells"}
_DAYS_OF_READMISSION = 30
_ARRIVED = 0.99  # share of a month's rows that must have had time to arrive
_FEWEST_MONTHS = 24
_FEWEST_REGISTERED = 50
_NO_STAYS = "spells: holds no row. Name records with hospital stays."


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
    known = records.as_of(end).tables
    held = practice_held(known)
    span = _months_table(months)
    rows = _registered(held, span)
    joined = _joined(known["practices"], first)
    stayed = stays(known["spells"].filter(~is_regular(known["spells"])))
    events = {
        "emergency_admissions": began_as_emergency(stayed).select("patient_id", day="admitted_on"),
        "readmissions": _readmissions(stayed),
    }
    if "ed_attendances" in known:
        seen = known["ed_attendances"]
        events["ed_attendances"] = seen.select("patient_id", day=event_date(seen, "arrived_at"))
        begins = records.seen_from("ed_attendances")
        if begins is not None and begins > first:
            notes.append(f"A&E attendances are complete from {begins} only, and are not compared.")
            del events["ed_attendances"]
    else:
        notes.append("The records hold no A&E attendances: these are not compared.")
    for name, happened in events.items():
        rows = rows.merge(_counts(happened, held, first, end, name), on=["practice_code", "month"], how="left")
        rows[name] = rows[name].fillna(0).astype("int64")
    rows = rows.merge(joined, on="practice_code", how="left")
    practices = int(rows["practice_code"].nunique())
    mean = rows.groupby("practice_code")["registered"].mean()
    whole = rows.groupby("practice_code")["month"].count() == len(months)
    kept = mean.index[(mean >= _FEWEST_REGISTERED) & whole]
    if left := practices - len(kept):
        notes.append(
            f"{left} of {practices} practices had fewer than {_FEWEST_REGISTERED} people registered, or nobody in some"
            " month, and are left out."
        )
    rows = rows[rows["practice_code"].isin(kept)]
    partly = rows["joined_within"] == rows["month"]
    rows = rows[~partly].drop(columns="joined_within").sort_values(["practice_code", "month"], ignore_index=True)
    return Panel(rows, months, practices, tuple(notes))


def _window(records: Records, since: date | None, until: date | None) -> tuple[date, date, list[str]]:
    """Return the first day, the day after the last, and what is left out at the end."""
    begins = records.seen_from("spells")
    if begins is None:
        raise InputError(_NO_STAYS)
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


def complete_to(records: Records) -> tuple[date, int]:
    """Return the day up to which 99 of 100 stays have arrived, itself not among them, and how long that takes.

    Raises
    ------
    InputError
        There are no stays.
    """
    ends = records.seen_to("spells")
    if ends is None:
        raise InputError(_NO_STAYS)
    late = _days_to_arrive(records)
    return ends + timedelta(days=1) - timedelta(days=late), late


def _days_to_arrive(records: Records) -> int:
    spells = records.tables["spells"]
    if "recorded_on" not in spells.columns:
        return 0
    days = spells.recorded_on.delta(spells.admitted_on, unit="day")
    found = spells.aggregate(late=days.quantile(_ARRIVED)).to_pyarrow()["late"][0].as_py()
    return max(0, round(found or 0))


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


def _readmissions(stayed: ir.Table) -> ir.Table:
    """Return the emergency stays that began within 30 days of the discharge of an emergency stay."""
    in_order = ibis.window(group_by="patient_id", order_by=["admitted_on", "discharged_on", "spell_id"])
    rows = stayed.mutate(before=stayed.admission_method.lag().over(in_order))
    soon = (rows.days_after_discharge <= _DAYS_OF_READMISSION).fill_null(False)
    again = rows.filter(soon, rows.before.isin(EMERGENCY_ADMISSION_METHODS).fill_null(False))
    return began_as_emergency(again).select("patient_id", day="admitted_on")


def _counts(happened: ir.Table, held: ir.Table, first: date, end: date, name: str) -> "pd.DataFrame":
    rows = happened.filter(happened.day >= ibis.literal(first), happened.day < ibis.literal(end))
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
