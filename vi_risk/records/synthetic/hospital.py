"""The hospital: emergency, elective and maternity stays, and births; `spells` has what is written of them."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vi_risk.records.synthetic.causes import (
    ELDERLY,
    ELECTIVES,
    EMERGENCIES,
    GENERAL_MEDICINE,
    PAEDIATRICS,
    Cause,
    draw_cause,
)
from vi_risk.records.synthetic.draws import Menu, Rows, Values, log_rate_at
from vi_risk.records.synthetic.effects import Ratios
from vi_risk.records.synthetic.hazards import SHARE_DYING_IN_HOSPITAL
from vi_risk.records.synthetic.life import LONGEST_STAY, Events, Life, happen, more_emergencies, nights_in_hospital
from vi_risk.records.synthetic.months import DAYS_IN_YEAR, Days
from vi_risk.records.synthetic.transfers import NOT_MOVED, draw_transfers

_EMERGENCY_METHOD = Menu.of(
    *(("21", 0.74), ("22", 0.13), ("23", 0.01), ("24", 0.04), ("2A", 0.03), ("2D", 0.02), ("28", 0.03))
)
_ELECTIVE_METHOD = Menu.of(("11", 0.62), ("12", 0.26), ("13", 0.12))
_DELIVERY = Menu.of(("O800", 0.55), ("O829", 0.2), ("O821", 0.12), ("O701", 0.13))

_CHILDREN_UNTIL, _ELDERLY_FROM = 17, 80
_ZERO_NIGHTS = 0.34
_NIGHTS_AFTER_BIRTH = 1.2
_DAY_CASES = 0.82
_ELECTIVE_AGES = (0, 5, 18, 45, 65, 78, 90)
_ELECTIVE_RATES = (0.035, 0.030, 0.050, 0.095, 0.160, 0.185, 0.100)
_MATERNITY_AGES = (14, 16, 19, 25, 31, 36, 42, 46)
_MATERNITY_RATES = (1e-6, 0.006, 0.05, 0.09, 0.11, 0.065, 0.012, 1e-6)


@dataclass(frozen=True, slots=True)
class Admissions:
    """Admissions of one kind as they would happen, in any order, whatever else the person meets."""

    person: Rows
    admitted_on: Days
    nights: Rows
    method: Values
    classification: Values
    primary: Values
    treatment_function: Values
    transfer: Rows
    moved_after: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stays:
    """Whole stays as they happened, by person and day of admission, never two at once of the same person.

    Attributes
    ----------
    transfer
        How the stay goes on in another hospital, as a position in TRANSFERS, or NOT_MOVED.
    moved_after
        The share of its nights after which it does.
    """

    person: Rows
    admitted_on: Days
    discharged_on: Days  # in full, though it may lie after the end of the records
    dying: NDArray[np.bool_]
    method: Values
    classification: Values
    primary: Values
    treatment_function: Values
    transfer: Rows
    moved_after: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of stays."""
        return len(self.person)


def draw_stays(rng: np.random.Generator, life: Life, ratios: Ratios) -> Stays:
    """Draw all stays; of two that overlap the later one does not happen, and death ends a stay."""
    # A stream of its own for each kind: an effect on one leaves the others as they are.
    streams = iter(rng.spawn(6))
    kinds = (
        _emergencies(next(streams), life, ratios),
        _added_emergencies(next(streams), life, ratios),
        _last_stays(next(streams), life, ratios),
        _electives(next(streams), life),
        _deliveries(next(streams), life),
        _births(next(streams), life),
    )
    everything = Admissions(
        *(np.concatenate([getattr(kind, column.name) for kind in kinds]) for column in fields(Admissions))
    )
    dies_on = life.last_illness_until[everything.person]
    discharged_on = everything.admitted_on + np.clip(everything.nights, 0, LONGEST_STAY)
    dying = discharged_on >= dies_on
    discharged_on = np.where(dying, dies_on, discharged_on)
    order = np.lexsort((discharged_on, everything.admitted_on, everything.person))
    order = order[_apart(everything.person[order], everything.admitted_on[order], discharged_on[order])]
    return Stays(
        person=everything.person[order],
        admitted_on=everything.admitted_on[order],
        discharged_on=discharged_on[order],
        dying=dying[order],
        method=everything.method[order],
        classification=everything.classification[order],
        primary=everything.primary[order],
        treatment_function=everything.treatment_function[order],
        transfer=everything.transfer[order],
        moved_after=everything.moved_after[order],
    )


def _emergencies(rng: np.random.Generator, life: Life, ratios: Ratios) -> Admissions:
    # Every emergency is drawn in full, then admitted or met outside the hospital: an effect changes nothing else.
    came = _admitted_for(rng, life, life.emergencies)
    return _share_of(rng, came, ratios.of(came.person, came.admitted_on))


def _added_emergencies(rng: np.random.Generator, life: Life, ratios: Ratios) -> Admissions:
    # Above a rate ratio of one, as many as the highest would add, and of these what each person's own leaves.
    room = ratios.ceiling - 1
    added = _admitted_for(rng, life, more_emergencies(rng, life, room))
    return _share_of(rng, added, (ratios.of(added.person, added.admitted_on) - 1) / max(room, 1e-9))


def _admitted_for(rng: np.random.Generator, life: Life, events: Events) -> Admissions:
    age = age_on_day(life, events.person, events.day)
    nights = nights_in_hospital(rng, age, life.frailty[events.person, events.month])
    nights[rng.random(len(events)) < _ZERO_NIGHTS] = 0
    return _emergency_admissions(rng, life, events.person, events.day, nights)


def _last_stays(rng: np.random.Generator, life: Life, ratios: Ratios) -> Admissions:
    person = np.flatnonzero(~np.isnat(life.last_illness_from))
    admitted_on = life.last_illness_from[person]
    nights = (life.last_illness_until[person] - admitted_on).astype(np.int64)
    ill = _emergency_admissions(rng, life, person, admitted_on, nights)
    return _share_of(rng, ill, SHARE_DYING_IN_HOSPITAL * ratios.of(person, admitted_on))


def _share_of(rng: np.random.Generator, admissions: Admissions, share: NDArray[np.float64]) -> Admissions:
    kept = rng.random(len(share)) < share
    return Admissions(*(getattr(admissions, column.name)[kept] for column in fields(Admissions)))


def _emergency_admissions(
    rng: np.random.Generator, life: Life, person: Rows, admitted_on: Days, nights: Rows
) -> Admissions:
    age = age_on_day(life, person, admitted_on)
    primary, function = _coded(rng, EMERGENCIES, age, life.has(person, admitted_on))
    function = np.where((function == GENERAL_MEDICINE) & (age >= _ELDERLY_FROM), ELDERLY, function)
    return Admissions(
        person=person,
        admitted_on=admitted_on,
        nights=nights,
        method=_EMERGENCY_METHOD.draw(rng, len(person)),
        classification=_same("1", person),
        primary=primary,
        treatment_function=np.where(age < _CHILDREN_UNTIL, PAEDIATRICS, function).astype(np.object_),
        transfer=draw_transfers(rng, len(person)),
        moved_after=rng.random(len(person)),
    )


def _electives(rng: np.random.Generator, life: Life) -> Admissions:
    log_rate = log_rate_at(life.age, _ELECTIVE_AGES, _ELECTIVE_RATES) + 0.35 * life.burden + 0.2 * life.frailty
    events = happen(rng, life, log_rate)
    rows = len(events)
    day_case = rng.random(rows) < _DAY_CASES
    age = age_on_day(life, events.person, events.day)
    primary, function = _coded(rng, ELECTIVES, age, life.has(events.person, events.day))
    return Admissions(
        person=events.person,
        admitted_on=events.day,
        nights=np.where(day_case, 0, rng.geometric(0.35, rows)),
        method=_ELECTIVE_METHOD.draw(rng, rows),
        classification=np.where(day_case, "2", "1").astype(np.object_),
        primary=primary,
        treatment_function=function,
        **_not_moved(events.person),
    )


def _deliveries(rng: np.random.Generator, life: Life) -> Admissions:
    log_rate = log_rate_at(life.age, _MATERNITY_AGES, _MATERNITY_RATES)
    events = happen(rng, life, np.where(life.people.female[:, None], log_rate, np.float32(-np.inf)))
    return Admissions(
        person=events.person,
        admitted_on=events.day,
        nights=rng.poisson(_NIGHTS_AFTER_BIRTH, len(events)),
        method=_same("31", events.person),
        classification=_same("1", events.person),
        primary=_DELIVERY.draw(rng, len(events)),
        treatment_function=_same("501", events.person),
        **_not_moved(events.person),
    )


def _births(rng: np.random.Generator, life: Life) -> Admissions:
    born = np.flatnonzero(life.people.born_on >= life.months.first_day)
    return Admissions(
        person=born,
        admitted_on=life.people.born_on[born],
        nights=rng.poisson(_NIGHTS_AFTER_BIRTH, len(born)),
        method=_same("82", born),
        classification=_same("1", born),
        primary=_same("Z380", born),
        treatment_function=_same("424", born),
        **_not_moved(born),
    )


def _not_moved(person: Rows) -> dict[str, Any]:
    return {"transfer": np.full(len(person), NOT_MOVED), "moved_after": np.zeros(len(person))}


def _same(value: str, person: Rows) -> Values:
    return np.full(len(person), value, dtype=np.object_)


def _coded(
    rng: np.random.Generator, causes: tuple[Cause, ...], age: NDArray[np.float64], has: NDArray[np.bool_]
) -> tuple[Values, Values]:
    drawn = draw_cause(rng, causes, age, has)
    sizes = np.array([len(cause.codes) for cause in causes])
    every_code = np.array([code for cause in causes for code in cause.codes], dtype=np.object_)
    at = (np.cumsum(sizes) - sizes)[drawn] + rng.integers(0, sizes[drawn])
    functions = np.array([cause.treatment_function for cause in causes], dtype=np.object_)
    return every_code[at], functions[drawn]


def _apart(person: Rows, admitted_on: Days, discharged_on: Days) -> NDArray[np.bool_]:
    # A stay happens only if all earlier ones of the same person had ended: a running maximum of the discharge days,
    # kept apart between persons by a stride longer than any calendar.
    stride = 1_000_000
    end = discharged_on.astype(np.int64) + person * stride
    latest_before = np.append(-1, np.maximum.accumulate(end)[:-1])
    apart: NDArray[np.bool_] = admitted_on.astype(np.int64) + person * stride > latest_before
    return apart


def age_on_day(life: Life, person: Rows, day: Days) -> NDArray[np.float64]:
    """Return the age in years of each person on a day."""
    return (day - life.people.born_on[person]).astype(np.float64) / DAYS_IN_YEAR


def month_of(life: Life, day: Days) -> Rows:
    """Return the position of the month in which each day lies."""
    return np.maximum(np.searchsorted(life.months.starts, day, side="right") - 1, 0)
