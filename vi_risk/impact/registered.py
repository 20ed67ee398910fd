"""With which practice a person counts on a day: of those they are registered with, the last, until death."""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from vi_risk.cohort.events import deaths
from vi_risk.cohort.registered import end_of


def practice_held(known: Mapping[str, ir.Table]) -> ir.Table:
    """Return patient_id, practice_code, begins, ends: at most one practice for a person on a day.

    Who is with another practice for a while counts there as long, and with the first again afterwards. Parts that
    follow on each other at one practice are not joined.
    """
    rows = known["registrations"]
    rows = rows.select("patient_id", "practice_code", begins=rows.registered_from, ends=end_of(rows))
    dead = deaths(known).select(who="patient_id", died_on="died_on")
    rows = rows.left_join(dead, rows.patient_id == dead.who)
    alive = ibis.least(rows.ends, (rows.died_on + ibis.interval(days=1)).cast("date").fill_null(rows.ends))
    rows = rows.select("patient_id", "practice_code", "begins", ends=alive)
    rows = rows.filter(rows.begins < rows.ends)
    parts = _between_changes(rows)
    there = rows.rename(since="begins", until="ends", person="patient_id")
    there = parts.inner_join(
        there, [parts.patient_id == there.person, there.since <= parts.begins, there.until >= parts.ends]
    )
    last = ibis.window(
        group_by=["patient_id", "begins"], order_by=[ibis.desc("since"), ibis.desc("until"), ibis.desc("practice_code")]
    )
    held = there.mutate(place=ibis.row_number().over(last))
    return held.filter(held.place == 0).select("patient_id", "practice_code", "begins", "ends")


def _between_changes(rows: ir.Table) -> ir.Table:
    """Return patient_id, begins, ends of the time from each day on which a registration begins or ends to the next."""
    begins, ends = rows.select("patient_id", day="begins"), rows.select("patient_id", day="ends")
    days = ibis.union(begins, ends, distinct=True)
    in_order = ibis.window(group_by="patient_id", order_by="day")
    parts = days.mutate(ends=days.day.lead().over(in_order))
    return parts.filter(parts.ends.notnull()).select("patient_id", begins="day", ends="ends")
