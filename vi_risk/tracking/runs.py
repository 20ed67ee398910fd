"""One tracked run: parameters, metrics, files and the model, written to the store as a whole or marked as failed."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from vi_risk.errors import InputError
from vi_risk.tracking.killed import PROCESS, end_killed, this_process
from vi_risk.tracking.opening import opened, retried
from vi_risk.tracking.store import artifact_location

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.models import ModelSignature

_MODEL_CODE = Path(__file__).with_name("model_code.py")

# What a model needs to be loaded. Given by name because MLflow otherwise loads the model in a new process to find out.
_MODEL_REQUIREMENTS = ("vi-risk", "lightgbm", "mlflow-skinny", "numpy", "pandas", "scikit-learn")

_LONGEST_PARAMETER = 6000
_PARAMETERS_AT_ONCE = 100
_METRICS_AT_ONCE = 1000


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
    over_dates
        Metric -> its number at each of several dates, in their order; one that could not be worked out (NaN) is left
        out, and MLflow draws the others over the place of their date.
    tags
        What to search runs by.
    files
        For each folder of the run, the files to keep in it.
    model_folder
        The model bundle, as ``vi_risk.models.learning.bundle`` wrote it; None for a run that made no model.
    input_example, output_example
        A few made-up rows of features, never a patient's, and the model's answer to them: the model's signature.
    """

    experiment: str
    run_name: str
    parameters: Mapping[str, object]
    metrics: Mapping[str, float]
    over_dates: Mapping[str, Sequence[float]] = field(default_factory=dict)
    model_folder: Path | None = None
    input_example: pd.DataFrame | None = None
    output_example: pd.DataFrame | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        missing = [file for files in self.files.values() for file in files if not file.is_file()]
        if self.model_folder is not None and not self.model_folder.is_dir():
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
    with opened(tracking_uri) as client, run_in(client, run, tracking_uri) as run_id:
        write(client, run_id, run)
    return run_id


@contextmanager
def run_in(client: "MlflowClient", run: TrackedRun, tracking_uri: str) -> Iterator[str]:
    """Give the id of a new run, which `write` fills; if the block does not end well it is marked so, whatever it was.

    Runs of the same experiment whose process was killed (`vi_risk.tracking.killed`) are ended first.

    The run is marked FINISHED by `write`, when all of it is there, so that what the block does after that rests on
    a whole run.
    """
    experiment_id = _experiment_id(client, run.experiment, tracking_uri)
    end_killed(client, experiment_id)
    process = this_process()
    tags = {**run.tags, **({} if process is None else {PROCESS: process})}
    run_id = retried(lambda: client.create_run(experiment_id, run_name=run.run_name, tags=tags)).info.run_id
    try:
        yield run_id
    except BaseException as fault:
        status = "FAILED" if isinstance(fault, Exception) else "KILLED"
        with suppress(Exception):  # where the store itself has failed; what is told is why
            retried(lambda: client.set_terminated(run_id, status))
        raise


def write(client: "MlflowClient", run_id: str, run: TrackedRun) -> str | None:
    """Keep all of `run` under `run_id`, mark it FINISHED, and return the id of its model, if it has one."""
    _log_values(client, run_id, run)
    for folder, files in run.files.items():
        for file in files:
            client.log_artifact(run_id, str(file), folder)
    model_id = None if run.model_folder is None else retried(lambda: _log_model(run_id, run))
    retried(lambda: client.set_terminated(run_id, "FINISHED"))
    return model_id


def add_to_run(run_id: str, *, metrics: Mapping[str, float], tags: Mapping[str, str], tracking_uri: str) -> None:
    """Say in a run that is kept already what came of it since; a metric or tag that it has gets the new value.

    Raises
    ------
    ResourceError
        The store cannot be reached or written.
    """
    with opened(tracking_uri) as client:
        for name, value in metrics.items():
            retried(lambda name=name, value=value: client.log_metric(run_id, key(name), value))  # type: ignore[misc]
        for name, text in tags.items():
            retried(lambda name=name, text=text: client.set_tag(run_id, name, text))  # type: ignore[misc]


def key(name: str) -> str:
    """Return the name of a parameter or metric in the letters that MLflow allows.

    Examples
    --------
    >>> key("ppv at 0.5%")
    'ppv at 0.5 percent'
    """
    return re.sub(r"[^\w\-. :/]", "_", name.replace("%", " percent"))


def _experiment_id(client: "MlflowClient", name: str, tracking_uri: str) -> str:
    from mlflow.exceptions import MlflowException  # noqa: PLC0415

    def known() -> str | None:
        experiment = client.get_experiment_by_name(name)
        return None if experiment is None else str(experiment.experiment_id)

    found = retried(known)
    if found is not None:
        return found
    try:
        return str(retried(lambda: client.create_experiment(name, artifact_location=artifact_location(tracking_uri))))
    except MlflowException as fault:
        made_meanwhile = retried(known) if fault.error_code == "RESOURCE_ALREADY_EXISTS" else None
        if made_meanwhile is None:
            raise
        return made_meanwhile


def _log_values(client: "MlflowClient", run_id: str, run: TrackedRun) -> None:
    from mlflow.entities import Metric, Param  # noqa: PLC0415

    def in_turn(values: "list[Param] | list[Metric]", at_once: int, kind: str) -> None:
        for start in range(0, len(values), at_once):
            part = {kind: values[start : start + at_once]}
            retried(lambda part=part: client.log_batch(run_id, **part))  # type: ignore[misc]

    in_turn(
        [Param(key(name), str(value)[:_LONGEST_PARAMETER]) for name, value in run.parameters.items()],
        _PARAMETERS_AT_ONCE,
        "params",
    )
    begun = client.get_run(run_id).info.start_time
    numbers = [(name, 0, value) for name, value in run.metrics.items()]
    numbers += [(name, place, value) for name, values in run.over_dates.items() for place, value in enumerate(values)]
    in_turn(
        [Metric(key(name), float(value), begun, step) for name, step, value in numbers if math.isfinite(value)],
        _METRICS_AT_ONCE,
        "metrics",
    )


def _log_model(run_id: str, run: TrackedRun) -> str:
    import mlflow  # noqa: PLC0415

    # Models are logged to the active run; nested, because the caller may have a run of their own open.
    with mlflow.start_run(run_id=run_id, nested=True):
        logged = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(_MODEL_CODE),
            artifacts={"model": str(run.model_folder and run.model_folder.resolve())},  # MLflow follows no link
            signature=_signature(run),
            input_example=run.input_example,
            pip_requirements=[f"{package}=={version(package)}" for package in _MODEL_REQUIREMENTS],
        )
    return str(logged.model_id)


def _signature(run: TrackedRun) -> "ModelSignature | None":
    """Return what the model takes, by name, and what it answers.

    The features are neither typed nor required there, for the model itself refuses a column that is missing or cannot
    be read, and names it. MLflow would first refuse whole numbers and categories where it was shown decimals, and
    quote the patients' rows in its message.
    """
    from mlflow.models import ModelSignature, infer_signature  # noqa: PLC0415
    from mlflow.types.schema import AnyType, ColSpec, Schema  # noqa: PLC0415

    if run.input_example is None or run.output_example is None:
        return None
    anything = AnyType()  # type: ignore[no-untyped-call]
    features = Schema([ColSpec(anything, str(name), required=False) for name in run.input_example.columns])
    return ModelSignature(features, infer_signature(run.output_example).inputs)
