"""Who is held out, on a handful of people in three practices of two networks."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from vi_risk.errors import InputError
from vi_risk.models.splits import held_out, refuse_leaks, units

PRACTICES = {"P1": {"network": "East"}, "P2": {"network": "East"}, "P3": {"network": None}}
TRAIN, TEST = date(2022, 1, 1), date(2023, 1, 1)


def snapshots(*rows: tuple[str, str, date, str, float]) -> Any:
    cohort = pd.DataFrame(rows, columns=["patient_id", "role", "index_date", "practice_code", "outcome"])
    return SimpleNamespace(
        people=lambda role: cohort[cohort["role"] == role],
        rows=lambda role: (cohort[cohort["role"] == role], cohort[cohort["role"] == role][["patient_id"]]),
        practices=PRACTICES,
    )


def three_practices() -> Any:
    """Ann and Bob stay; Cat trains in P1 and is tested in P3."""
    return snapshots(
        *(
            (patient, role, day, practice, 0.0)
            for role, day in (("train", TRAIN), ("test", TEST))
            for patient, practice in (("ann", "P1"), ("bob", "P2"), ("cat", "P1" if role == "train" else "P3"))
        )
    )


def pairs(by: Any, *, folds: int = 5) -> set[tuple[tuple[str, ...], tuple[str, ...]]]:
    made = three_practices()
    training, test = (made.rows(role)[0]["patient_id"].to_numpy() for role in ("train", "test"))
    return {(tuple(training[rows]), tuple(test[out])) for rows, out in held_out(made, by, folds=folds)}


def test_a_practice_is_held_out_with_its_patients_wherever_they_trained() -> None:
    assert pairs("practice") == {
        (("bob",), ("ann",)),  # not Cat, who trained in Ann's practice
        (("ann", "cat"), ("bob",)),
        (("ann", "bob"), ("cat",)),  # not Cat herself
    }


def test_practices_of_a_network_are_held_out_together_and_those_of_none_are_one() -> None:
    assert pairs("network") == {((), ("ann", "bob")), (("ann", "bob"), ("cat",))}


def test_a_patient_is_held_out_alone() -> None:
    assert pairs("patient") == {
        (("bob", "cat"), ("ann",)),
        (("ann", "cat"), ("bob",)),
        (("ann", "bob"), ("cat",)),
    }


def test_fewer_folds_hold_out_several_practices_at_once_and_everyone_once() -> None:
    found = pairs("practice", folds=2)

    assert len(found) == 2
    assert sorted(patient for _, out in found for patient in out) == ["ann", "bob", "cat"]


def test_units_are_named_as_people_know_them() -> None:
    test, _ = three_practices().rows("test")

    assert units(test, "network", PRACTICES).tolist() == ["East", "East", "no network"]


def test_one_practice_alone_cannot_be_held_out() -> None:
    alone = snapshots(("ann", "train", TRAIN, "P1", 0.0), ("ann", "test", TEST, "P1", 0.0))

    with pytest.raises(InputError, match="all test patients are of one practice"):
        list(held_out(alone, "practice", folds=5))


def test_a_training_window_may_end_on_the_day_the_test_window_opens_and_not_later() -> None:
    refuse_leaks(three_practices(), horizon_days=365)

    with pytest.raises(InputError, match="3 patients have a training window of 366 days that reaches into"):
        refuse_leaks(three_practices(), horizon_days=366)


def test_windows_of_different_patients_may_overlap() -> None:
    refuse_leaks(snapshots(("ann", "train", TEST, "P1", 1.0), ("bob", "test", TEST, "P1", 0.0)), horizon_days=365)


def test_a_window_that_was_not_over_is_refused() -> None:
    open_window = snapshots(("ann", "train", TRAIN, "P1", float("nan")), ("bob", "test", TEST, "P1", 0.0))

    with pytest.raises(InputError, match="train snapshot: 1 of 1 rows have no outcome"):
        refuse_leaks(open_window, horizon_days=365)
