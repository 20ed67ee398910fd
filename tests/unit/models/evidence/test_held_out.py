import json
import math

import numpy as np
import pytest

from vi_risk.errors import InputError
from vi_risk.models.evidence import metrics
from vi_risk.models.evidence.held_out import grouped_evaluation, pooled
from vi_risk.models.evidence.students_t import t_quantile
from vi_risk.models.learning.calibration import log_odds_of, risk_of


def practices(of_each: int = 300, shifts: tuple[float, ...] = (-0.8, 0.0, 0.2, 0.8)) -> tuple[np.ndarray, ...]:
    """Return risks, outcomes and practices; in each practice the true log-odds are shifted by another amount."""
    rng = np.random.default_rng(41)
    log_odds = rng.normal(-1.2, 1.0, of_each * len(shifts))
    shift = np.repeat(shifts, of_each)
    y = (rng.random(log_odds.size) < risk_of(log_odds + shift)).astype(float)
    return risk_of(log_odds), y, np.repeat([f"P{place}" for place in range(len(shifts))], of_each)


def test_each_group_has_the_figures_of_its_own_rows() -> None:
    risk, y, groups = practices()
    found = grouped_evaluation(risk, y, groups)
    assert list(found["groups"]) == ["P0", "P1", "P2", "P3"]
    assert (found["told"], found["not_told"]) == (4, 0)
    rows = groups == "P2"
    own = found["groups"]["P2"]
    assert (own["n"], own["events"]) == (300, int(y[rows].sum()))
    assert own["auroc"] == pytest.approx(metrics.auroc(risk[rows], y[rows]))
    assert own["auroc_interval"] == pytest.approx(list(metrics.auroc_interval(risk[rows], y[rows]) or ()))
    assert own["calibration_in_the_large"] == metrics.calibration_in_the_large(risk[rows], y[rows])
    assert own["calibration_slope"] == metrics.calibration_slope(risk[rows], y[rows])
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_practices_that_differ_in_level_show_it_in_the_large_and_not_in_the_order() -> None:
    risk, y, groups = practices(of_each=2000, shifts=(-0.8, -0.3, 0.0, 0.2, 0.8))
    summary = grouped_evaluation(risk, y, groups)["summary"]
    assert summary["calibration_in_the_large"]["heterogeneity"] == pytest.approx(
        np.std([-0.8, -0.3, 0, 0.2, 0.8], ddof=1), abs=0.1
    )
    low, high = summary["calibration_in_the_large"]["prediction_interval"]
    assert low < -0.8
    assert high > 0.8
    assert summary["auroc"]["heterogeneity"] < 0.15
    assert summary["calibration_slope"]["mean"] == pytest.approx(1, abs=0.1)


def test_a_hand_worked_pooling() -> None:
    # weights 1 / error^2: 100, 100, 25; fixed mean (20 + 40 + 20) / 225; Q = sum(w (x - m)^2)
    estimates = [(0.2, 0.1), (0.4, 0.1), (0.8, 0.2)]
    fixed = 80 / 225
    q = 100 * (0.2 - fixed) ** 2 + 100 * (0.4 - fixed) ** 2 + 25 * (0.8 - fixed) ** 2
    between = (q - 2) / (225 - (100**2 + 100**2 + 25**2) / 225)
    weights = [1 / (0.01 + between), 1 / (0.01 + between), 1 / (0.04 + between)]
    mean = sum(weight * value for weight, (value, _) in zip(weights, estimates, strict=True)) / sum(weights)
    found = pooled(estimates)
    assert found is not None
    assert q == pytest.approx(7.5556, abs=1e-4)
    assert between == pytest.approx(0.041667, abs=1e-6)
    assert found["heterogeneity"] == pytest.approx(math.sqrt(between))
    assert found["mean"] == pytest.approx(mean)
    half = 1.959964 * math.sqrt(1 / sum(weights))
    assert found["interval"] == pytest.approx([mean - half, mean + half], abs=1e-6)
    wide = 12.7062 * math.sqrt(between + 1 / sum(weights))  # t with one degree of freedom
    assert found["prediction_interval"] == pytest.approx([mean - wide, mean + wide], abs=1e-4)
    assert found["groups"] == 3


def test_shares_are_pooled_on_the_scale_of_their_log_odds() -> None:
    shares, errors = [0.7, 0.75, 0.8, 0.78], [0.02, 0.03, 0.02, 0.01]
    on_log_odds = [
        (float(log_odds_of(share)), error / (share * (1 - share))) for share, error in zip(shares, errors, strict=True)
    ]
    plain, found = pooled(on_log_odds), pooled(list(zip(shares, errors, strict=True)), log_odds=True)
    assert plain is not None
    assert found is not None
    assert found["mean"] == pytest.approx(float(risk_of(plain["mean"])))
    assert found["prediction_interval"] == pytest.approx(risk_of(plain["prediction_interval"]).tolist())
    assert found["heterogeneity"] == plain["heterogeneity"]


def test_two_groups_say_nothing_of_a_third() -> None:
    assert pooled([(0.1, 0.1), (0.2, 0.1)]) is None
    risk, y, groups = practices(shifts=(0.0, 0.1))
    assert grouped_evaluation(risk, y, groups)["summary"] == {
        "auroc": None, "calibration_in_the_large": None, "calibration_slope": None,
    }  # fmt: skip


def test_of_a_small_group_no_figure_is_told() -> None:
    risk, y, groups = practices()
    few = groups.astype(object)
    few[:40] = "forty people"
    y[300:600] = 0
    y[300:305] = 1
    found = grouped_evaluation(risk, y, few)
    for name, events in (("forty people", y[:40].sum()), ("P1", 5)):
        group = found["groups"][name]
        assert (group.pop("n"), group.pop("events")) == (40 if name == "forty people" else 300, events)
        assert set(group.values()) == {None}
    assert (found["told"], found["not_told"]) == (3, 2)
    assert found["summary"]["auroc"]["groups"] == 3


def test_a_group_that_is_not_known_is_one_of_them_and_weights_count() -> None:
    risk, y, groups = practices()
    missing = np.where(groups == "P3", None, groups)
    weight = np.random.default_rng(2).choice([0.0, 1.0, 1.5], y.size)
    rows = groups == "P3"
    found = grouped_evaluation(risk, y, missing, weight=weight)["groups"]["not known"]
    assert found["auroc"] == pytest.approx(metrics.auroc(risk[rows], y[rows], weight[rows]))
    assert found["n"] == 300
    assert grouped_evaluation(risk, y, groups, weight=np.ones(y.size)) == grouped_evaluation(risk, y, groups)


def test_the_prediction_interval_holds_another_practice_about_95_times_in_100() -> None:
    rng = np.random.default_rng(43)
    held = 0
    for _ in range(500):
        true = rng.normal(0, 0.3, 21)
        errors = rng.uniform(0.1, 0.2, 20)
        found = pooled([(value, error) for value, error in zip(rng.normal(true[:20], errors), errors, strict=True)])
        assert found is not None
        low, high = found["prediction_interval"]
        held += low <= true[20] <= high
    assert 0.92 <= held / 500 <= 0.975


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 7, 12, 98])
def test_students_t_agrees_with_scipy(freedom: int) -> None:
    from scipy.stats import t

    for share in (0.025, 0.6, 0.975, 0.999):
        assert t_quantile(share, freedom) == pytest.approx(t.ppf(share, freedom), rel=1e-9)


def test_columns_that_do_not_fit_are_refused_with_counts() -> None:
    risk, y, groups = practices()
    with pytest.raises(InputError, match="found 1200, 1200 and 1199"):
        grouped_evaluation(risk, y, groups[1:])
    with pytest.raises(InputError) as refusal:
        grouped_evaluation(risk + 1, y * 2, groups)
    assert len(str(refusal.value).splitlines()) == 2
