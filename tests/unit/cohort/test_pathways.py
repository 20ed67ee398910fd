"""Around an emergency admission: who is told of, for how long, and how sure the rates are."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from tests.conftest import MakeRecords
from vi_risk.cohort.pathway_people import BASELINE
from vi_risk.cohort.pathways import (
    PATHWAY_COLUMNS,
    around_admissions,
    days_of_admissions,
    sums_of,
    together,
    with_rates,
)

ADMITTED = date(2024, 3, 1)
INDEX_DATE = date(2024, 9, 1)
Rows = list[dict[str, Any]]
Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


def day(number: int) -> date:
    return ADMITTED + timedelta(days=number)


def tables(*people: str, **others: Rows) -> dict[str, Rows]:
    """Return people who were all admitted on day 0, with one community contact on day 10, and a table that is whole."""
    contacts = [{"patient_id": who, "contact_on": day(10), "attended": "5"} for who in people]
    contacts += [{"patient_id": "other", "contact_on": day(number), "attended": "5"} for number in (-500, 150)]
    spells = [{"patient_id": who, "admitted_on": day(0), "discharged_on": day(3)} for who in people]
    spells += [
        {"patient_id": "other", "admitted_on": day(n), "discharged_on": day(n), "admission_method": "11"}
        for n in (-500, 150)
    ]
    return {
        "patients": [{"patient_id": who} for who in (*people, "other")],
        "registrations": [{"patient_id": who} for who in people],
        "spells": spells,
        "community_contacts": contacts,
        **others,
    }


def asked(rows: pd.DataFrame, setting: str = "community", practice: str | None = None) -> pd.Series:
    """Return the whole of the days after, of one setting, and of one practice or of all together."""
    of_group = together(rows if practice is None else rows[rows["practice_code"] == practice])
    chosen = with_rates(of_group[of_group["setting"] == setting])
    return chosen[(chosen["from_day"] == 1) & (chosen["to_day"] == 91)].iloc[0]


def test_the_year_of_admissions_is_the_latest_after_which_ninety_days_were_over() -> None:
    first, last = days_of_admissions(INDEX_DATE)

    assert last + timedelta(days=90) == INDEX_DATE - timedelta(days=1)
    assert (last - first).days == 364


@pytest.mark.parametrize(
    ("registered_to", "days"),
    [(None, 90), (day(0), None), (day(1), 0), (day(11), 10), (day(91), 90)],
    ids=["stays", "gone on the day itself", "a day later", "ten days later", "after it all"],
)
def test_who_leaves_counts_until_then(make_records: MakeRecords, registered_to: date | None, days: int | None) -> None:
    moved = [{"patient_id": "Ann", "registered_to": registered_to}]

    found = around_admissions(make_records(**tables("Ann", registrations=moved)), index_date=INDEX_DATE)

    if days is None:
        assert found.empty
    else:
        assert asked(found)["person_days"] == days
        assert asked(found)["contacts"] == (days >= 10)


def test_a_move_from_practice_to_practice_is_no_leaving_and_the_practice_is_that_of_the_day(
    make_records: MakeRecords,
) -> None:
    moves = [
        {"patient_id": "Ann", "practice_code": "A", "registered_to": day(-40)},
        {"patient_id": "Ann", "practice_code": "B", "registered_from": day(-20), "registered_to": day(5)},
        {"patient_id": "Ann", "practice_code": "C", "registered_from": day(6)},
    ]

    found = around_admissions(make_records(**tables("Ann", registrations=moves)), index_date=INDEX_DATE)

    assert found["practice_code"].unique().tolist() == ["B"]
    assert asked(found, practice="B")["person_days"] == 90


def test_who_came_to_the_area_less_than_a_year_before_is_not_told_of(make_records: MakeRecords) -> None:
    came = [{"patient_id": "Ann", "registered_from": day(-364)}, {"patient_id": "Ben", "registered_from": day(-365)}]

    found = around_admissions(make_records(**tables("Ann", "Ben", registrations=came)), index_date=INDEX_DATE)

    assert asked(found)["people"] == 1


def test_who_died_counts_to_that_day_and_is_counted_as_dead(make_records: MakeRecords) -> None:
    died = [{"patient_id": "Ann", "died_on": day(10)}, {"patient_id": "Ben", "died_on": day(91)}]

    found = around_admissions(make_records(**tables("Ann", "Ben", patients=died)), index_date=INDEX_DATE)

    assert asked(found)[["people", "died", "person_days", "contacts"]].tolist() == [2, 1, 100, 2]


def test_children_are_left_out_unless_asked_for(make_records: MakeRecords) -> None:
    born = [
        {"patient_id": "Ann", "birth_month": date(2006, 4, 1)},
        {"patient_id": "Ben", "birth_month": date(2006, 3, 1)},
    ]
    records = make_records(**tables("Ann", "Ben", patients=born))

    assert asked(around_admissions(records, index_date=INDEX_DATE))["people"] == 1
    assert asked(around_admissions(records, index_date=INDEX_DATE, min_age=0))["people"] == 2


def test_a_table_that_ends_too_early_or_begins_too_late_is_not_told(make_records: MakeRecords) -> None:
    for missing in ([-500], [150]):
        late = [{"patient_id": "other", "contact_on": day(number), "attended": "5"} for number in missing]
        late.append({"patient_id": "Ann", "contact_on": day(10), "attended": "5"})
        records = make_records(**tables("Ann", community_contacts=late))

        found = asked(around_admissions(records, index_date=INDEX_DATE))

        assert found[["people", "person_days"]].tolist() == [0, 0]
        assert np.isnan(found["rate_per_person_year"])


def test_of_a_table_without_a_row_nobody_is_told(make_records: MakeRecords) -> None:
    found = around_admissions(make_records(**tables("Ann", ed_attendances=[])), index_date=INDEX_DATE)

    assert asked(found, "ed")["people"] == 0
    assert asked(found)["people"] == 1


def test_settings_that_the_records_lack_have_no_rows(make_records: MakeRecords) -> None:
    found = around_admissions(make_records(**tables("Ann")), index_date=INDEX_DATE)

    assert found["setting"].unique().tolist() == ["community", "planned_admission", "emergency_admission"]


def test_without_an_admission_the_table_is_empty_and_has_its_columns(make_records: MakeRecords) -> None:
    nobody, one = tables(), tables("Ann")

    found = around_admissions(make_records(**(one | {"spells": nobody["spells"]})), index_date=INDEX_DATE)

    assert found.empty
    assert tuple(found.columns) == PATHWAY_COLUMNS
    assert found.dtypes.equals(around_admissions(make_records(**one), index_date=INDEX_DATE).dtypes)


def test_the_practices_together_are_everyone_and_the_tens_add_up_to_each_side(make_records: MakeRecords) -> None:
    rng = np.random.default_rng(7)
    people = [f"{practice}{number}" for practice in "ABC" for number in range(20)]
    own = [{"patient_id": who, "practice_code": who[0]} for who in people]
    died = [{"patient_id": who, "died_on": day(int(rng.integers(1, 150)))} for who in people[::4]]
    alive = [{"patient_id": who} for who in people if who not in {row["patient_id"] for row in died}]
    seen = [
        {"patient_id": str(rng.choice(people)), "contact_on": day(int(rng.integers(-400, 120))), "attended": "5"}
        for _ in range(2000)
    ]
    given = tables(*people, registrations=own, patients=[*died, *alive, {"patient_id": "other"}])
    given["community_contacts"] += seen

    found = around_admissions(make_records(**given), index_date=INDEX_DATE)

    in_one = [{**row, "practice_code": "A"} for row in own]
    of_all = around_admissions(make_records(**(given | {"registrations": in_one})), index_date=INDEX_DATE)
    pd.testing.assert_frame_equal(together(found), of_all.drop(columns="practice_code"))
    one = of_all[of_all["setting"] == "community"]
    tens = one[one["to_day"] - one["from_day"] == 10]
    for start, end in ((-90, 0), (1, 91)):
        whole = one[(one["from_day"] == start) & (one["to_day"] == end)].iloc[0]
        parts = tens[(tens["from_day"] >= start) & (tens["from_day"] < end)]
        assert len(parts) == 9
        assert parts[["contacts", "person_days"]].sum().tolist() == whole[["contacts", "person_days"]].tolist()
    assert 0 < asked(found)["contacts"] < 2000


def test_nothing_dated_or_recorded_on_or_after_the_index_date_changes_anything(make_records: MakeRecords) -> None:
    before = tables("Ann", "Ben")
    later = {name: list(rows) for name, rows in before.items()}
    after = (INDEX_DATE - ADMITTED).days
    later["community_contacts"] += [
        {"patient_id": "Ann", "contact_on": day(after), "attended": "5"},
        {"patient_id": "Ann", "contact_on": day(20), "attended": "5", "recorded_on": INDEX_DATE},
    ]
    later["spells"] += [
        {"patient_id": "Ben", "admitted_on": day(-5), "discharged_on": day(-4), "recorded_on": INDEX_DATE},
        {"patient_id": "Ben", "admitted_on": day(after), "discharged_on": None},
    ]
    later["patients"] = [{"patient_id": "Ann", "died_on": INDEX_DATE}, *before["patients"][1:]]
    later["registrations"] = [{"patient_id": "Ann", "registered_to": INDEX_DATE}, *before["registrations"][1:]]

    found = around_admissions(make_records(**later), index_date=INDEX_DATE)

    assert found.equals(around_admissions(make_records(**before), index_date=INDEX_DATE))
    assert asked(found)["contacts"] == 2


def test_without_registrations_everyone_is_there_all_the_time(make_records: MakeRecords) -> None:
    given = tables("Ann")
    del given["registrations"]

    found = around_admissions(make_records(**given), index_date=INDEX_DATE)

    assert found["practice_code"].unique().tolist() == ["all"]
    assert asked(found)["person_days"] == 90


def rates_of(contacts: Floats, days: Floats, baseline: Floats, group: Whole | None = None) -> pd.DataFrame:
    """Return rate and times_baseline with their intervals of each group of people, who had 90 days in the baseline."""
    group = np.zeros(contacts.size, dtype=np.int64) if group is None else group
    parts = []
    for (start, end), number, of_days in ((BASELINE, baseline, np.full(days.size, 90.0)), ((1, 91), contacts, days)):
        sums = sums_of(number, of_days, baseline, group)
        # A setting for each group, so that each has its own baseline.
        parts.append(pd.DataFrame({"setting": np.arange(group.max() + 1), "from_day": start, "to_day": end, **sums}))
    found = with_rates(pd.concat(parts, ignore_index=True))
    return found[found["from_day"] == 1].reset_index(drop=True)


def test_the_interval_is_near_poissons_where_nobody_has_more_than_one_contact() -> None:
    contacts = np.zeros(5000)
    contacts[:100] = 1.0

    found = rates_of(contacts, np.full(5000, 90.0), contacts).iloc[0]

    rate = found["rate_per_person_year"]
    assert rate == pytest.approx(100 / (5000 * 90) * 365.25)
    limits = (found["rate_low"] / rate, found["rate_high"] / rate)
    assert limits == pytest.approx((np.exp(-0.196), np.exp(0.196)), rel=0.01)


def test_contacts_of_one_person_make_the_interval_wider_than_those_of_many() -> None:
    """Ten people over half a year each: with a contact each, and one person with all ten."""
    half = np.full(10, 182.625)

    each = rates_of(np.ones(10), half, np.ones(10)).iloc[0]
    one = rates_of(np.array([10.0] + 9 * [0.0]), half, np.ones(10)).iloc[0]

    assert each[["rate_per_person_year", "rate_low", "rate_high"]].round(2).tolist() == [2.0, 2.0, 2.0]
    assert one[["rate_per_person_year", "rate_low", "rate_high"]].round(2).tolist() == [2.0, 0.31, 12.84]


def test_intervals_hold_the_truth_as_often_as_they_say_where_contacts_come_together() -> None:
    """Each person has a rate of their own (gamma), so that Poisson's interval would be far too narrow."""
    rng = np.random.default_rng(11)
    samples, people = 600, 300
    days = np.clip(rng.exponential(300, (samples, people)), 1, 90)
    own = rng.gamma(0.5, 2.0, (samples, people))
    contacts = rng.poisson(own * days / 365.25).astype(float)
    baseline = rng.poisson(own / 2 * 90 / 365.25).astype(float)
    group = np.repeat(np.arange(samples), people)

    found = rates_of(contacts.ravel(), days.ravel(), baseline.ravel(), group)

    held = ((found["rate_low"] <= 1.0) & (found["rate_high"] >= 1.0)).mean()
    poisson = 1.96 / np.sqrt(found["contacts"])
    held_by_poisson = (np.abs(np.log(found["rate_per_person_year"])) <= poisson).mean()
    held_times = ((found["times_low"] <= 2.0) & (found["times_high"] >= 2.0)).mean()
    assert 0.93 <= held <= 0.97
    assert held_by_poisson < 0.93
    assert 0.93 <= held_times <= 0.97


def test_that_the_same_people_are_compared_makes_the_ratio_surer() -> None:
    """Who is seen often is so in both: a ratio of two unlinked rates would be less sure."""
    rng = np.random.default_rng(3)
    often = rng.gamma(0.5, 4.0, 2000)
    contacts, baseline = (rng.poisson(often * 1.5).astype(float) for _ in range(2))
    days = np.full(2000, 90.0)

    linked = rates_of(contacts, days, baseline).iloc[0]
    unlinked = rates_of(contacts, days, rng.permutation(baseline)).iloc[0]

    assert linked["times_high"] / linked["times_low"] < 0.95 * unlinked["times_high"] / unlinked["times_low"]


def test_the_interval_of_the_ratio_is_that_of_its_formula_over_people() -> None:
    rng = np.random.default_rng(5)
    contacts, baseline = rng.poisson(2.0, 40).astype(float), rng.poisson(1.0, 40).astype(float)
    days = rng.integers(1, 91, 40).astype(float)

    found = rates_of(contacts, days, baseline).iloc[0]

    rate, before = contacts.sum() / days.sum(), baseline.sum() / (40 * 90)
    each = (contacts - rate * days) / contacts.sum() - (baseline - before * 90) / baseline.sum()
    factor = np.exp(1.959964 * np.sqrt((each**2).sum()))
    expected = [rate / before, rate / before / factor, rate / before * factor]
    assert found[["times_baseline", "times_low", "times_high"]].tolist() == pytest.approx(expected)


def test_no_days_have_no_rate_and_no_contacts_have_an_upper_limit_and_no_ratio() -> None:
    nothing = np.zeros(2)

    found = rates_of(nothing, np.array([0.0, 365.25]), np.ones(2), np.array([0, 1]))

    assert found.loc[0, ["rate_per_person_year", "rate_low", "rate_high"]].isna().all()
    assert found.loc[1, ["rate_per_person_year", "rate_low"]].tolist() == [0, 0]
    # The exact limit of a Poisson mean of which nothing was seen.
    assert found.loc[1, "rate_high"] == pytest.approx(3.689, abs=0.001)
    assert found["times_baseline"].isna().all()


def test_one_contact_alone_has_a_limit_on_either_side() -> None:
    contacts = np.zeros(100)
    contacts[0] = 1

    found = rates_of(contacts, np.full(100, 365.25), np.ones(100)).iloc[0]

    assert found["rate_per_person_year"] == pytest.approx(0.01)
    assert 0 < found["rate_low"] < 0.01 < found["rate_high"]
    assert found["rate_low"] * found["rate_high"] == pytest.approx(0.01**2)
