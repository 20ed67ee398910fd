"""run.json as others than the team may see it: what a run was asked stays, numbers of people are told by the rule."""

from collections.abc import Mapping
from typing import Any

from vi_risk.evidence.disclosed import decay, rounded
from vi_risk.governance.small_numbers import Disclosure

_OF_PEOPLE = ("rows", "patients", "events")  # that a model was trained on


def rule_of(run: Mapping[str, Any]) -> Disclosure:
    """Return the rule of small numbers that a run was made under."""
    permission = run.get("records", {}).get("permission") or {}
    return Disclosure.of(permission.get("small_numbers"))


def disclosed_run(run: Mapping[str, Any], rule: Disclosure) -> dict[str, Any]:
    """Return the content of run.json as others than the team may see it; a number that is not told is None."""
    told = {**run}
    if records := run.get("records"):
        told["records"] = {
            **records,
            "rows": {table: rule.count(rows) for table, rows in records.get("rows", {}).items()},
            "warnings": [rule.sentence(warning) for warning in records.get("warnings", ())],
            "reviews": [rule.sentence(said) for said in records.get("reviews", ())],
        }
        if permission := records.get("permission"):
            left_out = [{**one, "number": _rounded(one["number"], rule)} for one in permission.get("left_out", ())]
            told["records"]["permission"] = {**permission, "left_out": left_out}
    if "flow" in run.get("features", {}):
        told["features"] = {**run["features"], "flow": [_counted(step, rule) for step in run["features"]["flow"]]}
    if model := run.get("model"):
        told["model"] = {**model, **{name: rule.count(model[name]) for name in _OF_PEOPLE if name in model}}
        if model.get("score_decay"):
            told["model"]["score_decay"] = rounded(decay(model["score_decay"], rule))
    if "evaluation" in run:
        told["evaluation"] = rounded(run["evaluation"])
    if scores := run.get("scores"):
        told["scores"] = {**scores, "people": rule.count(scores.get("people"))}
    if lists := run.get("case_lists"):
        told["case_lists"] = {
            **lists,
            **{
                name: _counted(lists[name], rule)
                for name in ("lists", "kept_off", "practices_without_list")
                if name in lists
            },
        }
    return told


def _rounded(number: str, rule: Disclosure) -> str:
    """Return a number that the door told in words ("1,204", "fewer than 8") by the rule."""
    digits = number.replace(",", "")
    return rule.words(int(digits)) if digits.isdecimal() else number


def _counted(numbers: Mapping[str, Any], rule: Disclosure) -> dict[str, Any]:
    return {name: rule.count(value) if isinstance(value, int) else value for name, value in numbers.items()}
