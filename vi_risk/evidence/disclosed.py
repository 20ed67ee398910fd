"""The evidence of a model as others than the team may see it: evaluation.json with its numbers told by the rule.

What comes out has the shape of what went in, so that the card, the plots and MLflow are made of it as they would be of
the exact one. A number that is not told is None. Shares are made again of the numbers that are told
(`vi_risk.governance.small_numbers`), and what rests on a number that is not told is not told either.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vi_risk.evidence.disclosed_counts import disclosed_counts
from vi_risk.evidence.disclosed_groups import age_bands, expected_of, fairness_of, held_out_groups, subgroups_of
from vi_risk.governance.small_numbers import Disclosure

_PLACES = 4  # of any figure; of an AUROC among few people two, for three would tell how many pairs there are
_PLACES_OF_A_RISK = 3  # that one person has: that of the last place, the ends of a curve
# Figures by which outcomes could be worked out -> whether they are of everyone, else of those who had the outcome.
_IN_STEPS: Mapping[str, bool] = {
    "brier": True,
    "calibration_in_the_large": False,
}
_Found = Mapping[str, Any]


def disclosed(evaluation: _Found, rule: Disclosure) -> dict[str, Any]:
    """Return the content of evaluation.json, of a risk or of a count, as others than the team may see it."""
    told = disclosed_counts(evaluation, rule) if evaluation.get("kind") == "count" else _of_risk(evaluation, rule)
    return {name: rounded(part) for name, part in told.items()}


def _of_risk(evaluation: _Found, rule: Disclosure) -> dict[str, Any]:
    told = {**evaluation, "model": performance(evaluation["model"], rule)}
    told["comparators"] = {
        name: _comparator(other, evaluation["model"], rule) for name, other in evaluation["comparators"].items()
    }
    if "comparator_notes" in evaluation:
        told["comparator_notes"] = {name: rule.sentence(note) for name, note in evaluation["comparator_notes"].items()}
    n = evaluation["model"].get("n")
    if evaluation.get("subgroups"):
        told["subgroups"] = subgroups_of(evaluation["subgroups"], evaluation["model"], rule)
    parts: dict[str, Callable[[_Found], Any]] = {
        "decision_curve": lambda found: _decision_curve(found, n, rule),
        "by_age": lambda found: age_bands(found, evaluation["model"], rule),
        "fairness": lambda found: fairness_of(found, told.get("subgroups") or {}, rule),
        "held_out": lambda found: {by: held_out_groups(of, rule) for by, of in found.items()},
        "companions": lambda found: {name: _companion(of, n, rule) for name, of in found.items()},
        "score_decay": lambda found: decay(found, rule),
        "truth": lambda found: _truth(found, rule),
    }
    return told | {name: part(evaluation[name]) for name, part in parts.items() if evaluation.get(name)}


def rounded(found: Any) -> Any:
    """Return results without the digits that nobody reads: from all of a share's digits its numbers can be had."""
    if isinstance(found, float):
        return round(found, _PLACES)
    if isinstance(found, Mapping):
        return {name: rounded(inner) for name, inner in found.items()}
    return [rounded(inner) for inner in found] if isinstance(found, list | tuple) else found


# --- figures over everyone tested -------------------------------------------------------------------------------------


def performance(found: _Found, rule: Disclosure) -> dict[str, Any]:
    """Return how one set of risks did; what it does not tell (a comparator has no groups of like risk) stays away."""
    n, events = found.get("n"), found.get("events")
    told: dict[str, Any] = {**found}
    told |= {name: rule.count(found[name]) for name in ("n", "events") if name in found}
    if "followed" in found:
        told["followed"] = rule.part(found["followed"], n)
    if "observed" in found:
        told["observed"] = share_of(found["observed"], n, rule) if events else rule.share(events, n)
    told |= {
        name: rule.in_steps(found[name], n if of_all else events) for name, of_all in _IN_STEPS.items() if name in found
    }
    if "observed_over_expected" in found:
        told["observed_over_expected"] = rule.in_steps(found["observed_over_expected"], expected_of(found, rule))
    told["at"] = {
        place: _found_there(listed, events, told.get("observed"), rule) for place, listed in found.get("at", {}).items()
    }
    if finds := found.get("incremental_finds"):
        told["incremental_finds"] = {
            "true_cases": rule.count(finds["true_cases"]),
            "not_known_by": {
                sign: rule.part(number, finds["true_cases"]) for sign, number in finds["not_known_by"].items()
            },
            "new": rule.part(finds["new"], finds["true_cases"]),
            "silent": [sign for sign, number in finds["not_known_by"].items() if number == finds["true_cases"]],
        }
    if found.get("reliability"):
        told["reliability"] = _reliability(found["reliability"], rule)
    if found.get("calibration_curve"):
        told["calibration_curve"] = [
            {name: round(value, _PLACES_OF_A_RISK) for name, value in point.items()}
            for point in found["calibration_curve"]
        ]
    if found.get("intervals"):
        told["intervals"] = _intervals(found, told, rule)
    return told


def share_of(share: float | None, people: float | None, rule: Disclosure) -> float | None:
    """Return a share of people, by weights or not, as a rounded number of a rounded number."""
    return None if share is None or people is None else rule.share(share * people, people)


def _found_there(found: _Found, events: float | None, observed: float | None, rule: Disclosure) -> dict[str, Any]:
    """Return who is found in one place; nothing but how many were looked at where few of them had the outcome."""
    told = {**found}
    if "n" in found:
        told["n"] = rule.count(found["n"])
    if "true_cases" in found:
        told["true_cases"] = rule.part(found["true_cases"], found.get("n"))
    is_told = told.get("true_cases", 0) is not None
    ppv = share_of(found.get("ppv"), found.get("n"), rule) if is_told else None
    told["ppv"] = ppv
    told["sensitivity"] = share_of(found.get("sensitivity"), events, rule) if is_told else None
    if "number_needed_to_review" in found:
        told["number_needed_to_review"] = 1 / ppv if ppv else None
    if "lift" in found:
        told["lift"] = ppv / observed if ppv is not None and observed else None
    return told


def _reliability(groups: Sequence[_Found], rule: Disclosure) -> list[dict[str, Any]]:
    had_it = rule.table({number: round(group["observed"] * group["n"]) for number, group in enumerate(groups)})
    told = []
    for number, group in enumerate(groups):
        observed = None if had_it[number] is None else rule.share(had_it[number], group["n"])
        low, high = rule.interval(
            (group["low"], group["high"]), value=group["observed"], told=observed, of=group["n"]
        ) or (None, None)
        people = rule.count(group["n"])
        told.append({**group, "n": people, "observed": observed, "low": low, "high": high})
    return told


def _intervals(found: _Found, told: _Found, rule: Disclosure) -> dict[str, Any]:
    """Return the intervals around what is told; those of figures that tell no number stay as they are."""
    n, events = found.get("n"), found.get("events")

    def moved(name: str, ends: Sequence[float] | None) -> Sequence[float] | None:
        figure, _, place = name.partition(".")
        if figure in ("ppv", "sensitivity", "true_cases"):
            before, now = found["at"].get(place, {}), told["at"].get(place, {})
            if figure == "true_cases":
                return rule.ends(ends) if now.get("true_cases") is not None else None
            of = before.get("n") if figure == "ppv" else events
            return rule.interval(ends, value=before.get(figure), told=now.get(figure), of=of)
        if name == "observed":
            return rule.interval(ends, value=found[name], told=told[name], of=n)
        if name == "net_benefit":
            return rule.interval(ends, value=0, told=0, of=n, bounds=None)
        if name == "observed_over_expected":
            return rule.interval(
                ends, value=found[name], told=told[name], of=expected_of(found, rule), bounds=(0.0, float("inf"))
            )
        if name in _IN_STEPS:
            of = n if _IN_STEPS[name] else events
            return rule.interval(ends, value=found[name], told=told[name], of=of, bounds=None)
        return ends

    return {name: moved(name, ends) for name, ends in found["intervals"].items()}


# --- beside the model -------------------------------------------------------------------------------------------------


def _comparator(found: _Found, model: _Found, rule: Disclosure) -> dict[str, Any]:
    told = performance(found, rule)
    if found.get("difference"):
        told["difference"] = {name: difference(name, of, model, told, rule) for name, of in found["difference"].items()}
    return told


def difference(name: str, found: _Found, model: _Found, told: _Found, rule: Disclosure) -> dict[str, Any]:
    """Return how much more the model has; of whoever is found, nothing where few are found by the comparator.

    ``"beyond_chance"`` keeps what the exact interval says: "more", "fewer" or None.
    """
    value, ends = found.get("value"), found.get("interval")
    figure, _, place = name.partition(".")
    if figure not in ("true_cases", "ppv", "sensitivity", "net_benefit", "brier"):
        return {**found}
    beyond = None if ends is None else "more" if ends[0] > 0 else "fewer" if ends[1] < 0 else None
    if place and told["at"].get(place, {}).get("true_cases", 0) is None:
        return {"value": None, "interval": None}
    if figure == "true_cases":
        return {"value": rule.difference(value), "interval": rule.ends(ends), "beyond_chance": beyond}
    of = model["events"] if figure == "sensitivity" else model["at"][place]["n"] if place else model["n"]
    stepped = rule.in_steps(value, of)
    return {"value": stepped, "interval": rule.interval(ends, value=value, told=stepped, of=of, bounds=None)}


def _decision_curve(found: _Found, n: int | None, rule: Disclosure) -> dict[str, Any]:
    """Return net benefits in steps of five people: exactly, two of them tell how many lie above a risk."""
    if not rule.count(n):
        return {}

    def stepped(values: Sequence[float]) -> list[float | None]:
        return [rule.in_steps(value, n) for value in values]

    told = {**found, "comparators": {name: stepped(values) for name, values in found["comparators"].items()}}
    told |= {name: stepped(found[name]) for name in ("model", "all", "none") if name in found}
    if found.get("list_threshold") is not None:
        told["list_threshold"] = round(found["list_threshold"], _PLACES_OF_A_RISK)
    return told


def _companion(found: _Found, n: int | None, rule: Disclosure) -> dict[str, Any]:
    told = {**found, "events": rule.count(found["events"])}
    told["observed"] = None if told["events"] is None else rule.in_steps(found["observed"], n)
    told["share_capped"] = share_of(found.get("share_capped"), n, rule)
    return told


def decay(found: _Found, rule: Disclosure) -> dict[str, Any]:
    """Return how one score did in later and later windows."""
    told = {**found}
    for line in ("at_risk", "same_people"):
        if found.get(line):
            everyone = max((of["n"] for of in found[line].values() if of.get("n") is not None), default=None)
            told[line] = {days: _window(of, everyone, rule) for days, of in found[line].items()}
    return told


def _window(found: _Found, everyone: int | None, rule: Disclosure) -> dict[str, Any]:
    """Return how the score did in one window; who is no more at risk then is a small number more often than not."""
    told = {**found}
    if "n" in found:
        told |= {"n": rule.part(found["n"], everyone), "events": rule.count(found["events"])}
    if "observed" in found:
        told["observed"] = share_of(found["observed"], found["n"], rule) if told["events"] is not None else None
    return told


def _truth(found: _Found, rule: Disclosure) -> dict[str, Any]:
    told = {**found, **{name: rule.count(found[name]) for name in ("n", "left_out") if name in found}}
    if found.get("tenths"):
        told["tenths"] = [{**tenth, "n": rule.count(tenth["n"])} for tenth in found["tenths"]]
    return told
