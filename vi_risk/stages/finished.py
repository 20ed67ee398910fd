"""What the stages before left in the output folder, read again; what is not there is told with the stage to run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from vi_risk.errors import InputError
from vi_risk.models import beside
from vi_risk.models.learning import bundle
from vi_risk.models.on_snapshots import Model
from vi_risk.models.snapshot_files import CATALOGUE_FILE, load_snapshots
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.spec import ModelSpec, spec_of
from vi_risk.running.checksums import refuse_others, refuse_strangers
from vi_risk.running.memory import budget
from vi_risk.running.run_file import FILES, MODEL_FOLDER, read_run


def spec_and_snapshots(folder: Path) -> tuple[ModelSpec, Snapshots]:
    """Return the spec that the features of an output folder were built for, and its snapshots.

    Raises
    ------
    InputError
        A file is missing, damaged or another than was written, or was not written with them.
    ResourceError
        The limit of memory is too small for so many people and dates.
    """
    run = read_run(folder, needs="features", command="features build")
    snapshots = load_snapshots(folder, run["features"])
    of_features = [name for name in FILES["features"] if name != CATALOGUE_FILE]  # it has a fingerprint of its own
    refuse_strangers(folder, run["features"].get("checksums", {}), of_features, command="features build")
    budget().refuse_too_small(len(snapshots.cohort))
    return spec_of(run), snapshots


def model_in(folder: Path) -> tuple[Model, dict[str, Any]]:
    """Return the model of an output folder, and the content of its run.json.

    Raises
    ------
    InputError
        There is none, it is damaged, or it is another than run.json says.
    """
    run = read_run(folder, needs="model", command="train")
    where = folder / MODEL_FOLDER
    model, _ = bundle.load_any(where)
    if bundle.checksum_of(where) != run["model"]["checksum"]:
        msg = (
            f"{MODEL_FOLDER}: expected the model {run['model']['checksum'][:12]} that run.json tells of, found another."
            " Copy the whole output folder again, or run `vi-risk train` with the same --out again."
        )
        raise InputError(msg)
    return model, run


def companions_in(folder: Path, run: Mapping[str, Any]) -> dict[str, Model]:
    """Return the models that stand beside the main one, by name, each the one that was trained with it.

    Raises
    ------
    InputError
        One is missing, damaged or another; or run.json tells of some that the model, saved by an earlier version of
        vi_risk, does not vouch for.
    """
    where = folder / MODEL_FOLDER
    named = run["model"].get("companions") or ()
    if named and beside.sealed_companions(where) is None:
        msg = (
            f"{MODEL_FOLDER}: {', '.join(named)}: cannot be told from other models put in their place, for the"
            " model was saved before companions were sealed with it. Train and evaluate it again; a registered version"
            " needs a new one: `vi-risk train`, `vi-risk evaluate`, `vi-risk promote`."
        )
        raise InputError(msg)
    return beside.load_companions(where)


def scored(folder: Path, name: str) -> pd.DataFrame:
    """Return a table that the stage of scores leaves.

    Raises
    ------
    InputError
        Nobody is scored yet, or the file is missing, damaged or another than run.json says.
    """
    run = read_run(folder, needs="scores", command="score")
    path = folder / name
    if path.is_file():
        written = {name: run["scores"].get("checksums", {}).get(name)}
        refuse_others(folder, written, when="everyone was scored", command="score")
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError):
        msg = f"{name}: is missing or damaged. Run `vi-risk score` with the same --out again."
        raise InputError(msg) from None
