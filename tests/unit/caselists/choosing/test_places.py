"""Places are given in order, within capacity and floor; the tables of tests/spec/caselists show who has them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vi_risk.caselists.choosing.places import Places, give_places, read_places
from vi_risk.errors import SpecificationError

PEOPLE = st.lists(
    st.tuples(st.sampled_from("ABCD"), st.booleans()), min_size=1, max_size=30
)  # practice, and whether the person may be listed


def slow_places(practices: list[str], may: list[bool], capacity: int, floor: int) -> list[bool]:
    """Give the places of one meeting one by one: floors in order, then the others in order."""
    given_to: list[int] = []
    for on_floor in (True, False):
        for person, practice in enumerate(practices):
            ahead = sum(may[other] and practices[other] == practice for other in range(person))
            if may[person] and (ahead < floor) == on_floor and len(given_to) < capacity:
                given_to.append(person)
    return [person in given_to for person in range(len(practices))]


@given(PEOPLE, st.integers(1, 12), st.integers(0, 4))
def test_places_are_those_given_one_by_one(people: list[tuple[str, bool]], capacity: int, floor: int) -> None:
    practices, may = [practice for practice, _ in people], [listed for _, listed in people]

    found = give_places(
        pd.Series(practices), pd.Series(["trust"] * len(people)), np.array(may), capacity=capacity, floor=floor
    )

    assert (found & np.array(may)).tolist() == slow_places(practices, may, capacity, floor)


@given(PEOPLE, st.integers(1, 12), st.integers(0, 4))
def test_who_is_kept_off_would_have_a_place_if_they_alone_were_not(
    people: list[tuple[str, bool]], capacity: int, floor: int
) -> None:
    practices, may = [practice for practice, _ in people], [listed for _, listed in people]
    found = give_places(
        pd.Series(practices), pd.Series(["trust"] * len(people)), np.array(may), capacity=capacity, floor=floor
    )

    for person in np.flatnonzero(~np.array(may)):
        alone = [*may[:person], True, *may[person + 1 :]]
        assert found[person] == slow_places(practices, alone, capacity, floor)[person]


@given(PEOPLE, st.integers(1, 12))
def test_each_meeting_gives_its_own_places(people: list[tuple[str, bool]], capacity: int) -> None:
    practices, may = pd.Series([practice for practice, _ in people]), np.array([listed for _, listed in people])

    found = give_places(practices, practices, may, capacity=capacity) & may

    for practice in practices.unique():
        here = (practices == practice).to_numpy()
        assert found[here].sum() == min(capacity, may[here].sum())
        assert found[here & may].tolist() == sorted(found[here & may].tolist(), reverse=True)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ([], "places: expected a [places] table, found []"),
        ({"by": "ward"}, "places.by: expected one of practice, network, team, trust, found 'ward'"),
        ({"by": []}, "places.by: expected one of practice, network, team, trust, found []"),
        ({"by": "trust", "floor": -1}, "places.floor: expected a whole number from 0, found -1"),
        ({"by": "trust", "floor": True}, "places.floor: expected a whole number from 0, found True"),
        ({"floor": 1}, "places.floor: expected 0 where each practice has its own places, found 1"),
        ({"outside": "Z1"}, "places.outside: expected a list of practice codes"),
        ({"outside": [1]}, "places.outside: expected a list of practice codes"),
        ({"by": "team"}, "places.teams: expected practice codes with their teams"),
        ({"teams": {"Z1": "one"}}, 'places.teams: has no effect with by = "practice"'),
        ({"by": "team", "teams": {"Z1": 1}}, "places.teams: expected practice codes with their teams"),
        ({"by": "team", "teams": ["Z1"]}, "places.teams: expected practice codes with their teams"),
        ({"floors": 1}, "places.floors: is not a known key"),
    ],
)
def test_a_fault_is_told_with_what_was_expected(content: Any, told: str) -> None:
    _, (fault,) = read_places(content)

    assert fault.startswith(told)


def test_all_faults_are_told_at_once() -> None:
    _, faults = read_places({"by": "ward", "floor": "one", "outside": 3})

    assert len(faults) == 3


@pytest.mark.parametrize(
    ("floor", "eligible", "expected"),
    [
        (2, {"A": 9, "B": 9}, ()),
        (3, {"A": 9, "B": 9}, ("trust",)),
        (3, {"A": 9, "B": 1}, ()),  # a practice takes no more places than it has people
    ],
)
def test_floors_that_take_more_than_the_places_are_found(
    floor: int, eligible: dict[str, int], expected: tuple[str, ...]
) -> None:
    assert Places(by="trust", floor=floor).overdrawn(eligible, {}, capacity=4) == expected


def test_rules_made_in_python_are_checked_as_well() -> None:
    with pytest.raises(SpecificationError, match=r"case list rules: places\.by: expected one of"):
        Places(by="ward")


@pytest.mark.parametrize(
    ("places", "meeting", "words"),
    [
        (Places(), ("practice", "A"), "1 place for this practice"),
        (Places(by="trust"), ("trust", "trust"), "1 place shared by the practices of the trust"),
        (
            Places("network", 2),
            ("network", "Hill"),
            "1 place shared by the practices of the network Hill, the best 2 of each first",
        ),
        (Places("network"), ("practice", "A"), "1 place for this practice"),
    ],
)
def test_a_reader_is_told_who_shares_the_places(places: Places, meeting: tuple[str, str], words: str) -> None:
    assert places.in_words(1, meeting).startswith(words)
