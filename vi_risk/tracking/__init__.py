"""Every run kept: what was asked, what came out and the model itself, in MLflow. Nothing else here knows MLflow."""

from vi_risk.tracking.runs import TrackedRun, track_run
from vi_risk.tracking.store import DEFAULT_TRACKING_URI, check_store

__all__ = ["DEFAULT_TRACKING_URI", "TrackedRun", "check_store", "track_run"]
