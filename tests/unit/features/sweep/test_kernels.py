"""The compiled loops on rows and dates worked out by hand. One person has dates on days 100 and 130, another on 130."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pytest

from vi_risk.features.sweep import kernels
from vi_risk.features.sweep.kernels import Contacts, Dates, Groups, Readers, Rows
from vi_risk.features.sweep.plan import Gather
from vi_risk.features.sweep.tapes import words_of

FIRST, SECOND = 0, 2  # the number of a person's first date
NEVER = kernels.NEVER


def int32(numbers: Iterable[int]) -> kernels.Int32:
    return np.array(list(numbers), np.int32)


def dates(seen_from: Sequence[int] = (0, 0, 0)) -> Dates:
    return Dates(int32([100, 130, 130]), int32(seen_from), int32([2, 0, 1]))


def rows(
    *days: tuple[int, int],
    known: Sequence[int] = (),
    until: int = kernels.ALWAYS,
    of_practice: bool = False,
    bits: Sequence[Sequence[int]] = (),
) -> Rows:
    """Rows of (person, day), known on their day, never to change, without bits, unless told otherwise."""
    person, day = int32(person for person, _ in days), int32(day for _, day in days)
    has = words_of([frozenset(own) for own in bits or [()] * len(days)], 70)
    unchanged = np.full_like(day, until)
    return Rows(person, day, int32(known) if known else day, unchanged, np.full(len(days), of_practice), has)


def gathered(
    taken: Rows,
    gather: Gather,
    window: int,
    *,
    values: Sequence[int] = (),
    needs: Sequence[int] = (),
    part: Sequence[int] = (),
    seen_from: Sequence[int] = (0, 0, 0),
    begins_with: int = 0,
) -> list[list[int]]:
    kept = np.full((3, 3), begins_with, np.int64)
    readers = Readers(
        words_of([frozenset(needs)], 70),
        int32([0 if values else -1]),
        words_of([frozenset(part)], 70),
        *map(int32, ([0, 1], [gather], [window], [0])),
    )
    kernels.gather(taken, np.array([list(values)], np.int64), dates(seen_from), readers, kept)
    return kept.tolist()


def test_a_row_counts_on_each_date_after_it_in_whose_window_it_lies() -> None:
    taken = rows((FIRST, 99), (FIRST, 100), (FIRST, 70), (SECOND, 129))

    assert gathered(taken, Gather.COUNT, 30)[0] == [2, 1, 1]
    assert gathered(taken, Gather.COUNT, 29)[0] == [1, 0, 1]


def test_a_row_counts_from_the_day_after_it_became_known() -> None:
    assert gathered(rows((FIRST, 50), known=[99]), Gather.COUNT, 365)[0] == [1, 1, 0]
    assert gathered(rows((FIRST, 50), known=[100]), Gather.COUNT, 365)[0] == [0, 1, 0]
    assert gathered(rows((FIRST, 50), known=[130]), Gather.COUNT, 365)[0] == [0, 0, 0]


def test_a_row_counts_up_to_the_last_day_on_which_it_is_so() -> None:
    assert gathered(rows((FIRST, 50), until=99), Gather.COUNT, 365)[0] == [0, 0, 0]
    assert gathered(rows((FIRST, 50), until=129), Gather.COUNT, 365)[0] == [1, 0, 0]
    assert gathered(rows((FIRST, 50), until=130), Gather.COUNT, 365)[0] == [1, 1, 0]


def test_a_stay_has_its_days_inside_the_window_whenever_it_began() -> None:
    def inside(admitted_on: int, discharged_on: int) -> list[int]:
        return gathered(rows((FIRST, admitted_on)), Gather.INSIDE, 30, values=[discharged_on])[0][:2]

    assert inside(90, 95) == [5, 0]  # days 90 to 94; on day 130 the window begins on day 100
    assert inside(40, 99) == [99 - 70, 0]
    assert inside(40, NEVER) == [30, 30]
    assert inside(95, 90) == [0, 0]  # discharged before the admission


def test_a_row_of_a_practice_counts_where_the_practice_is_seen() -> None:
    assert gathered(rows((FIRST, 50), of_practice=True), Gather.COUNT, 365, seen_from=(50, 51, 0))[0] == [1, 0, 0]
    assert gathered(rows((FIRST, 50)), Gather.COUNT, 365, seen_from=(50, 51, 0))[0] == [1, 1, 0]


def test_a_reader_takes_rows_with_all_of_its_bits_in_any_word() -> None:
    taken = rows((FIRST, 90), (FIRST, 91), (FIRST, 92), bits=[[1, 65], [1], [1, 2, 65]])

    assert gathered(taken, Gather.COUNT, 365, needs=[1, 65])[0] == [2, 2, 0]
    assert gathered(taken, Gather.COUNT, 365, needs=[2])[0] == [1, 1, 0]


def test_days_to_the_last_and_the_first_row() -> None:
    taken = rows((FIRST, 90), (FIRST, 60), (SECOND, 10))

    assert gathered(taken, Gather.LAST, 60, begins_with=NEVER)[0] == [10, 40, NEVER]
    assert gathered(taken, Gather.FIRST, 60, begins_with=-1)[0] == [40, 40, -1]


def test_sums_of_values_and_days() -> None:
    taken = rows((FIRST, 98), (FIRST, 90))

    assert gathered(taken, Gather.TOTAL, 365, values=[5, -7])[0][:2] == [-2, -2]
    assert gathered(taken, Gather.MOST, 365, values=[-5, -7], begins_with=kernels.LEAST)[0][:2] == [-5, -5]
    assert gathered(taken, Gather.DAYS, 365)[0][:2] == [2 + 10, 32 + 40]
    assert gathered(taken, Gather.DAYS_SQUARED, 365)[0][:2] == [4 + 100, 1024 + 1600]


def test_a_sum_of_days_times_value_may_be_larger_than_a_word() -> None:
    value, days = -(10**14), 99
    taken = rows(*[(FIRST, 1)] * 2_000)

    kept = gathered(taken, Gather.DAYS_TOTAL, 365, values=[value] * 2_000)

    assert kept[0][0] * kernels.LIMB + kept[1][0] == 2_000 * value * days
    assert abs(2_000 * value * days) > 2**63


def test_the_latest_day_holds_the_number_and_the_sum_of_its_values() -> None:
    taken = rows((FIRST, 90), (FIRST, 95), (FIRST, 95), (FIRST, 120))

    days, number, total = gathered(taken, Gather.LATEST, 365, values=[1, 2, 3, 4], begins_with=NEVER)

    assert (days[:2], number[:2], total[:2]) == ([5, 10], [2, 1], [5, 4])


def test_without_values_a_reader_reads_whether_a_row_has_the_part() -> None:
    taken = rows((FIRST, 95), (FIRST, 95), bits=[[3], []])

    _, number, total = gathered(taken, Gather.LATEST, 365, part=[3], begins_with=NEVER)

    assert (number[0], total[0]) == (2, 1)


def test_groups_keep_the_days_to_their_last_code() -> None:
    kept = np.full((2, 3), kernels.NO_DAYS, np.uint16)
    # Code 1 is in both groups, code 2 in the second, which takes rows with bit 5 alone.
    groups = Groups(words_of([frozenset(), frozenset({5})], 70), int32([0, 0, 2, 3]), int32([0, 1, 1]))
    taken = rows((FIRST, 80), (FIRST, 90), (FIRST, 99), (SECOND, 1), bits=[[5], [], [5], [5]])

    kernels.nearest(taken, int32([1, 1, 2, 0]), dates(), groups, 40, kept)

    assert kept.tolist() == [[10, 40, kernels.NO_DAYS], [1, 31, kernels.NO_DAYS]]


def test_a_thing_is_counted_once_in_each_window_in_which_it_was_last_seen() -> None:
    kept = np.zeros((2, 3), np.int32)
    taken = rows((SECOND, 128), (FIRST, 98), (FIRST, 60), (FIRST, 60), (SECOND, 129), (FIRST, 97))
    order = kernels.in_order(taken.person, 3, int32(range(6)))

    kernels.count_things(
        order, taken, int32([0, 0, 0, 2, 0, -1]), 3, dates(), words_of([frozenset()], 70), int32([10, 365]), kept
    )

    assert kept.tolist() == [[1, 0, 1], [2, 2, 1]]


def test_a_thing_of_a_practice_is_counted_by_the_dates_that_see_that_far_back() -> None:
    kept = np.zeros((1, 3), np.int32)
    taken = rows((FIRST, 90), (FIRST, 89), of_practice=True)
    seen = dates(seen_from=(90, 89, 0))

    kernels.count_things(int32([0, 1]), taken, int32([0, 1]), 2, seen, words_of([frozenset()], 70), int32([365]), kept)

    assert kept.tolist() == [[1, 2, 0]]


def test_more_things_than_there_is_room_for_at_first_are_counted() -> None:
    kept = np.zeros((1, 3), np.int32)
    taken = rows(*[(FIRST, 50)] * 1_000)
    every = int32(range(1_000))

    kernels.count_things(every, taken, every, 1_000, dates(), words_of([frozenset()], 70), int32([60]), kept)

    assert kept.tolist() == [[1_000, 0, 0]]


def test_order_is_stable() -> None:
    assert kernels.in_order(int32([2, 0, 2, 1]), 3, int32([3, 2, 1, 0])).tolist() == [1, 3, 2, 0]


@pytest.mark.parametrize(
    ("known", "seen_from", "expected"),
    [
        # Settings 0, 1 and 0 on days 50, 50 and 57; of the second date, day 120 too. (date, setting, before, gap)
        ([50, 50, 57, 120], (0, 0, 0), [(0, 0, None), (0, 1, (0, 0)), (0, 0, (1, 7))]),
        ([50, 100, 57, 120], (0, 0, 0), [(0, 0, None), (0, 0, (0, 7))]),
        ([50, 50, 57, 120], (51, 0, 0), [(0, 0, None)]),
    ],
    ids=["all", "one not yet known", "some before the practice was seen"],
)
def test_a_contact_is_told_from_the_one_before_that_the_date_sees(
    known: list[int], seen_from: tuple[int, int, int], expected: list[tuple[int, int, tuple[int, int] | None]]
) -> None:
    settings, reach = 2, 30
    taken = rows((FIRST, 50), (FIRST, 50), (FIRST, 57), (FIRST, 120), known=known, of_practice=True)
    seen = Contacts(*(np.zeros(20, np.int32) for _ in range(3)))

    found = kernels.see_contacts(
        int32(range(4)), taken, int32([0, 1, 0, 1]), settings, dates(seen_from), 365, reach, seen
    )

    of_setting = 1 + settings * (reach + 1)
    kinds = [
        (date, setting * of_setting + (0 if before is None else 1 + before[0] * (reach + 1) + before[1]))
        for date, setting, before in expected
    ]
    assert [(d, k) for d, k in zip(seen.date[:found].tolist(), seen.kind[:found].tolist(), strict=True) if d == 0] == (
        kinds
    )


def test_contacts_that_find_no_room_are_counted() -> None:
    taken = rows((FIRST, 50), (FIRST, 50), (FIRST, 50))
    none = Contacts(*(np.empty(0, np.int32) for _ in range(3)))

    found = kernels.see_contacts(int32(range(3)), taken, int32([0, 0, 1]), 2, dates(), 365, 30, none)

    assert found == 4  # two settings on two dates; what was sent twice is one contact


def test_where_the_machine_code_can_be_kept_nowhere_loops_are_compiled_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def njit(**options: bool) -> Callable[[Any], Any]:
        asked.append(options)
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return lambda loop: loop

    monkeypatch.setattr(kernels.numba, "njit", njit)
    assert kernels.compiled(abs) is abs
    assert asked == [{"cache": True, "nogil": True}, {"nogil": True}]
