"""What late records cost, as a small table."""

from datetime import date
from math import nan, sqrt

import pandas as pd
import pytest

from vi_risk.models.evidence.metrics import Z95
from vi_risk.replaying.delays import cost_of_a_month, costs_of_delay
from vi_risk.replaying.finds import LISTED_COLUMNS

SPRING, SUMMER, AUTUMN = date(2024, 4, 1), date(2024, 7, 1), date(2024, 9, 30)


def listed(*rows: tuple[date, int, str, float]) -> pd.DataFrame:
    """Return who was listed: date, months late, who, and whether they had the outcome."""
    found = pd.DataFrame(rows, columns=["index_date", "months_late", "patient_id", "outcome"])
    return found.assign(practice_code="A", rank=1)[[*LISTED_COLUMNS]]


def test_only_who_is_on_one_of_both_lists_makes_the_difference() -> None:
    (one,) = costs_of_delay(
        listed(
            (SPRING, 0, "Ann", 1),  # on both: found either way
            (SPRING, 0, "Bob", 1),  # in time alone: lost by the delay
            (SPRING, 0, "Cy", 1),  # lost as well
            (SPRING, 0, "Di", 0),
            (SPRING, 1, "Ann", 1),
            (SPRING, 1, "Ed", 1),  # found late alone
            (SPRING, 1, "Flo", 0),
            (SPRING, 1, "Gus", 0),
        )
    )

    assert (one.months, one.lists, one.listed) == (1, 1, 4)
    assert (one.true_cases, one.found_late, one.lost) == (3, 2, 1)
    assert one.interval == pytest.approx((1 - Z95 * sqrt(3), 1 + Z95 * sqrt(3)))  # McNemar: 2 + 1 on one list alone


def test_a_person_on_the_lists_of_two_dates_is_one_person_for_the_interval() -> None:
    twice = [(day, late, who, 1.0) for day in (SPRING, SUMMER) for late, who in ((0, "Ann"), (1, "Bob"), (0, "Cy"))]

    (one,) = costs_of_delay(listed(*twice))

    assert one.lost == 2  # four found in time, two late
    assert one.interval == pytest.approx((2 - Z95 * sqrt(12), 2 + Z95 * sqrt(12)))  # three people, 2 each, squared


def test_equal_lists_lose_nothing_for_certain() -> None:
    (one,) = costs_of_delay(listed((SPRING, 0, "Ann", 1), (SPRING, 2, "Ann", 1)))

    assert (one.months, one.lost, one.interval) == (2, 0, (0.0, 0.0))


def test_a_date_whose_window_is_open_is_not_counted() -> None:
    closed = [(SPRING, 0, "Ann", 1.0), (SPRING, 1, "Bob", 0.0)]
    still_open = [(AUTUMN, 0, "Cy", nan), (AUTUMN, 1, "Di", nan)]

    assert costs_of_delay(listed(*closed, *still_open)) == costs_of_delay(listed(*closed))
    assert costs_of_delay(listed(*still_open)) == []


def test_a_practice_that_has_no_late_list_at_a_date_is_not_compared_there() -> None:
    of_both = listed((SPRING, 0, "Ann", 1), (SPRING, 1, "Bob", 0))
    joined_lately = listed((SPRING, 0, "Cy", 1)).assign(practice_code="B")

    assert costs_of_delay(pd.concat([of_both, joined_lately])) == costs_of_delay(of_both)


def test_each_month_costs_the_slope_of_a_line_through_nought() -> None:
    """Of ten listed, records 1 and 2 months late lose 1 and 2 true cases: each month loses one."""
    ten = [(SPRING, 0, f"p{n}", 1.0) for n in range(10)]
    month = [(SPRING, 1, f"p{n}", 1.0) for n in range(9)] + [(SPRING, 1, "x", 0.0)]
    two = [(SPRING, 2, f"p{n}", 1.0) for n in range(8)] + [(SPRING, 2, "x", 0.0), (SPRING, 2, "y", 0.0)]

    found = cost_of_a_month(listed(*ten, *month, *two))

    assert found is not None
    assert found.listed == 10
    assert found.lost == pytest.approx(1.0)
    # p9 is lost in both months, p8 in the second: (1*1 + 2*1) / 5 and 2 / 5 of a case; squared and added up
    error = sqrt((3 / 5) ** 2 + (2 / 5) ** 2)
    assert found.interval == pytest.approx((1 - Z95 * error, 1 + Z95 * error))


def test_a_month_of_fewer_lists_counts_by_its_people() -> None:
    """A practice without a list so early is compared over one month alone, and weighs so little."""
    both = [(SPRING, late, who, 1.0 - late * (who == "Bob")) for late in (0, 1) for who in ("Ann", "Bob")]
    of_one = listed((SPRING, 0, "Ann", 1), (SPRING, 0, "Bob", 1), (SPRING, 2, "Ann", 1), (SPRING, 2, "Bob", 1))
    other = of_one[of_one["months_late"] == 0].assign(practice_code="B", patient_id=["Cy", "Di"])
    late = other.assign(months_late=1, patient_id=["Cy", "Ed"], outcome=[1.0, 0.0])

    found = cost_of_a_month(pd.concat([of_one, listed(*both[2:]), other, late]))

    # one month: 4 listed, 2 lost (Bob, Di); two months: 2 listed, none lost
    assert found is not None
    assert found.listed == 4
    assert found.lost == pytest.approx(4 * (1 * 4 * 2 + 2 * 2 * 0) / ((1 * 4) ** 2 + (2 * 2) ** 2))


def test_without_a_closed_window_no_month_has_a_cost() -> None:
    assert cost_of_a_month(listed((AUTUMN, 0, "Cy", nan), (AUTUMN, 1, "Di", nan))) is None
