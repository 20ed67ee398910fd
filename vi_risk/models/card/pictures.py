"""The plots of a card as pictures for MLflow and for the text beside the page, drawn by matplotlib."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from vi_risk.models.card.parts import Plot
from vi_risk.models.card.plots import decile_plot, decision_plot, reliability_plot

# class of a line -> how matplotlib draws it
_DRAWN: Mapping[str, Mapping[str, Any]] = {
    "perfect": {"color": "#768692", "linestyle": "--", "linewidth": 1},
    "model": {"color": "#005eb8", "linewidth": 2},
    "everyone": {"color": "#212b32", "linestyle": "--", "linewidth": 1},
    "other": {"color": "#768692", "linewidth": 1},
}


def reliability_figure(evaluation: Mapping[str, Any]) -> bytes:
    """Return the calibration plot (what was observed against what was predicted, 95 % intervals) as a PNG picture."""
    return _picture(decile_plot(evaluation) if evaluation.get("kind") == "count" else reliability_plot(evaluation))


def decision_curve_figure(evaluation: Mapping[str, Any]) -> bytes | None:
    """Return the net benefit by threshold as a PNG picture; None where there is none."""
    plot = decision_plot(evaluation)
    return None if plot is None else _picture(plot)


def _picture(plot: Plot | None) -> bytes:
    from matplotlib.figure import Figure  # noqa: PLC0415 -- matplotlib takes a second to load

    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.subplots()
    if plot is None:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "Nothing could be estimated", ha="center")
    else:
        _draw(plot, axes)
    picture = BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()


def _draw(plot: Plot, axes: Any) -> None:
    named = set()
    for line in plot.lines:
        words = "Comparators" if line.kind == "other" else line.title
        across, up = zip(*line.points, strict=True)
        axes.plot(across, up, label="_" if words in named else words, **_DRAWN[line.kind])
        named.add(words)
    for dot in plot.dots:
        if dot.low is not None and dot.high is not None:
            axes.plot([dot.x, dot.x], [dot.low, dot.high], color="#005eb8")
    if plot.dots:
        label = "People in groups, 95 % interval"
        axes.plot(
            [dot.x for dot in plot.dots],
            [dot.y for dot in plot.dots],
            "o",
            color="#005eb8",
            linestyle="none",
            label=label,
        )
    if plot.base is not None:
        axes.axhline(plot.base, color="#212b32", linewidth=1)
    (left, _), (right, _) = plot.ticks_across[0], plot.ticks_across[-1]
    (low, _), (high, _) = plot.ticks_up[0], plot.ticks_up[-1]
    axes.set(xlim=(left, right), ylim=(low, high), xlabel=plot.across, ylabel=plot.up)
    axes.set_xticks([value for value, _ in plot.ticks_across], [text for _, text in plot.ticks_across])
    axes.set_yticks([value for value, _ in plot.ticks_up], [text for _, text in plot.ticks_up])
    axes.legend(frameon=False)
