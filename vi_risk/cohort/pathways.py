"""The pathway around an emergency admission: what happened in each setting of care before it, and what afterwards.

Who is admitted is unusually ill on that day, so that their use of care would have fallen afterwards whatever was done.
These are rates before and after, beside the same people's of a year earlier, and no effect of anything.

The table is of sums over the people of each practice, so that practices can be told together, and it holds small
numbers: it is kept in the run's folder (pathways.parquet) for the page of pathways alone, which suppresses them.

References
----------
Barnett AG, van der Pols JC, Dobson AJ (2005). Regression to the mean: what it is and how to deal with it. International
Journal of Epidemiology 34:215-220. doi:10.1093/ije/dyh299
"""

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

_DAYS_OF_A_BIN = 10
TENS = tuple((start, start + _DAYS_OF_A_BIN) for side in (BEFORE, AFTER) for start in range(*side, _DAYS_OF_A_BIN))
SPANS = (BASELINE, BEFORE, AFTER, *TENS)

_WHERE = ("setting", "from_day", "to_day")
_SUMS = (
    *("people", "died", "contacts", "person_days"),
    *("contacts_squared", "contacts_by_days", "days_squared", "contacts_by_baseline", "days_by_baseline"),
)
PATHWAY_COLUMNS = ("practice_code", *_WHERE, *_SUMS)
RATE_COLUMNS = (
    *("rate_per_person_year", "rate_low", "rate_high"),
    *("times_baseline", "times_low", "times_high"),
)
_KINDS = dict.fromkeys(PATHWAY_COLUMNS, "int64") | dict.fromkeys(("practice_code", "setting"), "str")

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


def around_admissions(records: Records, *, index_date: date, min_age: int = 18) -> "pd.DataFrame":
    """Return how often people were seen in each setting in the 90 days before and after an emergency admission.

    Asked about is each person's first emergency admission in the year of `days_of_admissions`, of people who were
    registered and of `min_age` or over on that day. Nothing dated or recorded on or after the index date is used.

    A contact is a day with a setting (`vi_risk.cohort.contacts`): of admissions, the day on which another stay began,
    planned or as an emergency; of A&E, one that did not end in an admission, where the records say how it ended.

    In a setting are told the same people before and after: those who were registered without a break from 365 days
    before, while the setting's table was complete up to 90 days after and, of GP appointments, while their practices
    were seen. Afterwards they count until they died or left. Days in hospital count as any other day.

    Emergency admissions are told afterwards only: that there were few before is how the admission was chosen.

    Returns
    -------
    DataFrame
        `PATHWAY_COLUMNS`, whole numbers, one row per practice on the day of admission, setting and span of days from
        it: `BASELINE` a year earlier, the whole of `BEFORE` and of `AFTER`, and each of `TENS`; ``to_day`` is itself
        in none. ``people`` were admitted and seen in the setting, ``died`` of them within 90 days. The others are sums
        over people, of what `with_rates` takes: contacts, days on which there could be one, their squares, their
        product, and each times the person's contacts in the baseline. A setting that the records lack has no rows,
        nor has a practice nobody of which was admitted.
    """
    import pandas as pd  # noqa: PLC0415 - loaded when used

    known = records.as_of(index_date)
    people = people_admitted(known, days_of_admissions(index_date), min_age)
    if people.empty:
        return pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in _KINDS.items()})
    settings = settings_of(known)
    contacts = contacts_around(known, people, settings)
    group, codes = pd.factorize(people["practice_code"], sort=True)
    rows = pd.concat(
        [
            _told(setting, days_seen(people, known, setting), contacts[contacts["setting"] == setting], group).assign(
                practice_code=lambda told: codes[told["practice_code"]]
            )
            for setting in settings
        ],
        ignore_index=True,
    )
    rows["setting"] = pd.Categorical(rows["setting"], settings)
    rows = rows.sort_values(["practice_code", *_WHERE], ignore_index=True)
    return rows.astype(_KINDS)[list(PATHWAY_COLUMNS)]


def _told(setting: str, seen: "pd.DataFrame", contacts: "pd.DataFrame", group: Whole) -> "pd.DataFrame":
    """Return the rows of one setting, the practices as the numbers that `group` gives each person."""
    import pandas as pd  # noqa: PLC0415 - loaded when used

    is_seen = seen["seen"].to_numpy(dtype=bool)
    until = np.where(is_seen, seen["until"].to_numpy(dtype=float), -np.inf)
    groups = int(group.max()) + 1
    about = {
        "practice_code": np.arange(groups),
        "setting": setting,
        "people": np.bincount(group, is_seen, groups),
        "died": np.bincount(group, seen["died"], groups),
    }
    places, day = contacts["place"].to_numpy(), contacts["day"].to_numpy()

    def within(span: Span) -> tuple[Floats, Floats]:
        told = setting != EMERGENCY or span[0] >= AFTER[0]
        days = np.clip(until, *span) - span[0] if told else np.zeros(until.size)
        chosen = (day >= span[0]) & (day < span[1]) & (day < until[places])
        return np.bincount(places[chosen], minlength=until.size).astype(float) * (days > 0), days

    baseline, _ = within(BASELINE)
    return pd.concat(
        [
            pd.DataFrame({**about, "from_day": span[0], "to_day": span[1], **sums_of(*within(span), baseline, group)})
            for span in SPANS
        ]
    )


def sums_of(contacts: Floats, days: Floats, baseline: Floats, group: Whole) -> dict[str, Floats]:
    """Return the sums over the people of each group that their rates and the intervals of these need.

    Parameters
    ----------
    contacts, days, baseline, group
        Of each person: the contacts, the days on which there could be any, the contacts in the baseline, and the number
        of their group from 0 on.
    """
    values = (contacts, days, contacts**2, contacts * days, days**2, contacts * baseline, days * baseline)
    return {name: np.bincount(group, value).astype(float) for name, value in zip(_SUMS[2:], values, strict=True)}


def together(pathways: "pd.DataFrame") -> "pd.DataFrame":
    """Return the rows of all practices of the table told together: the same columns but for the practice's code."""
    return pathways.groupby(list(_WHERE), sort=False, as_index=False)[list(_SUMS)].sum()


def with_rates(rows: "pd.DataFrame") -> "pd.DataFrame":
    """Return the rows of one practice, or of several `together`, with `RATE_COLUMNS`.

    ``rate_per_person_year`` is contacts per person-year, missing where there are no days. ``times_baseline`` is that
    rate over the same people's in `BASELINE`, missing where either of the two has no contact. Each with the bounds of
    its 95 % interval.

    Notes
    -----
    An interval is ``estimate * exp(+-1.96 s)``. For a rate r, s is the standard error of the log of a ratio of sums
    over people, ``s^2 = sum (c_i - r d_i)^2 / (sum c_i)^2`` of c_i contacts in d_i days of person i. Contacts of one
    person come together, so that Poisson's, to which it comes down where nobody has more than one, would be far too
    narrow. Of no contacts at all it is from 0 to Poisson's upper limit.

    For a ratio of r to the baseline's rate q of b_i contacts, ``s^2 = s_r^2 + s_q^2 - 2 sum (c_i - r d_i) b_i /
    (sum c_i sum b_i)``: who is seen often is so in both, and everyone has the same days in the baseline.
    """
    contacts, days = (rows[name].to_numpy(dtype=float) for name in ("contacts", "person_days"))
    of_baseline = (rows["from_day"] == BASELINE[0]) & (rows["to_day"] == BASELINE[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(days > 0, contacts / days, np.nan)
        spread = rows["contacts_squared"] - 2 * rate * rows["contacts_by_days"] + rate**2 * rows["days_squared"]
        variance = np.maximum(spread.to_numpy(), 0) / contacts**2
        at_baseline = dict(zip(rows["setting"][of_baseline], np.flatnonzero(of_baseline), strict=True))
        there = np.array([at_baseline[setting] for setting in rows["setting"]], dtype=np.int64)
        shared = (rows["contacts_by_baseline"] - rate * rows["days_by_baseline"]) / (contacts * contacts[there])
        both = np.sqrt(np.maximum(variance + variance[there] - 2 * shared.to_numpy(), 0))
        factor, times_factor = np.exp(_Z95 * np.sqrt(variance)), np.exp(_Z95 * both)
        times = np.where((contacts > 0) & (contacts[there] > 0), rate / rate[there], np.nan)
        low = np.where(contacts > 0, rate / factor, 0 * rate)
        high = np.where(contacts > 0, rate * factor, np.where(days > 0, _UPPER_OF_NONE / days, np.nan))
        found = (*(value * _DAYS_OF_A_YEAR for value in (rate, low, high)), times, times / times_factor)
    return rows.assign(**dict(zip(RATE_COLUMNS, (*found, times * times_factor), strict=True)))
