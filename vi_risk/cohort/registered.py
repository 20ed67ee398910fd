"""Stretches of registration: from when to when a person was registered without a break, practice after practice."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

# A move from one practice to the next may leave so many days between two registrations.
DAYS_OF_A_MOVE = 31

# The end of a registration that lasts.
FOR_EVER = date(9998, 12, 31)


def stretches(registrations: ir.Table) -> ir.Table:
    """Return the stretches of each person: patient_id, begins, ends (itself no longer registered, or `FOR_EVER`).

    Parameters
    ----------
    registrations
        As known on some day: patient_id, practice_code, registered_from, registered_to (null while it lasts).
    """
    periods = registrations.select(
        *("patient_id", "practice_code"), begins=registrations.registered_from, ends=end_of(registrations)
    )
    rows = in_stretches(periods)
    return rows.group_by("patient_id", "stretch").agg(begins=rows.begins.min(), ends=rows.ends.max()).drop("stretch")


def end_of(registrations: ir.Table) -> ir.DateValue:
    """Return the day on which a registration ends, `FOR_EVER` while it lasts."""
    return registrations.registered_to.fill_null(ibis.literal(FOR_EVER))


def in_stretches(periods: ir.Table, *, by: Sequence[str] = ("patient_id",)) -> ir.Table:
    """Return the periods (practice_code, begins, ends) that have a length, with the number of their ``stretch``.

    A new stretch begins more than `DAYS_OF_A_MOVE` after all periods before it have ended.

    Parameters
    ----------
    by
        The columns that tell apart whose periods are one sequence.
    """
    rows = periods.filter(periods.begins < periods.ends)
    in_order: dict[str, Any] = {"group_by": list(by), "order_by": ["begins", "ends", "practice_code"]}
    rows = rows.mutate(before=rows.ends.max().over(ibis.window(**in_order, preceding=(None, 1))))
    broken = rows.before.isnull() | (rows.begins.delta(rows.before, unit="day") > DAYS_OF_A_MOVE)
    so_far = ibis.window(**in_order, preceding=None, following=0)
    return rows.mutate(stretch=broken.cast("int64").sum().over(so_far)).drop("before")
