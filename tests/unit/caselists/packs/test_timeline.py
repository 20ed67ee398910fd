import re
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest

from tests.unit.caselists.conftest import MakeList
from tests.unit.caselists.example_lists import example_list
from vi_risk.caselists.lists import CONTACT_COLUMNS, CaseList
from vi_risk.caselists.packs.timeline import HEADINGS, Timeline, timelines

# The list date of `make_list` is 1 November 2025, the first day of its timelines 2 November 2023.
Contact = tuple[str, str, str | None]


def with_contacts(case_list: CaseList, *contacts: Contact) -> CaseList:
    rows = [("P-0001", setting, began, ended) for setting, began, ended in contacts]
    frame = pd.DataFrame(rows, columns=list(CONTACT_COLUMNS))
    days = {column: pd.to_datetime(frame[column]) for column in ("began_on", "ended_on")}
    return replace(case_list, contacts=frame.assign(**days))


def drawn(case_list: CaseList, *contacts: Contact) -> Timeline:
    return timelines(with_contacts(case_list, *contacts))["P-0001"]


def strip(timeline: Timeline, setting: str) -> Any:
    return timeline.strips[list(HEADINGS).index(setting)]


def marks(path: str) -> list[tuple[float, float, float, float]]:
    """Follow the path as a browser would: the (left, top, width, height) of every mark."""
    x = y = start_x = start_y = 0.0
    found: list[tuple[float, float, float, float]] = []
    corners: list[tuple[float, float]] = []

    def close() -> None:
        if len(corners) > 1:
            xs, ys = zip(*corners, strict=True)
            found.append((min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)))

    for command, numbers in re.findall(r"([MmhHvz])([^MmhHvz]*)", path):
        values = [float(number) for number in re.findall(r"-?\d+", numbers)]
        if command in "Mm":
            close()
            x, y = (values[0], values[1]) if command == "M" else (x + values[0], y + values[1])
            start_x, start_y, corners = x, y, []
        elif command == "z":
            x, y = start_x, start_y
        else:
            x = values[0] if command == "H" else x + values[0] if command == "h" else x
            y = y + values[0] if command == "v" else y
        corners.append((x, y))
    close()
    return found


@pytest.mark.parametrize(
    ("contact", "mark"),
    [
        (("gp", "2023-11-02", None), (0, 1, 0, 8)),  # the first day
        (("gp", "2025-10-31", None), (729, 1, 0, 8)),  # the day before the list date
        (("ed", "2025-10-31", None), (729, 11, 0, 8)),  # the second strip
        (("admission", "2025-10-01", "2025-10-05"), (699, 21, 4, 8)),  # four nights
        (("admission", "2023-10-01", "2023-11-05"), (0, 21, 3, 8)),  # began before the timeline does
        (("admission", "2025-10-29", None), (727, 21, 2, 8)),  # still in hospital
    ],
)
def test_a_contact_is_drawn_on_its_day_and_a_stay_over_its_nights(
    make_list: MakeList, contact: Contact, mark: tuple[float, ...]
) -> None:
    timeline = drawn(make_list({}), contact)
    assert marks(timeline.path) == [mark]


@pytest.mark.parametrize("day", ["2023-11-01", "2025-11-01", "2026-01-01"])
def test_what_lies_outside_the_24_months_is_neither_drawn_nor_counted(make_list: MakeList, day: str) -> None:
    timeline = drawn(make_list({}), ("gp", day, None))
    assert (timeline.path, strip(timeline, "gp").count) == ("", "none")


def test_every_mark_is_drawn_where_it_belongs_however_many_there_are() -> None:
    case_list = example_list(7)
    start = pd.Timestamp(2023, 11, 2)
    for patient, timeline in timelines(case_list).items():
        contacts = case_list.contacts[case_list.contacts["patient_id"] == patient]
        days = {
            (setting, (began - start).days)
            for setting, began in zip(contacts["setting"], contacts["began_on"], strict=True)
        }
        for setting, day in days:
            top = 10 * list(HEADINGS).index(setting) + 1
            assert any(left <= day <= left + width and at == top for left, at, width, _ in marks(timeline.path))
        assert all(height == 8 for *_, height in marks(timeline.path))


def test_contacts_too_close_to_be_told_apart_become_one_bar_but_all_are_counted(make_list: MakeList) -> None:
    days = [("community", f"2025-10-{day:02d}", None) for day in range(1, 31)]
    timeline = drawn(make_list({}), *days)
    assert marks(timeline.path) == [(699, 41, 29, 8)]
    assert strip(timeline, "community").count == "30"
    assert len(strip(timeline, "community").dates.split(",")) == 30


def test_the_same_contact_told_twice_is_one(make_list: MakeList) -> None:
    timeline = drawn(make_list({}), ("ed", "2025-10-01", None), ("ed", "2025-10-01", None))
    assert strip(timeline, "ed").count == "1"


def test_the_words_say_how_often_and_how_long_ago(make_list: MakeList) -> None:
    timeline = drawn(
        make_list({}),
        ("gp", "2025-10-31", None),
        ("ed", "2025-09-01", None),
        ("ed", "2025-10-23", None),
        ("admission", "2025-10-23", "2025-10-27"),
        ("admission", "2024-03-01", "2024-03-02"),
        ("outpatient", "2025-06-01", None),
    )
    assert timeline.words == (
        "GP once, the last yesterday; A&E twice, the last 9 days ago; Hospital twice, 5 nights, left 5 days ago;"
        " Outpatients once, the last 5 months ago; Community not seen"
    )


def test_who_is_still_in_hospital_is_said_to_be(make_list: MakeList) -> None:
    hospital = strip(drawn(make_list({}), ("admission", "2025-10-29", None)), "admission")
    assert hospital.words == "Hospital once, 2 nights, still there"
    assert hospital.dates == "2025: 29 Oct (2 nights, still there)"


def test_dates_stand_latest_first_by_year_and_month(make_list: MakeList) -> None:
    days = ("2025-10-14", "2025-10-23", "2024-12-30", "2025-09-02")
    timeline = drawn(make_list({}), *(("gp", day, None) for day in days))
    assert strip(timeline, "gp").dates == "2025: 23, 14 Oct; 2 Sep. 2024: 30 Dec"


def test_a_stay_is_dated_with_its_nights(make_list: MakeList) -> None:
    stays = (("admission", "2025-10-01", "2025-10-05"), ("admission", "2025-10-20", "2025-10-20"))
    hospital = strip(drawn(make_list({}), *stays, ("admission", "2025-10-08", "2025-10-09")), "admission")
    assert hospital.dates == "2025: 20 Oct; 8 Oct (1 night); 1 Oct (4 nights)"


def test_a_setting_whose_records_are_absent_is_not_seen_and_one_without_contacts_has_none(make_list: MakeList) -> None:
    timeline = drawn(make_list({}), ("gp", "2025-10-14", None))  # of the others the list tells of spells alone
    assert [found.count for found in timeline.strips] == ["1", "not seen", "none", "not seen", "not seen"]


def test_a_patient_whose_gp_record_is_not_seen_is_not_said_to_have_had_no_gp(make_list: MakeList) -> None:
    unseen, seen = {"last_gp_contact": None}, {"last_gp_contact": "none in 2 years", "patient_id": "P-0002"}
    case_list = make_list(unseen, seen, facts=("last_gp_contact",))
    about = replace(case_list.about, data_to={"gp_appointments": date(2025, 10, 31)})
    found = timelines(with_contacts(replace(case_list, about=about), ("ed", "2025-10-14", None)))
    assert [strip(found[patient], "gp").count for patient in ("P-0001", "P-0002")] == ["not seen", "none"]


def test_without_any_contacts_there_is_no_timeline(bare_list: CaseList) -> None:
    assert timelines(bare_list) == {}
