"""Model specs, learning, calibration, evidence and the model's files.

The estimators stand on their own: `RiskClassifier` and `CountRegressor` learn from any table, with no records at all.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vi_risk.models.learning.classifier import RiskClassifier
    from vi_risk.models.learning.counts import CountRegressor

# Estimator -> its module, loaded when first used, as LightGBM takes its time.
_ESTIMATORS = {
    "CountRegressor": "vi_risk.models.learning.counts",
    "RiskClassifier": "vi_risk.models.learning.classifier",
}

__all__ = ["CountRegressor", "RiskClassifier"]


def __getattr__(name: str) -> Any:
    if name not in _ESTIMATORS:
        msg = f"module 'vi_risk.models' has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(_ESTIMATORS[name]), name)
