import warnings

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from vi_risk.reasons.plots import contributions_figure

NAMES = [f"feature_{n}" for n in range(25)]
TITLES = {name: f"Feature number {n}" for n, name in enumerate(NAMES)}


@pytest.fixture
def sample() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Contributions and values of sixty people, some values missing."""
    rng = np.random.default_rng(1)
    values = pd.DataFrame(rng.integers(0, 5, (60, 25)).astype(float), columns=NAMES)
    values.iloc[:10, 0] = np.nan
    return pd.DataFrame(rng.normal(size=(60, 25)), columns=NAMES), values


def drawn(contributions: pd.DataFrame, values: pd.DataFrame) -> bytes:
    with warnings.catch_warnings():
        # shap sets colours as older versions of matplotlib had it.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return contributions_figure(contributions, values, TITLES)


def test_the_picture_is_a_whole_png_and_the_same_each_time(sample: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    picture = drawn(*sample)

    assert picture.startswith(b"\x89PNG")
    assert picture.endswith(b"IEND\xaeB`\x82")
    assert drawn(*sample) == picture


def test_drawing_leaves_the_generator_the_backend_and_the_tables_as_they_were(
    sample: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    contributions, values = sample
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    backend, copies = mpl.get_backend(), (contributions.copy(), values.copy())

    drawn(contributions, values)

    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002
    assert mpl.get_backend() == backend
    pd.testing.assert_frame_equal(contributions, copies[0])
    pd.testing.assert_frame_equal(values, copies[1])


def test_a_single_feature_can_be_drawn(sample: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    contributions, values = sample

    assert drawn(contributions[NAMES[:1]], values[NAMES[:1]]).startswith(b"\x89PNG")
