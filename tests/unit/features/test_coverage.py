from datetime import date, timedelta
from typing import Any

from vi_risk.features.catalogue import Catalogue
from vi_risk.features.coverage import common_coverage, seen_from
from vi_risk.features.definition import Definition
from vi_risk.features.sources import CODED_ENTRIES, CONTACTS
from vi_risk.records.linked import Records

START = date(2021, 1, 1)
PERSON = "p"


def declared(name: str, table: str, windows: tuple[int, ...], measure: str = "count") -> Definition:
    return Definition.model_validate(
        {
            "name": name, "domain": "acute use", "title": name, "table": table, "measure": measure,
            "windows": windows, "reason": "{n}",
        }
    )  # fmt: skip


def catalogue_of(*definitions: Definition) -> Catalogue:
    return Catalogue(definitions, {})


def seen_since(make_records: Any, **starts: date) -> Records:
    """Return records in which each table has three rows, the first on the day named."""
    events = {"spells": "admitted_on", "gp_appointments": "appointment_on"}
    tables = {
        table: [{"patient_id": PERSON, events[table]: start + timedelta(days=n)} for n in range(3)]
        for table, start in starts.items()
    }
    found: Records = make_records(patients=[{"patient_id": PERSON}], **tables)
    return found


def test_windows_within_reach_of_every_date_stay_as_declared(make_records: Any) -> None:
    records = seen_since(make_records, spells=START)
    dates = [START + timedelta(days=365), START + timedelta(days=900)]

    coverage = common_coverage(records, catalogue_of(declared("admissions", "spells", (30, 365))), dates)

    assert coverage.windows == {}
    assert coverage.notes == ()


def test_a_longer_window_is_cut_to_what_the_earliest_date_sees(make_records: Any) -> None:
    records = seen_since(make_records, spells=START)
    dates = [START + timedelta(days=900), START + timedelta(days=500)]

    coverage = common_coverage(records, catalogue_of(declared("admissions", "spells", (365, 730))), dates)

    assert coverage.windows == {"admissions_730d": 500}
    (note,) = coverage.notes
    assert "seen from 2021-01-01" in note
    assert "500 days" in note


def test_of_windows_that_collapse_into_one_the_shortest_is_kept(make_records: Any) -> None:
    records = seen_since(make_records, spells=START)
    definition = declared("admissions", "spells", (90, 365, 730, 1095))

    at_200 = common_coverage(records, catalogue_of(definition), [START + timedelta(days=200)])
    at_365 = common_coverage(records, catalogue_of(definition), [START + timedelta(days=365)])

    assert at_200.windows == {"admissions_365d": 200, "admissions_730d": None, "admissions_1095d": None}
    assert at_365.windows == {"admissions_730d": None, "admissions_1095d": None}


def test_a_window_cut_to_nearly_a_shorter_one_is_not_built_and_one_declared_so_is(make_records: Any) -> None:
    records = seen_since(make_records, spells=START)
    definition = declared("admissions", "spells", (365, 370, 730))

    coverage = common_coverage(records, catalogue_of(definition), [START + timedelta(days=380)])

    assert coverage.windows == {"admissions_730d": None}


def test_definitions_do_not_collapse_into_each_other(make_records: Any) -> None:
    records = seen_since(make_records, spells=START)
    catalogue = catalogue_of(declared("some", "spells", (730,)), declared("others", "spells", (730,)))

    coverage = common_coverage(records, catalogue, [START + timedelta(days=400)])

    assert coverage.windows == {"some_730d": 400, "others_730d": 400}
    assert len(coverage.notes) == 1


def test_sources_that_begin_on_one_day_are_told_together(make_records: Any) -> None:
    records = seen_since(make_records, spells=START, gp_appointments=START)
    sources = [declared(table, table, (365,)) for table in ("spells", "gp_appointments", "admissions")]

    coverage = common_coverage(records, catalogue_of(*sources), [START + timedelta(days=300)])

    (note,) = coverage.notes
    seen = "Spells, GP appointments and admissions seen from 2021-01-01"
    assert note == f"{seen}: every feature of them looks back 300 days at most"


def test_each_source_is_cut_by_its_own_first_day(make_records: Any) -> None:
    records = seen_since(make_records, spells=START, gp_appointments=date(2021, 7, 1))
    catalogue = catalogue_of(declared("stays", "spells", (365,)), declared("visits", "gp_appointments", (365,)))

    coverage = common_coverage(records, catalogue, [date(2022, 1, 1)])

    assert coverage.windows == {"visits_365d": 184}


def test_a_source_that_begins_after_the_first_date_is_missing_and_that_is_said(make_records: Any) -> None:
    records = seen_since(make_records, spells=START, gp_appointments=date(2022, 7, 1))
    catalogue = catalogue_of(declared("visits", "gp_appointments", (30, 365)))

    coverage = common_coverage(records, catalogue, [date(2022, 7, 1), date(2023, 7, 1)])

    assert coverage.windows == {"visits_30d": None, "visits_365d": None}
    (note,) = coverage.notes
    assert "seen from 2022-07-01 only, after the first index date" in note


def test_a_source_that_the_site_lacks_is_told_of_elsewhere(make_records: Any) -> None:
    records = seen_since(make_records, spells=START)

    coverage = common_coverage(records, catalogue_of(declared("visits", "gp_appointments", (365,))), [date(2021, 3, 1)])

    assert coverage.windows == {}
    assert coverage.notes == ()


def test_coded_entries_are_seen_as_far_back_as_the_hospital_and_else_as_the_gp_record(make_records: Any) -> None:
    gp_entry = {"patient_id": PERSON, "event_on": date(2022, 5, 9), "code_system": "snomed", "code": "1"}
    stay = {"patient_id": PERSON, "admitted_on": START, "spell_id": "s"}
    people = [{"patient_id": PERSON}]
    both = make_records(
        patients=people,
        spells=[stay],
        diagnoses=[{"spell_id": "s", "position": 1, "code": "I50"}],
        gp_events=[gp_entry],
    )
    gp_only = make_records(patients=people, spells=[stay], gp_events=[gp_entry])

    assert seen_from(both, CODED_ENTRIES) == START
    assert seen_from(gp_only, CODED_ENTRIES) == date(2022, 5, 1)


def test_an_objection_holds_however_long_ago_it_was_made(make_records: Any) -> None:
    records = make_records(
        patients=[{"patient_id": PERSON}],
        objections=[
            {"patient_id": PERSON, "kind": "risk_stratification", "objected_from": START + timedelta(days=30 * n)}
            for n in range(12)
        ],
    )
    asked = catalogue_of(declared("objects", "objections", (36_525,), measure="any"))

    assert common_coverage(records, asked, [START + timedelta(days=100), START + timedelta(days=900)]).windows == {}


def in_every_month(first: date, months: int) -> list[dict[str, Any]]:
    days = [first + timedelta(days=2 * number) for number in range(15 * months)]
    return [{"patient_id": PERSON, "appointment_on": day} for day in days]


def test_a_regular_source_that_stopped_long_before_the_last_date_is_missing_and_that_is_said(make_records: Any) -> None:
    records = make_records(
        patients=[{"patient_id": PERSON}], spells=[], gp_appointments=in_every_month(START, months=30)
    )
    visits = catalogue_of(declared("visits", "gp_appointments", (90,)))

    still_there = common_coverage(records, visits, [date(2023, 8, 1)])
    stopped = common_coverage(records, visits, [date(2022, 1, 1), date(2024, 6, 1)])

    assert (still_there.windows, still_there.notes) == ({}, ())
    assert stopped.windows == {"visits_90d": None}
    assert stopped.notes == (
        "GP appointments seen to 2023-06-18 only, long before the last index date: all features of it are missing",
    )


def test_contacts_with_any_setting_are_seen_as_far_back_as_gp_appointments(make_records: Any) -> None:
    records = seen_since(make_records, spells=START, gp_appointments=date(2022, 7, 1))

    assert seen_from(records, CONTACTS) == date(2022, 7, 1)
