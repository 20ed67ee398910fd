"""When a model takes the place of the champion: better at capacity and at the threshold, beyond chance, and calibrated.

A model of counts, with which no list is made, must explain more of the deviance instead.

The two are held against each other on the same patients, the test snapshot of the new one. With margins of 0 a model
that is merely as good stays out: a change of model changes who is listed, so it must be worth it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from vi_risk.models.spec_tables import PromotionSpec


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
    """One thing that was asked of the model, and whether it holds.

    Attributes
    ----------
    name
        Of the figure, as in evaluation.json.
    value, interval
        None where these patients cannot tell it, or where it has no interval.
    """

    holds: bool
    words: str
    name: str
    value: float | None = None
    interval: tuple[float, float] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as run.json holds it."""
        told = {"asked": self.name, "holds": self.holds, "value": self.value}
        return {**told, **({"interval": list(self.interval)} if self.interval else {}), "words": self.words}


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
    findings = _calibrated(spec, performance.get("calibration_slope"), performance.get("calibration_in_the_large"))
    if differences is not None:
        at = f"net benefit at a risk of {spec.threshold:g}"
        findings += [
            _above("true_cases", "true cases at equal capacity", differences, spec.margin_true_cases, "+.1f"),
            _above("net_benefit", at, differences, spec.margin_net_benefit, "+.3g"),
        ]
    return Decision(tuple(findings))


def decide_counts(
    spec: PromotionSpec, performance: Mapping[str, Any], differences: Mapping[str, Compared] | None
) -> Decision:
    """Say whether a model of counts takes the champion's place: it must explain more, beyond chance, and be calibrated.

    Parameters
    ----------
    performance
        As of `decide`: calibration_slope, observed_over_expected, whose logarithm is the calibration in the large.
    differences
        ``deviance_explained``, the new model's less the champion's (`vi_risk.models.evidence.paired.paired_counts`);
        None where there is no champion to hold it against.
    """
    ratio = performance.get("observed_over_expected")
    findings = _calibrated(spec, performance.get("calibration_slope"), math.log(ratio) if ratio else None)
    if differences is not None:
        findings.append(_above("deviance_explained", "deviance explained", differences, 0.0, "+.3g"))
    return Decision(tuple(findings))


def _calibrated(spec: PromotionSpec, slope: float | None, in_the_large: float | None) -> list[Finding]:
    return [
        _inside("calibration_slope", "calibration slope", slope, spec.slope),
        _inside("calibration_in_the_large", "calibration in the large", in_the_large, spec.in_the_large),
    ]


def _inside(name: str, called: str, value: float | None, limits: tuple[float, float]) -> Finding:
    low, high = limits
    if value is None or math.isnan(value):
        return Finding(False, f"{called}: these patients cannot tell it", name)
    return Finding(low <= value <= high, f"{called} {value:.3f}, limits {low:g} to {high:g}", name, value)


def _above(name: str, called: str, differences: Mapping[str, Compared], margin: float, form: str) -> Finding:
    found = differences.get(name)
    if found is None or found.value is None or found.interval is None:
        return Finding(False, f"{called}: these patients cannot tell the difference to the champion", name)
    low, high = found.interval
    words = (
        f"{called}: {found.value:{form}} against the champion (95 % interval {low:{form}} to {high:{form}}),"
        f" lower bound to be above {margin:g}"
    )
    return Finding(low > margin, words, name, found.value, found.interval)
