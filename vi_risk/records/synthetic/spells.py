"""Hospital provider spells: what the hospitals write of each stay, and of each attendance of a regular attender."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from vi_risk.records.synthetic.draws import Menu, Rows, Values, blank, missing_at
from vi_risk.records.synthetic.frames import Written, after, identifiers
from vi_risk.records.synthetic.hospital import Stays, age_on_day
from vi_risk.records.synthetic.life import Life
from vi_risk.records.synthetic.months import Days
from vi_risk.records.synthetic.population import NEVER
from vi_risk.records.synthetic.regular_attenders import Attendances
from vi_risk.records.synthetic.transfers import MOVED_TO, NOT_MOVED, TRANSFERS, TRUST

_REGULAR_DAY, _PLANNED = "3", "13"
_DISCHARGED_BY = Menu.of(("1", 0.965), ("2", 0.03), ("3", 0.001), ("9", 0.004))
_DISCHARGED_TO = Menu.of(("19", 0.981), ("29", 0.015), ("51", 0.004))
_FRAIL_DISCHARGED_TO = Menu.of(("19", 0.86), ("54", 0.02), ("65", 0.03), ("85", 0.085), ("51", 0.005))
_DESTINATION_MISSING = 0.01
_NOT_SAID_TO_BE_MOVED = 0.06  # of transfers that the second hospital codes as such


@dataclass(frozen=True, slots=True)
class Spells:
    """Provider spells by person and day of admission: one or two of each stay, one of each attendance."""

    person: Rows
    provider: Values
    admitted_on: Days
    discharged_on: Days  # in full, though it may lie after the end of the records
    dying: NDArray[np.bool_]
    moved: NDArray[np.bool_]  # the stay goes on in the next spell
    method: Values
    classification: Values
    primary: Values
    treatment_function: Values

    def __len__(self) -> int:
        """Return the number of spells."""
        return len(self.person)

    @property
    def spell_id(self) -> Values:
        """Return the identifier of each spell."""
        return identifiers("S", len(self))


def spells_of(stays: Stays, attendances: Attendances) -> Spells:
    """Return the spells of whole stays, of which some go on in another hospital, and of regular attenders."""
    nights = (stays.discharged_on - stays.admitted_on).astype(np.int64)
    between = np.array([way.days_between for way in TRANSFERS] + [0])[stays.transfer]
    moved = (stays.transfer != NOT_MOVED) & (nights > 0)
    # The second spell ends after the first: nobody dies, or goes home, on the day on which they leave the first.
    first_nights = np.floor(stays.moved_after * (nights - np.maximum(between, 1) + 1)).astype(np.int64)
    providers = np.array([way.providers for way in TRANSFERS] + [(TRUST, TRUST)], dtype=np.object_)[stays.transfer]
    methods = np.array([way.method for way in TRANSFERS] + [None], dtype=np.object_)[stays.transfer]
    left_on = stays.admitted_on + first_nights

    begun = Spells(
        person=stays.person,
        provider=np.where(moved, providers[:, 0], TRUST).astype(np.object_),
        admitted_on=stays.admitted_on,
        discharged_on=np.where(moved, left_on, stays.discharged_on),
        dying=stays.dying & ~moved,
        moved=moved,
        method=stays.method,
        classification=stays.classification,
        primary=stays.primary,
        treatment_function=stays.treatment_function,
    )
    gone_on = Spells(
        person=stays.person[moved],
        provider=providers[moved, 1],
        admitted_on=(left_on + between)[moved],
        discharged_on=stays.discharged_on[moved],
        dying=stays.dying[moved],
        moved=np.zeros(int(moved.sum()), dtype=bool),
        method=methods[moved],
        classification=stays.classification[moved],
        primary=stays.primary[moved],
        treatment_function=stays.treatment_function[moved],
    )
    rows = len(attendances.person)
    attended = Spells(
        person=attendances.person,
        provider=_same(TRUST, rows),
        admitted_on=attendances.day,
        discharged_on=attendances.day,
        dying=np.zeros(rows, dtype=bool),
        moved=np.zeros(rows, dtype=bool),
        method=_same(_PLANNED, rows),
        classification=_same(_REGULAR_DAY, rows),
        primary=attendances.primary,
        treatment_function=attendances.treatment_function,
    )
    parts = (begun, gone_on, attended)
    order = np.lexsort(
        [np.concatenate([getattr(part, name) for part in parts]) for name in ("discharged_on", "admitted_on", "person")]
    )
    return Spells(*(np.concatenate([getattr(part, column.name) for part in parts])[order] for column in fields(Spells)))


def spells_written(rng: np.random.Generator, life: Life, spells: Spells) -> Written:
    """Return the spells: each reaches the trust within two days of admission, and is open until discharged."""
    closed = spells.discharged_on <= life.months.last_day
    rows = len(spells)
    age = age_on_day(life, spells.person, spells.admitted_on)
    nights = (spells.discharged_on - spells.admitted_on).astype(np.int64)
    frail = (age >= 78) & (nights >= 5)
    to = np.where(frail, _FRAIL_DISCHARGED_TO.draw(rng, rows), _DISCHARGED_TO.draw(rng, rows))
    to = missing_at(rng, to, _DESTINATION_MISSING)
    coded_by_the_next = np.append(spells.method[1:] != "21", False)
    said = spells.moved & ~(coded_by_the_next & (rng.random(rows) < _NOT_SAID_TO_BE_MOVED))
    to = np.where(spells.classification == _REGULAR_DAY, "19", np.where(spells.moved, "19", to))
    to = np.where(spells.dying, "79", np.where(said, MOVED_TO, to))
    return Written(
        "spells",
        spells.person,
        {
            "spell_id": spells.spell_id,
            "provider_code": spells.provider,
            "admitted_on": spells.admitted_on,
            "discharged_on": np.where(closed, spells.discharged_on, NEVER),
            "admission_method": spells.method,
            "patient_classification": spells.classification,
            "discharge_method": blank(
                np.where(spells.dying, "4", np.where(spells.moved, "1", _DISCHARGED_BY.draw(rng, rows))), ~closed
            ),
            "discharge_destination": blank(to, ~closed),
            "treatment_function": spells.treatment_function,
            "recorded_on": after(rng, spells.admitted_on, 0, 2),
        },
    )


def _same(value: str, rows: int) -> Values:
    return np.full(rows, value, dtype=np.object_)
