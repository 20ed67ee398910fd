"""What a card says first of a model of a yes-or-no outcome: who is found, who is missed, and beside which rule."""

from collections.abc import Iterator, Mapping
from typing import Any

from vi_risk.models.card.content import ModelCard
from vi_risk.models.card.figures import (
    count,
    decimals,
    of,
    share,
    with_interval,
    words_of,
)
from vi_risk.models.card.parts import Bullets
from vi_risk.models.comparators.learners import LEARNERS


def in_short(card: ModelCard, when: str) -> Bullets:
    """Return what the lists would have found among those tested, as sentences."""
    evaluation, model = card.evaluation, card.evaluation["model"]
    said = [*(_discharges_found(card, when) if card.of_discharges else _people_found(model, when))]
    said.append(
        f"AUROC {of(model, 'auroc')}, where 0.5 is chance and 1 perfect; calibration slope"
        f" {with_interval(model['calibration_slope'], model.get('intervals', {}).get('calibration_slope'), 2)}, where 1"
        " is perfect."
    )
    if (best := _best_rule(evaluation)) is not None:
        name, found, more = best
        listed = "discharges of which" if card.of_discharges else "people of whom"
        had = "were followed by" if card.of_discharges else "had"
        said.append(
            f"The rule that finds most, “{words_of(name)}”, would have listed {listed} {share(found)} {had} the"
            f" outcome. {more}"
        )
    return Bullets(said)


def _people_found(model: Mapping[str, Any], when: str) -> Iterator[str]:
    listed = model["at"].get("capacity", {})
    yield f"Of {count(model['n'])} people tested{when}, {_who_had_it(model)} had the outcome."
    if listed.get("ppv") is None:
        return
    yield (
        f"The lists would have held {count(listed['n'])} of them: {share(listed['ppv'])} of those had the outcome,"
        f" so {decimals(listed.get('number_needed_to_review'), 1)} are reviewed for each one found."
    )
    yield (
        f"Of all who had the outcome, {share(listed['sensitivity'])} were on a list and {_missed(listed)} were not on a"
        " list."
    )


def _discharges_found(card: ModelCard, when: str) -> Iterator[str]:
    model = card.evaluation["model"]
    listed = model["at"].get("capacity", {})
    yield (
        f"Tested were {count(model['n'])} people, by one discharge each, drawn from all that they had{when};"
        f" {count(model['events'])} of these discharges were followed by the outcome."
    )
    yield (
        "Each counts for all discharges that its person had in that time, so shares here are of discharges, not of"
        f" people: {share(model.get('observed'))} of discharges were followed by the outcome."
    )
    if listed.get("ppv") is None:
        return
    yield (
        f"{listed_places(card)}, taken once from the discharges of the whole time, would have held"
        f" {count(listed['n'])} of these {count(model['n'])}: {share(listed['ppv'])} of discharges listed were followed"
        f" by the outcome, so {decimals(listed.get('number_needed_to_review'), 1)} discharges are reviewed for each one"
        " followed by it."
    )
    yield (
        f"Of all discharges followed by the outcome, {share(listed['sensitivity'])} were on a list and"
        f" {_missed(listed)} were not on a list."
    )
    yield in_use(card)


def in_use(card: ModelCard) -> str:
    """Return what the lists after discharge hold, which is not what was tested."""
    now = "" if "list" not in card.asked else f" ({count(card.asked['list'])} people for the list of this run)"
    return (
        f"A list in use holds discharges of the last {count(card.horizon_days)} days alone{now}. How many of those it"
        " has room for, and what it finds among them, is not told here."
    )


def listed_places(card: ModelCard) -> str:
    """Return what a list holds, as the subject of a sentence."""
    return "The places of a list" if card.capacity is None else f"{card.capacity:,} places in each practice"


def _missed(listed: Mapping[str, Any]) -> str:
    return share(None if listed["sensitivity"] is None else 1 - listed["sensitivity"])


def _who_had_it(model: Mapping[str, Any]) -> str:
    if model.get("observed") is not None:
        by_weight = "" if _plainly(model) else " by weight"
        return f"{count(model['events'])} ({share(model['observed'])}{by_weight})"
    return events(model)


def _plainly(model: Mapping[str, Any]) -> bool:
    """Return whether the share observed is, as shown, that of the people themselves: weights make no difference."""
    return bool(model["n"]) and share(model["observed"]) == share(model["events"] / model["n"])


def events(column: Mapping[str, Any]) -> str:
    """Return how many had the outcome and which share of those tested they are."""
    if not column["n"] or column["events"] is None:
        return count(column["events"])
    return f"{count(column['events'])} ({share(column['events'] / column['n'])})"


def _best_rule(evaluation: Mapping[str, Any]) -> tuple[str, float, str] | None:
    """Return the simple rule with the highest PPV on the lists, that PPV, and how many more this model finds."""
    ppvs = {
        name: other["at"]["capacity"]["ppv"]
        for name, other in evaluation["comparators"].items()
        if name not in LEARNERS and (other.get("at", {}).get("capacity") or {}).get("ppv") is not None
    }
    if not ppvs:
        return None
    name = max(ppvs, key=lambda rule: ppvs[rule])
    more = evaluation["comparators"][name].get("difference", {}).get("true_cases.capacity") or {}
    if more.get("value") is None:
        return name, ppvs[name], "How many more this model's lists find could not be estimated."
    return name, ppvs[name], f"This model's lists find {_gain(more)}."


def _gain(more: Mapping[str, Any]) -> str:
    """Return how many more are found, and whether that is a gain."""
    if more.get("interval") is None:
        return f"{_more(more['value'])}, without an interval: no gain is shown"
    low, high = more["interval"]
    shown = {"more": "a gain beyond chance", "fewer": "fewer beyond chance"}.get(
        more.get("beyond_chance") or "", "no gain is shown"
    )
    return f"{_more(more['value'])} (95 % interval: {_more(low)} to {_more(high)}): {shown}"


def _more(number: float) -> str:
    whole = round(number)
    return "as many" if whole == 0 else f"{abs(whole):,} {'more' if whole > 0 else 'fewer'}"
