"""One fact as the page shows it: in words, with what the table sorts by, and the date where it is known."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from vi_risk.caselists.wording import NOT_SEEN, fact_text, heading
from vi_risk.models.templates import date_in_words
from vi_risk.reasons.sentences import ago

_AGO = re.compile(r"([\d,]+) (day|week|month|year)s? ago")
_COUNTED = re.compile(r"(\d+) \(hospital\)")
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


def entry(column: str, value: object, asked_on: date) -> Entry:
    """Return a fact in words; `asked_on` is the day from which a text counts its days ago."""
    text = fact_text(value, column)
    words = heading(column)
    if text == NOT_SEEN:
        return Entry(column, words, text, sort_value="")
    if isinstance(value, date) and column.startswith("last_"):
        days = (pd.Timestamp(asked_on) - pd.Timestamp(value)).days
        return Entry(column, words, ago(days), sort_value=days, day=date_in_words(value))
    if column.startswith("last_"):
        days_ago = _days_ago(text)
        day = date_in_words(asked_on - timedelta(days=int(days_ago))) if days_ago and _to_the_day(text) else ""
        return Entry(column, words, text, sort_value=days_ago or "", day=day)
    if counted := _COUNTED.fullmatch(text):
        return Entry(column, words, text, sort_value=int(counted[1]))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return Entry(column, words, text, sort_value=value if is_number and not text.isdigit() else None)


def _days_ago(text: str) -> float:
    """Return about how many days a text says, for sorting; 0 where it says none."""
    if text == "yesterday":
        return 1
    found = _AGO.match(text)
    return int(found[1].replace(",", "")) * _DAYS[found[2]] if found else 0


def _to_the_day(text: str) -> bool:
    return text == "yesterday" or text.endswith(("day ago", "days ago"))
