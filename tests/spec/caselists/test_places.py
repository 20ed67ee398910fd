"""Places: person, practice, risk, what else is known, and the rank on the list of the practice."""

import pytest

from tests.spec.caselists.listing import BELOW, NOT_SEEN, Line, assert_listed, lists_of
from vi_risk.errors import UsageError

TWO_PRACTICES: list[Line] = [
    ("Ann", "North", 0.50, {}, 1),
    ("Bob", "North", 0.40, {}, 2),
    ("Cyd", "North", 0.30, {}, BELOW),
    ("Dan", "South", 0.20, {}, 1),
    ("Eve", "South", 0.10, {}, BELOW),
]
NETWORKS = {
    "North": {"name": "North surgery", "network": "Hill"},
    "South": {"name": None, "network": "Hill"},
    "East": {"name": None, "network": "Dale"},
}


def test_a_capacity_of_three_over_two_practices_with_a_floor_of_one() -> None:
    assert_listed(TWO_PRACTICES, '[places]\nby = "trust"\nfloor = 1', capacity=3)


def test_without_a_floor_the_highest_risks_of_the_trust_have_the_places() -> None:
    assert_listed(
        [
            ("Ann", "North", 0.50, {}, 1),
            ("Bob", "North", 0.40, {}, 2),
            ("Cyd", "North", 0.30, {}, 3),
            ("Dan", "South", 0.20, {}, BELOW),
        ],
        '[places]\nby = "trust"',
        capacity=3,
    )


def test_each_practice_has_its_own_places_unless_they_are_shared() -> None:
    assert_listed(
        [
            ("Ann", "North", 0.50, {}, 1),
            ("Bob", "North", 0.40, {}, 2),
            ("Cyd", "North", 0.30, {}, BELOW),
            ("Dan", "South", 0.20, {}, 1),
            ("Eve", "South", 0.10, {}, 2),
            ("Flo", "South", 0.05, {}, BELOW),
        ],
        capacity=2,
    )


def test_the_practices_of_a_network_share_its_places() -> None:
    assert_listed(
        [
            ("Ann", "North", 0.50, {}, 1),
            ("Bob", "South", 0.40, {}, 1),
            ("Cyd", "North", 0.30, {}, BELOW),
            ("Dan", "East", 0.02, {}, 1),
            ("Eve", "East", 0.01, {}, 2),
        ],
        '[places]\nby = "network"',
        capacity=2,
        practices=NETWORKS,
    )


def test_a_practice_without_a_network_shares_places_with_nobody() -> None:
    assert_listed(
        [
            ("Ann", "North", 0.50, {}, 1),
            ("Bob", "South", 0.40, {}, BELOW),
            ("Cyd", "West", 0.30, {}, 1),
            ("Dan", "West", 0.20, {}, BELOW),
        ],
        '[places]\nby = "network"',
        capacity=1,
        practices=NETWORKS,
    )


def test_a_site_groups_practices_into_teams() -> None:
    teams = '[places]\nby = "team"\n[places.teams]\nNorth = "one"\nSouth = "two"\nEast = "two"'
    assert_listed(
        [
            ("Ann", "North", 0.10, {}, 1),
            ("Bob", "South", 0.40, {}, 1),
            ("Cyd", "East", 0.30, {}, BELOW),
        ],
        teams,
        capacity=1,
    )


def test_a_floor_never_gives_a_meeting_more_places_than_it_has() -> None:
    assert_listed(
        [
            ("Ann", "North", 0.50, {}, 1),
            ("Bob", "South", 0.40, {}, 1),
            ("Cyd", "East", 0.30, {}, BELOW),
        ],
        '[places]\nby = "trust"\nfloor = 1',
        capacity=2,
    )


def test_a_list_is_shorter_than_its_places_where_a_practice_has_fewer_people() -> None:
    lists = lists_of([("Ann", "North", 0.5, {}), ("Bob", "South", 0.4, {}), ("Cyd", "South", 0.3, {})], capacity=20)

    assert {code: len(case_list.table) for code, case_list in lists.items()} == {"North": 1, "South": 2}


def test_a_practice_whose_people_have_no_place_still_has_a_list_which_is_empty() -> None:
    lists = lists_of([line[:4] for line in TWO_PRACTICES], '[places]\nby = "trust"', capacity=2)

    assert lists["South"].table.empty
    assert lists["South"].eligible == 2
    assert lists["South"].about.places == (
        "2 places shared by the practices of the trust, in order of their chance; of two with the same by pseudonym"
    )


@pytest.mark.parametrize(
    ("of_south", "rules", "practices"),
    [
        ({"gp_seen_from": NOT_SEEN}, "", ["North"]),
        ({"gp_seen_from": NOT_SEEN}, '[places]\noutside = ["South"]', ["North", "South"]),
        ({}, "", ["North", "South"]),
    ],
)
def test_a_practice_outside_the_trust_has_a_list_only_where_the_rules_name_it(
    of_south: dict[str, None], rules: str, practices: list[str]
) -> None:
    lists = lists_of([("Ann", "North", 0.5, {}), ("Bob", "South", 0.4, of_south)], rules)

    assert list(lists) == practices


def test_a_practice_outside_the_trust_takes_no_places_from_those_inside() -> None:
    assert_listed(
        [
            ("Ann", "North", 0.20, {}, 1),
            ("Bob", "South", 0.40, {"gp_seen_from": NOT_SEEN}, BELOW),
        ],
        '[places]\nby = "trust"',
        capacity=1,
    )


def test_where_no_practice_is_seen_every_practice_has_a_list() -> None:
    unseen = {"gp_seen_from": NOT_SEEN}

    assert list(lists_of([("Ann", "all", 0.5, unseen)])) == ["all"]


def test_places_by_network_need_networks() -> None:
    with pytest.raises(UsageError, match="needs the networks of practices, which these records do not hold"):
        lists_of([("Ann", "North", 0.5, {})], '[places]\nby = "network"')


def test_a_practice_without_a_team_is_told() -> None:
    with pytest.raises(UsageError, match=r"expected a team for every practice with a list, found none for South\."):
        lists_of(
            [("Ann", "North", 0.5, {}), ("Bob", "South", 0.4, {})],
            '[places]\nby = "team"\n[places.teams]\nNorth = "one"',
        )
