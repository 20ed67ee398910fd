"""The hospital: emergency, elective and maternity spells, births, and their coded diagnoses."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vi_risk.records.synthetic.causes import (
    COMPLICATIONS,
    ELECTIVES,
    ELDERLY,
    EMERGENCIES,
    PAEDIATRICS,
    Cause,
    complicated,
    draw_cause,
)
from vi_risk.records.synthetic.conditions import CONDITIONS
from vi_risk.records.synthetic.draws import Menu, Rows, Values, log_rate_at, missing_at
from vi_risk.records.synthetic.frames import Written, after, identifiers
from vi_risk.records.synthetic.life import Life, happen, spread
from vi_risk.records.synthetic.months import DAYS_IN_YEAR, Days
from vi_risk.records.synthetic.population import NEVER

PROVIDER = "RZZ"

_EMERGENCY_METHOD = Menu.of(
    *(("21", 0.74), ("22", 0.13), ("23", 0.01), ("24", 0.04), ("2A", 0.03), ("2D", 0.02), ("28", 0.03))
)
_ELECTIVE_METHOD = Menu.of(("11", 0.62), ("12", 0.26), ("13", 0.12))
_DISCHARGED_BY = Menu.of(("1", 0.965), ("2", 0.03), ("3", 0.001), ("9", 0.004))
_DISCHARGED_TO = Menu.of(("19", 0.965), ("29", 0.015), ("51", 0.02))
_FRAIL_DISCHARGED_TO = Menu.of(("19", 0.83), ("54", 0.02), ("65", 0.03), ("85", 0.08), ("51", 0.04))

_ZERO_NIGHTS = 0.34
_DAY_CASES = 0.82
_CODED_IN_HOSPITAL = 0.75  # a known condition that stands among the secondary diagnoses of a stay
_ELECTIVE_AGES = (0, 5, 18, 45, 65, 78, 90)
_ELECTIVE_RATES = (0.035, 0.030, 0.050, 0.095, 0.160, 0.185, 0.100)
_MATERNITY_AGES = (14, 16, 19, 25, 31, 36, 42, 46)
_MATERNITY_RATES = (1e-6, 0.006, 0.05, 0.09, 0.11, 0.065, 0.012, 1e-6)
_LONGEST_STAY = 180


@dataclass(frozen=True, slots=True)
class Stays:
    """Spells as they happened, by person and day of admission, never two at once of the same person."""

    person: Rows
    admitted_on: Days
    discharged_on: Days  # in full, though it may lie after the end of the records
    method: Values
    classification: Values
    primary: Values
    treatment_function: Values
    dying: NDArray[np.bool_]
    spell_id: Values

    def __len__(self) -> int:
        """Return the number of spells."""
        return len(self.person)

    def taken(self, rows: NDArray[np.bool_]) -> "Stays":
        """Return the spells of these rows, numbered anew."""
        return Stays(
            self.person[rows],
            self.admitted_on[rows],
            self.discharged_on[rows],
            self.method[rows],
            self.classification[rows],
            self.primary[rows],
            self.treatment_function[rows],
            self.dying[rows],
            identifiers("S", int(rows.sum())),
        )


def draw_stays(rng: np.random.Generator, life: Life) -> Stays:
    """Draw all spells; of two that overlap the later one does not happen, and death ends a stay."""
    kinds = [
        _emergencies(rng, life),
        _last_stays(rng, life),
        _electives(rng, life),
        _deliveries(rng, life),
        _births(rng, life),
    ]
    names = ("person", "admitted_on", "discharged_on", "method", "classification", "primary", "treatment_function")
    person, admitted_on, discharged_on, *coded = (np.concatenate([kind[name] for kind in kinds]) for name in names)
    died_on = life.died_on[person]
    dying = discharged_on >= died_on
    discharged_on = np.where(dying, died_on, discharged_on)
    order = np.lexsort((discharged_on, admitted_on, person))
    stays = Stays(
        *(values[order] for values in (person, admitted_on, discharged_on, *coded, dying)),
        spell_id=identifiers("S", len(order)),
    )
    return stays.taken(_apart(stays))


def spells_written(rng: np.random.Generator, life: Life, stays: Stays) -> Written:
    """Return the spells: each reaches the trust within two days of admission, and is open until discharged."""
    closed = stays.discharged_on <= life.months.last_day
    rows = len(stays)
    age = _age(life, stays.person, stays.admitted_on)
    nights = (stays.discharged_on - stays.admitted_on).astype(np.int64)
    frail = (age >= 78) & (nights >= 5)
    to = missing_at(rng, np.where(frail, _FRAIL_DISCHARGED_TO.draw(rng, rows), _DISCHARGED_TO.draw(rng, rows)), 0.01)
    return Written(
        "spells",
        stays.person,
        {
            "spell_id": stays.spell_id,
            "provider_code": np.full(rows, PROVIDER, dtype=object),
            "admitted_on": stays.admitted_on,
            "discharged_on": np.where(closed, stays.discharged_on, NEVER),
            "admission_method": stays.method,
            "patient_classification": stays.classification,
            "discharge_method": np.where(
                closed, np.where(stays.dying, "4", _DISCHARGED_BY.draw(rng, rows)), None
            ),
            "discharge_destination": np.where(closed, np.where(stays.dying, "79", to), None),
            "treatment_function": stays.treatment_function,
            "recorded_on": after(rng, stays.admitted_on, 0, 2),
        },
    )


def diagnoses_written(rng: np.random.Generator, life: Life, stays: Stays) -> Written:
    """Return the coded diagnoses of closed stays: they reach the trust some days to weeks after discharge."""
    closed = np.flatnonzero(stays.discharged_on <= life.months.last_day)
    person, admitted_on = stays.person[closed], stays.admitted_on[closed]
    age = _age(life, person, admitted_on)
    frailty = life.frailty[person, _month(life, admitted_on)]
    has = life.has(person, admitted_on)
    day_case = stays.classification[closed] != "1"
    adult_stay = (age >= 18) & ~day_case

    chance = np.where(day_case, 0.4, _CODED_IN_HOSPITAL)
    coded = [(closed, stays.primary[closed])]
    for column, condition in enumerate(CONDITIONS):
        noted = has[:, column] & (rng.random(len(closed)) < chance)
        # One person's condition keeps one code, so that a longer list of diagnoses means more illness, not more luck.
        code = np.array(condition.icd10, dtype=object)[person[noted] % len(condition.icd10)]
        coded.append((closed[noted], code))
    for complication in COMPLICATIONS:
        noted = adult_stay & complicated(rng, complication, age, frailty, has)
        code = np.array(complication.codes, dtype=object)[rng.integers(0, len(complication.codes), int(noted.sum()))]
        coded.append((closed[noted], code))

    stay = np.concatenate([rows for rows, _ in coded])
    code = np.concatenate([codes for _, codes in coded])
    order = np.argsort(stay, kind="stable")  # the primary diagnosis of each stay stays first
    stay, code = stay[order], code[order]
    repeated = (code == stays.primary[stay]) & np.append(False, stay[1:] == stay[:-1])
    stay, code = stay[~repeated], code[~repeated]
    first = np.flatnonzero(np.append(True, stay[1:] != stay[:-1]))
    position = np.arange(len(stay)) - np.repeat(first, np.diff(np.append(first, len(stay)))) + 1
    coded_on = after(rng, stays.discharged_on, 3, 35)
    return Written(
        "diagnoses",
        stays.person[stay],
        {"spell_id": stays.spell_id[stay], "position": position, "code": code, "recorded_on": coded_on[stay]},
    )


Kind = dict[str, NDArray[np.generic]]


def _kind(
    person: Rows, admitted_on: Days, nights: Rows, method: Values | str, classification: Values | str, primary: Values
) -> Kind:
    rows = len(person)
    return {
        "person": person,
        "admitted_on": admitted_on,
        "discharged_on": admitted_on + np.clip(nights, 0, _LONGEST_STAY),
        "method": np.broadcast_to(np.array(method, dtype=object), rows),
        "classification": np.broadcast_to(np.array(classification, dtype=object), rows),
        "primary": primary,
    }


def _emergencies(rng: np.random.Generator, life: Life) -> Kind:
    events = spread(rng, life, life.emergencies)
    nights = _emergency_nights(rng, life, events.person, events.day)
    nights[rng.random(len(events)) < _ZERO_NIGHTS] = 0
    method = _EMERGENCY_METHOD.draw(rng, len(events))
    kind = _kind(events.person, events.day, nights, method, "1", np.empty(0))
    return kind | _emergency_cause(rng, life, events.person, events.day)


def _last_stays(rng: np.random.Generator, life: Life) -> Kind:
    person = np.flatnonzero(life.died_in_hospital)
    died_on = life.died_on[person]
    arrived = np.maximum(life.people.present_from[person], life.people.born_on[person])
    admitted_on = np.maximum(died_on - 1 - _emergency_nights(rng, life, person, died_on), arrived)
    nights = (died_on - admitted_on).astype(np.int64)
    kind = _kind(person, admitted_on, nights, _EMERGENCY_METHOD.draw(rng, len(person)), "1", np.empty(0))
    return kind | _emergency_cause(rng, life, person, admitted_on)


def _emergency_nights(rng: np.random.Generator, life: Life, person: Rows, day: Days) -> Rows:
    age = _age(life, person, day)
    frailty = life.frailty[person, _month(life, day)]
    mean_log = np.interp(age, (0, 18, 45, 70, 85), (0.3, 0.5, 0.9, 1.5, 1.9)) + 0.15 * frailty
    return np.minimum(rng.lognormal(mean_log, 0.95), _LONGEST_STAY).astype(np.int64) + 1


def _emergency_cause(rng: np.random.Generator, life: Life, person: Rows, day: Days) -> Kind:
    age = _age(life, person, day)
    coded = _coded(rng, EMERGENCIES, age, life.has(person, day))
    general = coded["treatment_function"] == "300"
    coded["treatment_function"] = np.where(
        age < 17, PAEDIATRICS, np.where(general & (age >= 80), ELDERLY, coded["treatment_function"])
    ).astype(object)
    return coded


def _electives(rng: np.random.Generator, life: Life) -> Kind:
    log_rate = log_rate_at(life.age, _ELECTIVE_AGES, _ELECTIVE_RATES) + 0.35 * life.burden + 0.2 * life.frailty
    events = happen(rng, life, log_rate)
    rows = len(events)
    day_case = rng.random(rows) < _DAY_CASES
    nights = np.where(day_case, 0, rng.geometric(0.35, rows))
    method = _ELECTIVE_METHOD.draw(rng, rows)
    kind = _kind(events.person, events.day, nights, method, np.where(day_case, "2", "1"), np.empty(0))
    age = _age(life, events.person, events.day)
    return kind | _coded(rng, ELECTIVES, age, life.has(events.person, events.day))


def _deliveries(rng: np.random.Generator, life: Life) -> Kind:
    log_rate = log_rate_at(life.age, _MATERNITY_AGES, _MATERNITY_RATES)
    events = happen(rng, life, np.where(life.people.female[:, None], log_rate, -np.inf))
    primary = Menu.of(("O800", 0.55), ("O829", 0.2), ("O821", 0.12), ("O701", 0.13)).draw(rng, len(events))
    nights = rng.poisson(1.2, len(events))
    return _kind(events.person, events.day, nights, "31", "1", primary) | {
        "treatment_function": np.full(len(events), "501", dtype=object)
    }


def _births(rng: np.random.Generator, life: Life) -> Kind:
    born = np.flatnonzero(life.people.born_on >= life.months.first_day)
    rows = len(born)
    primary = np.full(rows, "Z380", dtype=object)
    return _kind(born, life.people.born_on[born], rng.poisson(1.2, rows), "82", "1", primary) | {
        "treatment_function": np.full(rows, "424", dtype=object)
    }


def _coded(rng: np.random.Generator, causes: tuple[Cause, ...], age: NDArray[np.floating], has: NDArray[np.bool_]) -> Kind:
    drawn = draw_cause(rng, causes, age, has)
    which = rng.random(len(drawn))
    codes = np.array([cause.codes[int(at * len(cause.codes))] for cause in causes for at in (0.0, 0.34, 0.67)], dtype=object)
    return {
        "primary": codes.reshape(len(causes), 3)[drawn, (which * 3).astype(np.int64)],
        "treatment_function": np.array([cause.treatment_function for cause in causes], dtype=object)[drawn],
    }


def _apart(stays: Stays) -> NDArray[np.bool_]:
    # A stay happens only if all earlier ones of the same person had ended: a running maximum of the discharge days,
    # kept apart between persons by a stride longer than any calendar.
    stride = 1_000_000
    end = stays.discharged_on.astype(np.int64) + stays.person * stride
    latest_before = np.append(-1, np.maximum.accumulate(end)[:-1])
    return stays.admitted_on.astype(np.int64) + stays.person * stride > latest_before


def _age(life: Life, person: Rows, day: Days) -> NDArray[np.float64]:
    return (day - life.people.born_on[person]).astype(np.float64) / DAYS_IN_YEAR


def _month(life: Life, day: Days) -> Rows:
    return np.maximum(np.searchsorted(life.months.starts, day, side="right") - 1, 0)
