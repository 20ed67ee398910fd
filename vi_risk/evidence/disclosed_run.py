"""run.json as others than the team may see it: what a run was asked stays, numbers of people are told by the rule.

A part of run.json that nobody thought of here is left out: what is new in it says nothing until somebody has.
"""

from collections.abc import Callable, Mapping
from typing import Any

from vi_risk.evidence.disclosed import decay, rounded
from vi_risk.governance.small_numbers import Disclosure

_Part = Mapping[str, Any]
_AS_IT_IS = ("versions", "git_revision", "spec", "tracking")
_OF_PEOPLE = ("rows", "patients", "events")  # that a model was trained on
_BY_LIST = ("lists", "kept_off", "practices_without_list")
_OF_A_PROMOTION = ("decided", "name", "version", "champion_before")  # its figures stand in the run of the model


def rule_of(run: Mapping[str, Any]) -> Disclosure:
    """Return the rule of small numbers that a run was made under."""
    permission = run.get("records", {}).get("permission") or {}
    return Disclosure.of(permission.get("small_numbers"))


def disclosed_run(run: Mapping[str, Any], rule: Disclosure) -> dict[str, Any]:
    """Return the content of run.json as others than the team may see it; a number that is not told is None."""
    told: Mapping[str, Callable[[Any], Any]] = {
        **dict.fromkeys(_AS_IT_IS, lambda part: part),
        "records": lambda part: _records(part, rule),
        "features": lambda part: _features(part, rule),
        "model": lambda part: _model(part, rule),
        "evaluation": rounded,
        "scores": lambda part: _scores(part, rule),
        "case_lists": lambda part: _lists(part, rule),
        "promotion": lambda part: {name: part[name] for name in _OF_A_PROMOTION if name in part},
    }
    known = {name: part for name, part in run.items() if name in told}
    return {name: told[name](_without_checksums(part)) if part else part for name, part in known.items()}


def _without_checksums(part: Any) -> Any:
    """Return a part without the checksums of files that others have not: of a short file they would prove a guess."""
    return {name: value for name, value in part.items() if name != "checksums"} if isinstance(part, Mapping) else part


def _records(records: _Part, rule: Disclosure) -> dict[str, Any]:
    told = {
        **records,
        "rows": {table: rule.count(rows) for table, rows in records.get("rows", {}).items()},
        "warnings": [rule.sentence(warning) for warning in records.get("warnings", ())],
        "reviews": [rule.sentence(said) for said in records.get("reviews", ())],
    }
    if permission := records.get("permission"):
        left_out = [{**one, "number": _in_words(one["number"], rule)} for one in permission.get("left_out", ())]
        told["permission"] = {**permission, "left_out": left_out}
    return told


def _features(features: _Part, rule: Disclosure) -> dict[str, Any]:
    told = {**features, "notes": [rule.sentence(note) for note in features.get("notes", ())]}
    if "flow" in features:
        told["flow"] = [_counted(step, rule) for step in features["flow"]]
    return told


def _model(model: _Part, rule: Disclosure) -> dict[str, Any]:
    told = {**model, **{name: rule.count(model[name]) for name in _OF_PEOPLE if name in model}}
    if model.get("score_decay"):
        told["score_decay"] = rounded(decay(model["score_decay"], rule))
    return told


def _scores(scores: _Part, rule: Disclosure) -> dict[str, Any]:
    told = {**scores, "people": rule.count(scores.get("people"))}
    if scores.get("not_scored"):
        told["not_scored"] = rule.sentence(scores["not_scored"])
    return told


def _lists(lists: _Part, rule: Disclosure) -> dict[str, Any]:
    return {**lists, **{name: _counted(lists[name], rule) for name in _BY_LIST if name in lists}}


def _in_words(number: str, rule: Disclosure) -> str:
    """Return a number that the door told in words ("1,204", "fewer than 8") by the rule."""
    digits = number.replace(",", "")
    return rule.words(int(digits)) if digits.isdecimal() else number


def _counted(numbers: Mapping[str, Any], rule: Disclosure) -> dict[str, Any]:
    return {name: rule.count(value) if isinstance(value, int) else value for name, value in numbers.items()}
