"""Every run kept: what was asked, what came out and the model itself, in MLflow. Nothing else here knows MLflow."""

from vi_risk.tracking.champions import Move, champions_before, moves_of, set_champion
from vi_risk.tracking.opening import check_store
from vi_risk.tracking.registry import (
    Registered,
    Version,
    champion_of,
    fetch,
    track_and_register,
    version_of,
    version_of_content,
    versions_of,
)
from vi_risk.tracking.runs import TrackedRun, add_to_run, track_run
from vi_risk.tracking.store import DEFAULT_TRACKING_URI

__all__ = [
    "DEFAULT_TRACKING_URI",
    "Move",
    "Registered",
    "TrackedRun",
    "Version",
    "add_to_run",
    "champion_of",
    "champions_before",
    "check_store",
    "fetch",
    "moves_of",
    "set_champion",
    "track_and_register",
    "track_run",
    "version_of",
    "version_of_content",
    "versions_of",
]
