"""One small model for all tests of tracking."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from vi_risk.models.learning import bundle
from vi_risk.models.learning.classifier import RiskClassifier
from vi_risk.tracking import TrackedRun


@pytest.fixture(scope="session")
def made_up_features() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 95, 400),
            "days_since_last_admission": np.where(rng.random(400) < 0.5, np.nan, rng.integers(1, 700, 400)),
            "care_home": rng.random(400) < 0.1,
            "sex": pd.Categorical(rng.choice(["1", "2"], 400)),
        }
    )


@pytest.fixture(scope="session")
def fitted(made_up_features: pd.DataFrame) -> RiskClassifier:
    outcome = made_up_features["age"].to_numpy() + np.random.default_rng(12).normal(0, 20, 400) > 65
    return RiskClassifier(n_estimators=5, num_leaves=4, seed=1, num_threads=1).fit(made_up_features, outcome)


@pytest.fixture(scope="session")
def model_folder(fitted: RiskClassifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "model"
    bundle.save(fitted, folder, about={"target": "emergency_admission_12m"})
    return folder


@pytest.fixture(scope="session")
def tracked_run(
    fitted: RiskClassifier,
    model_folder: Path,
    made_up_features: pd.DataFrame,
    tmp_path_factory: pytest.TempPathFactory,
) -> TrackedRun:
    card = tmp_path_factory.mktemp("out") / "model_card.html"
    card.write_text("<h1>Model card</h1>")
    example = made_up_features.head(3)
    return TrackedRun(
        experiment="emergency_admission_12m",
        run_name="demo 2026-04-01",
        parameters={"n_estimators": 5, "index_dates": ["2024-04-01", "2025-04-01"]},
        metrics={"auroc": 0.78, "ppv at 0.5%": 0.41, "calibration_slope": float("nan")},
        tags={"index_date": "2026-04-01"},
        files={"card": (card,)},
        model_folder=model_folder,
        input_example=example,
        output_example=pd.DataFrame({"risk": fitted.predict_proba(example)[:, 1]}),
    )
