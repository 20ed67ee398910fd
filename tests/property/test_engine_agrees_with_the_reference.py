"""The engine and the slow reference are written from one page, features/README.md, and must say the same."""

from pathlib import Path

import pandas as pd
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.property import strategies
from tests.reference.slow_features import slow_features
from vi_risk.features.declarations import Catalogue, Definition, read_catalogue
from vi_risk.features.engine import compute_features
from vi_risk.records.linked import Records

CATALOGUE = read_catalogue(Path(__file__).parent / "features")
_SLOW_TO_DRAW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)


def _name(definition: Definition) -> str:
    return definition.name


def assert_they_agree(tables: dict[str, pd.DataFrame], cohort: pd.DataFrame, catalogue: Catalogue) -> None:
    fast = compute_features(Records.from_frames(tables), cohort, catalogue)
    slow = slow_features(tables, cohort, catalogue)
    pd.testing.assert_frame_equal(fast, slow, check_dtype=False, atol=1e-9)


@settings(max_examples=20, deadline=None, suppress_health_check=_SLOW_TO_DRAW)
@given(data=st.data())
def test_a_few_features_of_a_few_people_agree(data: st.DataObject) -> None:
    index_date = data.draw(st.sampled_from(strategies.INDEX_DATES))
    some = data.draw(st.lists(st.sampled_from(CATALOGUE.definitions), min_size=1, max_size=4, unique_by=_name))
    behind = sorted({table for definition in some for table in strategies.tables_behind(definition.table)})
    record = data.draw(strategies.records(index_date, behind))
    cohort = data.draw(strategies.cohorts(record, index_date))
    tables = strategies.frames(record, data.draw(strategies.gaps()))

    assert_they_agree(tables, cohort, Catalogue(tuple(some), CATALOGUE.codelists))


@settings(max_examples=2, deadline=None, suppress_health_check=_SLOW_TO_DRAW, phases=(Phase.reuse, Phase.generate))
@given(data=st.data())
def test_all_shipped_features_computed_together_agree(data: st.DataObject) -> None:
    index_date = data.draw(st.sampled_from(strategies.INDEX_DATES))
    record = data.draw(strategies.records(index_date, max_rows=2))
    cohort = data.draw(strategies.cohorts(record, index_date))

    assert_they_agree(strategies.frames(record), cohort, read_catalogue())
