"""General practice: appointments and coded entries, seen of practices in the trust from the day they joined."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vi_risk.records.synthetic.conditions import CONDITIONS, POSITION
from vi_risk.records.synthetic.draws import Menu, Rows, Values, log_rate_at, logistic
from vi_risk.records.synthetic.frames import Written, after
from vi_risk.records.synthetic.life import Events, Life, PersonMonths, happen
from vi_risk.records.synthetic.months import DAYS_IN_YEAR, Days
from vi_risk.records.synthetic.place import Place

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
class Measurement:
    """A measurement of the GP record: its concept, unit, how often, and where it lies.

    The value is `level` plus `per_decade` for each ten years above 50, shifted by conditions, a part (`between`, a
    standard deviation) that belongs to the person and a part (`within`) that belongs to the day.
    """

    snomed: str
    unit: str
    per_year: float  # of an adult
    per_year_if: dict[str, float]  # condition -> added to it
    level: float
    per_decade: float
    between: float
    within: float
    shift_if: dict[str, float]
    lowest: float
    highest: float
    decimals: int = 0


_BMI = Measurement(
    "60621009", "kg/m2", 0.50, {"obesity": 0.6, "diabetes": 0.6}, 26.3, 0.2, 3.6, 0.4, {"obesity": 8.5}, 14, 65, 1
)
_SYSTOLIC = Measurement(
    "271649006", "mm[Hg]", 0.80, {"hypertension": 1.3, "diabetes": 0.6}, 127, 2.5, 9, 9, {"hypertension": 9}, 80, 230
)
_HBA1C = Measurement(
    "999791000000106", "mmol/mol", 0.30, {"diabetes": 1.8}, 37, 0.8, 2.5, 1.5, {"diabetes": 21}, 20, 150
)
_EGFR = Measurement(
    "1011481000000105",
    "mL/min/1.73m2",
    0.45,
    {"chronic_kidney_disease": 1.6, "hypertension": 0.7, "diabetes": 0.9, "heart_failure": 1.2},
    88,
    -7.5,
    9,
    4,
    {"chronic_kidney_disease": -24},
    5,
    120,
)
MEASUREMENTS = (_BMI, _SYSTOLIC, _HBA1C, _EGFR)


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


def seen_by_practice(life: Life, place: Place, person: Rows, day: Days) -> NDArray[np.bool_]:
    """Return whether a person is registered that day with a practice that had joined the trust by then."""
    joined = place.integrated_from[life.people.practice_on(person, day)]
    return (day >= joined) & (day >= life.people.registered_from[person])


def _seen(life: Life, place: Place, events: Events) -> Events:
    seen = seen_by_practice(life, place, events.person, events.day)
    return Events(events.person[seen], events.month[seen], events.day[seen])


def _ease_of_access(life: Life, place: Place) -> NDArray[np.float32]:
    return place.contact_log_rate[life.people.practice][:, None].astype(np.float32)


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
        + _ease_of_access(life, place)
        + habit[:, None]
    )
    events = _seen(life, place, happen(rng, life, log_rate.astype(np.float32)))
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
    """Return coded entries: conditions when found and when reviewed, measurements, findings."""
    parts = [_conditions(rng, life, place)]
    parts += [_measured(rng, life, place, measurement) for measurement in MEASUREMENTS]
    parts += [_found(rng, life, place, finding) for finding in FINDINGS]
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


Entries = tuple[Rows, Days, Values, NDArray[np.float64], Values]


def _entries(person: Rows, day: Days, code: Values | str) -> Entries:
    rows = len(person)
    codes = np.broadcast_to(np.array(code, dtype=np.object_), rows)
    return person, day, codes, np.full(rows, np.nan), np.full(rows, None, dtype=np.object_)


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
    person = who[pair]
    in_place = (day >= first_day) & (day <= last_day) & lives_there(life, person, day)
    pair, day, person = pair[in_place], day[in_place], person[in_place]
    seen = seen_by_practice(life, place, person, day)
    codes = np.array([condition.snomed for condition in CONDITIONS], dtype=np.object_)
    return _entries(person[seen], day[seen], codes[which[pair[seen]]])


def lives_there(life: Life, person: Rows, day: Days) -> NDArray[np.bool_]:
    """Return whether a person lives in the place, alive, on a day."""
    gone = (day > life.died_on[person]) | (day >= life.people.left_on[person])
    return (day >= life.people.present_from[person]) & ~gone


def _rate_with_conditions(life: Life, base: PersonMonths, added: dict[str, float]) -> PersonMonths:
    rate = base
    for name, more in added.items():
        rate = rate + (more * (life.onsets[:, POSITION[name], None] <= life.months.starts)).astype(np.float32)
    return rate


def _measured(rng: np.random.Generator, life: Life, place: Place, measurement: Measurement) -> Entries:
    adult = (life.age >= 18).astype(np.float32)
    rate = _rate_with_conditions(life, measurement.per_year * adult, measurement.per_year_if)
    rate = rate * np.float32(0.02) * (30 + np.clip(life.age - 18, 0, 40))
    events = _seen(life, place, happen(rng, life, np.log(np.maximum(rate, 1e-6)) + _ease_of_access(life, place)))
    person, day = events.person, events.day
    own = rng.normal(0, measurement.between, len(life.people))
    age = (day - life.people.born_on[person]).astype(np.float64) / DAYS_IN_YEAR
    value = measurement.level + measurement.per_decade * (age - 50) / 10 + own[person]
    value = value + rng.normal(0, measurement.within, len(person))
    for name, shift in measurement.shift_if.items():
        value = value + shift * (life.onsets[person, POSITION[name]] <= day)
    written = np.clip(value, measurement.lowest, measurement.highest).round(measurement.decimals)
    rows = len(person)
    code, unit = (np.full(rows, text, dtype=np.object_) for text in (measurement.snomed, measurement.unit))
    return person, day, code, written, unit


def _found(rng: np.random.Generator, life: Life, place: Place, finding: Finding) -> Entries:
    log_rate = finding.log_rate + finding.per_decade * (life.age - 60) / 10 + finding.per_frailty * life.frailty
    log_rate = _rate_with_conditions(life, log_rate, finding.boosts)
    log_rate = np.where(life.age >= 16, np.minimum(log_rate, np.log(3)), -np.inf)
    events = _seen(life, place, happen(rng, life, log_rate.astype(np.float32)))
    return _entries(events.person, events.day, finding.snomed)
