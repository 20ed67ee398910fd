"""How the runs in a store are looked at: MLflow's pages in a browser, which are installed apart."""

from importlib.util import find_spec
from pathlib import Path


def how_to_look(tracking_uri: str, *, mlflow: Path) -> str:
    """Return the command that shows the runs kept at `tracking_uri`, or the store and what has to be installed first.

    The core of vi_risk keeps runs with mlflow-skinny; the web server that shows them comes with the extra `ui`
    (docs/decisions/0018-what-is-installed.md).

    Parameters
    ----------
    mlflow
        MLflow's command, as the user would write it.
    """
    if find_spec("flask") is None:  # what MLflow's pages are served with; loads nothing
        return f"{tracking_uri} (to look at it: pip install 'vi-risk[ui]')"
    return f"{mlflow} ui --backend-store-uri {tracking_uri}"
