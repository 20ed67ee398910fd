"""LACE on cases worked by hand from the published points."""

import numpy as np
import pandas as pd
import pytest

from vi_risk.errors import InputError
from vi_risk.models.comparators.published.lace import COLUMNS, OF_CONDITION, comorbidity_points, lace, lace_risk

HEALTHY = dict.fromkeys(OF_CONDITION, 0.0)


def points_of(days: float, acute: float, comorbidity: float, visits: float) -> float:
    (points,) = lace(pd.DataFrame([dict(zip(COLUMNS, (days, acute, comorbidity, visits), strict=True))]))
    return float(points)


@pytest.mark.parametrize(
    ("given", "points"),
    [
        ((0, 0, 0, 0), 0),
        ((2, 0, 0, 0), 2),
        ((1, 1, 0, 0), 1 + 3),
        ((5, 1, 2, 1), 4 + 3 + 2 + 1),
        ((5, 1, 5, 2), 4 + 3 + 5 + 2),
        ((9, 1, 3, 3), 5 + 3 + 3 + 3),
        ((30, 1, 12, 7), 7 + 3 + 5 + 4),
    ],
)
def test_the_points_are_those_added_up_by_hand(given: tuple[float, float, float, float], points: float) -> None:
    assert points_of(*given) == points


@pytest.mark.parametrize(
    ("days", "points"), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (6, 4), (7, 5), (13, 5), (14, 7), (200, 7)]
)
def test_length_of_stay_counts_by_its_band(days: float, points: float) -> None:
    assert points_of(days, 0, 0, 0) == points


@pytest.mark.parametrize(("comorbidity", "points"), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 5), (5, 5), (20, 5)])
def test_comorbidity_of_four_or_more_counts_five(comorbidity: float, points: float) -> None:
    assert points_of(0, 0, comorbidity, 0) == points


@pytest.mark.parametrize(("visits", "points"), [(0, 0), (1, 1), (3, 3), (4, 4), (11, 4)])
def test_no_more_than_four_emergency_visits_count(visits: float, points: float) -> None:
    assert points_of(0, 0, 0, visits) == points


@pytest.mark.parametrize(
    ("conditions", "points"),
    [
        ((), 0),
        (("previous_myocardial_infarction", "cerebrovascular_disease", "peripheral_vascular_disease"), 3),
        (("congestive_heart_failure", "chronic_pulmonary_disease"), 4),
        (("dementia", "connective_tissue_disease"), 6),
        (("aids",), 4),
        (("diabetes_without_complications",), 1),
        (("diabetes_without_complications", "diabetes_with_end_organ_damage"), 2),
        (("mild_liver_disease", "moderate_or_severe_liver_disease"), 4),
        (("mild_renal_disease",), 2),
        (("mild_renal_disease", "moderate_or_severe_renal_disease"), 4),
        (("any_tumour",), 2),
        (("any_tumour", "metastatic_solid_tumour"), 6),
    ],
)
def test_conditions_count_once_and_a_severe_form_in_place_of_its_mild_one(
    conditions: tuple[str, ...], points: float
) -> None:
    assert comorbidity_points(pd.DataFrame([HEALTHY | dict.fromkeys(conditions, 1.0)])).tolist() == [points]


def test_the_expected_risk_is_the_published_one_at_both_ends_and_rises() -> None:
    risks = lace_risk(pd.Series(np.arange(20.0)))
    assert (risks.iloc[0], risks.iloc[19]) == (pytest.approx(0.020), pytest.approx(0.437))
    assert (risks.diff().dropna() > 0).all()
    steps = np.diff(np.log(risks / (1 - risks)))
    np.testing.assert_allclose(steps, steps[0])


@pytest.mark.parametrize("column", COLUMNS)
def test_without_one_input_there_are_no_points(column: str) -> None:
    whole = dict.fromkeys(COLUMNS, 1.0)
    points = lace(pd.DataFrame([whole, whole | {column: np.nan}], index=["Ann", "Bob"]))
    assert points.notna().to_dict() == {"Ann": True, "Bob": False}
    assert lace_risk(points).isna().tolist() == [False, True]


def test_a_condition_not_known_leaves_the_comorbidity_not_known() -> None:
    assert comorbidity_points(pd.DataFrame([HEALTHY | {"dementia": np.nan}])).isna().all()


def test_what_a_table_lacks_is_told() -> None:
    with pytest.raises(InputError, match="LACE: the table lacks acute_admission"):
        lace(pd.DataFrame({name: [1.0] for name in COLUMNS if name != "acute_admission"}))
    with pytest.raises(InputError, match="LACE: aids: 1 of 1 values are not 1 or 0"):
        comorbidity_points(pd.DataFrame([HEALTHY | {"aids": 2.0}]))
