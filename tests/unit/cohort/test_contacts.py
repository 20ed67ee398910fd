"""Contacts of a timeline, as small tables: rows of the record in, what is drawn out."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pandas as pd
import pytest

from vi_risk.caselists import lists
from vi_risk.cohort.contacts import CONTACT_COLUMNS, contacts_of

DAY = date(2025, 1, 1)
SEEN_FROM = date(2023, 6, 1)

PATIENT = {"patient_id": "p"}
STAY = {"patient_id": "p", "patient_classification": "1"}
TRANSFERRED = {"discharge_method": "1", "discharge_destination": "51"}
HOME = {"discharge_method": "1", "discharge_destination": "19"}


def days_before(number: int) -> date:
    return DAY - timedelta(days=number)


def told(records: Any, people: dict[str, date | None] | None = None) -> list[tuple[str, date, date | None]]:
    people = {"p": SEEN_FROM} if people is None else people
    frame = pd.DataFrame(list(people.items()), columns=["patient_id", "gp_seen_from"], dtype=object)
    rows = contacts_of(records, frame, DAY)
    assert tuple(rows.columns) == CONTACT_COLUMNS
    return [
        (setting, began.date(), None if pd.isna(ended) else ended.date())
        for setting, began, ended in rows[["setting", "began_on", "ended_on"]].itertuples(index=False)
    ]


def make(make_records: Any, **tables: Any) -> Any:
    return make_records(**{"patients": [PATIENT], "spells": [], **tables})


def test_a_contact_is_a_day_with_a_setting_whatever_was_booked(make_records: Any) -> None:
    seen, missed = {"attended": "5"}, {"attended": "3"}
    records = make(
        make_records,
        gp_appointments=[
            {**PATIENT, "appointment_on": days_before(9), "status": status}
            for status in ("attended", "attended", "dna")
        ],
        community_contacts=[{**PATIENT, "contact_on": days_before(8), **seen}],
        outpatient_appointments=[
            {**PATIENT, "appointment_on": days_before(7), **seen},
            {**PATIENT, "appointment_on": days_before(6), **missed},
        ],
        ed_attendances=[{**PATIENT, "arrived_at": datetime.combine(days_before(5), time(23, 59))}],
    )

    assert told(records) == [
        ("gp", days_before(9), None),
        ("community", days_before(8), None),
        ("outpatient", days_before(7), None),
        ("ed", days_before(5), None),
    ]


def test_spells_joined_by_transfer_are_one_stay(make_records: Any) -> None:
    records = make(
        make_records,
        spells=[
            {**STAY, "admitted_on": days_before(90), "discharged_on": days_before(80), **TRANSFERRED},
            {**STAY, "admitted_on": days_before(80), "discharged_on": days_before(60), **HOME},
            {**STAY, "admitted_on": days_before(30), "discharged_on": days_before(28), **HOME},
        ],
    )

    assert told(records) == [
        ("admission", days_before(90), days_before(60)),
        ("admission", days_before(30), days_before(28)),
    ]


# what it shows: the one spell, and how it is told
STAYS: dict[str, tuple[dict[str, Any], list[tuple[date, date | None]]]] = {
    "a stay that lasts has no end": ({"admitted_on": days_before(3)}, [(days_before(3), None)]),
    "a discharge on the day of the list is not known at it": (
        {"admitted_on": days_before(3), "discharged_on": DAY},
        [(days_before(3), None)],
    ),
    "a stay that began earlier is there if it lasted into the two years": (
        {"admitted_on": days_before(760), "discharged_on": days_before(730)},
        [(days_before(760), days_before(730))],
    ),
    "a stay that ended before them is not": ({"admitted_on": days_before(760), "discharged_on": days_before(731)}, []),
    "an attendance of a regular attender is no stay": (
        {"admitted_on": days_before(3), "discharged_on": days_before(3), "patient_classification": "3"},
        [],
    ),
    "an admission on the day of the list has not happened": ({"admitted_on": DAY}, []),
    "one that arrived on that day was not known": ({"admitted_on": days_before(5), "recorded_on": DAY}, []),
}


@pytest.mark.parametrize(("spell", "expected"), STAYS.values(), ids=STAYS)
def test_stays_are_told_as_they_were_known(
    make_records: Any, spell: dict[str, Any], expected: list[tuple[date, date | None]]
) -> None:
    assert told(make(make_records, spells=[STAY | spell])) == [("admission", *days) for days in expected]


@pytest.mark.parametrize(
    ("seen_from", "expected"),
    [(SEEN_FROM, [SEEN_FROM]), (SEEN_FROM + timedelta(days=1), []), (None, [])],
    ids=["from the day on which the practice is seen", "not on the day before it", "never where it is not seen"],
)
def test_appointments_with_a_practice_count_as_far_as_it_is_seen(
    make_records: Any, seen_from: date | None, expected: list[date]
) -> None:
    records = make(make_records, gp_appointments=[{**PATIENT, "appointment_on": SEEN_FROM, "status": "attended"}])

    assert told(records, {"p": seen_from}) == [("gp", day, None) for day in expected]


def test_the_two_years_begin_with_their_first_day(make_records: Any) -> None:
    days = [days_before(731), days_before(730)]
    records = make(make_records, ed_attendances=[{**PATIENT, "arrived_at": datetime.combine(d, time())} for d in days])

    assert told(records) == [("ed", days_before(730), None)]


def test_others_than_those_asked_about_are_left_out(make_records: Any) -> None:
    spell = {"admitted_on": days_before(3), "patient_classification": "1"}
    records = make(make_records, patients=[PATIENT, {"patient_id": "q"}], spells=[{"patient_id": "q", **spell}])

    assert told(records) == []


def test_a_table_that_does_not_say_who_was_seen_has_no_contacts(make_records: Any) -> None:
    records = make(
        make_records,
        outpatient_appointments=[{**PATIENT, "appointment_on": days_before(4)}],
        spells=[{**STAY, "admitted_on": days_before(3)}],
    )

    assert told(records) == [("admission", days_before(3), None)]


def test_contacts_of_nobody_have_the_same_columns_and_types(make_records: Any) -> None:
    records = make(make_records, spells=[{**STAY, "admitted_on": days_before(3)}])
    nobody = pd.DataFrame({"patient_id": [], "gp_seen_from": []}, dtype=object)
    somebody = pd.DataFrame({"patient_id": ["p"], "gp_seen_from": [None]}, dtype=object)

    none, one = (contacts_of(records, people, DAY) for people in (nobody, somebody))

    assert none.empty
    assert none.dtypes.equals(one.dtypes)


def test_a_contact_here_is_a_contact_of_the_lists() -> None:
    assert CONTACT_COLUMNS == lists.CONTACT_COLUMNS
