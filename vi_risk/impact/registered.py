"""With which practice a person counts on a day: the one registered with last, until death."""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from vi_risk.cohort.events import deaths
from vi_risk.cohort.registered import end_of


def practice_held(known: Mapping[str, ir.Table]) -> ir.Table:
    """Return patient_id, practice_code, begins, ends: at most one practice for a person on a day."""
    rows = known["registrations"]
    rows = rows.select("patient_id", "practice_code", begins=rows.registered_from, ends=end_of(rows))
    rows = rows.filter(rows.begins < rows.ends)
    in_order = ibis.window(group_by="patient_id", order_by=["begins", "ends", "practice_code"])
    rows = rows.mutate(then=rows.begins.lead().over(in_order))
    dead = deaths(known).select(who="patient_id", died_on="died_on")
    rows = rows.left_join(dead, rows.patient_id == dead.who)
    ends = ibis.least(
        *(rows.ends, rows.then.fill_null(rows.ends)),
        (rows.died_on + ibis.interval(days=1)).cast("date").fill_null(rows.ends),
    )
    rows = rows.select("patient_id", "practice_code", "begins", ends=ends)
    return rows.filter(rows.begins < rows.ends)
