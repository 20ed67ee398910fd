"""Who was admitted as an emergency, how long they are seen in each setting, and their contacts around that day."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from vi_risk.cohort.contacts import SETTINGS, TOOK_PLACE, seen_by
from vi_risk.cohort.events import began_as_emergency, deaths, emergency_stays
from vi_risk.cohort.people import EVERYONE
from vi_risk.cohort.registered import FOR_EVER, end_of, in_stretches, stretches
from vi_risk.cohort.seen import ALWAYS, practice_starts
from vi_risk.records.codes import ELECTIVE_ADMISSION_METHODS
from vi_risk.records.linked import Records, event_date
from vi_risk.records.stays import has_code, is_regular, stays
from vi_risk.records.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd

PLANNED, EMERGENCY = "planned_admission", "emergency_admission"
PATHWAY_SETTINGS = (*(setting for setting in SETTINGS if setting != "admission"), PLANNED, EMERGENCY)

# Days from the admission, half-open. What happened on the day of admission itself is the admission, and in no span.
BASELINE, BEFORE, AFTER = (-365, -275), (-90, 0), (1, 91)

# Disposals of A&E: admitted here, or elsewhere. Such an attendance is part of that admission.
_ADMITTED = ("01", "07")


def settings_of(known: Records) -> list[str]:
    """Return the settings of care that the records can tell of, in their order."""
    return [setting for setting in PATHWAY_SETTINGS if seen_by(known, _behind(setting))]


def _behind(setting: str) -> str:
    """Return the setting by the name of its contacts."""
    return "admission" if setting in (PLANNED, EMERGENCY) else setting


# --- who was admitted, and how long they were there ------------------------------------------------------------------


def people_admitted(known: Records, days: tuple[date, date], min_age: int) -> "pd.DataFrame":
    """Return one row per person admitted: their practice then, and from when to when they were there and seen.

    The days are patient_id's own: admitted_on, here_from, here_to, gp_from, gp_to (half-open, missing where their
    practice was not seen on the day of admission) and died_on.
    """
    admitted = emergency_stays(known.tables)
    admitted = admitted.filter(admitted.admitted_on.between(*map(ibis.literal, days)))
    rows = admitted.group_by("patient_id").agg(admitted_on=admitted.admitted_on.min())
    rows = rows.join(known.tables["patients"].select("patient_id", "birth_month"), "patient_id")
    months = rows.admitted_on.month() < rows.birth_month.month()
    age = rows.admitted_on.year() - rows.birth_month.year() - months.cast("int64")
    rows = rows.filter(age >= min_age).select("patient_id", "admitted_on")
    if "registrations" in known.tables:
        rows = _with_registration(rows, known.tables["registrations"], practice_starts(known))
    else:
        always, ever = ibis.literal(ALWAYS), ibis.literal(FOR_EVER)
        rows = rows.mutate(
            practice_code=ibis.literal(EVERYONE), here_from=always, here_to=ever, gp_from=always, gp_to=ever
        )
    dead = deaths(known.tables).select("patient_id", "died_on")
    rows = rows.left_join(dead, "patient_id").drop("patient_id_right")
    rows = rows.filter(rows.died_on.isnull() | (rows.died_on >= rows.admitted_on))
    found: pd.DataFrame = rows.order_by("patient_id").to_pyarrow().to_pandas(date_as_object=False)
    return found


def _with_registration(admitted: ir.Table, registrations: ir.Table, starts: Mapping[str, date]) -> ir.Table:
    """Add the practice on the day of admission and the stretches of registration that hold then, all of it and seen."""
    periods = registrations.mutate(begins=registrations.registered_from, ends=end_of(registrations))
    then = _holding(admitted, periods.select("patient_id", "practice_code", "begins", "ends"))
    latest = ibis.window(group_by="patient_id", order_by=[ibis.desc("begins"), "practice_code"])
    then = then.mutate(place=ibis.row_number().over(latest)).filter(ibis._.place == 0)
    rows = then.select("patient_id", "admitted_on", "practice_code")
    for name, whole in (("here", stretches(registrations)), ("gp", _seen_stretches(registrations, starts))):
        stretch = _holding(admitted, whole)
        stretch = stretch.select("patient_id", **{f"{name}_from": stretch.begins, f"{name}_to": stretch.ends})
        rows = rows.left_join(stretch, "patient_id").drop("patient_id_right")
    return rows.filter(rows.here_from.notnull())


def _holding(admitted: ir.Table, periods: ir.Table) -> ir.Table:
    rows = admitted.join(periods, "patient_id")
    return rows.filter(rows.begins <= rows.admitted_on, rows.ends > rows.admitted_on)


def _seen_stretches(registrations: ir.Table, starts: Mapping[str, date]) -> ir.Table:
    """Return patient_id, begins, ends of the stretches in which a person's practices were seen."""
    columns = {
        "practice_code": pa.array(list(starts), pa.string()),
        "starts_on": pa.array([*starts.values()], pa.date32()),
    }
    rows = registrations.join(ibis.memtable(pa.table(columns)), "practice_code")
    periods = rows.select(
        *("patient_id", "practice_code"), begins=ibis.greatest(rows.registered_from, rows.starts_on), ends=end_of(rows)
    )
    found = in_stretches(periods)
    return found.group_by("patient_id", "stretch").agg(begins=found.begins.min(), ends=found.ends.max()).drop("stretch")


def days_seen(people: "pd.DataFrame", known: Records, setting: str) -> "pd.DataFrame":
    """Return whether each person is told of in a setting (`seen`), until which day they count, and if they `died`.

    Seen is who was registered (of GP appointments: with practices that are seen) from the first day of the baseline,
    where the table is complete from then to the last day after the admission.
    """
    import pandas as pd  # noqa: PLC0415 - loaded when used

    def day_of(day: "pd.Series[pd.Timestamp] | pd.Timestamp") -> "pd.Series[float]":
        return (day - people["admitted_on"]).dt.days.astype(float)

    table = SETTINGS[_behind(setting)]
    first, last = known.seen_from(table), known.seen_to(table)
    whose = "gp" if setting == "gp" else "here"
    seen = day_of(people[f"{whose}_from"]) <= BASELINE[0]
    if first is None or last is None:
        seen &= False
    else:
        seen &= (day_of(pd.Timestamp(first)) <= BASELINE[0]) & (day_of(pd.Timestamp(last)) >= AFTER[1] - 1)
    died = day_of(people["died_on"])
    # A day on which somebody died is one on which they could be seen; that on which they left is not.
    until = pd.concat([day_of(people[f"{whose}_to"]), died + 1], axis=1).min(axis=1)
    return pd.DataFrame({"seen": seen, "until": until, "died": seen & (died < AFTER[1])})


# --- their contacts --------------------------------------------------------------------------------------------------


def contacts_around(known: Records, people: "pd.DataFrame", settings: Sequence[str]) -> "pd.DataFrame":
    """Return place (of the person among `people`), setting and day from the admission of each contact around it."""
    those = pa.table(
        {
            "patient_id": pa.array(people["patient_id"], pa.string()),
            "admitted_on": pa.array(people["admitted_on"], pa.date32()),
            "place": pa.array(people.index, pa.int64()),
        }
    )
    admitted = ibis.memtable(those)
    parts = []
    for setting in settings:
        rows = admitted.join(_days_of(known, setting), "patient_id")
        rows = rows.mutate(day=rows.seen_on.delta(rows.admitted_on, unit="day").cast("int64"))
        within = [(rows.day >= start) & (rows.day < end) for start, end in (BASELINE, BEFORE, AFTER)]
        rows = rows.filter(ibis.or_(*within)).select("place", "day", setting=ibis.literal(setting))
        parts.append(rows.distinct())
    first, *others = parts
    found: pd.DataFrame = (ibis.union(first, *others) if others else first).to_pyarrow().to_pandas()
    return found


def _days_of(known: Records, setting: str) -> ir.Table:
    """Return patient_id, seen_on of all contacts with a setting."""
    if setting in (PLANNED, EMERGENCY):
        spells = known.tables["spells"]
        found = stays(spells.filter(~is_regular(spells)))
        planned = found.filter(found.admission_method.isin(ELECTIVE_ADMISSION_METHODS))
        chosen = began_as_emergency(found) if setting == EMERGENCY else planned
        return chosen.select("patient_id", seen_on="admitted_on")
    rows = known.tables[SETTINGS[setting]]
    if setting in TOOK_PLACE:
        column, values = TOOK_PLACE[setting]
        rows = rows.filter(rows[column].isin(values))
    rows = rows.filter(~has_code(rows, "disposal", _ADMITTED))
    return rows.select("patient_id", seen_on=event_date(rows, str(TABLES[SETTINGS[setting]].event)))
