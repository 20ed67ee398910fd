"""A store that other processes keep busy is asked again; any other fault is told at once."""

import sqlite3
from collections.abc import Callable

import pytest
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import OperationalError

from vi_risk.tracking import opening
from vi_risk.tracking.opening import retried

LOCKED = "(sqlite3.OperationalError) database is locked"


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Take no time over waiting, and say for how long one would have waited."""
    waited: list[float] = []
    monkeypatch.setattr(opening.time, "sleep", waited.append)
    return waited


def fails_first(times: int, fault: Exception) -> Callable[[], str]:
    left = [fault] * times

    def call() -> str:
        if left:
            raise left.pop()
        return "answer"

    return call


@pytest.mark.parametrize(
    "fault",
    [MlflowException(LOCKED), OperationalError("INSERT", {}, sqlite3.OperationalError("database is locked"))],
)
def test_a_busy_store_is_asked_again_after_longer_and_longer(fault: Exception, waits: list[float]) -> None:
    assert retried(fails_first(3, fault)) == "answer"
    assert waits == sorted(waits)
    assert len(waits) == 3


def test_a_store_that_stays_busy_is_told_in_the_end(waits: list[float]) -> None:
    with pytest.raises(MlflowException, match="database is locked"):
        retried(fails_first(99, MlflowException(LOCKED)))
    assert len(waits) == 5


def test_another_fault_is_told_at_once(waits: list[float]) -> None:
    with pytest.raises(MlflowException, match="no such run"):
        retried(fails_first(1, MlflowException("no such run")))
    assert waits == []
