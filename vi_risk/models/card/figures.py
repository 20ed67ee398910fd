"""Figures as a card shows them: a number with its interval, and words for what is not known or not told.

The card is given numbers as they may be told (`vi_risk.governance.small_numbers`): None is one that may not.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from vi_risk.models.templates import plain_words

NOT_ESTIMATED = "not estimated"
NOT_TOLD = "not told"
NOTHING = "–"  # noqa: RUF001 -- a dash where nothing is to be said
# Names whose words are not their letters with spaces between.
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "ed_attendances": "A&E attendances",
        "gp_appointments": "GP appointments",
        "gp_events": "GP events",
        "hospital_frailty": "Hospital frailty score",
        "hist_gradient_boosting": "Gradient boosting (scikit-learn)",
        "lace": "LACE",
        "lace_recalibrated": "LACE, recalibrated",
        "last_year": "Last year's count",
        "mdt_reviews": "MDT reviews",
        "parr30": "PARR-30",
        "parr30_recalibrated": "PARR-30, recalibrated",
    }
)


def words_of(name: str) -> str:
    """Return a name of the run (a table, a comparator, an attribute) as words.

    Examples
    --------
    >>> words_of("gp_events"), words_of("age_and_sex")
    ('GP events', 'Age and sex')
    """
    return _WORDS.get(name) or plain_words(name)


def names_in_words(text: str, names: Iterable[str]) -> str:
    """Return a text about names of the run (of comparators) with their words in place of them.

    Examples
    --------
    >>> names_in_words("parr30 with a line fitted to the training rows", ["parr30"])
    'PARR-30 with a line fitted to the training rows'
    """
    for name in names:
        text = re.sub(rf"\b{re.escape(name)}\b", words_of(name), text)
    return text


def count(number: float | None, otherwise: str = NOT_TOLD) -> str:
    """Return a number of people or events; weighted ones are rounded to whole numbers.

    Examples
    --------
    >>> count(2137), count(146.6), count(None)
    ('2,137', '147', 'not told')
    """
    return otherwise if number is None else f"{number:,.0f}"


def people_of(part: float | None, whole: float | None) -> str:
    """Return a number of people and their share of all, where both are told."""
    return count(part) if part is None or not whole else f"{count(part)} ({share(part / whole)})"


def with_share(number: float | None, of_all: float | None) -> str:
    """Return a number of people with a share that stands for itself, where both are told."""
    return count(number) if number is None or of_all is None else f"{count(number)} ({share(of_all)})"


def decimals(value: float | None, places: int = 3, otherwise: str = NOT_ESTIMATED) -> str:
    """Return a figure with so many decimals; nought has no sign."""
    return otherwise if value is None else f"{value:z,.{places}f}"


def with_interval(
    value: float | None, interval: Sequence[float] | None, places: int = 3, *, otherwise: str = NOT_ESTIMATED
) -> str:
    """Return a figure with its interval, where there is one.

    Examples
    --------
    >>> with_interval(0.7178, [0.6723, 0.7632])
    '0.718 (0.672 to 0.763)'
    """
    if value is None or interval is None:
        return decimals(value, places, otherwise)
    low, high = (decimals(end, places) for end in interval)
    return f"{decimals(value, places)} ({low} to {high})"


def share(value: float | None, interval: Sequence[float] | None = None, *, otherwise: str = NOT_ESTIMATED) -> str:
    """Return a share in per cent, with its interval where there is one.

    Examples
    --------
    >>> share(0.2625, [0.195, 0.34])
    '26.2 % (19.5 to 34.0)'
    """
    if value is None:
        return otherwise
    between = "" if interval is None else f" ({100 * interval[0]:z.1f} to {100 * interval[1]:z.1f})"
    return f"{100 * value:z.1f} %{between}"


def of(column: Mapping[str, Any], name: str, places: int = 3) -> str:
    """Return a figure of a set of results with the interval that stands beside it as ``name_interval``, if any."""
    return with_interval(column.get(name), column.get(f"{name}_interval"), places)


def sentence(text: str) -> str:
    """Return a clause as a sentence: a capital in front, a full stop behind; nothing stays nothing.

    Examples
    --------
    >>> sentence("it is a leak until shown otherwise")
    'It is a leak until shown otherwise.'
    """
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?")) or not text else ".")
