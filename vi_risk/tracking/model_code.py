"""The model as MLflow loads it again: this file and the bundle's text files, so that nothing is ever unpickled.

MLflow runs this file when a model is logged and when it is loaded; nothing imports it.
"""

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from vi_risk.models.learning import bundle
from vi_risk.models.learning.counts import CountRegressor


class RiskOfOutcome(PythonModel):
    """Features in, one row per patient and index date; out, column ``risk``, a probability from 0 to 1.

    Of a model of counts the column is ``expected_count``.
    """

    def load_context(self, context: PythonModelContext) -> None:
        """Read the bundle that was logged beside this file."""
        self._model, _ = bundle.load_any(Path(context.artifacts["model"]))

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002  (MLflow's signature)
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> pd.DataFrame:
        """Return the risk of the outcome, or the count to expect, for each row."""
        if isinstance(self._model, CountRegressor):
            return pd.DataFrame({"expected_count": self._model.predict(model_input)}, index=model_input.index)
        return pd.DataFrame({"risk": self._model.predict_proba(model_input)[:, 1]}, index=model_input.index)


mlflow.models.set_model(RiskOfOutcome())
