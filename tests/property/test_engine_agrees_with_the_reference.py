"""The engine and the slow reference are written from one page, features/README.md, and must say the same."""

from collections.abc import Mapping, Sequence
from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.property import strategies
from tests.property.strategies import CATALOGUE
from tests.reference.slow_features import slow_features
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.definition import Definition
from vi_risk.features.engine import Engine, compute_features
from vi_risk.records.linked import Records

ENGINES: tuple[Engine, ...] = ("portable", "sweep")
_KEYS = ["patient_id", "index_date"]
_SHRINKING_DICE = st.randoms(use_true_random=False, note_method_calls=False)
_FAST_DICE = st.randoms(use_true_random=True, note_method_calls=False)
_WITHOUT_EXPLAINING = (Phase.reuse, Phase.generate, Phase.shrink)


def assert_they_agree(
    tables: dict[str, pd.DataFrame],
    cohort: pd.DataFrame,
    catalogue: Catalogue,
    *,
    engines: Sequence[Engine] = ENGINES,
    windows: Mapping[str, int | None] | None = None,
) -> None:
    slow = slow_features(tables, cohort, catalogue, windows)
    for engine in engines:
        fast = compute_features(Records.from_frames(tables), cohort, catalogue, windows=windows, engine=engine)
        pd.testing.assert_frame_equal(fast[_KEYS], slow[_KEYS], check_dtype=False)
        assert list(fast) == list(slow)
        apart = ~np.isclose(fast[slow.columns[2:]], slow[slow.columns[2:]], rtol=1e-7, atol=1e-7, equal_nan=True)
        assert not apart.any(), f"{engine}: {_told(fast, slow, apart, cohort, tables)}"


def _told(
    fast: pd.DataFrame, slow: pd.DataFrame, apart: np.ndarray, cohort: pd.DataFrame, tables: dict[str, pd.DataFrame]
) -> str:
    """Say which features differ, of how many people, and show one person with all of its rows."""
    features = [str(name) for name in slow.columns[2:]]
    counted = [f"{feature}: {n} of {len(slow)}" for feature, n in zip(features, apart.sum(axis=0), strict=True) if n]
    whose = int(np.flatnonzero(apart.any(axis=1))[0])
    feature = features[int(np.flatnonzero(apart[whose])[0])]
    patient_id, index_date = str(slow["patient_id"][whose]), slow["index_date"][whose]
    asked = cohort[(cohort["patient_id"] == patient_id) & (cohort["index_date"] == index_date)]
    spells = tables["spells"].loc[tables["spells"]["patient_id"] == patient_id, "spell_id"]
    shown = [
        f"{name}\n{rows[mine].to_string()}"
        for name, rows in tables.items()
        if (mine := rows["patient_id"] == patient_id if "patient_id" in rows else rows["spell_id"].isin(spells)).any()
    ]
    values = f"{feature}: engine {float(fast[feature].iloc[whose])}, reference {float(slow[feature].iloc[whose])}"
    return "\n".join(["engine and reference differ", *counted, values, asked.to_string(), *shown])


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), phases=_WITHOUT_EXPLAINING)
@given(_SHRINKING_DICE)
def test_a_few_features_of_a_few_people_agree_however_far_they_look_back(dice: Random) -> None:
    index_date = dice.choice(strategies.INDEX_DATES)
    some = tuple(dice.sample(CATALOGUE.definitions, dice.randint(1, 4)))
    behind = sorted({table for definition in some for table in strategies.tables_behind(definition.table)})
    record = strategies.throw_record(dice, index_date, behind, people=dice.randint(1, 4), definitions=some)
    cohort = strategies.throw_cohort(dice, record, index_date)
    gaps = strategies.throw_gaps(dice, ["patients", *behind, *strategies.OF_SPELLS])

    catalogue = Catalogue(some, CATALOGUE.codelists)
    windows = {
        f.name: dice.choice((None, 1, 20, 29, f.window)) for f in catalogue.features if f.window and dice.choice((0, 1))
    }

    engine = dice.choice(ENGINES)

    assert_they_agree(strategies.frames(record, gaps), cohort, catalogue, engines=[engine], windows=windows)


def _a_crowd_agrees(dice: Random, people: int, definitions: Sequence[Definition], *, with_gaps: bool) -> None:
    index_date = dice.choice(strategies.INDEX_DATES)
    record = strategies.throw_record(dice, index_date, people=people, definitions=definitions)
    cohort = strategies.throw_cohort(dice, record, index_date)
    gaps = strategies.throw_gaps(dice, list(record)) if with_gaps else ((), ())

    assert_they_agree(strategies.frames(record, gaps), cohort, Catalogue(tuple(definitions), CATALOGUE.codelists))


def test_all_features_of_a_crowd_agree() -> None:
    _a_crowd_agrees(Random(4), 100, CATALOGUE.definitions, with_gaps=False)


@settings(max_examples=2, deadline=None, phases=(Phase.reuse, Phase.generate))
@given(_FAST_DICE)
def test_some_features_of_a_crowd_agree_whatever_the_site_lacks(dice: Random) -> None:
    _a_crowd_agrees(dice, 40, dice.sample(CATALOGUE.definitions, 25), with_gaps=True)


@pytest.mark.slow
@settings(max_examples=5, deadline=None, phases=(Phase.reuse, Phase.generate))
@given(_FAST_DICE, st.booleans())
def test_all_features_of_many_crowds_agree(dice: Random, with_gaps: bool) -> None:
    _a_crowd_agrees(dice, 300, CATALOGUE.definitions, with_gaps=with_gaps)
