import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from vi_risk.models.evidence import metrics, resampling
from vi_risk.models.evidence.decision_curve import net_benefit
from vi_risk.models.evidence.resampling import Predictor, Resampled, resample
from vi_risk.models.learning.calibration import log_odds_of, logistic_line, risk_of


def people(n: int, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(-1.5, 1.2, n)
    return risk_of(log_odds), (rng.random(n) < risk_of(log_odds)).astype(float)


def top(risk: np.ndarray, n: int) -> Predictor:
    return Predictor(risk, {"capacity": np.argsort(-risk, kind="stable")[:n]})


def drawn_one_by_one(
    risk: np.ndarray,
    y: np.ndarray,
    listed: np.ndarray,
    resamples: int,
    seed: int,
    weight: np.ndarray | None = None,
) -> dict[str, list]:
    """Return every figure of every resample by its plain definition, from the same draws."""
    weight = np.ones(y.size) if weight is None else weight
    rng = np.random.default_rng(seed)
    found: dict[str, list] = {}
    for _ in range(resamples):
        rows = rng.integers(0, y.size, y.size, dtype=np.uint32)
        own_risk, own_y, own, own_listed = risk[rows], y[rows], weight[rows], np.isin(rows, listed)
        figures = {
            "auroc": roc_auc_score(own_y, own_risk, sample_weight=own),
            "auprc": average_precision_score(own_y, own_risk, sample_weight=own),
            "brier": np.average((own_risk - own_y) ** 2, weights=own),
            "scaled_brier": metrics.scaled_brier(own_risk, own_y, own),
            "observed_over_expected": (own @ own_y) / (own @ own_risk),
            "calibration_in_the_large": metrics.calibration_in_the_large(own_risk, own_y, own),
            "calibration_slope": logistic_line(log_odds_of(own_risk), own_y, own)[1],
            "net_benefit": net_benefit(own_risk, own_y, [0.3], own)[0],
            "ppv.capacity": np.average(own_y[own_listed], weights=own[own_listed]),
            "sensitivity.capacity": (own * own_y)[own_listed].sum() / (own @ own_y),
            "true_cases.capacity": (own * own_y)[own_listed].sum(),
        }
        for name, value in figures.items():
            found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("weighted", [False, True])
def test_every_interval_agrees_with_drawing_patients_one_by_one(weighted: bool) -> None:
    risk, y = people(800)
    risk = np.maximum(np.round(risk, 2), 0.01)  # ties, inside and across the classes
    model = top(risk, 60)
    weight = np.random.default_rng(6).choice([0.0, 1.0, 1.25], 800, p=[0.1, 0.6, 0.3]) if weighted else None
    found = resample(model, {}, y, threshold=0.3, seed=9, resamples=60, weight=weight)
    slow = drawn_one_by_one(risk, y, model.listed["capacity"], 60, seed=9, weight=weight)
    assert set(found.intervals) == set(slow)
    for name, values in slow.items():
        one_step = name.startswith("calibration")  # Newton's method is taken one step
        expected = tuple(np.quantile(values, (0.025, 0.975)))
        assert found.intervals[name] == pytest.approx(expected, abs=0.01 if one_step else 1e-9), name


def test_differences_are_paired() -> None:
    risk, y = people(800)
    other = np.clip(risk + np.random.default_rng(1).normal(0, 0.1, 800), 0.01, 0.99)
    found = resample(top(risk, 60), {"other": top(other, 60)}, y, threshold=0.3, seed=9, resamples=60)
    mine = drawn_one_by_one(risk, y, top(risk, 60).listed["capacity"], 60, seed=9)
    theirs = drawn_one_by_one(other, y, top(other, 60).listed["capacity"], 60, seed=9)
    for name, difference in found.differences["other"].items():
        expected = np.quantile(np.array(mine[name]) - np.array(theirs[name]), (0.025, 0.975))
        assert difference.interval == pytest.approx(tuple(expected), abs=1e-9), name
    assert found.differences["other"]["auroc"].value == pytest.approx(roc_auc_score(y, risk) - roc_auc_score(y, other))


def test_a_comparator_that_is_the_model_differs_by_nothing() -> None:
    risk, y = people(300)
    same = resample(top(risk, 30), {"same": top(risk, 30)}, y, threshold=0.3, seed=1, resamples=20).differences["same"]
    for name, difference in same.items():
        assert difference.value == pytest.approx(0, abs=1e-12), name
        assert difference.interval == pytest.approx((0, 0), abs=1e-12), name


def test_the_interval_of_the_auroc_is_near_that_of_delong() -> None:
    risk, y = people(3000)
    found = resample(top(risk, 60), {}, y, threshold=0.3, seed=2).intervals["auroc"]
    assert found == pytest.approx(metrics.auroc_interval(risk, y), abs=0.004)


def intervals(seed: int) -> Resampled:
    risk, y = people(500)
    return resample(top(risk, 50), {"other": top(risk[::-1].copy(), 50)}, y, threshold=0.3, seed=seed, resamples=40)


def test_the_same_seed_draws_the_same_patients_and_another_does_not() -> None:
    assert intervals(seed=1) == intervals(seed=1)
    assert intervals(seed=1) != intervals(seed=2)


def test_how_many_draws_are_held_at_once_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = intervals(seed=1)
    monkeypatch.setattr(resampling, "_HELD", 1500)
    in_parts = intervals(seed=1)
    for name, interval in at_once.intervals.items():
        assert in_parts.intervals[name] == pytest.approx(interval, abs=1e-12)


def test_what_few_resamples_can_tell_has_no_interval() -> None:
    # one event among forty: a third of all resamples have none
    risk, y = np.linspace(0.01, 0.9, 40), np.zeros(40)
    y[30] = 1
    found = resample(top(risk, 5), {}, y, threshold=0.3, seed=1, resamples=200).intervals
    assert found["auroc"] is None
    assert found["sensitivity.capacity"] is None
    assert found["brier"] is not None


@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_one_outcome_for_all_leaves_none_and_never_nan(outcome: float) -> None:
    risk = np.linspace(0.01, 0.9, 60)
    given = {"other": top(risk, 3)}
    found = resample(top(risk, 5), given, np.full(60, outcome), threshold=0.3, seed=1, resamples=20)
    assert found.intervals["auroc"] is None
    assert found.differences["other"]["auroc"].value is None
    assert found.differences["other"]["brier"].value == 0.0
