"""How sure the figures are: 95 % intervals from drawing the test patients again, with replacement, many times.

A resample is how often each patient was drawn. Nearly every figure is a ratio of sums over patients, so that all
resamples of all figures are one product of matrices; only what depends on the order of risks is counted afresh.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vi_risk.models.evidence.metrics import calibration_in_the_large, calibration_slope
from vi_risk.models.evidence.weights import weights_of
from vi_risk.models.learning.calibration import Floats, Rows, log_odds_of, logistic_line, risk_of
from vi_risk.models.one_thread import one_thread

RESAMPLES = 500
# Draws held at once, in values: 32 MB, whatever the number of patients.
_HELD = 4_000_000
# An interval is told only if nearly all resamples could tell the figure.
_TOLD = 0.95

_MODEL = ""  # beside the names of comparators
Interval = tuple[float, float]
Figures = dict[str, Floats]  # figure -> its value in each resample
Draws = np.ndarray[tuple[int, int], np.dtype[np.uint16]]
Draw = np.ndarray[tuple[int], np.dtype[np.uint16]]
OfDraws = Callable[[Draws], Figures]


@dataclass(frozen=True, slots=True)
class Predictor:
    """Risks, and who would be listed by them: the rows of each list, such as ``"capacity"``."""

    risk: Floats
    listed: Mapping[str, Rows]


@dataclass(frozen=True, slots=True)
class Difference:
    """The figure of the model less that of a comparator on the same patients, with a paired 95 % interval."""

    value: float | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Resampled:
    """Intervals of the model's figures by name, and per comparator the differences by name."""

    intervals: Mapping[str, Interval | None]
    differences: Mapping[str, Mapping[str, Difference]]


def resample(
    model: Predictor,
    comparators: Mapping[str, Predictor],
    y: Floats,
    *,
    threshold: float,
    seed: int,
    weight: ArrayLike | None = None,
    resamples: int = RESAMPLES,
) -> Resampled:
    """Return percentile intervals from resampling patients; every predictor sees the same draws.

    The lists stay as they were made: an interval of a PPV says how the outcomes of the people listed might have come
    out, not how the lists might have. Calibration in the large takes one step of Newton's method from the fit to all
    patients, the slope two; what is left of their error is far smaller than the interval. The integrated calibration
    index has no interval: drawing again adds noise that it can only count upwards.

    Parameters
    ----------
    threshold
        The risk from which on one would act, for the net benefit.
    seed
        The same seed draws the same patients.
    weight
        How much each outcome counts; a patient is drawn with the weight, which is not estimated again. True cases are
        then sums of weights.

    References
    ----------
    Efron B, Tibshirani RJ. An Introduction to the Bootstrap, 1993, chapters 13 and 10.6 (the one-step estimate).
    """
    given = weights_of(weight, y.size, where="resampling")
    return resampled(
        _figures(model, y, given, threshold, whole=True),
        {name: _figures(other, y, given, threshold, whole=False) for name, other in comparators.items()},
        n=y.size,
        seed=seed,
        resamples=resamples,
    )


def resampled(
    model: OfDraws, comparators: Mapping[str, OfDraws], *, n: int, seed: int, resamples: int = RESAMPLES
) -> Resampled:
    """Return intervals of whatever figures the model and its comparators tell of draws of `n` patients."""
    generator = np.random.default_rng(seed)
    at_once = max(1, _HELD // n)
    figures = {_MODEL: model, **comparators}
    as_they_are = {name: of_draws(np.ones((1, n), dtype=np.uint16)) for name, of_draws in figures.items()}
    drawn: dict[str, list[Figures]] = {name: [] for name in figures}
    with one_thread():  # products this flat gain nothing from threads that wait for one another
        for start in range(0, resamples, at_once):
            draws = np.stack([_drawn(generator, n) for _ in range(min(at_once, resamples - start))])
            for name, of_draws in figures.items():
                drawn[name].append(of_draws(draws))
    of_all = {
        name: {figure: np.concatenate([part[figure] for part in parts]) for figure in as_they_are[name]}
        for name, parts in drawn.items()
    }
    return Resampled(
        intervals={figure: interval_of(values) for figure, values in of_all[_MODEL].items()},
        differences={
            name: {
                figure: Difference(
                    value=_number(as_they_are[_MODEL][figure][0] - as_they_are[name][figure][0]),
                    interval=interval_of(of_all[_MODEL][figure] - values),
                )
                for figure, values in of_all[name].items()
            }
            for name in comparators
        },
    )


def together(parts: Sequence[OfDraws]) -> OfDraws:
    """Return what tells the figures of all parts, those that a draw cannot tell as NaN."""

    def of_draws(draws: Draws) -> Figures:
        with np.errstate(divide="ignore", invalid="ignore"):
            told = {figure: values for part in parts for figure, values in part(draws).items()}
        return {figure: np.where(np.isfinite(values), values, np.nan) for figure, values in told.items()}

    return of_draws


def _figures(predictor: Predictor, y: Floats, weight: Floats | None, threshold: float, *, whole: bool) -> OfDraws:
    """Return what tells the figures of draws: those that are compared, and the model's others if `whole`."""
    parts = [
        _by_sums(predictor, y, weight, threshold, whole=whole),
        by_order(predictor.risk, y, weight, precision=whole),
    ]
    if whole:
        parts.append(slope_of(predictor.risk, y, weight))
    return together(parts)


def _by_sums(predictor: Predictor, y: Floats, weight: Floats | None, threshold: float, *, whole: bool) -> OfDraws:
    """Return what tells the figures that are ratios of sums over patients."""
    risk, n = predictor.risk, y.size
    acted = (risk >= threshold).astype(np.float64)
    columns = {"y": y, "squared error": (risk - y) ** 2, "gain": acted * (y - (1 - y) * threshold / (1 - threshold))}
    for label, rows in predictor.listed.items():
        listed = np.zeros_like(y)
        listed[rows] = 1
        columns |= {f"listed {label}": listed, f"true cases {label}": listed * y}
    intercept = calibration_in_the_large(risk, y, weight) if whole else None
    if whole:
        columns["risk"] = risk
    if intercept is not None:
        expected = risk_of(intercept + log_odds_of(risk))
        columns |= {"left": y - expected, "curvature": expected * (1 - expected)}
    if weight is not None:
        columns["people"] = np.ones_like(y)
    names, matrix = list(columns), np.column_stack(list(columns.values()))
    del columns  # as large as the matrix, and what is returned would keep it
    if weight is not None:
        matrix *= weight[:, None]

    def of_draws(draws: Draws) -> Figures:
        sums = dict(zip(names, (draws.astype(np.float64) @ matrix).T, strict=True))
        people = sums.get("people", n)
        brier, rate = sums["squared error"] / people, sums["y"] / people
        told = {"brier": brier, "scaled_brier": 1 - brier / (rate * (1 - rate)), "net_benefit": sums["gain"] / people}
        for label in predictor.listed:
            true_cases = sums[f"true cases {label}"]
            told |= {
                f"ppv.{label}": true_cases / sums[f"listed {label}"],
                f"sensitivity.{label}": true_cases / sums["y"],
                f"true_cases.{label}": true_cases,
            }
        if whole:
            told["observed_over_expected"] = sums["y"] / sums["risk"]
        if intercept is not None:
            told["calibration_in_the_large"] = intercept + sums["left"] / sums["curvature"]
        return told

    return of_draws


def slope_of(risk: Floats, y: Floats, weight: Floats | None) -> OfDraws:
    """Return what tells the calibration slope of draws, by two steps of Newton's method from the fit to everyone."""
    if calibration_slope(risk, y, weight) is None:
        return lambda _: {}
    log_odds = log_odds_of(risk)
    by_row = 1.0 if weight is None else weight[:, None]
    line: Floats = np.array(logistic_line(log_odds, y, weight))

    def terms(at: Floats) -> Floats:
        expected = risk_of(at[0] + at[1] * log_odds)
        return newton_terms(log_odds, y - expected, expected * (1 - expected)) * by_row

    return lambda draws: {"calibration_slope": two_steps(draws, line, terms)[:, 1]}


def newton_terms(x: Floats, left: Floats, curvature: Floats) -> Floats:
    """Return the terms of gradient and curvature of each patient, of a regression on an intercept and x."""
    return np.column_stack([left, left * x, curvature, curvature * x, curvature * x**2])


def two_steps(draws: Draws, line: Floats, terms: Callable[[Floats], Floats]) -> Floats:
    """Return intercept and slope of each draw, two steps of Newton's method from the fit to everyone."""

    def step(totals: Floats) -> Floats:
        g0, g1, h00, h01, h11 = totals.T
        moved: Floats = np.column_stack([h11 * g0 - h01 * g1, h00 * g1 - h01 * g0]) / (h00 * h11 - h01**2)[:, None]
        return moved

    first = line + step(draws.astype(np.float64) @ terms(line))
    second: Floats = first + step(np.stack([draw @ terms(at) for draw, at in zip(draws, first, strict=True)]))
    return second


def by_order(risk: Floats, y: Floats, weight: Floats | None, *, precision: bool) -> OfDraws:
    """Return what tells AUROC, and AUPRC if asked for, of draws: one row per resample, one column per patient."""
    counts = np.ones(y.size, dtype=bool) if weight is None else weight > 0
    events, others = np.flatnonzero((y == 1) & counts), np.flatnonzero((y == 0) & counts)
    rising = others[np.argsort(risk[others], kind="stable")]
    falling = events[np.argsort(-risk[events], kind="stable")]
    below = np.searchsorted(risk[rising], risk[falling], side="left")
    not_above = np.searchsorted(risk[rising], risk[falling], side="right")
    last_of_tie = np.searchsorted(-risk[falling], -risk[falling], side="right")
    of_rising, of_falling = (None, None) if weight is None else (weight[rising], weight[falling])

    def of_one(draw: Draw) -> tuple[float, float]:
        of_others, of_events = _running(_times(draw[rising], of_rising)), _times(draw[falling], of_falling)
        all_events, all_others = float(of_events.sum()), float(of_others[-1])
        if not (all_events and all_others):
            return np.nan, np.nan
        pairs = float(of_events @ (of_others[below] + of_others[not_above])) / 2
        if not precision:
            return pairs / all_events / all_others, np.nan
        true = _running(of_events)[last_of_tie]
        listed = true + all_others - of_others[below]
        shares = np.divide(true, listed, out=np.zeros(true.size), where=true > 0)
        return pairs / all_events / all_others, float(of_events @ shares) / all_events

    def of_draws(draws: Draws) -> Figures:
        auroc, auprc = np.array([of_one(draw) for draw in draws]).T
        return {"auroc": auroc, "auprc": auprc} if precision else {"auroc": auroc}

    return of_draws


def _drawn(generator: np.random.Generator, n: int) -> Draws:
    """Return how often each of `n` patients was drawn; small whole numbers, so that they stay near the processor."""
    return np.bincount(generator.integers(0, n, n, dtype=np.uint32), minlength=n).astype(np.uint16)


def _times(draw: Draw, weight: Floats | None) -> NDArray[Any]:
    return draw if weight is None else draw * weight


def _running(drawn: NDArray[Any]) -> NDArray[Any]:
    """Return how many were drawn before each place, and in all at the end; whole numbers stay whole."""
    totals = np.zeros(drawn.size + 1, dtype=np.float64 if drawn.dtype == np.float64 else np.int64)
    np.cumsum(drawn, out=totals[1:])
    return totals


def interval_of(values: Floats) -> Interval | None:
    """Return the 2.5th and 97.5th percentile; None where too many resamples could not tell."""
    finite = values[np.isfinite(values)]
    if finite.size < _TOLD * values.size:
        return None
    low, high = np.quantile(finite, (0.025, 0.975))
    return float(low), float(high)


def _number(value: np.float64) -> float | None:
    return float(value) if np.isfinite(value) else None
