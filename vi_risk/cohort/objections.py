"""Objections that keep people out, in force at an index date: of whomever, eligible or not, so that none is named."""

from datetime import date
from typing import TYPE_CHECKING

from vi_risk.records.linked import Records
from vi_risk.records.permission import NOBODYS

if TYPE_CHECKING:
    import pandas as pd

OBJECTOR_COLUMNS = ("patient_id",)


def objectors_of(records: Records, index_date: date) -> "pd.DataFrame":
    """Return who is left out for an objection, as known before the index date.

    Left out is whoever objects to being risk stratified, and of those who object otherwise whom the governance file
    does not include. An objection has no end in the records. Who has died, left or moved since is among them: a list
    names people who are no longer eligible as well, where it says who left it.

    Returns
    -------
    DataFrame
        `OBJECTOR_COLUMNS`, one row per person, by patient_id; none where the records hold no objections.
    """
    import pandas as pd  # noqa: PLC0415 - loaded when used

    if not records.has("objections"):
        return pd.DataFrame({"patient_id": pd.Series(dtype="str")})
    rows = records.as_of(index_date).tables["objections"]
    kinds = (records.permission or NOBODYS).kinds_left_out
    rows = rows.filter(rows.kind.isin(kinds)).select(OBJECTOR_COLUMNS).distinct()
    found: pd.DataFrame = rows.order_by("patient_id").to_pyarrow().to_pandas()
    return found
