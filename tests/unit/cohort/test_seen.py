"""From when a person's practice tables are seen, as small tables: registrations and practices in, one day out."""

from datetime import date, timedelta
from typing import Any

import pytest

from vi_risk.cohort.index_dates import IndexDates
from vi_risk.cohort.people import select_cohort
from vi_risk.cohort.seen import practice_starts

DAY = date(2024, 6, 1)
DATES = IndexDates(DAY, DAY - timedelta(days=365), (DAY - timedelta(days=730),))
JOINED = {"A": date(2019, 3, 1), "B": date(2021, 7, 1), "outside": None}

# what it shows: registrations as (practice, from, to), and the day from which the practice tables are seen
CASES: dict[str, tuple[list[tuple[str, date, date | None]], date | None]] = {
    "the practice joined while the person was there": ([("A", date(2010, 1, 1), None)], date(2019, 3, 1)),
    "the person came after the practice had joined": ([("A", date(2022, 5, 9), None)], date(2022, 5, 9)),
    "the practice never joined": ([("outside", date(2010, 1, 1), None)], None),
    "a move within the trust breaks nothing": (
        [("A", date(2020, 1, 1), date(2023, 1, 1)), ("B", date(2023, 1, 15), None)],
        date(2020, 1, 1),
    ),
    "a move that took longer does": (
        [("A", date(2020, 1, 1), date(2023, 1, 1)), ("B", date(2023, 3, 1), None)],
        date(2023, 3, 1),
    ),
    "a move from outside the trust does": (
        [("outside", date(2010, 1, 1), date(2023, 1, 1)), ("B", date(2023, 1, 1), None)],
        date(2023, 1, 1),
    ),
    "left for a practice outside and came back": (
        [
            ("A", date(2010, 1, 1), date(2020, 1, 1)),
            ("outside", date(2020, 1, 1), date(2022, 1, 1)),
            ("A", date(2022, 1, 1), None),
        ],
        date(2022, 1, 1),
    ),
    "moved to a practice that joined later": (
        [("A", date(2010, 1, 1), date(2020, 1, 1)), ("B", date(2020, 1, 1), None)],
        date(2021, 7, 1),
    ),
    "two registrations that overlap": (
        [("A", date(2020, 1, 1), date(2023, 6, 1)), ("B", date(2023, 1, 1), None)],
        date(2020, 1, 1),
    ),
    "an end that is not known yet changes nothing": ([("A", date(2022, 5, 9), date(2024, 9, 1))], date(2022, 5, 9)),
}


@pytest.mark.parametrize(("periods", "seen_from"), CASES.values(), ids=CASES)
def test_practice_tables_are_seen(
    make_records: Any, periods: list[tuple[str, date, date | None]], seen_from: date | None
) -> None:
    records = make_records(
        patients=[{"patient_id": "p"}],
        spells=[{"patient_id": "p", "admitted_on": date(2020, 1, 1), "discharged_on": date(2020, 1, 2)}],
        practices=[{"practice_code": code, "integrated_from": day} for code, day in JOINED.items()],
        registrations=[
            {"patient_id": "p", "practice_code": code, "registered_from": start, "registered_to": end}
            for code, start, end in periods
        ],
    )

    cohort, _ = select_cohort(records, DATES, min_age=18)

    found = cohort.loc[cohort["index_date"] == DAY, "gp_seen_from"].iloc[0]
    assert (None if found is None or found != found else found) == seen_from


def appointments(practice: str, first: date, months: int) -> list[dict[str, Any]]:
    days = [first + timedelta(days=2 * n) for n in range(15 * months)]
    return [{"patient_id": f"of {practice}", "appointment_on": day} for day in days]


def test_a_practice_whose_data_begin_late_is_seen_from_their_first_month(make_records: Any) -> None:
    records = make_records(
        patients=[{"patient_id": "of A"}, {"patient_id": "of B"}],
        spells=[],
        practices=[{"practice_code": code, "integrated_from": date(2020, 1, 1)} for code in "AB"],
        registrations=[
            {"patient_id": f"of {code}", "practice_code": code, "registered_from": date(2010, 1, 1)} for code in "AB"
        ],
        gp_appointments=[*appointments("A", date(2020, 1, 3), 30), *appointments("B", date(2021, 2, 1), 17)],
    )

    assert practice_starts(records) == {"A": date(2020, 1, 1), "B": date(2021, 2, 1)}


def test_where_all_tables_begin_together_no_practice_begins_late(make_records: Any) -> None:
    records = make_records(
        patients=[{"patient_id": "of A"}],
        spells=[],
        practices=[{"practice_code": "A", "integrated_from": date(2010, 1, 1)}],
        registrations=[{"patient_id": "of A", "practice_code": "A", "registered_from": date(2010, 1, 1)}],
        gp_appointments=appointments("A", date(2021, 2, 1), 17),
    )

    assert practice_starts(records) == {"A": date(2010, 1, 1)}


def test_a_practice_outside_the_trust_is_not_seen_however_late_its_data_begin(make_records: Any) -> None:
    records = make_records(
        patients=[{"patient_id": "of A"}, {"patient_id": "of B"}],
        spells=[],
        practices=[
            {"practice_code": "A", "integrated_from": date(2020, 1, 1)},
            {"practice_code": "B", "integrated_from": None},
        ],
        registrations=[
            {"patient_id": f"of {code}", "practice_code": code, "registered_from": date(2010, 1, 1)} for code in "AB"
        ],
        gp_appointments=[*appointments("A", date(2020, 1, 3), 30), *appointments("B", date(2021, 2, 1), 17)],
    )

    assert practice_starts(records) == {"A": date(2020, 1, 1)}


@pytest.mark.parametrize(
    ("joined", "seen_from"),
    [(date(2021, 1, 20), date(2021, 1, 20)), (date(2020, 12, 20), date(2021, 2, 1))],
    ids=["in the month after: no late start", "a month later: late"],
)
def test_data_may_begin_in_the_month_after_the_practice_joined(
    make_records: Any, joined: date, seen_from: date
) -> None:
    records = make_records(
        patients=[{"patient_id": "of A"}, {"patient_id": "of B"}],
        spells=[],
        practices=[
            {"practice_code": "A", "integrated_from": date(2020, 1, 1)},
            {"practice_code": "B", "integrated_from": joined},
        ],
        registrations=[
            {"patient_id": f"of {code}", "practice_code": code, "registered_from": date(2010, 1, 1)} for code in "AB"
        ],
        gp_appointments=[*appointments("A", date(2020, 1, 3), 30), *appointments("B", date(2021, 2, 1), 17)],
    )

    assert practice_starts(records)["B"] == seen_from
