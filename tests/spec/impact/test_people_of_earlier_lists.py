"""Who counts as reviewed, with which list, and what happened to them since."""

from datetime import date

import pandas as pd
import pytest

from vi_risk.impact.listed import EarlierList, Followed, followed_of
from vi_risk.records.linked import Records

LIST, NEXT = date(2022, 1, 1), date(2022, 2, 1)
KNOWN_BY = date(2022, 12, 1)
LISTED = ("ann", "bob")
PEOPLE = (*LISTED, "cyd", "dan")


def a_list(day: date, listed: tuple[str, ...] = LISTED) -> EarlierList:
    risk = {"ann": 0.9, "bob": 0.8, "cyd": 0.4, "dan": 0.2}
    rows = [(name, "A", risk[name], name in listed) for name in PEOPLE]
    return EarlierList(day, pd.DataFrame(rows, columns=["patient_id", "practice_code", "risk", "listed"]))


def followed(
    reviews: list[tuple[str, str]],
    stays: list[tuple[str, str, str]] | None = None,
    attendances: list[tuple[str, str]] | None = None,
    lists: tuple[EarlierList, ...] | None = None,
    died: dict[str, str] | None = None,
) -> Followed:
    months = pd.date_range("2020-01-01", "2022-12-01", freq="MS")
    spells = [(f"m{n}", "nobody", m, m, "11") for n, m in enumerate(months)]
    spells += [(f"s{n}", who, start, end, "21") for n, (who, start, end) in enumerate(stays or [])]
    tables = {
        "patients": pd.DataFrame({"patient_id": [*PEOPLE, "eve"], "birth_month": "1950-01-01"}),
        "registrations": pd.DataFrame({"patient_id": PEOPLE, "practice_code": "A", "registered_from": "2015-01-01"}),
        "spells": pd.DataFrame(
            spells, columns=["spell_id", "patient_id", "admitted_on", "discharged_on", "admission_method"]
        ),
        "mdt_reviews": pd.DataFrame(reviews, columns=["patient_id", "reviewed_on"]),
    }
    tables["patients"]["died_on"] = tables["patients"]["patient_id"].map(died or {})
    tables["registrations"]["registered_to"] = None
    if attendances is not None:
        came = [(f"m{n}", "nobody", m) for n, m in enumerate(months)]
        came += [(f"e{n}", who, pd.Timestamp(day)) for n, (who, day) in enumerate(attendances)]
        tables["ed_attendances"] = pd.DataFrame(came, columns=["attendance_id", "patient_id", "arrived_at"])
    for table in tables.values():
        for column in table.columns:
            if column.endswith(("_on", "_from", "_to", "_month")):
                table[column] = pd.to_datetime(table[column])
    return followed_of(Records.from_frames(tables), lists or (a_list(LIST),), known_by=KNOWN_BY)


def of(found: Followed, person: str, what: str) -> object:
    return found.people.set_index("patient_id").loc[person, what]


def test_each_outcome_is_counted_in_the_days_before_and_after_the_list() -> None:
    found = followed(
        [("ann", "2022-01-10")],
        stays=[
            ("ann", "2021-12-20", "2021-12-28"),
            ("ann", "2022-01-05", "2022-01-06"),  # 8 days after the discharge: a readmission
            ("bob", "2022-06-29", "2022-06-30"),  # the 179th day
            ("bob", "2022-06-30", "2022-07-30"),  # the 180th, no longer followed
        ],
        attendances=[("ann", "2022-01-01"), ("ann", "2021-12-31")],
    )
    #  person  admissions before, after   readmissions after   attendances before, after
    #  ann     1                  1       1                    1                   1
    #  bob     0                  1       0                    0                   0
    assert of(found, "ann", "emergency_admissions_before") == 1
    assert of(found, "ann", "emergency_admissions_after") == 1
    assert of(found, "ann", "readmissions_after") == 1
    assert of(found, "ann", "ed_attendances_before") == 1
    assert of(found, "ann", "ed_attendances_after") == 1
    assert of(found, "bob", "emergency_admissions_after") == 1
    assert of(found, "bob", "readmissions_after") == 0


def test_without_attendances_the_others_are_counted() -> None:
    found = followed([("ann", "2022-01-10")])
    assert set(found.happened) == {"emergency_admissions", "readmissions"}
    assert "Reviews: The records hold no A&E attendances: these are not compared." in found.notes


def test_of_lists_close_together_a_person_counts_with_the_first() -> None:
    found = followed([("ann", "2022-02-10")], lists=(a_list(NEXT), a_list(LIST)))
    assert sorted(found.people["patient_id"]) == sorted(PEOPLE)
    assert set(found.people["list_date"].dt.date) == {LIST}
    assert any("a person counts with the first of them alone" in note for note in found.notes)


def test_lists_far_apart_count_twice() -> None:
    early = date(2021, 3, 1)
    found = followed([("ann", "2022-01-10")], lists=(a_list(early), a_list(LIST)))
    assert len(found.people) == 2 * len(PEOPLE)


def test_who_was_reviewed_shortly_before_the_list_is_known() -> None:
    found = followed([("ann", "2022-01-10"), ("cyd", "2021-12-31"), ("dan", "2022-01-01")])
    assert bool(of(found, "cyd", "reviewed_before"))
    assert not bool(of(found, "dan", "reviewed_before"))
    assert pd.isna(of(found, "cyd", "reviewed_on"))


def test_reviews_of_people_whom_no_run_scored_are_told() -> None:
    found = followed([("ann", "2022-01-10"), ("eve", "2022-01-10")])
    assert any("1 people were reviewed whom none of the runs scored" in note for note in found.notes)


def test_who_was_reviewed_too_late_counts_as_not_reviewed_and_is_told() -> None:
    found = followed([("ann", "2022-01-10"), ("cyd", "2022-03-10")])
    assert pd.isna(of(found, "cyd", "reviewed_on"))
    assert any("1 people who count as not reviewed were reviewed later" in note for note in found.notes)


@pytest.mark.parametrize(("died", "until"), [({"cyd": "2022-01-05"}, "2022-01-06"), ({}, None)])
def test_until_when_a_person_could_be_seen_is_known(died: dict[str, str], until: str | None) -> None:
    found = of(followed([("ann", "2022-01-10")], died=died), "cyd", "there_until")
    assert pd.Timestamp(str(found)) == pd.Timestamp(until) if until else pd.Timestamp(str(found)).year > 9000
