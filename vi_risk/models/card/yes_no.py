"""How well a model of a yes-or-no outcome does, as parts of the card: figures, who is found, and beside what."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vi_risk.models.card.content import ModelCard
from vi_risk.models.card.figures import (
    NOT_ESTIMATED,
    NOT_TOLD,
    NOTHING,
    count,
    decimals,
    names_in_words,
    of,
    people_of,
    share,
    with_interval,
    words_of,
)
from vi_risk.models.card.in_short import events, in_use, listed_places
from vi_risk.models.card.parts import Figure, Heading, Paragraph, Part, Row, Table
from vi_risk.models.card.plots import THIS_MODEL, decision_plot, list_threshold, reliability_plot

_SHOWN_THRESHOLDS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4)
_PER = 1000  # people, for the net benefit
OF_DISCHARGES = (
    "One discharge of each person was drawn and tested. It counts for all discharges that its person had in the time"
    " tested, so numbers of people are as they are, and shares, means and other figures are of discharges."
)


def performance(card: ModelCard) -> Iterator[Part]:
    """Return how well the model does over all people tested."""
    evaluation = card.evaluation
    yield Paragraph(
        "Tested at later index dates than any that the model was trained on. Intervals are 95 % intervals: DeLong's for"
        " an AUROC, Wilson's for shares within groups of like risk and within attributes, Wald's for calibration in the"
        " large within an attribute. Those of differences, and of all else in this section, come from drawing people"
        " again, with the lists as they stand."
    )
    if card.of_discharges:
        yield Paragraph(OF_DISCHARGES)
    yield Table.of(
        "performance",
        "This model over all people tested",
        "Measure",
        ("Value, with its 95 % interval where one was estimated",),
        _performance_rows(card),
    )
    yield Heading("Who is found")
    whose = "discharges" if card.of_discharges else "people"
    had = "followed by" if card.of_discharges else "who had"
    yield Table.of(
        "found",
        f"{whose.capitalize()} of highest risk, and those on the lists. PPV is the share of them {had} the outcome,"
        " sensitivity the share of all outcomes among them, lift the PPV against a list drawn by lot.",
        "Reviewed",
        (
            "Tested" if card.of_discharges else "People",
            "PPV, 95 % interval",
            "Sensitivity, 95 % interval",
            "Reviewed for each found",
            "Lift",
        ),
        _found_rows(evaluation["model"]),
    )
    if card.of_discharges:
        yield Paragraph(
            f"The case lists here are {listed_places(card)[:1].lower()}{listed_places(card)[1:]} over all that time. "
            + in_use(card)
        )
    yield from _finds(card)
    yield Heading("Beside rules, scores and other learners")
    yield Table.of(
        "compared",
        "The same people, ranked in other ways; each way was fitted, where there is anything to fit, on the same"
        " training people",
        "Ranked by",
        (
            "AUROC (c-statistic), 95 % interval",
            "This model's AUROC less this one's",
            "AUPRC",
            "Scaled Brier score",
            "Calibration slope",
            "PPV in the case lists",
            "Sensitivity of the case lists",
            "Found more in the lists by this model",
        ),
        _compared_rows(evaluation),
    )
    yield Heading("Reliability: does a risk mean what it says?")
    yield _reliability(evaluation)
    if (figure := _decision(evaluation)) is not None:
        threshold = (evaluation.get("decision_curve") or {}).get("list_threshold")
        yield Heading("Is acting on it worth while?")
        worth = decimals((1 - threshold) / threshold, 1) if threshold else NOT_ESTIMATED
        yield Paragraph(
            "Net benefit is what a threshold gains in people found, less what it costs in people listed for nothing. As"
            f" many as the lists hold have a risk of about {list_threshold(evaluation)} or more, over all practices"
            " together; the last place on the list of one practice lies lower or higher. Acting at that risk says that"
            f" one found is worth {worth} reviewed in vain."
        )
        yield figure


def _performance_rows(card: ModelCard) -> list[Row]:
    model = card.evaluation["model"]
    intervals = model.get("intervals", {})

    def figure(name: str, places: int = 3) -> list[str]:
        return [with_interval(model.get(name), intervals.get(name), places)]

    followed = []
    left = model.get("followed") is not None and model["followed"] != model["n"]
    if left:
        followed.append(Row("Their outcome is known", [count(model["followed"])], "the others left before the end"))
    if left or card.of_discharges:
        words = "of all, those who left accounted for by weights (Aalen-Johansen, death competing)"
        if card.of_discharges:
            words = (
                "of discharges: each counts for all that its person had in the time tested, and those who stayed for"
                " those who left; death competes"
            )
        whose = "Share followed by the outcome" if card.of_discharges else "Share who had the outcome"
        followed.append(Row(whose, [share(model.get("observed"), intervals.get("observed"))], words))
    return [
        Row("People tested", [count(model["n"])]),
        Row("Had the outcome", [count(model["events"]) if followed else events(model)]),
        *followed,
        Row("AUROC (c-statistic)", [of(model, "auroc")], "0.5 is chance, 1 perfect"),
        Row("AUPRC", figure("auprc"), "chance gives the share who had the outcome"),
        Row("Brier score", figure("brier", 4), "0 is perfect"),
        Row("Scaled Brier score", figure("scaled_brier"), "1 is perfect; 0 is the same risk for everyone"),
        Row(
            "Observed over expected outcomes",
            figure("observed_over_expected", 2),
            "1 is perfect; above 1, risks are too low",
        ),
        Row(
            "Calibration in the large",
            figure("calibration_in_the_large", 2),
            "0 is perfect; above 0, risks are too low",
        ),
        Row("Calibration slope", figure("calibration_slope", 2), "1 is perfect; below 1, risks are too extreme"),
        Row(
            "Integrated calibration index",
            [decimals(model.get("integrated_calibration_index"), 4)],
            "mean distance of risks from the curve of what was observed; 0 is perfect",
        ),
    ]


def place_in_words(place: str) -> str:
    """Return who is meant by a place of the results: a top share, or the lists."""
    return "The case lists" if place == "capacity" else f"Top {place.replace('%', ' %')}"


def _found_rows(model: Mapping[str, Any]) -> list[Row]:
    intervals = model.get("intervals", {})
    return [
        Row(
            place_in_words(place),
            [
                count(found["n"]),
                share(found["ppv"], intervals.get(f"ppv.{place}"), otherwise=NOT_TOLD),
                share(found["sensitivity"], intervals.get(f"sensitivity.{place}"), otherwise=NOT_TOLD),
                decimals(found.get("number_needed_to_review"), 1, NOT_TOLD),
                decimals(found.get("lift"), 1, NOT_TOLD),
            ],
        )
        for place, found in model["at"].items()
    ]


def _finds(card: ModelCard) -> Iterator[Part]:
    """Return by predictor how many true cases on its lists showed no sign by which someone knew them already.

    A sign that nobody found by any predictor shows is said to be silent: the records may not hold it at all.
    """
    evaluation = card.evaluation
    columns = {THIS_MODEL: evaluation["model"]}
    columns |= {words_of(name): column for name, column in evaluation["comparators"].items()}
    told = {name: finds for name, column in columns.items() if (finds := column.get("incremental_finds"))}
    if not told:
        return
    signs = list(next(iter(told.values()))["not_known_by"])
    silent = [sign for sign in signs if all(sign in finds["silent"] for finds in told.values())]
    heard = [sign for sign in signs if sign not in silent]
    yield Table.of(
        "finds",
        "Of those on the lists who had the outcome, how many nobody knew of yet: in the records before the index date"
        f" they show no such sign{'; each discharge tested counts once here' if card.of_discharges else ''}",
        "Ranked by",
        ("Had the outcome", *(f"Not known by: {sign}" for sign in heard), "Not known by any sign"),
        [
            Row(
                name,
                [
                    count(finds["true_cases"]),
                    *(people_of(finds["not_known_by"][sign], finds["true_cases"]) for sign in heard),
                    people_of(finds["new"], finds["true_cases"]),
                ],
            )
            for name, finds in told.items()
        ],
    )
    if silent:
        yield Paragraph(
            f"None of those found shows this sign, which these records may not hold at all: {'; '.join(silent)}."
        )


def _compared_rows(evaluation: Mapping[str, Any]) -> list[Row]:
    notes = evaluation.get("comparator_notes", {})
    rows = [Row(THIS_MODEL, _compared(evaluation["model"], NOTHING, NOTHING))]
    rows += [
        Row(
            words_of(name),
            _compared(column, *_differences(column)),
            names_in_words(notes.get(name, ""), evaluation["comparators"]),
        )
        for name, column in evaluation["comparators"].items()
    ]
    blank = [""] * len(rows[0].texts)
    return rows + [
        Row(words_of(name), blank, note) for name, note in notes.items() if name not in evaluation["comparators"]
    ]


def _compared(column: Mapping[str, Any], auroc: str, more: str) -> list[str]:
    listed = column["at"].get("capacity", {})
    return [
        of(column, "auroc"),
        auroc,
        decimals(column["auprc"]),
        decimals(column.get("scaled_brier")),
        decimals(column["calibration_slope"], 2),
        share(listed.get("ppv"), otherwise=NOT_TOLD),
        share(listed.get("sensitivity"), otherwise=NOT_TOLD),
        more,
    ]


def _differences(column: Mapping[str, Any]) -> Iterator[str]:
    for name, places in (("auroc", 3), ("true_cases.capacity", 0)):
        difference = column.get("difference", {}).get(name) or {}
        yield with_interval(difference.get("value"), difference.get("interval"), places)


def _reliability(evaluation: Mapping[str, Any]) -> Part:
    plot = reliability_plot(evaluation)
    if plot is None:
        return Paragraph(f"Reliability was {NOT_ESTIMATED}.")
    table = Table.of(
        "reliability",
        "People grouped by risk; on the dashed line, risk and outcome agree. Bars are 95 % intervals; the curve is a"
        " smooth fit to everyone.",
        "Group",
        ("People", "Mean risk", "Had the outcome", "95 % interval"),
        [
            Row(
                f"{number}",
                [
                    count(group["n"]),
                    share(group["mean_risk"]),
                    share(group["observed"], otherwise=NOT_TOLD),
                    NOT_TOLD if group["low"] is None else f"{share(group['low'])} to {share(group['high'])}",
                ],
            )
            for number, group in enumerate(evaluation["model"]["reliability"], start=1)
        ],
    )
    return Figure(plot, table)


def _decision(evaluation: Mapping[str, Any]) -> Figure | None:
    plot = decision_plot(evaluation)
    if plot is None:
        return None
    curve = evaluation["decision_curve"]
    at: Sequence[float] = curve["thresholds"]
    shown = [place for threshold in _SHOWN_THRESHOLDS for place, found in enumerate(at) if found == threshold]
    table = Table.of(
        "decision",
        f"Net benefit per {_PER:,} people. Thick: this model; dashed: everyone listed; thin: the comparators; the line"
        " at 0: no one listed.",
        "Acting at",
        [f"{100 * at[place]:g} %" for place in shown],
        [Row(line.title, [decimals(line.points[place][1], 1) for place in shown]) for line in reversed(plot.lines)],
    )
    return Figure(plot, table)


def truth(evaluation: Mapping[str, Any]) -> Iterator[Part]:
    """Return how near the model comes to the true risk; nothing where it was not given."""
    if "truth" not in evaluation:
        return
    true = evaluation["truth"]
    yield Heading("Against the true risk (synthetic records only)")
    yield Paragraph(
        "These records are made up, so the true risk of each person is known. No real records tell it, and nothing here"
        " says how the model does on real people."
    )
    yield Table.of(
        "truth",
        "How near the model comes to the best that any model could attain on these people",
        "Measure",
        ("Value",),
        [
            Row("People whose true risk is known", [count(true["n"])]),
            Row(
                "AUROC of the true risk, 95 % interval",
                [of(true, "auroc")],
                "the best attainable but for chance",
            ),
            Row("AUROC of this model", [decimals(true["model_auroc"])], "on the same people"),
            Row(
                "Share of the best attainable, 95 % interval",
                [of(true, "share_of_best")],
                "of what lies above 0.5; 1 is perfect",
            ),
            Row("Correlation with the true risk", [decimals(true["correlation"])], "1 is perfect"),
            Row(
                "Mean absolute difference from the true risk",
                [share(true["mean_absolute_difference"])],
                "0 is perfect",
            ),
        ],
    )
    tenths = true.get("tenths") or []
    if tenths:
        yield Table.of(
            "tenths",
            "Tenths of people by the model's risk, lowest first",
            "Tenth",
            ("People", "Mean risk given", "Mean true risk"),
            [
                Row(f"{number}", [count(tenth["n"]), share(tenth["mean_risk"]), share(tenth["mean_true_risk"])])
                for number, tenth in enumerate(tenths, start=1)
            ],
        )
