"""Index events: what it shows, the person's stays, the days of their index dates.

Days count from 1 March 2023, which is day 0.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd

from tests.spec.cohort.following import INDEX_DATE, Entry, admitted, day, died, records_of, registered
from vi_risk.cohort.discharges import discharges_at, latest_each, one_each
from vi_risk.cohort.people import cohort_frame
from vi_risk.records.linked import Records


def people(records: Records, first: int = 0, last: int = 100) -> pd.DataFrame:
    asked = discharges_at(records, between=(day(first), day(last)), min_age=18, role="train")
    return cohort_frame([asked])


def assert_index_days(lines: Sequence[tuple[str, Sequence[Entry], list[int]]]) -> None:
    """Each line of the table holds: the days of the person's index dates."""
    found = people(records_of([(person, entries, None, None, None) for person, entries, _ in lines]))

    days = {person: [] for person, _, _ in lines} | {
        str(person): [(row - INDEX_DATE).days for row in rows]
        for person, rows in found.groupby("patient_id").index_date
    }
    assert days == {person: expected for person, _, expected in lines}


def test_the_index_date_is_the_day_after_the_discharge_from_an_emergency_stay() -> None:
    assert_index_days(
        [
            ("home after five days", [admitted(5, 10)], [11]),
            ("home on the same day", [admitted(5, 5)], [6]),
            ("twice", [admitted(5, 10), admitted(20, 25)], [11, 26]),
            ("twice on one day", [admitted(5, 10), admitted(10, 10)], [11]),
            ("still in hospital", [admitted(5)], []),
            ("a planned stay", [admitted(5, 10, admission_method="11")], []),
            ("the first index date of all", [admitted(-5, -1)], [0]),
            ("a day before it", [admitted(-5, -2)], []),
            ("the last of all", [admitted(90, 99)], [100]),
            ("a day after it", [admitted(90, 100)], []),
            ("a day attender", [admitted(5, 5, patient_classification="3")], []),
        ]
    )


def test_who_died_or_went_to_another_hospital_was_not_discharged() -> None:
    assert_index_days(
        [
            ("died there", [admitted(5, 10, discharge_method="4")], []),
            ("died on the day of discharge", [admitted(5, 10), died(10)], []),
            ("died on the index date, not known then", [admitted(5, 10), died(11)], [11]),
            ("moved, then home", [admitted(5, 10, discharge_destination="51"), admitted(10, 20)], [21]),
            ("moved, nothing is known of the other", [admitted(5, 10, discharge_destination="51")], []),
            ("moved, the second called planned", [admitted(5, 10), admitted(10, 20, admission_method="81")], [21]),
            (
                "a planned stay that went on elsewhere as an emergency",
                [admitted(5, 10, admission_method="11", discharge_destination="51"), admitted(10, 20)],
                [],
            ),
        ]
    )


def test_each_row_is_as_it_was_known_on_its_own_day() -> None:
    assert_index_days(
        [
            ("the stay arrived later", [admitted(5, 10, recorded_on=day(11))], []),
            ("or in time", [admitted(5, 10, recorded_on=day(10))], [11]),
            (
                "the other hospital's spell arrived later",
                [admitted(5, 10), admitted(10, 20, admission_method="2B", recorded_on=day(15))],
                [11, 21],
            ),
            ("not registered any more", [admitted(5, 10), registered(-900, 10)], []),
            ("registered until the day, as far as was known", [admitted(5, 10), registered(-900, 11)], [11]),
            ("registered on the day", [admitted(5, 10), registered(11)], []),
            ("registered the day before", [admitted(5, 10), registered(10)], [11]),
        ]
    )


def test_practice_age_and_who_is_back_in_hospital_are_those_of_the_day() -> None:
    entries = [
        admitted(5, 10),
        admitted(20, 25),
        admitted(25, 40),
        registered(-900, 15),
        registered(15, practice="B"),
    ]

    found = people(records_of([("p", entries, None, None, None)]))

    assert found[["index_date", "practice_code", "in_hospital"]].to_numpy().tolist() == [
        [day(11), "A", False],
        [day(26), "B", True],  # admitted again on the day of discharge
        [day(41), "B", False],
    ]
    assert found["role"].tolist() == ["train"] * 3


def test_nobody_under_the_least_age_is_asked_about_and_the_steps_say_how_many() -> None:
    records = records_of([("old", [admitted(5, 10), admitted(20, 25)], None, None, None)])
    between = (day(0), day(100))

    asked = discharges_at(records, between=between, min_age=73, role="test")

    assert asked.flow() == {
        "index_date": f"{between[0]} to {between[1]}",
        "role": "test",
        "discharged after an emergency": 2,
        "alive": 2,
        "registered": 2,
        "aged 73 or over": 0,
    }


def rows_of(*events: tuple[str, date]) -> pd.DataFrame:
    return pd.DataFrame(events, columns=["patient_id", "index_date"], index=range(10, 10 + len(events)))


def test_one_of_each_patient_is_drawn_and_the_same_seed_draws_the_same() -> None:
    events = rows_of(*[(f"p{n % 50}", day(n)) for n in range(500)])

    drawn = one_each(events, seed=1)

    assert drawn["patient_id"].is_unique
    assert len(drawn) == 50
    assert drawn.index.is_monotonic_increasing
    pd.testing.assert_frame_equal(drawn, one_each(events.sample(frac=1, random_state=0), seed=1).sort_index())
    assert not drawn.equals(one_each(events, seed=2))
    # any event of a patient may be drawn, not the first or the last
    assert len({int(n) // 50 for n in drawn.index - 10}) > 5


def test_the_latest_of_each_patient() -> None:
    events = rows_of(("b", day(5)), ("a", day(30)), ("b", day(20)), ("a", day(3)))

    latest: Any = latest_each(events)

    assert latest.index.tolist() == [11, 12]
