"""What the benchmark of memory reads out of a run's log."""

from benchmarks.memory import Took, line_of, took_of

LOG = [
    '{"event": "began", "at_seconds": 0.0, "command": "run"}',
    '{"event": "stage_ended", "at_seconds": 1.0, "stage": "Check the records", "peak_memory_mb": 400}',
    '{"event": "stage_ended", "at_seconds": 2.0, "stage": "Train the model", "peak_memory_mb": 1260}',
]


def test_the_peak_of_a_run_is_that_of_its_greediest_stage() -> None:
    took = took_of(LOG, 2.0)

    assert took == Took({"Check the records": 400, "Train the model": 1260}, 2.0)
    assert line_of(20_000, 1_000, took).split()[:5] == ["20,000", "1,000", "1,260", "1.26", "2"]


def test_a_limit_is_kept_up_to_a_quarter_above_it_by_a_run_that_ended_well() -> None:
    took = took_of(LOG, 2.0)

    assert not took.keeps(1_000)
    assert took.keeps(1_008)
    assert took.keeps(None)
    assert not took_of([*LOG, '{"event": "failed", "text": "too little", "exit_code": 6}'], 2.0).keeps(2_000)
