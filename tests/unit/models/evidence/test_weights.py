import numpy as np
import pandas as pd
import pytest

from vi_risk.cohort.censoring import censoring_weights
from vi_risk.errors import InputError
from vi_risk.models.evidence import metrics
from vi_risk.models.evidence.weights import as_many_alike, followed, weight_faults, weights_of


def test_weights_of_one_for_all_are_none_and_others_stay() -> None:
    assert weights_of(None, 3, where="here") is None
    assert weights_of([1, 1, 1], 3, where="here") is None
    assert np.array_equal(weights_of([1, 0, 2], 3, where="here"), [1.0, 0.0, 2.0])


@pytest.mark.parametrize(
    ("weight", "fault"),
    [
        ([1.0, 2.0], "weight: expected 3 values, one for each patient, found 2"),
        ([1.0, np.nan, np.inf], "weight: 2 of 3 values are missing or infinite"),
        ([1.0, -1.0, 2.0], "weight: 1 of 3 values lie below 0"),
        (["1", "1", "1"], "weight: expected numbers, found other values"),
        ([0.0, 0.0, 0.0], "weight: all 3 values are 0, so nobody's outcome is known"),
    ],
)
def test_weights_that_do_not_fit_are_refused_with_counts(weight: list[float], fault: str) -> None:
    assert weight_faults(weight, 3) == [fault]
    with pytest.raises(InputError, match=f"here: {fault}"):
        weights_of(weight, 3, where="here")


def test_only_those_whose_outcome_counts_are_left() -> None:
    risk, y, weight = followed(np.array([0.1, 0.2, 0.3]), np.array([0.0, 1.0, 0.0]), [2.0, 0.0, 1.0])
    assert (risk.tolist(), y.tolist()) == ([0.1, 0.3], [0.0, 0.0])
    assert weight is not None
    assert weight.tolist() == [2.0, 1.0]


def test_equal_weights_tell_as_much_as_they_are_and_unequal_ones_less() -> None:
    assert as_many_alike(None, 7) == 7
    assert as_many_alike(np.full(7, 1.3), 7) == pytest.approx(7)
    assert as_many_alike(np.array([3.0, 1.0]), 2) == pytest.approx(1.6)


def test_the_observed_share_is_the_cumulative_incidence_with_death_competing() -> None:
    rng, people = np.random.default_rng(5), 700
    until = {name: rng.exponential(scale, people) for name, scale in (("event", 900), ("died", 2000), ("left", 700))}
    days = np.ceil(np.minimum.reduce(list(until.values())))
    ended = np.array(list(until))[np.argmin(list(until.values()), axis=0)]
    follow_up = pd.DataFrame({"ended": np.where(days > 365, "horizon", ended), "followed_days": np.minimum(days, 365)})
    weight = censoring_weights(follow_up, horizon_days=365, by=())
    y = (follow_up["ended"] == "event").to_numpy(dtype=float)

    still_there, incidence = 1.0, 0.0
    for day in range(1, 366):  # Aalen-Johansen, day by day
        at_risk = (follow_up["followed_days"] >= day).sum()
        on_day = follow_up.loc[follow_up["followed_days"] == day, "ended"]
        incidence += still_there * (on_day == "event").sum() / at_risk
        still_there *= 1 - on_day.isin(["event", "died"]).sum() / at_risk
    assert metrics.observed(y, weight) == pytest.approx(incidence, rel=1e-12)
    assert y.sum() < people * incidence - 20  # as if those who left had stayed without it


def test_the_weighted_auroc_and_its_interval_are_right_where_people_leave() -> None:
    rng = np.random.default_rng(7)

    def followed_up(n: int) -> tuple[np.ndarray, pd.DataFrame, np.ndarray]:
        """Return risks, how follow-up ended, and what became of everyone in truth."""
        x = rng.normal(size=n)
        event, left = rng.exponential(900 * np.exp(-x)), rng.exponential(600, n)
        days = np.minimum(event, left)
        ended = np.where(days >= 365, "horizon", np.where(event < left, "event", "left"))
        follow_up = pd.DataFrame({"ended": ended, "followed_days": np.minimum(np.ceil(days), 365)})
        return 1 / (1 + np.exp(-x)), follow_up, (event < 365).astype(float)

    risk, _, truth = followed_up(200_000)
    true_auroc = metrics.auroc(risk, truth)
    assert true_auroc is not None
    found, as_if_none_left, covered = [], [], 0
    for _ in range(200):
        risk, follow_up, _ = followed_up(500)
        weight = censoring_weights(follow_up, horizon_days=365, by=()).to_numpy()
        y = (follow_up["ended"] == "event").to_numpy(dtype=float)
        found.append(metrics.auroc(risk, y, weight))
        as_if_none_left.append(metrics.auroc(risk, y))
        low, high = metrics.auroc_interval(risk, y, weight) or (1, 0)
        covered += low <= true_auroc <= high
    assert np.mean(found) == pytest.approx(true_auroc, abs=0.005)
    assert np.mean(as_if_none_left) < true_auroc - 0.01
    assert 0.91 <= covered / 200 <= 0.985
