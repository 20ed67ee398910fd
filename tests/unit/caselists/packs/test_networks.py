from datetime import date

import pandas as pd

from tests.unit.caselists.conftest import MakeList
from tests.unit.caselists.example_lists import example_list
from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.packs.networks import network_lists


def practice(make_list: MakeList, code: str, risks: list[float], **fields: object) -> CaseList:
    people = [
        {"patient_id": f"{code}-{place}", "practice_code": code, "risk": risk}
        for place, risk in enumerate(risks, start=1)
    ]
    given = {"practice_code": code, "practice_name": f"Practice {code}", "network": "North", "eligible": 100}
    return make_list(*people, **{**given, **fields})


def test_a_network_has_everyone_of_its_practices_by_risk(make_list: MakeList) -> None:
    lists = [practice(make_list, "B", [0.6, 0.2]), practice(make_list, "A", [0.5, 0.4])]
    [network] = network_lists(lists)
    assert network.table["patient_id"].tolist() == ["B-1", "A-1", "A-2", "B-2"]
    assert network.table["rank"].tolist() == [1, 2, 3, 4]
    assert network.table["practice_rank"].tolist() == [1, 1, 2, 2]
    assert (network.title, network.eligible) == ("North", 200)


def test_equal_risks_go_by_the_rank_in_the_practice_then_by_its_code(make_list: MakeList) -> None:
    lists = [practice(make_list, "B", [0.5, 0.5]), practice(make_list, "A", [0.5])]
    [network] = network_lists(lists)
    assert network.table["patient_id"].tolist() == ["A-1", "B-1", "B-2"]


def test_lists_in_another_order_than_that_of_the_risk_keep_it(make_list: MakeList) -> None:
    lists = [practice(make_list, "A", [0.2, 0.6]), practice(make_list, "B", [0.3, 0.4])]
    [network] = network_lists(lists)
    assert network.table["patient_id"].tolist() == ["B-1", "A-1", "A-2", "B-2"]


def test_a_network_of_one_filled_list_or_without_a_name_gets_none(make_list: MakeList) -> None:
    assert network_lists([practice(make_list, "A", [0.5]), practice(make_list, "B", [])]) == []
    unnamed = [practice(make_list, code, [0.5], network=None) for code in ("A", "B")]
    assert network_lists(unnamed) == []


def test_a_place_before_is_said_to_be_one_on_the_list_of_the_practice() -> None:
    lists = [example_list(practice_code="A", network="N"), example_list(practice_code="B", network="N")]
    lists[1].table["patient_id"] = "B-" + lists[1].table["patient_id"]
    [network] = network_lists(lists)
    assert "rank_before" not in network.table
    change = dict(zip(network.table["patient_id"], network.table["change"], strict=True))
    assert (change["P-0001"], change["P-0003"]) == ("new", "from 6 on the practice's list")
    assert change["P-0002"] == "same on the practice's list"


def test_counts_add_up_and_who_moved_between_practices_has_not_left(make_list: MakeList) -> None:
    left = pd.DataFrame({"patient_id": ["B-1", "gone"], "rank_before": [3, 4], "why": ["moved away", "died"]})
    lists = [
        practice(make_list, "A", [0.5], left=left, excluded_counts={"objects": 2, "care home": 1}),
        practice(make_list, "B", [0.4], excluded_counts={"objects": 3}),
    ]
    [network] = network_lists(lists)
    assert network.excluded_counts == {"objects": 5, "care home": 1}
    assert network.left["patient_id"].tolist() == ["gone"]


def test_a_source_reaches_as_far_as_in_the_practice_where_it_ends_first(make_list: MakeList) -> None:
    lists = [example_list(network="N"), example_list(practice_code="B", network="N")]
    about = lists[1].about.__class__(
        **{
            **{name: getattr(lists[1].about, name) for name in lists[1].about.__dataclass_fields__},
            "data_to": {"spells": date(2025, 10, 1)},
            "notes": ("The GP record is not seen",),
        }
    )
    lists[1] = example_list(practice_code="B", practice_name="B", network="N", about=about)
    [network] = network_lists(lists)
    assert network.about.data_to == {"spells": date(2025, 10, 1)}
    assert "B: The GP record is not seen" in network.about.notes
