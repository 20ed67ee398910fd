from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from vi_risk.cohort.index_dates import IndexDates
from vi_risk.cohort.people import EVERYONE, age_band, gp_seen_at, select_cohort
from vi_risk.cohort.seen import ALWAYS
from vi_risk.records.linked import Records

DAY = date(2024, 6, 1)
BEFORE = DAY - timedelta(days=1)
DATES = IndexDates(DAY, DAY - timedelta(days=365), (DAY - timedelta(days=730),))


def at_list_date(records: Records, min_age: int = 18) -> pd.DataFrame:
    cohort, _ = select_cohort(records, DATES, min_age=min_age)
    return cohort[cohort["index_date"] == DAY].set_index("patient_id")


def old_spell(patient_id: str) -> dict[str, Any]:
    return {"patient_id": patient_id, "admitted_on": date(2020, 1, 1), "discharged_on": date(2020, 1, 2)}


def test_people_registered_on_the_day_are_asked_about_and_others_are_not(make_records: Any) -> None:
    periods = {
        "since long ago": (date(2000, 1, 1), None),
        "since the day before": (BEFORE, None),
        "from the day itself": (DAY, None),
        "until the day itself": (date(2000, 1, 1), DAY),
        "until the day before": (date(2000, 1, 1), BEFORE),
    }
    records = make_records(
        patients=[{"patient_id": name} for name in (*periods, "never")],
        spells=[old_spell("never")],
        registrations=[
            {"patient_id": name, "registered_from": start, "registered_to": end}
            for name, (start, end) in periods.items()
        ],
    )

    assert set(at_list_date(records).index) == {"since long ago", "since the day before", "until the day itself"}


def test_a_registration_that_reached_the_trust_later_is_not_known(make_records: Any) -> None:
    records = make_records(
        patients=[{"patient_id": "p"}, {"patient_id": "q"}],
        spells=[old_spell("p")],
        registrations=[{"patient_id": "p", "recorded_on": DAY}, {"patient_id": "q", "recorded_on": BEFORE}],
    )

    assert list(at_list_date(records).index) == ["q"]


def test_people_who_died_before_the_day_are_left_out_and_later_deaths_are_unknown(make_records: Any) -> None:
    records = make_records(
        patients=[
            {"patient_id": "alive"},
            {"patient_id": "died before", "died_on": BEFORE},
            {"patient_id": "died on the day", "died_on": DAY},
            {"patient_id": "died later", "died_on": DAY + timedelta(days=30)},
        ],
        spells=[old_spell("alive")],
    )

    assert set(at_list_date(records).index) == {"alive", "died on the day", "died later"}


def test_nobody_is_asked_about_before_birth(make_records: Any) -> None:
    records = make_records(
        patients=[{"patient_id": "here", "birth_month": date(2024, 5, 1)}, {"patient_id": "yet", "birth_month": DAY}],
        spells=[old_spell("here")],
    )

    assert list(at_list_date(records, min_age=0).index) == ["here"]


def test_a_year_of_age_is_full_with_the_month_of_birth(make_records: Any) -> None:
    births = {"may": date(1950, 5, 1), "june": date(1950, 6, 1), "july": date(1950, 7, 1)}
    records = make_records(
        patients=[{"patient_id": name, "birth_month": born} for name, born in births.items()], spells=[old_spell("may")]
    )

    assert at_list_date(records)["age"].to_dict() == {"may": 74, "june": 74, "july": 73}


def test_the_least_age_is_inclusive(make_records: Any) -> None:
    births = {"17": date(2006, 7, 1), "18": date(2006, 6, 1), "19": date(2005, 6, 1)}
    records = make_records(
        patients=[{"patient_id": name, "birth_month": born} for name, born in births.items()], spells=[old_spell("19")]
    )

    assert set(at_list_date(records, min_age=18).index) == {"18", "19"}


def test_the_latest_registration_counts_and_of_two_of_one_day_the_first_code(make_records: Any) -> None:
    records = make_records(
        patients=[{"patient_id": "moved"}, {"patient_id": "twice"}],
        spells=[old_spell("moved")],
        registrations=[
            {"patient_id": "moved", "practice_code": "A", "registered_from": date(2001, 1, 1)},
            {"patient_id": "moved", "practice_code": "B", "registered_from": date(2020, 1, 1)},
            {"patient_id": "moved", "practice_code": "C", "registered_from": DAY},
            {"patient_id": "twice", "practice_code": "Y", "registered_from": date(2020, 1, 1)},
            {"patient_id": "twice", "practice_code": "X", "registered_from": date(2020, 1, 1)},
        ],
    )

    cohort = at_list_date(records)

    assert cohort["practice_code"].to_dict() == {"moved": "B", "twice": "X"}


def test_without_registrations_everyone_alive_is_on_one_list(make_records: Any) -> None:
    records = make_records(
        patients=[{"patient_id": "a"}, {"patient_id": "b"}, {"patient_id": "dead", "died_on": BEFORE}],
        spells=[old_spell("a")],
    )

    cohort, flow = select_cohort(records, DATES, min_age=18)

    assert set(cohort["practice_code"]) == {EVERYONE}
    assert at_list_date(records).index.tolist() == ["a", "b"]
    assert "registered" not in flow[0]


def test_in_hospital_is_a_stay_open_as_it_was_known_then(make_records: Any) -> None:
    stays = {
        "still there": (BEFORE, None, None),
        "left on the day": (BEFORE, DAY, None),
        "left the day before": (date(2024, 5, 1), BEFORE, None),
        "came on the day": (DAY, None, None),
        "told of later": (BEFORE, None, DAY),
    }
    records = make_records(
        patients=[{"patient_id": name} for name in stays],
        spells=[
            {"patient_id": name, "admitted_on": start, "discharged_on": end, "recorded_on": recorded}
            for name, (start, end, recorded) in stays.items()
        ],
    )

    cohort = at_list_date(records)

    assert set(cohort.index[cohort["in_hospital"]]) == {"still there", "left on the day"}


def test_two_open_stays_are_one_person(make_records: Any) -> None:
    records = make_records(
        patients=[{"patient_id": "p"}],
        spells=[{"patient_id": "p", "admitted_on": BEFORE}, {"patient_id": "p", "admitted_on": date(2024, 5, 1)}],
    )

    assert len(at_list_date(records)) == 1


def test_the_gp_record_is_seen_from_the_day_that_the_practice_joined(make_records: Any) -> None:
    records = make_records(
        patients=[{"patient_id": code} for code in "ABCD"],
        spells=[old_spell("A")],
        registrations=[{"patient_id": code, "practice_code": code} for code in "ABCD"],
        practices=[
            {"practice_code": "A", "integrated_from": date(2022, 4, 1)},
            {"practice_code": "B", "integrated_from": None},
            {"practice_code": "C", "integrated_from": DAY},
        ],
    )

    assert at_list_date(records)["gp_seen_from"].to_dict() == {"A": date(2022, 4, 1), "B": None, "C": None, "D": None}


def test_the_gp_record_is_seen_from_the_beginning_where_there_are_no_registrations(make_records: Any) -> None:
    records = make_records(patients=[{"patient_id": "p"}], spells=[old_spell("p")])

    assert at_list_date(records)["gp_seen_from"]["p"] < date(1950, 1, 1)


def test_each_person_has_one_row_per_index_date_in_order_with_role_and_words_for_sex(make_records: Any) -> None:
    records = make_records(
        patients=[{"patient_id": "b", "sex": "2"}, {"patient_id": "a", "sex": "1"}], spells=[old_spell("a")]
    )

    cohort, _ = select_cohort(records, DATES, min_age=18)

    assert cohort[["index_date", "patient_id", "role", "sex"]].to_numpy().tolist() == [
        [day, patient, role, sex] for day, role in DATES.roles for patient, sex in (("a", "male"), ("b", "female"))
    ]


def test_the_flow_counts_people_at_each_step(make_records: Any) -> None:
    records = make_records(
        patients=[
            {"patient_id": "kept"},
            {"patient_id": "child", "birth_month": date(2015, 1, 1)},
            {"patient_id": "elsewhere"},
            {"patient_id": "dead", "died_on": BEFORE},
            {"patient_id": "unborn", "birth_month": date(2024, 7, 1)},
        ],
        spells=[old_spell("kept")],
        registrations=[{"patient_id": p} for p in ("kept", "child", "dead")],
    )

    _, flow = select_cohort(records, DATES, min_age=18)

    assert flow[-1] == {
        "index_date": "2024-06-01",
        "role": "list",
        "in the records, born before": 4,
        "alive": 3,
        "registered": 2,
        "aged 18 or over": 1,
    }
    assert [step["role"] for step in flow] == ["train", "test", "list"]


@pytest.mark.parametrize(("age", "band"), [(0, "0-4"), (17, "16-24"), (64, "55-64"), (65, "65-69"), (104, "90+")])
def test_age_bands_hold_their_first_and_last_year(age: int, band: str) -> None:
    assert age_band(age) == band


def test_people_of_dates_of_ones_own_are_seen_as_a_cohort_is_and_keep_their_order(make_records: Any) -> None:
    asked = pd.DataFrame({"patient_id": ["q", "p", "r"], "index_date": [DAY, BEFORE, DAY]}, dtype=object)
    records = make_records(
        patients=[{"patient_id": who} for who in "pqr"],
        spells=[old_spell("p")],
        practices=[{"practice_code": "A", "integrated_from": date(2019, 3, 1)}],
        registrations=[
            {"patient_id": "p", "registered_from": date(2022, 5, 9)},
            {"patient_id": "q", "registered_from": date(2010, 1, 1)},
            {"patient_id": "r", "registered_from": date(2010, 1, 1), "registered_to": date(2021, 1, 1)},
        ],
    )

    found = gp_seen_at(records, asked)

    assert found[["patient_id", "index_date"]].equals(asked)
    assert found["gp_seen_from"].tolist()[:2] == [date(2019, 3, 1), date(2022, 5, 9)]
    assert pd.isna(found["gp_seen_from"][2])


def test_without_registrations_everyone_is_seen_from_the_first_at_dates_of_ones_own_too(make_records: Any) -> None:
    asked = pd.DataFrame({"patient_id": ["p"], "index_date": [DAY]}, dtype=object)
    records = make_records(patients=[{"patient_id": "p"}], spells=[old_spell("p")])

    assert gp_seen_at(records, asked)["gp_seen_from"].tolist() == [ALWAYS]
