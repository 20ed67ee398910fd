"""When a model takes the place of the champion: better at capacity and at the threshold, beyond chance, and calibrated.

The two are held against each other on the same patients, the test snapshot of the new one. With margins of 0 a model
that is merely as good stays out: a change of model changes who is listed, so it must be worth it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from vi_risk.models.spec import PromotionSpec


class Compared(Protocol):
    """A figure of the new model less that of the champion, with its paired 95 % interval."""

    @property
    def value(self) -> float | None:
        """The difference; None where these patients cannot tell."""

    @property
    def interval(self) -> tuple[float, float] | None:
        """From the lower to the upper bound."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was asked of the model, and whether it holds."""

    holds: bool
    words: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the model takes the champion's place, and every finding that says so."""

    findings: tuple[Finding, ...]

    @property
    def promoted(self) -> bool:
        """Whether all holds that was asked."""
        return all(finding.holds for finding in self.findings)

    @property
    def lines(self) -> tuple[str, ...]:
        """The findings, one a line."""
        return tuple(f"{'yes' if finding.holds else 'no '}  {finding.words}" for finding in self.findings)


def decide(spec: PromotionSpec, performance: Mapping[str, Any], differences: Mapping[str, Compared] | None) -> Decision:
    """Say whether a model takes the champion's place.

    Parameters
    ----------
    performance
        The new model's figures, as in evaluation.json under ``model``: calibration_slope, calibration_in_the_large.
    differences
        ``true_cases`` at equal capacity and ``net_benefit`` at the spec's threshold, the new model's less the
        champion's (`vi_risk.models.evidence.paired`); None where there is no champion to hold it against.
    """
    findings = [
        _inside("calibration slope", performance.get("calibration_slope"), spec.slope),
        _inside("calibration in the large", performance.get("calibration_in_the_large"), spec.in_the_large),
    ]
    if differences is not None:
        findings += [
            _above("true cases at equal capacity", differences.get("true_cases"), spec.margin_true_cases, "+.1f"),
            _above(
                f"net benefit at a risk of {spec.threshold:g}",
                differences.get("net_benefit"),
                spec.margin_net_benefit,
                "+.3g",
            ),
        ]
    return Decision(tuple(findings))


def _inside(name: str, value: float | None, limits: tuple[float, float]) -> Finding:
    low, high = limits
    if value is None or math.isnan(value):
        return Finding(False, f"{name}: these patients cannot tell it")
    return Finding(low <= value <= high, f"{name} {value:.3f}, limits {low:g} to {high:g}")


def _above(name: str, difference: Compared | None, margin: float, form: str) -> Finding:
    if difference is None or difference.value is None or difference.interval is None:
        return Finding(False, f"{name}: these patients cannot tell the difference to the champion")
    low, high = difference.interval
    words = (
        f"{name}: {difference.value:{form}} against the champion (95 % interval {low:{form}} to {high:{form}}),"
        f" lower bound to be above {margin:g}"
    )
    return Finding(low > margin, words)
