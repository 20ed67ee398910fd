"""The model card: what a model is for, what it was made from, how well it does and where it fails, as one page.

Every number on the card comes from the value passed in; nothing is computed here but shares and the reach of an axis.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

from vi_risk.models import card_tables
from vi_risk.models.card_tables import NOT_ESTIMATED
from vi_risk.models.templates import page_environment

_REACHES = (0.1, 0.25, 0.5, 1.0)  # ends of an axis whose fifths are round figures
INTENDED_USE = (
    "To help a multidisciplinary team choose whom to discuss, by ranking people by their chance of the outcome."
    " Decision support: to be reviewed by a clinician."
)
INTENDED_USERS = (
    "Multidisciplinary teams: GPs, community matrons, pharmacists, physiotherapists, social prescribers.",
    "Analysts who train, check and run the model inside the trust.",
)
NOT_FOR = (
    "Deciding by itself about anyone's care, or refusing or ending a service.",
    "Urgent assessment: it does not know what happened today.",
    "Telling what would prevent the outcome: reasons are what the model weighed, not causes.",
    "People unlike those it was tested on: another place, another age range, another period.",
    "Judging practices or staff.",
)


@dataclass(frozen=True, slots=True)
class FeatureImportance:
    """How much one feature moved the risks: the mean absolute contribution (SHAP value) on the log-odds scale."""

    title: str
    domain: str
    importance: float


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What the card says.

    Parameters
    ----------
    outcome
        As it completes "chance of ...": "an emergency admission in the next 12 months".
    index_dates
        The dates asked about, by role: {"train": [...], "test": [...], "list": [...]}.
    cohort_flow
        What was done in order -> people left (or left out, as the text says), by the same roles.
    evaluation
        The content of evaluation.json; any value may be None.
    checksum
        SHA-256 of the model file, by which a score is traced to this card.
    """

    title: str
    version: str
    outcome: str
    index_dates: Mapping[str, Sequence[date]]
    cohort_flow: Mapping[str, Mapping[str, int]]
    features: Sequence[FeatureImportance]
    evaluation: Mapping[str, Any]
    limits: Sequence[str]
    warnings: Sequence[str]  # of the record check
    versions: Mapping[str, str]
    checksum: str
    sources: Sequence[str] = ()  # the records, a sentence each
    intended_use: str = INTENDED_USE
    intended_users: Sequence[str] = INTENDED_USERS
    not_for: Sequence[str] = NOT_FOR


def write_card(card: ModelCard, path: Path) -> None:
    """Write the card as one self-contained HTML page; the same card gives the same bytes."""
    ways, finds = card_tables.finds_table(card.evaluation)
    page = (
        page_environment()
        .get_template("model_card.html.jinja")
        .render(
            card=card,
            roles=list(dict.fromkeys(role for counts in card.cohort_flow.values() for role in counts)),
            domains=_by_domain(card.features),
            compared=card_tables.compared_rows(card.evaluation),
            compared_by=card_tables.COMPARED,
            performance=card_tables.performance_rows(card.evaluation),
            found=card_tables.found_rows(card.evaluation),
            found_by=card_tables.FOUND,
            known_by=ways,
            finds=finds,
            reliability=card.evaluation["model"].get("reliability") or [],
            reach=_reach(card.evaluation),
            curve=_curve_points(card.evaluation),
            decision=card_tables.decision_plot(card.evaluation),
            subgroups=card_tables.subgroup_rows(card.evaluation),
            subgroup_by=card_tables.SUBGROUP,
            truth=card_tables.truth_rows(card.evaluation),
            tenths=card.evaluation.get("truth", {}).get("tenths") or [],
            not_estimated=NOT_ESTIMATED,
        )
    )
    path.write_bytes(page.encode())


def reliability_figure(evaluation: Mapping[str, Any]) -> bytes:
    """Return the reliability plot (observed share against mean risk, 95 % intervals) as a PNG picture."""
    from matplotlib.figure import Figure  # noqa: PLC0415 -- matplotlib takes a second to load

    groups = evaluation["model"].get("reliability") or []
    reach = _reach(evaluation)
    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, reach], [0, reach], color="#768692", linestyle="--", label="perfect agreement")
    for group in groups:
        if group["low"] is not None and group["high"] is not None:
            axes.plot([group["mean_risk"]] * 2, [group["low"], group["high"]], color="#005eb8")
    axes.plot(
        [group["mean_risk"] for group in groups],
        [group["observed"] for group in groups],
        color="#005eb8",
        marker="o",
        linestyle="none",
        label="people grouped by risk, 95 % interval",
    )
    axes.set(
        xlim=(0, reach), ylim=(0, reach), xlabel="Mean risk given by the model", ylabel="Share who had the outcome"
    )
    axes.set_aspect("equal")
    axes.legend(loc="upper left", frameon=False)
    picture = BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()


def _reach(evaluation: Mapping[str, Any]) -> float:
    """Return where both axes of the reliability plot end: the first of `_REACHES` above all that is drawn."""
    groups = evaluation["model"].get("reliability") or []
    drawn = [group[key] for group in groups for key in ("mean_risk", "observed", "high") if group[key] is not None]
    return next(reach for reach in _REACHES if reach >= max(drawn, default=1.0))


def _curve_points(evaluation: Mapping[str, Any]) -> str:
    """Return the flexible calibration curve inside the reliability plot, as an SVG path writes points."""
    reach = _reach(evaluation)
    return " ".join(
        f"{60 + 375 * point['risk'] / reach:.1f},{395 - 375 * point['observed'] / reach:.1f}"
        for point in evaluation["model"].get("calibration_curve") or []
        if max(point["risk"], point["observed"]) <= reach
    )


def _by_domain(features: Sequence[FeatureImportance]) -> list[tuple[str, float, list[FeatureImportance]]]:
    """Return the features of each domain with their sum, both from the most to the least important."""
    domains: dict[str, list[FeatureImportance]] = {}
    for feature in sorted(features, key=lambda feature: -feature.importance):
        domains.setdefault(feature.domain, []).append(feature)
    sums = [(domain, sum(feature.importance for feature in inside), inside) for domain, inside in domains.items()]
    return sorted(sums, key=lambda entry: -entry[1])
