"""Outcomes: what happened to each member of the cohort within the horizon, and for how long it could be seen."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from vi_risk.cohort.events import KEYS, deaths, departures, emergency_stays, with_main_diagnosis
from vi_risk.errors import InputError, UsageError
from vi_risk.records.linked import Records
from vi_risk.running.memory import budget

if TYPE_CHECKING:
    import pandas as pd

Ended = Literal["event", "died", "left", "horizon"]

# A row that is asked about takes as much as so many numbers while it is looked up.
_COLUMNS_HELD = 60

_KEYS = pa.schema([("patient_id", pa.string()), ("index_date", pa.date32())])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a risk is of, or what is expected to be counted.

    Attributes
    ----------
    words
        As it completes "chance of ..." or "expected number of ...".
    needs
        Tables, or columns as ``table.column``, without which it cannot be told.
    stays
        Which emergency stays make it: all of them, those that better care outside might have avoided, or none.
    at_least
        So many stays are the event, which happens with the last of them.
    death
        Whether death is the event (beside the stays).
    counts
        What is counted, for an outcome that is a number: stays, or their nights.
    """

    name: str
    words: str
    needs: tuple[str, ...] = ()
    stays: Literal["emergency", "avoidable"] | None = "emergency"
    at_least: int = 1
    death: bool = False
    counts: Literal["stays", "nights"] | None = None

    @property
    def kind(self) -> Literal["yes_no", "count"]:
        """Whether it happens or not, or is a number."""
        return "yes_no" if self.counts is None else "count"

    def refuse_lacking(self, records: Records) -> None:
        """Refuse records from which the outcome cannot be told."""
        lacking = [name for name in self.needs if not records.has(*name.split("."))]
        if lacking:
            msg = (
                f"outcome {self.name}: needs {' and '.join(lacking)}, which the records lack. Map what is missing from"
                " the extract, or choose a model spec with another outcome."
            )
            raise InputError(msg)


_OUTCOMES = (
    Outcome("emergency_admission", "an emergency admission"),
    Outcome("emergency_admission_or_death", "an emergency admission or death", needs=("patients.died_on",), death=True),
    Outcome(
        "avoidable_admission",
        "an emergency admission for a condition that care outside hospital can often prevent",
        needs=("diagnoses",),
        stays="avoidable",
    ),
    Outcome("high_intensity", "three or more emergency admissions", at_least=3),
    Outcome("death", "death", needs=("patients.died_on",), stays=None, death=True),
    Outcome("emergency_admissions_count", "emergency admissions", counts="stays"),
    Outcome("emergency_bed_days", "nights in hospital after emergency admissions", counts="nights"),
)

OUTCOMES: Mapping[str, Outcome] = MappingProxyType({outcome.name: outcome for outcome in _OUTCOMES})


def outcomes_of(
    records: Records,
    cohort: "pd.DataFrame",
    *,
    outcome: Outcome | str,
    horizon_days: int,
    known_by: date,
    starts_after_days: int = 0,
    leaving: bool = True,
    codes: Collection[str] = (),
) -> "pd.DataFrame":
    """Return the outcome of each row of a cohort and how its window ended; see `follow_up`.

    Parameters
    ----------
    cohort
        patient_id, index_date.

    Returns
    -------
    DataFrame
        outcome, ended, followed_days, in the order and with the index of `cohort`; all three are missing where the
        window is not over.
    """
    import pandas as pd  # noqa: PLC0415 - loaded when used

    asked: dict[str, Any] = {
        "outcome": outcome,
        "horizon_days": horizon_days,
        "known_by": known_by,
        "starts_after_days": starts_after_days,
        "leaving": leaving,
        "codes": codes,
    }
    at_once = budget().rows_at_once(_COLUMNS_HELD)
    parts = [
        _ends_of(records, cohort.iloc[start : start + at_once], asked)
        for start in range(0, max(1, len(cohort)), at_once)
    ]
    return parts[0] if len(parts) == 1 else pd.concat(parts)


def _ends_of(records: Records, cohort: "pd.DataFrame", asked: Mapping[str, Any]) -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415 - loaded when used

    keys = pa.Table.from_pandas(cohort[_KEYS.names], schema=_KEYS, preserve_index=False)
    found = follow_up(
        records,
        ibis.memtable(keys.group_by(_KEYS.names).aggregate([])),
        **asked,
    )
    ends: pd.DataFrame = found.to_pyarrow().to_pandas(date_as_object=True)
    people = keys.to_pandas(date_as_object=True)
    rows: pd.DataFrame = people.merge(ends, on=_KEYS.names, how="left", validate="many_to_one").drop(
        columns=_KEYS.names
    )
    rows.index = cohort.index
    return rows


def follow_up(
    records: Records,
    people: ir.Table,
    *,
    outcome: Outcome | str,
    horizon_days: int,
    known_by: date,
    starts_after_days: int = 0,
    leaving: bool = True,
    codes: Collection[str] = (),
) -> ir.Table:
    """Return how the window after each index date ended, as an expression, not yet run.

    The window is half-open, ``[start, start + horizon_days)`` with ``start = index_date + starts_after_days``. What
    comes first ends it; on one day an event comes before death, and both before leaving. A stay that was open when the
    window began is no event: a patient in hospital needs a new admission. Death is an event where the outcome says so,
    and otherwise the end of a window without one; admissions dated after it are slips.

    Parameters
    ----------
    people
        One row per patient_id, index_date.
    outcome
        One of `OUTCOMES`, by name, or one's own.
    known_by
        Only what had happened and arrived before this date is used; a window that closes after it has no outcome yet.
    starts_after_days
        Days from the index date to the window: how good the risk of one day is for a later window.
    leaving
        Whether a departure from the area ends the window (`vi_risk.cohort.events.departures`); without registrations
        nobody leaves. If not, hospital admissions after it count as they stand in the records.
    codes
        ICD-10 codes, plain (``I50``, ``J440``), of the primary diagnoses that make a stay avoidable; each stands for
        all below it.

    Returns
    -------
    Table
        One row per patient_id, index_date: ``outcome`` (0 or 1, or the number counted; 0 of people who left before the
        event or, where something is counted, at all), ``ended`` (event, died, left, horizon) and ``followed_days``
        until then, from the start of the window. All three are null where the window is not over by `known_by`, and
        where a person had died or left before it started.

    Raises
    ------
    InputError
        The records lack what the outcome is told from.
    UsageError
        There is no such outcome, or no code for an avoidable one.
    """
    asked = _outcome(outcome, codes, horizon_days, starts_after_days)
    asked.refuse_lacking(records)
    known = records.as_of(known_by).tables
    rows = people.select(*KEYS)
    dead = deaths(known).select(deceased="patient_id", died_on="died_on")
    rows = rows.left_join(dead, rows.patient_id == dead.deceased).drop("deceased")
    left = departures(known, people) if leaving and "registrations" in known else None
    if left is not None:
        left = left.select(whose="patient_id", at="index_date", left_on="left_on")
        rows = rows.left_join(left, [rows.patient_id == left.whose, rows.index_date == left.at]).drop("whose", "at")
    else:
        rows = rows.mutate(left_on=ibis.null("date"))
    rows = rows.mutate(
        died=_day(rows.died_on, rows, starts_after_days), left=_day(rows.left_on, rows, starts_after_days)
    ).drop("died_on", "left_on")
    if asked.stays is not None:
        admissions = emergency_stays(known)
        if asked.stays == "avoidable":
            admissions = with_main_diagnosis(admissions, known["diagnoses"], codes)
        rows = _with_stays(rows, admissions, asked, horizon_days, starts_after_days)
    else:
        rows = rows.mutate(event=ibis.null("int64"))
    over = ibis.literal(known_by).delta(rows.index_date, unit="day") >= starts_after_days + horizon_days
    return _ended(rows, asked, horizon_days, over=over, shifted=starts_after_days > 0)


def _outcome(outcome: Outcome | str, codes: Collection[str], horizon_days: int, starts_after_days: int) -> Outcome:
    """Return the outcome that is asked for, where the question has an answer."""
    if isinstance(outcome, str) and outcome not in OUTCOMES:
        msg = f"outcome: must be one of {', '.join(OUTCOMES)}, got {outcome!r}."
        raise UsageError(msg)
    asked = OUTCOMES[outcome] if isinstance(outcome, str) else outcome
    if asked.stays == "avoidable" and not codes:
        msg = f"outcome {asked.name}: codes must hold the ICD-10 codes of avoidable conditions, got none."
        raise UsageError(msg)
    if horizon_days < 1 or starts_after_days < 0:
        msg = (
            "outcome: horizon_days must be at least 1 and starts_after_days at least 0,"
            f" got {horizon_days} and {starts_after_days}."
        )
        raise UsageError(msg)
    return asked


def _day(day: ir.DateValue, rows: ir.Table, starts_after_days: int) -> ir.IntegerValue:
    """Return the number of a day in the window of each row, 0 for its first."""
    return day.delta(rows.index_date, unit="day").cast("int64") - starts_after_days


def _with_stays(
    rows: ir.Table, admissions: ir.Table, outcome: Outcome, horizon_days: int, starts_after_days: int
) -> ir.Table:
    """Add the day of the event, or what is counted, of the stays that began in the window before death."""
    admissions = admissions.select("patient_id", "spell_id", "admitted_on", "discharged_on")
    pairs = rows.join(admissions, "patient_id")
    pairs = pairs.mutate(day=_day(pairs.admitted_on, pairs, starts_after_days))
    pairs = pairs.filter(pairs.day >= 0, pairs.day < horizon_days, pairs.died.isnull() | (pairs.day <= pairs.died))
    if outcome.counts is None:
        in_order = ibis.window(group_by=list(KEYS), order_by=["day", "spell_id"])
        enough = pairs.mutate(before=ibis.row_number().over(in_order)).filter(ibis._.before == outcome.at_least - 1)
        found = enough.select(whose="patient_id", at="index_date", event="day")
    else:
        until = ibis.least(
            *(_day(pairs.discharged_on, pairs, starts_after_days).fill_null(horizon_days), ibis.literal(horizon_days)),
            pairs.died.fill_null(horizon_days),
        )
        nights = ibis.greatest(until - pairs.day, ibis.literal(0))
        number = pairs.count() if outcome.counts == "stays" else nights.sum()
        counted = pairs.group_by(whose=pairs.patient_id, at=pairs.index_date).agg(number=number.cast("int64"))
        found = counted.mutate(event=ibis.null("int64"))
    return rows.left_join(found, [rows.patient_id == found.whose, rows.index_date == found.at]).drop("whose", "at")


def _ended(rows: ir.Table, outcome: Outcome, horizon_days: int, *, over: ir.BooleanValue, shifted: bool) -> ir.Table:
    """Return patient_id, index_date, outcome, ended and followed_days of the days on which things happened."""
    horizon, never_less = ibis.literal(horizon_days, "int64"), ibis.literal(0, "int64")
    event = rows.event.fill_null(horizon)
    if outcome.death:
        event = ibis.least(event, (rows.died >= 0).ifelse(rows.died, horizon).fill_null(horizon))
    # A death that was known late may lie before its index date: nobody is followed for less than nothing.
    died = ibis.greatest(rows.died.fill_null(horizon), never_less)
    left = ibis.greatest(rows.left.fill_null(horizon), never_less)
    happens, dies, leaves = (event < horizon) & (event <= left), (died < horizon) & (died <= left), left < horizon
    ended = ibis.cases((happens, "event"), (dies, "died"), (leaves, "left"), else_="horizon")
    value = happens if outcome.counts is None else (leaves & ~dies).ifelse(0, rows.number.fill_null(0))
    at_risk = over
    if shifted:
        at_risk &= (rows.died.isnull() | (rows.died >= 0)) & (rows.left.isnull() | (rows.left >= 0))
    return rows.select(
        *KEYS,
        outcome=at_risk.ifelse(value.cast("float64"), ibis.null("float64")),
        ended=at_risk.ifelse(ended, ibis.null("string")),
        followed_days=at_risk.ifelse(ibis.least(event, died, left, horizon), ibis.null("int64")),
    )
