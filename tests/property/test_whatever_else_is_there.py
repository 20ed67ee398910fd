"""The same person, date and records give the same features, to the last bit, whatever else happens around them."""

from datetime import date
from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.property.strategies import CATALOGUE, INDEX_DATES, frames, throw_cohort, throw_record
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.engine import Engine, compute_features
from vi_risk.records.linked import Records

Tables = dict[str, pd.DataFrame]

ENGINES: tuple[Engine, ...] = ("portable", "sweep")
_KEYS = ["patient_id", "index_date"]
_FAST_DICE = st.randoms(use_true_random=True, note_method_calls=False)


def computed(
    tables: Tables,
    cohort: pd.DataFrame,
    catalogue: Catalogue,
    *,
    threads: int,
    engine: Engine = "portable",
    rows_in_a_batch: int = 250_000,
) -> pd.DataFrame:
    records = Records.from_frames(tables)
    records.workspace.backend.raw_sql(f"SET threads = {threads}")
    return compute_features(records, cohort, catalogue, engine=engine, rows_in_a_batch=rows_in_a_batch)


def _of_people(tables: Tables, people: set[str]) -> Tables:
    spells = tables["spells"].loc[tables["spells"]["patient_id"].isin(people), "spell_id"]
    return {
        name: rows[rows["patient_id"].isin(people) if "patient_id" in rows else rows["spell_id"].isin(spells)]
        for name, rows in tables.items()
    }


def _shuffled(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    return frame.sample(frac=1, random_state=np.random.default_rng(seed)).reset_index(drop=True)


def _nothing_else_matters(dice: Random, number: int, catalogue: Catalogue) -> None:
    index_date = dice.choice(INDEX_DATES)
    record = throw_record(dice, index_date, people=number)
    tables, cohort = frames(record), throw_cohort(dice, record, index_date)
    people = dice.sample([person["patient_id"] for person in record["patients"]], len(record["patients"]) // 5)
    theirs = cohort[cohort["patient_id"].isin(people)]
    some = theirs.iloc[sorted(dice.sample(range(len(theirs)), len(theirs) - 2))]
    seed = dice.randint(0, 10_000)

    own = {name: _shuffled(rows, seed) for name, rows in _of_people(tables, set(people)).items()}
    some_of_them = some[_KEYS].sort_values(_KEYS, ignore_index=True)
    among_all = {engine: computed(tables, cohort, catalogue, threads=2, engine=engine) for engine in ENGINES}
    pd.testing.assert_frame_equal(among_all["portable"], among_all["sweep"], check_exact=True)
    for engine in ENGINES:
        alone = computed(own, _shuffled(some, seed), catalogue, threads=1, engine=engine, rows_in_a_batch=2)
        expected = some_of_them.merge(among_all[engine], on=_KEYS)
        pd.testing.assert_frame_equal(expected, alone, check_exact=True, check_dtype=False)


@settings(max_examples=2, deadline=None, phases=(Phase.reuse, Phase.generate))
@given(_FAST_DICE)
def test_neither_other_people_nor_dates_nor_batches_nor_the_order_of_rows_change_a_feature(dice: Random) -> None:
    some = tuple(dice.sample(CATALOGUE.definitions, 12))
    _nothing_else_matters(dice, 25, Catalogue(some, CATALOGUE.codelists))


@pytest.mark.slow
@settings(max_examples=2, deadline=None, phases=(Phase.reuse, Phase.generate))
@given(_FAST_DICE)
def test_nothing_else_changes_any_feature(dice: Random) -> None:
    _nothing_else_matters(dice, 20, CATALOGUE)


@pytest.fixture(scope="module")
def crowded() -> tuple[Tables, pd.DataFrame]:
    """Ten people with so many measurements that two threads share the work; sums of them depend on their order."""
    rng = np.random.default_rng(11)
    rows = 300_000
    people = [f"p{number}" for number in range(10)]
    events = pd.DataFrame(
        {
            "patient_id": rng.choice(people, rows),
            "event_on": rng.choice(pd.date_range("2022-01-01", "2024-03-31").date, rows),
            "code_system": "snomed",
            "code": rng.choice(["271649006", "84114007", "7200002", "999791000000106"], rows),
            "value": rng.normal(0, 1, rows) * 10.0 ** rng.integers(-3, 7, rows),
            "unit": "mmHg",
        }
    )
    patients = pd.DataFrame({"patient_id": people, "birth_month": date(1950, 6, 1), "sex": "1"})
    spells = pd.DataFrame(columns=["spell_id", "patient_id", "admitted_on", "discharged_on", "admission_method"])
    asked = [(patient_id, date(2024, 3, 1), date(2000, 1, 1)) for patient_id in people]
    cohort = pd.DataFrame(asked, columns=[*_KEYS, "gp_seen_from"], dtype=object)
    return {"patients": patients, "spells": spells, "gp_events": events}, cohort


def test_sums_of_many_rows_are_the_same_whoever_adds_them_up(crowded: tuple[Tables, pd.DataFrame]) -> None:
    tables, cohort = crowded
    events = tables["gp_events"]
    in_order = events.sort_values(["patient_id", "event_on"])
    adding = ("sum", "mean", "latest", "slope", "points")
    definitions = tuple(
        d for d in CATALOGUE.definitions if d.table in ("gp_events", "coded_entries") and d.measure in adding
    )
    catalogue = Catalogue(tuple(d for d in definitions if d.name.startswith("corner")), CATALOGUE.codelists)

    once = computed(tables, cohort, catalogue, threads=1)

    assert once.drop(columns=_KEYS).count().gt(0).sum() > 10, "there is little to add up"
    others: tuple[tuple[Engine, pd.DataFrame], ...] = (
        ("portable", events),
        ("portable", _shuffled(events, 3)),
        ("sweep", in_order),
    )
    for engine, otherwise in others:
        again = computed(tables | {"gp_events": otherwise}, cohort, catalogue, threads=2, engine=engine)
        pd.testing.assert_frame_equal(once, again, check_exact=True)
