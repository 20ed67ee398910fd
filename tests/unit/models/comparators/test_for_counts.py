import numpy as np
import pandas as pd
import pytest

from vi_risk.models.comparators.for_counts import count_comparator_expectations


def people(rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """People whose count rises with age and with the count of last year."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {"age": rng.integers(18, 100, rows), "sex_female": rng.integers(0, 2, rows), "bed_days": rng.poisson(1.0, rows)}
    )
    mean = np.exp(-1.5 + 0.02 * (table["age"] - 60)) * (1 + table["bed_days"]) ** 0.8
    return table, rng.poisson(mean).astype(float)


def test_each_comparator_expects_as_many_as_come() -> None:
    training, y = people(20_000, seed=1)
    test, outcome = people(20_000, seed=2)
    found = count_comparator_expectations(training, y, test, last_year="bed_days")
    assert list(found.risks) == ["age_and_sex", "last_year"]
    for expected in found.risks.values():
        assert expected.shape == (20_000,)
        assert (expected > 0).all()
        assert expected.sum() == pytest.approx(outcome.sum(), rel=0.05)
    assert found.notes == {"last_year": "learnt from bed_days alone"}


def test_last_years_count_orders_people_as_it_does() -> None:
    training, y = people(3000, seed=1)
    test = pd.DataFrame({"age": 60, "sex_female": 0, "bed_days": [0, 3, 1, 40]})
    expected = count_comparator_expectations(training, y, test, last_year="bed_days").risks["last_year"]
    assert np.argsort(expected).tolist() == [0, 2, 1, 3]


def test_rows_of_weight_nought_take_no_part_and_weights_of_one_change_nothing() -> None:
    training, y = people(3000, seed=1)
    test, _ = people(50, seed=2)
    weight = np.random.default_rng(3).choice([0.0, 1.0, 2.0], 3000)
    seen = weight > 0
    changed = np.where(seen, y, 50)
    found = count_comparator_expectations(training, changed, test, last_year="bed_days", weight=weight)
    away = count_comparator_expectations(training[seen], y[seen], test, last_year="bed_days", weight=weight[seen])
    plain = count_comparator_expectations(training, y, test, last_year="bed_days")
    ones = count_comparator_expectations(training, y, test, last_year="bed_days", weight=np.ones(3000))
    for name in ("age_and_sex", "last_year"):
        np.testing.assert_allclose(found.risks[name], away.risks[name], rtol=1e-9)
        np.testing.assert_array_equal(ones.risks[name], plain.risks[name])
        assert not np.allclose(found.risks[name], plain.risks[name], rtol=1e-3)


def test_what_the_records_lack_is_said() -> None:
    training, y = people(300, seed=1)
    without = training.drop(columns="bed_days").assign(sex_female=np.nan)
    found = count_comparator_expectations(without, y, without, last_year="bed_days")
    assert not found.risks
    assert found.notes == {
        "age_and_sex": "not computed: the records do not tell sex_female",
        "last_year": "not computed: the records do not tell bed_days",
    }
