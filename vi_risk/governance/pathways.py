"""Pathways around an emergency admission, of records that came through the door."""

from datetime import date
from typing import TYPE_CHECKING

from vi_risk.cohort.pathways import RATE_COLUMNS, around_admissions, together, with_rates
from vi_risk.governance.door import without_objectors
from vi_risk.records.linked import Records

if TYPE_CHECKING:
    import pandas as pd

_TOLD = ("setting", "from_day", "to_day", "people", "died", "contacts", "person_days", *RATE_COLUMNS)


def admission_pathways(records: Records, *, index_date: date, min_age: int = 18) -> "pd.DataFrame":
    """Return how often people were seen in each setting of care before and after an emergency admission.

    Asked about is each person's first emergency admission within the latest 365 days after which 90 days were over by
    the index date (before 1 January 2025: admitted from 4 October 2023 to 2 October 2024). Nothing dated or recorded on
    or after it is used; whoever had objected by then is left out.

    Who is admitted is unusually ill on that day, so that contacts fall afterwards whatever is done: these are rates
    before and after, and no effect of anything (Barnett, van der Pols and Dobson 2005, doi:10.1093/ije/dyh299).

    Parameters
    ----------
    records
        From `vi_risk.read_records`, or brought through `vi_risk.permitted`.
    index_date
        The day on which it is asked.
    min_age
        Age in years on the day of the admission from which on people are told of.

    Returns
    -------
    DataFrame
        One row per ``setting`` (gp, community, outpatient, ed, planned_admission, emergency_admission, those that the
        records have) and span of days from the admission, from ``from_day`` up to and without ``to_day``: a year
        earlier (-365 to -275), the 90 days before (-90 to 0) and after (1 to 91), and every ten days of these.
        ``people`` were admitted and could be seen in the setting all the while, ``died`` of them within 90 days;
        ``contacts`` in ``person_days``. ``rate_per_person_year`` and ``times_baseline``, that rate over the same
        people's a year earlier, each with its 95 % interval (``rate_low``, ``rate_high``, ``times_low``,
        ``times_high``) are NaN where nothing can be said. Emergency admissions are told afterwards only. Numbers of
        people are told as they are, however small: for the data team.

    Raises
    ------
    GovernanceError
        The records have not come through the door.
    UsageError
        The index date is no `datetime.date`.

    Examples
    --------
    >>> told = vi_risk.admission_pathways(records, index_date=date(2025, 1, 1))
    >>> before = told[(told["from_day"] == -90) & (told["to_day"] == 0)].set_index("setting")
    >>> bool(before.loc["gp", "rate_per_person_year"] > 0)
    True
    """
    permitted = without_objectors(records, index_date)
    return with_rates(together(around_admissions(permitted, index_date=index_date, min_age=min_age)))[list(_TOLD)]
