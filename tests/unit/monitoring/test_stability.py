"""Population stability: by hand, by its distribution where nothing changed, and what is told of it."""

import numpy as np
import pytest

from vi_risk.governance.small_numbers import Disclosure
from vi_risk.models.spec_tables import MonitoringSpec
from vi_risk.monitoring.stability import counts_in, edges_of, psi_of, stability_of


def _stability(then, now, **limits):
    return stability_of(
        ["x"],
        lambda _: np.asarray(then, float),
        lambda _: np.asarray(now, float),
        people_then=len(then),
        limits=MonitoringSpec(**limits),
        rule=Disclosure(),
    )[0]


def test_psi_is_the_sum_over_bins_by_hand():
    p, q = np.array([500.5, 300.5, 200.5]) / 1001.5, np.array([400.5, 300.5, 300.5]) / 1001.5

    assert psi_of(np.array([500.0, 300, 200]), np.array([400.0, 300, 300])) == (
        pytest.approx(((q - p) * np.log(q / p)).sum()),
        3,
    )


def test_psi_is_the_same_both_ways_and_zero_of_the_same():
    then, now = np.array([10.0, 50, 40]), np.array([30.0, 40, 30])

    assert psi_of(then, now) == pytest.approx(psi_of(now, then))
    assert psi_of(then, then)[0] == 0


def test_a_count_that_is_zero_for_nearly_everyone_has_two_bins_and_a_missing_value_its_own():
    values = np.array([0.0] * 95 + [1, 2, 3, 4, np.nan])

    assert edges_of(values).tolist() == [0]
    assert counts_in(values, edges_of(values)).tolist() == [95, 4, 1]


def test_where_nothing_changed_psi_is_chi_squared_over_the_numbers_of_people():
    rng = np.random.default_rng(1)
    found = []
    for _ in range(300):
        then, now = rng.normal(size=3000), rng.normal(size=1500)
        edges = edges_of(then)
        psi, bins = psi_of(counts_in(then, edges), counts_in(now, edges))
        found.append(psi / (1 / 3000 + 1 / 1500) / (bins - 2))  # no value is missing

    assert np.mean(found) == pytest.approx(1, abs=0.1)


def test_of_200_features_that_did_not_change_none_alarms_in_a_small_trust_though_many_pass_the_limit():
    rng = np.random.default_rng(2)
    then, now = rng.normal(size=(200, 200)), rng.normal(size=(200, 60))
    found = stability_of(
        [str(n) for n in range(200)],
        lambda name: then[int(name)],
        lambda name: now[int(name)],
        people_then=200,
        limits=MonitoringSpec(),
        rule=Disclosure(),
    )

    assert sum(one.psi > 0.1 for one in found) > 100
    assert not any(one.passed for one in found)


def test_a_feature_that_moved_says_which_limits_it_passed():
    rng = np.random.default_rng(3)
    then = rng.poisson(2, 3000)

    assert _stability(then, then + 2).passed[0].startswith("PSI")
    missing = np.where(np.arange(3000) % 4 == 0, np.nan, then)
    assert "missing 0 % then, 25.0 % now" in _stability(then, missing).passed


def test_what_few_people_have_moves_by_the_share_who_have_it():
    then, now = np.repeat([1.0, 0.0], [200, 4800]), np.repeat([1.0, 0.0], [75, 4925])
    found = _stability(then, now)

    assert found.psi < 0.1
    assert found.passed == ("4.0 % of people have it, 1.5 % now",)
    assert _stability(then, now, share_ratio=3.0).passed == ()


def test_a_change_from_few_to_fewer_is_no_alarm():
    assert _stability(np.repeat([1.0, 0.0], [80, 4920]), np.repeat([1.0, 0.0], [15, 4985])).passed == ()


@pytest.mark.parametrize("has_it", range(1, 8))
def test_the_stability_of_what_one_to_seven_people_have_is_one_and_the_same(has_it):
    then = np.repeat([1.0, 0.0], [30, 970])
    now = np.repeat([1.0, 0.0], [has_it, 1000 - has_it])

    assert _stability(then, now).psi == _stability(then, np.repeat([1.0, 0.0], [4, 996])).psi
    assert _stability(then, now).share_now is None


def test_those_that_moved_come_first_and_the_others_by_how_far():
    rng = np.random.default_rng(4)
    values = {name: rng.normal(size=2000) for name in "abc"}
    moved = {"a": values["a"], "b": values["b"] + 1, "c": values["c"] + 0.1}
    found = stability_of("abc", values.get, moved.get, people_then=2000, limits=MonitoringSpec(), rule=Disclosure())

    assert [one.name for one in found] == ["b", "c", "a"]
    assert [bool(one.passed) for one in found] == [True, False, False]


def test_seven_of_ten_who_are_known_are_no_small_share_though_their_number_is_not_told():
    then = np.where(np.arange(4000) % 20 < 1, 5.0, np.nan)  # known of 1 in 20, all of whom have it
    now = np.full(400, np.nan)
    now[:7], now[7:10] = 5.0, 0.0
    found = _stability(then, now, psi=1e-6, share_ratio=1.5)

    assert found.share_now is None
    assert not any("have it" in said for said in found.passed)


def test_a_few_of_very_many_are_a_small_share_all_the_same():
    found = _stability(np.repeat([1.0, 0.0], [400, 3600]), np.repeat([1.0, 0.0], [5, 3995]))

    assert found.passed[-1] == "10.0 % of people have it, few now"


def test_of_what_is_known_of_nobody_any_more_no_share_is_said():
    found = _stability(np.repeat([1.0, 0.0], [2000, 2000]), np.full(4000, np.nan))

    assert "missing 0 % then, 100.0 % now" in found.passed
    assert not any("have it" in said for said in found.passed)
