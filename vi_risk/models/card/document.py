"""The card in order: sections, from what the model is for to the checklist of a report on it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from vi_risk.models.card import counts, groups, yes_no
from vi_risk.models.card.content import FeatureImportance, ModelCard
from vi_risk.models.card.figures import (
    NOT_ESTIMATED,
    NOTHING,
    TOO_FEW,
    count,
    decimals,
    is_few,
    people,
    people_of,
    share,
    with_interval,
    words_of,
)
from vi_risk.models.card.parts import (
    Bullets,
    Facts,
    Group,
    Heading,
    Paragraph,
    Part,
    Row,
    Section,
    Table,
)
from vi_risk.models.card.plots import list_threshold
from vi_risk.models.card.tripod import checklist, dates_in_words
from vi_risk.models.subgroups import hidden
from vi_risk.models.templates import date_in_words, plain_words

_ROLES = {"train": "Training", "test": "Test", "list": "List"}
_SHOWN_DATES = 12
_ONE_WAY = 0.5  # rank correlation from which on a feature acts one way
_LEAST_SHOWN = 0.0005  # of an importance: less is nought in three decimals
_DIRECTIONS = {"up": "raises", "down": "lowers", "none": NOTHING}
_ENDED = {
    "event": "had the outcome",
    "died": "died before it",
    "left": "left the area before it",
    "horizon": "were followed to the end without it",
}
_CHECKSUM = "Model file, SHA-256"


def sections(card: ModelCard) -> list[Section]:
    """Return the sections of a card, in the order in which a reader needs them."""
    found = {
        "In short": [*_in_short(card)],
        "What it is for": [*_purpose(card)],
        "What it predicts": [*_outcome(card)],
        "How well it does": [*_performance(card)],
        "For whom does it work?": [*_for_whom(card)],
        "Whom it was made from": [*_people(card)],
        "What it looks at": [*_features(card)],
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
        yield yes_no.in_short(card.evaluation, when)
    for doubt in card.doubts:
        yield Paragraph(_sentence(doubt), stands_out=True)


def _sentence(text: str) -> str:
    """Return a clause as a sentence: a capital in front, a full stop behind."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?")) else ".")


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
    if card.companions:
        yield Table.of(
            "companions",
            "Risks that stand beside it on every list. A risk over a shorter time is never shown above that over the"
            " longer one: where the models disagree, it is lowered to it",
            "Chance of",
            (
                "Window, days",
                "Had it",
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
                        people(other.events, NOT_ESTIMATED),
                        TOO_FEW if is_few(other.events) else share(other.observed),
                        share(other.mean_risk),
                        with_interval(other.auroc, other.auroc_interval),
                        decimals(other.calibration_slope, 2),
                        share(other.share_capped, otherwise=NOTHING),
                    ],
                )
                for other in card.companions
            ],
        )
    yield Heading("What it does not mean")
    yield Bullets([*_no_meaning(card)])


def _no_meaning(card: ModelCard) -> Iterator[str]:
    if card.kind == "count":
        yield "It is a mean over people alike in the records, not a forecast for one: most have none, a few have many."
    else:
        threshold = list_threshold(card.evaluation)
        yield (
            "It is a share among people alike in the records, not a forecast for one of them: of people given a risk"
            f" like that at the end of the lists ({threshold}), about that share have the outcome, and the model cannot"
            " say which of them."
        )
        missed = (card.evaluation["model"]["at"].get("capacity") or {}).get("sensitivity")
        if missed is not None:
            yield (
                f"A low risk is not safety: {share(1 - missed)} of those who had the outcome at the test date would not"
                " have been on a list."
            )
    yield "It is not how much anyone would gain from being seen: whom help helps most is another question."
    yield "A reason is what the model weighed, not a cause: taking it away need not change what happens."
    yield "It may rise or fall because the records changed (a new practice, a new coding), not the person."


# --- how well ---------------------------------------------------------------------------------------------------------


def _performance(card: ModelCard) -> Iterator[Part]:
    if card.kind == "count":
        yield from counts.performance(card.evaluation)
        return
    yield from yes_no.performance(card.evaluation)
    yield from groups.score_decay(card.evaluation)
    yield from yes_no.truth(card.evaluation)


def _for_whom(card: ModelCard) -> Iterator[Part]:
    yield from groups.by_age(card.evaluation)
    table = counts.subgroups(card.evaluation) if card.kind == "count" else groups.subgroups(card.evaluation)
    if table is not None:
        yield Heading("By attribute")
        yield Paragraph(
            "Ranking within a group is harder than between groups. Lists follow need where a group's share of all who"
            " were listed is its share of all outcomes."
        )
        yield table
    yield from groups.fairness(card.evaluation)
    yield from groups.held_out(card.evaluation)


# --- from whom --------------------------------------------------------------------------------------------------------


def _people(card: ModelCard) -> Iterator[Part]:
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
    yield _flow(card.cohort_flow)
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
        yield Bullets([_sentence(note) for note in card.notes])


def _days(days: Sequence[date]) -> str:
    """Return dates as people write them; of very many, the first and the last and how many there are."""
    if len(days) > _SHOWN_DATES:
        return f"{date_in_words(min(days))} to {date_in_words(max(days))}, {len(days):,} dates"
    return "; ".join(date_in_words(day) for day in days) or "none"


def _roles(found: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Return the roles that occur, in the order of a run."""
    there = dict.fromkeys(role for of_each in found.values() for role in of_each)
    return [*(role for role in _ROLES if role in there), *(role for role in there if role not in _ROLES)]


def _flow(flow: Mapping[str, Mapping[str, int]]) -> Table:
    roles = _roles(flow)
    return Table.of(
        "flow",
        "From the records to the people asked about; a person counts once at each index date",
        "Step",
        [_ROLES.get(role, plain_words(role)) for role in roles],
        [
            Row(
                step[:1].upper() + step[1:],
                [people(counts_of[role]) if role in counts_of else NOTHING for role in roles],
            )
            for step, counts_of in flow.items()
        ],
    )


def _follow_up(card: ModelCard) -> Table:
    roles = list(card.follow_up)
    ways = list(dict.fromkeys(way for found in card.follow_up.values() for way in found.ended))
    untold = {role: _untold(found.ended) for role, found in card.follow_up.items()}
    rows = [
        Row(
            plain_words(_ENDED.get(way, way)),
            [
                TOO_FEW
                if way in untold[role]
                else people_of(card.follow_up[role].ended.get(way, 0), card.follow_up[role].people)
                for role in roles
            ],
        )
        for way in ways
    ]
    weights = [
        NOTHING
        if (of := card.follow_up[role]).least_weight is None
        else f"{decimals(of.least_weight, 2)} to {decimals(of.most_weight, 2)}"
        for role in roles
    ]
    return Table.of(
        "follow-up",
        "How the outcome windows ended. The weight is how many people someone stands for whose outcome is known",
        "Ended",
        [_ROLES.get(role, plain_words(role)) for role in roles],
        [*rows, Row("Weight of those whose outcome is known, least to most", weights)],
    )


def _untold(ended: Mapping[str, int]) -> set[str]:
    """Return the ways whose number is not told; that of outcomes stands in other tables and hides nothing."""
    others = {way: number for way, number in ended.items() if way != "event"}
    return hidden(others, set(others))


def _characteristics(card: ModelCard) -> Table:
    roles = _roles({label: of for labels in card.characteristics.values() for label, of in labels.items()})
    told = []
    if card.mean_age:
        told.append(Group("Age", [Row("Mean, years", [decimals(card.mean_age.get(role), 1) for role in roles])]))
    for attribute, labels in card.characteristics.items():
        whole = {role: sum(of.get(role, 0) for of in labels.values()) for role in roles}
        told.append(
            Group(
                words_of(attribute),
                [Row(label, [_part(of.get(role, 0), whole[role]) for role in roles]) for label, of in labels.items()],
            )
        )
    return Table(
        "characteristics",
        "Who they were, as shares of those asked about; a person counts once at each index date",
        "Attribute",
        [_ROLES.get(role, plain_words(role)) for role in roles],
        told,
        dense=True,
    )


def _part(part: int, whole: int) -> str:
    return TOO_FEW if is_few(part) else share(part / whole if whole else None)


# --- from what, and how -----------------------------------------------------------------------------------------------


def _features(card: ModelCard) -> Iterator[Part]:
    if not card.features:
        yield Paragraph("The importance of features was not estimated.")
        return
    scale = "logarithm of the expected count" if card.kind == "count" else "log-odds"
    yield Paragraph(
        f"Importance is the mean absolute contribution to the {scale} (SHAP) among the people tested. It tells what the"
        " model weighs, not what matters to health."
    )
    yield Paragraph(
        "Direction is what a higher value does: as declared with the feature, and as these people show it, by the rank"
        " correlation of value and contribution over tenths of people (1: raises throughout; -1: lowers throughout;"
        f" nearer to 0 than {_ONE_WAY}: mixed). Where many features say nearly the same, one may act against its"
        " direction to correct the others."
    )
    yield Table(
        "features",
        "Features by domain, the most important first; the means are over all whose value is known",
        "Feature",
        ("Importance", "Declared", "In these people", "Known", "Mean, training", "Mean, test"),
        [
            Group(plain_words(domain), [_feature(feature) for feature in shown], texts=(decimals(total), *[""] * 5))
            for domain, total, shown, _ in _by_domain(card.features)
        ],
    )
    rest = [(domain, hidden) for domain, _, _, hidden in _by_domain(card.features) if hidden]
    if rest:
        number = sum(len(hidden) for _, hidden in rest)
        yield Paragraph(
            f"{number:,} more feature{' is' if number == 1 else 's are'} allowed and moved next to nothing here (an"
            f" importance below {_LEAST_SHOWN}):"
        )
        yield Bullets([f"{plain_words(domain)}: {'; '.join(f.title for f in hidden)}." for domain, hidden in rest])


def _feature(feature: FeatureImportance) -> Row:
    return Row(
        feature.title,
        [
            decimals(feature.importance),
            _DIRECTIONS.get(feature.declared, feature.declared),
            _shown_direction(feature),
            share(feature.known, otherwise=NOTHING),
            _mean(feature.training_mean),
            _mean(feature.test_mean),
        ],
    )


def _mean(value: float | None) -> str:
    if value is None:
        return NOTHING
    return decimals(value, 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 3)


def _shown_direction(feature: FeatureImportance) -> str:
    if feature.correlation is None:
        return NOTHING
    if abs(feature.correlation) < _ONE_WAY:
        return f"mixed {feature.correlation:z.2f}"
    seen = "up" if feature.correlation > 0 else "down"
    against = feature.declared in {"up", "down"} and feature.declared != seen
    return f"{_DIRECTIONS[seen]} {feature.correlation:.2f}{', against it' if against else ''}"


def _by_domain(
    features: Sequence[FeatureImportance],
) -> list[tuple[str, float, list[FeatureImportance], list[FeatureImportance]]]:
    """Return of each domain the sum and its features, those that moved something and the others, by importance."""
    domains: dict[str, list[FeatureImportance]] = {}
    for feature in sorted(features, key=lambda feature: -feature.importance):
        domains.setdefault(feature.domain, []).append(feature)
    found = [
        (
            domain,
            sum(feature.importance for feature in inside),
            [feature for feature in inside if feature.importance >= _LEAST_SHOWN],
            [feature for feature in inside if feature.importance < _LEAST_SHOWN],
        )
        for domain, inside in domains.items()
    ]
    return sorted(found, key=lambda entry: -entry[1])


def _making(card: ModelCard) -> Iterator[Part]:
    if card.making:
        yield Facts(list(card.making.items()))


def _limits(card: ModelCard) -> Iterator[Part]:
    said = [_sentence(limit) for limit in (*card.doubts, *card.limits)]
    yield Bullets(said) if said else Paragraph("None were stated.")


def _version(card: ModelCard) -> Iterator[Part]:
    pairs = [("Version", card.version), *card.versions.items(), (_CHECKSUM, card.checksum)]
    if card.recalibrated_from:
        pairs.insert(1, ("Recalibrated from version", card.recalibrated_from))
    yield Facts(pairs, code=frozenset({_CHECKSUM}))
    if card.promotion:
        yield Heading("How a version comes into use")
        yield Bullets(card.promotion)
