"""The expression against the same rule in plain Python, on a crowd to whom everything happens at once."""

from datetime import date, timedelta
from random import Random
from typing import Any

import pandas as pd
import pytest

from tests.spec.cohort.slow_follow_up import Row, slow_follow_up
from vi_risk.cohort.outcomes import OUTCOMES, outcomes_of
from vi_risk.records.linked import Records
from vi_risk.records.tables import TABLES

INDEX_DATE = date(2023, 3, 1)
HORIZON = 60
PEOPLE = 400


def thrown_person(dice: Random, patient_id: str) -> dict[str, list[Row]]:
    """Return the tables of one person, dense around the window; the ids of spells say nothing of time."""

    def some_day(first: int, last: int) -> date:
        return INDEX_DATE + timedelta(days=dice.randint(first, last))

    spells, diagnoses = [], []
    for number in dice.sample(range(9), dice.randint(0, 6)):
        admitted = some_day(-20, HORIZON + 50)
        if spells and spells[-1]["discharged_on"] and dice.random() < 0.4:  # goes on elsewhere, or comes straight back
            admitted = spells[-1]["discharged_on"] + timedelta(days=dice.randint(0, 3))
        discharged = dice.choice([None, *[admitted + timedelta(days=dice.randint(0, 25))] * 9])
        spell = {
            "spell_id": f"{patient_id}-{number}",
            "patient_id": patient_id,
            "admitted_on": admitted,
            "discharged_on": discharged,
            "admission_method": dice.choice(["21", "21", "28", "2B", "81", "11"]),
            "patient_classification": dice.choice(["1"] * 9 + ["3"]),
            "discharge_method": None if discharged is None else dice.choice(["1"] * 19 + ["4"]),
            "discharge_destination": None if discharged is None else dice.choice(["19", "19", "51"]),
            "recorded_on": dice.choice([None, None, some_day(0, 150)]),
        }
        spells.append(spell)
        codes = dice.sample(["J44", "J441", "I21", "J45"], dice.randint(0, 3))
        diagnoses += [
            {"spell_id": spell["spell_id"], "position": position, "code": code}
            for position, code in enumerate(codes, start=1)
        ]
    since = INDEX_DATE - timedelta(days=200)
    registrations = []
    for practice in dice.sample("ABCD", dice.randint(1, 3)):
        until = dice.choice([None, since + timedelta(days=dice.randint(0, 240))])
        registrations.append(
            {
                "patient_id": patient_id,
                "practice_code": practice,
                "registered_from": since,
                "registered_to": until,
                "recorded_on": dice.choice([None, None, None, some_day(0, 150)]),
            }
        )
        since = (until or since) + timedelta(days=dice.randint(-10, 35))
    died_on = dice.choice([None, None, some_day(-5, HORIZON + 60)])
    patient = {"patient_id": patient_id, "birth_month": date(1950, 6, 1), "sex": "1", "died_on": died_on}
    return {"patients": [patient], "spells": spells, "diagnoses": diagnoses, "registrations": registrations}


@pytest.fixture(scope="module")
def crowd() -> dict[str, dict[str, list[Row]]]:
    dice = Random(20230301)
    return {f"p{number}": thrown_person(dice, f"p{number}") for number in range(PEOPLE)}


@pytest.fixture(scope="module")
def records(crowd: dict[str, dict[str, list[Row]]]) -> Records:
    frames = {}
    for name in ("patients", "spells", "diagnoses", "registrations"):
        rows: list[Row] = [row for tables in crowd.values() for row in tables[name]]
        columns = TABLES[name].column_names
        frames[name] = pd.DataFrame([[row.get(c) for c in columns] for row in rows], columns=columns, dtype=object)
    return Records.from_frames(frames)


@pytest.mark.parametrize("starts_after", [0, 20])
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_window_ends_as_the_rule_is_written(
    crowd: dict[str, dict[str, list[Row]]], records: Records, outcome: str, starts_after: int
) -> None:
    known_by = INDEX_DATE + timedelta(days=HORIZON + 25)
    cohort = pd.DataFrame(
        [(person, INDEX_DATE + timedelta(days=shift)) for person in crowd for shift in (0, 13)],
        columns=["patient_id", "index_date"],
        dtype=object,
    )
    window: dict[str, Any] = {"known_by": known_by}

    found = outcomes_of(
        records,
        cohort,
        outcome=outcome,
        horizon_days=HORIZON,
        starts_after_days=starts_after,
        codes=["J44"],
        **window,
    )

    told = [
        None if pd.isna(row.ended) else (row.outcome, row.ended, int(row.followed_days)) for row in found.itertuples()
    ]
    expected = [
        slow_follow_up(outcome, crowd[person], day, horizon=HORIZON, starts_after=starts_after, **window)
        for person, day in cohort.itertuples(index=False)
    ]
    assert told == expected
    ways = {ending[1] for ending in expected if ending}
    asked = OUTCOMES[outcome]
    assert ways >= {"left", "horizon", *(() if asked.death else ("died",)), *(() if asked.counts else ("event",))}
    if asked.counts:
        assert max(ending[0] for ending in expected if ending) > 2
