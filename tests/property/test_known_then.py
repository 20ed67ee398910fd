"""Whatever is dated, recorded or decided on or after the index date, no feature can tell.

Each example is a record and other futures of it: what was known when the index date began is the same, and all else is
thrown anew. Rows dated or recorded on or after that day are so moved, added, edited and deleted; the discharge, the
diagnoses and the procedures of stays still open, the deaths and the ends of registrations likewise.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from random import Random

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.property.strategies import (
    CATALOGUE,
    DATED_TABLES,
    INDEX_DATES,
    OF_SPELLS,
    Life,
    Record,
    Row,
    aims_at,
    coded_rows_of,
    dated_row,
    discharge,
    frames,
    throw_record,
)
from tests.reference.slow_features import slow_features
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.definition import Definition
from vi_risk.features.engine import Engine, compute_features
from vi_risk.records.linked import Records
from vi_risk.records.tables import TABLES

_FAST_DICE = st.randoms(use_true_random=True, note_method_calls=False)
_IDENTIFIERS = ("patient_id", "spell_id", "attendance_id", "appointment_id")


def _day(row: Row, table: str) -> date:
    happened: date = row[str(TABLES[table].event)]
    return happened.date() if isinstance(happened, datetime) else happened


def _had_arrived(row: Row, index_date: date) -> bool:
    return row["recorded_on"] is None or row["recorded_on"] < index_date


def _was_known(row: Row, table: str, index_date: date) -> bool:
    return _day(row, table) < index_date and _had_arrived(row, index_date)


def _had_ended(ended_on: date | None, index_date: date) -> bool:
    return ended_on is not None and ended_on < index_date


def another_future(
    dice: Random, record: Record, index_date: date, definitions: Iterable[Definition] = CATALOGUE.definitions
) -> Record:
    """Return a record with the same past, as it was known when the index date began, and another future."""
    later = (None, index_date, index_date + timedelta(days=1), index_date + timedelta(days=500))
    aims = aims_at(definitions)
    other: Record = {"patients": [row | {"died_on": dice.choice(later)} for row in record["patients"]]}
    other |= {table: [] for table in OF_SPELLS}
    for table in DATED_TABLES:
        other[table] = [dict(row) for row in record[table] if _was_known(row, table, index_date)]
        for number, person in enumerate(record["patients"]):
            life = Life.of(number, index_date, aims, late=True)
            for row_number in range(dice.randint(0, 2)):
                name = f"{person['patient_id']}-{table}-late-{row_number}"
                other[table].append(dated_row(dice, table, person["patient_id"], name, life))

    for registration in other["registrations"]:
        if not _had_ended(registration["registered_to"], index_date):
            registration["registered_to"] = dice.choice(later)

    for spell in other["spells"]:
        known = _was_known(spell, "spells", index_date)
        for table in OF_SPELLS:
            if known and _had_ended(spell["discharged_on"], index_date):
                coded = [row for row in record[table] if row["spell_id"] == spell["spell_id"]]
                other[table] += [row for row in coded if _had_arrived(row, index_date)]
                other[table] += coded_rows_of(dice, table, spell, Life(index_date, late=True), first_position=3)
            else:
                other[table] += coded_rows_of(dice, table, spell, Life(index_date))
        if known and not _had_ended(spell["discharged_on"], index_date):
            spell |= discharge(dice, dice.choice(later))
    return other


def _renamed(record: Record, future: int) -> Record:
    """Give the people and rows of one future names of their own, so that all futures fit into one run of the engine."""
    return {
        table: [row | {column: f"{future}-{row[column]}" for column in _IDENTIFIERS if column in row} for row in rows]
        for table, rows in record.items()
    }


def _side_by_side(worlds: list[Record]) -> dict[str, pd.DataFrame]:
    renamed = [_renamed(world, number) for number, world in enumerate(worlds)]
    return frames({table: [row for world in renamed for row in world[table]] for table in worlds[0]})


def _asked(dice: Random, people: int, worlds: int, index_date: date) -> pd.DataFrame:
    """Everyone of every world; a practice is seen from the same day in all of them."""
    seen_from = [index_date + timedelta(days=dice.choice((-5000, -5000, -400, -40, 0))) for _ in range(people)]
    rows = [
        (f"{world}-p{number}", index_date, seen_from[number]) for world in range(worlds) for number in range(people)
    ]
    return pd.DataFrame(rows, columns=["patient_id", "index_date", "gp_seen_from"], dtype=object)


def _by_world(features: pd.DataFrame) -> list[pd.DataFrame]:
    apart = features["patient_id"].str.split("-", n=1, expand=True)
    return [
        features.assign(patient_id=apart[1])[apart[0] == world].sort_values("patient_id", ignore_index=True)
        for world in sorted(apart[0].unique())
    ]


def _no_future_can_be_told(dice: Random, people: int, worlds: int, engine: Engine) -> None:
    index_date = dice.choice(INDEX_DATES)
    record = throw_record(dice, index_date, people=people)
    tables = _side_by_side([record, *(another_future(dice, record, index_date) for _ in range(worlds - 1))])
    cohort = _asked(dice, people, worlds, index_date)

    first, *others = _by_world(compute_features(Records.from_frames(tables), cohort, CATALOGUE, engine=engine))

    for other in others:
        pd.testing.assert_frame_equal(first, other, check_exact=True)


@pytest.mark.parametrize("engine", ["portable", "sweep"])
def test_no_feature_can_tell_one_future_from_another(engine: Engine) -> None:
    _no_future_can_be_told(Random(4), 40, 5, engine)


@pytest.mark.slow
@settings(max_examples=4, deadline=None, phases=(Phase.reuse, Phase.generate))
@given(_FAST_DICE, st.sampled_from(("portable", "sweep")))
def test_no_feature_can_tell_any_of_many_futures_from_another(dice: Random, engine: Engine) -> None:
    _no_future_can_be_told(dice, 100, 8, engine)


def test_every_definition_tells_the_futures_apart_once_they_have_come() -> None:
    """A property over futures that are all alike, or that no feature reads, would hold of any engine."""
    blind = tuple(d for d in CATALOGUE.definitions if d.windows and d.measure != "seen_days")
    for seed in range(6):  # those that noticed nothing are tried again, with more that is meant for them
        blind = _blind_to_the_future(Random(seed), blind)
    assert not blind, "the records thrown hold nothing that these would notice, even once it has come"


def _blind_to_the_future(dice: Random, definitions: tuple[Definition, ...]) -> tuple[Definition, ...]:
    """Return the definitions of which no value differs between two futures, asked when they have come."""
    catalogue = Catalogue(definitions, CATALOGUE.codelists)
    index_date, people = INDEX_DATES[1], 40
    later = index_date + timedelta(days=60)
    record = throw_record(dice, index_date, people=people, definitions=definitions)
    worlds = [record, another_future(dice, record, index_date, definitions)]
    cohort = _asked(dice, people, len(worlds), later).assign(gp_seen_from=date(2000, 1, 1))
    one, other = _by_world(slow_features(_side_by_side(worlds), cohort, catalogue))
    return tuple(
        definition
        for definition in definitions
        if all(one[feature.name].equals(other[feature.name]) for feature in catalogue.features_of(definition))
    )
