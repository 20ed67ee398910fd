"""One fact as the page shows it: in words, with what the table sorts by, and the date where it is known."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

import pandas as pd

from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.wording import NOT_SEEN, fact_text, heading
from vi_risk.models.templates import date_in_words
from vi_risk.reasons.sentences import ago

_AGO = re.compile(r"([\d,]+) (day|week|month|year)s? ago")
_COUNTED = re.compile(r"(\d+) \(hospital\)")
# Facts that tell how long ago something was -> contacts of which setting have that day, and of many the last alone.
_DAYS_OF: Mapping[str, tuple[str, str, bool]] = MappingProxyType(
    {
        "last_emergency_admission": ("admission", "began_on", False),
        "last_discharge": ("admission", "ended_on", True),
        "last_gp_contact": ("gp", "began_on", True),
    }
)
_DAYS = {"day": 1, "week": 7, "month": 30.4, "year": 365.25}  # near enough to sort by


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact or a decision as the page shows it.

    Attributes
    ----------
    sort_value
        What the table sorts by where that is not the text; "" sorts last.
    day
        The date in words where the text tells how long ago it was, and the day is known; "" otherwise.
    """

    column: str
    heading: str
    text: str
    sort_value: object = None
    day: str = ""


def entry(column: str, value: object, asked_on: date, *, days: Sequence[date] = ()) -> Entry:
    """Return a fact in words.

    Parameters
    ----------
    asked_on
        The day from which a text counts its days ago.
    days
        Those on which what the text tells the time of can have happened, such as all discharges: the one that is as
        long ago as it says is the day, if no other is.
    """
    text = fact_text(value, column)
    words = heading(column)
    if text == NOT_SEEN:
        return Entry(column, words, text, sort_value="")
    if isinstance(value, date) and column.startswith("last_"):
        days_ago = (pd.Timestamp(asked_on) - pd.Timestamp(value)).days
        return Entry(column, words, ago(days_ago), sort_value=days_ago, day=date_in_words(value))
    if column.startswith("last_"):
        about = _days_ago(text)
        return Entry(column, words, text, sort_value=about or "", day=_day(text, about, asked_on, days))
    if counted := _COUNTED.fullmatch(text):
        return Entry(column, words, text, sort_value=int(counted[1]))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return Entry(column, words, text, sort_value=value if is_number and not text.isdigit() else None)


def days_that_fit(case_list: CaseList) -> dict[str, dict[str, Sequence[date]]]:
    """Return patient_id -> fact -> the days on which what it tells the time of can have happened (`entry`)."""
    contacts = case_list.contacts
    found: dict[str, dict[str, Sequence[date]]] = {}
    for column, (setting, day, is_last) in _DAYS_OF.items():
        if column not in case_list.fact_columns:
            continue
        known = contacts.loc[contacts["setting"] == setting, ["patient_id", day]].dropna().sort_values(day)
        for patient, days in known.groupby("patient_id")[day]:
            of_all = days.tail(1) if is_last else days
            found.setdefault(str(patient), {})[column] = [pd.Timestamp(each).date() for each in of_all]
    return found


def _day(text: str, about: float, asked_on: date, days: Sequence[date]) -> str:
    """Return the day that a text says the distance of, in words; "" where it is not known."""
    if not about:
        return ""
    if text == "yesterday" or text.endswith(("day ago", "days ago")):
        return date_in_words(asked_on - timedelta(days=int(about)))
    fitting = {day for day in days if ago((asked_on - day).days) == text}
    return date_in_words(fitting.pop()) if len(fitting) == 1 else ""


def _days_ago(text: str) -> float:
    """Return about how many days a text says, for sorting; 0 where it says none."""
    if text == "yesterday":
        return 1
    found = _AGO.match(text)
    return int(found[1].replace(",", "")) * _DAYS[found[2]] if found else 0
