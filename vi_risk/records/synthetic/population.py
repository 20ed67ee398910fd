"""Who lives in the place: birth, sex, ethnic group, neighbourhood, practice, and when they come, move and leave."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vi_risk.records.synthetic.draws import Menu, Rows, Values, pick
from vi_risk.records.synthetic.months import DAYS_IN_YEAR, Days, Months
from vi_risk.records.synthetic.place import Place, draw_practice

NEVER = np.datetime64("NaT", "D")

# Age bands of the place (years from, share); the last is cut at 104.
_AGE_BANDS = (
    (0, 0.071),
    (5, 0.133),
    (16, 0.117),
    (25, 0.2755),
    (45, 0.191),
    (60, 0.135),
    (75, 0.034),
    (80, 0.023),
    (85, 0.0135),
    (90, 0.006),
    (95, 0.0010),
)
_OLDEST = 100
_BIRTHS_PER_YEAR = 0.0138
_ARRIVALS_PER_YEAR = 0.011
_DEPARTURES_PER_YEAR = 0.013  # of adults under 45 twice that, of everybody else a half
MOVES_PER_YEAR = 0.025  # to another practice within the place

_ETHNIC_CATEGORY = Menu.of(
    *(("A", 0.575), ("B", 0.01), ("C", 0.05), ("D", 0.028), ("E", 0.004), ("F", 0.009), ("G", 0.006)),
    *(("H", 0.115), ("J", 0.027), ("K", 0.006), ("L", 0.022), ("M", 0.035), ("N", 0.024), ("P", 0.007)),
    *(("R", 0.006), ("S", 0.013), ("Z", 0.03), ("99", 0.01), (None, 0.023)),
)


@dataclass(frozen=True, slots=True)
class Population:
    """One entry per person, in the order of their pseudonyms; nothing in that order tells anything about them."""

    born_on: Days
    female: NDArray[np.bool_]
    sex: Values
    ethnic_category: Values
    neighbourhood: Rows
    imd_decile: Rows
    present_from: Days  # first day within the records on which they live in the place
    left_on: Days  # the day they left; NaT: stayed
    leaving_rate: NDArray[np.float64]  # a year
    practice: Rows
    registered_from: Days
    next_practice: Rows  # where moved_on is known
    moved_on: Days  # the day they changed practice; NaT: never

    def __len__(self) -> int:
        """Return the number of persons."""
        return len(self.born_on)

    def age_on(self, days: Days) -> NDArray[np.float32]:
        """Return the age in years of each person on each day, (persons, days); below zero before birth."""
        return ((days[None, :] - self.born_on[:, None]).astype(np.float32) / DAYS_IN_YEAR).astype(np.float32)

    def practice_on(self, person: Rows, days: Days) -> Rows:
        """Return the practice with which a person is registered on a day."""
        return np.where(days >= self.moved_on[person], self.next_practice[person], self.practice[person])


def draw_population(rng: np.random.Generator, patients: int, place: Place, months: Months) -> Population:
    """Draw everybody who lives in the place at some time within the records."""
    first_day, days = months.first_day, int(months.lengths.sum())
    coming = months.years * np.array([_BIRTHS_PER_YEAR, _ARRIVALS_PER_YEAR])
    how = pick(rng, np.append(1.0, coming), patients)  # 0 there from the start, 1 born later, 2 arriving later
    present_from = np.where(how > 0, first_day + rng.integers(0, days, patients), first_day)

    age = np.where(how == 2, rng.gamma(6, 5, patients), _draw_ages(rng, patients))
    born_on = present_from - (age * DAYS_IN_YEAR).astype(np.int64)
    born_on = np.where(how == 1, present_from, born_on)
    female = rng.random(patients) < np.interp(age, (0, 60, 80, 95), (0.49, 0.505, 0.57, 0.68))

    practice = draw_practice(rng, place, patients)
    neighbourhood = place.neighbourhood_of(rng, practice)
    leaving_rate = _DEPARTURES_PER_YEAR * np.where((age >= 18) & (age < 45), 2, 0.5)
    left_on = _some_day(rng, present_from, leaving_rate, months)
    moved_on = _some_day(rng, present_from, np.full(patients, MOVES_PER_YEAR), months)
    moved_on[~np.isnat(left_on) & (moved_on >= left_on)] = NEVER

    before = (rng.exponential(9 * DAYS_IN_YEAR, patients)).astype(np.int64)
    since = np.where(how == 0, first_day - before, present_from + rng.integers(0, 21, patients))
    return Population(
        born_on=born_on,
        female=female,
        sex=np.where(rng.random(patients) < 0.0005, "X", np.where(female, "2", "1")).astype(np.object_),
        ethnic_category=_ETHNIC_CATEGORY.draw(rng, patients),
        neighbourhood=neighbourhood,
        imd_decile=place.imd_decile[neighbourhood],
        present_from=present_from,
        left_on=left_on,
        leaving_rate=leaving_rate,
        practice=practice,
        registered_from=np.maximum(since, born_on),
        next_practice=draw_practice(rng, place, patients),
        moved_on=moved_on,
    )


def _draw_ages(rng: np.random.Generator, patients: int) -> NDArray[np.float64]:
    edges = np.array([years for years, _ in _AGE_BANDS] + [_OLDEST], dtype=np.float64)
    band = pick(rng, [share for _, share in _AGE_BANDS], patients)
    return edges[band] + rng.random(patients) * (edges[band + 1] - edges[band])


def _some_day(rng: np.random.Generator, since: Days, yearly_rate: NDArray[np.float64], months: Months) -> Days:
    # The day of the first event of a constant rate, a month after `since` or later; NaT where that is past the records.
    waited = rng.exponential(DAYS_IN_YEAR / yearly_rate).astype(np.int64)
    days = since + 30 + waited
    return np.where(days <= months.last_day, days, NEVER)
