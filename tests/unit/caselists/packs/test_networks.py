from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd

from tests.unit.caselists.conftest import MakeList
from tests.unit.caselists.example_lists import example_list, example_summary
from vi_risk.caselists.choosing.changes import PreviousList
from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.packs.networks import OF_PRACTICES, network_lists


def joined(lists: list[CaseList], **given: Any) -> CaseList:
    """Return the one network's list that these lists make."""
    [network] = network_lists(lists, **given)
    return network.case_list


def list_before(*rows: tuple[str, str, int, float]) -> PreviousList:
    """Return a list before from (patient, practice, rank there, risk)."""
    listed = pd.DataFrame(list(rows), columns=["patient_id", "practice_code", "rank", "risk"])
    return PreviousList(date(2025, 8, 1), listed)


def practice(make_list: MakeList, code: str, risks: list[float], **fields: object) -> CaseList:
    people = [
        {"patient_id": f"{code}-{place}", "practice_code": code, "risk": risk}
        for place, risk in enumerate(risks, start=1)
    ]
    given = {"practice_code": code, "practice_name": f"Practice {code}", "network": "North", "eligible": 100}
    return make_list(*people, **{**given, **fields})


def test_a_network_has_everyone_of_its_practices_by_risk(make_list: MakeList) -> None:
    lists = [practice(make_list, "B", [0.6, 0.2]), practice(make_list, "A", [0.5, 0.4])]
    network = joined(lists)
    assert network.table["patient_id"].tolist() == ["B-1", "A-1", "A-2", "B-2"]
    assert network.table["rank"].tolist() == [1, 2, 3, 4]
    assert network.table["practice_rank"].tolist() == [1, 1, 2, 2]
    assert (network.title, network.eligible) == ("North", 200)


def test_equal_risks_go_by_the_rank_in_the_practice_then_by_its_code(make_list: MakeList) -> None:
    lists = [practice(make_list, "B", [0.5, 0.5]), practice(make_list, "A", [0.5])]
    network = joined(lists)
    assert network.table["patient_id"].tolist() == ["A-1", "B-1", "B-2"]


def test_lists_in_another_order_than_that_of_the_risk_keep_it(make_list: MakeList) -> None:
    lists = [practice(make_list, "A", [0.2, 0.6]), practice(make_list, "B", [0.3, 0.4])]
    network = joined(lists)
    assert network.table["patient_id"].tolist() == ["B-1", "A-1", "A-2", "B-2"]


def test_a_network_of_one_filled_list_or_without_a_name_gets_none(make_list: MakeList) -> None:
    assert network_lists([practice(make_list, "A", [0.5]), practice(make_list, "B", [])]) == []
    unnamed = [practice(make_list, code, [0.5], network=None) for code in ("A", "B")]
    assert network_lists(unnamed) == []


def moved(make_list: MakeList, before: PreviousList | None, *, moved_places: int = 1) -> tuple[CaseList, list[str]]:
    """Return the network of two practices whose own lists say what moved there, and what its list says moved."""
    facts = ("change", "rank_before", "is_new")
    there = [("A", [("A-1", 0.6, 2), ("A-2", 0.5, 1)]), ("B", [("B-1", 0.4, 1), ("B-2", 0.3, None)])]
    lists = [
        make_list(
            *(
                {
                    "patient_id": patient,
                    "practice_code": code,
                    "risk": risk,
                    "change": "new" if rank is None else f"from {rank}",
                    "rank_before": rank,
                    "is_new": rank is None,
                }
                for patient, risk, rank in people
            ),
            facts=facts,
            practice_code=code,
            practice_name=f"Practice {code}",
            network="North",
            left=pd.DataFrame({"patient_id": [f"{code}-9"], "rank_before": [2], "why": ["died"]}),
        )
        for code, people in there
    ]
    network = joined(lists, before=before, moved_places=moved_places)
    return network, network.table["change"].tolist()


def test_an_arrow_tells_the_place_on_the_list_that_the_network_had_then(make_list: MakeList) -> None:
    # In order of the risk then: B-9, A-2, B-1, A-9, A-1.
    before = list_before(
        ("A-2", "A", 1, 0.5), ("A-9", "A", 2, 0.2), ("A-1", "A", 3, 0.1), ("B-9", "B", 1, 0.7), ("B-1", "B", 2, 0.3)
    )
    network, change = moved(make_list, before)
    assert network.table["patient_id"].tolist() == ["A-1", "A-2", "B-1", "B-2"]
    assert change == ["from 5", "same", "same", "new"]
    assert network.table["rank_before"].tolist()[:3] == [5, 2, 3]
    assert network.left[["patient_id", "rank_before"]].to_numpy().tolist() == [["B-9", 1], ["A-9", 4]]
    assert OF_PRACTICES not in network.about.notes


def test_a_move_too_small_for_the_rules_is_none_on_the_networks_list_either(make_list: MakeList) -> None:
    before = list_before(("A-1", "A", 1, 0.3), ("B-1", "B", 1, 0.9), ("A-2", "A", 2, 0.2))
    assert moved(make_list, before, moved_places=2)[1] == ["same", "same", "from 1", "new"]


def test_who_comes_from_another_practice_of_the_network_is_not_new_to_it(make_list: MakeList) -> None:
    before = list_before(("A-1", "A", 1, 0.9), ("B-2", "A", 2, 0.8), ("B-1", "B", 1, 0.2))
    network, change = moved(make_list, before)
    assert change[-1] == "from 2"
    assert network.table["is_new"].tolist() == [False, True, False, False]


def test_where_the_network_had_no_list_a_place_before_is_said_to_be_one_on_the_list_of_the_practice(
    make_list: MakeList,
) -> None:
    of_one_practice = list_before(("A-1", "A", 1, 0.9), ("A-2", "A", 2, 0.8))
    for before in (None, of_one_practice):
        network, change = moved(make_list, before)
        assert "rank_before" not in network.table
        assert change == [*(f"from {rank} on the practice's list" for rank in (2, 1, 1)), "new"]
        assert OF_PRACTICES in network.about.notes


def test_everyone_goes_with_the_name_of_the_practice_and_its_code_where_it_has_none(make_list: MakeList) -> None:
    lists = [practice(make_list, "B", [0.5], practice_name=None), practice(make_list, "A", [0.4])]
    assert joined(lists).table["practice_name"].tolist() == ["B", "Practice A"]


def test_why_someone_left_or_was_left_out_goes_with_the_practice(make_list: MakeList) -> None:
    excluded = pd.DataFrame(
        {"patient_id": ["B-7"], "age_band": ["75-79"], "risk": [0.5], "reason": ["reviewed in the last 12 weeks"]}
    )
    left = pd.DataFrame({"patient_id": ["B-9"], "rank_before": [3], "why": ["below the line: place 24 now"]})
    network = joined([practice(make_list, "A", [0.5]), practice(make_list, "B", [0.4], excluded=excluded, left=left)])
    assert network.left["why"].tolist() == ["below the line: place 24 now (Practice B)"]
    assert network.excluded["reason"].tolist() == ["reviewed in the last 12 weeks (Practice B)"]


def test_a_network_has_the_summary_of_its_people_and_those_of_its_practices(make_list: MakeList) -> None:
    lists = [practice(make_list, "B", [0.5]), practice(make_list, "A", [0.4])]
    summary = example_summary()
    [network] = network_lists(lists, summaries={"North": summary, "A": example_summary("other")})
    assert network.case_list.summary is summary
    assert [member.practice_code for member in network.practices] == ["A", "B"]


def test_counts_add_up_and_who_moved_between_practices_has_not_left(make_list: MakeList) -> None:
    left = pd.DataFrame({"patient_id": ["B-1", "gone"], "rank_before": [3, 4], "why": ["moved away", "died"]})
    lists = [
        practice(make_list, "A", [0.5], left=left, excluded_counts={"objects": 2, "care home": 1}),
        practice(make_list, "B", [0.4], excluded_counts={"objects": 3}),
    ]
    network = joined(lists)
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
    network = joined(lists)
    assert network.about.data_to == {"spells": date(2025, 10, 1)}
    assert "B: The GP record is not seen" in network.about.notes


def test_a_source_reaches_as_far_as_where_it_ends_first_and_is_told_where_every_practice_has_it(
    make_list: MakeList,
) -> None:
    first, second = practice(make_list, "A", [0.5]), practice(make_list, "B", [0.4])
    sooner = replace(second.about, data_to={"spells": date(2025, 10, 3)})
    about = joined([first, replace(second, about=sooner)]).about
    assert set(first.about.data_to) == {"spells", "gp_events"}
    assert about.data_to == {"spells": date(2025, 10, 3)}
