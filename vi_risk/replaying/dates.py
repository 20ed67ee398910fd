"""The dates of a replay: from the first to the last by one step, and how far back a delay in data reaches."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count, pairwise
from typing import Literal

from vi_risk.errors import InputError, UsageError
from vi_risk.models.spec import ModelSpec
from vi_risk.records.linked import Records
from vi_risk.records.volume import month_after

_STEP = re.compile(r"(?P<number>[1-9][0-9]{0,3})(?P<unit>[dwmy])")
_WEEK_DAYS, _YEAR_MONTHS = 7, 12
_AFTER_THE_RECORDS = timedelta(days=31)  # a list may be of a day so long after the last spell, as of any run

DELAYS = (1, 2, 3)  # months by which the records are taken to arrive late


def months_later(day: date, months: int) -> date:
    """Return the same day so many calendar months later, or earlier; the last day of a month that is too short.

    Examples
    --------
    >>> str(months_later(date(2024, 1, 31), 1)), str(months_later(date(2024, 3, 31), -1))
    ('2024-02-29', '2024-02-29')
    """
    begins = month_after(day, months)
    return begins.replace(day=min(day.day, monthrange(begins.year, begins.month)[1]))


@dataclass(frozen=True, slots=True)
class Step:
    """From one replayed date to the next: so many days, or calendar months."""

    number: int
    unit: Literal["days", "months"]

    def after(self, first: date, steps: int) -> date:
        """Return the date so many steps after the first; each is counted from the first, so that no day wears off.

        Examples
        --------
        >>> [str(Step(1, "months").after(date(2024, 1, 31), n)) for n in range(3)]
        ['2024-01-31', '2024-02-29', '2024-03-31']
        """
        if self.unit == "months":
            return months_later(first, self.number * steps)
        return first + timedelta(days=self.number * steps)


def step_of(text: str) -> Step:
    """Return the step that a text such as ``3m``, ``1y``, ``4w`` or ``91d`` means; months and years are calendar ones.

    Examples
    --------
    >>> step_of("3m"), step_of("1y"), step_of("4w")
    (Step(number=3, unit='months'), Step(number=12, unit='months'), Step(number=28, unit='days'))

    Raises
    ------
    UsageError
        It is no step.
    """
    found = _STEP.fullmatch(text.strip())
    if found is None:
        msg = (
            f"--every {text}: is no step. Write a number of months, years, weeks or days, for example 3m, 1y, 13w or"
            " 91d."
        )
        raise UsageError(msg)
    number, unit = int(found["number"]), found["unit"]
    if unit in "my":
        return Step(number * (_YEAR_MONTHS if unit == "y" else 1), "months")
    return Step(number * (_WEEK_DAYS if unit == "w" else 1), "days")


@dataclass(frozen=True, slots=True)
class ReplayDates:
    """The dates at which lists are replayed, earliest first.

    Raises
    ------
    UsageError
        There is none, or they do not follow each other.
    """

    days: tuple[date, ...]

    def __post_init__(self) -> None:
        if not self.days or any(later <= earlier for earlier, later in pairwise(self.days)):
            msg = "replay: expected one date or more, each after the one before. Give them in order, each once."
            raise UsageError(msg)

    @classmethod
    def between(cls, first: date, last: date, step: Step) -> "ReplayDates":
        """Return the dates from the first on by one step, none after the last.

        Examples
        --------
        >>> [str(day) for day in ReplayDates.between(date(2024, 1, 1), date(2024, 7, 31), step_of("3m")).days]
        ['2024-01-01', '2024-04-01', '2024-07-01']

        Raises
        ------
        UsageError
            The first date lies after the last.
        """
        if last < first:
            msg = (
                f"--from {first} --to {last}: the first date lies after the last. Give the earlier date with --from,"
                " the later one with --to."
            )
            raise UsageError(msg)
        days = [first]
        for steps in count(1):
            try:
                day = step.after(first, steps)
            except (OverflowError, ValueError):  # past the year 9999
                break
            if day > last:
                break
            days.append(day)
        return cls(tuple(days))

    def out_of_reach(self, records: Records, spec: ModelSpec) -> dict[date, str]:
        """Return date -> why no run of it could have been, of those for which the span of the records says so.

        Raises
        ------
        InputError
            No date is left: told before any work.
        """
        first_day, last_day = records.seen_from("spells"), records.seen_to("spells")
        if first_day is None or last_day is None:
            msg = "spells: hold no row, so that nothing can be replayed. Look at the extract with `vi-risk check`."
            raise InputError(msg)
        needed = spec.snapshots.min_lookback_days + 2 * spec.horizon_days
        earliest, latest = first_day + timedelta(days=needed), last_day + _AFTER_THE_RECORDS
        too_early = (
            f"too early for these records: a run needs {spec.snapshots.min_lookback_days} days of look-back and two"
            f" outcome windows of {spec.horizon_days} days before it, and spells are seen from {first_day}; the"
            f" earliest date possible is {earliest}"
        )
        too_late = (
            f"beyond the records, which hold spells to {last_day}; the latest date possible, a month later, is {latest}"
        )
        found = {day: too_early if day < earliest else too_late for day in self.days if not earliest <= day <= latest}
        if len(found) < len(self.days):
            return found
        why = " ".join(f"{words[0].upper()}{words[1:]}." for words in dict.fromkeys(found.values()))
        if earliest > latest:
            msg = (
                f"replay: no date from {self.days[0]} to {self.days[-1]} can be run. {why} These records are too short"
                f" for any list of {spec.name}. Bring in older ones, or choose a model with a shorter horizon."
            )
        else:
            msg = (
                f"replay: no date from {self.days[0]} to {self.days[-1]} can be run. {why}"
                f" Choose --from and --to so that a date lies between {earliest} and {latest}."
            )
        raise InputError(msg)
