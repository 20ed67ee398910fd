"""Facts are what was seen of a person at the date of the list; what was not seen is missing, and said."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vi_risk.caselists.facts import data_seen, facts_of, notes_for
from vi_risk.cohort.index_dates import IndexDates
from vi_risk.features.catalogue import read_catalogue
from vi_risk.models.snapshots import Snapshots
from vi_risk.records.tables import TABLES

DATES = IndexDates(date(2025, 1, 1), date(2024, 1, 2), (date(2023, 1, 2),))
LONG_AGO = date(1900, 1, 1)
CATALOGUE = read_catalogue()


def snapshots_of(windows: dict[str, int | None] | None = None, **values: float) -> Snapshots:
    """Return snapshots of two people, each with these values of features and zero of all others."""
    keys = pd.DataFrame({"patient_id": ["a", "b"], "index_date": DATES.list_date})
    features = {**dict.fromkeys((feature.name for feature in CATALOGUE.features), 0.0), **values}
    return Snapshots(
        features=keys.join(pd.DataFrame(features, index=keys.index)),
        cohort=keys.assign(role="list", practice_code="A"),
        index_dates=DATES,
        windows=windows or {},
        flow=[],
        notes=(),
        data_to={name: date(2024, 12, 31) for name, table in TABLES.items() if table.dated},
        practices={},
        catalogue=CATALOGUE,
    )


def listed(**columns: Any) -> pd.DataFrame:
    usual = {"patient_id": ["b", "a"], "in_hospital": [False, True], "gp_seen_from": LONG_AGO}
    return pd.DataFrame({**usual, **columns})


def fact(name: str, snapshots: Snapshots, **columns: Any) -> list[Any]:
    found: list[Any] = facts_of(listed(**columns), snapshots)[name].tolist()
    return found


def test_facts_are_those_of_each_person_in_the_order_of_the_list() -> None:
    snapshots = snapshots_of()
    snapshots.features["emergency_admissions_365d"] = [1.0, 2.0]

    assert fact("emergency_admissions_12m", snapshots) == [2.0, 1.0]
    assert fact("in_hospital_now", snapshots) == ["no", "yes"]


def test_the_last_emergency_admission_is_told_in_words() -> None:
    never = {"days_since_emergency_admission_730d": np.nan}

    assert fact("last_emergency_admission", snapshots_of(days_since_emergency_admission_730d=9.0)) == ["9 days ago"] * 2
    assert fact("last_emergency_admission", snapshots_of(**never)) == ["none in 2 years"] * 2
    assert (
        fact("last_emergency_admission", snapshots_of({"days_since_emergency_admission_730d": 400}, **never))
        == ["none in 13 months"] * 2
    )


@pytest.mark.parametrize(
    ("feature", "window", "name"),
    [
        ("emergency_admissions_365d", 200, "emergency_admissions_12m"),
        ("ed_attendances_365d", None, "ed_attendances_12m"),
        ("medicines_90d", 60, "medicines_90d"),
        ("long_term_conditions_1095d", None, "long_term_conditions"),
    ],
)
def test_a_fact_is_left_out_where_the_records_reach_back_less_far_than_it_says(
    feature: str, window: int | None, name: str
) -> None:
    assert name in facts_of(listed(), snapshots_of())
    assert name not in facts_of(listed(), snapshots_of({feature: window}))


def test_a_fact_that_names_no_span_stays_where_its_look_back_was_cut() -> None:
    cut = snapshots_of({"long_term_conditions_1095d": 400}, long_term_conditions_1095d=3.0)

    assert fact("long_term_conditions", cut) == [3.0, 3.0]


def test_without_a_gp_record_the_conditions_counted_and_named_are_the_hospitals_and_say_so() -> None:
    name = next(f.name for f in CATALOGUE.features if f.definition.name == "condition")
    title = next(f.group_title for f in CATALOGUE.features if f.name == name)
    snapshots = snapshots_of(long_term_conditions_1095d=3.0, **{name: 1.0})
    unseen = {"gp_seen_from": [LONG_AGO, None]}

    assert fact("long_term_conditions", snapshots, **unseen) == [3.0, "3 (hospital)"]
    assert fact("conditions", snapshots, **unseen) == [title, f"{title} (hospital coding only)"]


def test_nothing_recorded_is_said_apart_from_nothing_seen() -> None:
    unseen = {"gp_seen_from": [LONG_AGO, None]}

    assert fact("conditions", snapshots_of(), **unseen) == ["none recorded", "none (hospital coding only)"]
    assert fact("high_risk_medicines", snapshots_of(), **unseen)[0] == "none recorded"
    assert pd.isna(fact("high_risk_medicines", snapshots_of(), **unseen)[1])


def test_records_that_are_seen_in_full_need_no_note() -> None:
    assert notes_for(snapshots_of(), listed()) == ()
    assert notes_for(snapshots_of(), listed(gp_seen_from=date(2024, 1, 2))) == ()


def test_a_gp_record_that_is_not_seen_or_only_of_late_is_noted() -> None:
    (unseen,) = notes_for(snapshots_of(), listed(gp_seen_from=None))
    (late,) = notes_for(snapshots_of(), listed(gp_seen_from=date(2024, 9, 1)))

    assert unseen.startswith("The GP record is not seen: this practice is not part of the trust")
    assert late == "The GP record is seen from 1 September 2024 only, when the practice joined the trust"


def test_tables_that_are_not_in_the_records_are_noted_by_what_people_call_them() -> None:
    whole = snapshots_of()
    without = replace(whole, data_to={n: d for n, d in whole.data_to.items() if n not in ("prescriptions", "spells")})

    (note,) = notes_for(without, listed())

    assert note.startswith("Not in these records, so not seen: ")
    assert "prescriptions" in note
    assert "gp_" not in note
    assert "A&E" not in note


def test_the_last_day_of_a_practices_own_tables_is_told_only_where_they_are_seen() -> None:
    seen, unseen = (data_seen(snapshots_of(), listed(gp_seen_from=day)) for day in (LONG_AGO, None))

    assert seen["gp_events"] == seen["spells"] == unseen["spells"] == date(2024, 12, 31)
    assert {TABLES[name].held_by for name in unseen} == {"trust"}
    assert set(unseen) < set(seen)
