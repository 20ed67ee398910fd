"""How features moved the predictions, and which way."""

import numpy as np
import pandas as pd
import pytest

from vi_risk.evidence.predictors import rank_correlation


def correlation(values: list[float], contributions: list[float]) -> float | None:
    return rank_correlation(pd.Series(values), pd.Series(contributions))


def test_what_rises_throughout_is_1_and_what_falls_throughout_is_minus_1() -> None:
    values = list(range(100))
    assert correlation(values, [value**3 for value in values]) == pytest.approx(1)
    assert correlation(values, [-value for value in values]) == pytest.approx(-1)


def test_what_falls_and_rises_again_is_mixed() -> None:
    values = list(range(100))
    found = correlation(values, [(value - 50) ** 2 for value in values])
    assert found is not None
    assert abs(found) < 0.3


def test_of_a_flag_the_mean_contribution_of_those_who_have_it_decides_and_noise_among_the_others_does_not() -> None:
    rng = np.random.default_rng(1)
    flag = [0.0] * 190 + [1.0] * 10
    contributions = [*rng.normal(0, 0.2, 190), *([0.3] * 10)]
    assert correlation(flag, contributions) == pytest.approx(1)
    plain = np.corrcoef(pd.Series(flag).rank(), pd.Series(contributions).rank())[0, 1]
    assert plain < 0.5  # of the people one by one it would seem to be next to nothing


def test_a_value_that_does_not_vary_or_is_not_known_has_no_direction() -> None:
    assert correlation([1.0, 1.0, 1.0], [0.1, 0.2, 0.3]) is None
    assert correlation([1.0, 2.0, 3.0], [0.1, 0.1, 0.1]) is None
    assert correlation([np.nan, np.nan], [0.1, 0.2]) is None
