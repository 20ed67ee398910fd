"""Hidden lives, month by month: frailty drifts, conditions start and progress, one emergency brings the next, death.

Apart from age, sex, deprivation, season and practice, hazards read this hidden state and never a record of it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vi_risk.records.synthetic.conditions import CONDITIONS, draw_onsets
from vi_risk.records.synthetic.draws import Rows, log_rate_at
from vi_risk.records.synthetic.months import DAYS_IN_YEAR, Days, Months
from vi_risk.records.synthetic.place import Place
from vi_risk.records.synthetic.population import NEVER, Population

PersonMonths = NDArray[np.float32]

_FRAILTY_KEPT = 0.985  # from one month to the next; half of its variance is new after two years
_EMERGENCY_PER_FRAILTY = 1.0
_DEATH_PER_FRAILTY = 0.45
_AFTERMATH = 1.05  # yearly rate of emergencies that an emergency admission adds in the month after it
_AFTERMATH_KEPT = 0.6  # of it, from one month to the next
_AFTERMATH_PER_FRAILTY = 0.35
_DEATH_PER_AFTERMATH = 0.8
_DEPRIVED_EMERGENCY = 0.45  # log hazard ratio, most over least deprived
_DEPRIVED_DEATH = 0.35
_WOMEN_EMERGENCY = -0.03
_WOMEN_DEATH = -0.25
_MOST_BURDEN = np.array([2.0, 2.5], dtype=np.float32)  # of emergencies and death: many conditions add less and less
_SHARE_DYING_IN_HOSPITAL = 0.45

# Yearly rates of a person without conditions, of average frailty, at these ages.
_AGES = (0, 1, 3, 6, 12, 18, 30, 45, 60, 70, 80, 90, 100)
_EMERGENCY_RATES = (0.130, 0.064, 0.035, 0.0175, 0.0135, 0.0195, 0.0185, 0.0190, 0.0225, 0.033, 0.058, 0.092, 0.110)
_DEATH_AGES = (0, 1, 10, 20, 35, 45, 55, 65, 75, 85, 95, 105)
_DEATH_RATES = (0.003, 0.0002, 0.0001, 0.0003, 0.0007, 0.0013, 0.0028, 0.0052, 0.0100, 0.034, 0.135, 0.3)


@dataclass(frozen=True, slots=True)
class Life:
    """What happened to everybody, and why; matrices are (persons, months).

    Attributes
    ----------
    first_offset, days
        The days of a month on which a person lives in the place: from `first_offset` days after the month's start.
    burden
        Sum of log hazard ratios of the conditions that the person has by then.
    unsettled
        Log of one plus the yearly emergency rate that recent emergencies have left behind.
    emergencies
        Number of emergency admissions.
    """

    people: Population
    months: Months
    onsets: Days  # (persons, conditions)
    age: PersonMonths
    frailty: PersonMonths
    burden: PersonMonths
    unsettled: PersonMonths
    first_offset: NDArray[np.int64]
    days: NDArray[np.int64]
    emergencies: NDArray[np.int64]
    died_on: Days  # NaT: alive, as far as anybody in the place knows
    died_in_hospital: NDArray[np.bool_]

    def has(self, person: Rows, days: Days) -> NDArray[np.bool_]:
        """Return whether a person has each condition on a day, (rows, conditions)."""
        return self.onsets[person] <= days[:, None]


@dataclass(frozen=True, slots=True)
class Events:
    """One row per thing that happened: to whom, in which month, on which day."""

    person: Rows
    month: Rows
    day: Days

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.person)


def live(rng: np.random.Generator, people: Population, place: Place, months: Months) -> Life:
    """Draw the life of everybody from the first to the last month."""
    persons = len(people)
    shape = (persons, len(months))
    frailty_now = rng.normal(size=persons)
    onsets = draw_onsets(rng, people, frailty_now)
    age = people.age_on(months.starts)
    first_offset, days = _days_in_place(people, months)
    frailty, burden, unsettled = (np.zeros(shape, dtype=np.float32) for _ in range(3))
    emergencies = np.zeros(shape, dtype=np.int64)
    died_on = np.full(persons, NEVER)

    deprivation = (10 - people.imd_decile) / 9 - 0.7
    emergency_log_rate = log_rate_at(age, _AGES, _EMERGENCY_RATES) + (
        _DEPRIVED_EMERGENCY * deprivation + _WOMEN_EMERGENCY * people.female
    )[:, None].astype(np.float32)
    death_log_rate = log_rate_at(age, _DEATH_AGES, _DEATH_RATES) + (
        _DEPRIVED_DEATH * deprivation + _WOMEN_DEATH * people.female
    )[:, None].astype(np.float32)
    aftermath = np.zeros(persons)
    for month, start in enumerate(months.starts):
        emergency_burden, death_burden = _burdens(onsets, start)
        practice = people.practice_on(np.arange(persons), np.broadcast_to(start, persons))
        season = months.season[month]
        death_rate = np.exp(
            death_log_rate[:, month]
            + death_burden
            + _DEATH_PER_FRAILTY * frailty_now
            + _DEATH_PER_AFTERMATH * np.log1p(aftermath)
            + 3 * season
        )
        dying = rng.random(persons) < 1 - np.exp(-death_rate * days[:, month] / DAYS_IN_YEAR)
        last = (rng.random(persons) * days[:, month]).astype(np.int64)
        died_on[dying] = (start + first_offset[:, month] + last)[dying]
        days[dying, month] = last[dying] + 1
        days[dying, month + 1 :] = 0

        emergency_rate = np.exp(
            emergency_log_rate[:, month]
            + place.emergency_log_rate[practice]
            + emergency_burden
            + _EMERGENCY_PER_FRAILTY * frailty_now
            + season
        )
        emergency_rate += aftermath * np.exp(_AFTERMATH_PER_FRAILTY * np.minimum(frailty_now, 2) + season)
        emergencies[:, month] = rng.poisson(emergency_rate * days[:, month] / DAYS_IN_YEAR)
        frailty[:, month], burden[:, month] = frailty_now, emergency_burden
        unsettled[:, month] = np.log1p(aftermath)
        aftermath = _AFTERMATH_KEPT * aftermath + _AFTERMATH * emergencies[:, month]
        frailty_now = _FRAILTY_KEPT * frailty_now + np.sqrt(1 - _FRAILTY_KEPT**2) * rng.normal(size=persons)
    died_in_hospital = ~np.isnat(died_on) & (rng.random(persons) < _SHARE_DYING_IN_HOSPITAL)
    return Life(
        people=people,
        months=months,
        onsets=onsets,
        age=age,
        frailty=frailty,
        burden=burden,
        unsettled=unsettled,
        first_offset=first_offset,
        days=days,
        emergencies=emergencies,
        died_on=died_on,
        died_in_hospital=died_in_hospital,
    )


def happen(rng: np.random.Generator, life: Life, yearly_log_rate: PersonMonths) -> Events:
    """Draw events of a kind at a yearly log rate, (persons, months), on the days that people live in the place."""
    counts = rng.poisson(np.exp(yearly_log_rate) * life.days / DAYS_IN_YEAR)
    return spread(rng, life, counts)


def spread(rng: np.random.Generator, life: Life, counts: NDArray[np.int64]) -> Events:
    """Give counted events, (persons, months), a day each: any of the days on which the person lives in the place."""
    person, month = np.nonzero(counts)
    times = counts[person, month]
    person, month = np.repeat(person, times), np.repeat(month, times)
    offset = life.first_offset[person, month] + (rng.random(len(person)) * life.days[person, month]).astype(np.int64)
    return Events(person, month, life.months.starts[month] + offset)


def _days_in_place(people: Population, months: Months) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    until = np.where(np.isnat(people.left_on), months.last_day + 1, people.left_on)
    first = np.maximum(people.present_from[:, None], months.starts[None, :])
    end = np.minimum(until[:, None], (months.starts + months.lengths)[None, :])
    days = np.maximum((end - first).astype(np.int64), 0)
    return np.where(days > 0, (first - months.starts[None, :]).astype(np.int64), 0), days


def _burdens(onsets: Days, day: np.datetime64) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # Log hazard ratios of emergencies and of death: a condition weighs 0.7 of its own at onset, 1.3 after ten years.
    years = (day - onsets).astype(np.float32)
    years[np.isnat(onsets)] = -1
    weight = np.where(years >= 0, 0.7 + 0.6 * np.minimum(years / (10 * DAYS_IN_YEAR), 1), 0).astype(np.float32)
    ratios = np.array([(condition.emergency, condition.death) for condition in CONDITIONS])
    burdens = weight @ ratios.astype(np.float32)
    burdens = _MOST_BURDEN * (1 - np.exp(-burdens / _MOST_BURDEN))
    return burdens[:, 0], burdens[:, 1]
