"""Hidden lives, month by month: frailty drifts, conditions start and progress, one emergency brings the next, death.

Apart from age, sex, deprivation, season and practice, hazards read this hidden state and never a record of it. Effects
of the trust's work do not reach into it: they decide which emergencies bring an admission (`effects`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vi_risk.records.synthetic.conditions import Proneness, draw_onsets
from vi_risk.records.synthetic.draws import Rows
from vi_risk.records.synthetic.hazards import (
    AFTERMATH,
    AFTERMATH_KEPT,
    FRAILTY_KEPT,
    burdens,
    death_rate,
    emergency_rate,
    log_rates_by_age,
    onset_days,
    personal_log_rates,
)
from vi_risk.records.synthetic.months import DAYS_IN_YEAR, Days, Months
from vi_risk.records.synthetic.place import Place
from vi_risk.records.synthetic.population import NEVER, Population

PersonMonths = NDArray[np.float32]
PersonDays = NDArray[np.int16]  # (persons, months): days of a month

LONGEST_STAY = 180
_FEW = 1 / 8  # events for each person and month


@dataclass(frozen=True, slots=True)
class Events:
    """One row per thing that happened: to whom, in which month, on which day."""

    person: Rows
    month: Rows
    day: Days

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.person)


@dataclass(frozen=True, slots=True)
class Life:
    """What happened to everybody, and why; matrices are (persons, months).

    Attributes
    ----------
    first_offset, days
        The days of a month on which a person lives in the place: from `first_offset` days after the month's start.
    days_before_illness
        Of these, the days before the last illness begins: only then can another emergency come.
    burden
        Sum of log hazard ratios of the conditions that the person has by then.
    unsettled
        Log of one plus the yearly emergency rate that recent emergencies have left behind.
    emergency_rate
        Yearly rate of emergencies.
    emergencies
        Emergencies as they came, before any effect kept one from an admission, without last illnesses.
    last_illness_from, last_illness_until
        The days on which the illness begins and ends of which a person dies; NaT: none has begun.
    died_on
        NaT: alive at the end of the records, as far as anybody in the place knows.
    """

    people: Population
    months: Months
    proneness: Proneness
    onsets: Days  # (persons, conditions)
    age: PersonMonths
    frailty: PersonMonths
    burden: PersonMonths
    unsettled: PersonMonths
    emergency_rate: PersonMonths
    first_offset: PersonDays
    days: PersonDays
    days_before_illness: PersonDays
    emergencies: Events
    last_illness_from: Days
    last_illness_until: Days
    died_on: Days

    def has(self, person: Rows, days: Days) -> NDArray[np.bool_]:
        """Return whether a person has each condition on a day, (rows, conditions)."""
        return self.onsets[person] <= days[:, None]

    def there(self, person: Rows, days: Days) -> NDArray[np.bool_]:
        """Return whether a person lives in the place, alive, on a day."""
        gone = (days > self.died_on[person]) | (days >= self.people.left_on[person])
        return (days >= self.people.present_from[person]) & ~gone


def live(rng: np.random.Generator, people: Population, place: Place, months: Months) -> Life:
    """Draw the life of everybody from the first to the last month."""
    persons = len(people)
    shape = (persons, len(months))
    everybody = np.arange(persons)
    frailty_now = rng.normal(size=persons)
    onsets, proneness = draw_onsets(rng, people, frailty_now)
    onset_on = onset_days(onsets)
    age = people.age_on(months.starts)
    first_offset, days = _days_in_place(people, months)
    well = days.copy()
    frailty, burden, unsettled, rates = (np.zeros(shape, dtype=np.float32) for _ in range(4))
    emergencies = np.zeros(shape, dtype=np.int16)
    ill_from, ill_until = np.full(persons, NEVER), np.full(persons, NEVER)

    emergency_of_person, death_of_person = personal_log_rates(people)
    aftermath = np.zeros(persons)
    for month, start in enumerate(months.starts):
        season = months.season[month]
        emergency_at_age, death_at_age = log_rates_by_age(age[:, month])
        emergency_burden, death_burden = burdens(onset_on, start)
        dying_rate = death_rate(death_at_age + death_of_person + death_burden, frailty_now, aftermath, season)
        dying = rng.random(persons) < 1 - np.exp(-dying_rate * well[:, month] / DAYS_IN_YEAR)
        fell_ill = np.flatnonzero(dying)
        before = (rng.random(persons)[fell_ill] * well[fell_ill, month]).astype(np.int16)
        ill_from[fell_ill] = start + first_offset[fell_ill, month] + before
        ill_until[fell_ill] = _end_of_illness(rng, people, fell_ill, ill_from, age[:, month], frailty_now)
        well[fell_ill, month] = before
        well[fell_ill, month + 1 :] = 0

        practice = people.practice_on(everybody, np.broadcast_to(start, persons))
        log_rate = emergency_at_age + emergency_of_person + emergency_burden + place.emergency_log_rate[practice]
        rate = emergency_rate(log_rate, frailty_now, aftermath, season)
        emergencies[:, month] = rng.poisson(rate * well[:, month] / DAYS_IN_YEAR)
        frailty[:, month], burden[:, month], rates[:, month] = frailty_now, emergency_burden, rate
        unsettled[:, month] = np.log1p(aftermath)
        aftermath = AFTERMATH_KEPT * aftermath + AFTERMATH * emergencies[:, month]
        frailty_now = FRAILTY_KEPT * frailty_now + np.sqrt(1 - FRAILTY_KEPT**2) * rng.normal(size=persons)

    died = np.flatnonzero(~np.isnat(ill_until))
    left = (ill_until[died, None] + 1 - months.starts).astype(np.int64) - first_offset[died]
    days[died] = np.clip(left, 0, days[died])
    return Life(
        people=people,
        months=months,
        proneness=proneness,
        onsets=onsets,
        age=age,
        frailty=frailty,
        burden=burden,
        unsettled=unsettled,
        emergency_rate=rates,
        first_offset=first_offset,
        days=days,
        days_before_illness=well,
        emergencies=_on_days(rng, months, first_offset, well, emergencies),
        last_illness_from=ill_from,
        last_illness_until=ill_until,
        died_on=np.where(ill_until <= months.last_day, ill_until, NEVER),
    )


def happen(rng: np.random.Generator, life: Life, yearly_log_rate: PersonMonths) -> Events:
    """Draw events of a kind at a yearly log rate, (persons, months), on the days that people live in the place."""
    expected = np.exp(yearly_log_rate) * life.days / np.float32(DAYS_IN_YEAR)
    upto = np.cumsum(expected, dtype=np.float64)
    if upto[-1] > _FEW * len(upto):
        return _on_days(rng, life.months, life.first_offset, life.days, rng.poisson(expected))
    # Of few events it is quicker to draw how many there are in all, and then whose and when each is: as likely.
    drawn = np.sort(rng.random(rng.poisson(upto[-1]))) * upto[-1]
    person, month = np.divmod(np.searchsorted(upto, drawn, side="right"), len(life.months))
    return _each_on_a_day(rng, life.months, life.first_offset, life.days, person, month)


def more_emergencies(rng: np.random.Generator, life: Life, share: float) -> Events:
    """Draw emergencies beyond those that came, on the same days, at a share of their rate."""
    if share == 0:
        return Events(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0, dtype="datetime64[D]"))
    counts = rng.poisson(share * life.emergency_rate * life.days_before_illness / DAYS_IN_YEAR)
    return _on_days(rng, life.months, life.first_offset, life.days_before_illness, counts)


def nights_in_hospital(rng: np.random.Generator, age: NDArray[np.floating], frailty: NDArray[np.floating]) -> Rows:
    """Draw how many nights an illness keeps each person in hospital: longer with age and frailty, at least one."""
    mean_log = np.interp(age, (0, 18, 45, 70, 85), (0.3, 0.5, 0.9, 1.5, 1.9)) + 0.15 * frailty
    nights: Rows = np.minimum(rng.lognormal(mean_log, 0.95), LONGEST_STAY - 1).astype(np.int64) + 1
    return nights


def _end_of_illness(
    rng: np.random.Generator,
    people: Population,
    person: Rows,
    ill_from: Days,
    age: PersonMonths,
    frailty: NDArray[np.float64],
) -> Days:
    # Nobody leaves the place from a deathbed: whoever was to leave within these days dies before.
    until = ill_from[person] + nights_in_hospital(rng, age[person], frailty[person]) + 1
    return np.fmin(until, people.left_on[person] - 1)


def _on_days(
    rng: np.random.Generator, months: Months, first_offset: PersonDays, days: PersonDays, counts: NDArray[np.integer]
) -> Events:
    person, month = np.nonzero(counts)
    times = counts[person, month]
    return _each_on_a_day(rng, months, first_offset, days, np.repeat(person, times), np.repeat(month, times))


def _each_on_a_day(
    rng: np.random.Generator, months: Months, first_offset: PersonDays, days: PersonDays, person: Rows, month: Rows
) -> Events:
    offset = first_offset[person, month] + (rng.random(len(person)) * days[person, month]).astype(np.int64)
    return Events(person, month, months.starts[month] + offset)


def _days_in_place(people: Population, months: Months) -> tuple[PersonDays, PersonDays]:
    first_offset, days = (np.zeros((len(people), len(months)), dtype=np.int16) for _ in range(2))
    until = np.where(np.isnat(people.left_on), months.last_day + 1, people.left_on)
    for month, (start, length) in enumerate(zip(months.starts, months.lengths, strict=True)):
        first = np.maximum(people.present_from, start)
        there = np.maximum((np.minimum(until, start + length) - first).astype(np.int64), 0)
        days[:, month] = there
        first_offset[:, month] = np.where(there > 0, (first - start).astype(np.int64), 0)
    return first_offset, days
