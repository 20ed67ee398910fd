"""Seen against expected: overall and by practice."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from vi_risk.governance.small_numbers import Disclosure
from vi_risk.models.spec_tables import MonitoringSpec
from vi_risk.monitoring.closed_windows import Scoring
from vi_risk.monitoring.expected import held


def _held(risk, outcome, practices, weight=None, *, counts=False):
    rows = pd.DataFrame(
        {
            "practice_code": practices,
            "risk": risk,
            "outcome": outcome,
            "weight": np.ones(len(risk)) if weight is None else weight,
        }
    )
    scoring = Scoring("a", "A risk", 365, date(2024, 1, 1), kept=True, of_watched=True, rows=rows, counts=counts)
    return held(scoring, auroc_then=(0.7, 0.01), limits=MonitoringSpec(), rule=Disclosure())


def _drawn(seed, practices=20, people=500, unlike=1.0):
    rng = np.random.default_rng(seed)
    code = np.repeat([f"P{n:02}" for n in range(practices)], people)
    risk = rng.beta(1, 9, len(code))
    true = np.where(code == "P00", np.minimum(1, unlike * risk), risk)
    return risk, (rng.random(len(code)) < true).astype(float), code


def test_seen_over_expected_leaves_out_who_left_and_counts_the_others_for_them():
    risk, outcome = np.full(400, 0.5), np.tile([1.0, 0.0, 0.0, 0.0], 100)
    found = _held(risk, outcome, ["A"] * 400, weight=np.tile([1.5, 1.5, 1.0, 0.0], 100))

    assert (found.people, found.seen, found.expected) == (300, 150.0, 200.0)
    assert found.ratio.value == pytest.approx(0.75)


def test_seen_over_expected_is_one_figure_for_all_numbers_that_are_told_alike():
    def ratio(events):
        outcome = np.repeat([1.0, 0.0], [events, 2000 - events])
        return _held(np.full(2000, 0.1), outcome, ["A"] * 2000).ratio.value

    assert ratio(176) == ratio(175) == ratio(177)
    assert ratio(181) > ratio(177)


def test_of_one_to_seven_events_no_figure_is_told():
    outcome = np.repeat([1.0, 0.0], [6, 1994])

    assert _held(np.full(2000, 0.1), outcome, ["A"] * 2000).ratio is None


def test_the_interval_of_seen_over_expected_holds_one_in_95_of_100_true_models():
    inside = sum(not _held(*_drawn(seed, practices=1, people=3000)).ratio.excludes(1.0) for seed in range(200))

    assert 184 <= inside <= 200


def test_no_practice_of_like_ones_stands_apart_in_nearly_all_trusts():
    apart = sum(any(one.outside for one in _held(*_drawn(seed)).practices) for seed in range(100))

    assert apart <= 8


def test_a_practice_with_twice_as_many_events_as_expected_stands_apart():
    found = _held(*_drawn(1, unlike=2.0))

    assert [one.code for one in found.practices if one.outside] == ["P00"]


def test_a_level_that_is_wrong_everywhere_puts_no_practice_apart():
    risk, outcome, code = _drawn(2)
    found = _held(risk / 2, outcome, code)

    assert found.ratio.value > 1.8
    assert not any(one.outside for one in found.practices)


def test_a_practice_with_few_events_does_not_tell_them():
    risk, outcome, code = _drawn(3, practices=3)
    outcome[code == "P01"] = 0
    outcome[np.flatnonzero(code == "P01")[:3]] = 1

    assert {one.code: one.seen for one in _held(risk, outcome, code).practices}["P01"] is None


def _nights(seed, people=4000):
    """Nights in hospital: most have none, a few have many; how many each was to have, and how many came."""
    rng = np.random.default_rng(seed)
    expected = rng.gamma(0.5, 2.0, people)
    return expected, rng.poisson(rng.gamma(0.2, expected / 0.2)).astype(float)


def test_the_interval_of_nights_holds_one_though_few_people_have_them_all():
    inside = sum(not _held(*_nights(seed), ["A"] * 4000, counts=True).ratio.excludes(1.0) for seed in range(200))

    assert 184 <= inside <= 200


def test_nights_of_a_few_people_are_few_events():
    expected, nights = _nights(1)
    found = _held(expected, nights, ["A"] * 4000, counts=True)

    assert found.seen == nights.sum()
    assert found.events < nights.sum() / 5
    assert (found.auroc, found.in_the_large, found.updating) == (None, None, None)


def test_of_nights_that_seven_people_had_no_number_is_told_however_many_they_are():
    nights = np.repeat([90.0, 0.0], [7, 1993])
    found = _held(np.full(2000, 0.3), nights, np.where(np.arange(2000) % 2, "A", "B"), counts=True)

    assert (found.told, found.ratio) == (False, None)
    assert {one.seen for one in found.practices} == {None}


def test_the_slope_of_counts_is_one_where_they_are_right_and_less_where_they_are_too_extreme():
    expected, _ = _nights(2, people=20_000)
    expected += 0.05
    right = _held(expected, np.random.default_rng(3).poisson(expected).astype(float), ["A"] * 20_000, counts=True)
    extreme = _held(expected**2, np.random.default_rng(3).poisson(expected).astype(float), ["A"] * 20_000, counts=True)

    assert not right.slope.excludes(1.0)
    assert extreme.slope.value == pytest.approx(0.5, abs=0.05)
    assert extreme.slope.high < 0.6
