"""A monitoring run kept: its page and its numbers in a folder, and both in MLflow beside the runs of the model."""

from collections.abc import Iterator
from pathlib import Path

from vi_risk.monitoring.page import write_monitor_page
from vi_risk.monitoring.told import told
from vi_risk.monitoring.watching import Monitored
from vi_risk.running.files import remove
from vi_risk.running.run_file import write_json
from vi_risk.tracking import TrackedRun, track_run, version_of_content

MONITOR_PAGE, MONITOR_FILE = "monitor.html", "monitor.json"
OWNED = (MONITOR_PAGE, MONITOR_FILE)


def write(found: Monitored, folder: Path) -> None:
    """Write the page and monitor.json into a folder."""
    for name in OWNED:
        remove(folder / name)
    write_json(folder / MONITOR_FILE, told(found))
    write_monitor_page(found, folder / MONITOR_PAGE)


def keep_monitored(found: Monitored, folder: Path, *, tracking_uri: str) -> str:
    """Return the id of the MLflow run that now holds what was found, below the run of its model where that is known.

    Raises
    ------
    ResourceError
        The store cannot be reached or written.
    """
    watched, judged = found.watched, found.judged
    version = version_of_content(watched.spec.name, watched.checksum, tracking_uri=tracking_uri)
    of_model = (
        {}
        if version is None
        else {"registered": f"{version.name} {version.number}", "mlflow.parentRunId": version.run_id}
    )
    return track_run(
        TrackedRun(
            experiment=watched.spec.outcome,
            run_name=f"{watched.spec.name} {found.today} monitor",
            parameters={
                "index_date": found.today.isoformat(),
                "list_date": watched.list_date.isoformat(),
                "against": watched.against,
                **{f"monitoring.{name}": value for name, value in watched.spec.monitoring.model_dump().items()},
            },
            metrics=dict(_metrics(found)),
            tags={"kind": "monitor", "verdict": judged.verdict, "model_version": watched.version, **of_model},
            files={"monitor": tuple(folder / name for name in OWNED)},
        ),
        tracking_uri=tracking_uri,
    )


def _metrics(found: Monitored) -> Iterator[tuple[str, float]]:
    content = told(found)
    yield "limits_passed", float(len(content["passed"]))
    yield "features_moved", float(sum(bool(one["passed"]) for one in content["features"].values()))
    yield "score.psi", content["score"]["psi"]
    for one in reversed(content["windows"]):  # the latest of a problem is written last, and stays
        for figure in ("observed_over_expected", "slope", "auroc"):
            if one[figure] is not None:
                yield f"{one['name']}.{figure}", one[figure]["value"]
