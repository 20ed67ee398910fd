"""PARR-30 on cases worked by hand from the published coefficients."""

import numpy as np
import pandas as pd
import pytest

from vi_risk.errors import InputError
from vi_risk.models.comparators.published.parr30 import COLUMNS, OF_CONDITION, parr30

NOTHING = dict.fromkeys(COLUMNS, 0.0)


def log_odds(hospital_effect: float = 0.0, **given: float) -> float:
    (risk,) = parr30(pd.DataFrame([NOTHING | given]), hospital_effect=hospital_effect)
    return float(np.log(risk / (1 - risk)))


@pytest.mark.parametrize(
    ("given", "total", "risk"),
    [
        ({}, -2.91821, 0.0513),
        ({"age": 70}, -2.91821 + 0.2968469, 0.0678),
        # -2.91821 + 80 squared 0.3877184 + emergency 0.5565
        ({"age": 80, "current_admission_emergency": 1}, -1.9739916, 0.1220),
        # -2.91821 + 0.3877184 + IMD 30: 0.0661 + two admissions 0.2430 + 0.5258 + 0.5565 + 0.0950 + 0.2243
        (
            {
                "age": 80,
                "deprivation_score": 30,
                "emergency_admissions_last_year": 2,
                "emergency_admission_last_30_days": 1,
                "current_admission_emergency": 1,
                "congestive_heart_failure": 1,
                "chronic_pulmonary_disease": 1,
            },
            -0.8197916,
            0.3058,
        ),
        # -2.91821 + 45 squared 0.1226765 + IMD 62: 0.0982 + 0.5565 + metastatic 0.2762 + other malignant 0.5069
        (
            {
                "age": 45,
                "deprivation_score": 62,
                "current_admission_emergency": 1,
                "metastatic_cancer_with_solid_tumour": 1,
                "other_malignant_cancer": 1,
            },
            -1.3577335,
            0.2046,
        ),
        # every condition: 2.1835 in all
        (dict.fromkeys(OF_CONDITION, 1.0), -2.91821 + 2.1835, 0.3242),
    ],
)
def test_the_risk_is_that_of_the_sum_worked_by_hand(given: dict[str, float], total: float, risk: float) -> None:
    assert log_odds(**given) == pytest.approx(total, abs=1e-7)
    assert parr30(pd.DataFrame([NOTHING | given])).round(4).tolist() == [risk]


@pytest.mark.parametrize(
    ("condition", "coefficient"),
    [
        ("congestive_heart_failure", 0.0950),
        ("peripheral_vascular_disease", 0.1043),
        ("chronic_pulmonary_disease", 0.2243),
        ("diabetes_with_chronic_complications", 0.1457),
        ("renal_disease", 0.1977),
        ("metastatic_cancer_with_solid_tumour", 0.2762),
        ("other_malignant_cancer", 0.5069),
        ("moderate_or_severe_liver_disease", 0.2673),
        ("other_liver_disease", 0.2133),
        ("hemiplegia_or_paraplegia", 0.1061),
        ("dementia", 0.0467),
    ],
)
def test_each_condition_adds_its_coefficient(condition: str, coefficient: float) -> None:
    assert log_odds(**{condition: 1}) - log_odds() == pytest.approx(coefficient, abs=1e-9)


@pytest.mark.parametrize(
    ("score", "coefficient"),
    [
        (0, 0), (9.99, 0), (10, 0.0209), (14.99, 0.0209), (15, 0.0239), (24.99, 0.0239), (25, 0.0661), (39.99, 0.0661),
        (40, 0.1017), (49.99, 0.1017), (50, 0.0982), (92, 0.0982),
    ],
)  # fmt: skip
def test_deprivation_counts_by_its_band(score: float, coefficient: float) -> None:
    assert log_odds(deprivation_score=score) - log_odds() == pytest.approx(coefficient, abs=1e-9)


def test_the_hospitals_coefficient_is_added_where_it_is_given() -> None:
    assert log_odds(hospital_effect=-0.1756, age=70) == pytest.approx(-2.91821 + 0.2968469 - 0.1756, abs=1e-9)


@pytest.mark.parametrize("column", COLUMNS)
def test_without_one_input_there_is_no_risk(column: str) -> None:
    whole = NOTHING | {"age": 50.0}
    risks = parr30(pd.DataFrame([whole, whole | {column: np.nan}], index=["Ann", "Bob"]))
    assert risks.notna().to_dict() == {"Ann": True, "Bob": False}


def test_all_faults_of_a_table_are_told_and_no_value_is() -> None:
    table = pd.DataFrame([NOTHING | {"age": -77.0, "dementia": 0.37}, NOTHING | {"dementia": np.inf}])
    with pytest.raises(InputError) as raised:
        parr30(table.drop(columns="renal_disease").assign(deprivation_score="much"))
    message = str(raised.value)
    assert "PARR-30: the table lacks renal_disease." in message
    assert "PARR-30: age: 1 of 2 values are not 0 or more." in message
    assert "PARR-30: dementia: 2 of 2 values are not 1 or 0." in message
    assert "PARR-30: deprivation_score: expected numbers" in message
    assert "77" not in message
    assert "0.37" not in message


def test_the_table_is_left_as_it_was_and_its_own_dtypes_do() -> None:
    table = pd.DataFrame([NOTHING | {"age": 70}]).astype("Int64").assign(dementia=pd.array([True], dtype="boolean"))
    before = table.copy()
    assert parr30(table).round(4).tolist() == [0.0708]
    pd.testing.assert_frame_equal(table, before)
