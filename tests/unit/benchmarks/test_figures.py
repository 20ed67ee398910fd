"""What the table says follows from what was measured."""

import math
from pathlib import Path

import duckdb
import pytest

from benchmarks import aims
from benchmarks.agreement import disagreements
from benchmarks.bench import HEAD, line_of
from benchmarks.demo_stages import timed_stages
from benchmarks.measured import measured, peak_megabytes
from benchmarks.runs import Failed, Took, run, took_of


def took(seconds: float, megabytes: float = 100.0) -> Took:
    return Took(seconds, 2 * seconds, megabytes)


# --- aims -------------------------------------------------------------------------------------------------------------


def test_the_exponent_is_that_of_the_power_law() -> None:
    sizes = [50_000, 200_000, 800_000]
    assert aims.exponent(sizes, [3 * size**1.2 for size in sizes]) == pytest.approx(1.2)


def test_growth_is_told_of_cpu_and_memory_and_over_the_last_step() -> None:
    measured_ones = [took(1, 200), took(4, 400), took(32, 800)]
    cost, last_step, memory, peak = aims.growth([1000, 4000, 16000], measured_ones)
    assert cost.found == pytest.approx(math.log(32) / math.log(16))
    assert last_step.found == pytest.approx(1.5)
    assert memory.found == pytest.approx(0.5)
    assert peak.found == pytest.approx(800 / 1024)
    assert [aim.reached for aim in (cost, last_step, memory, peak)] == [False, False, True, True]


@pytest.mark.parametrize(("by_hand", "reached"), [(10.0, True), (8.0, False)])
def test_the_engine_may_take_a_fifth_more_than_hand_written_sql(by_hand: float, reached: bool) -> None:
    (aim,) = aims.slower_by_hand(1000, took(12), took(by_hand))
    assert aim.reached is reached


def test_a_peer_must_be_so_many_times_slower_and_take_five_times_the_memory() -> None:
    speed, memory = aims.faster_and_leaner("pandas", took(2, 100), took(6, 400), 3)
    assert speed.reached
    assert not memory.reached
    assert speed.words == "reached: pandas over engine, seconds: 3.00, aim at least 3"
    assert memory.words == "NOT reached: engine over pandas, peak memory: 0.25, aim at most 0.2"


def test_eight_dates_may_cost_three_times_one_and_hold_two_gigabytes() -> None:
    cost, peak = aims.several_dates(took(2, 1000), took(7, 1024))
    assert (cost.found, cost.reached) == (3.5, False)
    assert (peak.found, peak.reached) == (1.0, True)


# --- lines ------------------------------------------------------------------------------------------------------------


def test_a_line_stands_under_its_head_and_has_the_ratios_to_the_reference() -> None:
    line = line_of("pandas by hand", took(30, 1200), took(10, 300))
    assert len(line) == len(HEAD)
    assert line.split() == ["pandas", "by", "hand", "30.0", "60.0", "1,200", "3.00", "3.00", "4.00"]


def test_a_contender_without_an_end_is_told_with_its_reason() -> None:
    assert line_of("pandas by hand", Failed("MemoryError"), took(1)).endswith("did not finish: MemoryError")


# --- processes --------------------------------------------------------------------------------------------------------


def test_what_is_measured_comes_back_as_it_was_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with measured() as result:
        result["rows"] = sum(1 for _ in range(100_000))
    found = took_of(capsys.readouterr().out.strip())
    assert found.rows == 100_000
    assert 0 < found.cpu_seconds <= found.seconds * 2
    assert found.peak_megabytes == pytest.approx(peak_megabytes(), rel=0.1)


def test_the_peak_of_memory_holds_what_was_let_go() -> None:
    held = bytearray(b"x" * 64 * 1024**2)
    most = peak_megabytes()
    assert most > len(held) / 1024**2
    del held
    assert peak_megabytes() >= most


def test_a_process_that_ends_badly_is_told_by_its_last_words() -> None:
    failed = run("benchmarks.contenders.scan", "--folder", "nowhere")
    assert isinstance(failed, Failed)
    assert "--copies" in failed.reason


def test_a_stage_of_the_demo_lasts_from_its_title_to_the_next() -> None:
    lines = ["Build a trust\n", "  a file for each table\n", "Train\n", "\n", "Wrote out/\n"]
    assert [stage for _, stage in timed_stages(lines)] == ["start-up", "Build a trust", "Train", "close"]


# --- agreement --------------------------------------------------------------------------------------------------------

_OURS = (
    "(VALUES ('p1', DATE '2024-01-01', 1.0, NULL), ('p2', DATE '2024-01-01', 2.0, 3.0)) t(patient_id, index_date, a, b)"
)


def written(folder: Path, name: str, rows: str) -> Path:
    path = folder / f"{name}.parquet"
    duckdb.sql(f"FROM {rows}").write_parquet(str(path))
    return path


def test_equal_values_in_any_order_agree(tmp_path: Path) -> None:
    ours = written(tmp_path, "ours", _OURS)
    theirs = written(tmp_path, "theirs", f"(FROM {_OURS} ORDER BY patient_id DESC)")
    assert disagreements(ours, theirs) == {}


def test_another_value_a_missing_one_and_a_missing_row_disagree(tmp_path: Path) -> None:
    ours = written(tmp_path, "ours", _OURS)
    other = "('p1', DATE '2024-01-01', 1.5, 0.0)"
    theirs = written(tmp_path, "theirs", f"(VALUES {other}) t(patient_id, index_date, a, b)")
    assert disagreements(ours, theirs) == {"rows_of_one_only": 1, "a": 2, "b": 2}


def test_who_does_not_know_what_was_unseen_is_compared_where_it_was_seen(tmp_path: Path) -> None:
    ours = written(tmp_path, "ours", _OURS)
    theirs = written(tmp_path, "theirs", f"(FROM {_OURS} SELECT * REPLACE (coalesce(b, 0) AS b))")
    assert disagreements(ours, theirs) == {"b": 1}
    assert disagreements(ours, theirs, where_ours_has_a_value=True) == {}
