"""What happened around an admission to each group of the page, in words and pictures; small numbers are not told.

The page is read by people who do not care for these patients too. A rate is told as a rounded number of contacts of a
rounded number of people, each of whom is there for as many days as they are on average, and its interval in whole steps
of as many contacts: whoever turns it back into contacts finds the rounded number.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pandas as pd

from vi_risk.caselists.packs.pathway_groups import Told
from vi_risk.caselists.packs.pathway_numbers import Numbers, numbers_of
from vi_risk.caselists.packs.pathway_pictures import Picture, Rate, picture_of, what_is_drawn
from vi_risk.caselists.wording import NOT_SEEN
from vi_risk.cohort.pathway_people import AFTER, BASELINE, BEFORE, EMERGENCY, PLANNED
from vi_risk.cohort.pathways import RATE_COLUMNS, TENS, Span, together, with_rates
from vi_risk.governance.small_numbers import Disclosure

TOO_FEW = "too few to tell"
NOT_TOLD = "not told"

_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "gp": "GP practice appointments",
        "community": "Community contacts",
        "outpatient": "Outpatient appointments",
        "ed": "A&E attendances, not admitted",
        PLANNED: "Planned admissions",
        EMERGENCY: "Emergency admissions",
    }
)
_OF_PEOPLE, _IN_DAYS, _DAYS_OF_A_YEAR = 100, 30, 365.25


@dataclass(frozen=True, slots=True)
class Rates:
    """What happened in one setting of care to the people of one group who are seen in it.

    Attributes
    ----------
    whose
        Title of the group.
    times
        The rate after over that of a year earlier, in words.
    """

    whose: str
    people: str
    baseline: Rate
    before: Rate
    after: Rate
    times: str
    tens: tuple[Rate, ...]

    @property
    def is_told(self) -> bool:
        """Whether nothing is left out for resting on a few."""
        return TOO_FEW not in (self.baseline.text, self.before.text, self.after.text)

    @property
    def is_told_in_tens(self) -> bool:
        """Whether any ten days are told."""
        return not all(math.isnan(ten.value) for ten in self.tens)

    def picture(self) -> Picture | None:
        """Return the rates drawn; None where there is none to draw."""
        drawn = what_is_drawn(dict(zip(TENS, self.tens, strict=True)), self.before, self.after)
        return picture_of(drawn, self.baseline) if drawn else None


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of care as a group's part of the page tells it.

    Attributes
    ----------
    beside
        The nearest wider group of which everything is told; None for the trust.
    drawn
        Those whose rates are in the picture: the wider group's where too few are the group's own.
    """

    title: str
    own: Rates
    beside: Rates | None
    drawn: Rates | None
    picture: Picture | None


@dataclass(frozen=True, slots=True)
class Group:
    """The whole trust, a network or a practice, in words."""

    code: str
    title: str
    people: str
    died: str
    joined: tuple[str, ...]
    settings: tuple[Setting, ...]


def groups_of(pathways: pd.DataFrame, groups: Sequence[Told], rule: Disclosure) -> tuple[Group, ...]:
    """Return each group in words and pictures, numbers told by the rule."""
    pathways = pathways[pathways["practice_code"].isin({code for group in groups for code in group.practices})]
    numbers = numbers_of(pathways, groups, rule)
    rates = {group.code: _rates_of(group, pathways, numbers, rule) for group in groups}
    died = {group.code: _died(group, numbers) for group in groups}
    titles = {group.code: group.title for group in groups}
    return tuple(
        Group(
            code=group.code,
            title=group.title,
            people=people_in_words(numbers.admitted[group.code]),
            died=_died_beside(died[group.code], [(titles[code], died[code]) for code in group.within]),
            joined=group.joined,
            settings=tuple(
                _setting(setting, own, [rates[code][setting] for code in group.within])
                for setting, own in rates[group.code].items()
            ),
        )
        for group in groups
    )


# --- groups ----------------------------------------------------------------------------------------------------------


def _of(group: Told, pathways: pd.DataFrame) -> pd.DataFrame:
    return pathways[pathways["practice_code"].isin(group.practices)]


def people_in_words(told: int | None) -> str:
    """Return a number of people as it may be told, in words.

    Examples
    --------
    >>> people_in_words(0), people_in_words(1245), people_in_words(None)
    ('no people', 'about 1,245 people', 'too few to tell')
    """
    return TOO_FEW if told is None else f"about {told:,} people" if told else "no people"


def _died(group: Told, numbers: Numbers) -> str:
    people, died = numbers.admitted[group.code], numbers.died[group.code]
    return TOO_FEW if not people or died is None else f"{100 * min(1.0, died / people):.0f} in 100"


def _died_beside(own: str, wider: list[tuple[str, str]]) -> str:
    """Return how many died, with the share of the nearest wider group of which that is told."""
    for title, share in wider:
        if share != TOO_FEW:
            return f"{own} ({title}: {share})"
    return own


# --- settings and rates ----------------------------------------------------------------------------------------------


def _setting(setting: str, own: Rates, wider: list[Rates]) -> Setting:
    beside = next((rates for rates in wider if rates.is_told), None)
    drawn = next((rates for rates in (own, *wider) if rates.is_told and rates.picture()), None) or own
    picture = drawn.picture()
    return Setting(_TITLES[setting], own, beside, drawn if picture else None, picture)


def _rates_of(group: Told, pathways: pd.DataFrame, numbers: Numbers, rule: Disclosure) -> dict[str, Rates]:
    """Return setting -> rates of a group."""
    rows = with_rates(together(_of(group, pathways)))
    return {
        str(setting): _rates(group, str(setting), own, numbers, rule)
        for setting, own in rows.groupby("setting", sort=False)
    }


def _rates(group: Told, setting: str, rows: pd.DataFrame, numbers: Numbers, rule: Disclosure) -> Rates:
    by_span = {(int(row["from_day"]), int(row["to_day"])): row for _, row in rows.iterrows()}
    people = numbers.seen[setting][group.code]

    def rate(span: Span) -> Rate:
        if not by_span[span]["people"]:
            return Rate(NOT_SEEN)
        if setting == EMERGENCY and span[0] < AFTER[0]:
            return Rate(NOT_TOLD)
        contacts = numbers.contacts[setting, span][group.code]
        if people is None or contacts is None:
            return Rate(TOO_FEW)
        return _rate(by_span[span], contacts, people, rule)

    baseline, before, after = rate(BASELINE), rate(BEFORE), rate(AFTER)
    return Rates(
        whose=group.title,
        people=people_in_words(people),
        baseline=baseline,
        before=before,
        after=after,
        times=_times(by_span[AFTER], baseline, after),
        tens=tuple(rate(span) for span in TENS),
    )


def _rate(row: "pd.Series[Any]", contacts: int, people: int, rule: Disclosure) -> Rate:
    """Return the rate of so many contacts of so many people, both as they are told, and its interval."""
    days = float(row["person_days"])
    if not days:
        return Rate(NOT_SEEN)
    exact = [float(row[name]) * days / _DAYS_OF_A_YEAR for name in RATE_COLUMNS[1:3]]
    each = _IN_DAYS * _OF_PEOPLE / (days / float(row["people"]) * people)
    value, low, high = (number * each for number in (contacts, *(rule.ends(exact) or ())))
    return Rate(f"{_number(value)} ({_number(low)} to {_number(high)})", value, low, high)


def _times(row: "pd.Series[Any]", baseline: Rate, after: Rate) -> str:
    """Return the rate after over that of a year earlier with its interval, where both are told."""
    for rate in (baseline, after):
        if math.isnan(rate.value):
            return rate.text
    value, low, high = (float(row[name]) for name in RATE_COLUMNS[3:])
    if math.isnan(value) or not baseline.value:
        return NOT_TOLD
    told = after.value / baseline.value
    down, up = math.floor(10 * told * low / value) / 10, math.ceil(10 * told * high / value) / 10
    return f"{told:.1f} times ({down:.1f} to {up:.1f})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 9.95 else f"{value:.1f}"
