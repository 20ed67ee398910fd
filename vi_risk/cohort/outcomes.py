"""Outcomes: what happened to each member of the cohort within the horizon."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from vi_risk.records.codes import EMERGENCY_ADMISSION_METHODS
from vi_risk.records.linked import Records
from vi_risk.records.stays import stays

if TYPE_CHECKING:
    import pandas as pd

_KEYS = pa.schema([("patient_id", pa.string()), ("index_date", pa.date32())])


def emergency_admission(
    records: Records, cohort: "pd.DataFrame", *, horizon_days: int, known_by: date
) -> "pd.Series[float]":
    """Return whether each person had an emergency admission within the horizon; see `had_emergency_admission`.

    Parameters
    ----------
    known_by
        Only what had happened and arrived before this date is used; a window that closes after it has no outcome yet.

    Returns
    -------
    Series
        In the order of `cohort`: 1.0, 0.0, or NaN where the window is not over.
    """
    import numpy as np  # noqa: PLC0415 - loaded when used
    import pandas as pd  # noqa: PLC0415

    people = ibis.memtable(pa.Table.from_pandas(cohort[_KEYS.names], schema=_KEYS, preserve_index=False))
    events = had_emergency_admission(records, people, horizon_days=horizon_days, known_by=known_by)
    happened = pd.MultiIndex.from_frame(events.to_pyarrow().to_pandas(date_as_object=True))
    asked = pd.MultiIndex.from_frame(cohort[_KEYS.names])
    over = cohort["index_date"].map(lambda day: day + timedelta(days=horizon_days) <= known_by)
    return pd.Series(np.where(over, asked.isin(happened).astype(float), np.nan), index=cohort.index, name="outcome")


def had_emergency_admission(records: Records, people: ir.Table, *, horizon_days: int, known_by: date) -> ir.Table:
    """Return the patient_id, index_date of those people who had an emergency admission within the horizon, not yet run.

    The window is half-open, ``[index_date, index_date + horizon_days)``. A stay that was open at the index date began
    before it and does not count: a patient in hospital needs a new admission, and a transfer is none
    (`vi_risk.records.stays`). Death before any admission is no event.
    """
    known = records.as_of(known_by).tables
    admissions = stays(known["spells"])
    emergencies = admissions.filter(admissions.admission_method.isin(EMERGENCY_ADMISSION_METHODS))
    pairs = people.join(emergencies, "patient_id")
    if "died_on" in known["patients"].columns:  # an admission dated after death is a slip, and no event
        people_died = known["patients"].filter(known["patients"].died_on.notnull())
        deaths = people_died.select(deceased_id="patient_id", died_on="died_on")
        pairs = pairs.left_join(deaths, pairs.patient_id == deaths.deceased_id)
        pairs = pairs.filter(pairs.died_on.isnull() | (pairs.admitted_on <= pairs.died_on))
    ahead = pairs.admitted_on.delta(pairs.index_date, unit="day")
    return pairs.filter(ahead >= 0, ahead < horizon_days).select(_KEYS.names).distinct()
