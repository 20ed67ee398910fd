"""Index dates: one for the list, one for the test, several for training, outcome windows kept apart.

Of index events, such as discharges, whole spans of them take the place of single dates.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from vi_risk.errors import InputError

Role = Literal["train", "test", "previous", "list"]
Span = tuple[date, date]  # its first and its last day


@dataclass(frozen=True, slots=True)
class IndexDates:
    """The dates of one run.

    The outcome window of the test date closes by the date of the list, and every training window closes before the
    test window begins: ``train + horizon <= test`` and ``test + horizon <= list_date``.

    Attributes
    ----------
    test_to
        Of index events (`EventWindows`), which have dates of their own, the last one tested on: `test` is then the
        first, and `train` holds the first and the last one trained on.
    previous
        The date of the list before, to say what changed since; no model learns from it or is tested on it.
    """

    list_date: date
    test: date
    train: tuple[date, ...]
    test_to: date | None = None
    previous: date | None = None

    @property
    def roles(self) -> tuple[tuple[date, Role], ...]:
        """Every index date with its role, earliest first."""
        before: tuple[tuple[date, Role], ...] = () if self.previous is None else ((self.previous, "previous"),)
        return (*((day, "train") for day in self.train), (self.test, "test"), *before, (self.list_date, "list"))


def plan_index_dates(
    list_date: date,
    *,
    first_day: date,
    last_day: date,
    horizon_days: int,
    every_days: int,
    most: int,
    min_lookback_days: int,
) -> IndexDates:
    """Choose the test and training dates that the records allow for a list at `list_date`.

    Parameters
    ----------
    first_day, last_day
        The span over which hospital spells are seen.
    every_days, most
        Training dates step back by `every_days` from the latest possible one, at most `most` of them.
    min_lookback_days
        A training date has at least as many days of records before it.

    Raises
    ------
    InputError
        The date of the list lies outside the records, or they are too short for one training and one test date.
    """
    _refuse_outside(list_date, first_day, last_day)
    horizon = timedelta(days=horizon_days)
    test = list_date - horizon
    latest = test - horizon
    train = [latest - timedelta(days=every_days * n) for n in range(most)]
    seen = tuple(sorted(day for day in train if (day - first_day).days >= min_lookback_days))
    if not seen:
        needed = first_day + timedelta(days=min_lookback_days + 2 * horizon_days)
        msg = (
            f"--index-date {list_date}: too early for these records. Training needs {min_lookback_days} days of"
            f" look-back and two outcome windows of {horizon_days} days before the list; spells are seen from"
            f" {first_day}, so the earliest date possible is {needed}. Choose a later date, or lower"
            " snapshots.min_lookback_days in the model spec."
        )
        raise InputError(msg)
    return IndexDates(list_date, test, seen)


@dataclass(frozen=True, slots=True)
class EventWindows:
    """The spans in which the index events of one run lie.

    Every window of a test event closes by the date of the list, and every training window before the first test event;
    the events of the list are those whose windows are still open.
    """

    list_date: date
    train: Span
    test: Span
    listed: Span

    @property
    def roles(self) -> tuple[tuple[Span, Role], ...]:
        """Every span with its role, earliest first."""
        return (self.train, "train"), (self.test, "test"), (self.listed, "list")


def plan_event_windows(
    list_date: date,
    *,
    first_day: date,
    last_day: date,
    horizon_days: int,
    min_lookback_days: int,
    test_days: int = 365,
    train_days: int | None = None,
) -> EventWindows:
    """Choose the spans of index events that the records allow for a list at `list_date`.

    Parameters
    ----------
    first_day, last_day
        The span over which hospital spells are seen.
    min_lookback_days
        A training event has at least as many days of records before it.
    test_days, train_days
        How many days of index events the model is tested and trained on; None trains on all that there are.

    Raises
    ------
    InputError
        The date of the list lies outside the records, or they are too short for training and test events.
    """
    _refuse_outside(list_date, first_day, last_day)
    horizon, one_day = timedelta(days=horizon_days), timedelta(days=1)
    test = (list_date - horizon - timedelta(days=test_days - 1), list_date - horizon)
    latest = test[0] - horizon
    earliest = first_day + timedelta(days=min_lookback_days)
    if latest < earliest:
        needed = list_date + (earliest - latest)
        msg = (
            f"--index-date {list_date}: too early for these records. Training needs {min_lookback_days} days of"
            f" look-back, two outcome windows of {horizon_days} days and {test_days} days of events to test on before"
            f" the list; spells are seen from {first_day}, so the earliest date possible is {needed}. Choose a later"
            " date, or lower snapshots.min_lookback_days in the model spec."
        )
        raise InputError(msg)
    if train_days is not None:
        earliest = max(earliest, latest - timedelta(days=train_days - 1))
    return EventWindows(list_date, (earliest, latest), test, (test[1] + one_day, list_date))


def _refuse_outside(list_date: date, first_day: date, last_day: date) -> None:
    if not first_day < list_date <= last_day + timedelta(days=31):
        msg = (
            f"--index-date {list_date}: lies outside the records, which hold spells from {first_day} to {last_day}."
            " Choose a date inside them, at most a month after the last spell."
        )
        raise InputError(msg)
