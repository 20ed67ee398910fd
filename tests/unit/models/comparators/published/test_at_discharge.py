"""The published scores of people as the records show them on the day after they left hospital: 1 March 2024."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pytest

from tests.spec.features.asking import Entry, diagnosis, ed, spell, values_of
from vi_risk.features.catalogue import read_catalogue
from vi_risk.models.comparators.published import lace, parr30
from vi_risk.models.comparators.published.at_discharge import PUBLISHED, SCORE_OF_DECILE, lace_inputs, parr30_inputs

SHIPPED = read_catalogue()
NAMED = {
    "emergency_admissions", "age", "last_stay_nights", "last_stay_emergency", "last_stay_through_ed",
    "last_stay_soon_after_another", "ed_attendances_half_year", "charlson_group", "severe_kidney_disease",
}  # fmt: skip
DEFINITIONS = [definition for definition in SHIPPED.definitions if definition.name in NAMED]
LISTS = [SHIPPED.codelists[name] for name in ("charlson", "severe_kidney_disease")]

# Born in June 1950: 73 years old.
PEOPLE: Mapping[str, Sequence[Entry]] = {
    # Five nights after an A&E visit; two weeks after the discharge from another emergency.
    "Ann": [
        spell("1", 40, 20, admission_method="22"),
        spell("2", 6, 1),
        diagnosis("1", 1, "I500"),
        diagnosis("2", 1, "J189"),
        diagnosis("2", 2, "E119"),
        diagnosis("2", 3, "N184"),
        *(ed(days) for days in (6, 100, 200)),
    ],
    # Three nights for an operation; an emergency last summer, a longer stay before the two years.
    "Bob": [
        spell("3", 900, 850),
        spell("4", 200, 190),
        spell("5", 4, 1, admission_method="11"),
        diagnosis("3", 1, "F03"),
        diagnosis("4", 1, "C189"),
        diagnosis("4", 2, "C787"),
    ],
    # Brought in by the GP, home the same day, not in hospital before.
    "Cat": [spell("6", 1, 1, admission_method="22")],
    # Out after seven weeks; the visit and the planned stay came before, the planned stay shortly before.
    "Dan": [
        spell("7", 60, 55, admission_method="11"),
        spell("8", 50, 1),
        ed(50),
        ed(52),
    ],
    "Eve": [],
}


@pytest.fixture(scope="module")
def features() -> pd.DataFrame:
    return pd.DataFrame(values_of(DEFINITIONS, PEOPLE, codes=LISTS)).astype("float64")


def test_parr30_reads_the_stay_that_has_just_ended_and_what_was_before_it(features: pd.DataFrame) -> None:
    inputs = parr30_inputs(features)
    told = inputs[[*parr30.COLUMNS[2:5], "age"]]
    assert told.loc["Ann"].tolist() == [1, 1, 1, 73]
    assert told.loc["Bob"].tolist() == [1, 0, 0, 73]
    assert told.loc["Cat"].tolist() == [0, 0, 1, 73]
    assert told.loc["Dan"].tolist() == [0, 0, 1, 73]  # the stay shortly before was no emergency, and nor was any other
    conditions = {who: [name for name in parr30.OF_CONDITION if row[name]] for who, row in inputs.iterrows()}
    assert conditions == {
        "Ann": ["congestive_heart_failure", "renal_disease"],
        "Bob": ["metastatic_cancer_with_solid_tumour", "other_malignant_cancer"],
        "Cat": [], "Dan": [], "Eve": [],
    }  # fmt: skip


def test_lace_reads_the_stay_that_has_just_ended_and_what_was_before_it(features: pd.DataFrame) -> None:
    inputs = lace_inputs(features)
    assert inputs.loc["Ann"].tolist() == [5, 1, 2 + 1 + 4, 1]
    assert inputs.loc["Bob"].tolist() == [3, 0, 6, 0]
    assert inputs.loc["Cat"].tolist() == [0, 1, 0, 0]
    assert inputs.loc["Dan"].tolist() == [49, 1, 0, 1]
    assert lace.lace(inputs).loc[["Ann", "Bob", "Cat", "Dan"]].tolist() == [4 + 3 + 5 + 1, 3 + 5, 3, 7 + 3 + 1]


def test_the_risks_are_those_worked_by_hand(features: pd.DataFrame) -> None:
    discharged = features.drop("Eve")
    age, middle = 0.000060581 * 73**2, 0.0239
    log_odds = {
        "Ann": age + middle + 0.1215 + 0.5258 + 0.5565 + 0.0950 + 0.1977,
        "Bob": age + middle + 0.1215 + 0.2762 + 0.5069,
        "Cat": age + middle + 0.5565,
        "Dan": age + middle + 0.5565,
    }
    by_hand = [1 / (1 + np.exp(2.91821 - of_one)) for of_one in log_odds.values()]
    np.testing.assert_allclose(PUBLISHED["parr30"].risks(discharged), by_hand)
    np.testing.assert_allclose(PUBLISHED["lace"].risks(discharged), lace.lace_risk(pd.Series([13, 8, 3, 11])))


def test_who_was_in_no_hospital_has_the_median_of_the_others(features: pd.DataFrame) -> None:
    for score in PUBLISHED.values():
        assert score.value(features).isna().tolist() == [False] * 4 + [True]
        values = score.values(features)
        assert values[4] == np.median(values[:4])
        assert np.isfinite(score.risks(features)).all()


@pytest.mark.parametrize(("decile", "coefficient"), [(1, 0.0982), (3, 0.0661), (4, 0.0239), (7, 0.0209), (10, 0.0)])
def test_parr30_takes_the_decile_of_the_area_for_its_score(
    features: pd.DataFrame, decile: int, coefficient: float
) -> None:
    of_decile = PUBLISHED["parr30"].values(features.assign(imd_decile=float(decile)))
    of_nobody_known = PUBLISHED["parr30"].values(features.assign(imd_decile=np.nan))
    np.testing.assert_allclose(of_decile - of_nobody_known, coefficient - 0.0239, atol=1e-9)


def test_a_deeper_deprivation_has_a_higher_score_in_every_decile() -> None:
    scores = [SCORE_OF_DECILE[decile] for decile in range(1, 11)]
    assert scores == sorted(scores, reverse=True)


def test_aids_counts_where_governance_lets_its_codes_in(features: pd.DataFrame) -> None:
    with_codes = features.assign(charlson_group_hiv_730d=1.0)
    more = lace_inputs(with_codes)["comorbidity_points"] - lace_inputs(features)["comorbidity_points"]
    assert more.tolist() == [4.0] * 5


def test_a_score_names_the_features_that_the_records_do_not_tell(features: pd.DataFrame) -> None:
    without = features.assign(ed_attendances_half_year_183d=np.nan)
    assert PUBLISHED["lace"].lacks(without) == ["ed_attendances_half_year_183d"]
    assert PUBLISHED["parr30"].lacks(without) == []
    assert PUBLISHED["parr30"].lacks(without.drop(columns="age")) == ["age"]


def test_every_feature_that_a_score_needs_is_in_the_catalogue() -> None:
    declared = {feature.name for feature in SHIPPED.features}
    for name, score in PUBLISHED.items():
        assert score.name == name
        assert set(score.features) <= declared
