from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from vi_risk.models.comparators import learners
from vi_risk.models.comparators.learners import LEARNERS, l1_logistic_regression, one_row_each
from vi_risk.models.evidence import metrics
from vi_risk.models.learning.calibration import risk_of


def people(rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Ten features of which two matter, one of them missing where nothing was seen, and one that nobody has."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({f"noise_{n}": rng.normal(size=rows) for n in range(8)})
    table["points"] = rng.poisson(1.0, rows).astype(float)
    table["seen"] = rng.normal(size=rows)
    log_odds = -2.5 + 0.7 * table["points"] + 0.8 * table["seen"]
    y = (rng.random(rows) < risk_of(log_odds)).astype(float)
    table.loc[rng.random(rows) < 0.2, "seen"] = np.nan
    return table.assign(nobody=np.nan), y


def learn(name: str, **changes: Any) -> tuple[np.ndarray, str]:
    training, y = people(3000, seed=1)
    test, _ = people(1000, seed=2)
    given: dict[str, Any] = {"patient_id": np.arange(3000) // 2, "seed": 1} | changes
    return LEARNERS[name](training, y, test, **given)


@pytest.mark.parametrize("name", LEARNERS)
def test_a_learner_finds_what_matters_and_is_calibrated(name: str) -> None:
    risk, _ = learn(name)
    _, y = people(1000, seed=2)
    assert (metrics.auroc(risk, y) or 0) > 0.72
    assert metrics.calibration_in_the_large(risk, y) == pytest.approx(0, abs=0.3)


@pytest.mark.parametrize("name", LEARNERS)
def test_the_same_rows_and_seed_give_the_same_risks(name: str) -> None:
    np.testing.assert_array_equal(learn(name)[0], learn(name)[0])


@pytest.mark.parametrize("name", LEARNERS)
def test_risks_do_not_depend_on_how_many_rows_are_scored_at_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = learn(name)[0]
    monkeypatch.setattr(learners, "_BATCH", 300)
    np.testing.assert_allclose(learn(name)[0], at_once, rtol=1e-12)


def test_the_penalty_drops_features_that_do_not_matter_and_the_note_says_how_many() -> None:
    _, note = learn("l1_logistic_regression")
    kept, columns = (int(number) for number in (note.split()[0], note.split()[2]))
    assert columns == 11  # ten features that are told, and that one is missing
    assert 2 <= kept < 11
    assert "one row each of 1,500 people, of 3,000 training rows" in note


def test_a_sample_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learners, "MOST_ROWS", 2000)
    monkeypatch.setattr(learners, "MOST_PEOPLE", 1000)
    assert "fitted on 2,000 of 3,000 training rows" in learn("hist_gradient_boosting")[1]
    assert "one row each of 1,000 people" in learn("l1_logistic_regression")[1]


def test_one_row_each_takes_nobody_twice_and_not_always_the_first() -> None:
    patients = np.repeat(np.arange(200), 3)
    rows = one_row_each(patients, most=1000, seed=3)
    assert sorted(patients[rows]) == list(range(200))
    assert set(rows % 3) == {0, 1, 2}
    assert one_row_each(patients, most=50, seed=3).size == 50
    np.testing.assert_array_equal(rows, one_row_each(patients, most=1000, seed=3))


@pytest.mark.parametrize("name", LEARNERS)
def test_rows_of_weight_nought_take_no_part_and_weights_of_one_change_nothing(name: str) -> None:
    training, y = people(3000, seed=1)
    test, _ = people(200, seed=2)
    weight = np.where(np.arange(3000) < 1500, 0.0, np.random.default_rng(3).choice([1.0, 2.0], 3000))
    given: dict[str, Any] = {"patient_id": np.arange(3000), "seed": 1}
    risk, note = LEARNERS[name](training, np.where(weight > 0, y, 1), test, weight=weight, **given)
    away, _ = LEARNERS[name](
        training.iloc[1500:], y[1500:], test, weight=weight[1500:], patient_id=np.arange(1500), seed=1
    )
    np.testing.assert_allclose(risk, away, rtol=1e-9)
    assert "1,500" in note
    ones, _ = LEARNERS[name](training, y, test, weight=np.ones(3000), **given)
    np.testing.assert_array_equal(ones, LEARNERS[name](training, y, test, **given)[0])
    assert not np.allclose(ones, risk, rtol=1e-2)


def test_two_threads_at_once_learn_what_each_learns_alone() -> None:
    def risks(seed: int) -> NDArray[np.float64]:
        drawn = np.random.default_rng(seed)
        people = pd.DataFrame(drawn.normal(size=(1500, 6)), columns=[*"abcdef"])
        admitted = drawn.random(1500) < 1 / (1 + np.exp(1 - people["a"]))
        return l1_logistic_regression(people, admitted, people, patient_id=np.arange(1500), seed=seed)[0]

    alone = [risks(1), risks(2)]
    for _ in range(8):
        with ThreadPoolExecutor(2) as two:
            together = list(two.map(risks, (1, 2)))
        assert all((one == other).all() for one, other in zip(alone, together, strict=True))
