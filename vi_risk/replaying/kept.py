"""A replay kept in MLflow: its page, its JSON and its figures over the dates, as others than the team may see them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vi_risk.replaying.asked import ReplayRequest
from vi_risk.replaying.replay import PAGE, REPORT
from vi_risk.replaying.report import ReplayReport
from vi_risk.tracking import TrackedRun, track_run

_FIGURES = ("auroc", "calibration_slope", "calibration_in_the_large", "ppv", "true_cases", "rule_true_cases", "new")


def keep_replay(report: ReplayReport, request: ReplayRequest, *, tracking_uri: str) -> str:
    """Return the id of the MLflow run that now holds what a replay found; who was listed stays in its folder.

    A figure that is told at each date has the place of the date among those that were run as its step.

    Raises
    ------
    ResourceError
        The store cannot be reached or written.
    """
    told, spec = report.disclosed(), request.spec
    days = [one["day"] for one in told["dates"]]
    return track_run(
        TrackedRun(
            experiment=spec.outcome,
            run_name=f"{spec.name} {days[0]} to {days[-1]} replay",
            parameters={
                "model": spec.name,
                "every": request.every,
                "dates": " ".join(days),
                "dates_not_run": " ".join(one["day"] for one in told["not_run"]),
                "places": request.places,
                "reviews_treated_as": report.treated_as,
                "fewer_than": report.rule.fewer_than,
                "round_to": report.rule.round_to,
            },
            metrics=dict(_metrics(told)),
            over_dates=dict(_over_dates(told)),
            tags={"kind": "replay"},
            files={"replay": tuple(Path(request.out) / name for name in (PAGE, REPORT))},
        ),
        tracking_uri=tracking_uri,
    )


def _metrics(told: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    yield "dates", float(len(told["dates"]))
    yield "dates_not_run", float(len(told["not_run"]))
    for one in told["delays"]:
        if one["lost"] is not None:
            yield f"true_cases_lost.{one['months']}_months_late", float(one["lost"])
    if told["each_month_late"] is not None:
        yield "true_cases_lost.each_month_late", float(told["each_month_late"]["lost"])


def _over_dates(told: Mapping[str, Any]) -> Iterator[tuple[str, list[float]]]:
    for name in _FIGURES:
        yield name, [_number(one.get(name)) for one in told["dates"]]
    # The first list has none before it.
    for name in ("stayed", "new", "returned"):
        yield f"churn.{name}", [float("nan"), *(_number(one[name]) for one in told["churn"])]


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
