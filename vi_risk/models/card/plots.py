"""The plots of a card in their own values: calibration, net benefit and the decay of a score."""

from collections.abc import Mapping
from typing import Any

from vi_risk.models.card.figures import share, words_of
from vi_risk.models.card.parts import Dot, Line, Plot

_STEPS = 5  # between the ticks of an axis
_ROUND_ENDS = (1.0, 2.5, 5.0, 10.0)  # whose fifths are round figures
_PER = 1000  # people, for the net benefit
THIS_MODEL = "This model"


def reach(highest: float, *, most: float | None = None) -> float:
    """Return the first round end of an axis at or above what is drawn, no further than `most`.

    Examples
    --------
    >>> reach(0.31), reach(3.0), reach(0.6, most=1.0)
    (0.5, 5.0, 1.0)
    """
    if highest <= 0:
        return most or 1.0
    scale = 1.0
    while highest > 10 * scale:
        scale *= 10
    while highest <= scale:
        scale /= 10
    end = next(end for end in _ROUND_ENDS if end * scale >= highest * (1 - 1e-9)) * scale
    end = float(f"{end:.6g}")
    return end if most is None else min(end, most)


def _ticks(first: float, last: float, per_cent: bool, steps: int = _STEPS) -> list[tuple[float, str]]:
    values = [first + (last - first) * step / steps for step in range(steps + 1)]
    return [(value, f"{100 * value:.6g} %" if per_cent else f"{round(value, 9):.6g}") for value in values]


def reliability_plot(evaluation: Mapping[str, Any]) -> Plot | None:
    """Return the observed share against the mean risk, by groups of like risk and as a smooth curve."""
    groups = evaluation["model"].get("reliability") or []
    if not groups:
        return None
    end = reach(max(group[key] or 0 for group in groups for key in ("mean_risk", "observed", "high")), most=1.0)
    curve = [(point["risk"], point["observed"]) for point in evaluation["model"].get("calibration_curve") or []]
    lines = [Line("Perfect agreement", "perfect", ((0, 0), (end, end)))]
    if curve:
        lines.append(Line("A smooth fit to everyone", "model", curve))
    return Plot(
        name="reliability-plot",
        alt="Observed share against mean risk for people grouped by risk; the same numbers stand in the table.",
        across="Mean risk given by the model",
        up="Share who had the outcome",
        ticks_across=_ticks(0, end, per_cent=True),
        ticks_up=_ticks(0, end, per_cent=True),
        lines=lines,
        dots=[
            Dot(group["mean_risk"], group["observed"], group["low"], group["high"])
            for group in groups
            if group["observed"] is not None
        ],
    )


def decile_plot(evaluation: Mapping[str, Any]) -> Plot | None:
    """Return the mean count seen against the mean count expected, by tenths of people."""
    groups = [
        group
        for group in evaluation["model"].get("deciles") or []
        if None not in (group["mean_expected"], group["mean_observed"])
    ]
    if not groups:
        return None
    end = reach(max(group[key] or 0 for group in groups for key in ("mean_expected", "mean_observed", "high")))
    return Plot(
        name="reliability-plot",
        alt="Mean seen against mean expected for tenths of people; the same numbers stand in the table.",
        across="Mean expected by the model",
        up="Mean seen",
        ticks_across=_ticks(0, end, per_cent=False),
        ticks_up=_ticks(0, end, per_cent=False),
        lines=[Line("Perfect agreement", "perfect", ((0, 0), (end, end)))],
        dots=[Dot(group["mean_expected"], group["mean_observed"], group["low"], group["high"]) for group in groups],
    )


def decision_plot(evaluation: Mapping[str, Any]) -> Plot | None:
    """Return the net benefit of the model, of comparators and of listing everyone, per 1,000 people."""
    curve = evaluation.get("decision_curve")
    if not curve:
        return None
    at = curve["thresholds"]
    curves = [
        *((words_of(name), "other", values) for name, values in curve["comparators"].items()),
        ("Everyone listed", "everyone", curve["all"]),
        (THIS_MODEL, "model", curve["model"]),
    ]
    top = reach(_PER * max(max(values) for _, _, values in curves))
    return Plot(
        name="decision-plot",
        alt="Net benefit by threshold of this model, of everyone listed and of the comparators; the table holds numbers"
        " from it.",
        across="Risk from which on one would act",
        up=f"Net benefit per {_PER:,} people",
        ticks_across=_ticks(0, at[-1], per_cent=True),
        ticks_up=_ticks(-top / _STEPS, top, per_cent=False, steps=_STEPS + 1),
        lines=[
            Line(title, kind, [(risk, _PER * value) for risk, value in zip(at, values, strict=True)])
            for title, kind, values in curves
        ],
        base=0.0,
    )


def decay_plot(decay: Mapping[str, Any]) -> Plot | None:
    """Return the AUROC of one score against outcome windows that start later and later."""
    told = {int(days): found for days, found in decay["at_risk"].items() if found.get("auroc") is not None}
    if len(told) < 2:
        return None
    last = max(told)
    return Plot(
        name="decay-plot",
        alt="AUROC by the days between score and outcome window; the same numbers stand in the table.",
        across="Days from the score to the start of the window",
        up="AUROC (c-statistic)",
        ticks_across=[(days, f"{days:,}") for days in sorted(told)],
        ticks_up=_ticks(0.5, 1.0, per_cent=False),
        lines=[Line("AUROC", "model", [(days, told[days]["auroc"]) for days in sorted(told) if days <= last])],
        dots=[
            Dot(days, found["auroc"], *(found.get("auroc_interval") or (None, None)))
            for days, found in sorted(told.items())
        ],
    )


def list_threshold(evaluation: Mapping[str, Any]) -> str:
    """Return the risk at which as many would be listed as the lists hold, in per cent."""
    return share((evaluation.get("decision_curve") or {}).get("list_threshold"))
