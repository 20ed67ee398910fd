"""The model card: what a model is for, what it was made from, how well it does and where it fails, as one page.

Every number on the card comes from the value passed in; nothing is computed here but shares and the reach of an axis.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

from vi_risk.models.templates import page_environment, plain_words

NOT_ESTIMATED = "not estimated"
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
    page = (
        page_environment()
        .get_template("model_card.html.jinja")
        .render(
            card=card,
            roles=list(dict.fromkeys(role for counts in card.cohort_flow.values() for role in counts)),
            domains=_by_domain(card.features),
            columns=["This model", *(plain_words(name) for name in card.evaluation["comparators"])],
            performance=_performance_rows(card.evaluation),
            reliability=card.evaluation["model"].get("reliability") or [],
            reach=_reach(card.evaluation),
            truth=_truth_rows(card.evaluation),
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


def _by_domain(features: Sequence[FeatureImportance]) -> list[tuple[str, float, list[FeatureImportance]]]:
    """Return the features of each domain with their sum, both from the most to the least important."""
    domains: dict[str, list[FeatureImportance]] = {}
    for feature in sorted(features, key=lambda feature: -feature.importance):
        domains.setdefault(feature.domain, []).append(feature)
    sums = [(domain, sum(feature.importance for feature in inside), inside) for domain, inside in domains.items()]
    return sorted(sums, key=lambda entry: -entry[1])


def _performance_rows(evaluation: Mapping[str, Any]) -> list[tuple[str, str, list[str]]]:
    """Return the rows of the performance table as (measure, how to read it, one text per column)."""
    columns = [evaluation["model"], *evaluation["comparators"].values()]
    rows = [
        ("People tested", "", [_count(column["n"]) for column in columns]),
        ("Had the outcome", "", [_events(column) for column in columns]),
        ("AUROC (c-statistic), 95 % interval", "0.5 is chance, 1 perfect", [_auroc(column) for column in columns]),
        ("AUPRC", "chance gives the share who had the outcome", [_decimals(column["auprc"]) for column in columns]),
        ("Brier score", "0 is perfect", [_decimals(column["brier"], 4) for column in columns]),
        (
            "Calibration in the large",
            "0 is perfect; above 0, risks are too low",
            [_decimals(column["calibration_in_the_large"], 2) for column in columns],
        ),
        (
            "Calibration slope",
            "1 is perfect; below 1, risks are too extreme",
            [_decimals(column["calibration_slope"], 2) for column in columns],
        ),
    ]
    for place, found in evaluation["model"]["at"].items():
        top = "the case lists" if place == "capacity" else f"the top {place.replace('%', ' %')}"
        size = f"{found['n']:,} people"
        at = [column["at"].get(place, {}) for column in columns]
        rows += [
            (f"PPV in {top}", f"share of these {size} who had the outcome", [_share(entry.get("ppv")) for entry in at]),
            (
                f"Sensitivity of {top}",
                "share of all outcomes found there",
                [_share(entry.get("sensitivity")) for entry in at],
            ),
        ]
    return rows


def _truth_rows(evaluation: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return how near the model comes to the true risk as (measure, how to read it, text); nothing where not given."""
    if "truth" not in evaluation:
        return []
    truth = evaluation["truth"]
    share = {"auroc": truth["share_of_best"], "auroc_interval": truth["share_of_best_interval"]}
    return [
        ("People whose true risk is known", "", _count(truth["n"])),
        ("AUROC of the true risk, 95 % interval", "the best attainable but for chance", _auroc(truth)),
        ("AUROC of this model", "on the same people", _decimals(truth["model_auroc"])),
        ("Share of the best attainable, 95 % interval", "of what lies above 0.5; 1 is perfect", _auroc(share)),
        ("Correlation with the true risk", "1 is perfect", _decimals(truth["correlation"])),
        ("Mean absolute difference from the true risk", "0 is perfect", _share(truth["mean_absolute_difference"])),
    ]


def _count(number: int | None) -> str:
    return NOT_ESTIMATED if number is None else f"{number:,}"


def _events(column: Mapping[str, Any]) -> str:
    if not column["n"] or column["events"] is None:
        return _count(column["events"])
    return f"{column['events']:,} ({_share(column['events'] / column['n'])})"


def _auroc(column: Mapping[str, Any]) -> str:
    interval = column.get("auroc_interval")
    if column["auroc"] is None or interval is None:
        return _decimals(column["auroc"])
    return f"{_decimals(column['auroc'])} ({_decimals(interval[0])} to {_decimals(interval[1])})"


def _decimals(value: float | None, places: int = 3) -> str:
    return NOT_ESTIMATED if value is None else f"{value:.{places}f}"


def _share(value: float | None) -> str:
    return NOT_ESTIMATED if value is None else f"{100 * value:.1f} %"
