"""General practice: appointments and coded entries, seen of practices in the trust from the day they joined.

The SNOMED CT concepts of the findings were confirmed, by identifier and term, in published code lists (frailty and
smoking of the NHS England primary care reference sets, falls, delirium, living alone, housebound).
"""

from dataclasses import dataclass

import numpy as np

from vi_risk.records.synthetic.conditions import CONDITIONS
from vi_risk.records.synthetic.draws import Menu, log_rate_at, logistic
from vi_risk.records.synthetic.frames import Written, after
from vi_risk.records.synthetic.life import Life, happen
from vi_risk.records.synthetic.measurements import measured
from vi_risk.records.synthetic.place import Place
from vi_risk.records.synthetic.practice_record import (
    Entries,
    ease_of_access,
    entries,
    entries_seen,
    rate_with_conditions,
    seen_events,
)
from vi_risk.records.synthetic.prevention import prevention

_AGES = (0, 2, 5, 12, 20, 40, 60, 75, 85, 95)
_RATES = (13.8, 11.6, 5.3, 2.3, 3.1, 3.6, 4.25, 5.7, 7.2, 7.8)
_LOG_SD_OF_HABIT = 0.5
_WOMEN = 0.30
_STATUS = Menu.of(("attended", 0.90), ("dna", 0.05), ("cancelled", 0.05))
_ROLE = Menu.of(("gp", 0.50), ("nurse", 0.25), ("pharmacist", 0.06), ("other", 0.19))
_MODE = Menu.of(("face_to_face", 0.66), ("telephone", 0.29), ("video", 0.05))

_REVIEWS_PER_YEAR = 1.2  # of each long-term condition, with its code entered again
_NEW_ENTRY_WITHIN_DAYS = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """A coded finding without a value: log of its yearly rate at age 60 and average health, and what raises it."""

    snomed: str
    log_rate: float
    per_decade: float
    per_frailty: float
    boosts: dict[str, float]


FINDINGS = (
    Finding("161898004", -4.1, 0.55, 0.5, {"dementia": 0.8, "parkinsons": 1.2}),  # falls
    Finding("2776000", -6.5, 0.6, 0.4, {"dementia": 1.6}),  # delirium
    Finding("77176002", -1.9, -0.10, 0.25, {"copd": 0.8, "severe_mental_illness": 0.7}),  # smoker
    Finding("8517006", -2.0, 0.10, 0.0, {"copd": 0.5}),  # ex-smoker
    Finding("925831000000107", -4.6, 0.7, 0.8, {"dementia": 0.6}),  # moderate frailty
    Finding("925861000000102", -6.0, 0.8, 1.1, {"dementia": 0.8}),  # severe frailty
    Finding("160689007", -5.6, 0.7, 0.8, {"heart_failure": 0.6}),  # housebound
    Finding("105529008", -3.4, 0.4, 0.2, {}),  # lives alone
)


def appointments_written(rng: np.random.Generator, life: Life, place: Place) -> Written:
    """Return appointments at practices in the trust."""
    habit = rng.normal(-(_LOG_SD_OF_HABIT**2) / 2, _LOG_SD_OF_HABIT, len(life.people)).astype(np.float32)
    adult_woman = life.people.female[:, None] & (life.age >= 14) & (life.age < 75)
    log_rate = (
        log_rate_at(life.age, _AGES, _RATES)
        + 0.42 * life.burden
        + 0.28 * life.frailty
        + 0.20 * life.unsettled
        + _WOMEN * adult_woman
        + ease_of_access(life, place)
        + habit[:, None]
    )
    events = seen_events(life, place, happen(rng, life, log_rate.astype(np.float32)))
    rows = len(events)
    at_home = rng.random(rows) < logistic(
        -6.0 + 0.08 * (life.age[events.person, events.month] - 65) + 0.6 * life.frailty[events.person, events.month]
    )
    return Written(
        "gp_appointments",
        events.person,
        {
            "appointment_on": events.day,
            "status": _STATUS.draw(rng, rows),
            "staff_role": _ROLE.draw(rng, rows),
            "mode": np.where(at_home, "home", _MODE.draw(rng, rows)),
            "recorded_on": after(rng, events.day, 0, 7),
        },
    )


def events_written(rng: np.random.Generator, life: Life, place: Place) -> Written:
    """Return coded entries: conditions when found and when reviewed, measurements, findings, prevention."""
    parts = [_conditions(rng, life, place)]
    parts += measured(rng, life, place)
    parts += [_found(rng, life, place, finding) for finding in FINDINGS]
    parts += prevention(rng, life, place)
    person, day, code, value, unit = (np.concatenate([part[at] for part in parts]) for at in range(5))
    return Written(
        "gp_events",
        person,
        {
            "event_on": day,
            "code_system": np.full(len(person), "snomed", dtype=np.object_),
            "code": code,
            "value": value,
            "unit": unit,
            "recorded_on": after(rng, day, 0, 7),
        },
    )


def _conditions(rng: np.random.Generator, life: Life, place: Place) -> Entries:
    first_day, last_day = life.months.first_day, life.months.last_day
    who, which = np.nonzero(life.onsets <= last_day)
    onset = life.onsets[who, which]
    # The first entry follows onset within two months, where that falls within the records.
    entered = after(rng, onset, 0, _NEW_ENTRY_WITHIN_DAYS)
    times = rng.poisson(_REVIEWS_PER_YEAR * life.months.years, len(who))
    reviewed = np.repeat(np.arange(len(who)), times)
    review_day = first_day + rng.integers(0, int(life.months.lengths.sum()), len(reviewed))
    after_first = review_day > entered[reviewed]
    pair = np.concatenate([np.arange(len(who)), reviewed[after_first]])
    day = np.concatenate([entered, review_day[after_first]])
    codes = np.array([condition.snomed for condition in CONDITIONS], dtype=np.object_)
    return entries_seen(life, place, who[pair], day, codes[which[pair]])


def _found(rng: np.random.Generator, life: Life, place: Place, finding: Finding) -> Entries:
    log_rate = finding.log_rate + finding.per_decade * (life.age - 60) / 10 + finding.per_frailty * life.frailty
    log_rate = rate_with_conditions(life, log_rate, finding.boosts)
    log_rate = np.where(life.age >= 16, np.minimum(log_rate, np.log(3)), -np.inf)
    events = seen_events(life, place, happen(rng, life, log_rate.astype(np.float32)))
    return entries(events.person, events.day, finding.snomed)
