"""The dates of a replay: from the first to the last by one step, and how far back a delay in data reaches."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from vi_risk.errors import InputError, UsageError
from vi_risk.models.spec import ModelSpec
from vi_risk.records.linked import Records

_STEP = re.compile(r"(?P<number>[1-9][0-9]{0,3})(?P<unit>[dwm])")
_QUARTER_DAYS, _MONTHS_IN_A_QUARTER, _WEEK_DAYS = 91, 3, 7
_AFTER_THE_RECORDS = timedelta(days=31)  # a list may be of a day so long after the last spell, as of any run

DELAYS = (1, 2, 3)  # months by which the records are taken to arrive late


def days_of_months(months: int) -> int:
    """Return the days of so many months, a third of 91 each, rounded down: a quarter is 91 days, 13 whole weeks.

    Training dates step back by 91 days too (`snapshots.every_days` of the shipped specs), so that lists a quarter
    apart learn from the same dates, of which features are then computed once.

    Examples
    --------
    >>> [days_of_months(months) for months in (1, 2, 3, 6, 12)]
    [30, 60, 91, 182, 364]
    """
    return months * _QUARTER_DAYS // _MONTHS_IN_A_QUARTER


def step_of(text: str) -> timedelta:
    """Return the step that a text such as ``3m``, ``13w`` or ``91d`` means.

    Examples
    --------
    >>> step_of("3m").days, step_of("2w").days
    (91, 14)

    Raises
    ------
    UsageError
        It is no step.
    """
    found = _STEP.fullmatch(text.strip())
    if found is None:
        msg = f"--every {text}: is no step. Write a number of months, weeks or days, for example 3m, 13w or 91d."
        raise UsageError(msg)
    number = int(found["number"])
    days = {"d": number, "w": number * _WEEK_DAYS, "m": days_of_months(number)}
    return timedelta(days=days[found["unit"]])


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
    def between(cls, first: date, last: date, step: timedelta) -> "ReplayDates":
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
            msg = f"--from {first} --to {last}: no day lies between. Give the earlier date with --from."
            raise UsageError(msg)
        return cls(tuple(first + n * step for n in range((last - first) // step + 1)))

    def refuse_outside(self, records: Records, spec: ModelSpec) -> None:
        """Refuse dates at which no run could have trained, or that the records do not reach: told before any work.

        Raises
        ------
        InputError
            The first date is too early, or the last lies beyond the records.
        """
        first_day, last_day = records.seen_from("spells"), records.seen_to("spells")
        if first_day is None or last_day is None:
            msg = "spells: hold no row, so that nothing can be replayed. Look at the extract with `vi-risk check`."
            raise InputError(msg)
        needed = spec.snapshots.min_lookback_days + 2 * spec.horizon_days
        if self.days[0] < (earliest := first_day + timedelta(days=needed)):
            msg = (
                f"--from {self.days[0]}: too early for these records. A run of that day would need"
                f" {spec.snapshots.min_lookback_days} days of look-back and two outcome windows of {spec.horizon_days}"
                f" days before it; spells are seen from {first_day}. Choose {earliest} or a later date."
            )
            raise InputError(msg)
        if self.days[-1] > last_day + _AFTER_THE_RECORDS:
            msg = (
                f"--to {self.days[-1]}: lies outside the records, which hold spells from {first_day} to {last_day}."
                " Choose a date inside them, at most a month after the last spell."
            )
            raise InputError(msg)
