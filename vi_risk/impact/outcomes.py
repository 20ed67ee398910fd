"""What is counted: emergency admissions, A&E attendances and emergency readmissions, of practices and of people."""

from collections.abc import Mapping
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

from vi_risk.cohort.events import began_as_emergency
from vi_risk.errors import InputError
from vi_risk.records.linked import Records, event_date
from vi_risk.records.stays import is_regular, stays
from vi_risk.records.tables import TABLES

OUTCOMES = {
    "emergency_admissions": "emergency admissions",
    "ed_attendances": "A&E attendances",
    "readmissions": "emergency readmissions within 30 days",
}
_DAYS_OF_READMISSION = 30
_ARRIVED = 0.99  # share of rows that must have had time to arrive
_GRACE_DAYS = 31  # in which a small place may see nobody come to A&E
NO_STAYS = "spells: holds no row. Name records with hospital stays."


def happened(known: Mapping[str, ir.Table]) -> dict[str, ir.Table]:
    """Return patient_id and day of all that is counted, by the name of the outcome; what the records lack is absent."""
    stayed = began_as_emergency(stays(known["spells"].filter(~is_regular(known["spells"]))))
    events = {"emergency_admissions": stayed.select("patient_id", day="admitted_on")}
    if "ed_attendances" in known:
        seen = known["ed_attendances"]
        events["ed_attendances"] = seen.select("patient_id", day=event_date(seen, "arrived_at"))
    events["readmissions"] = _readmissions(stayed)
    return events


def _readmissions(emergencies: ir.Table) -> ir.Table:
    """Return the emergency stays that began within 30 days of the discharge of the emergency stay before."""
    in_order = ibis.window(group_by="patient_id", order_by=["admitted_on", "discharged_on", "spell_id"])
    rows = emergencies.mutate(before=emergencies.discharged_on.lag().over(in_order))
    days = rows.admitted_on.delta(rows.before, unit="day")
    return rows.filter(days.between(0, _DAYS_OF_READMISSION).fill_null(False)).select("patient_id", day="admitted_on")


def complete_to(records: Records) -> tuple[date, int]:
    """Return the day up to which 99 of 100 stays have arrived, itself not among them, and how many days that takes.

    What happened up to then is known to the same share only with what arrived in the days after it.

    Raises
    ------
    InputError
        There are no stays.
    """
    found = _complete(records, "spells")
    if found is None:
        raise InputError(NO_STAYS)
    return found


def attendances_missing(records: Records, first: date, end: date) -> str | None:
    """Return why A&E attendances cannot be compared over ``[first, end)``; None: they can."""
    found, begins = _complete(records, "ed_attendances"), records.seen_from("ed_attendances")
    if found is None or begins is None:
        return "The records hold no A&E attendances: these are not compared."
    if begins > first:
        return f"A&E attendances are complete from {begins} only, and are not compared."
    if found[0] + timedelta(days=_GRACE_DAYS) < end:
        return f"A&E attendances are complete up to {found[0]} only, and are not compared."
    return None


def _complete(records: Records, table: str) -> tuple[date, int] | None:
    ends = records.seen_to(table)
    if ends is None:
        return None
    rows, late = records.tables[table], 0
    if "recorded_on" in rows.columns:
        event = TABLES[table].event
        assert event is not None  # noqa: S101 - `seen_to` has none without one
        days = rows.recorded_on.delta(event_date(rows, event), unit="day")
        late = max(0, round(rows.aggregate(late=days.quantile(_ARRIVED)).to_pyarrow()["late"][0].as_py() or 0))
    return ends + timedelta(days=1) - timedelta(days=late), late
