"""Months without a row, and practices whose tables begin late, fall silent, stop or never came."""

from collections.abc import Callable, Collection
from datetime import date
from typing import Any

import pytest

from vi_risk.records.checks import CheckReport, PracticeFeed, check_records
from vi_risk.records.linked import Records
from vi_risk.records.volume import month_after

MakeRecords = Callable[..., Records]
BEGINS, MONTHS = date(2022, 1, 1), 24
EVERY_MONTH = range(MONTHS)
A, B, C = "X00001", "X00002", "X00003"


def days(months: Collection[int], times: int = 30) -> list[date]:
    """Return so many days in each of the months, counted from the first one of the records."""
    return [month_after(BEGINS, month).replace(day=1 + n % 28) for month in months for n in range(times)]


def appointments(a_month_in_c: int = 30, **months: Collection[int]) -> list[dict[str, Any]]:
    """Return thirty appointments a month of the one person of each practice, all different."""
    return [
        {"patient_id": f"p-{practice}", "appointment_on": day, "mode": str(number)}
        for practice, some in months.items()
        for number, day in enumerate(days(some, a_month_in_c if practice == C else 30))
    ]


@pytest.fixture
def check(make_records: MakeRecords) -> Callable[..., CheckReport]:
    def checked(
        joined: dict[str, date | None] | None = None,
        closed: dict[str, date] | None = None,
        a_month_in_c: int = 30,
        **months: Collection[int],
    ) -> CheckReport:
        people = [A, B, C]
        tables: dict[str, list[dict[str, Any]]] = {
            "patients": [{"patient_id": f"p-{practice}"} for practice in people],
            "spells": [
                {"patient_id": f"p-{A}", "admitted_on": day, "discharged_on": day} for day in days(EVERY_MONTH, 12)
            ],
            "registrations": [
                {
                    "patient_id": f"p-{practice}",
                    "practice_code": practice,
                    "registered_to": (closed or {}).get(practice),
                }
                for practice in people
            ],
            "gp_appointments": appointments(a_month_in_c, **months),
        }
        if joined is not None:
            tables["practices"] = [{"practice_code": code, "integrated_from": day} for code, day in joined.items()]
        return check_records(make_records(**tables))

    return checked


Check = Callable[..., CheckReport]
OLD = date(2016, 6, 1)


def told(report: CheckReport) -> list[str]:
    codes = "code outside the list"  # the modes above only tell the rows apart
    return [str(finding) for finding in report.findings if codes not in finding.rule]


def test_whole_feeds_have_no_findings(check: Check) -> None:
    report = check({A: OLD, B: OLD, C: OLD}, **dict.fromkeys((A, B, C), EVERY_MONTH))

    assert told(report) == []
    assert report.practices == ()


def test_months_without_any_row_are_told_of_the_table_and_not_of_each_practice(check: Check) -> None:
    some = [month for month in EVERY_MONTH if month not in (9, 10)]

    assert told(check({A: OLD, B: OLD, C: OLD}, **dict.fromkeys((A, B, C), some))) == [
        "gp_appointments.appointment_on: 2 of 24 months: no row, between others"
    ]


@pytest.mark.parametrize(("months", "number"), [(21, 0), (20, 4), (15, 9)])
def test_a_table_that_ends_months_before_the_stays_has_stopped(check: Check, months: int, number: int) -> None:
    rule = "no row since the table ended, while there are stays in hospital"

    found = told(check(**dict.fromkeys((A, B, C), range(months))))

    assert found == [f"gp_appointments.appointment_on: {number} of 24 months: {rule}"] * (number > 0)


def test_a_practice_that_begins_four_months_after_the_others_is_late(check: Check) -> None:
    report = check(**{A: EVERY_MONTH, B: EVERY_MONTH, C: range(4, MONTHS)})

    assert told(report) == ["gp_appointments: 1 of 3 practices: begin more than 3 months late"]
    assert report.practices == (
        PracticeFeed("gp_appointments", C, "late", "2022-01", first="2022-05", last="2023-12", silent_months=4),
    )


def test_three_months_are_the_time_that_a_feed_takes(check: Check) -> None:
    assert told(check(**{A: EVERY_MONTH, B: EVERY_MONTH, C: range(3, MONTHS)})) == []


def test_a_practice_is_late_after_the_day_on_which_it_joined_and_not_before(check: Check) -> None:
    late = {A: EVERY_MONTH, B: EVERY_MONTH, C: range(10, MONTHS)}

    assert told(check({A: OLD, B: OLD, C: month_after(BEGINS, 9)}, **late)) == []
    assert told(check({A: OLD, B: OLD, C: month_after(BEGINS, 4)}, **late)) == [
        "gp_appointments: 1 of 3 practices: begin more than 3 months late"
    ]


def test_nothing_is_expected_of_a_practice_outside_the_trust(check: Check) -> None:
    report = check({A: OLD, B: OLD, C: None}, **{A: EVERY_MONTH, B: EVERY_MONTH})

    assert told(report) == []


def test_a_practice_without_any_row_is_told_by_the_size_of_the_others(check: Check) -> None:
    report = check({A: OLD, B: OLD, C: OLD}, **{A: EVERY_MONTH, B: EVERY_MONTH})

    assert told(report) == ["gp_appointments: 1 of 3 practices: have people but no row here"]
    assert report.practices == (PracticeFeed("gp_appointments", C, "no rows", "2022-01", None, None, 24),)


def test_a_practice_that_falls_silent_or_stops_is_told(check: Check) -> None:
    holes = [month for month in EVERY_MONTH if month not in (7, 8, 9)]

    report = check({A: OLD, B: OLD, C: OLD}, **{A: EVERY_MONTH, B: holes, C: range(20)})

    assert told(report) == [
        "gp_appointments: 1 of 3 practices: have months without any row between others",
        "gp_appointments: 1 of 3 practices: end more than 3 months before the table does",
    ]
    assert [(feed.practice, feed.fault, feed.silent_months) for feed in report.practices] == [
        (B, "silent", 3),
        (C, "stopped", 4),
    ]


def test_a_practice_that_has_closed_has_not_stopped(check: Check) -> None:
    months = {A: EVERY_MONTH, B: EVERY_MONTH, C: range(12)}

    assert told(check(closed={C: month_after(BEGINS, 12)}, **months)) == []
    assert told(check(closed={C: month_after(BEGINS, 20)}, **months)) == [
        "gp_appointments: 1 of 3 practices: end more than 3 months before the table does"
    ]


def test_a_practice_with_a_handful_of_rows_is_not_judged(check: Check) -> None:
    late_and_silent = {A: EVERY_MONTH, B: EVERY_MONTH, C: [9, 10, 15]}

    assert told(check(a_month_in_c=19, **late_and_silent)) == []
    assert len(told(check(a_month_in_c=20, **late_and_silent))) == 3


def test_what_stands_in_place_of_a_code_is_not_shown(make_records: MakeRecords) -> None:
    people = ("zebra", "X00001", "X00002")
    records = make_records(
        patients=[{"patient_id": f"p-{practice}"} for practice in people],
        spells=[],
        registrations=[{"patient_id": f"p-{practice}", "practice_code": practice} for practice in people],
        gp_appointments=appointments(X00001=EVERY_MONTH, X00002=EVERY_MONTH),
    )

    report = check_records(records)

    assert [feed.practice for feed in report.practices] == ["(code not of the usual form)"]
    assert "zebra" not in str(report.to_dict())
