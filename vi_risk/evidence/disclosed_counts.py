"""The evidence of a model of counts as others than the team may see it.

What is counted (admissions, nights) is told as people are: of one admission there is one person.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from vi_risk.governance.small_numbers import Disclosure

_Found = Mapping[str, Any]


def disclosed_counts(evaluation: _Found, rule: Disclosure) -> dict[str, Any]:
    """Return the content of evaluation.json of a count as others than the team may see it."""
    model = evaluation["model"]
    told = {**evaluation, "model": _performance(model, rule)}
    told["comparators"] = {name: _performance(other, rule) for name, other in evaluation["comparators"].items()}
    if "comparator_notes" in evaluation:
        told["comparator_notes"] = {name: rule.sentence(note) for name, note in evaluation["comparator_notes"].items()}
    if evaluation.get("subgroups"):
        told["subgroups"] = {
            attribute: _subgroups(groups, model, rule) for attribute, groups in evaluation["subgroups"].items()
        }
    return told


def _performance(found: _Found, rule: Disclosure) -> dict[str, Any]:
    n, total = found.get("n"), found.get("total")
    told: dict[str, Any] = {**found}
    told |= {name: rule.count(found[name]) for name in ("n", "followed", "with_any", "total") if name in found}
    few = told.get("with_any", 0) is None
    if "mean_observed" in found:
        told["mean_observed"] = None if few else rule.in_steps(found["mean_observed"], n)
    if "observed_over_expected" in found:
        told["observed_over_expected"] = None if few else rule.in_steps(found["observed_over_expected"], total)
    told["at"] = {place: _found_there(of, told, total, rule) for place, of in found.get("at", {}).items()}
    if found.get("deciles"):
        told["deciles"] = _tenths(found["deciles"], rule)
    if found.get("intervals"):
        told["intervals"] = {name: _moved(name, ends, found, told, rule) for name, ends in found["intervals"].items()}
    if found.get("difference"):
        told["difference"] = {name: _difference(name, of, total, rule) for name, of in found["difference"].items()}
    return told


def _found_there(found: _Found, told: _Found, total: float | None, rule: Disclosure) -> dict[str, Any]:
    observed = rule.count(found.get("observed"))
    n, whole, mean = rule.count(found.get("n")), rule.count(total), told.get("mean_observed")
    mean_there = observed / n if observed is not None and n else None
    return {
        **found,
        "n": n,
        "observed": observed,
        "share_of_observed": observed / whole if observed is not None and whole else None,
        "mean_observed": mean_there,
        "lift": mean_there / mean if mean_there is not None and mean else None,
    }


def _tenths(tenths: Sequence[_Found], rule: Disclosure) -> list[dict[str, Any]]:
    seen = rule.table({number: round(tenth["mean_observed"] * tenth["n"]) for number, tenth in enumerate(tenths)})
    told = []
    for number, tenth in enumerate(tenths):
        mean = None if seen[number] is None else rule.in_steps(tenth["mean_observed"], tenth["n"])
        low, high = rule.interval(
            (tenth["low"], tenth["high"]), value=tenth["mean_observed"], told=mean, of=tenth["n"], bounds=None
        ) or (None, None)
        people = rule.count(tenth["n"])
        told.append({**tenth, "n": people, "mean_observed": mean, "low": low, "high": high})
    return told


def _moved(
    name: str, ends: Sequence[float] | None, found: _Found, told: _Found, rule: Disclosure
) -> Sequence[float] | None:
    """Return an interval around what is told; those of figures that tell no number stay as they are."""
    figure, _, place = name.partition(".")
    if place:
        before, now = found["at"].get(place, {}), told["at"].get(place, {})
        of = found["total"] if figure == "share_of_observed" else before.get("n")
    elif figure in ("mean_observed", "observed_over_expected"):
        before, now, of = found, told, found["n"] if figure == "mean_observed" else found["total"]
    else:
        return ends
    return rule.interval(ends, value=before.get(figure), told=now.get(figure), of=of, bounds=None)


def _difference(name: str, found: _Found, total: float | None, rule: Disclosure) -> dict[str, Any]:
    if not name.startswith("share_of_observed"):
        return {**found}
    value = rule.in_steps(found.get("value"), total)
    interval = rule.interval(found.get("interval"), value=found.get("value"), told=value, of=total, bounds=None)
    return {**found, "value": value, "interval": interval}


def _subgroups(groups: Mapping[str, _Found], model: _Found, rule: Disclosure) -> dict[str, dict[str, Any]]:
    whole = {
        "n": model["n"],
        "with_any": model["with_any"],
        "total": round(model["total"]),
        "listed": model["at"].get("capacity", {}).get("n"),
    }
    numbers = {
        name: rule.table(
            {label: None if of[name] is None else round(of[name]) for label, of in groups.items()}, total=total
        )
        for name, total in whole.items()
    }
    # What a few people have, many times over, is not told either.
    few = {label for label, number in numbers["with_any"].items() if number is None}
    totals = {label: None if of["total"] is None else round(of["total"]) for label, of in groups.items()}
    numbers["total"] = rule.table(totals, few, total=whole["total"])
    return {
        label: _subgroup(group, {name: numbers[name][label] for name in numbers}, whole, rule)
        for label, group in groups.items()
    }


def _subgroup(group: _Found, told: Mapping[str, int | None], whole: _Found, rule: Disclosure) -> dict[str, Any]:
    counted = told["total"]
    ratio = rule.in_steps(group["observed_over_expected"], counted)
    return {
        **group,
        **told,
        "mean_observed": None if counted is None else rule.in_steps(group["mean_observed"], group["n"]),
        "observed_over_expected": ratio,
        "observed_over_expected_interval": rule.interval(
            group["observed_over_expected_interval"],
            value=group["observed_over_expected"],
            told=ratio,
            of=counted,
            bounds=(0.0, float("inf")),
        ),
        "share_of_listed": rule.share(told["listed"], whole["listed"]) if told["listed"] is not None else None,
        "share_of_observed": rule.share(counted, whole["total"]) if counted is not None else None,
    }
