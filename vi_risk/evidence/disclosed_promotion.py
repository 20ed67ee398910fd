"""Whether a model takes the champion's place, as others than the team may see it: numbers of people by the rule."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from vi_risk.evidence.disclosed import difference, disclosed
from vi_risk.governance.small_numbers import Disclosure
from vi_risk.models.promotion import Compared, Decision, decide, decide_counts
from vi_risk.models.spec import ModelSpec


@dataclass(frozen=True, slots=True)
class _Told:
    """A difference as it may be told."""

    value: float | None
    interval: tuple[float, float] | None


def disclosed_decision(
    decision: Decision,
    spec: ModelSpec,
    evaluation: Mapping[str, Any],
    differences: Mapping[str, Compared] | None,
    rule: Disclosure,
) -> Decision:
    """Return a decision with its figures as others than the team may be told them; what holds is what held exactly.

    Parameters
    ----------
    evaluation, differences
        What was decided on: the content of evaluation.json, and the model's figures less the champion's.
    """
    told = disclosed(evaluation, rule)["model"]
    between = {name: _between(name, of, evaluation["model"], told, rule) for name, of in (differences or {}).items()}
    again = (decide_counts if spec.counts else decide)(spec.promotion, told, None if differences is None else between)
    pairs = zip(again.findings, decision.findings, strict=True)
    return Decision(tuple(replace(finding, holds=exact.holds) for finding, exact in pairs))


def _between(
    name: str, found: Compared, model: Mapping[str, Any], told: Mapping[str, Any], rule: Disclosure
) -> Compared:
    exact = {"value": found.value, "interval": found.interval}
    of = difference(name, exact, model, told, rule)
    return _Told(of["value"], None if of["interval"] is None else (of["interval"][0], of["interval"][1]))
