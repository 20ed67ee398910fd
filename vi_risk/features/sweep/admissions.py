"""Admissions as a tape: stays, made of the spells as they were known, once for all index dates that know the same.

What is known of a person's spells only grows, so that dates that know as many of them, and of as many discharges, know
the same. Such dates follow one another; the first of them stands for all.
"""

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from vi_risk.features.rows import Asked
from vi_risk.features.sources import ADMISSIONS
from vi_risk.features.sweep.kernels import Dates
from vi_risk.features.sweep.plan import Plan
from vi_risk.features.sweep.tapes import NumberedCodes, Tape, array_of, contents_query, tape_of


def admissions_query(plan: Plan, asked: Asked) -> ir.Table:
    """Return the stays that each first of several dates that know the same may see, and the number of these dates."""
    spells = asked.known_spells()
    known = spells.group_by(["patient_id", "row", "index_date"]).agg(
        _spells=spells.count(), _discharges=spells.discharged_on.count()
    )
    alike = known.group_by(["patient_id", "_spells", "_discharges"]).agg(
        row=known.row.min(), index_date=known.index_date.min(), gp_seen_from=ibis.null("date"), _dates=known.count()
    )
    stays = Asked(asked.tables, alike, asked.dates).visible(ADMISSIONS, plan.longest)
    return stays.select(
        "_dates",
        "event_on",
        _person=stays.row.cast("int32"),
        _known=stays.event_on,
        _of_practice=ibis.literal(False),
        _code=ibis.literal(0, "int32"),
        **contents_query(stays, plan),
    )


def tape_of_admissions(plan: Plan, found: pa.Table, dates: Dates) -> tuple[Tape, Dates]:
    """Return the stays, and the dates as if those that know the same were of a person of their own."""
    tape = tape_of(plan, found, NumberedCodes.of(plan, None))
    of_person = np.zeros_like(dates.of_person)
    of_person[tape.rows.person] = array_of(found["_dates"], np.int32)
    return tape, Dates(dates.on, dates.seen_from, of_person)
