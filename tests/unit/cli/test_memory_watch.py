"""A run that goes far beyond its limit of memory is ended with a message; one that stays below it is left alone."""

import subprocess
import sys
import threading
from mmap import mmap
from types import TracebackType
from typing import Self

import pytest

from vi_risk.cli import memory_watch
from vi_risk.cli.memory_watch import MemoryWatch, StageKept, memory_mb
from vi_risk.running.memory import Budget


class Told:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[tuple[str, int]] = []
        self.closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self.closed = True

    def stage(self, title: str) -> None: ...

    def rows(self, number: int) -> None: ...

    def step(self, text: str) -> None: ...

    def warn(self, text: str) -> None: ...

    def failed(self, message: str, code: int) -> None:
        self.said.append((message, code))


def watched(taken: float, limit: int | None, *, seconds: float = 5.0) -> tuple[Told, list[int]]:
    told, codes, ended = Told(), list[int](), threading.Event()

    def end(code: int) -> None:
        codes.append(code)
        ended.set()

    stage = StageKept(told)
    stage.stage("Train the model")
    with MemoryWatch(Budget(limit), told, lambda: stage.now, looks=lambda: taken, end=end):
        ended.wait(seconds)
    return told, codes


def test_beyond_a_quarter_above_the_limit_the_process_ends_with_stage_figures_and_what_to_do() -> None:
    told, codes = watched(1251, 1000)

    assert codes == [6]
    ((message, code),) = told.said
    assert code == 6
    assert "--memory-limit 1000: the stage 'Train the model' took 1,251 MB" in message
    assert "--resume" in message
    assert told.closed


@pytest.mark.parametrize(("taken", "limit"), [(1250, 1000), (10_000, None)])
def test_below_that_or_without_a_limit_nothing_ends(taken: float, limit: int | None) -> None:
    told, codes = watched(taken, limit, seconds=0.2)

    assert (told.said, codes) == ([], [])


def test_words_that_cannot_be_said_do_not_keep_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_watch, "_SECONDS_FOR_LAST_WORDS", 0.05)
    told, codes, free, ended = Told(), list[int](), threading.Event(), threading.Event()
    monkeypatch.setattr(told, "failed", lambda *_: free.wait(5))  # as if the main thread held the terminal

    def end(code: int) -> None:
        codes.append(code)
        ended.set()

    with MemoryWatch(Budget(1000), told, lambda: "", looks=lambda: 2000, end=end):
        assert ended.wait(5)
        free.set()

    assert set(codes) == {6}


def test_what_is_looked_at_is_the_memory_of_this_process() -> None:
    before = memory_mb()
    if before is None:
        pytest.skip("this system does not say what a process takes")
    with mmap(-1, 200_000_000) as held:  # new to the process, whatever it had and gave back before
        held.write(bytes(200_000_000))
        after = memory_mb()

    assert after is not None
    assert 150 < after - before < 400


def test_a_process_in_compiled_code_is_ended_all_the_same() -> None:
    code = """
import numpy as np, sys
from vi_risk.cli.json_log import JsonReport
from vi_risk.running.memory import Budget
from vi_risk.cli.memory_watch import MemoryWatch
from datetime import datetime, UTC
began = datetime(2025, 1, 1, tzinfo=UTC)
log = JsonReport(sys.stderr, command="run", when=began)
with log as report, MemoryWatch(Budget(200), report, lambda: "s"):
    held = np.ones(40_000_000)
    while True:
        held.sort()
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)

    assert ended.returncode == 6, ended.stderr
    assert '"event": "failed"' in ended.stderr.splitlines()[-1]
