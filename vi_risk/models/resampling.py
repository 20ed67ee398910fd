"""How sure the figures are: 95 % intervals from drawing the test patients again, with replacement, many times.

A resample is how often each patient was drawn. Nearly every figure is a ratio of sums over patients, so that all
resamples of all figures are one product of matrices; only what depends on the order of risks is counted afresh.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from vi_risk.models.calibration import Floats, Rows, log_odds_of, logistic_line, risk_of
from vi_risk.models.metrics import calibration_in_the_large, calibration_slope

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

    References
    ----------
    Efron B, Tibshirani RJ. An Introduction to the Bootstrap, 1993, chapters 13 and 10.6 (the one-step estimate).
    """
    generator = np.random.default_rng(seed)
    n = y.size
    at_once = max(1, _HELD // n)
    figures = {_MODEL: _figures(model, y, threshold, whole=True)}
    figures |= {name: _figures(other, y, threshold, whole=False) for name, other in comparators.items()}
    as_they_are = {name: of_draws(np.ones((1, n), dtype=np.uint16)) for name, of_draws in figures.items()}
    drawn: dict[str, list[Figures]] = {name: [] for name in figures}
    with threadpool_limits(1):  # products this flat gain nothing from threads that wait for one another
        for start in range(0, resamples, at_once):
            draws = np.stack([_drawn(generator, n) for _ in range(min(at_once, resamples - start))])
            for name, of_draws in figures.items():
                drawn[name].append(of_draws(draws))
    of_all = {
        name: {figure: np.concatenate([part[figure] for part in parts]) for figure in as_they_are[name]}
        for name, parts in drawn.items()
    }
    return Resampled(
        intervals={figure: _interval(values) for figure, values in of_all[_MODEL].items()},
        differences={
            name: {
                figure: Difference(
                    value=_number(as_they_are[_MODEL][figure][0] - as_they_are[name][figure][0]),
                    interval=_interval(of_all[_MODEL][figure] - values),
                )
                for figure, values in of_all[name].items()
            }
            for name in comparators
        },
    )


def _figures(predictor: Predictor, y: Floats, threshold: float, *, whole: bool) -> Callable[[Draws], Figures]:
    """Return what tells the figures of draws: those that are compared, and the model's others if `whole`."""
    parts = [_by_sums(predictor, y, threshold, whole=whole), _by_order(predictor.risk, y, precision=whole)]
    if whole:
        parts.append(_slope(predictor.risk, y))

    def of_draws(draws: Draws) -> Figures:
        with np.errstate(divide="ignore", invalid="ignore"):
            told = {figure: values for part in parts for figure, values in part(draws).items()}
        return {figure: np.where(np.isfinite(values), values, np.nan) for figure, values in told.items()}

    return of_draws


def _by_sums(predictor: Predictor, y: Floats, threshold: float, *, whole: bool) -> Callable[[Draws], Figures]:
    """Return what tells the figures that are ratios of sums over patients."""
    risk, n = predictor.risk, y.size
    acted = (risk >= threshold).astype(np.float64)
    columns = {"y": y, "squared error": (risk - y) ** 2, "gain": acted * (y - (1 - y) * threshold / (1 - threshold))}
    for label, rows in predictor.listed.items():
        listed = np.zeros_like(y)
        listed[rows] = 1
        columns |= {f"listed {label}": listed, f"true cases {label}": listed * y}
    intercept = calibration_in_the_large(risk, y) if whole else None
    if whole:
        columns["risk"] = risk
    if intercept is not None:
        expected = risk_of(intercept + log_odds_of(risk))
        columns |= {"left": y - expected, "weight": expected * (1 - expected)}
    matrix = np.column_stack(list(columns.values()))

    def of_draws(draws: Draws) -> Figures:
        sums = dict(zip(columns, (draws.astype(np.float64) @ matrix).T, strict=True))
        brier, rate = sums["squared error"] / n, sums["y"] / n
        told = {"brier": brier, "scaled_brier": 1 - brier / (rate * (1 - rate)), "net_benefit": sums["gain"] / n}
        for label in predictor.listed:
            true_cases = sums[f"true cases {label}"]
            told |= {
                f"ppv.{label}": true_cases / sums[f"listed {label}"],
                f"sensitivity.{label}": true_cases / sums["y"],
                f"true_cases.{label}": true_cases,
            }
        if whole:
            told["expected_over_observed"] = sums["risk"] / sums["y"]
        if intercept is not None:
            told["calibration_in_the_large"] = intercept + sums["left"] / sums["weight"]
        return told

    return of_draws


def _drawn(generator: np.random.Generator, n: int) -> Draws:
    """Return how often each of `n` patients was drawn; small whole numbers, so that they stay near the processor."""
    return np.bincount(generator.integers(0, n, n, dtype=np.uint32), minlength=n).astype(np.uint16)


def _slope(risk: Floats, y: Floats) -> Callable[[Draws], Figures]:
    """Return what tells the calibration slope of draws, by two steps of Newton's method from the fit to everyone."""
    if calibration_slope(risk, y) is None:
        return lambda _: {}
    log_odds = log_odds_of(risk)
    line: Floats = np.array(logistic_line(log_odds, y))

    def sums(at: Floats) -> Floats:
        """Return the terms of gradient and curvature of each patient."""
        expected = risk_of(at[0] + at[1] * log_odds)
        left, weight = y - expected, expected * (1 - expected)
        return np.column_stack([left, left * log_odds, weight, weight * log_odds, weight * log_odds**2])

    def step(totals: Floats) -> Floats:
        g0, g1, h00, h01, h11 = totals.T
        moved: Floats = np.column_stack([h11 * g0 - h01 * g1, h00 * g1 - h01 * g0]) / (h00 * h11 - h01**2)[:, None]
        return moved

    of_everyone = sums(line)

    def of_draws(draws: Draws) -> Figures:
        first = line + step(draws.astype(np.float64) @ of_everyone)
        second = first + step(np.stack([draw @ sums(at) for draw, at in zip(draws, first, strict=True)]))
        return {"calibration_slope": second[:, 1]}

    return of_draws


def _by_order(risk: Floats, y: Floats, *, precision: bool) -> Callable[[Draws], Figures]:
    """Return what tells AUROC, and AUPRC if asked for, of draws: one row per resample, one column per patient."""
    events, others = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
    rising = others[np.argsort(risk[others], kind="stable")]
    falling = events[np.argsort(-risk[events], kind="stable")]
    below = np.searchsorted(risk[rising], risk[falling], side="left")
    not_above = np.searchsorted(risk[rising], risk[falling], side="right")
    last_of_tie = np.searchsorted(-risk[falling], -risk[falling], side="right")

    def of_one(draw: Draw) -> tuple[float, float]:
        of_others, of_events = _running(draw[rising]), draw[falling]
        all_events, all_others = int(of_events.sum()), int(of_others[-1])
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


def _running(drawn: Draw) -> NDArray[np.int64]:
    """Return how many were drawn before each place, and in all at the end."""
    totals = np.zeros(drawn.size + 1, dtype=np.int64)
    np.cumsum(drawn, out=totals[1:])
    return totals


def _interval(values: NDArray[np.float64]) -> Interval | None:
    finite = values[np.isfinite(values)]
    if finite.size < _TOLD * values.size:
        return None
    low, high = np.quantile(finite, (0.025, 0.975))
    return float(low), float(high)


def _number(value: np.float64) -> float | None:
    return float(value) if np.isfinite(value) else None
