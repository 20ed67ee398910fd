"""How many rows each month has, and between which days a table is complete."""

from datetime import date, timedelta

import ibis
import pyarrow as pa
import pytest

from vi_risk.records.volume import Month, Volume, volume_of, volumes_of


def volume(rows: dict[str, int]) -> Volume:
    """Return a volume of months (YYYY-MM), the rows of each on its third to its ninth day."""
    months = []
    for month, number in rows.items():
        begins = date.fromisoformat(f"{month}-01")
        months.append(Month(begins, number, begins + timedelta(days=2), begins + timedelta(days=8)))
    return Volume(tuple(months))


def months(first: str, number: int, rows: int = 40) -> dict[str, int]:
    year, month = map(int, first.split("-"))
    return {f"{year + (month - 1 + n) // 12}-{(month - 1 + n) % 12 + 1:02d}": rows for n in range(number)}


def test_rows_are_counted_by_month_whatever_their_order_and_those_without_a_day_are_not() -> None:
    days = [date(2024, 3, 31), None, date(2024, 1, 5), date(2024, 1, 2)]

    assert volume_of(ibis.memtable({"day": days}, schema={"day": "date"})) == Volume(
        (
            Month(date(2024, 1, 1), 2, date(2024, 1, 2), date(2024, 1, 5)),
            Month(date(2024, 3, 1), 1, date(2024, 3, 31), date(2024, 3, 31)),
        )
    )


def test_a_table_without_a_day_has_no_volume() -> None:
    assert volume_of(ibis.memtable({"day": [None]}, schema={"day": "date"})) is None


def test_a_year_that_python_does_not_know_is_left_out() -> None:
    days = ibis.memtable(
        pa.table({"day": pa.array([19_727, 3_672_329], pa.int32()).cast(pa.date32())})
    )  # 2024 and 12024

    found = volume_of(days)

    assert found is not None
    assert [month.rows for month in found.months] == [1]


def test_each_practice_has_a_volume_of_its_own() -> None:
    rows = ibis.memtable(
        pa.table({"day": [date(2024, 1, 5), date(2024, 2, 5), date(2024, 2, 6)], "practice": ["A", "B", "B"]})
    )

    found = volumes_of(rows, by="practice")

    assert {practice: [month.rows for month in there.months] for practice, there in found.items()} == {
        "A": [1],
        "B": [2],
    }


def test_a_table_is_complete_from_its_first_full_month_to_its_last_row_in_the_month_after_the_last_full_one() -> None:
    found = volume({"2019-05": 3} | months("2021-01", 24) | {"2023-01": 2, "2023-02": 1})

    assert found.usual == 40
    assert (found.seen_from(), found.seen_to()) == (date(2021, 1, 1), date(2023, 1, 9))
    assert found.seen_from(1 / 20) == date(2021, 1, 1), "more than a year before all others"


@pytest.mark.parametrize("pile", ["1900-01", "1970-01", "2031-01"])
def test_a_pile_of_rows_on_a_day_that_stands_for_not_known_is_no_coverage(pile: str) -> None:
    found = volume(dict(sorted((months("2021-01", 24) | {pile: 900}).items())))

    assert (found.seen_from(), found.seen_to()) == (date(2021, 1, 1), date(2022, 12, 9))


def test_months_without_rows_inside_a_table_do_not_end_it() -> None:
    found = volume(months("2021-01", 6) | months("2022-06", 12))

    assert (found.seen_from(), found.seen_to()) == (date(2021, 1, 1), date(2023, 5, 9))
    assert found.silent(date(2021, 5, 20), date(2021, 8, 3)) == {date(2021, 7, 1), date(2021, 8, 1)}
    assert len(found.silent(found.seen_from(), found.seen_to())) == 11


def test_of_a_table_with_few_rows_every_month_counts() -> None:
    found = volume({"2019-05": 2, "2024-05": 2})

    assert not found.regular
    assert (found.seen_from(), found.seen_to()) == (date(2019, 5, 1), date(2024, 5, 9))
