from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from vi_risk.errors import InputError, SpecificationError, ViRiskError
from vi_risk.models.evidence import metrics
from vi_risk.models.learning import boosting
from vi_risk.models.learning.calibration import risk_of
from vi_risk.models.learning.calibrators import CALIBRATORS, SigmoidCalibrator
from vi_risk.models.learning.classifier import RiskClassifier
from vi_risk.models.learning.counts import CountRegressor
from vi_risk.models.learning.inputs import BASE, Inputs, as_table, tells_nothing

# One thread: OpenMP threads wait for each other at great length where test processes share the cores.
PARAMETERS: dict[str, Any] = {"n_estimators": 40, "learning_rate": 0.1, "min_child_samples": 20, "num_threads": 1}


Population = tuple[pd.DataFrame, np.ndarray, np.ndarray]


def practice_population(patients: int = 2000, seed: int = 5) -> Population:
    """Two index dates for each patient: features of every kind, outcomes that depend on four of them."""
    rng = np.random.default_rng(seed)
    rows = 2 * patients
    features = pd.DataFrame(
        {
            "age": rng.integers(18, 100, rows),
            "emergency_admissions_365d": rng.poisson(0.3, rows),
            "last_egfr": np.where(rng.random(rows) < 0.4, np.nan, rng.normal(70, 20, rows)),
            "community_team": pd.Categorical(rng.choice(["matron", "falls", "none"], rows)),
            "smoker": rng.random(rows) < 0.2,
            "days since contact": pd.array(rng.integers(0, 400, rows), dtype="Int64"),
        }
    )
    features.loc[::7, "days since contact"] = pd.NA
    log_odds = (
        -4.0
        + 0.03 * (features["age"] - 18)
        + 0.9 * features["emergency_admissions_365d"]
        + 0.8 * (features["community_team"] == "matron")
        + 0.5 * features["smoker"]
    )
    y = (rng.random(rows) < risk_of(log_odds)).astype(int)
    return features, y, np.repeat(np.arange(patients), 2)


@pytest.fixture(scope="module")
def population() -> Population:
    return practice_population()


@pytest.fixture(scope="module")
def model(population: Population) -> RiskClassifier:
    features, y, patients = population
    return RiskClassifier(**PARAMETERS).fit(features, y, groups=patients)


@pytest.fixture(scope="module")
def features(population: Population) -> pd.DataFrame:
    return population[0]


@pytest.mark.parametrize("num_threads", [1, 2])
def test_the_same_rows_and_parameters_give_the_same_model_text(population: Population, num_threads: int) -> None:
    features, y, patients = population
    settings = PARAMETERS | {"n_estimators": 8, "subsample": 0.8, "num_threads": num_threads}
    one, other = (RiskClassifier(**settings).fit(features.copy(), y.copy(), groups=patients) for _ in range(2))
    assert one.booster_.model_to_string() == other.booster_.model_to_string()
    assert one.calibrator_ == other.calibrator_


def test_another_seed_gives_another_model(population: Population) -> None:
    features, y, patients = population
    one, other = (RiskClassifier(**PARAMETERS, seed=seed).fit(features, y, groups=patients) for seed in (1, 2))
    assert not np.array_equal(other.predict_raw(features), one.predict_raw(features))


def test_fitting_leaves_the_callers_table_as_it_was() -> None:
    features, y, patients = practice_population(500)
    before = features.copy(deep=True)
    RiskClassifier(**PARAMETERS).fit(features, y, groups=patients)
    pd.testing.assert_frame_equal(features, before)


def test_risks_of_new_patients_are_calibrated_and_find_the_outcome(model: RiskClassifier) -> None:
    features, y, _ = practice_population(10_000, seed=6)
    risk = model.predict_proba(features)[:, 1]
    outcome = y.astype(float)
    slope, in_the_large = metrics.calibration_slope(risk, outcome), metrics.calibration_in_the_large(risk, outcome)
    assert slope == pytest.approx(1, abs=0.2)
    assert in_the_large == pytest.approx(0, abs=0.15)
    assert (metrics.auroc(risk, outcome) or 0) > 0.7


def test_calibration_learns_from_scores_of_patients_that_the_trees_did_not_see() -> None:
    # Each patient stands there six times with a fingerprint that says nothing about anyone else.
    rng = np.random.default_rng(8)
    patients = np.repeat(np.arange(400), 6)
    need = rng.normal(size=400)
    table = pd.DataFrame({"need": need[patients], "fingerprint": rng.normal(size=400)[patients]})
    y = (rng.random(400) < risk_of(need)).astype(int)[patients]
    settings = {**PARAMETERS, "min_child_samples": 6, "colsample": 1.0}
    kept_apart = RiskClassifier(**settings).fit(table, y, groups=patients)
    mixed = RiskClassifier(**settings).fit(table, y)
    assert kept_apart.booster_.model_to_string() == mixed.booster_.model_to_string()
    assert kept_apart.calibrator_.slope < 0.6 < mixed.calibrator_.slope


def test_probabilities_are_two_columns_that_add_up_to_one(model: RiskClassifier, features: pd.DataFrame) -> None:
    both = model.predict_proba(features)
    assert both.shape == (len(features), 2)
    np.testing.assert_allclose(both.sum(axis=1), 1)
    assert (both > 0).all()


def test_risk_keeps_the_order_of_the_raw_score(model: RiskClassifier, features: pd.DataFrame) -> None:
    raw, risk = model.predict_raw(features), model.predict_proba(features)[:, 1]
    np.testing.assert_array_equal(np.argsort(raw, kind="stable"), np.argsort(risk, kind="stable"))
    np.testing.assert_allclose(risk, model.calibrator_.predict(raw))


def test_the_order_of_the_columns_and_columns_of_others_change_nothing(
    model: RiskClassifier, features: pd.DataFrame
) -> None:
    shuffled = features[features.columns[::-1]].assign(patient_id="P1")
    np.testing.assert_array_equal(model.predict_raw(shuffled), model.predict_raw(features))


def test_missing_columns_are_refused_by_name(model: RiskClassifier, features: pd.DataFrame) -> None:
    with pytest.raises(InputError, match=r"2 of the model's 6 columns are missing: age, days since contact\."):
        model.predict_proba(features.drop(columns=["age", "days since contact"]))


def test_a_missing_value_is_not_read_as_nought(model: RiskClassifier) -> None:
    rng = np.random.default_rng(2)
    known = rng.random(2000) < 0.5
    value = np.where(known, rng.integers(0, 2, 2000).astype(float), np.nan)
    y = (rng.random(2000) < np.where(known, 0.1, 0.6)).astype(int)
    fitted = RiskClassifier(**PARAMETERS).fit(pd.DataFrame({"value": value}), y)
    at_nought, at_missing = fitted.predict_proba(pd.DataFrame({"value": [0.0, np.nan]}))[:, 1]
    assert at_missing > 0.4
    assert at_nought < 0.2


def test_categories_are_matched_by_value_whatever_their_order(model: RiskClassifier, features: pd.DataFrame) -> None:
    expected = model.predict_raw(features)
    reordered = features["community_team"].cat.reorder_categories(["none", "matron", "falls"])
    np.testing.assert_array_equal(model.predict_raw(features.assign(community_team=reordered)), expected)
    as_text = features.assign(community_team=features["community_team"].astype(str))
    np.testing.assert_array_equal(model.predict_raw(as_text), expected)


def test_a_category_is_learnt_from(model: RiskClassifier, features: pd.DataFrame) -> None:
    one = features.head(200)
    matron = model.predict_raw(one.assign(community_team=pd.Categorical(["matron"] * 200)))
    falls = model.predict_raw(one.assign(community_team=pd.Categorical(["falls"] * 200)))
    assert (matron > falls).mean() > 0.95


def test_a_category_never_seen_counts_as_missing_and_as_no_other() -> None:
    rng = np.random.default_rng(3)
    team = pd.Categorical.from_codes(rng.integers(-1, 2, 3000), dtype=pd.CategoricalDtype(["falls", "matron"]))
    y = rng.random(3000) < np.select([team.codes == 0, team.codes == 1], [0.8, 0.5], 0.2)
    fitted = RiskClassifier(**PARAMETERS).fit(pd.DataFrame({"team": team}), y)
    asked = pd.Categorical(["falls", "matron", None, "hospice"])
    falls, matron, missing, never_seen = fitted.predict_proba(pd.DataFrame({"team": asked}))[:, 1]
    assert falls > matron > missing == never_seen


def test_contributions_add_up_to_the_raw_score(model: RiskClassifier, features: pd.DataFrame) -> None:
    listed = features.sample(50, random_state=1)
    parts = model.contributions(listed)
    assert list(parts.columns) == [*features.columns, BASE]
    assert parts.index.equals(listed.index)
    np.testing.assert_allclose(parts.sum(axis=1), model.predict_raw(listed), rtol=1e-6, atol=1e-6)
    assert parts["emergency_admissions_365d"].abs().mean() > parts["smoker"].abs().mean() > 0


def test_contributions_that_do_not_add_up_are_never_returned(
    model: RiskClassifier, features: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = RiskClassifier._raw

    def astray(self: RiskClassifier, *args: Any) -> np.ndarray:
        raw = right(self, *args).copy()
        raw[3] += 1e-4
        return raw

    monkeypatch.setattr(RiskClassifier, "_raw", astray)
    with pytest.raises(ViRiskError, match="in 1 of 20 rows they do not add up"):
        model.contributions(features.head(20))


def test_no_patients_give_no_risks(model: RiskClassifier, features: pd.DataFrame) -> None:
    assert model.predict_proba(features.head(0)).shape == (0, 2)
    assert model.contributions(features.head(0)).shape == (0, 7)


def test_a_model_that_was_not_fitted_says_so(features: pd.DataFrame) -> None:
    with pytest.raises(NotFittedError):
        RiskClassifier().predict_proba(features)


def test_outcomes_of_any_two_values_come_back_from_predict() -> None:
    rng = np.random.default_rng(4)
    table = pd.DataFrame({"need": rng.normal(size=1000)})
    y = np.where(rng.random(1000) < risk_of(3 * table["need"]), "admitted", "a stay at home")
    fitted = RiskClassifier(**PARAMETERS).fit(table, y)
    assert fitted.classes_.tolist() == ["a stay at home", "admitted"]
    assert fitted.predict(pd.DataFrame({"need": [-2.0, 2.0]})).tolist() == ["a stay at home", "admitted"]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(400), "expected two classes, found 1 in 400 rows"),
        (np.arange(400) % 3, "expected two classes, found 3"),
        (np.arange(400) < 49, "expected at least 50 events and as many non-events, found 49 events in 400 rows"),
        (np.arange(400) >= 49, "found 351 events in 400 rows"),
        (np.where(np.arange(400) < 5, np.nan, np.arange(400) % 2), "5 of 400 rows have none"),
        (np.arange(399) % 2, "expected one value for each of 400 rows, found 399"),
        (np.array([1, "yes"] * 200, dtype=object), "all of one kind, found values of several kinds"),
        (np.array([False, "yes"] * 200, dtype=object), "all of one kind, found values of several kinds"),
        (pd.to_datetime(["2024-01-01", "2024-02-01"] * 200), "found values of the kind datetime64"),
        ([[1, 2], [3]] * 200, "expected one value for each of 400 rows, found lists of different lengths"),
    ],
)
def test_outcomes_that_cannot_be_learnt_are_refused_with_counts(y: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        RiskClassifier(**PARAMETERS).fit(pd.DataFrame({"age": np.arange(400.0)}), y)


def test_just_enough_events_are_accepted() -> None:
    age = np.random.default_rng(1).permutation(np.arange(400.0))
    fitted = RiskClassifier(**PARAMETERS).fit(pd.DataFrame({"age": age}), age >= 350)
    assert fitted.predict_proba(pd.DataFrame({"age": [10.0, 390.0]}))[:, 1].argmax() == 1


@pytest.mark.parametrize("kind", [bool, float, "str", "category", "boolean", "Int64", object])
def test_outcomes_of_every_kind_with_two_values_give_the_same_model(kind: Any) -> None:
    age = np.random.default_rng(1).permutation(np.arange(400.0))
    table, happened = pd.DataFrame({"age": age}), age >= 300
    answers = np.where(happened, "yes", "no") if kind in ("str", "category") else happened.astype(int)
    given = pd.Series(answers).astype(kind)
    plain, fitted = (RiskClassifier(**PARAMETERS).fit(table, y) for y in (happened.astype(int), given))
    assert fitted.booster_.model_to_string() == plain.booster_.model_to_string()
    assert fitted.calibrator_ == plain.calibrator_


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame({"age": []}), "expected one row for each patient and index date, found none"),
        (pd.DataFrame([[1, 2]] * 200, columns=["age", None]), "a column has no name"),
        (pd.DataFrame({"age": [10**400, 1] * 100}), r"found other values in age \(holds object\)"),
        (
            pd.DataFrame({"age": [np.inf, 1.0] * 100, "sex": [1.0, -np.inf] * 100}),
            r"age \(100 rows\), sex \(100 rows\)",
        ),
        (pd.DataFrame([[1, 2]] * 200, columns=["age", "age"]), "more than once: age"),
        (pd.DataFrame({"days since": [1] * 200, "days_since": [2] * 200}), "the same, or are so without punctuation"),
        (pd.DataFrame({"base": [1] * 200}), "the name base is kept"),
        (pd.DataFrame({"team": ["secret"] * 200}), r"found other values in team \("),
        (pd.DataFrame({"seen": pd.to_datetime(["2024-01-01"] * 200)}), r"found other values in seen \("),
        (pd.DataFrame({"band": pd.Categorical([0.5, 1.5] * 100)}), "the categories of band must be text"),
        (pd.DataFrame(index=range(200)), "at least one column"),
        (np.zeros(200), "found 1 dimensions"),
    ],
)
def test_columns_that_cannot_be_features_are_refused(table: pd.DataFrame, message: str) -> None:
    with pytest.raises(InputError, match=message) as refusal:
        RiskClassifier(**PARAMETERS).fit(table, np.arange(200) % 2)
    assert "secret" not in str(refusal.value)


def test_a_name_that_is_a_number_is_read_as_text_in_training_directions_and_prediction() -> None:
    age = np.random.default_rng(1).permutation(np.arange(400.0))
    fitted = RiskClassifier(**PARAMETERS, monotone={2024: 1}).fit(pd.DataFrame({2024: age}), age >= 300)
    assert fitted.feature_name_ == ["2024"]
    assert (np.diff(fitted.predict_raw(pd.DataFrame({"2024": np.arange(400.0)}))) >= 0).all()


def test_infinite_values_are_refused_in_prediction_too(model: RiskClassifier, features: pd.DataFrame) -> None:
    with pytest.raises(InputError, match=r"infinite values in last_egfr \(1 rows\)"):
        model.predict_proba(features.head(3).assign(last_egfr=[1.0, np.inf, 2.0]))


def test_all_parameters_out_of_range_are_told_at_once() -> None:
    wrong = RiskClassifier(n_estimators=0, colsample=1.5, seed=True, num_leaves=3.5)  # type: ignore[arg-type]
    with pytest.raises(SpecificationError) as refusal:
        wrong.fit(pd.DataFrame({"age": [1.0, 2.0]}), [0, 1])
    lines = str(refusal.value).splitlines()
    assert [line.split(":")[1].strip() for line in lines] == ["n_estimators", "num_leaves", "colsample", "seed"]
    assert "at least 1e-06 and at most 1, got 1.5" in lines[2]


def test_cloning_keeps_the_parameters_and_forgets_the_fit(model: RiskClassifier) -> None:
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert not hasattr(copy, "booster_")


def test_cross_val_score_works_with_patients_apart(
    population: Population,
) -> None:
    features, y, patients = population
    scores = cross_val_score(
        RiskClassifier(**PARAMETERS), features, y, groups=patients, cv=GroupKFold(2), scoring="roc_auc"
    )
    assert (scores > 0.65).all()


def test_it_works_in_a_pipeline_with_weights(population: Population) -> None:
    features, y, _ = population
    numbers = ["age", "emergency_admissions_365d", "last_egfr"]
    steps = Pipeline([("scale", StandardScaler()), ("risk", RiskClassifier(**PARAMETERS))])
    steps.fit(features[numbers], y, risk__sample_weight=np.where(y == 1, 2.0, 1.0))
    assert metrics.auroc(steps.predict_proba(features[numbers])[:, 1], y.astype(float)) > 0.7
    assert steps.set_params(risk__calibration="beta").get_params()["risk__calibration"] == "beta"


def test_a_parameter_that_there_is_not_is_refused() -> None:
    with pytest.raises(TypeError, match="num_leafs"):
        RiskClassifier(num_leafs=3)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="num_leafs"):
        RiskClassifier().set_params(num_leafs=3)


# --- weights ----------------------------------------------------------------------------------------------------------


def test_weights_of_one_give_the_model_without_weights(population: Population, model: RiskClassifier) -> None:
    features, y, patients = population
    weighted = RiskClassifier(**PARAMETERS).fit(features, y, groups=patients, sample_weight=np.ones(y.size))
    assert weighted.booster_.model_to_string() == model.booster_.model_to_string()
    assert weighted.calibrator_ == model.calibrator_


def test_weights_reach_the_trees_the_folds_and_the_calibrator(population: Population, model: RiskClassifier) -> None:
    features, y, patients = population
    matron = (features["community_team"] == "matron").to_numpy()
    weights = np.where(matron & (y == 1), 3.0, 1.0)  # as if three of each had been there
    weighted = RiskClassifier(**PARAMETERS).fit(features, y, groups=patients, sample_weight=weights)
    unseen, seen = (
        weighted.unseen_raw_ - model.unseen_raw_,
        weighted.predict_raw(features) - model.predict_raw(features),
    )
    for rise in (unseen, seen):
        assert rise[matron].mean() > 0.5 > rise[~matron].mean()
    assert weighted.calibrator_ == SigmoidCalibrator.fit(weighted.unseen_raw_, y, _of_mean_1(weights))
    risk = weighted.predict_proba(features)[:, 1]
    assert (weights * risk)[matron].sum() == pytest.approx((weights * y)[matron].sum(), rel=0.1)


def _of_mean_1(weights: np.ndarray) -> np.ndarray:
    return (weights / weights.mean()).astype(np.float32).astype(float)


@pytest.mark.parametrize("scale", [10, 1e-300, 1e300, 1 / 3])
def test_only_how_weights_stand_to_each_other_changes_the_model(population: Population, scale: float) -> None:
    features, y, patients = population
    weights = np.where(features["smoker"], 3.0, 0.7)
    one, other = (
        RiskClassifier(**PARAMETERS).fit(features, y, groups=patients, sample_weight=given)
        for given in (weights, scale * weights)
    )
    assert other.booster_.model_to_string() == one.booster_.model_to_string()
    assert other.calibrator_ == one.calibrator_


def test_weights_that_are_all_alike_give_the_model_without_weights(
    population: Population, model: RiskClassifier
) -> None:
    features, y, patients = population
    weighted = RiskClassifier(**PARAMETERS).fit(features, y, groups=patients, sample_weight=np.full(y.size, 0.1))
    assert weighted.booster_.model_to_string() == model.booster_.model_to_string()


def test_a_row_of_no_weight_takes_no_part_whatever_it_holds(population: Population) -> None:
    features, y, patients = population
    counted = np.arange(y.size) % 4 > 0
    without = RiskClassifier(**PARAMETERS).fit(features[counted], y[counted], groups=patients[counted])
    spoilt = features.assign(age=np.where(counted, features["age"], np.inf))
    weighted = RiskClassifier(**PARAMETERS).fit(
        spoilt, np.where(counted, y, np.nan), groups=patients, sample_weight=counted.astype(float)
    )
    assert weighted.booster_.model_to_string() == without.booster_.model_to_string()
    assert weighted.calibrator_ == without.calibrator_
    np.testing.assert_array_equal(weighted.unseen_raw_[counted], without.unseen_raw_)
    assert np.isnan(weighted.unseen_raw_[~counted]).all()


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.where(np.arange(400) < 3, np.nan, 1.0), "3 of 400 values are missing or infinite"),
        (np.where(np.arange(400) < 4, np.inf, 1.0), "4 of 400 values are missing or infinite"),
        (np.where(np.arange(400) < 5, -0.1, 1.0), "5 of 400 values lie below 0"),
        (np.zeros(400), "all 400 values are 0"),
        (np.ones(399), "expected 400 values, one for each patient, found 399"),
        (["1"] * 400, "^sample_weight: expected numbers, found other values"),
        (pd.Series([1, None] * 200, dtype="Int64"), "^sample_weight: 200 of 400 values are missing"),
        (pd.to_datetime(["2024-01-01"] * 400), "expected numbers, found other values"),
        ("balanced", "expected numbers, found other values"),
        ([[1, 2], [3]] * 200, "expected numbers, found other values"),
        (np.where(np.arange(400) % 4 == 1, 0.0, 1.0) * (np.arange(400) > 380), r"found \d+ events in 14 rows"),
    ],
)
def test_weights_that_mean_nothing_are_refused(weights: np.ndarray, message: str) -> None:
    table, y = pd.DataFrame({"age": np.arange(400.0)}), np.arange(400) % 4 > 1
    with pytest.raises(InputError, match=message):
        RiskClassifier(**PARAMETERS).fit(table, y, sample_weight=weights)


# --- calibration, constraints, what a fit leaves ----------------------------------------------------------------------


@pytest.mark.parametrize("calibration", ["sigmoid", "isotonic", "beta"])
def test_every_calibration_keeps_the_order_and_is_fitted_on_unseen_scores(
    population: Population, calibration: Any
) -> None:
    features, y, patients = population
    weights = np.where(np.arange(y.size) % 3 == 0, 1.5, 1.0)
    settings = {**PARAMETERS, "calibration": calibration, "monotone": {"age": 1}, "subsample": 0.8}
    one, other = (RiskClassifier(**settings).fit(features, y, groups=patients, sample_weight=weights) for _ in range(2))
    assert one.calibrator_ == CALIBRATORS[calibration].fit(one.unseen_raw_, y, _of_mean_1(weights)) == other.calibrator_
    assert one.booster_.model_to_string() == other.booster_.model_to_string()
    raw, risk = one.predict_raw(features), one.predict_proba(features)[:, 1]
    assert (np.diff(risk[np.argsort(raw)]) >= 0).all()
    assert np.unique(risk).size == np.unique(raw).size


def test_risk_only_rises_or_falls_with_a_feature_that_is_held_to_it(population: Population) -> None:
    features, y, _ = population
    plain = RiskClassifier(**PARAMETERS).fit(features, y)
    held = RiskClassifier(**PARAMETERS, monotone={"age": 1, "last_egfr": -1, "smoker": 0}).fit(features, y)
    turned = RiskClassifier(**PARAMETERS, monotone={"age": -1}).fit(features, y)
    for patient in range(5):
        asked = features.iloc[[patient] * 83].reset_index(drop=True).assign(age=np.arange(18, 101))
        assert (np.diff(held.predict_raw(asked)) >= 0).all()
        assert not (np.diff(plain.predict_raw(asked)) >= 0).all()
        assert (np.diff(turned.predict_raw(asked)) <= 0).all()
        asked = asked.assign(age=60, last_egfr=np.linspace(10, 130, 83))
        assert (np.diff(held.predict_raw(asked)) <= 0).all()


def test_directions_that_cannot_be_held_are_refused_together(population: Population) -> None:
    features, y, _ = population
    wrong = RiskClassifier(**PARAMETERS, monotone={"ages": 1, "community_team": 1, "age": 2})
    with pytest.raises(SpecificationError) as refusal:
        wrong.fit(features, y)
    assert [line.removeprefix("model parameters: monotone: ") for line in str(refusal.value).splitlines()] == [
        "names ages, which the features do not hold.",
        "community_team has categories, which have no order.",
        "the direction of age must be 1 (rises), -1 (falls) or 0.",
    ]


@pytest.mark.parametrize("monotone", [[1, 0], ["age"], "age", True])
def test_directions_that_are_no_mapping_are_refused_by_an_example(monotone: Any) -> None:
    with pytest.raises(
        SpecificationError, match=r'monotone: must map features to 1 or -1, such as \{"age": 1\}, got a'
    ):
        RiskClassifier(monotone=monotone).fit(pd.DataFrame({"age": [1.0]}), [1])


def test_a_calibration_that_there_is_not_is_refused() -> None:
    with pytest.raises(SpecificationError, match="calibration: must be one of sigmoid, isotonic, beta, got 'platt'"):
        RiskClassifier(calibration="platt").fit(pd.DataFrame({"age": [1.0]}), [1])  # type: ignore[arg-type]


def test_a_fit_that_is_interrupted_leaves_the_model_as_it_was(
    population: Population, monkeypatch: pytest.MonkeyPatch
) -> None:
    features, y, _ = population
    grow, grown = lgb.train, []

    def interrupted(*args: Any, **settings: Any) -> lgb.Booster:
        if grown:
            raise KeyboardInterrupt
        grown.append(True)
        return grow(*args, **settings)

    fresh, fitted = RiskClassifier(**PARAMETERS), RiskClassifier(**PARAMETERS).fit(features[["age"]], y)
    before = dict(vars(fitted))
    monkeypatch.setattr(lgb, "train", interrupted)
    for model in (fresh, fitted):
        grown.clear()
        with pytest.raises(KeyboardInterrupt):
            model.fit(features, y)
    assert not [name for name in vars(fresh) if name.endswith("_")]
    assert vars(fitted) == before


def test_features_that_never_vary_may_stand_there_and_are_not_used(population: Population) -> None:
    features, y, _ = population
    idle = features.assign(constant=1.0, absent=np.nan, nothing=None, now_and_then=np.where(y, np.nan, 1.0))
    with pytest.warns(UserWarning, match="^features: constant, absent, nothing are the same in every row, or missing"):
        model = RiskClassifier(**PARAMETERS).fit(idle, y)
    assert (model.contributions(idle.head(50))[["constant", "absent"]] == 0).all(axis=None)
    asked = idle.assign(constant=7.0, absent=3.0)
    np.testing.assert_array_equal(model.predict_raw(asked), model.predict_raw(idle))


def test_a_feature_that_varies_late_in_a_long_table_is_not_taken_for_a_constant() -> None:
    long = pd.DataFrame({"late": np.arange(5000.0) // 4999, "never": np.ones(5000)})
    assert tells_nothing(long).tolist() == [False, True]
    assert tells_nothing(long.head(0)).tolist() == [True, True]


@pytest.mark.parametrize("values", [1.0, np.nan])
def test_features_none_of_which_varies_are_refused(values: float) -> None:
    table = pd.DataFrame({"one": np.full(400, values), "other": np.zeros(400)})
    with pytest.raises(InputError, match="in 400 rows none of 2 columns divides them"):
        RiskClassifier(**PARAMETERS).fit(table, np.arange(400) % 2)


def test_a_patient_may_stand_there_twice_with_the_same_row(population: Population) -> None:
    features, y, patients = population
    twice = [*range(len(y)), *range(500)]
    model = RiskClassifier(**PARAMETERS).fit(features.iloc[twice], y[twice], groups=patients[twice])
    assert model.unseen_raw_.size == len(twice)
    np.testing.assert_array_equal(model.unseen_raw_[:500], model.unseen_raw_[len(y) :])


def test_two_folds_are_enough_where_rows_are_many(population: Population, monkeypatch: pytest.MonkeyPatch) -> None:
    features, y, _ = population
    grown: list[int] = []
    grow = lgb.train
    monkeypatch.setattr(lgb, "train", lambda *args, **rest: grown.append(1) or grow(*args, **rest))
    RiskClassifier(**PARAMETERS).fit(features, y)
    assert len(grown) == 1 + 3
    monkeypatch.setattr(boosting, "_MANY_ROWS", 4000)
    RiskClassifier(**PARAMETERS).fit(features, y)
    assert len(grown) == 1 + 3 + 1 + 2


@pytest.mark.parametrize("folds", [2, 5])
def test_folds_tell_how_much_scores_vary_from_sample_to_sample(folds: int) -> None:
    table, _, _ = practice_population(500, seed=50)
    models = []
    for seed in range(5):
        features, y, patients = practice_population(1000, seed=60 + seed)
        model = RiskClassifier(**PARAMETERS, calibration_folds=folds, seed=seed)
        models.append(model.fit(features, y, groups=patients))
    truly = np.std([model.predict_raw(table) for model in models], axis=0, ddof=1)
    told = np.mean([model.raw_sd_ for model in models])
    assert 0.85 < told / np.sqrt(np.mean(truly**2)) < 1.4


def test_a_table_of_floats_in_the_right_order_is_not_copied() -> None:
    table = pd.DataFrame(np.random.default_rng(1).random((300, 4)), columns=list("abcd"))
    inputs = Inputs.of(table)
    assert np.shares_memory(inputs.matrix(as_table(table)).to_numpy(), table.to_numpy())
    np.testing.assert_array_equal(inputs.matrix(table[list("dcba")]), table)


def test_numbers_where_training_saw_categories_are_matched_by_value() -> None:
    rng = np.random.default_rng(2)
    ward = rng.choice([10, 20, 30], 600)
    y = rng.random(600) < np.where(ward == 20, 0.8, 0.2)
    model = RiskClassifier(**PARAMETERS).fit(pd.DataFrame({"ward": pd.Categorical(ward)}), y)
    as_categories = model.predict_raw(pd.DataFrame({"ward": pd.Categorical(ward)}))
    np.testing.assert_array_equal(model.predict_raw(pd.DataFrame({"ward": ward.astype(float)})), as_categories)


# --- the estimator contract -------------------------------------------------------------------------------------------

OWN_ERRORS = "errors are vi_risk's own, in its words, and not ValueError"
PURE_NOISE = "its outcomes are pure noise: a risk, or a count, that does not rise with the score is refused"
# What scikit-learn asks and both estimators decline, and why.
DECLINED = {
    **dict.fromkeys(
        [
            "check_all_zero_sample_weights_error",
            "check_estimator_sparse_array",
            "check_estimator_sparse_matrix",
            "check_estimator_sparse_tag",
            "check_estimators_empty_data_messages",
            "check_fit1d",
            "check_fit2d_1sample",
            "check_fit2d_predict1d",
            "check_requires_y_none",
            "check_sample_weights_shape",
            "check_supervised_y_no_nan",
        ],
        OWN_ERRORS,
    ),
    **dict.fromkeys(
        ["check_complex_data", "check_n_features_in_after_fitting", "check_supervised_y_2d"],
        PURE_NOISE,
    ),
    "check_dtype_object": "columns of objects are refused as features",
    "check_sample_weight_equivalence_on_dense_data": "min_child_samples counts rows, so a weight of 2 is not two rows",
}
DECLINED_BY_THE_CLASSIFIER = {
    **dict.fromkeys(
        [
            "check_classifier_not_supporting_multiclass",
            "check_classifiers_one_label",
            "check_classifiers_one_label_sample_weights",
            "check_classifiers_regression_target",
            "check_classifiers_train",
        ],
        OWN_ERRORS,
    ),
    **dict.fromkeys(
        ["check_fit_check_is_fitted", "check_fit_score_takes_y", "check_sample_weights_list"],
        PURE_NOISE,
    ),
}
DECLINED_BY_THE_REGRESSOR = {
    "check_regressors_train": OWN_ERRORS,
    **dict.fromkeys(["check_estimators_dtypes", "check_n_features_in", "check_regressors_int"], PURE_NOISE),
}
# On the few rows that scikit-learn gives.
LITTLE: dict[str, Any] = {"min_child_samples": 1, "min_events": 2, "num_threads": 1}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("small", "declined"),
    [
        (RiskClassifier(n_estimators=5, calibration_folds=2, **LITTLE), DECLINED_BY_THE_CLASSIFIER),
        (
            CountRegressor(n_estimators=30, learning_rate=0.3, colsample=1.0, calibration_folds=5, **LITTLE),
            DECLINED_BY_THE_REGRESSOR,
        ),
    ],
    ids=["risks", "counts"],
)
def test_scikit_learn_finds_the_estimator_contract_kept(
    small: RiskClassifier | CountRegressor, declined: dict[str, str]
) -> None:
    checks = check_estimator(small, expected_failed_checks=DECLINED | declined, on_skip=None, on_fail=None)
    assert [check["check_name"] for check in checks if check["status"] == "failed"] == []
    assert {check["check_name"] for check in checks if check["status"] == "xfail"} == set(DECLINED | declined)
    assert sum(check["status"] == "passed" for check in checks) >= 30
