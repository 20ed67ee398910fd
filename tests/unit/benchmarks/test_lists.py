"""The benchmark of lists: as many practices as lists, and a clock that counts each step once."""

import time
from collections import Counter
from datetime import date
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.lists import table
from benchmarks.lists.page import seconds_to_open
from benchmarks.lists.table import aims_of, step_lines
from benchmarks.lists.trust import codes_of, write_trust_of
from benchmarks.lists.work import STEPS, Step, Stopwatch
from benchmarks.runs import Took
from vi_risk.caselists.packs.pdf_pack import find_browser

PRACTICES = pd.DataFrame(
    {
        "practice_code": ["A", "B", "C", "D"],
        "integrated_from": [date(2020, 1, 1), date(2018, 1, 1), None, date(2019, 1, 1)],
    }
)


def registrations(people: int) -> pd.DataFrame:
    practice = ["A", "B", "C", "D"] * (people // 4)
    return pd.DataFrame({"patient_id": [f"P{number}" for number in range(people)], "practice_code": practice})


@pytest.mark.parametrize("practices", [2, 3, 7, 50])
def test_people_of_integrated_practices_go_to_so_many_as_are_asked_for(practices: int) -> None:
    people = registrations(4000)

    codes = codes_of(people, PRACTICES, practices=practices)

    outside = people["practice_code"] == "C"
    assert set(codes[outside]) == {"C"}
    sizes = Counter(codes[~outside])
    assert len(sizes) == practices
    assert max(sizes.values()) <= 3 * min(sizes.values())


def test_practices_that_are_joined_joined_the_trust_one_after_the_other() -> None:
    codes = codes_of(registrations(8), PRACTICES, practices=2)

    assert codes.tolist() == ["L002", "L001", "C", "L001"] * 2


def test_the_trust_has_so_many_integrated_practices_in_networks_of_five(tmp_path: Path) -> None:
    write_trust_of(tmp_path, people=2000, practices=12, seed=1)

    practices = pd.read_parquet(tmp_path / "practices.parquet")
    inside = practices[practices["integrated_from"].notna()]
    assert len(inside) == 12
    assert inside["network"].value_counts().tolist() == [5, 5, 2]
    registered = pd.read_parquet(tmp_path / "registrations.parquet")["practice_code"]
    assert set(registered) <= set(practices["practice_code"])


def test_every_step_is_something_that_the_stage_calls() -> None:
    calls = [(module, name) for places in STEPS.values() for module, name in places]

    assert all(callable(getattr(module, name)) for module, name in calls)
    assert len({(module.__name__, name) for module, name in calls}) == len(calls)


def test_a_step_inside_another_is_counted_once() -> None:
    watch = Stopwatch()
    inner = watch.timed("reasons", partial(time.sleep, 0.05))

    def outer() -> None:
        time.sleep(0.02)
        inner()

    watch.timed("lists put together", outer)()

    took = watch.steps()
    assert took["reasons"].seconds >= 0.05
    assert 0.02 <= took["lists put together"].seconds < took["reasons"].seconds
    assert took["reasons"].cpu_seconds < 0.05


def test_a_step_that_fails_ends_its_time() -> None:
    watch = Stopwatch()

    with pytest.raises(ZeroDivisionError):
        watch.timed("reasons", lambda: 1 / 0)()
    time.sleep(0.05)

    assert watch.steps()["reasons"].seconds < 0.05


def test_the_aims_are_seconds_growth_size_and_opening() -> None:
    whole, quarter = Took(61.0, 40.0, 900.0, rows=1000), Took(20.0, 30.0, 500.0, rows=1000)

    aims = aims_of(200_000, whole, quarter, page_bytes=2_500_000, page_patients=500, to_open=1.2)

    assert [(round(aim.found, 2), aim.bound, aim.reached) for aim in aims] == [
        (61.0, 60.0, False), (1.33, 1.5, True), (2.5, 3.0, True), (1.2, 1.0, False),
    ]  # fmt: skip


def test_without_a_browser_nothing_is_said_of_opening() -> None:
    took = Took(10.0, 10.0, 100.0, rows=10)

    assert len(aims_of(100, took, took, page_bytes=1, page_patients=1, to_open=None)) == 3


def test_a_step_over_at_once_is_not_said_to_grow() -> None:
    quarter = {"reasons": Step(1.0, 1.0), "prompts": Step(0.01, table._TOO_SHORT / 2)}
    whole = {"reasons": Step(3.0, 2.0), "prompts": Step(0.1, 0.1)}

    grown, short = step_lines(quarter, whole)

    assert grown.split() == ["reasons", "1.0", "2.0", "3.0", "2.0"]
    assert short.split() == ["prompts", "0.0", "0.1", "0.1"]


@pytest.mark.skipif(find_browser() is None, reason="needs a browser")
def test_opening_a_page_ends_when_it_is_drawn(tmp_path: Path) -> None:
    pytest.importorskip("playwright.sync_api", reason="needs playwright")
    page = tmp_path / "page.html"
    wait = "<script>const until = performance.now() + 200; while (performance.now() < until) {}</script>"
    page.write_text(f"<!doctype html><title>Slow</title>{wait}", encoding="utf-8")

    seconds = seconds_to_open(page)

    assert seconds is not None
    assert 0.2 <= seconds < 10
