"""For whom a model works: by age, by attribute, in places held out, and how long a score lasts."""

from collections.abc import Iterator, Mapping
from typing import Any

from vi_risk.models.card.content import ModelCard
from vi_risk.models.card.figures import (
    NOT_ESTIMATED,
    NOT_TOLD,
    count,
    decimals,
    share,
    with_interval,
    with_share,
    words_of,
)
from vi_risk.models.card.parts import Figure, Group, Heading, Paragraph, Part, Row, Table
from vi_risk.models.card.plots import decay_plot
from vi_risk.models.evidence.subgroups import FEWEST
from vi_risk.models.templates import date_in_words

_PLACES = 2  # of an AUROC in a group: three would tell of few people how many pairs there are


def by_age(evaluation: Mapping[str, Any]) -> Iterator[Part]:
    """Return how well the model does within bands of age."""
    bands = evaluation.get("by_age") or {}
    if not bands:
        return
    columns = (
        "People",
        "Had the outcome",
        "AUROC, 95 % interval",
        "AUPRC",
        "Brier score",
        "Scaled Brier score",
        "Observed over expected",
        "Calibration in the large",
        "Calibration slope",
        "Integrated calibration index",
    )
    yield Heading("Within age bands")
    yield Paragraph(
        "Much of what a model tells over all ages is age. Within a band it has to tell the rest, so the AUROC there is"
        " lower."
    )
    yield Table.of(
        "by-age",
        "This model within bands of age, of the same people",
        "Age",
        columns,
        [Row(words_of(band), _band(found, len(columns))) for band, found in bands.items()],
    )


def _band(found: Mapping[str, Any], columns: int) -> list[str]:
    if found["n"] is None:
        return [NOT_TOLD, *[""] * (columns - 1)]
    return [
        count(found["n"]),
        with_share(found["events"], found.get("observed")),
        _told(found, "auroc", _PLACES),
        *(_told(found, name, places) for name, places in (("auprc", 3), ("brier", 4), ("scaled_brier", 3))),
        _told(found, "observed_over_expected", 2),
        _told(found, "calibration_in_the_large", 2),
        _told(found, "calibration_slope", 2),
        _told(found, "integrated_calibration_index", 4),
    ]


def _told(found: Mapping[str, Any], name: str, places: int) -> str:
    """Return a figure with its interval; where these people cannot tell it, that they are too few."""
    return with_interval(found.get(name), found.get(f"{name}_interval"), places, otherwise=NOT_TOLD)


def subgroups(evaluation: Mapping[str, Any]) -> Table | None:
    """Return how the model does for whom; what is too small to tell says so."""
    told = evaluation.get("subgroups") or {}
    if not told:
        return None
    columns = (
        "People",
        "Outcomes (of all)",
        "Listed (of all)",
        "Had the outcome",
        "Mean risk given",
        "AUROC, 95 % interval",
        "Calibration in the large, 95 % interval",
        "PPV in the lists, 95 % interval",
        "Outcomes not listed, 95 % interval",
    )
    return Table(
        "subgroups",
        f"The same people, risks and lists, told apart by one attribute; nothing is told of fewer than {FEWEST} people",
        "Group",
        columns,
        [
            Group(
                words_of(attribute),
                [Row(label, _subgroup(found, len(columns))) for label, found in groups.items()],
            )
            for attribute, groups in told.items()
        ],
        dense=True,
    )


def _subgroup(group: Mapping[str, Any], columns: int) -> list[str]:
    if group["n"] is None:
        return [NOT_TOLD, *[""] * (columns - 1)]
    return [
        count(group["n"]),
        with_share(group["events"], group["share_of_outcomes"]),
        with_share(group["listed"], group["share_of_listed"]),
        share(group["observed"], otherwise=NOT_TOLD),
        share(group["mean_risk"], otherwise=NOT_TOLD),
        _told(group, "auroc", _PLACES),
        _told(group, "calibration_in_the_large", 2),
        share(group["ppv"], group["ppv_interval"], otherwise=NOT_TOLD),
        share(group["false_negative_rate"], group["false_negative_rate_interval"], otherwise=NOT_TOLD),
    ]


# --- places held out --------------------------------------------------------------------------------------------------

_POOLED = (
    ("auroc", "AUROC", 3),
    ("calibration_in_the_large", "Calibration in the large", 2),
    ("calibration_slope", "Calibration slope", 2),
)


def held_out(evaluation: Mapping[str, Any]) -> Iterator[Part]:
    """Return how models did that had never seen the practice, network or patient that they were tested on."""
    for by, found in (evaluation.get("held_out") or {}).items():
        yield Heading(f"Where the {by} was held out")
        yield Paragraph(
            f"Each {by} was tested by a model that had seen nobody of it. The interval is that of the mean; another"
            f" {by} of this kind is expected within the second one. Told: {count(found['told'])}; too small to tell:"
            f" {count(found['not_told'])}."
        )
        summary = found.get("summary") or {}
        pooled = [
            Row(
                title,
                [
                    with_interval((of := summary.get(name) or {}).get("mean"), of.get("interval"), places),
                    _range(of.get("prediction_interval"), places),
                    decimals(of.get("heterogeneity"), 3),
                ],
            )
            for name, title, places in _POOLED
        ]
        yield Table.of(
            f"held-out-{by}",
            f"All of them together (random effects, DerSimonian and Laird), by {by}",
            "Measure",
            ("Mean, 95 % interval", "Another one, 95 % interval", "Spread between them (tau)"),
            pooled,
        )
        groups = found.get("groups") or {}
        if groups:
            yield Table.of(
                f"each-{by}",
                f"Each {by} held out",
                words_of(by),
                ("People", "Had the outcome", *(f"{title}, 95 % interval" for _, title, _ in _POOLED)),
                [
                    Row(
                        label,
                        [
                            count(group["n"], NOT_TOLD),
                            count(group["events"]),
                            *(_told(group, name, min(places, _PLACES)) for name, _, places in _POOLED),
                        ],
                    )
                    for label, group in groups.items()
                ],
            )


def _range(interval: tuple[float, float] | None, places: int) -> str:
    if interval is None:
        return NOT_ESTIMATED
    return f"{decimals(interval[0], places)} to {decimals(interval[1], places)}"


# --- how long a score lasts -------------------------------------------------------------------------------------------


def score_decay(card: ModelCard) -> Iterator[Part]:
    """Return how one score does against outcome windows that start later and later."""
    decay = card.evaluation.get("score_decay")
    if not decay:
        return
    when = f", {date_in_words(min(days))}" if (days := card.index_dates.get("train")) else ""
    yield Paragraph(
        f"These are people of the earliest training date{when}, not those tested: only their later windows are over."
        " One score of each, given once by trees that had not seen them, is held against outcome windows that start"
        " later and later: what is lost by not scoring again. Those trees, and the calibration, were fitted on later"
        " training dates too, so look at how figures change, not at how high they are. Intervals come from drawing"
        " people again."
    )
    table = Table(
        "decay",
        "The score of one day against later outcomes",
        "Window starts after",
        (
            "People",
            "Had the outcome",
            "AUROC, 95 % interval",
            "Calibration slope, 95 % interval",
        ),
        [
            Group("Everyone still at risk then", [_later(days, found) for days, found in decay["at_risk"].items()]),
            *(
                [
                    Group(
                        f"The same people each time: {decay.get('same_people_are') or 'those at risk throughout'}",
                        [_later(days, found) for days, found in decay["same_people"].items()],
                    )
                ]
                if decay.get("same_people")
                else []
            ),
        ],
    )
    plot = decay_plot(decay)
    yield table if plot is None else Figure(plot, table)


def _later(days: str, found: Mapping[str, Any]) -> Row:
    title = f"{int(days):,} days" if int(days) else "At once"
    if found.get("not_estimable"):
        return Row(title, ["not estimable", "", "", ""], found["not_estimable"])
    return Row(
        title,
        [
            count(found["n"]),
            with_share(found["events"], found.get("observed")),
            _told(found, "auroc", 3),
            _told(found, "calibration_slope", 2),
        ],
    )


# --- fairness ---------------------------------------------------------------------------------------------------------


def fairness(evaluation: Mapping[str, Any]) -> Iterator[Part]:
    """Return who is listed in proportion to whose need, and how far the groups of an attribute lie apart."""
    told = evaluation.get("fairness") or {}
    if not told:
        return
    yield Heading("Who is listed in proportion to whose need?")
    yield Paragraph(
        "Lists follow need where a group has the same part of the lists as of the outcomes: 1 is in proportion; below"
        " 1, a group is listed less than its need would ask. An outcome is not need itself: who is not brought to"
        " hospital when ill has none, and seems well served here. Intervals of a part of a group are Wilson's; those of"
        " lists over outcomes come from the linearised variance of its logarithm."
    )
    yield Table(
        "fairness",
        "Lists and need by group, at the length of the lists",
        "Group",
        (
            "Listed, of the group, 95 % interval",
            "Part of the lists",
            "Part of the outcomes",
            "Lists over outcomes, 95 % interval",
        ),
        [
            Group(words_of(attribute), [Row(label, _served(group)) for label, group in found["groups"].items()])
            for attribute, found in told.items()
        ],
        dense=True,
    )
    gaps = {
        attribute: {name: gap for name, gap in found["gaps"].items() if gap and gap["lowest"] != gap["highest"]}
        for attribute, found in told.items()
    }
    if any(gaps.values()):
        yield Table(
            "gaps",
            "Between which groups a figure differs most. They are picked for being furthest apart, so some gap is there"
            " by chance alone",
            "Figure",
            ("Lowest", "Highest", "Difference", "Ratio"),
            [
                Group(words_of(attribute), [_gap(name, gap) for name, gap in of.items()])
                for attribute, of in gaps.items()
                if of
            ],
            dense=True,
        )


_COMPARED = {
    "selection_rate": "Listed, of the group",
    "false_negative_rate": "Outcomes not listed",
    "ppv": "PPV in the lists",
}


def _served(group: Mapping[str, Any]) -> list[str]:
    return [
        share(group["selection_rate"], group["selection_rate_interval"], otherwise=NOT_TOLD),
        share(group["share_of_listed"], otherwise=NOT_TOLD),
        share(group["share_of_outcomes"], otherwise=NOT_TOLD),
        _told(group, "listed_for_need", 2),
    ]


def _gap(name: str, gap: Mapping[str, Any]) -> Row:
    return Row(
        _COMPARED.get(name, words_of(name)),
        [gap["lowest"], gap["highest"], share(gap["difference"]), decimals(gap["ratio"], 2)],
    )
