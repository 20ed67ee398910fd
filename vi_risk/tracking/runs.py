"""One tracked run: parameters, metrics, files and the model, written to the store as a whole or marked as failed."""

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from vi_risk.errors import InputError, ResourceError
from vi_risk.tracking.quiet import quiet_mlflow
from vi_risk.tracking.store import artifact_location, check_store, rooted, shown, sqlite_file

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.types import Schema

_MODEL_CODE = Path(__file__).with_name("model_code.py")

# What a model needs to be loaded. Given by name because MLflow otherwise loads the model in a new process to find out.
_MODEL_REQUIREMENTS = ("vi-risk", "lightgbm", "mlflow", "numpy", "pandas", "scikit-learn")

_LONGEST_PARAMETER = 6000
_PARAMETERS_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedRun:
    """What is kept of one run.

    Attributes
    ----------
    experiment
        The outcome that is predicted; its runs stand side by side in MLflow.
    run_name
        What this run is called there.
    parameters
        What was asked for. A value is kept as text, its first 6,000 characters.
    metrics
        What came out, as numbers. A metric that could not be worked out (NaN) is left out.
    tags
        What to search runs by.
    files
        For each folder of the run, the files to keep in it.
    model_folder
        The model bundle, as ``vi_risk.models.bundle`` wrote it.
    input_example, output_example
        A few made-up rows of features, never a patient's, and the model's answer to them: the model's signature.
    """

    experiment: str
    run_name: str
    parameters: Mapping[str, object]
    metrics: Mapping[str, float]
    model_folder: Path
    input_example: pd.DataFrame
    output_example: pd.DataFrame
    tags: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        missing = [file for files in self.files.values() for file in files if not file.is_file()]
        if not self.model_folder.is_dir():
            missing.append(self.model_folder)
        if missing:
            msg = (
                f"run {self.run_name}: expected files of the stages before to keep with it, did not find: "
                f"{', '.join(map(str, missing))}. Run those stages again."
            )
            raise InputError(msg)


def track_run(run: TrackedRun, *, tracking_uri: str) -> str:
    """Return the id of the run in MLflow, where all of `run` is now kept.

    A run that fails on the way is marked FAILED there (KILLED if it was interrupted), never FINISHED.

    Raises
    ------
    UsageError
        The tracking URI names no kind of store.
    ResourceError
        The store cannot be reached or written, or belongs to another version of MLflow.
    """
    check_store(tracking_uri)
    tracking_uri = rooted(tracking_uri)
    with quiet_mlflow(tracking_uri), _told_as_resource_error(tracking_uri):
        _make_folder(tracking_uri)
        import mlflow  # noqa: PLC0415

        client = mlflow.MlflowClient(tracking_uri=tracking_uri)
        experiment_id = _experiment_id(client, run.experiment, tracking_uri)
        run_id: str = client.create_run(experiment_id, run_name=run.run_name, tags=dict(run.tags)).info.run_id
        status = "KILLED"
        try:
            _log_values(client, run_id, run)
            for folder, files in run.files.items():
                for file in files:
                    client.log_artifact(run_id, str(file), folder)
            _log_model(run_id, run)
            status = "FINISHED"
        except Exception:
            status = "FAILED"
            raise
        finally:
            client.set_terminated(run_id, status)
    return run_id


def key(name: str) -> str:
    """Return the name of a parameter or metric in the letters that MLflow allows.

    Examples
    --------
    >>> key("ppv at 0.5%")
    'ppv at 0.5 percent'
    """
    return re.sub(r"[^\w\-. :/]", "_", name.replace("%", " percent"))


def _make_folder(tracking_uri: str) -> None:
    database = sqlite_file(tracking_uri)
    if database is not None:
        database.parent.mkdir(parents=True, exist_ok=True)


def _experiment_id(client: "MlflowClient", name: str, tracking_uri: str) -> str:
    experiment = client.get_experiment_by_name(name)
    if experiment is not None:
        return str(experiment.experiment_id)
    return str(client.create_experiment(name, artifact_location=artifact_location(tracking_uri)))


def _log_values(client: "MlflowClient", run_id: str, run: TrackedRun) -> None:
    from mlflow.entities import Param  # noqa: PLC0415

    parameters = [Param(key(name), str(value)[:_LONGEST_PARAMETER]) for name, value in run.parameters.items()]
    for start in range(0, len(parameters), _PARAMETERS_AT_ONCE):
        client.log_batch(run_id, params=parameters[start : start + _PARAMETERS_AT_ONCE])
    for name, value in run.metrics.items():
        if not math.isnan(value):
            client.log_metric(run_id, key(name), float(value))


def _log_model(run_id: str, run: TrackedRun) -> None:
    import mlflow  # noqa: PLC0415
    from mlflow.models import ModelSignature, infer_signature  # noqa: PLC0415

    signature = ModelSignature(_features(run.input_example), infer_signature(run.output_example).inputs)
    # Models are logged to the active run; nested, because the caller may have a run of their own open.
    with mlflow.start_run(run_id=run_id, nested=True):
        mlflow.pyfunc.log_model(
            name="model",
            python_model=str(_MODEL_CODE),
            artifacts={"model": str(run.model_folder)},
            signature=signature,
            pip_requirements=[f"{package}=={version(package)}" for package in _MODEL_REQUIREMENTS],
        )


def _features(example: pd.DataFrame) -> "Schema":
    """Return what the model takes: every feature, as a decimal number (counts may be missing) or as text (categories).

    MLflow would infer the types of these very rows, and then refuse a count that is missing for the next patient.
    """
    from mlflow.types import ColSpec, DataType, Schema  # noqa: PLC0415

    kinds = {
        name: DataType.string if isinstance(dtype, pd.CategoricalDtype) else DataType.double
        for name, dtype in example.dtypes.items()
    }
    return Schema([ColSpec(kind, str(name)) for name, kind in kinds.items()])


@contextmanager
def _told_as_resource_error(tracking_uri: str) -> Iterator[None]:
    """Tell the kind of fault only: what MLflow and databases say is long, and may hold passwords and values."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    where = f"--tracking-uri: {shown(tracking_uri)}"
    other = "Or name another store: --tracking-uri sqlite:///FOLDER/FILE.db."
    try:
        yield
    except ModuleNotFoundError as fault:
        msg = f"{where}: expected the Python package {fault.name} for such a store, found none. Install it. {other}"
        raise ResourceError(msg) from None
    except (MlflowException, SQLAlchemyError, OSError) as fault:
        if "out-of-date database schema" in str(fault):
            msg = (
                f"{where}: expected a store of MLflow {version('mlflow')}, found one that another version wrote. "
                f"If it is older, copy it and run: .venv/bin/mlflow db upgrade {shown(tracking_uri)}. {other}"
            )
            raise ResourceError(msg) from None
        kind = getattr(fault, "error_code", None) or type(fault).__name__
        msg = (
            f"{where}: the run could not be kept there ({kind}). "
            f"Check that it is reachable and can be written, and that its disk is not full. {other}"
        )
        raise ResourceError(msg) from None
