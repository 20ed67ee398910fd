"""Trees are cut at the column of reviews: their scores are those of the column at 0, and nothing of it is left."""

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vi_risk.errors import ViRiskError
from vi_risk.models.reviewed.trees import without_column

NAMES = ["a", "b", "c", "d", "at_work"]


def rows(seed: int, people: int = 800) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(people, len(NAMES)))
    values[rng.random(values.shape) < 0.1] = np.nan
    values[:, -1] = np.where(rng.random(people) < 0.4, rng.random(people), 0.0)
    return values


def grown(seed: int, values: np.ndarray, *, leaves: int = 15, columns: int = len(NAMES)) -> lgb.Booster:
    rng = np.random.default_rng(seed + 1)
    log_odds = np.nan_to_num(values[:, 0]) - 4 * values[:, columns - 1]
    outcome = (rng.random(len(values)) < 1 / (1 + np.exp(-log_odds))).astype(int)
    asked = {
        "objective": "binary", "num_leaves": leaves, "min_child_samples": 5, "seed": seed, "verbosity": -1,
        "num_threads": 1, "colsample_bytree": 0.7 if columns > 2 else 1.0,
        "monotone_constraints": [1, *[0] * (columns - 1)],
    }  # fmt: skip
    data = lgb.Dataset(values[:, :columns], outcome, feature_name=NAMES[: columns - 1] + NAMES[-1:], params=asked)
    return lgb.train(asked, data, num_boost_round=20)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), leaves=st.integers(2, 40))
def test_every_score_is_that_of_the_column_at_nought(seed: int, leaves: int) -> None:
    values = rows(seed)
    booster = grown(seed, values, leaves=leaves)
    not_reviewed = values.copy()
    not_reviewed[:, -1] = 0

    cut = without_column(booster, "at_work")

    assert cut.feature_name() == NAMES[:-1]
    np.testing.assert_array_equal(
        cut.predict(values[:, :-1], raw_score=True), booster.predict(not_reviewed, raw_score=True)
    )


def test_the_column_had_a_part_in_the_scores_before() -> None:
    values = rows(1)
    booster = grown(1, values)

    assert booster.feature_importance()[-1] > 0
    assert not np.array_equal(booster.predict(values), without_column(booster, "at_work").predict(values[:, :-1]))


def test_contributions_add_up_to_the_scores_and_saving_changes_nothing() -> None:
    values = rows(2)
    cut = without_column(grown(2, values), "at_work")

    parts = np.asarray(cut.predict(values[:, :-1], pred_contrib=True))

    np.testing.assert_allclose(parts.sum(axis=1), cut.predict(values[:, :-1], raw_score=True), atol=1e-9)
    assert lgb.Booster(model_str=cut.model_to_string()).model_to_string() == cut.model_to_string()


def test_a_tree_of_which_nothing_is_left_is_a_leaf() -> None:
    values = rows(3)[:, [1, 4]]
    values[:, 0] = 1.0
    values[0, 0] = 2.0  # divides nobody
    data = lgb.Dataset(values, (values[:, 1] > 0).astype(int), feature_name=["b", "at_work"], params={"verbosity": -1})
    booster = lgb.train({"objective": "binary", "num_leaves": 2, "verbosity": -1, "num_threads": 1}, data, 3)

    cut = without_column(booster, "at_work")

    assert cut.num_trees() == 3
    assert len({*cut.predict(values[:, :1])}) == 1


def test_a_column_elsewhere_is_refused() -> None:
    with pytest.raises(ViRiskError, match="expected as the last column"):
        without_column(grown(1, rows(1)), "b")
