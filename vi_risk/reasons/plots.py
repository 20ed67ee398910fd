"""Global pictures of contributions, drawn by shap; nothing else imports it."""

from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_MOST_FEATURES = 20


def contributions_figure(contributions: "pd.DataFrame", values: "pd.DataFrame", titles: Mapping[str, str]) -> bytes:
    """Return a beeswarm of SHAP values as a PNG picture: a dot for each person and feature, strongest features first.

    Parameters
    ----------
    contributions, values
        One row per person of a sample, the same columns: what each feature adds to the log-odds, and its value.
    titles
        Feature name -> words for people.
    """
    import matplotlib as mpl  # noqa: PLC0415 - shap and matplotlib take seconds to load
    import numpy as np  # noqa: PLC0415

    backend = mpl.get_backend()
    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: PLC0415
    import shap  # noqa: PLC0415

    explanation = shap.Explanation(
        values=contributions.to_numpy(),
        data=values.to_numpy(),
        feature_names=[titles[name] for name in contributions.columns],
    )
    # shap shuffles dots with numpy's global generator: give it a fixed state, and the caller's back afterwards.
    state = np.random.get_state()  # noqa: NPY002
    np.random.set_state(np.random.RandomState(1).get_state())  # noqa: NPY002
    figure, axes = plt.subplots(figsize=(9, 0.4 * min(_MOST_FEATURES, contributions.shape[1]) + 1.5))
    try:
        shap.plots.beeswarm(explanation, max_display=_MOST_FEATURES, show=False, ax=axes, plot_size=None, s=6)
        axes.set_xlabel("Contribution to the log-odds of the outcome (SHAP value)")
        picture = BytesIO()
        figure.savefig(picture, format="png", dpi=110, bbox_inches="tight", metadata={"Software": None})
        return picture.getvalue()
    finally:
        np.random.set_state(state)  # noqa: NPY002
        plt.close(figure)
        mpl.use(backend)
