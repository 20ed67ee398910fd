"""Measurements of the GP record: when they are taken, where they lie, and what is mistyped.

Where a value lies depends on age, sex and conditions, on what belongs to the person and to the day, and on the hidden
state: frailty and unrest of that month. So a value that falls over the years tells of a state that worsens, and
nothing of what is still to come. Directions are those that are known: anaemia with kidney disease, cancer and
inflammation; low albumin with frailty, liver disease and lately in hospital; low sodium with heart failure, liver
disease and the diuretics that are given for them and for hypertension; weight and pressure that fall with frailty.

Codes were confirmed in NHS Digital's published SNOMED code usage in primary care.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vi_risk.records.synthetic.conditions import POSITION
from vi_risk.records.synthetic.draws import Values
from vi_risk.records.synthetic.life import Events, Life, happen
from vi_risk.records.synthetic.months import DAYS_IN_YEAR
from vi_risk.records.synthetic.place import Place
from vi_risk.records.synthetic.practice_record import Entries, ease_of_access, rate_with_conditions, seen_events

_YEARS_WORSENING = 10  # as long as a condition gains weight in the hazards
_USUAL_SLIPS = 0.003  # of values, in every trust
_MISTYPED = np.array([10.0, 0.1, 0.0])  # the decimal point one place off, or nothing


@dataclass(frozen=True, slots=True)
class OtherUnit:
    """Another unit in which a measurement is sometimes sent: ``value * times + plus``."""

    unit: str
    times: float
    plus: float = 0.0


@dataclass(frozen=True, slots=True)
class Measurement:
    """A measurement: its concept and unit, and where it lies.

    Attributes
    ----------
    level, per_decade, women
        At 50 years; for each ten years above; of women more than of men.
    between, within
        Standard deviations of what belongs to the person, and to the day.
    per_frailty, per_unsettled
        For each unit of the hidden state in the month of the measurement.
    shift_if, a_year_if
        With a condition; and for each of the first ten years with it.
    """

    snomed: str
    unit: str
    level: float
    between: float
    within: float
    lowest: float
    highest: float
    per_decade: float = 0.0
    women: float = 0.0
    per_frailty: float = 0.0
    per_unsettled: float = 0.0
    shift_if: Mapping[str, float] = field(default_factory=dict)
    a_year_if: Mapping[str, float] = field(default_factory=dict)
    decimals: int = 0
    other_unit: OtherUnit | None = None


BMI = Measurement(
    "60621009",
    "kg/m2",
    level=26.3,
    between=3.6,
    within=0.4,
    lowest=14,
    highest=65,
    per_decade=0.2,
    per_frailty=-0.4,
    shift_if={"obesity": 8.5, "dementia": -1.5, "cancer": -0.8},
    decimals=1,
)
SYSTOLIC = Measurement(
    "271649006",
    "mm[Hg]",
    level=127,
    between=9,
    within=9,
    lowest=80,
    highest=230,
    per_decade=2.5,
    per_frailty=-1.0,
    shift_if={"hypertension": 9, "heart_failure": -6},
)
HBA1C = Measurement(
    "999791000000106",
    "mmol/mol",
    level=37,
    between=2.5,
    within=1.5,
    lowest=20,
    highest=150,
    per_decade=0.8,
    shift_if={"diabetes": 18},
    a_year_if={"diabetes": 0.5},
    other_unit=OtherUnit("%", 0.0915, 2.15),  # the scale of the DCCT trial
)
EGFR = Measurement(
    "1011481000000105",
    "mL/min/1.73m2",
    level=88,
    between=9,
    within=4,
    lowest=5,
    highest=120,
    per_decade=-7.5,
    per_frailty=-1.2,
    per_unsettled=-2.0,
    shift_if={"chronic_kidney_disease": -16, "heart_failure": -5},
    a_year_if={"chronic_kidney_disease": -0.9, "diabetes": -0.3},
)
HAEMOGLOBIN = Measurement(
    "1022431000000105",
    "g/L",
    level=149,
    between=8,
    within=4,
    lowest=50,
    highest=200,
    per_decade=-1.2,
    women=-14,
    per_frailty=-2.5,
    per_unsettled=-4.0,
    shift_if={
        "chronic_kidney_disease": -7,
        "cancer": -7,
        "liver_disease": -6,
        "heart_failure": -5,
        "rheumatoid_arthritis": -6,
    },
    a_year_if={"chronic_kidney_disease": -0.6},
    other_unit=OtherUnit("g/dL", 0.1),
)
SODIUM = Measurement(
    "1000661000000107",
    "mmol/L",
    level=140.3,
    between=1.5,
    within=1.4,
    lowest=110,
    highest=160,
    per_decade=-0.1,
    per_frailty=-0.4,
    per_unsettled=-0.8,
    shift_if={"heart_failure": -1.5, "liver_disease": -2.0, "hypertension": -0.5, "alcohol_dependence": -1.2},
)
ALBUMIN = Measurement(
    "1000821000000103",
    "g/L",
    level=42.5,
    between=2.0,
    within=1.2,
    lowest=15,
    highest=55,
    per_decade=-0.9,
    women=-0.6,
    per_frailty=-1.1,
    per_unsettled=-1.8,
    shift_if={
        "liver_disease": -4.0,
        "cancer": -2.0,
        "heart_failure": -1.5,
        "dementia": -1.2,
        "chronic_kidney_disease": -1.0,
        "rheumatoid_arthritis": -1.0,
    },
    other_unit=OtherUnit("g/dL", 0.1),
)
MEASUREMENTS = (BMI, SYSTOLIC, HBA1C, EGFR, HAEMOGLOBIN, SODIUM, ALBUMIN)


@dataclass(frozen=True, slots=True)
class Occasion:
    """When measurements are taken together: how often, of whom, and in what share of the times each."""

    per_year: float  # of an adult
    per_year_if: Mapping[str, float]  # condition -> added to it
    taken: tuple[tuple[Measurement, float], ...]
    per_unsettled: float = 0.0  # added to the log of the rate: after an emergency, more often


OCCASIONS = (
    Occasion(0.50, {"obesity": 0.6, "diabetes": 0.6}, ((BMI, 1.0),)),
    Occasion(0.80, {"hypertension": 1.3, "diabetes": 0.6}, ((SYSTOLIC, 1.0),)),
    Occasion(0.30, {"diabetes": 1.8}, ((HBA1C, 1.0),)),
    Occasion(  # a blood test
        0.45,
        {
            "chronic_kidney_disease": 1.6,
            "hypertension": 0.7,
            "diabetes": 0.9,
            "heart_failure": 1.2,
            "cancer": 0.8,
            "liver_disease": 0.8,
            "rheumatoid_arthritis": 2.0,
        },
        ((EGFR, 0.97), (SODIUM, 0.95), (HAEMOGLOBIN, 0.80), (ALBUMIN, 0.70)),
        per_unsettled=0.4,
    ),
)


def measured(rng: np.random.Generator, life: Life, place: Place) -> list[Entries]:
    """Return what was measured of adults, a few values of every thousand in another unit or mistyped."""
    written: list[Entries] = []
    for occasion in OCCASIONS:
        events = _taken(rng, life, place, occasion)
        for measurement, share in occasion.taken:
            own = rng.normal(0, measurement.between, len(life.people))
            kept = rng.random(len(events)) < share
            those = Events(events.person[kept], events.month[kept], events.day[kept])
            value = _values(rng, life, measurement, those, own)
            texts = (measurement.snomed, measurement.unit)
            code, unit = (np.full(len(those), text, dtype=np.object_) for text in texts)
            written.append((those.person, those.day, code, *slipped(rng, code, value, unit, _USUAL_SLIPS)))
    return written


def slipped(
    rng: np.random.Generator, code: Values, value: NDArray[np.float64], unit: Values, share: float
) -> tuple[NDArray[np.float64], Values]:
    """Return values and units with a share of the values in another unit, or typed so that nobody could have them.

    Of a measurement with another unit half of its slips are in that, with its name. Otherwise the decimal point is
    off by one place, or the value is zero.
    """
    value, unit = value.copy(), unit.copy()
    slips = ~np.isnan(value) & (rng.random(len(value)) < share)
    in_other_unit = slips & (rng.random(len(value)) < 0.5)
    for measurement in MEASUREMENTS:
        if measurement.other_unit is not None:
            sent = in_other_unit & (code == measurement.snomed)
            value[sent] = (value[sent] * measurement.other_unit.times + measurement.other_unit.plus).round(1)
            unit[sent] = measurement.other_unit.unit
            slips &= ~sent
    mistyped = np.flatnonzero(slips)
    value[mistyped] = (value[mistyped] * _MISTYPED[rng.integers(0, len(_MISTYPED), len(mistyped))]).round(2)
    return value, unit


def _taken(rng: np.random.Generator, life: Life, place: Place, occasion: Occasion) -> Events:
    adult = (life.age >= 18).astype(np.float32)
    rate = rate_with_conditions(life, occasion.per_year * adult, occasion.per_year_if)
    rate = rate * np.float32(0.02) * (30 + np.clip(life.age - 18, 0, 40))
    log_rate = np.log(np.maximum(rate, 1e-6)) + ease_of_access(life, place)
    if occasion.per_unsettled:
        log_rate = log_rate + np.float32(occasion.per_unsettled) * life.unsettled
    return seen_events(life, place, happen(rng, life, log_rate))


def _values(
    rng: np.random.Generator, life: Life, measurement: Measurement, events: Events, own: NDArray[np.float64]
) -> NDArray[np.float64]:
    person, month, day = events.person, events.month, events.day
    age = (day - life.people.born_on[person]).astype(np.float64) / DAYS_IN_YEAR
    value = measurement.level + measurement.per_decade * (age - 50) / 10 + own[person]
    value += measurement.women * life.people.female[person]
    value += measurement.per_frailty * life.frailty[person, month]
    value += measurement.per_unsettled * life.unsettled[person, month]
    value += rng.normal(0, measurement.within, len(person))
    for name in {**measurement.shift_if, **measurement.a_year_if}:
        onset = life.onsets[person, POSITION[name]]
        has = onset <= day
        value += measurement.shift_if.get(name, 0.0) * has
        years = np.clip((day[has] - onset[has]).astype(np.float64) / DAYS_IN_YEAR, 0, _YEARS_WORSENING)
        value[has] += measurement.a_year_if.get(name, 0.0) * years
    return np.clip(value, measurement.lowest, measurement.highest).round(measurement.decimals)
