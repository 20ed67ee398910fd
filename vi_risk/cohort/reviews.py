"""Reviews by a multidisciplinary team, as they were known at an index date."""

from datetime import date
from typing import TYPE_CHECKING

import ibis

from vi_risk.records.linked import Records
from vi_risk.records.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd

REVIEW_COLUMNS = ("patient_id", "reviewed_on", "decision", "owner", "plan", "review_on", "outcome_code")

_TYPES = {"text": "string", "date": "date"}


def reviews_of(records: Records, index_date: date) -> "pd.DataFrame":
    """Return every review held and recorded before the index date, of whomever: few tables are smaller.

    Who has died or left since is among them, so that a team can be told what became of its last list.

    Returns
    -------
    DataFrame
        `REVIEW_COLUMNS`, one row per person and meeting, by patient_id, the latest first. Days are datetime64[ms];
        what was not written, or is no column of the records, is missing.
    """
    if not records.has("mdt_reviews"):
        return _none()
    rows = records.as_of(index_date).tables["mdt_reviews"]
    absent = {
        name: ibis.null(_TYPES[TABLES["mdt_reviews"].column(name).type])
        for name in REVIEW_COLUMNS
        if name not in rows.columns
    }
    found: pd.DataFrame = (
        rows.mutate(**absent)
        .select(REVIEW_COLUMNS)
        .order_by(["patient_id", ibis.desc("reviewed_on")])
        .to_pyarrow()
        .to_pandas(date_as_object=False)
    )
    return found


def _none() -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415 - loaded when used

    days = ("reviewed_on", "review_on")
    return pd.DataFrame(
        {column: pd.Series(dtype="datetime64[ms]" if column in days else "str") for column in REVIEW_COLUMNS}
    )
