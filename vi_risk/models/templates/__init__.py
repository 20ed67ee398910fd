"""The look that all pages share: the style sheet, the environment that renders, and the words for dates and names."""

import re
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

FOLDER = Path(__file__).parent
_INSIDE_FIGURES = re.compile(r"(?<=\d) (?=%)|(?<=[\d%]) (?=to )|(?<= to) (?=[\d-])")


@cache
def page_environment(folder: Path = FOLDER) -> Environment:
    """Return the environment for the templates of `folder`, which may also include those that all pages share.

    Every value is escaped, and a value that a template names but was not given is an error.
    """
    environment = Environment(
        loader=FileSystemLoader([folder, FOLDER]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"date_in_words": date_in_words, "held_together": held_together, "plain_words": plain_words}
    return environment


def date_in_words(day: date) -> str:
    """Return a date as people write it.

    Examples
    --------
    >>> date_in_words(date(2025, 11, 1))
    '1 November 2025'
    """
    return f"{day.day} {day:%B %Y}"


def dates_in_words(days: Sequence[date]) -> str:
    """Return when something was, with its preposition: at one day, or from the first to the last of several.

    Examples
    --------
    >>> dates_in_words([date(2024, 1, 1)]), dates_in_words([date(2024, 7, 1), date(2024, 1, 1)])
    ('at 1 January 2024', 'from 1 January 2024 to 1 July 2024')
    """
    first, last = (date_in_words(end(days)) for end in (min, max))
    return f"at {first}" if first == last else f"from {first} to {last}"


def held_together(text: str) -> str:
    """Return figures in which no line breaks but before a bracket: a number stays with its sign and its interval.

    Examples
    --------
    >>> held_together("26.2 % (19.5 to 34.0)").replace("\N{NO-BREAK SPACE}", "_")
    '26.2_% (19.5_to_34.0)'
    """
    return _INSIDE_FIGURES.sub("\N{NO-BREAK SPACE}", text)


def plain_words(name: str) -> str:
    """Return a snake_case name as words.

    Examples
    --------
    >>> plain_words("age_and_sex")
    'Age and sex'
    """
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
