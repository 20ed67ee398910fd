import warnings
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from vi_risk.reasons.plots import contributions_figure, dependence_figure

NAMES = [f"feature_{n}" for n in range(25)]
TITLES = {name: f"Feature number {n}" for n, name in enumerate(NAMES)}


@pytest.fixture
def sample() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Contributions and values of sixty people, some values missing."""
    rng = np.random.default_rng(1)
    values = pd.DataFrame(rng.integers(0, 5, (60, 25)).astype(float), columns=NAMES)
    values.iloc[:10, 0] = np.nan
    return pd.DataFrame(rng.normal(size=(60, 25)), columns=NAMES), values


FIGURES = (contributions_figure, dependence_figure)


def drawn(
    contributions: pd.DataFrame, values: pd.DataFrame, figure: Callable[..., bytes] = contributions_figure
) -> bytes:
    with warnings.catch_warnings():
        # shap sets colours as older versions of matplotlib had it.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return figure(contributions, values, TITLES)


@pytest.mark.parametrize("figure", FIGURES)
def test_the_picture_is_a_whole_png_and_the_same_each_time(
    sample: tuple[pd.DataFrame, pd.DataFrame], figure: Callable[..., bytes]
) -> None:
    picture = drawn(*sample, figure)

    assert picture.startswith(b"\x89PNG")
    assert picture.endswith(b"IEND\xaeB`\x82")
    assert drawn(*sample, figure) == picture


@pytest.mark.parametrize("figure", FIGURES)
def test_drawing_leaves_the_generator_the_backend_and_the_tables_as_they_were(
    sample: tuple[pd.DataFrame, pd.DataFrame], figure: Callable[..., bytes]
) -> None:
    contributions, values = sample
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    backend, copies = mpl.get_backend(), (contributions.copy(), values.copy())

    drawn(contributions, values, figure)

    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002
    assert mpl.get_backend() == backend
    pd.testing.assert_frame_equal(contributions, copies[0])
    pd.testing.assert_frame_equal(values, copies[1])


@pytest.mark.parametrize("figure", FIGURES)
def test_a_single_feature_can_be_drawn(sample: tuple[pd.DataFrame, pd.DataFrame], figure: Callable[..., bytes]) -> None:
    contributions, values = sample

    assert drawn(contributions[NAMES[:1]], values[NAMES[:1]], figure).startswith(b"\x89PNG")


def test_what_is_drawn_of_dependence_is_of_the_strongest_features(
    sample: tuple[pd.DataFrame, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    contributions, values = sample
    labels: list[str] = []
    monkeypatch.setattr(Axes, "set_xlabel", _noting(labels, Axes.set_xlabel))
    strong = contributions.assign(feature_7=9.0, feature_20=5.0)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        dependence_figure(strong, values, TITLES, most=2)

    assert list(dict.fromkeys(label for label in labels if label)) == ["Feature number 7", "Feature number 20"]


def _noting(labels: list[str], right: Callable[..., Any]) -> Callable[..., Any]:
    def set_xlabel(axes: Axes, label: str, *more: Any, **how: Any) -> Any:
        labels.append(label)
        return right(axes, label, *more, **how)

    return set_xlabel
