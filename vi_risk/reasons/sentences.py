"""Sentences of features: the declared words with a patient's own value in them."""

import math
import re
from collections.abc import Sequence

from vi_risk.cohort.people import age_band
from vi_risk.features.definition import Definition, Feature

_YEAR = 365
_WHOLE_FROM = 3  # yearly changes from here on are told without decimals
_WEEKS_UP_TO = 95  # days: 13 weeks, so that what lies in "the last 90 days" is not "3 months ago"
_COUNTED = re.compile(r"\{n\} (.+?)(?: issued| attended)? in the last \{window\}")


def sentence(feature: Feature, value: float, window: int | None) -> str:
    """Return the sentence for a value of a feature, or "" where its declaration has none for such a value.

    Parameters
    ----------
    value
        The patient's value; NaN where it is missing.
    window
        Days of look-back that were used, which may be fewer than declared.
    """
    definition = feature.definition
    if math.isnan(value):
        template = definition.reason_missing
    elif value == 0:
        template = definition.reason_zero
    else:
        template = definition.reason_negative if value < 0 else definition.reason
    size = abs(value)
    if definition.measure == "slope":
        template = _yearly(template, window)
        size = round(size, None if size >= _WHOLE_FROM else 1)  # no sample tells tenths of a large one
    return template.format(
        n=number(size),
        s="" if size == 1 else "s",
        times=times(size),
        percent=percent(value),
        window=span(window),
        ago="" if math.isnan(value) else ago(round(value)),
        band="" if math.isnan(value) or value < 0 else age_band(int(value)),
        group=feature.group_title,
    )


def noun(definition: Definition) -> str:
    """Return what a feature counts in the words of its sentence, or else its unit.

    Examples
    --------
    >>> from vi_risk.features.catalogue import read_catalogue
    >>> noun(next(d for d in read_catalogue().definitions if d.name == "prescriptions"))
    'prescriptions'
    """
    found = _COUNTED.fullmatch(definition.reason)
    return found.group(1).replace("{s}", "s") if found else definition.unit


def _yearly(template: str, window: int | None) -> str:
    """Return the words of a yearly change; of one year without saying twice that it is a year."""
    return template.replace(" a year over the last", " over the last") if span(window) == span(_YEAR) else template


def fewer_or_more(feature: Feature, difference: float, window: int | None) -> str:
    """Return how many more or fewer of what a feature counts, in its own words; "" where those do not name a number.

    Examples
    --------
    >>> from vi_risk.features.catalogue import read_catalogue
    >>> features = {feature.name: feature for feature in read_catalogue().features}
    >>> fewer_or_more(features["ed_attendances_365d"], 2, 365)
    '2 more A&E attendances in the last 12 months'
    """
    template = feature.definition.reason
    if "{n}" not in template:
        return ""
    size = abs(difference)
    return template.format(
        n=f"{number(size)} {'more' if difference > 0 else 'fewer'}",
        s="" if size == 1 else "s",
        window=span(window),
        group=feature.group_title,
    )


def number(value: float) -> str:
    """Return a value as people write it: whole numbers without decimals, others with one.

    Examples
    --------
    >>> number(3.0), number(14.25), number(1200)
    ('3', '14.2', '1,200')
    """
    if math.isnan(value):
        return "not known"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def listed(words: Sequence[str]) -> str:
    """Return words as they are read out.

    Examples
    --------
    >>> listed(["COPD"]), listed(["COPD", "asthma"]), listed(["COPD", "asthma", "cancer"])
    ('COPD', 'COPD and asthma', 'COPD, asthma and cancer')
    """
    return " and ".join([*([", ".join(words[:-1])] if len(words) > 1 else []), *words[-1:]])


def percent(share: float) -> str:
    """Return a share as people write it.

    Examples
    --------
    >>> percent(0.25), percent(0.004)
    ('25 %', 'under 1 %')
    """
    if math.isnan(share):
        return "not known"
    return "under 1 %" if 0 < share < 0.01 else f"{100 * share:.0f} %"


def times(value: float) -> str:
    """Return how often in words.

    Examples
    --------
    >>> times(1), times(2), times(5)
    ('once', 'twice', '5 times')
    """
    if value in (1, 2):
        return "once" if value == 1 else "twice"
    return f"{number(value)} times"


def span(days: int | None) -> str:
    """Return a look-back in words.

    Examples
    --------
    >>> span(30), span(90), span(365), span(730), span(500)
    ('30 days', '90 days', '12 months', '2 years', '16 months')
    """
    if days is None:
        return ""
    if days % 365 == 0:
        years = days // 365
        return "12 months" if years == 1 else f"{years} years"
    return f"{days} days" if days < 180 else f"{round(days / 30.44)} months"


def ago(days: int) -> str:
    """Return how long ago something was, in words.

    Examples
    --------
    >>> ago(1), ago(9), ago(25), ago(90), ago(150), ago(800)
    ('yesterday', '9 days ago', '4 weeks ago', '13 weeks ago', '5 months ago', '2 years ago')
    """
    if days <= 1:
        return "yesterday"
    if days < 21:
        return f"{days} days ago"
    if days < _WEEKS_UP_TO:
        return f"{round(days / 7)} weeks ago"
    if days < 700:
        return f"{round(days / 30.44)} months ago"
    return f"{round(days / 365.25)} years ago"
