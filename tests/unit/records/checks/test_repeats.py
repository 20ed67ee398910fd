"""Keys and rows that are there twice, and people registered at two practices at a time."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from vi_risk.records.checks import check_records
from vi_risk.records.linked import Records

MakeRecords = Callable[..., Records]
PEOPLE = [{"patient_id": person} for person in ("p1", "p2", "p3")]


def found_in(records: Records) -> list[str]:
    return [str(finding) for finding in check_records(records).findings]


def registered(*periods: tuple[str, str, str, str | None]) -> list[dict[str, Any]]:
    return [
        {
            "patient_id": person,
            "practice_code": practice,
            "registered_from": date.fromisoformat(first),
            "registered_to": last and date.fromisoformat(last),
        }
        for person, practice, first, last in periods
    ]


def test_somebody_who_moves_on_the_day_of_leaving_is_registered_once(make_records: MakeRecords) -> None:
    moves = registered(("p1", "A", "2020-01-01", "2022-03-01"), ("p1", "B", "2022-03-01", None))

    assert found_in(make_records(patients=PEOPLE, spells=[], registrations=moves)) == []


@pytest.mark.parametrize(
    "periods",
    [
        (("p1", "A", "2020-01-01", "2022-03-02"), ("p1", "B", "2022-03-01", None)),
        (("p1", "A", "2020-01-01", None), ("p1", "B", "2022-03-01", "2022-04-01")),
        (("p1", "A", "2020-01-01", None), ("p1", "A", "2022-03-01", None)),
        (  # not the one before, the one before that
            ("p1", "A", "2020-01-01", "2024-01-01"),
            ("p1", "B", "2021-01-01", "2021-02-01"),
            ("p1", "C", "2022-01-01", None),
        ),
    ],
)
def test_people_with_registrations_that_overlap_are_counted_once(
    make_records: MakeRecords, periods: tuple[tuple[str, str, str, str | None], ...]
) -> None:
    others = (("p2", "A", "2020-01-01", None), ("p3", "A", "2020-01-01", "2021-01-01"))
    records = make_records(patients=PEOPLE, spells=[], registrations=registered(*periods, *others))

    assert found_in(records) == ["registrations.patient_id: 1 of 3 people: registrations that overlap"]


def test_a_registration_that_ends_before_it_begins_overlaps_nothing(make_records: MakeRecords) -> None:
    periods = registered(("p1", "A", "2021-01-01", "2020-01-01"), ("p1", "B", "2020-06-01", None))

    assert found_in(make_records(patients=PEOPLE, spells=[], registrations=periods)) == [
        "registrations.registered_to: 1 of 2 rows: before registered_from"
    ]


def contacts(times: int) -> list[dict[str, Any]]:
    same = {"patient_id": "p1", "contact_on": date(2024, 1, 5), "attended": None}
    return [same] * times + [same | {"contact_on": date(2024, 1, 5), "attended": "5"}] * 2


def test_a_row_sent_three_times_is_two_too_many_and_nulls_are_alike(make_records: MakeRecords) -> None:
    records = make_records(patients=PEOPLE, spells=[], community_contacts=contacts(3))

    report = check_records(records)

    assert [str(finding) for finding in report.findings] == [
        "community_contacts: 3 of 5 rows: the whole row repeats another"
    ]
    assert {table.table: table.repeated for table in report.tables}["community_contacts"] == 3


def test_what_happens_by_chance_is_counted_but_is_no_finding(make_records: MakeRecords) -> None:
    many = [{"patient_id": "p1", "contact_on": date(2024, 1, 1 + n % 28), "attended": f"{n}"} for n in range(396)]
    records = make_records(patients=PEOPLE, spells=[], community_contacts=[*many, *contacts(0)])

    report = check_records(records)

    assert {table.table: table.repeated for table in report.tables}["community_contacts"] == 1
    assert "the whole row repeats another" not in [finding.rule for finding in report.findings]
