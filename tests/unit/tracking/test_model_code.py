import sys
from pathlib import Path
from types import SimpleNamespace

import mlflow
import numpy as np
import pandas as pd
import pytest

from vi_risk import tracking
from vi_risk.models.learning import bundle
from vi_risk.models.learning.counts import CountRegressor

# MLflow's own, on its own classes, when its pyfunc part is loaded.
pytestmark = pytest.mark.filterwarnings("ignore:.*Any type hint is inferred:UserWarning")


def as_mlflow_runs_it(model_folder: Path, rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """Run model_code.py as MLflow does, and predict."""
    made: list[mlflow.pyfunc.PythonModel] = []
    monkeypatch.setattr(mlflow.models, "set_model", made.append)
    monkeypatch.delitem(sys.modules, "vi_risk.tracking.model_code", raising=False)
    code = Path(tracking.__file__).with_name("model_code.py")
    exec(compile(code.read_text("utf-8"), code, "exec"), {"__name__": "model_code"})  # noqa: S102
    (model,) = made
    context = SimpleNamespace(artifacts={"model": str(model_folder)})
    model.load_context(context)
    predicted: pd.DataFrame = model.predict(context, rows)
    return predicted


def test_a_model_of_a_risk_gives_a_column_of_risks(
    model_folder: Path, made_up_features: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = made_up_features.sample(7, random_state=1)
    predicted = as_mlflow_runs_it(model_folder, rows, monkeypatch)
    assert list(predicted.columns) == ["risk"]
    assert predicted.index.equals(rows.index)
    np.testing.assert_array_equal(predicted["risk"], bundle.load(model_folder)[0].predict_proba(rows)[:, 1])


def test_a_model_of_counts_gives_a_column_of_expected_counts(
    made_up_features: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = np.random.default_rng(1).poisson(made_up_features["age"] / 30)
    model = CountRegressor(n_estimators=5, num_leaves=4, num_threads=1).fit(made_up_features, counts)
    bundle.save(model, tmp_path / "model", about={})
    predicted = as_mlflow_runs_it(tmp_path / "model", made_up_features, monkeypatch)
    assert list(predicted.columns) == ["expected_count"]
    np.testing.assert_array_equal(predicted["expected_count"], model.predict(made_up_features))
