"""The pathway around an emergency admission: what happened in each setting of care before it, and what afterwards.

Who is admitted is unusually ill on that day, so that their use of care would have fallen afterwards whatever was done.
These are rates before and after, beside the same people's of a year earlier, and no effect of anything.

References
----------
Barnett AG, van der Pols JC, Dobson AJ (2005). Regression to the mean: what it is and how to deal with it. International
Journal of Epidemiology 34:215-220. doi:10.1093/ije/dyh299
"""

from collections.abc import Collection
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vi_risk.cohort.pathway_people import (
    AFTER,
    BASELINE,
    BEFORE,
    EMERGENCY,
    contacts_around,
    days_seen,
    people_admitted,
    settings_of,
)
from vi_risk.records.linked import Records

if TYPE_CHECKING:
    import pandas as pd

PATHWAY_COLUMNS = (
    *("practice_code", "setting", "from_day", "to_day", "people", "died"),
    *("contacts", "person_days", "rate_per_person_year", "rate_low", "rate_high"),
    *("baseline_contacts", "baseline_person_days", "baseline_rate", "baseline_low", "baseline_high"),
)
_KINDS = dict.fromkeys(PATHWAY_COLUMNS, "float64") | {
    **dict.fromkeys(("practice_code", "setting"), "str"),
    **dict.fromkeys(("from_day", "to_day", "people", "died", "contacts", "person_days"), "int64"),
    **dict.fromkeys(("baseline_contacts", "baseline_person_days"), "int64"),
}
WHOLE_TRUST = ""  # the practice_code of everyone together

_DAYS_OF_A_BIN = 10
TENS = tuple((start, start + _DAYS_OF_A_BIN) for side in (BEFORE, AFTER) for start in range(*side, _DAYS_OF_A_BIN))

_DAYS_OF_ADMISSIONS = 365
_DAYS_OF_A_YEAR = 365.25
_Z95 = 1.959964
_UPPER_OF_NONE = 3.688879  # the upper 95 % limit of a Poisson mean of which nothing was seen: -log(0.025)

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Span = tuple[int, int]


def days_of_admissions(index_date: date) -> tuple[date, date]:
    """Return the first and the last day of the year of admissions that are told of at an index date.

    It is the latest year after which 90 days were over by then.

    Examples
    --------
    >>> days_of_admissions(date(2025, 1, 1))
    (datetime.date(2023, 10, 4), datetime.date(2024, 10, 2))
    """
    last = index_date - timedelta(days=AFTER[1])
    return last - timedelta(days=_DAYS_OF_ADMISSIONS - 1), last


def around_admissions(
    records: Records, *, index_date: date, practices: Collection[str] | None = None, min_age: int = 18
) -> "pd.DataFrame":
    """Return how often people were seen in each setting in the 90 days before and after an emergency admission.

    Asked about is each person's first emergency admission in the year of `days_of_admissions`, of people who were
    registered and of `min_age` or over on that day. Nothing dated or recorded on or after the index date is used.

    A contact is a day with a setting (`vi_risk.cohort.contacts`): of admissions, the day on which another stay began,
    planned or as an emergency; of A&E, one that did not end in an admission, where the records say how it ended.

    In a setting are told the same people before and after: those who were registered without a break from 365 days
    before, while the setting's table was complete up to 90 days after and, of GP appointments, while their practices
    were seen. Afterwards they count until they died or left. Days in hospital count as any other day.

    Emergency admissions are told afterwards only: that there were few before is how the admission was chosen.

    Parameters
    ----------
    records
        That they hold more than was known at the index date changes nothing.
    practices
        Those to tell of beside the whole trust; None tells of all.

    Returns
    -------
    DataFrame
        `PATHWAY_COLUMNS`, one row per practice (`WHOLE_TRUST` for everyone, first), setting and span of days: the whole
        of `BEFORE` and of `AFTER`, and each of `TENS`; ``to_day`` is itself in none. ``people`` were admitted and
        seen in the setting, ``died`` of them within 90 days. Rates are contacts per person-year with 95 % intervals,
        missing where there are no days; those of the baseline are of the days `BASELINE`, a year earlier. A setting
        that the records lack has no rows, nor has a practice nobody of which was admitted.

    Notes
    -----
    The interval is ``rate * exp(+-1.96 s)`` with s the standard error of the log of a ratio of sums over people,
    ``s^2 = sum (c_i - rate d_i)^2 / (sum c_i)^2`` of c_i contacts in d_i days of person i. Contacts of one person come
    together, so that Poisson's, to which it comes down where nobody has more than one, would be far too narrow. Of no
    contacts at all it is from 0 to Poisson's upper limit.
    """
    import pandas as pd  # noqa: PLC0415 - loaded when used

    known = records.as_of(index_date)
    people = people_admitted(known, days_of_admissions(index_date), min_age)
    if people.empty:
        return pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in _KINDS.items()})
    settings = settings_of(known)
    contacts = contacts_around(known, people, settings)
    own, practice_codes = pd.factorize(people["practice_code"], sort=True)
    groups = ((np.zeros_like(own), [WHOLE_TRUST]), (own, practice_codes.tolist()))
    parts = [
        _told(setting, days_seen(people, known, setting), contacts[contacts["setting"] == setting], group, codes)
        for setting in settings
        for group, codes in groups
    ]
    rows = pd.concat(parts, ignore_index=True)
    rows = rows[rows["practice_code"].isin({WHOLE_TRUST, *(practice_codes if practices is None else practices)})]
    rows["setting"] = pd.Categorical(rows["setting"], settings)
    rows = rows.sort_values(["practice_code", "setting", "from_day", "to_day"], ignore_index=True)
    return rows.astype(_KINDS)[list(PATHWAY_COLUMNS)]


def _told(
    setting: str, seen: "pd.DataFrame", contacts: "pd.DataFrame", group: Whole, codes: list[str]
) -> "pd.DataFrame":
    """Return the rows of one setting, by the group of each person, whose name is its place in `codes`."""
    import pandas as pd  # noqa: PLC0415 - loaded when used

    is_seen = seen["seen"].to_numpy(dtype=bool)
    until = np.where(is_seen, seen["until"].to_numpy(dtype=float), -np.inf)
    about = {
        "practice_code": codes,
        "setting": setting,
        "people": np.bincount(group, is_seen, len(codes)),
        "died": np.bincount(group, seen["died"], len(codes)),
    }

    def rates(span: Span) -> tuple[Floats, ...]:
        told = setting != EMERGENCY or span[0] >= AFTER[0]
        days = np.clip(until, *span) - span[0] if told else np.zeros(until.size)
        places = contacts["place"].to_numpy()
        day = contacts["day"].to_numpy()
        chosen = (day >= span[0]) & (day < span[1]) & (day < until[places])
        number = np.bincount(places[chosen], minlength=until.size).astype(float) * (days > 0)
        return rates_with_intervals(number, days, group, len(codes))

    baseline = dict(zip(PATHWAY_COLUMNS[-5:], rates(BASELINE), strict=True))
    return pd.concat(
        [
            pd.DataFrame(
                {
                    **about,
                    "from_day": span[0],
                    "to_day": span[1],
                    **dict(zip(PATHWAY_COLUMNS[-10:-5], rates(span), strict=True)),
                    **baseline,
                }
            )
            for span in (BEFORE, AFTER, *TENS)
        ]
    )


def rates_with_intervals(contacts: Floats, days: Floats, group: Whole, groups: int) -> tuple[Floats, ...]:
    """Return contacts, person-days, and contacts per person-year with the 95 % interval, of each group of people.

    Parameters
    ----------
    contacts, days, group
        Of each person: the contacts, the days on which there could be any, the number of their group from 0 on.

    Examples
    --------
    Ten people over half a year each, with a contact each; and one person with all ten of the contacts.

    >>> half, one_group = np.full(10, 182.625), np.zeros(10, dtype=np.int64)
    >>> [round(float(value[0]), 2) for value in rates_with_intervals(np.ones(10), half, one_group, 1)]
    [10.0, 1826.25, 2.0, 2.0, 2.0]
    >>> together = np.array([10.0] + 9 * [0.0])
    >>> [round(float(value[0]), 2) for value in rates_with_intervals(together, half, one_group, 1)]
    [10.0, 1826.25, 2.0, 0.31, 12.84]
    """

    def summed(values: Floats) -> Floats:
        return np.bincount(group, values, groups).astype(float)

    number, of_days = summed(contacts), summed(days)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(of_days > 0, number / of_days, np.nan)
        spread = summed(contacts**2) - 2 * rate * summed(contacts * days) + rate**2 * summed(days**2)
        error = np.sqrt(np.maximum(spread, 0)) / number
        low = np.where(number > 0, rate * np.exp(-_Z95 * error), 0 * rate)
        high = np.where(number > 0, rate * np.exp(_Z95 * error), _UPPER_OF_NONE / of_days)
    high = np.where(of_days > 0, high, np.nan)
    return number, of_days, *(value * _DAYS_OF_A_YEAR for value in (rate, low, high))
