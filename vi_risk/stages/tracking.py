"""Model and lists kept in MLflow, each in a run of its own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vi_risk.registry.keeping import keep_lists, keep_model
from vi_risk.running.progress import Report
from vi_risk.running.run_file import read_run, update_run


def track_model(folder: Path, tracking_uri: str, report: Report) -> None:
    """Keep the model with its evidence in MLflow, and register it; the same model again is the same version."""
    report.stage("Track and register the model")
    kept = keep_model(folder, tracking_uri=tracking_uri)
    version = kept.version
    report.step(f"MLflow run {kept.run_id}; {version.name} version {version.number} in the registry")
    _tracked(folder, {"run_id": kept.run_id, "name": version.name, "version": version.number})


def track_lists(folder: Path, tracking_uri: str, report: Report) -> None:
    """Keep the lists in MLflow, in a run of their own below that of the model."""
    report.stage("Track the lists")
    if not read_run(folder, needs="case_lists", command="caselist")["case_lists"]["files"]:
        report.step("none were made")
        return
    run_id = keep_lists(folder, tracking_uri=tracking_uri)
    report.step(f"MLflow run {run_id}")
    _tracked(folder, {"lists_run_id": run_id})


def _tracked(folder: Path, part: Mapping[str, Any]) -> None:
    run = read_run(folder, needs="features", command="features build")
    update_run(folder, "tracking", {**run.get("tracking", {}), **part})
