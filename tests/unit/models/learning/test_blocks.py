"""A model does not depend on whether its rows were held, or lay in a file and were read a block at a time."""

from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from vi_risk.models.learning import blocks
from vi_risk.models.learning.blocks import BinnedBlocks, Blocks, HeldRows, SpilledRows
from vi_risk.models.learning.classifier import RiskClassifier
from vi_risk.models.learning.inputs import tells_nothing
from vi_risk.models.learning.uncertainty import fit_refits


@pytest.fixture
def table() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    values = np.where(rng.random((900, 6)) < 0.5, 0.0, rng.normal(2, 1, (900, 6)))
    values[rng.random(values.shape) < 0.1] = np.nan
    return pd.DataFrame(values, columns=list("abcdef"))


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "_ROWS_AT_ONCE", 64)
    monkeypatch.setattr(blocks._InBlocks, "batch_size", 64)


def spilled(table: pd.DataFrame, folder: Path) -> Blocks:
    path = folder / "rows"
    path.write_bytes(np.ascontiguousarray(table.to_numpy()).tobytes())
    return Blocks.of(SpilledRows(path, list(table.columns), len(table)))


def test_rows_and_columns_in_any_order_are_those_of_the_table(table: pd.DataFrame, tmp_path: Path) -> None:
    places = np.random.default_rng(1).permutation(900)[:300]
    for of in (Blocks.of(HeldRows(table)), spilled(table, tmp_path)):
        found = of.take(places).select(["e", "b"]).take(np.arange(10, 200))

        expected = table[["e", "b"]].iloc[places[10:200]].reset_index(drop=True)
        pd.testing.assert_frame_equal(found.table(), expected)
        pd.testing.assert_frame_equal(found.rows(slice(5, 9)), expected.iloc[5:9].reset_index(drop=True))


def test_a_column_that_is_not_there_is_told(table: pd.DataFrame) -> None:
    with pytest.raises(KeyError, match="no_such"):
        Blocks.of(HeldRows(table)).select(["a", "no_such"])


@pytest.mark.parametrize("sampled", [200, 5_000])
def test_the_bins_are_those_of_the_whole_matrix(table: pd.DataFrame, tmp_path: Path, sampled: int) -> None:
    outcome = (table["a"].fillna(0) + np.random.default_rng(2).normal(0, 1, 900) > 1).to_numpy(dtype=float)
    settings = {"objective": "binary", "seed": 7, "min_child_samples": 3, "verbosity": -1, "deterministic": True}
    settings |= {"bin_construct_sample_cnt": sampled, "num_threads": 1}

    whole = lgb.train(settings, lgb.Dataset(table, outcome, params=settings), 5)
    binned = BinnedBlocks(spilled(table, tmp_path), outcome, params=settings, feature_name=list(table))
    read = lgb.train(settings, binned, 5)

    assert read.model_to_string() == whole.model_to_string()


def test_a_model_of_spilled_rows_is_that_of_the_table(table: pd.DataFrame, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    outcome = rng.random(900) < np.where(table["a"].fillna(0) > 1, 0.7, 0.2)
    patients, weight = np.arange(900) // 2, np.where(rng.random(900) < 0.1, 0, 1 + rng.random(900))
    model = RiskClassifier(n_estimators=15, min_child_samples=5, min_events=5, num_threads=1)
    held = model.fit(table, outcome, patients, weight)
    of_table = fit_refits(held, table, outcome, groups=patients, sample_weight=weight, refits=2)

    other = RiskClassifier(n_estimators=15, min_child_samples=5, min_events=5, num_threads=1)
    read = other.fit(spilled(table, tmp_path), outcome, patients, weight)
    of_file = fit_refits(read, spilled(table, tmp_path), outcome, groups=patients, sample_weight=weight, refits=2)

    assert read.booster_.model_to_string() == held.booster_.model_to_string()
    np.testing.assert_array_equal(read.unseen_raw_, held.unseen_raw_)
    np.testing.assert_array_equal(of_file.risks(spilled(table, tmp_path)), of_table.risks(table))


def test_what_tells_nothing_is_found_across_blocks(tmp_path: Path) -> None:
    long = pd.DataFrame({"late": [1.0] * 199 + [2.0], "same": 3.0, "none": np.nan, "some": [np.nan] * 199 + [1.0]})

    assert tells_nothing(spilled(long, tmp_path)).tolist() == [False, True, True, False]
    assert spilled(long, tmp_path).told == ["late", "same", "some"]
