"""The engine's spells are those of the slow reference, whatever the episodes; and what a site lacks stays absent."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.spec.records.slow_spells import slow_continuous_spells, slow_spells
from vi_risk.errors import InputError
from vi_risk.records.checks import check_records
from vi_risk.records.episodes import spells_from_episodes
from vi_risk.records.linked import Records
from vi_risk.records.readable import EPISODES
from vi_risk.records.stays import stays
from vi_risk.records.tables import TABLES

Row = dict[str, Any]

_ARROW = {"text": pa.string(), "date": pa.date32(), "integer": pa.int64()}
_TYPES = {column.name: _ARROW[column.type] for column in (*EPISODES.columns, *TABLES["spells"].columns)}
_DAYS = st.integers(0, 6).map(lambda days: date(2024, 2, 26) + timedelta(days=days))
_MAYBE_A_DAY = st.one_of(st.none(), _DAYS)
_CODES = st.sampled_from((None, None, "I500", "J440", "I10", ""))

# Few values each, so that episodes meet in one spell, tie, repeat and transfer.
_VALUES = {
    "patient_id": st.sampled_from(("Ann", "Bob")),
    "provider_code": st.sampled_from(("RL4", "RL4", None)),
    "spell_number": st.sampled_from(("7", "7", None)),
    "admitted_on": st.sampled_from((date(2024, 2, 26), date(2024, 2, 29))),
    "episode_started_on": _MAYBE_A_DAY,
    "episode_order": st.sampled_from((1, 2, None)),
    "episode_ended_on": _MAYBE_A_DAY,
    "admission_method": st.sampled_from(("21", "81")),
    "patient_classification": st.sampled_from(("1", "1", "3", "4", None)),
    "discharged_on": _MAYBE_A_DAY,
    "discharge_destination": st.sampled_from(("19", "51", None)),
    "diagnosis_01": _CODES,
    "diagnosis_02": _CODES,
    "diagnosis_03": _CODES,
    "recorded_on": _MAYBE_A_DAY,
}
_EPISODE = st.fixed_dictionaries(_VALUES)
_TIED_EPISODE = st.fixed_dictionaries(
    _VALUES
    | {"episode_started_on": st.just(date(2024, 2, 26)), "episode_order": st.none(), "episode_ended_on": st.none()}
)
_SPELL = st.fixed_dictionaries(
    {
        "patient_id": st.sampled_from(("Ann", "Bob")),
        "admitted_on": _DAYS,
        "discharged_on": _MAYBE_A_DAY,
        "admission_method": st.sampled_from(("21", "11", "2B", "81")),
        "patient_classification": st.sampled_from(("1", "1", "2", "3", None)),
        "discharge_destination": st.sampled_from(("19", "51", "87", None)),
    }
)


def engine_table(rows: list[Row]) -> Any:
    schema = pa.schema([(name, _TYPES.get(name, pa.string())) for name in rows[0]])
    return ibis.memtable(pa.Table.from_pylist(rows, schema=schema))


def rows_of(table: Any) -> list[Row]:
    rows: list[Row] = table.to_pyarrow().to_pylist()
    return rows


def engine_spells(episodes: list[Row]) -> list[Row]:
    """Return the engine's spells as the reference writes them."""
    made = spells_from_episodes(engine_table(episodes))
    codes: dict[str, list[Any]] = {}
    for row in sorted(rows_of(made["diagnoses"]), key=lambda row: row["position"]):
        codes.setdefault(row["spell_id"], []).append((row["position"], row["code"], row["recorded_on"]))
    found = rows_of(made["spells"])
    assert len({spell["spell_id"] for spell in found}) == len(found)
    return [spell | {"codes": tuple(codes.get(spell.pop("spell_id"), ()))} for spell in found]


def in_any_order(rows: list[Row]) -> list[str]:
    return sorted(str(sorted(row.items())) for row in rows)


@settings(max_examples=25, deadline=None)
@given(st.lists(_EPISODE, min_size=20, max_size=40))
def test_the_engine_makes_the_same_spells_as_the_slow_reference(episodes: list[Row]) -> None:
    assert in_any_order(engine_spells(episodes)) == in_any_order(slow_spells(episodes))


@settings(max_examples=25, deadline=None)
@given(st.lists(_SPELL, min_size=20, max_size=40))
def test_the_engine_finds_the_same_stays_as_the_slow_reference(drawn: list[Row]) -> None:
    spells = [{"spell_id": f"s{number}"} | row for number, row in enumerate(drawn)]

    found = rows_of(stays(engine_table(spells)))

    by_id = {spell["spell_id"]: spell for spell in spells}
    last_of = {began: by_id[spell_id] for spell_id, began in slow_continuous_spells(spells).items()}  # in order of time
    ends = ("discharged_on", "discharge_destination")
    expected = [by_id[began] | {name: last[name] for name in ends} for began, last in last_of.items()]
    assert in_any_order([{name: stay[name] for name in spells[0]} for stay in found]) == in_any_order(expected)


@settings(max_examples=8, deadline=None)
@given(st.lists(_TIED_EPISODE, min_size=10, max_size=20), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing_spell_ids_included(episodes: list[Row], random: Any) -> None:
    shuffled = random.sample(episodes, len(episodes))
    one, other = (spells_from_episodes(engine_table(rows)) for rows in (episodes, shuffled))
    assert one.keys() == other.keys() == {"spells", "diagnoses"}
    for name in one:
        assert in_any_order(rows_of(one[name])) == in_any_order(rows_of(other[name]))


ONE_EPISODE = {
    "patient_id": "Ann",
    "admitted_on": date(2024, 1, 1),
    "episode_started_on": date(2024, 1, 1),
    "admission_method": "21",
    "discharged_on": date(2024, 1, 4),
}


def test_a_site_with_the_needed_columns_alone_has_spells_without_the_others_and_no_diagnoses() -> None:
    made = spells_from_episodes(engine_table([ONE_EPISODE]))

    assert rows_of(made["spells"]) == [
        {
            "spell_id": "Ann|2024-01-01",
            "patient_id": "Ann",
            "admitted_on": date(2024, 1, 1),
            "discharged_on": date(2024, 1, 4),
            "admission_method": "21",
        }
    ]
    assert made.keys() == {"spells"}


@pytest.mark.parametrize("column", sorted(ONE_EPISODE))
def test_a_needed_column_that_is_missing_is_named_with_its_meaning(column: str) -> None:
    episodes = engine_table([{name: value for name, value in ONE_EPISODE.items() if name != column}])
    with pytest.raises(InputError) as refused:
        spells_from_episodes(episodes)
    assert f"episodes: expected {column} ({EPISODES.column(column).meaning}); found" in str(refused.value)


def test_spells_and_diagnoses_of_episodes_pass_the_checks_of_the_canonical_tables(
    make_frames: Callable[..., dict[str, pd.DataFrame]],
) -> None:
    episodes = [
        ONE_EPISODE | {"diagnosis_01": "R07", "diagnosis_02": "I500", "recorded_on": None},
        ONE_EPISODE | {"episode_started_on": date(2024, 1, 2), "diagnosis_01": "I500", "diagnosis_02": "I10"},
    ]
    made = spells_from_episodes(engine_table([{"recorded_on": None} | row for row in episodes]))
    frames = make_frames(patients=[{"patient_id": "Ann"}])
    for name, table in made.items():
        frames[name] = pd.DataFrame(rows_of(table), dtype=object)

    report = check_records(Records.from_frames(frames))

    assert report.findings == ()
    assert {table.table: table.rows for table in report.tables} == {"patients": 1, "spells": 1, "diagnoses": 3}


@pytest.mark.parametrize("dialect", ["pyspark", "databricks", "snowflake", "postgres", "mssql"])
def test_the_expressions_are_those_that_other_engines_have(dialect: str) -> None:
    codes = {"diagnosis_01": "R07", "operation_01": "K401", "operated_on_01": date(2024, 1, 2)}
    made = spells_from_episodes(engine_table([ONE_EPISODE | codes]))
    for expression in (*made.values(), stays(made["spells"])):
        assert "SELECT" in ibis.to_sql(expression, dialect=dialect)
