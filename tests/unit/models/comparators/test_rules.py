import numpy as np
import pandas as pd
import pytest

from vi_risk.errors import InputError
from vi_risk.models.comparators.learners import LEARNERS
from vi_risk.models.comparators.rules import COMPARATORS, Compared, comparator_risks
from vi_risk.models.evidence import metrics
from vi_risk.models.learning.calibration import risk_of


def people(rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """People whose risk is high in infancy and in old age, rises with prior admissions, and is lower in women."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "patient_id": [f"P{number}" for number in range(rows)],
            "age": rng.integers(0, 100, rows),
            "sex_female": rng.integers(0, 2, rows),
            "emergency_admissions_365d": rng.poisson(0.4, rows),
        }
    )
    log_odds = (
        ((table["age"] - 40) / 25) ** 2
        - 0.6 * table["sex_female"]
        + 0.8 * table["emergency_admissions_365d"].clip(upper=3)
        - 3
    )
    return table, (rng.random(rows) < risk_of(log_odds)).astype(int)


def compared(training: pd.DataFrame, y: np.ndarray, test: pd.DataFrame, inputs: tuple[str, ...] = ()) -> Compared:
    return comparator_risks(training, y, test, patient_id=training["patient_id"], inputs=inputs)


def test_every_comparator_gives_a_risk_to_every_test_row() -> None:
    training, y = people(3000, seed=1)
    test, _ = people(500, seed=2)
    scores = {"charlson_points_1095d": 1.0, "hospital_frailty_score_730d": 2.5}
    flags = {"three_or_more_emergency_admissions_365d": 1.0}
    risks = compared(training.assign(**scores, **flags), y, test.assign(**scores, **flags), ("age",)).risks
    assert list(risks) == [*COMPARATORS, *LEARNERS]
    for risk in risks.values():
        assert risk.shape == (500,)
        assert ((risk > 0) & (risk < 1)).all()


def test_age_and_sex_finds_risk_at_both_ends_of_life_and_lower_risk_in_women() -> None:
    training, y = people(20_000, seed=1)
    test = pd.DataFrame({"age": [1, 40, 95, 60, 60], "sex_female": [0, 0, 0, 0, 1]})
    infant, middle, old, man, woman = COMPARATORS["age_and_sex"].risks(training, y, test)
    assert infant > 2 * middle
    assert old > 2 * middle
    assert man > woman


def test_comparators_are_calibrated_on_people_like_those_they_learnt_from() -> None:
    training, y = people(100_000, seed=1)
    test, outcome = people(100_000, seed=2)
    for risk in compared(training, y, test).risks.values():
        assert metrics.calibration_in_the_large(risk, outcome.astype(float)) == pytest.approx(0, abs=0.1)
        assert metrics.calibration_slope(risk, outcome.astype(float)) == pytest.approx(1, abs=0.1)


def test_admissions_last_year_ranks_as_the_count_does_and_ties_equal_counts() -> None:
    training, y = people(3000, seed=1)
    test = pd.DataFrame({"emergency_admissions_365d": [0, 3, 1, 3, 60]})
    risk = COMPARATORS["admissions_last_year"].risks(training, y, test)
    assert np.argsort(-risk, kind="stable").tolist() == [4, 1, 3, 2, 0]
    assert risk[1] == risk[3]


def test_only_the_named_columns_are_looked_at() -> None:
    training, y = people(2000, seed=1)
    test, _ = people(100, seed=2)
    risk = COMPARATORS["admissions_last_year"].risks(training, y, test)
    other = COMPARATORS["admissions_last_year"].risks(training.assign(age=0), y, test.assign(sex_female=1))
    np.testing.assert_array_equal(risk, other)


def test_unknown_sex_has_its_own_place() -> None:
    training, y = people(20_000, seed=1)
    sex = training["sex_female"].astype("Int64").mask(training.index < 500)
    y = np.where(training.index < 500, 1, y)
    test = pd.DataFrame({"age": [50, 50], "sex_female": pd.array([0, None], dtype="Int64")})
    known, unknown = COMPARATORS["age_and_sex"].risks(training.assign(sex_female=sex), y, test)
    assert unknown > known


def test_the_tables_are_left_as_they_were() -> None:
    training, y = people(1000, seed=1)
    before = training.copy(deep=True)
    compared(training, y, training, ("age", "sex_female"))
    pd.testing.assert_frame_equal(training, before)


@pytest.mark.parametrize("kind", ["training", "test"])
def test_a_missing_column_is_named_with_the_table_that_lacks_it(kind: str) -> None:
    tables = {name: people(100, seed=1)[0] for name in ("training", "test")}
    y = people(100, seed=1)[1]
    tables[kind] = tables[kind].drop(columns="sex_female")
    with pytest.raises(InputError, match=f"age_and_sex: needs age, sex_female; the {kind} rows lack sex_female"):
        COMPARATORS["age_and_sex"].risks(tables["training"], y, tables["test"])


def test_a_comparator_whose_features_the_records_lack_is_left_out_and_says_so() -> None:
    training, y = people(500, seed=1)
    nothing_seen = training.assign(charlson_points_1095d=np.nan)
    found = compared(nothing_seen, y, nothing_seen)
    assert set(found.risks) == {"age_and_sex", "admissions_last_year", "pilot_flags"}
    assert found.notes["charlson"] == "not computed: the records do not tell charlson_points_1095d"
    assert found.notes["hospital_frailty"] == "not computed: the records do not tell hospital_frailty_score_730d"


def test_the_pilot_flags_say_which_of_them_the_records_do_not_tell() -> None:
    training, y = people(500, seed=1)
    note = compared(training, y, training).notes["pilot_flags"]
    assert note.startswith("number of flags raised: three or more unplanned admissions; the records do not tell ")
    assert "care home" in note
    without = training.drop(columns="emergency_admissions_365d")
    assert compared(without, y, without).notes["pilot_flags"] == (
        "not computed: the records do not tell any of its flags"
    )


def test_rows_of_weight_nought_take_no_part_and_weights_of_one_change_nothing() -> None:
    training, y = people(3000, seed=1)
    test, _ = people(50, seed=2)
    weight = np.random.default_rng(3).choice([0.0, 1.0, 2.0], 3000)
    seen = weight > 0
    for name in ("age_and_sex", "admissions_last_year"):
        comparator = COMPARATORS[name]
        found = comparator.risks(training, np.where(seen, y, 1), test, weight)
        np.testing.assert_allclose(found, comparator.risks(training[seen], y[seen], test, weight[seen]), rtol=1e-12)
        assert not np.allclose(found, comparator.risks(training[seen], y[seen], test), rtol=1e-3)
        np.testing.assert_array_equal(
            comparator.risks(training, y, test, np.ones(3000)), comparator.risks(training, y, test)
        )


def test_weights_reach_every_comparator() -> None:
    training, y = people(3000, seed=1)
    test, _ = people(50, seed=2)
    doubled = np.where(y == 1, 2.0, 1.0)
    plain = compared(training, y, test, ("age", "emergency_admissions_365d")).risks
    found = comparator_risks(
        training,
        y,
        test,
        patient_id=training["patient_id"],
        inputs=("age", "emergency_admissions_365d"),
        weight=doubled,
    ).risks
    assert list(found) == list(plain)
    for name, risk in found.items():
        assert risk.mean() > plain[name].mean() + 0.03, name
