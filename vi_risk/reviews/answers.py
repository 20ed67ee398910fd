"""One answer of a team, as it stands in a cell, read as what it means; or told as a fault, never with its value."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from vi_risk.identity.identifiers_as_written import identifier_in
from vi_risk.reviews.form import DECISIONS, OUTCOMES

_FIRST_DAY = date(1899, 12, 30)  # day 0 of Excel's calendar, for days after February 1900
_MOST_YEARS_AHEAD = 5
_DAY_MONTH_YEAR = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4}|\d{2})")
_NAMED_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[\s\-]+([A-Za-z]{3,9})\.?,?[\s\-]+(\d{4}|\d{2})")
_YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00)?)?")
_TURNING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")  # U+202A-202E and U+2066-2069
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class AnswerError(Exception):
    """What was expected of a cell and what to do, in words; the cell's value is not among them."""


def text_of(value: object) -> str | None:
    """Return what stands in a cell as text without what cannot be seen, None where that is nothing.

    Examples
    --------
    >>> text_of("  home visit \N{NO-BREAK SPACE}"), text_of(12.0), text_of(" "), text_of(None)
    ('home visit', '12', None, None)
    """
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).replace("\r\n", "\n").replace("\r", "\n").replace("\N{NO-BREAK SPACE}", " ")
    seen = "".join(letter for letter in text if letter in "\n\t" or not _unseen(letter))
    return seen.strip() or None


def words_of(value: object) -> str | None:
    """Return what a team wrote in its own words, None where that is nothing.

    Raises
    ------
    AnswerError
        It holds an NHS number or a full postcode.
    """
    text = text_of(value)
    if text is not None and (found := identifier_in(text)):
        msg = f"expected no word of who or where somebody is, found {found}. Take it out; the pseudonym says who it is."
        raise AnswerError(msg)
    return text


def _unseen(letter: str) -> bool:
    """Return whether a letter is a control, half of one, or turns the direction of those after it; joiners stay."""
    return unicodedata.category(letter) in ("Cc", "Cs") or unicodedata.bidirectional(letter) in _TURNING


def decision_of(value: object) -> str | None:
    """Return the code of a decision given in the words of the drop-down, or by its code.

    Examples
    --------
    >>> decision_of("Accept "), decision_of("already_cared_for"), decision_of("DEFER")
    ('accepted', 'already_cared_for', 'deferred')
    """
    return _chosen(value, DECISIONS)


def outcome_of(value: object) -> str | None:
    """Return the code of an outcome given in the words of the drop-down, or by its code."""
    return _chosen(value, OUTCOMES)


def day_of(value: object, *, reviewed_on: date) -> date | None:
    """Return the day to look again: a date, or a text such as 31/12/2025, 31.12.25, 31 Dec 2025 or 2025-12-31.

    Raises
    ------
    AnswerError
        It is no date, before the meeting, or years after it.
    """
    if isinstance(value, datetime):
        day: date | None = value.date()
    elif isinstance(value, date):
        day = value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        day = _of_number(value, reviewed_on)
    elif (text := text_of(value)) is None:
        return None
    else:
        day = _of_text(text)
    if day is None:
        msg = "expected a date, found something else. Write it as 31/12/2025."
        raise AnswerError(msg)
    if day < reviewed_on:
        msg = f"expected a day on or after the meeting of {reviewed_on}, found one before it. Correct the day."
        raise AnswerError(msg)
    if day.year > reviewed_on.year + _MOST_YEARS_AHEAD:
        msg = f"expected a day within {_MOST_YEARS_AHEAD} years of the meeting, found a later one. Correct the year."
        raise AnswerError(msg)
    return day


def _chosen(value: object, choices: Mapping[str, str]) -> str | None:
    text = text_of(value)
    if text is None:
        return None
    said = _plain(text)
    for code, words in choices.items():
        if said in (_plain(code), _plain(words)):
            return code
    msg = f"expected one of {', '.join(choices.values())}; found something else. Choose from the list of the cell."
    raise AnswerError(msg)


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("_", " ").strip(" .").split())


def _of_number(days: float, near: date) -> date | None:
    """Return the day of a date whose cell lost its format, where it lies near enough to be one."""
    if not 0 <= days - (near - _FIRST_DAY).days < 366 * (_MOST_YEARS_AHEAD + 1):
        return None
    return _FIRST_DAY + timedelta(days=int(days))


def _of_text(text: str) -> date | None:
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day = (int(number) for number in found.groups())
    elif found := _DAY_MONTH_YEAR.fullmatch(text):
        day, month, year = (int(number) for number in found.groups())
    elif (found := _NAMED_MONTH.fullmatch(text)) and found[2][:3].lower() in _MONTHS:
        day, month, year = int(found[1]), _MONTHS.index(found[2][:3].lower()) + 1, int(found[3])
    else:
        return None
    try:
        return date(year + 2000 if year < 100 else year, month, day)
    except ValueError:
        return None
