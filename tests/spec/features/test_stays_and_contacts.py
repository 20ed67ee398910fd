"""Stays in hospital and the sequence of contacts, as small tables: what it shows, the person's records, the value.

The index date is 1 March 2024; numbers of days run back from it, and 1 is the last that counts.
"""

from typing import Any

from tests.spec.features.asking import (
    INDEX_DATE,
    NEVER,
    Line,
    appointment,
    assert_table,
    community,
    ed,
    outpatient,
    spell,
    values,
)

STAYS: dict[str, Any] = {"table": "admissions", "windows": [365]}
CONTACTS: dict[str, Any] = {"table": "contacts", "windows": [90]}
# Five days, then moved to another hospital for ten more.
MOVED = [spell("1", 40, 35, discharge_destination="51"), spell("2", 35, 25, admission_method="81")]
HOME_AND_BACK = [spell("1", 40, 35), spell("2", 25, 20)]


def test_a_transfer_is_no_admission_of_its_own() -> None:
    assert_table(
        [
            ("one spell", [spell("1", 40, 35)], 1),
            ("moved to another hospital", MOVED, 1),
            ("coded as an emergency there", [MOVED[0], spell("2", 34, 25, admission_method="21")], 1),
            (
                "moved, whatever the first hospital wrote",
                [spell("1", 40, 35), spell("2", 33, 25, admission_method="2B")],
                1,
            ),
            ("three days later it is another stay", [MOVED[0], spell("2", 32, 25, admission_method="81")], 2),
            ("home and back", HOME_AND_BACK, 2),
            ("moved twice", [MOVED[0], spell("2", 35, 25, discharge_destination="87"), spell("3", 24, 20)], 1),
            (
                "a regular day attender's days are stays",
                [spell(f"{n}", n, n, patient_classification="3") for n in (9, 2)],
                2,
            ),
        ],
        measure="count",
        **STAYS,
    )


def test_a_stay_is_as_it_was_known_at_the_index_date() -> None:
    assert_table(
        [
            ("the nights of both hospitals", MOVED, 15),
            ("still in the second", [MOVED[0], spell("2", 35, None, admission_method="81")], None),
            ("leaves the second on the index date", [MOVED[0], spell("2", 35, 0, admission_method="81")], None),
            ("moves on the index date", [spell("1", 10, 1, discharge_destination="51"), spell("2", 0, -5)], 9),
            ("of the second nothing has arrived", [MOVED[0], spell("2", 35, 25, recorded_on=INDEX_DATE)], 5),
            ("the day's stay", [spell("1", 5, 5)], 0),
        ],
        measure="maximum",
        of="nights",
        **STAYS,
    )


def test_a_stay_began_as_its_first_spell_and_ended_as_its_last() -> None:
    planned_then_moved = [
        spell("1", 40, 35, admission_method="11", discharge_destination="51"),
        spell("2", 35, 25, admission_method="21", discharge_destination="54"),
    ]
    began_as_an_emergency = values(
        {"Ann": planned_then_moved}, measure="any", where={"admission_method": "21"}, **STAYS
    )
    ended_in_a_home = values({"Ann": planned_then_moved}, measure="any", where={"discharge_destination": "54"}, **STAYS)
    assert (began_as_an_emergency, ended_in_a_home) == ({"Ann": 0}, {"Ann": 1})


# What it shows, the spells, the days from the discharge of the stay before to the last admission.
AFTER_A_DISCHARGE: list[Line] = [
    ("the first stay", [spell("1", 25, 20)], None),
    ("home and back", HOME_AND_BACK, 10),
    ("back on the day of discharge", [spell("1", 40, 35), spell("2", 35, 20)], 0),
    ("from the end of the whole stay", [*MOVED, spell("3", 20, 15)], 5),
    ("a transfer comes after no discharge", MOVED, None),
    ("in two hospitals at once", [spell("1", 40, 20), spell("2", 30, 25)], None),
    ("a day attender between", [*HOME_AND_BACK, spell("3", 28, 28, patient_classification="3")], 10),
    ("a day attender's day is no return", [spell("1", 40, 35), spell("2", 30, 30, patient_classification="4")], None),
    ("a stay before the window is one before", [spell("1", 400, 380), spell("2", 360, 350)], 20),
]


def test_a_return_is_told_from_the_discharge_of_the_stay_before() -> None:
    assert_table(AFTER_A_DISCHARGE, measure="maximum", of="days_after_discharge", **STAYS)


def test_contacts_are_days_of_care_in_one_setting() -> None:
    assert_table(
        [
            ("twice on one day", [ed(10), ed(10)], 1),
            ("on two days", [ed(10), ed(11)], 2),
            ("in two settings on one day", [ed(10), spell("1", 10, 5)], 2),
            ("all settings", [appointment(10), community(9), outpatient(8), ed(7), spell("1", 6, None)], 5),
            ("not attended", [appointment(10, status="dna"), community(9, "3"), outpatient(8, "7")], 0),
            ("nobody knows whether", [appointment(10, status=None)], 0),
            ("a regular day attender", [spell("1", 10, 10, patient_classification="3")], 0),
            ("outside the window", [ed(91), ed(0)], 0),
        ],
        measure="count",
        **CONTACTS,
    )


def test_a_contact_knows_the_one_before_it() -> None:
    gp_within_a_week = {"setting": "ed", "previous_setting": "gp", "days_after_previous": {"max": 7}}
    assert_table(
        [
            ("A&E a week after the practice", [appointment(17), ed(10)], 1),
            ("eight days after", [appointment(18), ed(10)], 0),
            ("on the same day: the practice comes first", [ed(10), appointment(10)], 1),
            ("with a nurse's visit between", [appointment(17), community(12), ed(10)], 0),
            ("the practice before the window", [appointment(92), ed(90)], 1),
            ("the first contact of all", [ed(10)], 0),
        ],
        measure="count",
        where=gp_within_a_week,
        **CONTACTS,
    )


def test_a_contact_more_than_a_year_before_is_none_before() -> None:
    assert_table(
        [("a year before", [ed(375), ed(10)], 365), ("a day more", [ed(376), ed(10)], None)],
        measure="latest",
        of="days_after_previous",
        **CONTACTS,
    )


def test_contacts_are_seen_where_the_practice_is() -> None:
    lines = [
        # seen since when, contacts, days between the last two
        (500, 2, 20),
        (90, 2, 20),  # the whole window
        (60, None, 20),  # how many is unknown, the last two were seen
        (25, None, None),  # the one before was not seen: the practice might have been between
        (NEVER, None, None),
    ]
    asked: dict[str, Any] = {
        "people": {str(since): [ed(30), ed(10)] for since, _, _ in lines},
        "seen_from": {str(since): since for since, _, _ in lines},
    }
    assert values(measure="count", **asked, **CONTACTS) == {str(since): n for since, n, _ in lines}
    gaps = values(measure="latest", of="days_after_previous", **asked, **CONTACTS)
    assert gaps == {str(since): days for since, _, days in lines}
