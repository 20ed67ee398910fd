"""Who has gone since they might have been listed, as small tables: registrations and death in, one line out."""

from datetime import date, timedelta
from typing import Any

import pytest

from vi_risk.cohort.departures import DEPARTURE_COLUMNS, departures_of

DAY = date(2025, 1, 1)
LONG_AGO = date(2010, 1, 1)
Period = tuple[str, date, date | None]


def days_before(number: int) -> date:
    return DAY - timedelta(days=number)


# what it shows: registrations as (practice, from, to), died on, and what is told: practice, how it ended, when
CASES: dict[str, tuple[list[Period], date | None, tuple[str, str, date] | None]] = {
    "who is registered has not gone": ([("A", LONG_AGO, None)], None, None),
    "who died": ([("A", LONG_AGO, days_before(20))], days_before(20), ("A", "died", days_before(20))),
    "who died and is registered still": ([("A", LONG_AGO, None)], days_before(20), ("A", "died", days_before(20))),
    "who left": ([("A", LONG_AGO, days_before(30))], None, ("A", "left", days_before(30))),
    "who left, and died elsewhere": (
        [("A", LONG_AGO, days_before(300))],
        days_before(9),
        ("A", "died", days_before(9)),
    ),
    "who moved to another practice of the records": (
        [("A", LONG_AGO, days_before(30)), ("B", days_before(30), None)],
        None,
        None,
    ),
    "who left from the second practice": (
        [("A", LONG_AGO, days_before(90)), ("B", days_before(90), days_before(30))],
        None,
        ("B", "left", days_before(30)),
    ),
    "who left 400 days ago": ([("A", LONG_AGO, days_before(400))], None, ("A", "left", days_before(400))),
    "who left before that": ([("A", LONG_AGO, days_before(401))], None, None),
    "who left long ago and died lately": ([("A", LONG_AGO, days_before(900))], days_before(9), None),
    "who died long ago and is registered still": ([("A", LONG_AGO, None)], days_before(900), None),
    "an end on the day of the list is not known": ([("A", LONG_AGO, DAY)], None, None),
    "a death on the day of the list is not known": ([("A", LONG_AGO, None)], DAY, None),
    "a registration without a day counts for nothing": (
        [("A", LONG_AGO, days_before(30)), ("B", days_before(9), days_before(9))],
        None,
        ("A", "left", days_before(30)),
    ),
}


def gone(records: Any) -> list[tuple[str, str, str, date]]:
    rows = departures_of(records, DAY)
    assert tuple(rows.columns) == DEPARTURE_COLUMNS
    return [(*row[:3], row[3].date()) for row in rows.itertuples(index=False)]


@pytest.mark.parametrize(("periods", "died_on", "told"), CASES.values(), ids=CASES)
def test_departures(
    make_records: Any, periods: list[Period], died_on: date | None, told: tuple[str, str, date] | None
) -> None:
    records = make_records(
        patients=[{"patient_id": "p", "died_on": died_on}],
        spells=[],
        registrations=[
            {"patient_id": "p", "practice_code": practice, "registered_from": begins, "registered_to": ends}
            for practice, begins, ends in periods
        ],
    )

    assert gone(records) == ([] if told is None else [("p", *told)])


def test_a_death_that_only_the_hospital_knows_is_told(make_records: Any) -> None:
    died = {"discharged_on": days_before(9), "discharge_method": "4", "discharge_destination": "79"}
    records = make_records(
        patients=[{"patient_id": "p"}],
        registrations=[{"patient_id": "p"}],
        spells=[{"patient_id": "p", "admitted_on": days_before(12), **died}],
    )

    assert gone(records) == [("p", "A", "died", days_before(9))]


def test_without_registrations_there_are_only_deaths_on_the_one_list(make_records: Any) -> None:
    records = make_records(patients=[{"patient_id": "p", "died_on": days_before(9)}, {"patient_id": "q"}], spells=[])

    assert gone(records) == [("p", "all", "died", days_before(9))]
