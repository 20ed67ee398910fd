"""Small output folders as the stages leave them, made of numbers: a model that is good, one that is weak, others."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vi_risk.cohort.index_dates import IndexDates
from vi_risk.features.catalogue import Catalogue, read_catalogue
from vi_risk.models.learning import bundle
from vi_risk.models.learning.classifier import RiskClassifier
from vi_risk.models.learning.counts import CountRegressor
from vi_risk.models.snapshot_files import save_snapshots
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.spec import ModelSpec
from vi_risk.running.run_file import write_json

TELLING, NOISE = "emergency_admissions_365d", "outpatient_attended_365d"
DATES = IndexDates(date(2025, 1, 1), date(2024, 1, 1), (date(2022, 10, 2), date(2023, 1, 1)))
PATIENTS, CAPACITY = 1200, 30

MakeOut = Callable[..., Path]


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    shipped = read_catalogue()
    names = {"emergency_admissions", "outpatient_attended"}
    return Catalogue(tuple(one for one in shipped.definitions if one.name in names), shipped.codelists)


@pytest.fixture(scope="session")
def make_out(catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> MakeOut:
    """Make an output folder in which a model was trained and evaluated.

    The good model reads what tells the outcome, the weak one what does not; `slope` is what evaluation.json says of
    its calibration. A model of counts expects twice the outcome.
    """

    def made(
        name: str,
        *,
        inputs: tuple[str, ...] = (TELLING, NOISE),
        slope: float = 1.0,
        dates: IndexDates = DATES,
        declared: Catalogue = catalogue,
        horizon_days: int = 365,
        seed: int = 1,
        counts: bool = False,
    ) -> Path:
        folder = tmp_path_factory.mktemp("made") / "out"
        folder.mkdir()
        spec = ModelSpec.model_validate(
            {
                "name": name,
                "title": "Emergency admission in the next 12 months",
                "outcome": "emergency_admissions_count" if counts else "emergency_admission",
                "outcome_words": "an emergency admission in the next 12 months",
                "horizon_days": horizon_days,
                "learner": {
                    "objective": "poisson" if counts else "binary",
                    "n_estimators": 20,
                    "num_leaves": 4,
                    "min_child_samples": 20,
                    "num_threads": 1,
                },
            }
        )
        snapshots = _snapshots(declared, dates)
        if counts:
            snapshots.cohort["outcome"] *= 2
        about = save_snapshots(snapshots, folder)
        cohort, features = snapshots.rows("train")
        model = (CountRegressor if counts else RiskClassifier)(
            n_estimators=20, num_leaves=4, learning_rate=0.1, min_child_samples=20, num_threads=1, seed=seed
        ).fit(features[list(inputs)], cohort["outcome"].to_numpy(), groups=cohort["patient_id"].to_numpy())
        checksum = bundle.save(model, folder / "model", about={"spec": spec.model_dump(mode="json")})
        evaluation = {
            **({"kind": "count"} if counts else {}),
            "model": {
                "n": PATIENTS,
                **({"total": 700.0} if counts else {"events": 350}),
                "auroc": 0.75,
                "calibration_slope": slope,
                **({"observed_over_expected": 1.01} if counts else {"calibration_in_the_large": 0.01}),
                "at": {"capacity": {"n": 60, "true_cases": 31}},
            },
            "comparators": {},
        }
        write_json(folder / "evaluation.json", evaluation)
        for card in ("model_card.html", "model_card.md"):
            (folder / card).write_text(f"Model card of {checksum[:12]}")
        (folder / "plots").mkdir()
        (folder / "plots" / "reliability.png").write_bytes(b"\x89PNG")
        run = {
            "versions": {"python": "3.11"},
            "spec": spec.model_dump(mode="json"),
            "records": {
                "source": "made up", "mapping": "canonical", "fingerprints": {"spells": "f00d"}, "rows": {},
                "warnings": [],
            },
            "features": about,
            "model": {
                "version": checksum[:12], "checksum": checksum, "features": list(inputs), "companions": [],
            },
            "evaluation": {"capacity": CAPACITY, "auroc": 0.75},
        }  # fmt: skip
        write_json(folder / "run.json", run)
        return folder

    return made


def _snapshots(catalogue: Catalogue, dates: IndexDates) -> Snapshots:
    generator = np.random.default_rng(5)
    cohorts, tables = [], []
    for role, day in (*(("train", day) for day in dates.train), ("test", dates.test), ("list", dates.list_date)):
        admissions = generator.poisson(0.7, PATIENTS)
        risk = 1 / (1 + np.exp(2.0 - 1.2 * admissions))
        cohorts.append(
            pd.DataFrame(
                {
                    "patient_id": [f"p{number:05d}" for number in range(PATIENTS)],
                    "index_date": pd.Timestamp(day),
                    "role": role,
                    "practice_code": np.where(np.arange(PATIENTS) % 2, "A", "B"),
                    "outcome": np.nan if role == "list" else (generator.random(PATIENTS) < risk).astype(float),
                    "weight": np.nan if role == "list" else 1.0,
                }
            )
        )
        values = {TELLING: admissions.astype(float), NOISE: generator.poisson(2, PATIENTS).astype(float)}
        tables.append(cohorts[-1][["patient_id", "index_date"]].assign(**values))
    return Snapshots(
        index_dates=dates,
        windows={},
        flow=[],
        notes=(),
        data_to={},
        practices={},
        catalogue=catalogue,
        features=pd.concat(tables, ignore_index=True),
        cohort=pd.concat(cohorts, ignore_index=True),
    )


def run_of(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return content
