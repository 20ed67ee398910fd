"""Around an emergency admission: three people worked out by hand, days counted from their admission on day 0.

Ann   practice A, in the trust for years
Ben   practice A; died on day 20
Cat   practice B, which joined the trust on day -100: her GP record is not seen for the year before
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import pandas as pd
import pytest

from tests.conftest import MakeRecords
from vi_risk.cohort.pathways import around_admissions, together, with_rates

ADMITTED = date(2024, 3, 1)
INDEX_DATE = date(2024, 9, 1)

# setting -> person, day, and what else the row says
CONTACTS: dict[str, Sequence[tuple[str, int, dict[str, Any]]]] = {
    "gp_appointments": [
        ("Ann", -300, {}),
        ("Ann", -85, {}),
        ("Ann", -85, {}),  # a day counts once
        ("Ann", -50, {"status": "dna"}),
        ("Ann", -10, {}),
        ("Ann", 0, {}),  # the day of admission is in neither side
        ("Ann", 1, {}),
        ("Ann", 90, {}),
        ("Ann", 91, {}),  # too late
        ("Ben", -5, {}),
        ("Ben", 10, {}),
        ("Ben", 25, {}),  # a slip: after his death
        ("Cat", -30, {}),  # not seen
        ("Cat", 30, {}),
    ],
    "community_contacts": [
        ("Cat", -365, {}),
        ("Cat", -275, {}),  # the earlier days end the day before
        ("Cat", -91, {}),
        ("Cat", -90, {}),
        ("Cat", 5, {}),
        ("Ann", 7, {"attended": "3"}),
    ],
    "outpatient_appointments": [("Ann", -20, {"attended": "6"}), ("Ann", 40, {"attended": "2"})],
    "ed_attendances": [
        ("Ann", -1, {"disposal": "01"}),  # ended in the admission
        ("Ben", -1, {"disposal": "03"}),
        ("Cat", 30, {"disposal": "01"}),
    ],
}
SPELLS = [
    ("Ann", 0, 5, "21"),
    ("Ben", 0, 20, "21"),
    ("Cat", 0, 2, "22"),
    ("Cat", 2, 9, "2B"),  # moved to another hospital: the same stay
    ("Cat", 30, 33, "21"),  # back again
    ("Ann", -40, -40, "11"),
    ("Ann", 60, 61, "12"),
]

# setting: people; contacts and person-days a year earlier, in the 90 days before and in the 90 days after
EXPECTED = {
    "gp": (2, (1, 180), (3, 180), (3, 110)),
    "community": (3, (1, 270), (1, 270), (1, 200)),
    "outpatient": (3, (0, 270), (1, 270), (0, 200)),
    "ed": (3, (0, 270), (1, 270), (0, 200)),
    "planned_admission": (3, (0, 270), (1, 270), (1, 200)),
    "emergency_admission": (3, (0, 0), (0, 0), (1, 200)),
}


def when(table: str, day: date) -> dict[str, date]:
    if table == "ed_attendances":
        return {"arrived_at": datetime.combine(day, time(23, 30))}
    return {"contact_on" if table == "community_contacts" else "appointment_on": day}


@pytest.fixture(scope="module")
def found(make_records: MakeRecords) -> pd.DataFrame:
    def day(number: int) -> date:
        return ADMITTED + timedelta(days=number)

    usual = {"gp_appointments": {"status": "attended"}, "ed_attendances": {}}
    tables: dict[str, list[dict[str, Any]]] = {
        table: [
            {"patient_id": who, **when(table, day(number))} | usual.get(table, {"attended": "5"}) | other
            # Someone else's contacts, long before and after, without which the table would not reach so far.
            for who, number, other in [*rows, ("Dan", -500, {}), ("Dan", 150, {})]
        ]
        for table, rows in CONTACTS.items()
    }
    spells = [*SPELLS, ("Dan", -500, -499, "11"), ("Dan", 150, 151, "11")]
    records = make_records(
        patients=[{"patient_id": "Ben", "died_on": day(20)}, *({"patient_id": who} for who in ("Ann", "Cat", "Dan"))],
        practices=[
            {"practice_code": "A", "integrated_from": date(2015, 4, 1)},
            {"practice_code": "B", "integrated_from": day(-100)},
        ],
        registrations=[
            {"patient_id": who, "practice_code": practice}
            for who, practice in zip(("Ann", "Ben", "Cat"), "AAB", strict=True)
        ],
        spells=[
            {"patient_id": who, "admitted_on": day(start), "discharged_on": day(end), "admission_method": method}
            for who, start, end, method in spells
        ],
        **tables,
    )
    return around_admissions(records, index_date=INDEX_DATE)


def test_contacts_and_days_are_those_worked_out_by_hand(found: pd.DataFrame) -> None:
    told = {}
    for setting, rows in together(found).groupby("setting", sort=False):
        by_span = rows.set_index(["from_day", "to_day"])
        spans = ((-365, -275), (-90, 0), (1, 91))
        told[setting] = (
            by_span.loc[spans[1], "people"],
            *((by_span.loc[span, "contacts"], by_span.loc[span, "person_days"]) for span in spans),
        )

    assert told == EXPECTED


def test_the_days_are_told_in_tens(found: pd.DataFrame) -> None:
    of_trust = together(found)
    tens = of_trust[(of_trust["setting"] == "gp") & (of_trust["to_day"] - of_trust["from_day"] == 10)]

    assert tens.set_index("from_day")["contacts"].to_dict() == {
        **dict.fromkeys((-90, -80, -70, -60, -50, -40, -30, -20, -10, 1, 11, 21, 31, 41, 51, 61, 71, 81), 0),
        -90: 1,
        -10: 2,
        1: 2,  # Ann's first day and Ben's tenth
        81: 1,
    }
    assert tens.set_index("from_day").loc[[1, 11, 21], "person_days"].tolist() == [20, 20, 10]


def test_rates_are_contacts_in_a_year_of_one_person(found: pd.DataFrame) -> None:
    gp = found[(found["practice_code"] == "A") & (found["setting"] == "gp")]
    gp = with_rates(gp).set_index(["from_day", "to_day"])

    assert gp.loc[(-365, -275), "rate_per_person_year"] == pytest.approx(1 / 180 * 365.25)
    assert gp.loc[(-90, 0), "rate_per_person_year"] == pytest.approx(3 / 180 * 365.25)
    assert gp.loc[(1, 91), "rate_per_person_year"] == pytest.approx(3 / 110 * 365.25)
    assert gp.loc[(1, 91), "times_baseline"] == pytest.approx((3 / 110) / (1 / 180))


def test_a_practice_that_was_not_seen_for_the_year_has_no_days_with_its_gps(found: pd.DataFrame) -> None:
    cat = with_rates(found[found["practice_code"] == "B"])
    cat = cat[(cat["from_day"] == -90) & (cat["to_day"] == 0)].set_index("setting")

    assert cat["people"].to_dict() == {**dict.fromkeys(EXPECTED, 1), "gp": 0}
    assert cat["person_days"].to_dict() == {**dict.fromkeys(EXPECTED, 90), "gp": 0, "emergency_admission": 0}
    assert cat["rate_per_person_year"].isna().to_dict()["gp"]
