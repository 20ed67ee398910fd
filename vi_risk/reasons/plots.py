"""Global pictures of contributions, drawn by shap; nothing else imports it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from textwrap import fill
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_MOST_FEATURES = 20
_CONTRIBUTION = "Contribution to the log-odds of the outcome (SHAP value)"


def contributions_figure(contributions: "pd.DataFrame", values: "pd.DataFrame", titles: Mapping[str, str]) -> bytes:
    """Return a beeswarm of SHAP values as a PNG picture: a dot for each person and feature, strongest features first.

    Parameters
    ----------
    contributions, values
        One row per person of a sample, the same columns: what each feature adds to the log-odds, and its value.
    titles
        Feature name -> words for people.
    """
    with _drawing() as (shap, plt):
        explanation = _explanation(shap, contributions, values, titles)
        figure, axes = plt.subplots(figsize=(9, 0.4 * min(_MOST_FEATURES, contributions.shape[1]) + 1.5))
        shap.plots.beeswarm(explanation, max_display=_MOST_FEATURES, show=False, ax=axes, plot_size=None, s=6)
        axes.set_xlabel(_CONTRIBUTION)
        return _picture(figure)


def dependence_figure(
    contributions: "pd.DataFrame", values: "pd.DataFrame", titles: Mapping[str, str], *, most: int = 6
) -> bytes:
    """Return, as a PNG picture, how the contribution of the strongest features goes with their value.

    One plot for each of the `most` features that contribute most, the strongest first, two beside each other: a dot for
    each person, with the spread of the values in grey. A missing value stands at the left edge.

    Parameters
    ----------
    contributions, values, titles
        As in `contributions_figure`.
    """
    import numpy as np  # noqa: PLC0415

    weight = contributions.abs().mean().to_numpy()
    strongest = np.argsort(-weight, kind="stable")[:most]
    with _drawing() as (shap, plt):
        explanation = _explanation(shap, contributions, values, titles)
        rows = (len(strongest) + 1) // 2
        figure, grid = plt.subplots(rows, 2, figsize=(11, 3.4 * rows), squeeze=False, layout="constrained")
        for axes, place in zip(grid.flat, strongest, strict=False):
            shap.plots.scatter(explanation[:, int(place)], ax=axes, show=False, dot_size=8, color="#005eb8", alpha=0.5)
            axes.set_ylabel("")
            axes.set_xlabel(fill(axes.get_xlabel(), width=44))
        for axes in grid.flat[len(strongest) :]:
            axes.set_axis_off()
        figure.supylabel(_CONTRIBUTION)
        return _picture(figure)


@contextmanager
def _drawing() -> Iterator[tuple[Any, Any]]:
    """Lend shap and pyplot, off screen; leave numpy's global generator, the backend and the figures as they were."""
    import matplotlib as mpl  # noqa: PLC0415 - shap and matplotlib take seconds to load
    import numpy as np  # noqa: PLC0415

    backend = mpl.get_backend()
    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: PLC0415
    import shap  # noqa: PLC0415

    # shap shuffles dots with numpy's global generator: give it a fixed state, and the caller's back afterwards.
    state, open_figures = np.random.get_state(), set(plt.get_fignums())  # noqa: NPY002
    np.random.set_state(np.random.RandomState(1).get_state())  # noqa: NPY002
    try:
        yield shap, plt
    finally:
        np.random.set_state(state)  # noqa: NPY002
        for number in set(plt.get_fignums()) - open_figures:
            plt.close(number)
        mpl.use(backend)


def _explanation(shap: Any, contributions: "pd.DataFrame", values: "pd.DataFrame", titles: Mapping[str, str]) -> Any:
    return shap.Explanation(
        values=contributions.to_numpy(),
        data=values.to_numpy(),
        feature_names=[titles[name] for name in contributions.columns],
    )


def _picture(figure: "Figure") -> bytes:
    picture = BytesIO()
    figure.savefig(picture, format="png", dpi=110, bbox_inches="tight", metadata={"Software": None})
    return picture.getvalue()
