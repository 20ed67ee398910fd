from typing import Any

import numpy as np
import pytest

from vi_risk.errors import InputError
from vi_risk.models.evidence import metrics
from vi_risk.models.evidence.decision_curve import net_benefit
from vi_risk.models.evidence.paired import paired
from vi_risk.models.learning.calibration import risk_of

PATIENTS = 900


def two_models() -> dict[str, Any]:
    """Return a good model and one that sees the truth through noise, in three practices of ten places each."""
    rng = np.random.default_rng(31)
    log_odds = rng.normal(-1.5, 1.3, PATIENTS)
    return {
        "risk_a": risk_of(log_odds),
        "risk_b": risk_of(-1.5 + 0.5 * (log_odds + 1.5) + rng.normal(0, 1, PATIENTS)),
        "y": (rng.random(PATIENTS) < risk_of(log_odds)).astype(float),
        "practice_code": np.array(["A", "B", "C"])[np.arange(PATIENTS) % 3],
        "patient_id": np.array([f"P{number}" for number in range(PATIENTS)]),
        "capacity": 10,
        "threshold": 0.2,
        "resamples": 200,
    }


def test_every_value_is_the_figure_of_the_first_less_that_of_the_second() -> None:
    given = two_models()
    a, b, y = given["risk_a"], given["risk_b"], given["y"]

    def true_cases(risk: np.ndarray) -> float:
        of_practices = [np.flatnonzero(given["practice_code"] == practice) for practice in "ABC"]
        return sum(y[rows[np.argsort(-risk[rows])[:10]]].sum() for rows in of_practices)

    found = paired(**given)

    assert list(found) == ["true_cases", "net_benefit", "auroc", "brier"]
    assert found["true_cases"].value == true_cases(a) - true_cases(b)
    assert found["net_benefit"].value == pytest.approx(net_benefit(a, y, [0.2])[0] - net_benefit(b, y, [0.2])[0])
    assert found["auroc"].value == pytest.approx((metrics.auroc(a, y) or 0) - (metrics.auroc(b, y) or 0))
    assert found["brier"].value == pytest.approx((metrics.brier(a, y) or 0) - (metrics.brier(b, y) or 0))


def test_a_better_model_is_found_better_beyond_chance_and_the_other_way_round_worse() -> None:
    given = two_models()
    better = paired(**given)
    worse = paired(**(given | {"risk_a": given["risk_b"], "risk_b": given["risk_a"]}))
    for figure, sign in (("true_cases", 1), ("net_benefit", 1), ("auroc", 1), ("brier", -1)):
        low, high = better[figure].interval or (0, 0)
        assert sign * low > 0, figure
        assert sign * high > 0, figure
        assert worse[figure].interval == pytest.approx((-high, -low), abs=1e-12), figure


def test_a_model_against_itself_differs_by_nothing_from_nought_to_nought() -> None:
    given = two_models()
    for figure, difference in paired(**(given | {"risk_b": given["risk_a"]})).items():
        assert difference.value == 0.0, figure
        assert difference.interval == pytest.approx((0.0, 0.0), abs=1e-15), figure  # sums of another order


def test_the_interval_of_a_paired_difference_is_narrower_than_that_of_strangers() -> None:
    given = two_models()
    near = given["risk_a"] * 0.95
    low, high = paired(**(given | {"risk_b": near}))["brier"].interval or (0, 1)
    alone = np.std((given["risk_a"] - given["y"]) ** 2) / np.sqrt(PATIENTS)
    assert high - low < 2 * alone


def test_weights_count_and_those_of_one_do_not() -> None:
    given = two_models()
    assert paired(**given, weight=np.ones(PATIENTS)) == paired(**given)
    weight = np.random.default_rng(2).choice([0.0, 1.0, 1.5], PATIENTS)
    found = paired(**given, weight=weight)["auroc"].value
    a, b, y = given["risk_a"], given["risk_b"], given["y"]
    assert found == pytest.approx((metrics.auroc(a, y, weight) or 0) - (metrics.auroc(b, y, weight) or 0))


def test_raw_scores_break_ties_of_the_lists() -> None:
    tied: dict[str, Any] = {
        "risk_a": [0.5, 0.5],
        "risk_b": [0.5, 0.5],
        "y": [0, 1],
        "practice_code": ["A", "A"],
        "patient_id": ["P1", "P2"],
        "capacity": 1,
        "threshold": 0.2,
        "resamples": 5,
    }
    assert paired(**tied)["true_cases"].value == 0
    assert paired(**tied, raw_a=[0.0, 0.1])["true_cases"].value == 1
    assert paired(**tied, raw_b=[0.0, 0.1])["true_cases"].value == -1


def test_where_nobody_had_the_outcome_nothing_is_told_of_the_order() -> None:
    found = paired(**(two_models() | {"y": np.zeros(PATIENTS)}))
    assert (found["auroc"].value, found["auroc"].interval) == (None, None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"threshold": 1.0}, "threshold must be a risk inside 0 to 1"),
        ({"capacity": 0}, "capacity: expected a whole number of patients from 1"),
        ({"risk_b": np.full(PATIENTS, 1.5)}, "risk b: 900 of 900 risks lie outside 0 to 1"),
        ({"raw_a": np.full(PATIENTS, np.nan)}, "raw score of risk a: 900 of 900 values are missing"),
        ({"patient_id": np.full(PATIENTS, "P")}, "899 rows repeat a patient"),
        ({"weight": np.zeros(PATIENTS)}, "nobody's outcome is known"),
    ],
)
def test_what_cannot_be_compared_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        paired(**(two_models() | change))
