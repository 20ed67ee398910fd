"""What a model looks at: its features by domain, how much each moved the predictions, and which way."""

from collections.abc import Iterator, Sequence

from vi_risk.models.card.content import FeatureImportance, ModelCard
from vi_risk.models.card.figures import NOTHING, decimals, share
from vi_risk.models.card.parts import Bullets, Group, Paragraph, Part, Row, Table
from vi_risk.models.templates import plain_words

_ONE_WAY = 0.5  # rank correlation from which on a feature acts one way
_LEAST_SHOWN = 0.0005  # of an importance: less is nought in three decimals
_DIRECTIONS = {"up": "raises", "down": "lowers", "none": NOTHING}


def features(card: ModelCard) -> Iterator[Part]:
    """Return the features by domain, with what each did to the predictions and which way."""
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
    given: Sequence[FeatureImportance],
) -> list[tuple[str, float, list[FeatureImportance], list[FeatureImportance]]]:
    """Return of each domain the sum and its features, those that moved something and the others, by importance."""
    domains: dict[str, list[FeatureImportance]] = {}
    for feature in sorted(given, key=lambda feature: -feature.importance):
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
