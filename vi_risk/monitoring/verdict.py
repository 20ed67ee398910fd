"""What is to be done: nothing, look at the feed, recalibrate, fit anew; or that there is too little to tell.

One scoring whose window has closed
-----------------------------------
1. With fewer events than `min_events`, seen and expected: too little to tell.
2. Fit anew, where AUROC fell by more than `auroc_loss` since the model was tested, beyond chance (95 %); or where the
   closed test keeps nothing simpler (`vi_risk.monitoring.updating`) and to weigh the kinds of feature anew would bring
   more than `auroc_loss`.
3. Recalibrate, where O / E or the slope is outside its limits, and the 95 % interval excludes 1.
4. Too little to tell, where one of those is outside its limits but the interval holds 1, or where the interval of O / E
   reaches beyond both limits.
5. Otherwise nothing: within the limits, however sure a small difference is.

The whole
---------
Where a table or a feature stands out, the feed comes first, whatever the windows say: a model is not mended to fit a
fault. Age, sex and other particulars of people are no feed: where they alone moved, other people are there. The verdict
of the windows is that of the latest scoring of the main model; what others say is told beside it and is past a limit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from vi_risk.features.catalogue import Catalogue
from vi_risk.models.spec import ModelSpec
from vi_risk.models.spec_tables import MonitoringSpec
from vi_risk.monitoring.expected import Held
from vi_risk.monitoring.feeds import Volume
from vi_risk.monitoring.stability import Stability

Verdict = Literal["nothing", "too little to tell", "recalibrate", "fit anew", "look at the feed", "other people"]
ABSENT = "not in the records any more, or without a row"
_WORST = ("fit anew", "recalibrate", "too little to tell", "nothing")


@dataclass(frozen=True, slots=True)
class OfWindow:
    """What one closed window says, and why."""

    verdict: Verdict
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """What is to be done.

    Attributes
    ----------
    verdict
        The one thing to do first.
    windows
        What each closed window says, in their order.
    of_the_model
        What the latest window of the main model says, if one has closed.
    sources
        Table -> how many of its features moved, and how many it has; the most moved first.
    passed
        Limits that are passed, a line each; none means exit code 0.
    """

    verdict: Verdict
    windows: tuple[OfWindow, ...]
    of_the_model: OfWindow | None
    sources: tuple[tuple[str, int, int], ...]
    passed: tuple[str, ...]


def of_window(held: Held, limits: MonitoringSpec) -> OfWindow:
    """Return what one closed window says."""
    if held.events < limits.min_events or held.ratio is None:
        apart = "; several of one person count as one" if held.scoring.counts else ""
        said = f"fewer than {limits.min_events} events, seen or expected{apart}"
        return OfWindow("too little to tell", (said,))
    anew = tuple(_why_anew(held, limits))
    if anew:
        return OfWindow("fit anew", anew)
    within = (
        ("observed over expected", held.ratio, limits.observed_over_expected),
        ("slope", held.slope, limits.slope),
    )
    off: list[str] = []
    unsure: list[str] = []
    for name, figure, ends in within:
        if figure is not None and figure.past(ends):
            said = (
                f"{name} {figure.value:.2f} ({figure.low:.2f} to {figure.high:.2f}), limits {ends[0]:g} to {ends[1]:g}"
            )
            (off if figure.excludes(1.0) else unsure).append(said)
    if off:
        return OfWindow("recalibrate", tuple(off))
    low, high = limits.observed_over_expected
    if held.ratio.low < low and held.ratio.high > high:
        unsure.append(f"observed over expected could be anything from {held.ratio.low:.2f} to {held.ratio.high:.2f}")
    if unsure:
        return OfWindow("too little to tell", tuple(f"{said}: may be chance" for said in unsure))
    return OfWindow("nothing", ())


def _why_anew(held: Held, limits: MonitoringSpec) -> list[str]:
    why = []
    lost = held.auroc_lost
    if lost is not None and lost.value > limits.auroc_loss and lost.low > 0:
        why.append(f"AUROC fell by {lost.value:.3f} ({lost.low:.3f} to {lost.high:.3f}), limit {limits.auroc_loss:g}")
    updating = held.updating
    if updating is not None and updating.mend == "fitted anew" and updating.gain > limits.auroc_loss:
        why.append(
            f"weighed anew, the same features would rank better: AUROC by {updating.gain:.3f}, limit"
            f" {limits.auroc_loss:g}; what moved most is {updating.moved}"
        )
    return why


def judged(
    features: Sequence[Stability],
    score: Stability,
    volumes: Sequence[Volume],
    windows: Sequence[Held],
    *,
    spec: ModelSpec,
    catalogue: Catalogue,
    absent: Sequence[str] = (),
) -> Judged:
    """Return what is to be done, from all that was looked at.

    Parameters
    ----------
    absent
        Tables that the run had rows of, and that are not there today or hold none; practices gone with their people.
    """
    limits = spec.monitoring
    of_windows = tuple(of_window(one, limits) for one in windows)
    of_the_model = next(
        (said for one, said in zip(windows, of_windows, strict=True) if one.scoring.name == spec.name), None
    )
    table_of = {feature.name: feature.definition for feature in catalogue.features}
    moved = [one for one in features if one.passed]
    of_feeds = [one for one in moved if table_of[one.name].domain != "person"]
    sources = _sources([table_of[one.name].table for one in of_feeds], [table_of[one.name].table for one in features])
    stand_out = [one for one in volumes if one.stands_out]
    passed = [
        *(f"{table}: {ABSENT}" for table in absent),
        *(f"{_volume_in_words(one)}" for one in stand_out),
        *(f"{one.name}: {'; '.join(one.passed)}" for one in moved),
        *(f"score: {'; '.join(score.passed)}" for _ in (1,) if score.passed),
        *(
            f"{one.scoring.name} of {one.index_date}: {why}"
            for one, said in zip(windows, of_windows, strict=True)
            if said.verdict in ("recalibrate", "fit anew")
            for why in said.why
        ),
    ]
    verdict: Verdict
    if of_feeds or stand_out or absent:
        verdict = "look at the feed"
    elif of_the_model is not None and of_the_model.verdict in ("fit anew", "recalibrate"):
        verdict = of_the_model.verdict
    elif moved or score.passed:
        verdict = "other people"
    else:
        said = [one.verdict for one in of_windows]
        others = [one for one in _WORST[:2] if one in said]
        verdict = others[0] if others else ("too little to tell" if of_the_model is None else of_the_model.verdict)
    return Judged(verdict, of_windows, of_the_model, sources, tuple(passed))


def _sources(moved: Sequence[str], looked_at: Sequence[str]) -> tuple[tuple[str, int, int], ...]:
    found = [(table, moved.count(table), looked_at.count(table)) for table in dict.fromkeys(moved)]
    return tuple(sorted(found, key=lambda one: (-one[1] / one[2], -one[1], one[0])))


def _volume_in_words(one: Volume) -> str:
    where = one.table if one.practice is None else f"{one.table} of {one.practice}"
    now, then = ("few" if number is None else f"{number:,}" for number in (one.rows_now, one.rows_then))
    return f"{where}: {one.stands}, {now} rows in three months, {then} in the same months a year before"
