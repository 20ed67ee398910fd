"""Whatever is dated, recorded or decided on or after the index date, no feature can tell.

Each example is one record and eight other futures of it: what was known when the index date began is the same, and all
else is drawn anew. Rows dated or recorded on or after that day are so moved, added, edited and deleted; the discharge
and the diagnoses of stays still open, the deaths and the ends of registrations likewise.
"""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from tests.property.strategies import (
    DATED_TABLES,
    INDEX_DATES,
    Draw,
    Record,
    Row,
    Times,
    dated_row,
    diagnoses_of,
    discharge,
    frames,
    records,
    tables_behind,
)
from tests.reference.slow_features import slow_features
from vi_risk.features.declarations import Catalogue, read_catalogue
from vi_risk.features.engine import compute_features
from vi_risk.records.linked import Records
from vi_risk.records.tables import TABLES

CATALOGUE = read_catalogue(Path(__file__).parent / "features")
SOURCES = tuple(dict.fromkeys(definition.table for definition in CATALOGUE.definitions))
OTHER_FUTURES = 8
_GENERATE_ONLY = (Phase.generate,)
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


@st.composite
def another_future(draw: Draw, record: Record, index_date: date, tables: tuple[str, ...]) -> Record:
    """Return a record with the same past, as it was known when the index date began, and another future."""
    later = st.sampled_from((None, index_date, index_date + timedelta(days=1), index_date + timedelta(days=500)))
    late = Times(index_date, late=True)
    other: Record = {"patients": [row | {"died_on": draw(later)} for row in record["patients"]], "diagnoses": []}
    for table in DATED_TABLES:
        other[table] = []
    for table in tables:
        other[table] = [dict(row) for row in record[table] if _was_known(row, table, index_date)]
        for person in record["patients"]:
            for number in range(draw(st.integers(0, 2))):
                name = f"{person['patient_id']}-{table}-late-{number}"
                other[table].append(dated_row(draw, table, person["patient_id"], name, late))

    for registration in other["registrations"]:
        if not _had_ended(registration["registered_to"], index_date):
            registration["registered_to"] = draw(later)

    for spell in other["spells"]:
        coded = [row for row in record["diagnoses"] if row["spell_id"] == spell["spell_id"]]
        if _was_known(spell, "spells", index_date) and _had_ended(spell["discharged_on"], index_date):
            kept = [row for row in coded if _had_arrived(row, index_date)]
            other["diagnoses"] += kept + diagnoses_of(draw, spell["spell_id"], late, first_position=3)
        else:
            if _was_known(spell, "spells", index_date):
                spell |= discharge(draw, draw(later))
            other["diagnoses"] += diagnoses_of(draw, spell["spell_id"], Times(index_date))
    return other


def _renamed(record: Record, future: int) -> Record:
    """Give the people and rows of one future names of their own, so that all futures fit into one run of the engine."""
    return {
        table: [row | {column: f"{future}-{row[column]}" for column in _IDENTIFIERS if column in row} for row in rows]
        for table, rows in record.items()
    }


@st.composite
def futures(draw: Draw, source: str) -> tuple[date, list[Record]]:
    """An index date, a record of what a source is made of, and other futures of the same people."""
    tables = tables_behind(source)
    index_date = draw(st.sampled_from(INDEX_DATES))
    record = draw(records(index_date, tables, max_patients=2, max_rows=4))
    return index_date, [record, *(draw(another_future(record, index_date, tables)) for _ in range(OTHER_FUTURES))]


def _side_by_side(
    worlds: list[Record], index_date: date, gp_seen_from: Any
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    renamed = [_renamed(world, number) for number, world in enumerate(worlds)]
    together = {table: [row for world in renamed for row in world[table]] for table in worlds[0]}
    cohort = pd.DataFrame(
        [(person["patient_id"], index_date, gp_seen_from) for person in together["patients"]],
        columns=["patient_id", "index_date", "gp_seen_from"],
        dtype=object,
    )
    return frames(together), cohort


@pytest.mark.parametrize("source", SOURCES)
def test_no_feature_can_tell_one_future_from_another(source: str) -> None:
    catalogue = Catalogue(tuple(d for d in CATALOGUE.definitions if d.table == source), CATALOGUE.codelists)

    @settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
    @given(futures(source), st.sampled_from((-2000, -40, 0)))
    def holds(drawn: tuple[date, list[Record]], practice_joined_days: int) -> None:
        index_date, worlds = drawn
        tables, cohort = _side_by_side(worlds, index_date, index_date + timedelta(days=practice_joined_days))

        features = compute_features(Records.from_frames(tables), cohort, catalogue)

        worlds_apart = features.assign(
            future=features["patient_id"].str.split("-").str[0], patient_id=features["patient_id"].str.split("-").str[1]
        )
        first, *others = [
            world.drop(columns="future").sort_values("patient_id", ignore_index=True)
            for _, world in worlds_apart.groupby("future")
        ]
        for other in others:
            pd.testing.assert_frame_equal(first, other)

    holds()


@pytest.mark.parametrize(
    "feature",
    ["emergency_admissions_365d", "hospital_frailty_score_730d", "emergency_bed_days_365d", "corner_destinations_365d"],
)
def test_the_futures_do_differ_once_they_have_come(feature: str) -> None:
    """A property over futures that are all alike would hold of any engine."""
    definition = next(f.definition for f in CATALOGUE.features if f.name == feature)
    catalogue = Catalogue((definition,), CATALOGUE.codelists)

    def differ(drawn: tuple[date, list[Record]]) -> bool:
        index_date, worlds = drawn
        later = index_date + timedelta(days=60)
        tables, cohort = _side_by_side(worlds[:2], later, later - timedelta(days=2000))
        values = slow_features(tables, cohort, catalogue)[feature].tolist()
        half = len(values) // 2
        return values[:half] != values[half:]

    assert find(
        futures(definition.table), differ, settings=settings(max_examples=1000, phases=_GENERATE_ONLY, database=None)
    )
