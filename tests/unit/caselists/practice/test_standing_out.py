"""What stands out: indirect standardisation worked out by hand, and the statistics beside an established library."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from vi_risk.caselists.practice.standing_out import Asked, chance_of_so_far, discovered, poisson_limits, standing_out


def thing(
    has: np.ndarray, seen: np.ndarray | None = None, among: np.ndarray | None = None, title: str = "COPD"
) -> Asked:
    everyone = np.ones(has.size, dtype=bool)
    return Asked(
        "condition", title, everyone if seen is None else seen, everyone if among is None else among, has.astype(bool)
    )


def people(*groups: tuple[int, int, int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return practice, stratum and who has it, of groups (practice, stratum, people, of whom have it)."""
    rows = [(p, s, place < having) for p, s, number, having in groups for place in range(number)]
    practice, stratum, has = zip(*rows, strict=True)
    return np.array(practice, dtype=np.int64), np.array(stratum, dtype=np.int64), np.array(has)


def test_expected_is_the_share_of_each_stratum_over_all_practices() -> None:
    """Of the young 10 in 100 have it, of the old 40: of practice 0 are expected 32 + 32, of practice 1 8 + 128."""
    practice, stratum, has = people((0, 0, 320, 36), (0, 1, 80, 64), (1, 0, 80, 4), (1, 1, 320, 96))

    ((first,), (second,)), _ = standing_out([thing(has)], practice, stratum, 2)

    assert (first.observed, first.expected) == (100, pytest.approx(64.0))
    assert (second.observed, second.expected) == (100, pytest.approx(136.0))
    assert first.ratio == pytest.approx(100 / 64)
    assert (first.low, first.high) == pytest.approx(tuple(limit / 64 for limit in poisson_limits(100)))


def test_what_the_others_have_is_the_same_as_in_a_slow_reckoning() -> None:
    rng = np.random.default_rng(3)
    size, practices = 6000, 6
    practice, stratum = rng.integers(0, practices, size), rng.integers(0, 10, size)
    seen, among = rng.random(size) < 0.9, rng.random(size) < 0.6
    has = rng.random(size) < 0.05 * (1 + stratum) * np.where(practice == 2, 1.8, 1.0)

    found, _ = standing_out([thing(has, seen, among)], practice, stratum, practices)

    rows = pd.DataFrame({"practice": practice, "stratum": stratum, "has": has})[seen & among]
    share = rows.groupby("stratum")["has"].mean()
    assert found[2]
    for place, of_practice in enumerate(found):
        own = rows[rows["practice"] == place]
        for one in of_practice:
            assert one.observed == own["has"].sum()
            assert one.expected == pytest.approx(own["stratum"].map(share).sum())


def test_over_all_practices_as_many_are_expected_as_were_seen() -> None:
    rng = np.random.default_rng(5)
    practice, stratum = np.repeat(np.arange(4), 500), np.tile(np.arange(5), 400)
    has = rng.random(2000) < np.array([0.1, 0.3, 0.05, 0.2])[practice]

    found, _ = standing_out([thing(has)], practice, stratum, 4)

    assert all(len(of_one) == 1 for of_one in found)
    assert sum(one.expected for (one,) in found) == pytest.approx(has.sum())


@pytest.mark.parametrize(
    ("case", "seen_of_first", "groups"),
    [
        ("fewer than half of the practice are seen", 0.49, [(0, 0, 1000, 400), (1, 0, 1000, 100), (2, 0, 1000, 100)]),
        ("no other practice is seen", 1.0, [(0, 0, 1000, 400)]),
        ("fewer than 8 are expected", 1.0, [(0, 0, 30, 20), (1, 0, 3000, 700)]),
        ("a certain difference is less than a fifth", 1.0, [(0, 0, 90_000, 33_000), (1, 0, 90_000, 30_000)]),
    ],
)
def test_nothing_is_said_where(case: str, seen_of_first: float, groups: list[tuple[int, int, int, int]]) -> None:
    practice, stratum, has = people(*groups)
    seen = (practice != 0) | (np.arange(practice.size) < seen_of_first * (practice == 0).sum())

    found, _ = standing_out([thing(has, seen)], practice, stratum, int(practice.max()) + 1)

    assert found[0] == ()


def test_a_practice_that_is_not_compared_is_no_part_of_what_is_expected() -> None:
    practice, stratum, has = people((0, 0, 1000, 900), (1, 0, 1000, 200), (2, 0, 1000, 100))
    seen = (practice != 0) | (np.arange(practice.size) < 400)

    found, ((_, compared),) = standing_out([thing(has, seen)], practice, stratum, 3)

    assert compared.tolist() == [False, True, True]
    assert [one.expected for of_one in found[1:] for one in of_one] == pytest.approx([150, 150])


def test_the_strongest_comes_first_whether_more_or_fewer() -> None:
    practice = np.repeat(np.arange(2), 4000)
    place = np.tile(np.arange(4000), 2)

    def having(first: int, second: int, title: str) -> Asked:
        return thing(place < np.where(practice == 0, first, second), title=title)

    things = [having(500, 300, "more"), having(20, 60, "far fewer"), having(2000, 700, "far more")]

    found, _ = standing_out(things, practice, np.zeros_like(practice), 2)

    assert [one.title for one in found[0]] == ["far more", "far fewer", "more"]
    assert [one.ratio > 1 for one in found[0]] == [True, False, True]


def test_where_practices_differ_by_chance_alone_almost_nothing_is_found() -> None:
    rng = np.random.default_rng(13)
    practice, stratum = np.repeat(np.arange(30), 800), rng.integers(0, 12, 24_000)
    things = [thing(rng.random(24_000) < share) for share in np.linspace(0.01, 0.6, 30)]

    found, _ = standing_out(things, practice, stratum, 30)

    assert sum(map(len, found)) <= 2  # of 900


def test_the_limits_are_near_the_exact_ones() -> None:
    for observed in range(301):
        low, high = poisson_limits(observed)
        exact_low = stats.chi2.ppf(0.025, 2 * observed) / 2 if observed else 0.0
        exact_high = stats.chi2.ppf(0.975, 2 * (observed + 1)) / 2

        assert high == pytest.approx(exact_high, rel=0.01)
        if observed >= 8:
            assert low == pytest.approx(exact_low, rel=0.01)


def test_the_chance_is_one_in_twenty_where_a_limit_of_the_interval_is_what_was_expected() -> None:
    observed = np.array([25.0, 25.0, 25.0, 25.0])
    low, high = poisson_limits(25)

    chance = chance_of_so_far(observed, np.array([low, high, 25.0, 25.5]))

    assert chance == pytest.approx([0.05, 0.05, 1.0, 1.0], abs=1e-6)


def test_the_chance_is_near_the_exact_one() -> None:
    for observed, expected in ((30, 15.0), (8, 20.0), (120, 90.0), (2, 9.0)):
        tail = (
            stats.poisson.sf(observed - 1, expected) if observed > expected else stats.poisson.cdf(observed, expected)
        )

        (chance,) = chance_of_so_far(np.array([float(observed)]), np.array([expected]))

        assert chance == pytest.approx(2 * tail, rel=0.1)


def test_false_discoveries_are_held_as_scipy_holds_them() -> None:
    rng = np.random.default_rng(17)
    for _ in range(20):
        chances = np.concatenate([rng.random(60), rng.random(10) ** 6])
        together = np.where(rng.random(70) < 0.1, np.nan, chances).reshape(7, 10)

        adjusted = stats.false_discovery_control(together[~np.isnan(together)])

        assert discovered(together)[~np.isnan(together)].tolist() == (adjusted <= 0.05).tolist()
        assert not discovered(together)[np.isnan(together)].any()
