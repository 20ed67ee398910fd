"""Whom a model was made from: the records, the index dates, who was asked about and how their windows ended."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from vi_risk.models.card.content import Kind, ModelCard
from vi_risk.models.card.figures import (
    NOT_TOLD,
    NOTHING,
    count,
    decimals,
    people_of,
    sentence,
    share,
    words_of,
)
from vi_risk.models.card.parts import Bullets, Facts, Group, Heading, Paragraph, Part, Row, Table
from vi_risk.models.templates import date_in_words, plain_words

_ROLES = {"train": "Training", "test": "Test", "list": "List"}
_SHOWN_DATES = 12
_ENDED: Mapping[Kind, Mapping[str, str]] = {
    "yes_no": {
        "event": "had the outcome",
        "died": "died before it",
        "left": "left the area before it",
        "horizon": "were followed to the end without it",
    },
    "count": {
        "died": "died before the end",
        "left": "left the area before the end",
        "horizon": "were followed to the end",
    },
}


def records_and_people(card: ModelCard) -> Iterator[Part]:
    """Return the records, the index dates and who was asked about at them."""
    if card.sources:
        yield Bullets(card.sources)
    if card.tables:
        yield Table.of(
            "tables",
            "Tables of the records; those with dates are seen to the last day in them before the list",
            "Table",
            ("Rows", "Seen to"),
            [
                Row(
                    words_of(table.name),
                    [count(table.rows), NOTHING if table.seen_to is None else date_in_words(table.seen_to)],
                )
                for table in card.tables
            ],
        )
    yield Heading("Index dates")
    yield Facts([(_ROLES.get(role, plain_words(role)), _days(days)) for role, days in card.index_dates.items()])
    yield Heading("Who was asked about")
    yield _flow(card)
    if card.recalibrated_from:
        learnt = card.training
        told = (
            f": {learnt['rows']:,} rows of {learnt['patients']:,} people, {learnt['events']:,} events" if learnt else ""
        )
        yield Paragraph(
            f"The trees learnt from the people of version {card.recalibrated_from}, which stand on its card. Of the"
            f" training dates above, the calibration was moved on those that the version had not seen{told}."
        )
    if card.follow_up:
        yield _follow_up(card)
    if card.characteristics:
        yield _characteristics(card)
    yield Heading("What the check of the records found")
    if card.warnings:
        number = len(card.warnings)
        yield Paragraph(
            f"{number} warning{'' if number == 1 else 's'}; the model was made from these rows as they are."
        )
        yield Bullets(card.warnings)
    else:
        yield Paragraph("The check of the records had no warnings.")
    if card.notes:
        yield Heading("What the records lack or show in part")
        yield Bullets([sentence(note) for note in card.notes])


def _days(days: Sequence[date]) -> str:
    """Return dates as people write them; of very many, the first and the last and how many there are."""
    if len(days) > _SHOWN_DATES:
        return f"{date_in_words(min(days))} to {date_in_words(max(days))}, {len(days):,} dates"
    return "; ".join(date_in_words(day) for day in days) or "none"


def _roles(found: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Return the roles that occur, in the order of a run."""
    there = dict.fromkeys(role for of_each in found.values() for role in of_each)
    return [*(role for role in _ROLES if role in there), *(role for role in there if role not in _ROLES)]


def _once(card: ModelCard) -> str:
    if not card.of_discharges:
        return "a person counts once at each index date"
    return "a person counts once for each discharge, but at the end, of test and list, once"


def _flow(card: ModelCard) -> Table:
    flow = card.cohort_flow
    roles = _roles(flow)
    return Table.of(
        "flow",
        f"From the records to the people asked about; {_once(card)}",
        "Step",
        [_ROLES.get(role, plain_words(role)) for role in roles],
        [
            Row(
                step[:1].upper() + step[1:],
                [count(counts_of[role]) if role in counts_of else NOTHING for role in roles],
            )
            for step, counts_of in flow.items()
        ],
    )


def _follow_up(card: ModelCard) -> Table:
    roles = list(card.follow_up)
    rows = [
        Row(
            plain_words(words),
            [people_of(card.follow_up[role].ended.get(way, 0), card.follow_up[role].people) for role in roles],
        )
        for way, words in _ENDED[card.kind].items()
    ]
    weights = [
        NOTHING
        if (of := card.follow_up[role]).least_weight is None
        else f"{decimals(of.least_weight, 2)} to {decimals(of.most_weight, 2)}"
        for role in roles
    ]
    return Table.of(
        "follow-up",
        f"How the outcome windows ended. {_weight_is(card)}",
        "Ended",
        [_ROLES.get(role, plain_words(role)) for role in roles],
        [*rows, Row("Weight of those whose outcome is known, least to most", weights)],
    )


def _weight_is(card: ModelCard) -> str:
    if not card.of_discharges:
        return "The weight is how many people someone stands for whose outcome is known"
    return (
        "The weight of a discharge in the test holds how many its person had in the time tested, over the mean of that,"
        " and how many it stands for whose people left the area; in training, only the latter"
    )


def _characteristics(card: ModelCard) -> Table:
    roles = _roles({label: of for labels in card.characteristics.values() for label, of in labels.items()})
    told = []
    if card.mean_age:
        told.append(Group("Age", [Row("Mean, years", [decimals(card.mean_age.get(role), 1) for role in roles])]))
    for attribute, labels in card.characteristics.items():
        whole = {role: card.asked.get(role) or sum(of.get(role) or 0 for of in labels.values()) for role in roles}
        told.append(
            Group(
                words_of(attribute),
                [Row(label, [_part(of.get(role, 0), whole[role]) for role in roles]) for label, of in labels.items()],
            )
        )
    return Table(
        "characteristics",
        "Who they were, as shares of those asked about without weights; "
        + ("training holds each discharge, test and list one of each person" if card.of_discharges else _once(card)),
        "Attribute",
        [_ROLES.get(role, plain_words(role)) for role in roles],
        told,
        dense=True,
    )


def _part(part: int | None, whole: int) -> str:
    return NOT_TOLD if part is None else share(min(1.0, part / whole) if whole else None)
