"""Quantiles and intervals against figures of scipy, written down."""

import numpy as np
import pytest

from vi_risk.monitoring.chance import above_by_chance, chi_squared, interval_of_count


@pytest.mark.parametrize(
    ("share", "freedom", "exact"),
    [(0.95, 1, 3.841), (0.95, 10, 18.307), (0.99974, 9, 31.21), (0.025, 20, 9.591), (0.975, 200, 241.06)],
)
def test_a_quantile_of_chi_squared_is_right_to_three_per_cent(share, freedom, exact):
    assert chi_squared(share, freedom) == pytest.approx(exact, rel=0.03)


@pytest.mark.parametrize(("value", "freedom", "exact"), [(3.841, 1, 0.05), (15.09, 5, 0.01), (2.0, 3, 0.572)])
def test_the_chance_to_lie_above_is_that_of_chi_squared(value, freedom, exact):
    assert above_by_chance(value, freedom) == pytest.approx(exact, rel=0.06)


@pytest.mark.parametrize(
    ("events", "low", "high"), [(0, 0.0, 3.689), (5, 1.623, 11.668), (10, 4.795, 18.390), (100, 81.36, 121.63)]
)
def test_the_interval_of_events_that_count_once_is_that_of_a_poisson_mean(events, low, high):
    found = interval_of_count(np.ones(events))

    assert found == pytest.approx((low, high), rel=0.015, abs=0.02)


def test_events_that_stand_for_others_tell_less_than_as_many_of_their_own():
    alike, uneven = interval_of_count(np.full(100, 1.5)), interval_of_count(np.tile([0.5, 2.5], 50))

    assert uneven[1] - uneven[0] > alike[1] - alike[0] > 0
