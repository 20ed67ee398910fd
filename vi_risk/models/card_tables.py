"""The tables and lines of the model card, as texts and places on a page, from the content of evaluation.json."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vi_risk.models.templates import plain_words

NOT_ESTIMATED = "not estimated"
THIS_MODEL = "This model"
_AXIS_ENDS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)  # of the net benefit; a fifth of each is a round figure
_SHOWN_THRESHOLDS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4)
_PER = 1000  # people, for the net benefit


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: what it is about, a quieter line below that, and its texts."""

    title: str
    reading: str
    texts: Sequence[str]


COMPARED = (
    "AUROC (c-statistic), 95 % interval",
    "This model's AUROC less this one's",
    "AUPRC",
    "Scaled Brier score",
    "Calibration slope",
    "PPV in the case lists",
    "Sensitivity of the case lists",
)


def compared_rows(evaluation: Mapping[str, Any]) -> list[Row]:
    """Return the model and every comparator beside one another, then those that could not be computed."""
    notes = evaluation.get("comparator_notes", {})
    rows = [Row(THIS_MODEL, "", _compared(evaluation["model"], "–"))]  # noqa: RUF001 -- a dash where nothing is to be said
    rows += [
        Row(plain_words(name), notes.get(name, ""), _compared(column, _difference(column)))
        for name, column in evaluation["comparators"].items()
    ]
    return rows + [
        Row(plain_words(name), note, [""] * len(COMPARED))
        for name, note in notes.items()
        if name not in evaluation["comparators"]
    ]


def _compared(column: Mapping[str, Any], difference: str) -> list[str]:
    listed = column["at"].get("capacity", {})
    return [
        with_interval(column["auroc"], column.get("auroc_interval")),
        difference,
        decimals(column["auprc"]),
        decimals(column.get("scaled_brier")),
        decimals(column["calibration_slope"], 2),
        share(listed.get("ppv")),
        share(listed.get("sensitivity")),
    ]


def _difference(column: Mapping[str, Any]) -> str:
    difference = column.get("difference", {}).get("auroc")
    return NOT_ESTIMATED if difference is None else with_interval(difference["value"], difference["interval"])


def performance_rows(evaluation: Mapping[str, Any]) -> list[Row]:
    """Return every figure of the model over all people tested, with its interval."""
    model = evaluation["model"]
    intervals = model.get("intervals", {})

    def figure(name: str, places: int = 3) -> list[str]:
        return [with_interval(model.get(name), intervals.get(name), places)]

    return [
        Row("People tested", "", [count(model["n"])]),
        Row("Had the outcome", "", [_events(model)]),
        Row(
            "AUROC (c-statistic)", "0.5 is chance, 1 perfect", [with_interval(model["auroc"], model["auroc_interval"])]
        ),
        Row("AUPRC", "chance gives the share who had the outcome", figure("auprc")),
        Row("Brier score", "0 is perfect", figure("brier", 4)),
        Row("Scaled Brier score", "1 is perfect; 0 is the same risk for everyone", figure("scaled_brier")),
        Row(
            "Expected over observed outcomes",
            "1 is perfect; above 1, risks are too high",
            figure("expected_over_observed", 2),
        ),
        Row(
            "Calibration in the large",
            "0 is perfect; above 0, risks are too low",
            figure("calibration_in_the_large", 2),
        ),
        Row("Calibration slope", "1 is perfect; below 1, risks are too extreme", figure("calibration_slope", 2)),
        Row(
            "Integrated calibration index",
            "mean distance of risks from the curve of what was observed; 0 is perfect",
            [decimals(model.get("integrated_calibration_index"), 4)],
        ),
    ]


FOUND = ("People", "PPV, 95 % interval", "Sensitivity, 95 % interval", "Reviewed for each found", "Lift")


def found_rows(evaluation: Mapping[str, Any]) -> list[Row]:
    """Return who is found among the top shares by this model, and on the case lists."""
    model = evaluation["model"]
    intervals = model.get("intervals", {})
    return [
        Row(
            "The case lists" if place == "capacity" else f"Top {place.replace('%', ' %')}",
            "",
            [
                count(found["n"]),
                share(found["ppv"], intervals.get(f"ppv.{place}")),
                share(found["sensitivity"], intervals.get(f"sensitivity.{place}")),
                decimals(found.get("number_needed_to_review"), 1),
                decimals(found.get("lift"), 1),
            ],
        )
        for place, found in model["at"].items()
    ]


def finds_table(evaluation: Mapping[str, Any]) -> tuple[list[str], list[Row]]:
    """Return how true cases on the lists may have been known, and by predictor how many were not; or nothing."""
    columns = {THIS_MODEL: evaluation["model"]}
    columns |= {plain_words(name): column for name, column in evaluation["comparators"].items()}
    told = {name: finds for name, column in columns.items() if (finds := column.get("incremental_finds"))}
    if not told:
        return [], []
    ways = list(next(iter(told.values()))["not_known_by"])
    return ways, [
        Row(
            name,
            "",
            [
                count(finds["true_cases"]),
                *(_part(finds["not_known_by"][way], finds["true_cases"]) for way in ways),
                _part(finds["new"], finds["true_cases"]),
            ],
        )
        for name, finds in told.items()
    ]


SUBGROUP = (
    "People",
    "Outcomes (of all)",
    "Listed (of all)",
    "Had the outcome",
    "Mean risk given",
    "AUROC, 95 % interval",
    "Calibration in the large, 95 % interval",
    "PPV in the lists, 95 % interval",
    "Outcomes not listed, 95 % interval",
)


def subgroup_rows(evaluation: Mapping[str, Any]) -> dict[str, list[Row]]:
    """Return attribute -> a row for each group; what is too small to tell says so."""
    return {
        attribute: [Row(label, "", _subgroup(group)) for label, group in groups.items()]
        for attribute, groups in evaluation.get("subgroups", {}).items()
    }


def _subgroup(group: Mapping[str, Any]) -> list[str]:
    if group["n"] is None:
        return ["too few to tell", *[""] * (len(SUBGROUP) - 1)]
    return [
        count(group["n"]),
        f"{count(group['events'])} ({share(group['share_of_outcomes'])})",
        f"{count(group['listed'])} ({share(group['share_of_listed'])})",
        share(group["observed"]),
        share(group["mean_risk"]),
        with_interval(group["auroc"], group["auroc_interval"]),
        with_interval(group["calibration_in_the_large"], group["calibration_in_the_large_interval"], 2),
        share(group["ppv"], group["ppv_interval"], otherwise="too few"),
        share(group["false_negative_rate"], group["false_negative_rate_interval"], otherwise="too few"),
    ]


def truth_rows(evaluation: Mapping[str, Any]) -> list[Row]:
    """Return how near the model comes to the true risk; nothing where it was not given."""
    if "truth" not in evaluation:
        return []
    truth = evaluation["truth"]
    best = "Share of the best attainable, 95 % interval"
    return [
        Row("People whose true risk is known", "", [count(truth["n"])]),
        Row(
            "AUROC of the true risk, 95 % interval",
            "the best attainable but for chance",
            [with_interval(truth["auroc"], truth["auroc_interval"])],
        ),
        Row("AUROC of this model", "on the same people", [decimals(truth["model_auroc"])]),
        Row(
            best,
            "of what lies above 0.5; 1 is perfect",
            [with_interval(truth["share_of_best"], truth["share_of_best_interval"])],
        ),
        Row("Correlation with the true risk", "1 is perfect", [decimals(truth["correlation"])]),
        Row("Mean absolute difference from the true risk", "0 is perfect", [share(truth["mean_absolute_difference"])]),
    ]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the decision curve: whose, of which kind, and its points as an SVG path writes them."""

    title: str
    kind: str
    points: str


@dataclass(frozen=True, slots=True)
class DecisionPlot:
    """The decision curve as it is drawn and as a table.

    The plot ends at `top` above and a fifth of it below nought, and at `right` in risk.
    """

    top: float
    right: float
    lines: Sequence[Line]
    thresholds: Sequence[str]
    rows: Sequence[Row]
    list_threshold: str


def decision_plot(evaluation: Mapping[str, Any]) -> DecisionPlot | None:
    """Return the net benefit of the model, of comparators and of listing everyone, per 1,000 people."""
    curve = evaluation.get("decision_curve")
    if curve is None:
        return None
    at = curve["thresholds"]
    curves = [
        *((plain_words(name), "other", values) for name, values in curve["comparators"].items()),
        ("Everyone listed", "everyone", curve["all"]),
        (THIS_MODEL, "model", curve["model"]),
    ]
    highest = max(max(values) for _, _, values in curves)
    top = next(end for end in _AXIS_ENDS if end >= highest or end == _AXIS_ENDS[-1])
    right = at[-1]
    lines = [
        Line(
            title,
            kind,
            " ".join(
                f"{60 + 375 * threshold / right:.1f},{320 - 300 * value / top:.1f}"
                for threshold, value in zip(at, values, strict=True)
                if value >= -top / 5
            ),
        )
        for title, kind, values in curves
    ]
    shown = [at.index(threshold) for threshold in _SHOWN_THRESHOLDS]
    return DecisionPlot(
        top=top * _PER,
        right=right,
        lines=lines,
        thresholds=[f"{100 * at[place]:g} %" for place in shown],
        rows=[
            Row(title, "", [f"{values[place] * _PER:z.1f}" for place in shown]) for title, _, values in reversed(curves)
        ],
        list_threshold=share(curve["list_threshold"]),
    )


def count(number: int | None) -> str:
    """Return a number of people as text."""
    return NOT_ESTIMATED if number is None else f"{number:,}"


def decimals(value: float | None, places: int = 3) -> str:
    """Return a figure as text."""
    return NOT_ESTIMATED if value is None else f"{value:z.{places}f}"


def with_interval(value: float | None, interval: Sequence[float] | None, places: int = 3) -> str:
    """Return a figure with its interval as text."""
    if value is None or interval is None:
        return decimals(value, places)
    low, high = (decimals(end, places) for end in interval)
    return f"{decimals(value, places)} ({low} to {high})"


def share(value: float | None, interval: Sequence[float] | None = None, *, otherwise: str = NOT_ESTIMATED) -> str:
    """Return a share in per cent as text, with its interval where there is one."""
    if value is None:
        return otherwise
    between = "" if interval is None else f" ({100 * interval[0]:.1f} to {100 * interval[1]:.1f})"
    return f"{100 * value:.1f} %{between}"


def _part(part: int, whole: int) -> str:
    return f"{part:,} ({share(part / whole)})" if whole else count(part)


def _events(column: Mapping[str, Any]) -> str:
    if not column["n"] or column["events"] is None:
        return count(column["events"])
    return f"{column['events']:,} ({share(column['events'] / column['n'])})"
