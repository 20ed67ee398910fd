"""A limit of memory is shared out in one place, and a limit that cannot hold is refused with the one that does."""

from pathlib import Path

import duckdb
import pytest

from vi_risk.cli.asked import held_to
from vi_risk.errors import ResourceError
from vi_risk.running.memory import Budget, budget, least_limit_mb, within
from vi_risk.running.progress import Silence


def test_without_a_limit_everything_is_held_and_the_engine_keeps_its_own_bound() -> None:
    assert budget() == Budget()
    assert budget().engine_mb is None
    assert budget().holds(10**9, 250)
    Budget().refuse_too_small(10**9)


def test_more_memory_never_means_less_of_anything() -> None:
    budgets = [Budget(limit) for limit in range(500, 8_000, 100)]
    for of in (lambda one: one.engine_mb, lambda one: one.rows_at_once(250), lambda one: one.holds(100_000, 250)):
        shares = [of(one) for one in budgets]
        assert shares == sorted(shares)


def test_the_parts_of_a_budget_leave_room_for_the_libraries() -> None:
    for limit in range(800, 8_000, 100):
        one = Budget(limit)
        assert one.engine_mb is not None
        rows_mb = one.rows_at_once(250) * 250 * 8 / 1e6
        assert one.engine_mb + rows_mb + 450 <= 1.25 * limit


def test_a_limit_too_small_for_the_people_is_refused_with_one_that_is_not() -> None:
    with pytest.raises(
        ResourceError, match=f"smallest limit for 500,000 .* is {least_limit_mb(500_000)} MB"
    ) as refused:
        Budget(1_000).refuse_too_small(500_000)
    assert refused.value.exit_code == 6
    Budget(least_limit_mb(500_000)).refuse_too_small(500_000)


def test_a_limit_below_what_the_libraries_take_is_refused_before_anything_is_read() -> None:
    with pytest.raises(ResourceError, match=r"--memory-limit 100: the smallest limit is \d+ MB: the libraries take"):
        Budget(100).refuse_too_small(0)


def test_the_first_refusal_says_what_people_will_take_besides() -> None:
    with pytest.raises(ResourceError, match=r"Once people are counted it is likely some \d+ MB more for every 100,000"):
        Budget(100).refuse_too_small(0)


def test_a_budget_holds_within_its_block_alone() -> None:
    with within(Budget(1_000)):
        assert budget().limit_mb == 1_000
    assert budget().limit_mb is None


@pytest.mark.parametrize(
    "fault",
    [
        duckdb.IOException('Could not write file "records.duckdb": No space left on device'),
        duckdb.OutOfMemoryException("failed to offload data block of size 192.0 KiB (0 bytes/0 bytes used)"),
    ],
)
def test_an_engine_that_finds_no_room_is_told_by_the_folder_that_was_named(fault: duckdb.Error, tmp_path: Path) -> None:
    with pytest.raises(ResourceError) as told, held_to(None, tmp_path, Silence()):  # type: ignore[arg-type]
        raise fault

    assert str(told.value) == (
        f"{tmp_path}, which holds the records while they are worked on, is full. Free space there, or name another"
        " folder with --spill."
    )


@pytest.mark.parametrize("fault", [duckdb.BinderException("no such column"), OSError(28, "No space left on device")])
def test_any_other_fault_keeps_its_own_words(fault: Exception, tmp_path: Path) -> None:
    with pytest.raises(type(fault)), held_to(None, tmp_path, Silence()):  # type: ignore[arg-type]
        raise fault
