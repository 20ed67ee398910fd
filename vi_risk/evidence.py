"""The evidence of a run put together: card, plots, metrics and parameters, every number from the run itself."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vi_risk.features.catalogue import Catalogue
from vi_risk.features.definition import Feature
from vi_risk.models.card import FeatureImportance, ModelCard, reliability_figure
from vi_risk.models.learners import LEARNERS
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.spec import ModelSpec
from vi_risk.reasons.plots import contributions_figure
from vi_risk.reasons.sentences import span

# Models of this kind reach 0.77 to 0.80 on whole populations (QAdmissions, SPARRA).
_TOO_GOOD = 0.90

if TYPE_CHECKING:
    import pandas as pd


def card_of(
    spec: ModelSpec,
    snapshots: Snapshots,
    run: Mapping[str, Any],
    evaluation: Mapping[str, Any],
    contributions: "pd.DataFrame",
) -> ModelCard:
    """Return the model card of a run.

    Parameters
    ----------
    run
        The content of run.json up to the model.
    contributions
        SHAP values of a sample of the test rows: one row each, a column per feature.
    """
    by_name = {feature.name: feature for feature in snapshots.catalogue.features}
    dates = snapshots.index_dates
    return ModelCard(
        title=spec.title,
        version=run["model"]["version"],
        outcome=spec.outcome_words,
        index_dates={"train": dates.train, "test": (dates.test,), "list": (dates.list_date,)},
        cohort_flow=_flow(snapshots),
        features=[
            FeatureImportance(feature_title(by_name[name], snapshots), by_name[name].definition.domain, mean)
            for name, mean in zip(contributions.columns, contributions.abs().mean().tolist(), strict=True)
        ],
        evaluation=evaluation,
        limits=(*doubts(evaluation), *_limits(spec), *sensitive_in_words(snapshots.catalogue), *snapshots.notes),
        warnings=run["records"]["warnings"],
        versions=run["versions"],
        checksum=run["model"]["checksum"],
        sources=[
            f"{table}: {rows:,} rows" + (f", seen to {snapshots.data_to[table]}" if table in snapshots.data_to else "")
            for table, rows in run["records"]["rows"].items()
        ],
    )


def feature_title(feature: Feature, snapshots: Snapshots) -> str:
    """Return the title of a feature with its group and the look-back that was used."""
    window = snapshots.windows.get(feature.name, feature.window)
    parts = [feature.definition.title, feature.group_title, f"last {span(window)}" if window else ""]
    return ", ".join(part for part in parts if part)


def sensitive_in_words(catalogue: Catalogue) -> tuple[str, ...]:
    """Say which sensitive kinds of codes the features read, and which they do not."""
    said = (
        ("Sensitive codes read, as the governance file allows", True),
        ("Sensitive codes left out of every feature, for no governance file allows them", False),
    )
    kinds = [
        (words, [kind for kind, allowed in catalogue.sensitive.items() if allowed is which]) for words, which in said
    ]
    return tuple(f"{words}: {', '.join(found)}." for words, found in kinds if found)


def _flow(snapshots: Snapshots) -> dict[str, dict[str, int]]:
    """Return step -> role -> people; training dates together, so that a person counts once for each date."""
    flow: dict[str, dict[str, int]] = {}
    for at in snapshots.flow:
        role = str(at["role"])
        for step, people in at.items():
            if isinstance(people, int):
                counts = flow.setdefault(step, {})
                counts[role] = counts.get(role, 0) + people
    events = snapshots.cohort.groupby("role")["outcome"].sum()
    flow["with the outcome"] = {role: int(events[role]) for role in ("train", "test")}
    return flow


def _limits(spec: ModelSpec) -> tuple[str, ...]:
    return (
        (
            "The outcome is seen in the records of this trust only: an emergency admission elsewhere is counted as"
            " none, and people who left the area after the index date are kept as they are."
        ),
        "Death before any admission counts as no event: the risk is that of an admission before death.",
        f"Tested at one later date in the same place, on people aged {spec.cohort.min_age} or over; nowhere else.",
        "Once lists are acted on, later outcomes no longer show what would have happened without them.",
    )


def write_plots(
    folder: Path,
    snapshots: Snapshots,
    evaluation: Mapping[str, Any],
    contributions: "pd.DataFrame",
    rows: "pd.DataFrame",
) -> None:
    """Write the reliability plot and the picture of contributions (SHAP) as PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "reliability.png").write_bytes(reliability_figure(evaluation))
    titles = {feature.name: feature_title(feature, snapshots) for feature in snapshots.catalogue.features}
    values = rows.loc[contributions.index, contributions.columns]
    (folder / "contributions.png").write_bytes(contributions_figure(contributions, values, titles))


def in_words(performance: Mapping[str, Any]) -> str:
    """Return one set of results as a line for a log."""

    def shown(value: float | None) -> str:
        return "not estimable" if value is None else f"{value:.3f}"

    listed = performance["at"]["capacity"]
    return (
        f"AUROC {shown(performance['auroc'])}, AUPRC {shown(performance['auprc'])}, calibration slope"
        f" {shown(performance['calibration_slope'])}, PPV {shown(listed['ppv'])} and sensitivity"
        f" {shown(listed['sensitivity'])} at capacity ({listed['n']:,} people)"
    )


def truth_in_words(truth: Mapping[str, Any]) -> str:
    """Return how near the model comes to the true risk, as a line for a log."""
    interval = truth["share_of_best_interval"]
    between = "" if interval is None else f" ({interval[0]:.3f} to {interval[1]:.3f})"
    return (
        f"the true risk reaches AUROC {truth['auroc']:.3f}; the model attains {truth['share_of_best']:.3f}{between} of"
        f" the best attainable and lies {truth['mean_absolute_difference']:.3f} from the true risk on average"
    )


def doubts(evaluation: Mapping[str, Any]) -> tuple[str, ...]:
    """Say what about a result should stop a reader: no better than chance or than a simple rule, or too good."""
    model = evaluation["model"]
    auroc, interval = model["auroc"], model["auroc_interval"]
    if auroc is None:
        return ()
    found = []
    if interval is not None and interval[0] <= 0.5:
        found.append("on these patients the model cannot be told from chance: its interval of the AUROC reaches 0.5")
    if auroc > _TOO_GOOD:
        found.append(f"an AUROC above {_TOO_GOOD} for emergency admissions is a leak until shown otherwise: find it")
    found += [
        f"the simple rule {name.replace('_', ' ')} ranks these patients at least as well"
        for name, other in evaluation["comparators"].items()
        if name not in LEARNERS and other["auroc"] is not None and other["auroc"] >= auroc
    ]
    found += [
        f"another way to learn from the same features, {name.replace('_', ' ')}, ranks these patients better, by more"
        " than chance"
        for name, other in evaluation["comparators"].items()
        if name in LEARNERS and (interval := other["difference"]["auroc"]["interval"]) is not None and interval[1] < 0
    ]
    share = evaluation.get("truth", {}).get("share_of_best_interval")
    if share is not None and share[0] > 1:
        found.append("the model ranks these patients better than their true risk does, which only a leak can: find it")
    return tuple(found)


def metrics_of(evaluation: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers of evaluation.json by a flat name: the model's plain, the others' with theirs before.

    Of the comparators, who is found at capacity alone: MLflow takes a thousand numbers at a time.
    """
    found = dict(_numbers(evaluation["model"]))
    for name, performance in evaluation["comparators"].items():
        at = {place: found_there for place, found_there in performance.get("at", {}).items() if place == "capacity"}
        found |= {f"{name}.{key}": value for key, value in _numbers({**performance, "at": at})}
    for key, value in _numbers(evaluation.get("truth", {})):
        found[key if key == "share_of_best" else f"truth_{key}"] = value
    return found


def _numbers(content: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, float]]:
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{before}{key}.")
        elif isinstance(value, int | float):
            yield f"{before}{key}", float(value)


def parameters_of(run: Mapping[str, Any]) -> dict[str, object]:
    """Return what a run was asked, by flat names."""
    flat = dict(_flat(run["spec"]))
    return flat | {
        "capacity": run["evaluation"]["capacity"],
        "records": run["records"]["source"],
        "mapping": run["records"]["mapping"],
        "index_dates": run["features"]["index_dates"],
        "cohort_flow": run["features"]["flow"],
        **{f"version.{package}": number for package, number in run["versions"].items()},
    }


def _flat(content: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, object]]:
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value
