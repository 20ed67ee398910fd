"""How well a model of a count does (admissions, nights in hospital), as parts of the card."""

from collections.abc import Iterator, Mapping
from typing import Any

from vi_risk.models.card.figures import (
    NOT_ESTIMATED,
    NOT_TOLD,
    NOTHING,
    count,
    decimals,
    names_in_words,
    share,
    with_interval,
    with_share,
    words_of,
)
from vi_risk.models.card.parts import Bullets, Figure, Group, Heading, Paragraph, Part, Row, Table
from vi_risk.models.card.plots import THIS_MODEL, decile_plot
from vi_risk.models.card.yes_no import place_in_words

_FIRST = "The first of each practice"


def in_short(evaluation: Mapping[str, Any], outcome: str, when: str) -> Bullets:
    """Return what was seen and how much of it was expected of whom, as sentences; no lists are made by counts."""
    model = evaluation["model"]
    listed = model["at"].get("capacity", {})
    any_at_all = f"{count(model['with_any'])} had any: {count(model['total'])} {outcome}"
    said = [f"Of {count(model['n'])} people tested{when}, {any_at_all}."]
    if listed.get("share_of_observed") is not None:
        said.append(
            f"The first of each practice, {count(listed['n'])} people of whom most was expected there, had"
            f" {share(listed['share_of_observed'])} of all that was counted:"
            f" {decimals(listed.get('lift'), 1)} times what as many drawn by lot have. No lists are made by counts."
        )
    said.append(
        f"Deviance explained {_with(model, 'deviance_explained')}, where 1 is perfect and 0 the mean for everyone;"
        f" calibration slope {_with(model, 'calibration_slope', 2)}, where 1 is perfect."
    )
    return Bullets(said)


def performance(evaluation: Mapping[str, Any]) -> Iterator[Part]:
    """Return how well the model does over all people tested."""
    model = evaluation["model"]
    yield Paragraph(
        "Tested at later index dates than any that the model was trained on. Intervals are 95 % intervals, from drawing"
        " people again, with the places as they stand; those of tenths and within attributes are Wald's."
    )
    followed = []
    if model.get("followed") is not None and model["followed"] != model["n"]:
        followed = [Row("Their count is known", [count(model["followed"])], "the others left before the end")]
    yield Table.of(
        "performance",
        "This model over all people tested",
        "Measure",
        ("Value, with its 95 % interval where one was estimated",),
        [
            Row("People tested", [count(model["n"])]),
            *followed,
            Row("With a count above 0", [count(model["with_any"])]),
            Row("Counted in all", [count(model["total"])]),
            Row("Mean seen", [_with(model, "mean_observed")], "for each person"),
            Row("Mean expected", [decimals(model["mean_expected"])], "for each person"),
            Row(
                "Observed over expected",
                [_with(model, "observed_over_expected", 2)],
                "1 is perfect; above 1, the model expects too few",
            ),
            Row("Calibration slope", [_with(model, "calibration_slope", 2)], "1 is perfect; below 1, too extreme"),
            Row(
                "Deviance explained",
                [_with(model, "deviance_explained")],
                "1 is perfect; 0 is the mean for everyone",
            ),
            Row("Rank correlation", [_with(model, "rank_correlation")], "of expected and seen; 1 is perfect"),
        ],
    )
    yield Heading("Who is found")
    yield Table.of(
        "found",
        "People of whom most is expected, over all and in each practice; lift is their mean over everyone's. The first"
        " of each practice are as many as its list has places, but no lists are made by counts",
        "Reviewed",
        ("People", "Counted among them", "Share of all counted, 95 % interval", "Mean seen, 95 % interval", "Lift"),
        [
            Row(
                _FIRST if place == "capacity" else place_in_words(place),
                [
                    count(found["n"]),
                    count(found["observed"]),
                    share(found["share_of_observed"], model.get("intervals", {}).get(f"share_of_observed.{place}")),
                    _with(model, f"mean_observed.{place}", 2, value=found["mean_observed"]),
                    decimals(found.get("lift"), 1),
                ],
            )
            for place, found in model["at"].items()
        ],
    )
    yield Heading("Beside rules, scores and other learners")
    yield _compared(evaluation)
    yield Heading("Reliability: does an expected count mean what it says?")
    yield _reliability(evaluation)


def _with(model: Mapping[str, Any], name: str, places: int = 3, *, value: float | None = None) -> str:
    return with_interval(value if value is not None else model.get(name), model.get("intervals", {}).get(name), places)


def _compared(evaluation: Mapping[str, Any]) -> Table:
    notes = evaluation.get("comparator_notes", {})

    def texts(column: Mapping[str, Any], differences: tuple[str, ...]) -> list[str]:
        return [
            decimals(column["deviance_explained"]),
            differences[0],
            decimals(column["rank_correlation"]),
            decimals(column["calibration_slope"], 2),
            share((column["at"].get("capacity") or {}).get("share_of_observed")),
            differences[1],
        ]

    def difference(column: Mapping[str, Any], name: str, scale: float = 1) -> str:
        found = column.get("difference", {}).get(name) or {}
        if found.get("value") is None:
            return NOT_ESTIMATED
        interval = found.get("interval")
        ends = None if interval is None else [scale * end for end in interval]
        return with_interval(scale * found["value"], ends, 1 if scale > 1 else 3)

    rows = [Row(THIS_MODEL, texts(evaluation["model"], (NOTHING, NOTHING)))]
    rows += [
        Row(
            words_of(name),
            texts(
                column,
                (difference(column, "deviance_explained"), difference(column, "share_of_observed.capacity", 100)),
            ),
            names_in_words(notes.get(name, ""), evaluation["comparators"]),
        )
        for name, column in evaluation["comparators"].items()
    ]
    blank = [""] * len(rows[0].texts)
    rows += [Row(words_of(name), blank, note) for name, note in notes.items() if name not in evaluation["comparators"]]
    return Table.of(
        "compared",
        "The same people, ranked in other ways; each way was fitted on the same training people",
        "Ranked by",
        (
            "Deviance explained",
            "This model's less this one's, 95 % interval",
            "Rank correlation",
            "Calibration slope",
            "Share of all counted, among the first of each practice",
            "This model's less this one's, per cent of all, 95 % interval",
        ),
        rows,
    )


def _reliability(evaluation: Mapping[str, Any]) -> Part:
    plot = decile_plot(evaluation)
    if plot is None:
        return Paragraph(f"Reliability was {NOT_ESTIMATED}.")
    table = Table.of(
        "reliability",
        "Tenths of people by what is expected of them; on the dashed line, expected and seen agree. Bars are 95 %"
        " intervals.",
        "Tenth",
        ("People", "Mean expected", "Mean seen", "95 % interval"),
        [
            Row(
                f"{number}",
                [
                    count(group["n"]),
                    decimals(group["mean_expected"]),
                    decimals(group["mean_observed"], otherwise=NOT_TOLD),
                    NOT_TOLD if group["low"] is None else f"{decimals(group['low'])} to {decimals(group['high'])}",
                ],
            )
            for number, group in enumerate(evaluation["model"]["deciles"], start=1)
        ],
    )
    return Figure(plot, table)


def subgroups(evaluation: Mapping[str, Any]) -> Table | None:
    """Return how the model does for whom; what is too small to tell says so."""
    told = evaluation.get("subgroups") or {}
    if not told:
        return None
    columns = (
        "People",
        "Counted (of all)",
        "Among the first of their practice (of all)",
        "Mean seen",
        "Mean expected",
        "Observed over expected, 95 % interval",
    )
    return Table(
        "subgroups",
        "The same people and expectations, told apart by one attribute",
        "Group",
        columns,
        [
            Group(words_of(attribute), [Row(label, _subgroup(group, len(columns))) for label, group in of.items()])
            for attribute, of in told.items()
        ],
        dense=True,
    )


def _subgroup(group: Mapping[str, Any], columns: int) -> list[str]:
    if group["n"] is None:
        return [NOT_TOLD, *[""] * (columns - 1)]
    return [
        count(group["n"]),
        with_share(group["total"], group["share_of_observed"]),
        with_share(group["listed"], group["share_of_listed"]),
        decimals(group["mean_observed"], otherwise=NOT_TOLD),
        decimals(group["mean_expected"], otherwise=NOT_TOLD),
        with_interval(
            group["observed_over_expected"],
            group.get("observed_over_expected_interval"),
            2,
            otherwise=NOT_TOLD,
        ),
    ]
