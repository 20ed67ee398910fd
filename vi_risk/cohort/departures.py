"""Departures: people who were registered until lately and died or left, so that nobody leaves a list in silence."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from vi_risk.cohort.events import deaths
from vi_risk.cohort.people import EVERYONE
from vi_risk.cohort.registered import end_of
from vi_risk.records.linked import Records

if TYPE_CHECKING:
    import pandas as pd

DEPARTURE_COLUMNS = ("patient_id", "practice_code", "ended", "ended_on")

# A list of a year ago is the oldest that a team compares with, and a meeting may be put off.
DAYS_OF_DEPARTURES = 400

DIED, LEFT = "died", "left"


def departures_of(records: Records, index_date: date) -> "pd.DataFrame":
    """Return who was registered in the `DAYS_OF_DEPARTURES` before the index date and is not at it, as known then.

    Who died is said to have died, wherever they were registered by then; the others left when their last registration
    ended. A move to another practice of the records is no departure.

    Returns
    -------
    DataFrame
        `DEPARTURE_COLUMNS`, one row per person, by patient_id: the practice of their last registration, `DIED` or
        `LEFT`, and the day (datetime64[ms]).
    """
    known = records.as_of(index_date)
    since = ibis.literal(index_date - timedelta(days=DAYS_OF_DEPARTURES))
    dead = deaths(known.tables)
    if known.has("registrations"):
        rows = _last_registrations(known.tables["registrations"]).left_join(dead, "patient_id")
        rows = rows.select("patient_id", "practice_code", "registered_to", "died_on")
    else:
        rows = dead.mutate(practice_code=ibis.literal(EVERYONE), registered_to=ibis.null("date"))
    gone = rows.filter(rows.died_on.notnull() | rows.registered_to.notnull())
    # A registration may outlive the person: it is theirs up to their death.
    last_day = ibis.least(
        ibis.coalesce(gone.died_on, gone.registered_to), ibis.coalesce(gone.registered_to, gone.died_on)
    )
    gone = gone.filter(last_day >= since)
    named = gone.select(
        "patient_id",
        "practice_code",
        ended=gone.died_on.notnull().ifelse(DIED, LEFT),
        ended_on=ibis.coalesce(gone.died_on, gone.registered_to),
    )
    found: pd.DataFrame = named.order_by("patient_id").to_pyarrow().to_pandas(date_as_object=False)
    return found


def _last_registrations(registrations: ir.Table) -> ir.Table:
    """Return the registration of each person that ends last, and of several the one that counts for the cohort."""
    rows = registrations.mutate(_ends=end_of(registrations))
    rows = rows.filter(rows.registered_from < rows._ends)
    in_order = ibis.window(
        group_by="patient_id", order_by=[ibis.desc(rows._ends), ibis.desc(rows.registered_from), rows.practice_code]
    )
    return rows.mutate(_place=ibis.row_number().over(in_order)).filter(ibis._._place == 0).drop("_place", "_ends")
