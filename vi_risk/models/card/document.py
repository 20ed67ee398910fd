"""The card in order: sections, from what the model is for to the checklist of a report on it."""

from collections.abc import Iterator

from vi_risk.models.card import counts, groups, in_short, yes_no
from vi_risk.models.card.content import RECALIBRATED, ModelCard
from vi_risk.models.card.figures import (
    NOT_TOLD,
    NOTHING,
    count,
    decimals,
    sentence,
    share,
    with_interval,
)
from vi_risk.models.card.parts import (
    Bullets,
    Facts,
    Heading,
    Paragraph,
    Part,
    Row,
    Section,
    Table,
)
from vi_risk.models.card.people import records_and_people
from vi_risk.models.card.predictors import features
from vi_risk.models.card.tripod import checklist
from vi_risk.models.templates import dates_in_words

_CHECKSUM = "Model file, SHA-256"


def sections(card: ModelCard) -> list[Section]:
    """Return the sections of a card, in the order in which a reader needs them."""
    found = {
        "In short": [*_in_short(card)],
        "What it is for": [*_purpose(card)],
        "What it predicts": [*_outcome(card)],
        "How well it does": [*_performance(card)],
        "How long does a score last?": [] if card.kind == "count" else [*groups.score_decay(card)],
        "For whom does it work?": [*_for_whom(card)],
        "Whom it was made from": [*records_and_people(card)],
        "What it looks at": [*features(card)],
        "How it was made": [*_making(card)],
        "Limits": [*_limits(card)],
        "Version and use": [*_version(card)],
    }
    told = [Section(title, parts) for title, parts in found.items() if parts]
    return [*told, Section("TRIPOD+AI checklist", [*checklist(card, told)])]


# --- for whom, and what it says ---------------------------------------------------------------------------------------


def _in_short(card: ModelCard) -> Iterator[Part]:
    days = card.index_dates.get("test", ())
    when = f" {dates_in_words(days)}" if days else ""
    if card.kind == "count":
        yield counts.in_short(card.evaluation, card.outcome, when)
    else:
        yield in_short.in_short(card, when)
    for doubt in card.doubts:
        yield Paragraph(sentence(doubt), stands_out=True)


def _purpose(card: ModelCard) -> Iterator[Part]:
    yield Paragraph(card.intended_use)
    yield Heading("Who uses it")
    yield Bullets(card.intended_users)
    yield Heading("What it is not for")
    yield Bullets(card.not_for)


def _outcome(card: ModelCard) -> Iterator[Part]:
    words = "Expected number of" if card.kind == "count" else "The chance of"
    yield Paragraph(f"{words} {card.outcome}.")
    if card.definition:
        yield Bullets(card.definition)
    if risks := [other for other in card.companions if not other.counts]:
        yield Table.of(
            "companions",
            "Risks that stand beside it on every list, each from a model of its own, learnt and tested on the same"
            " people. A risk over a shorter time is never shown above that of the same outcome over the longer one:"
            " where the models disagree, it is lowered to it",
            "Chance of",
            (
                "Window, days",
                "Training rows that had it",
                "Tested who had it",
                "Share who had it",
                "Mean risk given",
                "AUROC, 95 % interval",
                "Calibration slope",
                "Lowered, share of people",
            ),
            [
                Row(
                    other.words,
                    [
                        count(other.horizon_days),
                        count(other.training_events, NOTHING),
                        count(other.events),
                        share(other.observed, otherwise=NOT_TOLD),
                        share(other.mean_risk),
                        with_interval(other.auroc, other.auroc_interval),
                        decimals(other.calibration_slope, 2),
                        share(other.share_capped, otherwise=NOTHING),
                    ],
                    "" if other.trained else "there is no model of it here, so it stands on no list",
                )
                for other in risks
            ],
        )
    if numbers := [other for other in card.companions if other.counts]:
        yield Table.of(
            "expected",
            "Expected numbers, which stand in no row of a list but on the first page of each practice, added up, each"
            " from a model of its own, learnt and tested on the same people",
            "Number of",
            ("Window, days", "Training rows with any", "Tested who had any", "Mean number", "Mean number expected"),
            [
                Row(
                    other.words,
                    [
                        count(other.horizon_days),
                        count(other.training_events, NOTHING),
                        count(other.events),
                        decimals(other.observed, 3, NOT_TOLD),
                        decimals(other.mean_risk, 3),
                    ],
                    "" if other.trained else "there is no model of it here",
                )
                for other in numbers
            ],
        )
    yield Heading("What it does not mean")
    yield Bullets([*_no_meaning(card)])


def _no_meaning(card: ModelCard) -> Iterator[str]:
    if card.kind == "count":
        yield "It is a mean over people alike in the records, not a forecast for one: most have none, a few have many."
    else:
        yield (
            "It is a share among people alike in the records, not a forecast for one of them: a risk of 10 % says that"
            " of 100 people alike about 10 are expected to have the outcome, and the model cannot say which of them."
        )
        missed = (card.evaluation["model"]["at"].get("capacity") or {}).get("sensitivity")
        if missed is not None:
            yield (
                f"A low risk is not safety: {share(1 - missed)} of"
                f" {'discharges followed by' if card.of_discharges else 'those who had'} the outcome in the test would"
                " not have been on a list."
            )
    yield "It is not how much anyone would gain from being seen: whom help helps most is another question."
    yield "A reason is what the model weighed, not a cause: taking it away need not change what happens."
    yield "It may rise or fall because the records changed (a new practice, a new coding), not the person."


# --- how well ---------------------------------------------------------------------------------------------------------


def _performance(card: ModelCard) -> Iterator[Part]:
    if card.kind == "count":
        yield from counts.performance(card.evaluation)
        return
    yield from yes_no.performance(card)
    yield from yes_no.truth(card.evaluation)


def _for_whom(card: ModelCard) -> Iterator[Part]:
    if card.of_discharges:
        yield Paragraph(yes_no.OF_DISCHARGES)
    yield from groups.by_age(card.evaluation)
    table = counts.subgroups(card.evaluation) if card.kind == "count" else groups.subgroups(card.evaluation)
    if table is not None:
        yield Heading("By attribute")
        yield Paragraph(
            "No lists are made by counts; what the first of each practice would hold is told by group all the same."
            if card.kind == "count"
            else "Ranking within a group is harder than between groups. Lists follow need where a group's share of all"
            " who were listed is its share of all outcomes."
        )
        yield table
    yield from groups.fairness(card.evaluation)
    yield from groups.held_out(card.evaluation)


# --- how it was made, what it cannot tell, which version it is --------------------------------------------------------


def _making(card: ModelCard) -> Iterator[Part]:
    if card.making:
        yield Facts(list(card.making.items()))


def _limits(card: ModelCard) -> Iterator[Part]:
    said = [sentence(limit) for limit in (*card.doubts, *card.limits)]
    yield Bullets(said) if said else Paragraph("None were stated.")
    yield Paragraph(_how_numbers_are_told(card), stands_out=True)


def _how_numbers_are_told(card: ModelCard) -> str:
    rule = card.small_numbers
    return (
        f"Numbers of people on this card are rounded to the nearest {rule.round_to}, and {NOT_TOLD} where they are from"
        f" 1 to {rule.fewer_than - 1} or would let such a number be worked out. Shares are made of the rounded numbers"
        " and need not add up; of few people they are coarse, and intervals reach out to the next step. The exact"
        " numbers are in evaluation.json of the run's output folder, which is for those who may see them."
    )


def _version(card: ModelCard) -> Iterator[Part]:
    pairs = [("Version", card.version), *card.versions.items(), (_CHECKSUM, card.checksum)]
    if card.git_revision:
        pairs.insert(1, ("Git revision of the code", card.git_revision))
    if card.recalibrated_from:
        how = "" if card.recalibrated_how is None else f", {RECALIBRATED.get(card.recalibrated_how, '')}"
        pairs.insert(1, ("Recalibrated from version", f"{card.recalibrated_from}{how}"))
    yield Facts(pairs, code=frozenset({_CHECKSUM}))
    if card.promotion:
        yield Heading("How a version comes into use")
        yield Bullets(card.promotion)
