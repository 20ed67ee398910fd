"""Hazards: how fast emergencies and death come, given age, sex, deprivation, season and the hidden state.

The simulation of lives and the true risk both read these rates; nothing else says what a hazard is.
"""

import numpy as np
from numpy.typing import NDArray

from vi_risk.records.synthetic.conditions import CONDITIONS
from vi_risk.records.synthetic.draws import log_rate_at
from vi_risk.records.synthetic.months import DAYS_IN_YEAR, Days
from vi_risk.records.synthetic.population import Population

FRAILTY_KEPT = 0.985  # from one month to the next; half of its variance is new after two years
AFTERMATH = 0.89  # yearly rate of emergencies that an emergency adds in the month after it
AFTERMATH_KEPT = 0.6  # of it, from one month to the next
SHARE_DYING_IN_HOSPITAL = 0.45

EMERGENCY_PER_FRAILTY = 1.0
AFTERMATH_PER_FRAILTY = 0.45
DEATH_PER_FRAILTY = 0.45
_MOST_FRAILTY_IN_AFTERMATH = 2
_DEATH_PER_AFTERMATH = 0.8
_DEATH_PER_SEASON = 3
_DEPRIVED_EMERGENCY = 0.45  # log hazard ratio, most over least deprived
_DEPRIVED_DEATH = 0.35
_WOMEN_EMERGENCY = -0.03
_WOMEN_DEATH = -0.25
_MOST_BURDEN = np.array([2.0, 2.5], dtype=np.float32)  # of emergencies and death: many conditions add less and less
_WEIGHT_AT_ONSET, _WEIGHT_GAINED, _YEARS_GAINING = 0.7, 0.6, 10
_RATIOS = np.array([(condition.emergency, condition.death) for condition in CONDITIONS], dtype=np.float32)

# Yearly rates of a person without conditions, of average frailty, at these ages.
_AGES = (0, 1, 3, 6, 12, 18, 30, 45, 60, 70, 80, 90, 100)
_EMERGENCY_RATES = (0.140, 0.068, 0.038, 0.0189, 0.0146, 0.0211, 0.0200, 0.0204, 0.0240, 0.0348, 0.060, 0.094, 0.112)
_DEATH_AGES = (0, 1, 10, 20, 35, 45, 55, 65, 75, 85, 95, 105)
_DEATH_RATES = (0.003, 0.0002, 0.0001, 0.0003, 0.0007, 0.0013, 0.0028, 0.0052, 0.0100, 0.034, 0.135, 0.3)

Rates = NDArray[np.floating]


def personal_log_rates(people: Population) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each person's log hazard ratios of emergency and of death by sex and deprivation."""
    deprivation = (10 - people.imd_decile) / 9 - 0.7
    return (
        _DEPRIVED_EMERGENCY * deprivation + _WOMEN_EMERGENCY * people.female,
        _DEPRIVED_DEATH * deprivation + _WOMEN_DEATH * people.female,
    )


def log_rates_by_age(age: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the log yearly rates of emergency and of death at each age."""
    return log_rate_at(age, _AGES, _EMERGENCY_RATES), log_rate_at(age, _DEATH_AGES, _DEATH_RATES)


def emergency_rate(log_rate: Rates, frailty: Rates, aftermath: Rates, season: float) -> NDArray[np.float64]:
    """Return the yearly rate of emergencies: what a person brings, and what recent emergencies left behind."""
    unsettled = aftermath * np.exp(AFTERMATH_PER_FRAILTY * np.minimum(frailty, _MOST_FRAILTY_IN_AFTERMATH))
    return np.asarray((np.exp(log_rate + EMERGENCY_PER_FRAILTY * frailty) + unsettled) * np.exp(season))


def death_rate(log_rate: Rates, frailty: Rates, aftermath: Rates, season: float) -> NDArray[np.float64]:
    """Return the yearly rate at which a last illness begins."""
    unsettled = _DEATH_PER_AFTERMATH * np.log1p(aftermath)
    return np.asarray(np.exp(log_rate + DEATH_PER_FRAILTY * frailty + unsettled + _DEATH_PER_SEASON * season))


def onset_days(onsets: Days) -> NDArray[np.float32]:
    """Return onsets as days since 1970, as `burdens` reads them; infinite where a condition never starts."""
    days = onsets.astype(np.int64).astype(np.float32)
    days[np.isnat(onsets)] = np.inf
    return days


def burdens(onsets: NDArray[np.float32], day: np.datetime64) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the log hazard ratios of emergencies and of death of the conditions that each person has by a day.

    A condition weighs 0.7 of its own ratio at onset and 1.3 after ten years; together they come to
    ``most * (1 - exp(-sum / most))``.
    """
    since = np.float32(day.astype(np.int64)) - onsets
    weight = since * np.float32(_WEIGHT_GAINED / _YEARS_GAINING / DAYS_IN_YEAR)
    np.minimum(weight, np.float32(_WEIGHT_GAINED), out=weight)
    weight += np.float32(_WEIGHT_AT_ONSET)
    weight[since < 0] = 0
    together = weight @ _RATIOS
    together = _MOST_BURDEN * (1 - np.exp(-together / _MOST_BURDEN))
    return together[:, 0], together[:, 1]


def new_conditions(
    chance: NDArray[np.float32], emergency_burden: NDArray[np.float32], death_burden: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the share that conditions yet to start are expected to add to each person's two hazards.

    `chance` is the probability that each condition starts, (persons, conditions). Each adds what it weighs at onset,
    less the more a person's conditions weigh already: ``sum(chance * (exp(0.7 * ratio * (1 - burden / most)) - 1))``.
    """
    added = []
    for kind, burden in enumerate((emergency_burden, death_burden)):
        room = 1 - burden / _MOST_BURDEN[kind]
        total = np.zeros(len(chance))
        for position in range(len(CONDITIONS)):
            total += chance[:, position] * np.expm1(_WEIGHT_AT_ONSET * _RATIOS[position, kind] * room)
        added.append(total)
    return added[0], added[1]
