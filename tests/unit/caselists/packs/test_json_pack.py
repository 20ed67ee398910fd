import json
import math
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.unit.caselists.conftest import MakeList
from tests.unit.caselists.example_lists import HOSTILE
from vi_risk.caselists.lists import LEADING_COLUMNS, REASON_COLUMNS, CaseList
from vi_risk.caselists.packs.identity import identity_of
from vi_risk.caselists.packs.json_pack import json_pack


def people(case_list: CaseList) -> list[dict[str, Any]]:
    return [json.loads(line) for line in json_pack(case_list).decode().split("\n")[:-1]]


def test_there_is_one_object_a_patient_in_order_of_rank(full_list: CaseList) -> None:
    found = people(full_list)
    assert [person["rank"] for person in found] == [1, 2, 3, 4, 5, 6]
    leading = set(LEADING_COLUMNS) - set(REASON_COLUMNS)
    assert leading | set(full_list.fact_columns) <= set(found[0])


def test_every_line_says_which_list_it_is_of(full_list: CaseList) -> None:
    for person in people(full_list):
        assert person["list"]["list_id"] == identity_of(full_list).list_id
        assert person["list"]["index_date"] == "2025-11-01"
        assert person["list"]["model_version"] == "91ec8b37a806"
        assert person["list"]["data_to"] == {"spells": "2025-10-31", "gp_events": "2025-09-30"}


def test_reasons_come_in_full_with_theme_domain_contribution_and_comparison(full_list: CaseList) -> None:
    first = people(full_list)[2]["reasons"][0]
    assert first == {
        "kind": "raises",
        "place": 1,
        "theme": "emergency admissions",
        "domain": "acute use",
        "text": "3 emergency admissions in the last 12 months, the last 9 days ago",
        "comparison": "people of the same age and sex: 0.2",
        "contribution": 0.9,
    }
    kinds = {reason["kind"] for person in people(full_list) for reason in person["reasons"]}
    assert kinds == {"raises", "lowers", "unseen"}


def test_prompts_changes_flags_and_contacts_are_lists(full_list: CaseList) -> None:
    third = people(full_list)[2]
    assert third["flags"] == ["in hospital now", "care home"]
    assert third["changes"][1] == "Community nursing stopped on 12 September 2025"
    assert {prompt["role"] for prompt in third["prompts"]} == {"Pharmacist", "Community matron", "Social prescriber"}
    stays = [contact for contact in third["contacts"] if contact["setting"] == "admission"]
    assert stays[0] == {"setting": "admission", "began_on": "2025-10-21", "ended_on": "2025-10-25"}
    assert all(contact["ended_on"] is None for contact in third["contacts"] if contact["setting"] == "gp")


def test_what_is_missing_is_null_and_a_count_is_whole(full_list: CaseList) -> None:
    third = people(full_list)[2]
    assert third["medicines_90d"] is None
    assert third["decision"] is None
    assert b'"medicines_90d": 9,' in json_pack(full_list).splitlines()[0]


def test_hostile_text_stays_text(full_list: CaseList) -> None:
    assert people(full_list)[0]["list"]["practice_name"] == HOSTILE[0]
    assert HOSTILE[4] in people(full_list)[0]["conditions"]


def test_a_list_without_more_than_its_table_gives_the_reasons_of_the_table(bare_list: CaseList) -> None:
    first, second = people(bare_list)
    text = "3 emergency admissions in the last 12 months"
    assert first["reasons"] == [{"kind": "raises", "place": 1, "text": text}]
    assert (second["reasons"], second["prompts"], second["contacts"]) == ([], [], [])


def test_an_empty_list_has_no_line(make_list: MakeList) -> None:
    assert json_pack(make_list()) == b""


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (date(2025, 3, 1), "2025-03-01"),
        (datetime(2025, 3, 1, 14, 30, tzinfo=UTC), "2025-03-01"),
        (pd.Timestamp("2025-03-01 14:30"), "2025-03-01"),
        (pd.NaT, None),
        (pd.NA, None),
        (math.nan, None),
        ("", None),
        (np.int64(3), 3),
        (np.float64(3.0), 3),
        (np.bool_(True), True),
        (0.1234567, 0.123457),
    ],
)
def test_a_fact_is_told_as_json_has_it(make_list: MakeList, held: object, told: object) -> None:
    case_list = make_list({"fact": held}, {"fact": "other"}, facts=("fact",))
    assert people(case_list)[0]["fact"] == told


@pytest.mark.parametrize(("held", "told"), [(np.int64(3), 3), (np.float64(0.5), 0.5), (None, None)])
def test_a_number_of_numpy_among_other_objects_is_a_number(full_list: CaseList, held: object, told: object) -> None:
    said = full_list.said.head(1).astype(object)
    said.loc[said.index[0], "contribution"] = held
    assert people(replace(full_list, said=said))[0]["reasons"][0]["contribution"] == told
