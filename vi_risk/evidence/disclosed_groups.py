"""Groups of the people tested (by attribute, age, place) as others than the team may see them.

The groups of an attribute make up everyone, so each number is told as a part of a total; and the same people may be a
group of two attributes, who are then told by both or by neither.
"""

from collections.abc import Mapping
from typing import Any

from vi_risk.governance.small_numbers import Disclosure

_Found = Mapping[str, Any]
_Attributes = Mapping[str, Mapping[str, _Found]]  # attribute -> label -> figures
_ESTIMATED = ("auroc", "calibration_in_the_large", "calibration_slope")  # of a group held out


def subgroups_of(found: _Attributes, model: _Found, rule: Disclosure) -> dict[str, dict[str, Any]]:
    """Return attribute -> label -> figures; what is None is not told, and why it is not is not told either."""
    same = {
        attribute: {label: _who(label, group) for label, group in groups.items()} for attribute, groups in found.items()
    }
    listed = model["at"].get("capacity", {})
    whole = {
        "n": model["n"],
        "events": model["events"],
        "listed": listed.get("n"),
        "true_cases": listed.get("true_cases"),
    }
    exact = {
        attribute: {
            label: {**group, "true_cases": _people(group["ppv"], group["listed"])} for label, group in groups.items()
        }
        for attribute, groups in found.items()
    }
    numbers = {
        name: rule.tables(
            {attribute: {label: of[name] for label, of in groups.items()} for attribute, groups in exact.items()},
            same,
            total=total,
        )
        for name, total in whole.items()
    }
    return {
        attribute: {
            label: _subgroup(
                group,
                {name: numbers[name][attribute][label] for name in numbers},
                whole,
                rule,
            )
            for label, group in groups.items()
        }
        for attribute, groups in found.items()
    }


def _who(label: str, group: _Found) -> object:
    """Return what is equal for the same people under two attributes; of a group of which nothing is told, its name."""
    return label if group["n"] is None else (group["n"], group["events"], group["listed"])


def _people(share: float | None, of: float | None) -> int | None:
    return None if share is None or of is None else round(share * of)


def _subgroup(group: _Found, told: Mapping[str, int | None], whole: _Found, rule: Disclosure) -> dict[str, Any]:
    events, listed = told["events"], told["listed"]
    figures: dict[str, Any] = {**group, "n": told["n"], "events": events, "listed": listed}
    figures["observed"] = _share(group["observed"], group["n"], rule) if events is not None else None
    figures["share_of_outcomes"] = (
        _share(group["share_of_outcomes"], whole["events"], rule) if events is not None else None
    )
    figures["share_of_listed"] = rule.share(listed, whole["listed"]) if listed is not None else None
    figures |= _discrimination(group, events)
    figures |= _in_the_large(group, events, rule)
    found_there = told["true_cases"] is not None
    figures["ppv"] = rule.share(told["true_cases"], listed) if found_there and listed is not None else None
    figures["ppv_interval"] = rule.interval(
        group["ppv_interval"], value=group["ppv"], told=figures["ppv"], of=group["listed"]
    )
    nobody_listed = listed == 0
    figures["false_negative_rate"] = _missed(group, events, rule) if found_there or nobody_listed else None
    figures["false_negative_rate_interval"] = rule.interval(
        group["false_negative_rate_interval"],
        value=group["false_negative_rate"],
        told=figures["false_negative_rate"],
        of=group["events"],
    )
    return figures


def _missed(group: _Found, events: int | None, rule: Disclosure) -> float | None:
    """Return the share missed as what the true cases that are told leave of those who had the outcome.

    Those missed, rounded by themselves, would be a third number beside those two, and narrow both.
    """
    rate = group["false_negative_rate"]
    found = None if rate is None else rule.share(_people(1 - rate, group["events"]), events)
    return None if found is None else 1 - found


def _share(share: float | None, people: float | None, rule: Disclosure) -> float | None:
    return None if share is None or people is None else rule.share(share * people, people)


def _discrimination(found: _Found, events: int | None) -> dict[str, Any]:
    """Return the AUROC to two decimals: from three, and few people, how many pairs there are could be worked out."""
    if events is None or found["auroc"] is None:
        return dict.fromkeys(("auroc", "auroc_interval"))
    ends = found["auroc_interval"]
    return {"auroc": round(found["auroc"], 2), "auroc_interval": ends and [round(end, 2) for end in ends]}


def _in_the_large(found: _Found, events: int | None, rule: Disclosure) -> dict[str, Any]:
    """Return calibration in the large in steps of five of those who had the outcome: with the mean risk it tells them.

    Near 0 it is the logarithm of how many had the outcome over how many were expected, so that five of them move it by
    five over their number.
    """
    name = "calibration_in_the_large"
    if name not in found:
        return {}
    value = rule.in_steps(found[name], events)
    interval = f"{name}_interval"
    if interval not in found:
        return {name: value}
    return {
        name: value,
        interval: rule.interval(found[interval], value=found[name], told=value, of=events, bounds=None),
    }


def expected_of(found: _Found, rule: Disclosure) -> float | None:
    """Return how many events were expected: five more or fewer move observed over expected by a share of that number.

    None where so few came that their number is not told, or none did.
    """
    ratio, events = found["observed_over_expected"], found["events"]
    return events / ratio if ratio and rule.count(events) else None


def age_bands(found: Mapping[str, _Found], model: _Found, rule: Disclosure) -> dict[str, dict[str, Any]]:
    """Return band -> figures: of a band whose outcomes are not told, how many people it holds."""
    n = rule.table({band: of["n"] for band, of in found.items()}, total=model["n"])
    events = rule.table({band: of["events"] for band, of in found.items()}, total=model["events"])
    told = {}
    for band, of in found.items():
        if events[band] is None:
            told[band] = {**dict.fromkeys(of), "n": n[band]}
            continue
        told[band] = {
            **of,
            "n": n[band],
            "events": events[band],
            "observed": _share(of["observed"], of["n"], rule),
            "brier": rule.in_steps(of["brier"], of["n"]),
            "observed_over_expected": rule.in_steps(of["observed_over_expected"], expected_of(of, rule)),
            **_discrimination(of, events[band]),
            **_in_the_large(of, events[band], rule),
        }
    return told


def held_out_groups(found: _Found, rule: Disclosure) -> dict[str, Any]:
    """Return the results of practices, networks or patients held out; the summary over all of them tells of nobody."""
    groups = found.get("groups") or {}
    small = {
        label for label, group in groups.items() if all(group[name] is None for name in group if name in _ESTIMATED)
    }
    n = rule.table({label: group["n"] for label, group in groups.items()}, small)
    events = rule.table({label: group["events"] for label, group in groups.items()}, small)
    told = {}
    for label, group in groups.items():
        kept = group if events[label] is not None else dict.fromkeys(group)
        told[label] = {
            **kept,
            "n": n[label],
            "events": events[label],
            **_discrimination(kept, events[label]),
            **_in_the_large(kept, events[label], rule),
        }
    return {**found, "groups": told}


# --- fairness ---------------------------------------------------------------------------------------------------------


def fairness_of(found: Mapping[str, _Found], subgroups: _Attributes, rule: Disclosure) -> dict[str, Any]:
    """Return attribute -> groups and gaps, made of what is told of the same groups as subgroups; none without them."""
    told = {}
    for attribute, of in found.items():
        groups = {
            label: _served(group, (subgroups.get(attribute) or {}).get(label) or {}, rule)
            for label, group in of["groups"].items()
        }
        told[attribute] = {"groups": groups, "gaps": {name: _gap(groups, name) for name in of["gaps"]}}
    return told


def _served(group: _Found, told: _Found, rule: Disclosure) -> dict[str, Any]:
    figures: dict[str, Any] = {**dict.fromkeys(group), "n": told.get("n")}
    for name in ("ppv", "false_negative_rate", "share_of_listed", "share_of_outcomes"):
        figures[name] = told.get(name)
    for name in ("ppv_interval", "false_negative_rate_interval"):
        figures[name] = told.get(name)
    listed, n = told.get("listed"), told.get("n")
    figures["selection_rate"] = listed / n if listed is not None and n else None
    figures["selection_rate_interval"] = rule.interval(
        group["selection_rate_interval"], value=group["selection_rate"], told=figures["selection_rate"], of=n
    )
    part, need = figures["share_of_listed"], figures["share_of_outcomes"]
    if part is not None and need:
        figures["listed_for_need"] = part / need
        figures["listed_for_need_interval"] = rule.interval(
            group["listed_for_need_interval"],
            value=group["listed_for_need"],
            told=figures["listed_for_need"],
            of=min(listed or 0, told["events"]) or told["events"],
            bounds=(0.0, float("inf")),
        )
    return figures


def _gap(groups: Mapping[str, _Found], figure: str) -> dict[str, Any] | None:
    """Return between which groups a figure that is told differs most, as `vi_risk.models.evidence.fairness.Gap`."""
    told = {label: group[figure] for label, group in groups.items() if group[figure] is not None}
    if len(told) < 2:
        return None
    lowest, highest = min(told, key=lambda label: told[label]), max(told, key=lambda label: told[label])
    difference = told[highest] - told[lowest]
    ratio = told[lowest] / told[highest] if told[highest] else None
    return {"lowest": lowest, "highest": highest, "difference": difference, "ratio": ratio}
