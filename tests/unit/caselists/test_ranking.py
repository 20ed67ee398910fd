from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vi_risk.caselists.lists import DECISION_COLUMNS, LEADING_COLUMNS, REASON_COLUMNS, CaseList
from vi_risk.caselists.ranking import case_lists, choose
from vi_risk.caselists.rules import CaseListRules, load_rules
from vi_risk.cohort.index_dates import IndexDates
from vi_risk.features.catalogue import read_catalogue
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.spec import load_spec

DATES = IndexDates(date(2025, 1, 1), date(2024, 1, 2), (date(2023, 1, 2),))
EVERY_TABLE = (
    "spells", "ed_attendances", "outpatient_appointments", "gp_events", "gp_appointments", "prescriptions",
    "community_contacts",
)  # fmt: skip


@pytest.fixture
def snapshots() -> Snapshots:
    """Six people at the date of the list, four of practice A and two of B; two of them at the test date too."""
    people = ["a1", "a2", "a3", "a4", "b1", "b2"]
    earlier = pd.DataFrame({"patient_id": ["a1", "b1"], "index_date": DATES.test, "role": "test", "practice_code": "Z"})
    listed = pd.DataFrame(
        {"patient_id": people, "index_date": DATES.list_date, "role": "list", "practice_code": list("AAAABB")}
    )
    cohort = pd.concat([earlier, listed], ignore_index=True).assign(
        age=80, age_band="80-84", sex="female", in_hospital=False, gp_seen_from=date(1900, 1, 1), outcome=np.nan
    )
    cohort.loc[cohort["patient_id"] == "a2", "in_hospital"] = True
    catalogue = read_catalogue()
    values = {
        **dict.fromkeys((feature.name for feature in catalogue.features), np.nan),
        "emergency_admissions_365d": 2.0,
        "days_since_emergency_admission_730d": 9.0,
        "ed_attendances_365d": 3.0,
        "emergency_bed_days_365d": 12.0,
        "long_term_conditions_1095d": 4.0,
    }
    features = cohort[["patient_id", "index_date"]].join(pd.DataFrame(values, index=cohort.index))
    return Snapshots(
        features=features,
        cohort=cohort,
        index_dates=DATES,
        windows={},
        flow=[],
        notes=(),
        data_to=dict.fromkeys(EVERY_TABLE, date(2024, 12, 31)),
        practices={"A": {"name": "Bilston Road Surgery", "network": "East"}},
        catalogue=catalogue,
    )


@pytest.fixture
def scores() -> pd.DataFrame:
    order = ["b2", "a3", "a1", "b1", "a4", "a2"]
    risk = [0.6, 0.5, 0.31, 0.3, 0.15, 0.01]
    return pd.DataFrame(
        {"patient_id": order, "index_date": DATES.list_date, "risk": risk, "rank": range(1, len(order) + 1)}
    )


def made(scores: pd.DataFrame, snapshots: Snapshots, capacity: int = 20, **rules: Any) -> list[CaseList]:
    reasons = pd.DataFrame({"patient_id": scores["patient_id"], "reason_1": "first", "reason_2": "second"})
    return case_lists(
        scores,
        snapshots,
        reasons,
        spec=load_spec(),
        rules=replace(load_rules(), **rules),
        capacity=capacity,
    )


def test_the_highest_risks_of_each_practice_are_chosen_up_to_its_places(
    scores: pd.DataFrame, snapshots: Snapshots
) -> None:
    chosen = choose(scores, snapshots, capacity=2)

    assert chosen[["practice_code", "rank", "patient_id"]].to_numpy().tolist() == [
        ["A", 1, "a3"],
        ["A", 2, "a1"],
        ["B", 1, "b2"],
        ["B", 2, "b1"],
    ]


def test_a_practice_with_fewer_people_than_places_lists_all_of_them(scores: pd.DataFrame, snapshots: Snapshots) -> None:
    assert choose(scores, snapshots, capacity=3).groupby("practice_code").size().to_dict() == {"A": 3, "B": 2}


def test_the_choice_does_not_depend_on_the_order_of_the_scores(scores: pd.DataFrame, snapshots: Snapshots) -> None:
    shuffled = scores.sample(frac=1, random_state=2)

    pd.testing.assert_frame_equal(choose(shuffled, snapshots, capacity=3), choose(scores, snapshots, capacity=3))


def test_equal_risks_keep_the_order_of_the_scores(scores: pd.DataFrame, snapshots: Snapshots) -> None:
    chosen = choose(scores.assign(risk=0.2), snapshots, capacity=4)

    assert chosen.loc[chosen["practice_code"] == "A", "patient_id"].tolist() == ["a3", "a1", "a4", "a2"]


def test_a_person_stands_with_the_practice_of_the_list_date(scores: pd.DataFrame, snapshots: Snapshots) -> None:
    assert set(choose(scores, snapshots, capacity=9)["practice_code"]) == {"A", "B"}


def test_a_person_scored_twice_is_refused(scores: pd.DataFrame, snapshots: Snapshots) -> None:
    with pytest.raises(pd.errors.MergeError):
        choose(pd.concat([scores, scores.tail(1)]), snapshots, capacity=3)


def test_there_is_one_list_per_practice_with_name_network_and_number_of_eligible(
    scores: pd.DataFrame, snapshots: Snapshots
) -> None:
    first, second = made(scores, snapshots, capacity=1)

    assert (first.practice_code, first.practice_name, first.network, first.eligible) == (
        "A",
        "Bilston Road Surgery",
        "East",
        4,
    )
    assert (second.practice_code, second.practice_name, second.network, second.eligible) == ("B", None, None, 2)
    assert len(first.table) == len(second.table) == 1
    assert first.about.index_date == DATES.list_date


def test_a_list_has_its_columns_in_order_and_empty_decisions(scores: pd.DataFrame, snapshots: Snapshots) -> None:
    table = made(scores, snapshots)[0].table

    assert tuple(table.columns[: len(LEADING_COLUMNS)]) == LEADING_COLUMNS
    assert tuple(table.columns[-len(DECISION_COLUMNS) :]) == DECISION_COLUMNS
    assert (table[list(DECISION_COLUMNS)] == "").all(axis=None)


def test_ranks_count_from_one_and_risks_fall_within_each_list(scores: pd.DataFrame, snapshots: Snapshots) -> None:
    for case_list in made(scores, snapshots):
        assert case_list.table["rank"].tolist() == list(range(1, len(case_list.table) + 1))
        assert case_list.table["risk"].is_monotonic_decreasing


def test_the_band_is_that_of_the_rules(scores: pd.DataFrame, snapshots: Snapshots) -> None:
    first, second = made(scores, snapshots)

    assert first.table["band"].tolist() == ["very high", "high", "moderate", "lower"]
    assert second.table["band"].tolist() == ["very high", "high"]


def test_reasons_stand_first_to_last_and_only_as_many_as_the_rules_show(
    scores: pd.DataFrame, snapshots: Snapshots
) -> None:
    all_shown = made(scores, snapshots)[0].table[list(REASON_COLUMNS)]
    one_shown = made(scores, snapshots, reasons=1)[0].table[list(REASON_COLUMNS)]

    assert all_shown.iloc[0].tolist() == ["first", "second", "", "", ""]
    assert one_shown.iloc[0].tolist() == ["first", "", "", "", ""]


def test_a_person_without_reasons_has_empty_ones(scores: pd.DataFrame, snapshots: Snapshots) -> None:
    only_one = pd.DataFrame({"patient_id": ["a1"], "reason_1": ["only"]})

    lists = case_lists(scores, snapshots, only_one, spec=load_spec())

    assert lists[0].table.set_index("patient_id")["reason_1"].to_dict() == {"a1": "only", "a2": "", "a3": "", "a4": ""}


def test_the_rules_of_a_site_decide_the_bands(scores: pd.DataFrame, snapshots: Snapshots) -> None:
    bands = tuple(replace(band, name=band.name.upper()) for band in load_rules().bands)
    assert isinstance(replace(load_rules(), bands=bands), CaseListRules)

    assert set(made(scores, snapshots, bands=bands)[1].table["band"]) == {"VERY HIGH", "HIGH"}
