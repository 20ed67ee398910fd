"""Index events: people on the day after they left hospital, where an emergency had brought them in."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import numpy as np

from vi_risk.cohort.events import KEYS, began_as_emergency
from vi_risk.cohort.index_dates import Role
from vi_risk.cohort.people import CohortAt, selected
from vi_risk.cohort.seen import practice_starts
from vi_risk.records.codes import TRANSFER_DESTINATIONS
from vi_risk.records.linked import Records, known_rows
from vi_risk.records.stays import has_code, is_regular, stays
from vi_risk.records.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd

_ONE_DAY = timedelta(days=1)


def discharges_at(records: Records, *, between: tuple[date, date], min_age: int, role: Role) -> CohortAt:
    """Return who is asked about on the day after a discharge, as expressions, not yet run.

    The index date is the day after the last day of an emergency stay (`vi_risk.records.stays`) from which the person
    went alive and not to another hospital. Each row is as it was known on its own index date: a discharge that reached
    the trust later is none, age, registration and who is in hospital (again, or in another one) are those of the day.

    Parameters
    ----------
    records
        As they were known at the date of the list.
    between
        The first and the last index date that there may be.

    Returns
    -------
    CohortAt
        Of people one row per patient_id, index_date: a person has as many as they were discharged (`one_each`,
        `latest_each`).
    """
    starts = practice_starts(records) if "registrations" in records.tables else None
    discharged = _discharged(records.tables["spells"], between)
    people, steps = selected(_known_at(records, discharged), role=role, min_age=min_age, starts=starts)
    del steps["born before"]
    return CohortAt(between, role, people, {"discharged after an emergency": discharged, **steps})


def one_each(people: "pd.DataFrame", *, seed: int) -> "pd.DataFrame":
    """Return one row of each patient, drawn at random: rows of one patient are not independent of each other."""
    shuffled = people.sort_values(list(KEYS)).sample(frac=1, random_state=np.random.default_rng(seed))
    drawn = shuffled.drop_duplicates("patient_id")
    return people.loc[people.index.isin(drawn.index)]


def latest_each(people: "pd.DataFrame") -> "pd.DataFrame":
    """Return the row of each patient with the latest index date."""
    latest = people.sort_values(list(KEYS)).drop_duplicates("patient_id", keep="last")
    return people.loc[people.index.isin(latest.index)]


def _discharged(spells: ir.Table, between: tuple[date, date]) -> ir.Table:
    """Return patient_id, index_date of the days after an emergency stay, as was known on these days."""
    first, last = between
    spells = spells.filter(~is_regular(spells))  # whose days are no stays to be discharged from
    ended = spells.filter(spells.discharged_on.between(first - _ONE_DAY, last - _ONE_DAY))
    day_after = (ended.discharged_on + ibis.interval(days=1)).cast("date")
    asked = ended.select("patient_id", index_date=day_after).distinct()
    met = asked.join(spells, "patient_id")
    rows = known_rows(met, TABLES["spells"], met.index_date)
    each = rows.mutate(_asked=rows.patient_id.concat(" ", rows.index_date.cast("string")))
    ends = began_as_emergency(stays(each, by="_asked"))
    ends = ends.filter(
        ends.index_date.delta(ends.discharged_on, unit="day") == 1,
        ~has_code(ends, "discharge_destination", TRANSFER_DESTINATIONS),
    )
    return ends.select(KEYS).distinct()


def _known_at(records: Records, asked: ir.Table) -> Callable[[str], ir.Table]:
    def known(name: str) -> ir.Table:
        rows = asked.join(records.tables[name], "patient_id")
        return known_rows(rows, TABLES[name], rows.index_date)

    return known
