"""The registers: people with their pseudonyms, practices, and who is registered where."""

from typing import TYPE_CHECKING

import numpy as np

from vi_risk.records.synthetic.conditions import POSITION
from vi_risk.records.synthetic.draws import Values, blank, logistic, missing_at
from vi_risk.records.synthetic.frames import Written, after, identifiers, typed_frame
from vi_risk.records.synthetic.life import Life
from vi_risk.records.synthetic.months import DAYS_IN_YEAR
from vi_risk.records.synthetic.place import IMD_EDITION, Place

if TYPE_CHECKING:
    import pandas as pd

_LSOA_MISSING = 0.01


def pseudonyms(patients: int) -> Values:
    """Return the pseudonym of each person."""
    return identifiers("P", patients)


def patients_written(rng: np.random.Generator, life: Life, place: Place) -> Written:
    """Return the people; who lives in a care home is known as at the end of the records."""
    people = life.people
    persons = len(people)
    last = np.where(np.isnat(life.died_on), life.months.last_day, life.died_on)
    age = (last - people.born_on).astype(np.float64) / DAYS_IN_YEAR
    has_dementia = life.onsets[:, POSITION["dementia"]] <= last
    care_home = (age >= 65) & (
        rng.random(persons) < logistic(-4.6 + 0.09 * (age - 75) + 0.6 * life.frailty[:, -1] + 2.0 * has_dementia)
    )
    lsoa = missing_at(rng, place.lsoa[people.neighbourhood], _LSOA_MISSING)
    unlocated = np.array([area is None for area in lsoa])
    return Written(
        "patients",
        np.arange(persons),
        {
            "birth_month": people.born_on.astype("datetime64[M]").astype("datetime64[D]"),
            "sex": people.sex,
            "ethnic_category": people.ethnic_category,
            "lsoa": lsoa,
            "imd_decile": np.where(unlocated, np.nan, people.imd_decile),
            "imd_edition": blank(np.full(persons, IMD_EDITION), unlocated),
            "died_on": life.died_on,
            "care_home": care_home,
        },
    )


def registrations_written(rng: np.random.Generator, life: Life, place: Place) -> Written:
    """Return registrations: one per person and practice; a move, departure or death ends one."""
    people = life.people
    ended = np.fmin(people.left_on, life.died_on)  # the earlier of the two, where there is one
    moved_on = np.where(people.moved_on < ended, people.moved_on, np.datetime64("NaT"))
    moved_on = np.where(np.isnat(ended), people.moved_on, moved_on)
    moved = np.flatnonzero(~np.isnat(moved_on))
    moved = moved[people.next_practice[moved] != people.practice[moved]]
    first_ended = ended.copy()
    first_ended[moved] = moved_on[moved]
    everybody = np.flatnonzero(~(first_ended <= people.registered_from))  # a newborn may leave or die first
    person = np.concatenate([everybody, moved])
    since = np.concatenate([people.registered_from[everybody], moved_on[moved]])
    practice = np.concatenate([people.practice[everybody], people.next_practice[moved]])
    return Written(
        "registrations",
        person,
        {
            "practice_code": place.practice_code[practice],
            "registered_from": since,
            "registered_to": np.concatenate([first_ended[everybody], ended[moved]]),
            "recorded_on": after(rng, since, 0, 7),
        },
    )


def practices_frame(place: Place) -> "pd.DataFrame":
    """Return the practices, by their codes."""
    columns = {
        "practice_code": place.practice_code,
        "name": place.practice_name,
        "network": place.network,
        "integrated_from": place.integrated_from,
    }
    return typed_frame("practices", columns, len(place.practice_code))
