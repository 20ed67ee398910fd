"""The look that all pages share: the style sheet, the environment that renders, and the words for dates and names."""

from datetime import date
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

FOLDER = Path(__file__).parent


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
    environment.filters |= {"date_in_words": date_in_words, "plain_words": plain_words}
    return environment


def date_in_words(day: date) -> str:
    """Return a date as people write it.

    Examples
    --------
    >>> date_in_words(date(2025, 11, 1))
    '1 November 2025'
    """
    return f"{day.day} {day:%B %Y}"


def plain_words(name: str) -> str:
    """Return a snake_case name as words.

    Examples
    --------
    >>> plain_words("age_and_sex")
    'Age and sex'
    """
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
