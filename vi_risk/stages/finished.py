"""What the stages before left in the output folder, read again; what is not there is told with the stage to run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from vi_risk.errors import InputError
from vi_risk.models.learning import bundle
from vi_risk.models.on_snapshots import Model
from vi_risk.models.snapshot_files import load_snapshots
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.spec import ModelSpec, spec_of
from vi_risk.run_file import MODEL_FOLDER, read_run


def spec_and_snapshots(folder: Path) -> tuple[ModelSpec, Snapshots]:
    """Return the spec that the features of an output folder were built for, and its snapshots."""
    run = read_run(folder, needs="features", command="features build")
    return spec_of(run), load_snapshots(folder, run["features"])


def model_in(folder: Path) -> tuple[Model, dict[str, Any]]:
    """Return the model of an output folder, and the content of its run.json."""
    run = read_run(folder, needs="model", command="train")
    model, _ = bundle.load_any(folder / MODEL_FOLDER)
    return model, run


def companions_in(folder: Path, run: Mapping[str, Any]) -> dict[str, Model]:
    """Return the models that stand beside the main one, by name."""
    return {name: bundle.load_any(companion_folder(folder, name))[0] for name in run["model"].get("companions", ())}


def companion_folder(folder: Path, name: str) -> Path:
    """Return where in an output folder a companion's model is kept."""
    return folder / MODEL_FOLDER / "companions" / name


def scored(folder: Path, name: str) -> pd.DataFrame:
    """Return a table that the stage of scores leaves.

    Raises
    ------
    InputError
        Nobody is scored yet, or the file is missing or damaged.
    """
    read_run(folder, needs="scores", command="score")
    try:
        return pd.read_parquet(folder / name)
    except (OSError, ValueError):
        msg = f"{name}: is missing or damaged. Run `vi-risk score` with the same --out again."
        raise InputError(msg) from None
