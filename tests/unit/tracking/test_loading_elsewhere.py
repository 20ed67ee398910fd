"""The model loads where there is MLflow and LightGBM, and neither this project's command line nor its engine."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vi_risk.models.learning.classifier import RiskClassifier
from vi_risk.tracking import TrackedRun, track_and_register

PROGRAM = """
import json, sys

class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("typer", "duckdb", "ibis", "pandera", "shap", "xlsxwriter") or name == "vi_risk.cli":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NotInstalled())
import mlflow, pandas

uri, place = sys.argv[1:]
mlflow.set_tracking_uri(uri)
model = mlflow.pyfunc.load_model("models:/loaded_elsewhere/1")
rows = pandas.read_json(place, orient="split", dtype={"sex": str}, convert_dates=False)
told = {"risk": model.predict(rows[sorted(rows.columns)])["risk"].tolist()}
try:
    model.predict(rows.drop(columns="age"))
except Exception as refused:
    told["refused"] = str(refused)
print(json.dumps(told))
"""


@pytest.mark.slow
def test_a_process_without_the_command_line_and_the_engine_predicts_from_raw_features(
    tracked_run: TrackedRun,
    fitted: RiskClassifier,
    made_up_features: pd.DataFrame,
    tracking_uri: str,
    tmp_path: Path,
) -> None:
    track_and_register(tracked_run, name="loaded_elsewhere", checksum="a", tags={}, tracking_uri=tracking_uri)
    rows = made_up_features.head(20)
    rows.to_json(tmp_path / "rows.json", orient="split")

    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, tracking_uri, str(tmp_path / "rows.json")],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip

    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout.splitlines()[-1])
    np.testing.assert_allclose(told["risk"], fitted.predict_proba(rows)[:, 1], rtol=0, atol=1e-12)
    assert "columns are missing: age" in told["refused"]
