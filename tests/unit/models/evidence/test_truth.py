"""How near a model comes to the true risk, on made-up risks whose distance from it is known."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vi_risk.errors import InputError, UsageError
from vi_risk.models.evidence import metrics, truth
from vi_risk.models.evidence.truth import AgainstTruth, hold_against_truth, read_truth
from vi_risk.models.learning.calibration import risk_of
from vi_risk.models.spec import ModelSpec, load_spec

TEST_DATE = date(2024, 1, 2)
PEOPLE = 5_000


@pytest.fixture(scope="module")
def spec() -> ModelSpec:
    return load_spec()


# --- reading ---------------------------------------------------------------------------------------------------------


def of_one_date(**columns: Any) -> pd.DataFrame:
    """Two people's true risks at the test date; columns given take the place of the right ones."""
    right = {
        "patient_id": ["p1", "p2"],
        "index_date": [TEST_DATE] * 2,
        "outcome": ["emergency_admission"] * 2,
        "horizon_days": [365] * 2,
        "true_risk": [0.125, 0.5],
    }
    return pd.DataFrame(right | columns)


def written(rows: pd.DataFrame, folder: Path) -> Path:
    path = folder / "truth.parquet"
    rows.to_parquet(path, index=False)
    return path


def test_only_the_rows_of_the_outcome_the_horizon_and_the_test_date_are_read(spec: ModelSpec, tmp_path: Path) -> None:
    others = [
        of_one_date(index_date=[date(2023, 1, 2)] * 2, true_risk=[0.9, 0.9]),
        of_one_date(outcome=["death"] * 2, true_risk=[0.9, 0.9]),
        of_one_date(horizon_days=[30] * 2, true_risk=[0.9, 0.9]),
    ]

    found = read_truth(written(pd.concat([*others, of_one_date()]), tmp_path), spec, TEST_DATE)

    assert found.to_dict() == {"p1": 0.125, "p2": 0.5}


def test_a_day_written_as_a_timestamp_is_the_same_day(spec: ModelSpec, tmp_path: Path) -> None:
    rows = of_one_date(index_date=pd.to_datetime([TEST_DATE] * 2))

    assert read_truth(written(rows, tmp_path), spec, TEST_DATE).to_dict() == {"p1": 0.125, "p2": 0.5}


def test_a_file_that_is_not_there_is_told_with_the_command_that_makes_it(spec: ModelSpec, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"truth\.parquet: no such file.*vi-risk synth --index-date 2024-01-02"):
        read_truth(tmp_path / "truth.parquet", spec, TEST_DATE)


def test_a_file_of_another_kind_is_told(spec: ModelSpec, tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_text("patient_id,true_risk\np1,0.1\n")
    with pytest.raises(InputError, match=r"truth\.csv: is not a whole Parquet file"):
        read_truth(path, spec, TEST_DATE)


def test_all_columns_that_are_missing_are_told(spec: ModelSpec, tmp_path: Path) -> None:
    path = written(of_one_date().drop(columns=["outcome", "true_risk"]), tmp_path)
    with pytest.raises(InputError, match=r"found no outcome, true_risk\."):
        read_truth(path, spec, TEST_DATE)


@pytest.mark.parametrize(
    ("column", "values"),
    [("true_risk", ["high", "low"]), ("index_date", ["soon", "later"]), ("horizon_days", ["a year", "a month"])],
)
def test_a_column_of_another_type_is_told_without_its_values(
    column: str, values: list[str], spec: ModelSpec, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="expected patient_id and outcome as text") as caught:
        read_truth(written(of_one_date(**{column: values}), tmp_path), spec, TEST_DATE)
    assert not any(value in str(caught.value) for value in values)


def test_another_test_date_is_told_with_the_dates_there_are(spec: ModelSpec, tmp_path: Path) -> None:
    days = [date(2023, 1, day) for day in range(1, 11)]
    rows = pd.concat([of_one_date(index_date=[day] * 2) for day in reversed(days)])
    with pytest.raises(
        InputError,
        match=r"index_date: expected 2024-01-02, as in the run, found 2023-01-01, .*2023-01-08 and 2 more\. "
        r"Make it: `vi-risk synth --index-date 2024-01-02`",
    ):
        read_truth(written(rows, tmp_path), spec, TEST_DATE)


def test_another_horizon_is_told_with_those_there_are(spec: ModelSpec, tmp_path: Path) -> None:
    path = written(of_one_date(horizon_days=[90, 30]), tmp_path)
    with pytest.raises(InputError, match=r"horizon_days: expected 365, as in the run, found 30, 90\."):
        read_truth(path, spec, TEST_DATE)


def test_another_outcome_is_told_without_its_values(spec: ModelSpec, tmp_path: Path) -> None:
    path = written(of_one_date(outcome=["death", "fall"]), tmp_path)
    with pytest.raises(InputError, match=r"outcome: expected emergency_admission, as in the run, found others\."):
        read_truth(path, spec, TEST_DATE)


def test_a_file_without_a_row_is_told(spec: ModelSpec, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="outcome: expected emergency_admission"):
        read_truth(written(of_one_date().iloc[:0], tmp_path), spec, TEST_DATE)


# --- what it is held against -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def patients() -> pd.DataFrame:
    """Outcomes drawn at exactly the true risk."""
    rng = np.random.default_rng(21)
    log_odds = rng.normal(-2.5, 1.3, PEOPLE)
    true = risk_of(log_odds)
    return pd.DataFrame(
        {
            "patient_id": [f"p{number:05d}" for number in range(PEOPLE)],
            "log_odds": log_odds,
            "true": true,
            "y": (rng.random(PEOPLE) < true).astype(float),
        }
    )


def held(patients: pd.DataFrame, risk: np.ndarray, true_risk: pd.Series | None = None, seed: int = 1) -> AgainstTruth:
    known = patients.set_index("patient_id")["true"] if true_risk is None else true_risk
    return hold_against_truth(risk, patients["y"].to_numpy(), patients["patient_id"], known, seed=seed)


def test_the_true_risk_itself_attains_all_there_is(patients: pd.DataFrame) -> None:
    found = held(patients, patients["true"].to_numpy())

    assert found.share_of_best == 1
    assert found.share_of_best_interval == (1, 1)
    assert found.correlation == pytest.approx(1)
    assert found.mean_absolute_difference == 0
    assert all(tenth.mean_risk == tenth.mean_true_risk for tenth in found.tenths)


def test_one_risk_for_everybody_attains_nothing(patients: pd.DataFrame) -> None:
    found = held(patients, np.full(PEOPLE, 0.1))

    assert (found.model_auroc, found.share_of_best, found.share_of_best_interval) == (0.5, 0, (0, 0))
    assert found.correlation is None
    assert found.mean_absolute_difference == pytest.approx(np.abs(patients["true"] - 0.1).mean())


def test_the_share_is_of_what_lies_above_chance(patients: pd.DataFrame) -> None:
    risk = risk_of(patients["log_odds"].to_numpy() + np.random.default_rng(22).normal(0, 1, PEOPLE))
    y = patients["y"].to_numpy()

    found = held(patients, risk)

    best, own = metrics.auroc(patients["true"].to_numpy(), y), metrics.auroc(risk, y)
    assert best is not None
    assert own is not None
    assert (found.auroc, found.model_auroc) == (best, own)
    assert found.share_of_best == pytest.approx((own - 0.5) / (best - 0.5))
    assert found.auroc_interval == metrics.auroc_interval(patients["true"].to_numpy(), y)
    assert (found.n, found.left_out) == (PEOPLE, 0)


def test_risks_twice_too_high_stand_twice_as_high_in_every_tenth(patients: pd.DataFrame) -> None:
    halved = patients.assign(true=patients["true"] / 2).set_index("patient_id")["true"]

    found = held(patients, patients["true"].to_numpy(), halved)

    assert [tenth.n for tenth in found.tenths] == [PEOPLE // 10] * 10
    assert [tenth.mean_risk for tenth in found.tenths] == sorted(tenth.mean_risk for tenth in found.tenths)
    for tenth in found.tenths:
        assert tenth.mean_risk == pytest.approx(2 * tenth.mean_true_risk)


def test_the_interval_is_that_of_resampled_patients_worked_out_the_slow_way(
    patients: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(truth, "RESAMPLES", 40)
    few = patients.iloc[:600]
    y, true = few["y"].to_numpy(), few["true"].to_numpy()
    risk = np.round(true, 1)  # with many ties
    rng = np.random.default_rng(9)
    shares = []
    for _ in range(40):
        drawn = rng.integers(0, len(y), len(y), dtype=np.int32)
        own, best = metrics.auroc(risk[drawn], y[drawn]), metrics.auroc(true[drawn], y[drawn])
        assert own is not None
        assert best is not None
        shares.append((own - 0.5) / (best - 0.5))

    assert held(few, risk, seed=9).share_of_best_interval == pytest.approx(np.quantile(shares, (0.025, 0.975)))


def test_the_same_seed_gives_the_same_interval_and_another_seed_another(patients: pd.DataFrame) -> None:
    risk = np.sqrt(patients["true"].to_numpy()[::-1] * patients["true"].to_numpy())

    assert held(patients, risk, seed=3) == held(patients, risk, seed=3)
    assert held(patients, risk, seed=3).share_of_best_interval != held(patients, risk, seed=4).share_of_best_interval


def test_the_order_of_the_file_and_people_not_tested_change_nothing(patients: pd.DataFrame) -> None:
    risk = patients["true"].to_numpy() ** 1.5
    known = patients.set_index("patient_id")["true"]
    more = pd.concat([known.iloc[::-1], pd.Series([0.3], index=["somebody else"])])

    assert held(patients, risk, more) == held(patients, risk, known)


def test_the_few_whose_true_risk_is_not_known_are_left_out_and_counted(patients: pd.DataFrame) -> None:
    risk = patients["true"].to_numpy() ** 1.5
    known = patients.set_index("patient_id")["true"].iloc[3:]

    found = held(patients, risk, known)

    assert (found.n, found.left_out) == (PEOPLE - 3, 3)
    assert found.model_auroc == metrics.auroc(risk[3:], patients["y"].to_numpy()[3:])
    assert sum(tenth.n for tenth in found.tenths) == found.n


def test_the_risks_of_other_people_are_refused(patients: pd.DataFrame) -> None:
    known = patients.set_index("patient_id")["true"].iloc[: PEOPLE * 9 // 10]
    with pytest.raises(InputError, match=r"found 4,500 of 5,000\. Give the file .* beside these very records"):
        held(patients, patients["true"].to_numpy(), known)


def test_risks_that_do_not_tell_who_had_the_outcome_are_refused(patients: pd.DataFrame) -> None:
    shuffled = np.random.default_rng(23).permutation(patients["true"].to_numpy())
    known = pd.Series(shuffled, index=patients["patient_id"])
    with pytest.raises(InputError, match=r"found no more than chance \(AUROC 0\.\d{3} to 0\.\d{3}\)\. Give the file"):
        held(patients, patients["true"].to_numpy(), known)


def test_without_any_outcome_nothing_is_told(patients: pd.DataFrame) -> None:
    with pytest.raises(InputError, match=r"found no more than chance\. .* With few outcomes take more people\."):
        held(patients.assign(y=0.0), patients["true"].to_numpy())


def test_all_faults_of_the_true_risks_are_told_with_their_rows(patients: pd.DataFrame) -> None:
    known = patients.set_index("patient_id")["true"]
    known = pd.concat([known, known.iloc[:2]])
    known.iloc[5:8] = [np.nan, 1.5, -0.5]
    with pytest.raises(InputError) as caught:
        held(patients, patients["true"].to_numpy(), known)
    assert [line.partition(". ")[0] for line in str(caught.value).splitlines()] == [
        "true risks: 1 of 5,002 rows are missing",
        "true risks: 2 of 5,002 rows lie outside 0 to 1",
        "true risks: 2 of 5,002 rows repeat a patient",
    ]


def test_both_aurocs_are_weighted_and_weights_of_one_change_nothing(patients: pd.DataFrame) -> None:
    rng = np.random.default_rng(6)
    risk, y, true = risk_of(patients["log_odds"] + rng.normal(0, 1, PEOPLE)), patients["y"].to_numpy(), patients["true"]
    known = patients.set_index("patient_id")["true"]
    weight = rng.choice([0.0, 1.0, 1.3], PEOPLE)

    found = hold_against_truth(risk, y, patients["patient_id"], known, seed=1, weight=weight)

    assert found.auroc == metrics.auroc(true.to_numpy(), y, weight)
    assert found.model_auroc == metrics.auroc(risk, y, weight)
    low, high = found.share_of_best_interval or (1, 0)
    assert low < found.share_of_best < high
    ones = hold_against_truth(risk, y, patients["patient_id"], known, seed=1, weight=np.ones(PEOPLE))
    assert ones == held(patients, risk)
