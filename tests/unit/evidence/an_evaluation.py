"""An evaluation of a run, as small as can be, with the truth of a synthetic trust beside it."""

from typing import Any

MODEL = {"auroc": 0.762, "auroc_interval": [0.74, 0.78], "n": 100, "at": {"capacity": {"ppv": 0.5}}}
TRUTH = {
    "n": 99,
    "auroc": 0.828,
    "auroc_interval": [0.81, 0.84],
    "model_auroc": 0.761,
    "share_of_best": 0.796,
    "share_of_best_interval": [0.75, 0.84],
    "correlation": 0.82,
    "mean_absolute_difference": 0.038,
    "tenths": [{"n": 99, "mean_risk": 0.1, "mean_true_risk": 0.1}],
}


def evaluation(**truth: Any) -> dict[str, Any]:
    return {"model": MODEL, "comparators": {"age": {"auroc": 0.6}}, "truth": TRUTH | truth}
