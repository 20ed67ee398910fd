"""The data dictionary as a table, for whoever works with the canonical tables in Python."""

from typing import TYPE_CHECKING

from vi_risk.records.dictionary import missing_means, needed
from vi_risk.records.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd


def data_dictionary() -> "pd.DataFrame":
    """Return the canonical tables as a table: what each holds, column by column.

    Returns
    -------
    DataFrame
        One row per canonical table and column of it, in declared order, all of them text:

        - ``table``, its ``grain`` ("one row per person"), ``held_by`` (trust or practice: a practice's tables are seen
          from the day it joined the trust), and ``event``, the column of the day on which a row happened,
          missing of a table without;
        - ``column``, its ``type`` and ``meaning``; ``needed`` (never missing; yes: there, though single values may be
          missing; no), ``unit`` ("" where there is none) and ``missing``, what a missing value means.

    Notes
    -----
    The page docs/data-dictionary.md has the codes that a column may hold, too.

    Examples
    --------
    >>> import vi_risk
    >>> dictionary = vi_risk.data_dictionary()
    >>> dictionary.loc[dictionary["needed"] == "never missing", ["table", "column"]].head(3).to_numpy().tolist()
    [['patients', 'patient_id'], ['patients', 'birth_month'], ['patients', 'sex']]
    """
    import pandas as pd  # noqa: PLC0415 - loaded when used

    rows = [
        {
            "table": table.name,
            "grain": table.grain,
            "held_by": table.held_by,
            "event": table.event,
            "column": column.name,
            "type": column.type,
            "meaning": column.meaning,
            "needed": needed(column),
            "unit": column.unit,
            "missing": missing_means(column),
        }
        for table in TABLES.values()
        for column in table.columns
    ]
    return pd.DataFrame(rows)
