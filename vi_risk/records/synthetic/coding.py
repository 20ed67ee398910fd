"""Clinical coding: the diagnoses and procedures of spells, written after discharge."""

import numpy as np

from vi_risk.records.synthetic.causes import COMPLICATIONS, complicated
from vi_risk.records.synthetic.conditions import CONDITIONS
from vi_risk.records.synthetic.draws import Rows, Values
from vi_risk.records.synthetic.frames import Written, after
from vi_risk.records.synthetic.hospital import age_on_day, month_of
from vi_risk.records.synthetic.life import Life
from vi_risk.records.synthetic.months import Days
from vi_risk.records.synthetic.operations import OPERATIONS
from vi_risk.records.synthetic.spells import Spells

_CODED_IN_HOSPITAL = 0.85  # a known condition that stands among the secondary diagnoses of a stay
_CODED_AS_DAY_CASE = 0.4
_LATEST_DAY_OF_OPERATION = 2  # after admission
_EARLIEST_CODED, _LATEST_CODED = 3, 35  # days after discharge


def days_of_coding(rng: np.random.Generator, spells: Spells, lag: float = 1.0) -> Days:
    """Return the day on which each spell is coded: some days to weeks after discharge, times `lag`."""
    return after(rng, spells.discharged_on, round(_EARLIEST_CODED * lag), round(_LATEST_CODED * lag))


def diagnoses_written(rng: np.random.Generator, life: Life, spells: Spells, coded_on: Days) -> Written:
    """Return the coded diagnoses of closed spells."""
    closed = np.flatnonzero(spells.discharged_on <= life.months.last_day)
    person, admitted_on = spells.person[closed], spells.admitted_on[closed]
    age = age_on_day(life, person, admitted_on)
    frailty = life.frailty[person, month_of(life, admitted_on)]
    has = life.has(person, admitted_on)
    day_case = spells.classification[closed] != "1"
    adult_stay = (age >= 18) & ~day_case

    chance = np.where(day_case, _CODED_AS_DAY_CASE, _CODED_IN_HOSPITAL)
    coded = [(closed, spells.primary[closed])]
    for column, condition in enumerate(CONDITIONS):
        noted = has[:, column] & (rng.random(len(closed)) < chance)
        # One person's condition keeps one code, so that a longer list of diagnoses means more illness, not more luck.
        code = np.array(condition.icd10, dtype=np.object_)[person[noted] % len(condition.icd10)]
        coded.append((closed[noted], code))
    for complication in COMPLICATIONS:
        noted = adult_stay & complicated(rng, complication, age, frailty, has)
        code = np.array(complication.codes, dtype=np.object_)[
            rng.integers(0, len(complication.codes), int(noted.sum()))
        ]
        coded.append((closed[noted], code))

    spell, code, position = _in_order(spells, coded)
    return Written(
        "diagnoses",
        spells.person[spell],
        {"spell_id": spells.spell_id[spell], "position": position, "code": code, "recorded_on": coded_on[spell]},
    )


def procedures_written(rng: np.random.Generator, life: Life, spells: Spells, coded_on: Days) -> Written:
    """Return the coded procedures of closed spells, each done within three days of admission."""
    closed = np.flatnonzero(spells.discharged_on <= life.months.last_day)
    primary = spells.primary[closed]
    nights = (spells.discharged_on - spells.admitted_on).astype(np.int64)
    coded: list[tuple[Rows, Values]] = []
    for operation in OPERATIONS:
        chance = operation.share * np.isin(primary.astype(str), operation.done_for)
        done = closed[rng.random(len(closed)) < chance]
        coded += [(done, np.full(len(done), code, dtype=np.object_)) for code in operation.codes]
    spell, code, position = _in_order(spells, coded)
    wait = (rng.random(len(spells)) * (np.minimum(nights, _LATEST_DAY_OF_OPERATION) + 1)).astype(np.int64)
    return Written(
        "procedures",
        spells.person[spell],
        {
            "spell_id": spells.spell_id[spell],
            "position": position,
            "code": code,
            "performed_on": (spells.admitted_on + wait)[spell],
            "recorded_on": coded_on[spell],
        },
    )


def _in_order(spells: Spells, coded: list[tuple[Rows, Values]]) -> tuple[Rows, Values, Rows]:
    # Codes by spell, in the order of the list, each once beside the primary diagnosis, numbered from one.
    spell = np.concatenate([rows for rows, _ in coded])
    code = np.concatenate([codes for _, codes in coded])
    order = np.argsort(spell, kind="stable")
    spell, code = spell[order], code[order]
    repeated = (code == spells.primary[spell]) & np.append(False, spell[1:] == spell[:-1])
    spell, code = spell[~repeated], code[~repeated]
    first = np.flatnonzero(np.append(True, spell[1:] != spell[:-1]))
    position = np.arange(len(spell)) - np.repeat(first, np.diff(np.append(first, len(spell)))) + 1
    return spell, code, position
