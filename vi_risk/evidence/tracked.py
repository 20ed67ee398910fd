"""What a tracked run is asked and what came out, by flat names, as MLflow keeps them."""

from collections.abc import Iterator, Mapping
from typing import Any


def metrics_of(evaluation: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers of evaluation.json by a flat name: the model's plain, the others' with theirs before.

    Of the comparators, who is found at capacity alone: MLflow takes a thousand numbers at a time. Of places held out,
    what they come to together. Groups of patients are on the card alone.
    """
    found = dict(_numbers(evaluation["model"]))
    for name, performance in evaluation["comparators"].items():
        at = {place: found_there for place, found_there in performance.get("at", {}).items() if place == "capacity"}
        found |= {f"{name}.{key}": value for key, value in _numbers({**performance, "at": at})}
    for key, value in _numbers(evaluation.get("truth", {})):
        found[key if key == "share_of_best" else f"truth_{key}"] = value
    for band, performance in (evaluation.get("by_age") or {}).items():
        found |= {f"age {_named(band)}.{key}": value for key, value in _numbers(performance)}
    decay = (evaluation.get("score_decay") or {}).get("at_risk", {})
    found |= {f"score_decay.{key}": value for key, value in _numbers(decay)}
    for name, companion in (evaluation.get("companions") or {}).items():
        found |= {f"companion.{name}.{key}": value for key, value in _numbers(companion)}
    for by, held_out in (evaluation.get("held_out") or {}).items():
        found |= {f"held_out.{by}.{key}": value for key, value in _numbers(held_out.get("summary") or {})}
    return found


def _named(band: str) -> str:
    """Return a band of age in letters that MLflow allows."""
    return band.replace("+", " and over")


def _numbers(content: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, float]]:
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{before}{key}.")
        elif isinstance(value, int | float):
            yield f"{before}{key}", float(value)


def parameters_of(run: Mapping[str, Any]) -> dict[str, object]:
    """Return what a run was asked, by flat names; of companions, their names."""
    spec = dict(run["spec"])
    companions = ", ".join(str(other["name"]) for other in spec.pop("companions", None) or ())
    flat = dict(_flat({**spec, "companions": companions} if companions else spec))
    return flat | {
        "capacity": run["evaluation"]["capacity"],
        "records": run["records"]["source"],
        "mapping": run["records"]["mapping"],
        "index_dates": run["features"]["index_dates"],
        "cohort_flow": run["features"]["flow"],
        **{f"version.{package}": number for package, number in run["versions"].items()},
    }


def _flat(content: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, object]]:
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value
