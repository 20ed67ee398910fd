"""Clinical coding: the primary and secondary diagnoses of stays, written after discharge."""

import numpy as np

from vi_risk.records.synthetic.causes import COMPLICATIONS, complicated
from vi_risk.records.synthetic.conditions import CONDITIONS
from vi_risk.records.synthetic.frames import Written, after
from vi_risk.records.synthetic.hospital import Stays, age_on_day, month_of
from vi_risk.records.synthetic.life import Life

_CODED_IN_HOSPITAL = 0.75  # a known condition that stands among the secondary diagnoses of a stay
_CODED_AS_DAY_CASE = 0.4


def diagnoses_written(rng: np.random.Generator, life: Life, stays: Stays) -> Written:
    """Return the coded diagnoses of closed stays: they reach the trust some days to weeks after discharge."""
    closed = np.flatnonzero(stays.discharged_on <= life.months.last_day)
    person, admitted_on = stays.person[closed], stays.admitted_on[closed]
    age = age_on_day(life, person, admitted_on)
    frailty = life.frailty[person, month_of(life, admitted_on)]
    has = life.has(person, admitted_on)
    day_case = stays.classification[closed] != "1"
    adult_stay = (age >= 18) & ~day_case

    chance = np.where(day_case, _CODED_AS_DAY_CASE, _CODED_IN_HOSPITAL)
    coded = [(closed, stays.primary[closed])]
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
