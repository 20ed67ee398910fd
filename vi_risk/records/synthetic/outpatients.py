"""Outpatient clinics: appointments kept, missed and cancelled."""

import numpy as np

from vi_risk.records.synthetic.conditions import POSITION
from vi_risk.records.synthetic.draws import Menu, Values, log_rate_at, logistic, pick_each
from vi_risk.records.synthetic.frames import Written, after
from vi_risk.records.synthetic.life import Events, Life, happen

_AGES = (0, 5, 18, 30, 45, 65, 78, 90)
_RATES = (1.05, 0.85, 1.05, 1.25, 1.50, 2.15, 2.40, 1.50)
_LOG_SD_OF_HABIT = 0.5
_KEPT = Menu.of(("5", 0.94), ("6", 0.06))
_MISSED = Menu.of(("3", 0.96), ("7", 0.04))
_CANCELLED = Menu.of(("2", 0.6), ("4", 0.4))
_SHARE_CANCELLED = 0.09

_SPECIALTIES = ("110", "130", "320", "340", "301", "330", "120", "502", "300", "410", "800", "361", "307", "710", "420")
_EVERYBODY = (14, 11, 3, 3, 5, 8, 6, 6, 5, 1.5, 2, 1, 2, 1, 2)
_SPECIALTY_OF = {
    "diabetes": "307",
    "copd": "340",
    "asthma": "340",
    "coronary_heart_disease": "320",
    "heart_failure": "320",
    "atrial_fibrillation": "320",
    "cancer": "800",
    "chronic_kidney_disease": "361",
    "rheumatoid_arthritis": "410",
    "severe_mental_illness": "710",
    "liver_disease": "301",
}
_WEIGHT_OF_CONDITION = 14.0


def appointments_written(rng: np.random.Generator, life: Life) -> Written:
    """Return outpatient appointments; young, deprived and frail people miss more of them."""
    habit = rng.normal(-(_LOG_SD_OF_HABIT**2) / 2, _LOG_SD_OF_HABIT, len(life.people)).astype(np.float32)
    log_rate = (
        log_rate_at(life.age, _AGES, _RATES)
        + 0.55 * life.burden
        + 0.25 * life.frailty
        + 0.35 * life.unsettled
        + 0.15 * life.people.female[:, None]
        + habit[:, None]
    )
    events = happen(rng, life, log_rate.astype(np.float32))
    rows = len(events)
    age = life.age[events.person, events.month]
    deprivation = (10 - life.people.imd_decile[events.person]) / 9
    missed = rng.random(rows) < logistic(-3.15 + 0.75 * deprivation - 0.012 * (age - 45) + 0.15 * habit[events.person])
    attended = np.where(missed, _MISSED.draw(rng, rows), _KEPT.draw(rng, rows))
    cancelled = rng.random(rows) < _SHARE_CANCELLED
    return Written(
        "outpatient_appointments",
        events.person,
        {
            "appointment_on": events.day,
            "attended": np.where(cancelled, _CANCELLED.draw(rng, rows), attended),
            "specialty": _specialties(rng, life, events),
            "first_attendance": rng.random(rows) < 0.33,
            "recorded_on": after(rng, events.day, 1, 10),
        },
        numbered="O",
    )


def _specialties(rng: np.random.Generator, life: Life, events: Events) -> Values:
    person, day = events.person, events.day
    weights = np.tile(np.array(_EVERYBODY, dtype=np.float32), (len(person), 1))
    for name, specialty in _SPECIALTY_OF.items():
        weights[:, _SPECIALTIES.index(specialty)] += _WEIGHT_OF_CONDITION * (life.onsets[person, POSITION[name]] <= day)
    return np.array(_SPECIALTIES, dtype=np.object_)[pick_each(rng, weights)]
