import json
from typing import Any

import numpy as np
import pytest

from vi_risk.errors import InputError
from vi_risk.models.evidence import metrics
from vi_risk.models.evidence.score_decay import score_decay
from vi_risk.models.learning.calibration import risk_of

PEOPLE = 2000


def scored() -> tuple[np.ndarray, dict[int, np.ndarray | None], np.ndarray]:
    """Return scores, outcomes in windows that the score tells less and less of, and patients of two rows each.

    After a year a tenth, the frailest, are no longer there; after two years no window is over.
    """
    rng = np.random.default_rng(61)
    raw = rng.normal(-1.2, 1.3, PEOPLE)
    outcomes: dict[int, np.ndarray | None] = {
        offset: (rng.random(PEOPLE) < risk_of(-1.2 + still * (raw + 1.2))).astype(float)
        for offset, still in ((0, 1.0), (183, 0.8), (365, 0.6))
    }
    gone = raw > np.quantile(raw, 0.9)
    outcomes[365] = np.where(gone, np.nan, outcomes[365])
    return raw, outcomes | {730: None}, np.repeat(np.arange(PEOPLE // 2), 2)


@pytest.fixture(scope="module")
def decay() -> dict[str, Any]:
    return score_decay(*scored(), seed=1, resamples=200)


def test_a_score_tells_less_of_windows_that_start_later(decay: dict[str, Any]) -> None:
    raw, outcomes, _ = scored()
    line = decay["at_risk"]
    assert line["0"]["auroc"] == metrics.auroc(risk_of(raw), outcomes[0])
    assert line["0"]["auroc"] > line["183"]["auroc"] + 0.02 > line["365"]["auroc"] + 0.04
    assert line["0"]["calibration_slope"] == pytest.approx(1, abs=0.15)
    assert line["183"]["calibration_slope"] == pytest.approx(0.8, abs=0.15)
    assert (line["183"]["n"], line["183"]["events"]) == (PEOPLE, outcomes[183].sum())
    for window in (line["0"], line["183"], line["365"]):
        for figure in ("auroc", "calibration_slope"):
            low, high = window[f"{figure}_interval"]
            assert low < window[figure] < high


def test_a_window_that_ends_after_the_records_is_not_estimable(decay: dict[str, Any]) -> None:
    late = dict(decay["at_risk"]["730"])
    assert "is over by the end of the records" in late.pop("not_estimable")
    assert set(late.values()) == {None}
    raw, _, patients = scored()
    never = score_decay(raw, {730: np.full(PEOPLE, np.nan)}, patients, resamples=2)
    assert "is over by the end of the records" in never["at_risk"]["730"]["not_estimable"]


def test_those_who_are_gone_are_in_the_earlier_windows_of_everyone_and_not_of_the_same_people(
    decay: dict[str, Any],
) -> None:
    assert decay["at_risk"]["0"]["n"] == PEOPLE
    assert decay["at_risk"]["365"]["n"] == PEOPLE * 9 // 10
    assert [window["n"] for window in decay["same_people"].values()] == [PEOPLE * 9 // 10] * 3
    assert list(decay["same_people"]) == ["0", "183", "365"]
    assert decay["same_people"]["365"] == decay["at_risk"]["365"]
    assert "365 days after the score" in decay["same_people_are"]


def test_where_nobody_drops_out_there_is_one_line() -> None:
    raw, outcomes, patients = scored()
    found = score_decay(raw, {0: outcomes[0], 183: outcomes[183]}, patients, resamples=20)
    assert (found["same_people"], found["same_people_are"]) == (None, None)


def test_rows_of_a_patient_are_drawn_together() -> None:
    raw, outcomes, _ = scored()
    copied, twice = np.repeat(raw[:500], 4), np.repeat(outcomes[0][:500], 4)  # type: ignore[index]
    apart = score_decay(copied, {0: twice}, np.arange(PEOPLE), seed=1)["at_risk"]["0"]["auroc_interval"]
    together = score_decay(copied, {0: twice}, np.repeat(np.arange(500), 4), seed=1)["at_risk"]["0"]["auroc_interval"]
    alone = score_decay(raw[:500], {0: outcomes[0][:500]}, np.arange(500), seed=1)["at_risk"]["0"]["auroc_interval"]  # type: ignore[index]
    assert together == pytest.approx(alone, abs=1e-9)
    assert together[1] - together[0] == pytest.approx(2 * (apart[1] - apart[0]), rel=0.15)


def test_weights_count_in_their_window() -> None:
    raw, outcomes, patients = scored()
    weight = np.random.default_rng(2).choice([0.0, 1.0, 1.3], PEOPLE)
    weight_later = np.where(np.isnan(outcomes[365]), np.nan, weight)  # type: ignore[arg-type]
    found = score_decay(raw, outcomes, patients, {0: weight, 365: weight_later}, resamples=20)["at_risk"]
    assert found["0"]["auroc"] == metrics.auroc(risk_of(raw), outcomes[0], weight)
    assert found["183"]["auroc"] == metrics.auroc(risk_of(raw), outcomes[183])
    assert found["0"]["observed"] == pytest.approx(np.average(outcomes[0], weights=weight))
    assert found["365"]["n"] == PEOPLE * 9 // 10


def test_of_few_outcomes_nothing_is_told() -> None:
    raw, _, patients = scored()
    few = (np.arange(PEOPLE) < 7).astype(float)
    assert "too few" in score_decay(raw, {0: few}, patients, resamples=2)["at_risk"]["0"]["not_estimable"]
    most = score_decay(raw, {0: 1 - few}, patients, resamples=2)["at_risk"]["0"]["not_estimable"]
    assert "without the outcome" in most


def test_the_result_is_json_and_the_seed_makes_it(decay: dict[str, Any]) -> None:
    assert json.loads(json.dumps(decay, allow_nan=False)) == decay
    assert score_decay(*scored(), seed=1, resamples=200) == decay


def test_columns_that_do_not_fit_are_refused_with_counts() -> None:
    raw, _, patients = scored()
    with pytest.raises(InputError) as refusal:
        score_decay(np.where(raw > 2, np.nan, raw), {0: raw[1:], 183: raw}, patients[1:])
    told = str(refusal.value).splitlines()
    assert len(told) == 4
    assert "groups: expected 2000 values, one for each row, found 1999" in told[1]


def test_a_row_without_its_patient_is_refused() -> None:
    raw, outcomes, patients = scored()
    with pytest.raises(InputError, match="groups: 1 of 2000 rows have no patient"):
        score_decay(raw, outcomes, [None, *patients[1:]])
