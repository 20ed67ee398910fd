"""Regular day attenders: haemodialysis three times a week, and courses of infusions for cancer.

Each attendance is a spell of its own (patient classification 3), on days on which the person is not in hospital anyhow.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vi_risk.records.synthetic.causes import NEPHROLOGY, ONCOLOGY
from vi_risk.records.synthetic.conditions import POSITION
from vi_risk.records.synthetic.draws import Rows, Values, logistic
from vi_risk.records.synthetic.hospital import Stays
from vi_risk.records.synthetic.life import Life
from vi_risk.records.synthetic.months import DAYS_IN_YEAR, Days

# About one in 2,000 people is on dialysis in hospital: of those with chronic kidney disease the frailer, years on.
_DIALYSIS_LOG_ODDS, _DIALYSIS_PER_FRAILTY = -5.1, 0.8
_YEARS_TO_DIALYSIS = 4
_DIALYSIS_MISSED = 0.05
_FAILED_KIDNEYS = "N185"

_SHARE_ON_INFUSIONS = 0.25  # of those who develop cancer
_WEEKS_TO_INFUSIONS = (3, 20)
_INFUSIONS, _DAYS_BETWEEN_INFUSIONS = 6, 21
_CHEMOTHERAPY = "Z511"

_STRIDE = 1_000_000  # days; longer than any calendar, so that a person and a day are one number


@dataclass(frozen=True, slots=True)
class Attendances:
    """One entry per attendance of a regular day attender."""

    person: Rows
    day: Days
    primary: Values
    treatment_function: Values


def regular_attendances(rng: np.random.Generator, life: Life, stays: Stays) -> Attendances:
    """Draw the attendances of regular day attenders."""
    of_dialysis, of_infusions = rng.spawn(2)
    parts = (
        (*_dialysis(of_dialysis, life), _FAILED_KIDNEYS, NEPHROLOGY),
        (*_infusions(of_infusions, life), _CHEMOTHERAPY, ONCOLOGY),
    )
    person, day = (np.concatenate([part[at] for part in parts]) for at in (0, 1))
    sizes = [len(part[0]) for part in parts]
    primary, function = (np.repeat(np.array([part[at] for part in parts], dtype=np.object_), sizes) for at in (2, 3))
    kept = (day >= life.months.first_day) & (day <= life.months.last_day) & life.there(person, day)
    kept &= ~_in_hospital(stays, person, day)
    kept &= ~(day >= life.last_illness_from[person])
    return Attendances(person[kept], day[kept], primary[kept], function[kept])


def _dialysis(rng: np.random.Generator, life: Life) -> tuple[Rows, Days]:
    onset = life.onsets[:, POSITION["chronic_kidney_disease"]]
    log_odds = _DIALYSIS_LOG_ODDS + _DIALYSIS_PER_FRAILTY * life.frailty[:, 0]
    starts = rng.random(len(onset)) < logistic(log_odds)
    since = onset + (rng.exponential(_YEARS_TO_DIALYSIS * DAYS_IN_YEAR, len(onset))).astype(np.int64)
    person = np.flatnonzero(starts & (since <= life.months.last_day))
    calendar = life.months.first_day + np.arange(int(life.months.lengths.sum()))
    weekday = (calendar.astype(np.int64) + 3) % 7  # Monday is 0; 1 January 1970 was a Thursday
    shift = rng.integers(0, 2, len(person))  # Monday, Wednesday, Friday, or a day later
    on_day = np.isin(weekday - shift[:, None], (0, 2, 4)) & (calendar >= since[person, None])
    who, at = np.nonzero(on_day & (rng.random(on_day.shape) >= _DIALYSIS_MISSED))
    return person[who], calendar[at]


def _infusions(rng: np.random.Generator, life: Life) -> tuple[Rows, Days]:
    onset = life.onsets[:, POSITION["cancer"]]
    starts = (rng.random(len(onset)) < _SHARE_ON_INFUSIONS) & (onset >= life.months.first_day)
    person = np.flatnonzero(starts & (onset <= life.months.last_day))
    earliest, latest = (7 * weeks for weeks in _WEEKS_TO_INFUSIONS)
    first = onset[person] + rng.integers(earliest, latest + 1, len(person))
    day = first[:, None] + _DAYS_BETWEEN_INFUSIONS * np.arange(_INFUSIONS)
    return np.repeat(person, _INFUSIONS), day.ravel()


def _in_hospital(stays: Stays, person: Rows, day: Days) -> NDArray[np.bool_]:
    # Stays stand by person and day of admission and never overlap: the last one that began by then decides.
    if not len(stays):
        return np.zeros(len(person), dtype=bool)
    began = stays.person * _STRIDE + stays.admitted_on.astype(np.int64)
    at = np.searchsorted(began, person * _STRIDE + day.astype(np.int64), side="right") - 1
    return np.asarray((at >= 0) & (stays.person[at] == person) & (stays.discharged_on[at] >= day))
