"""The model as MLflow loads it again: this file and the bundle's text files, so that nothing is ever unpickled.

MLflow runs this file when a model is logged and when it is loaded; nothing imports it.
"""

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from vi_risk.models import bundle


class RiskOfOutcome(PythonModel):
    """Features in, one row per patient and index date; column ``risk`` out, a probability from 0 to 1."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the bundle that was logged beside this file."""
        self._classifier, _ = bundle.load(Path(context.artifacts["model"]))

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002  (MLflow's signature)
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> pd.DataFrame:
        """Return the risk of the outcome for each row."""
        risk = self._classifier.predict_proba(model_input)[:, 1]
        return pd.DataFrame({"risk": risk}, index=model_input.index)


mlflow.models.set_model(RiskOfOutcome())
