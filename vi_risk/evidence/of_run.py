"""The card and the plots of a run, put together from its snapshots, its run.json and its evaluation."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from vi_risk.cohort.outcomes import OUTCOMES
from vi_risk.evidence.disclosed import disclosed
from vi_risk.evidence.disclosed_run import disclosed_run, rule_of
from vi_risk.evidence.predictors import feature_title, importances
from vi_risk.evidence.spec_in_words import choice_of, definition_of, limits_of, making_of, promotion_of
from vi_risk.evidence.words import doubts
from vi_risk.governance.small_numbers import Disclosure
from vi_risk.governance.told import permission_in_words
from vi_risk.models.card import (
    Companion,
    FollowUp,
    ModelCard,
    SourceTable,
    decision_curve_figure,
    reliability_figure,
)
from vi_risk.models.card.content import (
    ASKED_ABOUT,
    INTENDED_USE,
    INTENDED_USE_OF_COUNTS,
    INTENDED_USERS,
    INTENDED_USERS_OF_COUNTS,
)
from vi_risk.models.evidence.attributes import TOLD_BY, attributes_of
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.spec import ModelSpec
from vi_risk.reasons.plots import contributions_figure, dependence_figure

if TYPE_CHECKING:
    from vi_risk.cohort.index_dates import Role

_WINDOW_OVER: tuple["Role", ...] = ("train", "test")
# Of these the card tells who they were; a table by practice would be as long as the place is large.
_NOT_DESCRIBED = ("practice",)
_OF_COMPANIONS = ("events", "observed", "mean_risk", "auroc", "auroc_interval", "calibration_slope", "share_capped")


def card_of(
    spec: ModelSpec,
    snapshots: Snapshots,
    run: Mapping[str, Any],
    evaluation: Mapping[str, Any],
    contributions: "pd.DataFrame",
    *,
    capacity: int | None = None,
) -> ModelCard:
    """Return the model card of a run, for others than the team too: numbers of people as the rule lets them be told.

    Parameters
    ----------
    run
        The content of run.json up to the model.
    contributions
        SHAP values of a sample of the test rows: one row each, a column per feature.
    capacity
        Places that each practice's list has in the evaluation; None where that is not known.
    """
    rule = rule_of(run)
    decay = evaluation.get("score_decay") or run["model"].get("score_decay")
    told_run = disclosed_run(run, rule)
    told = disclosed({**evaluation, "score_decay": decay} if decay else evaluation, rule)
    return ModelCard(
        title=spec.title,
        version=run["model"]["version"],
        outcome=spec.outcome_words,
        kind=OUTCOMES[spec.outcome].kind,
        horizon_days=spec.horizon_days,
        min_age=spec.cohort.min_age,
        definition=definition_of(spec),
        index_dates=_index_dates(snapshots),
        sources=_sources(told_run["records"]),
        tables=[
            SourceTable(table, rows, snapshots.data_to.get(table))
            for table, rows in told_run["records"]["rows"].items()
        ],
        practices=len(snapshots.practices) or None,
        cohort_flow={step: _told(by_role, rule) for step, by_role in _flow(snapshots, spec).items()},
        follow_up=_follow_up(snapshots, rule),
        characteristics=_characteristics(snapshots, rule),
        mean_age=_mean_age(snapshots, rule),
        features=importances(snapshots, contributions, rule),
        training={
            name: told_run["model"][name] for name in ("rows", "patients", "events") if name in told_run["model"]
        },
        making=making_of(spec, run, snapshots, rule),
        companions=[*_companions(run, told, snapshots, rule)],
        recalibrated_from=run["model"].get("recalibrated_from"),
        recalibrated_how=run["model"].get("recalibrated_how"),
        git_revision=run.get("git_revision"),
        index=spec.cohort.index,
        capacity=capacity,
        asked=_told(_asked(snapshots), rule),
        choice=choice_of(spec, snapshots.catalogue, run["model"]["features"]),
        intended_use=INTENDED_USE_OF_COUNTS if spec.counts else INTENDED_USE,
        intended_users=INTENDED_USERS_OF_COUNTS if spec.counts else INTENDED_USERS,
        evaluation=told,
        doubts=doubts(evaluation, outcome=spec.outcome),
        limits=limits_of(spec),
        notes=snapshots.notes,
        warnings=told_run["records"]["warnings"],
        small_numbers=rule,
        versions=run["versions"],
        promotion=promotion_of(spec),
        checksum=run["model"]["checksum"],
    )


def write_plots(
    folder: Path,
    snapshots: Snapshots,
    evaluation: Mapping[str, Any],
    contributions: "pd.DataFrame",
    rows: "pd.DataFrame",
) -> None:
    """Write the plots of calibration, of net benefit and of contributions (SHAP, by feature and by value) as PNG.

    `evaluation` is as others than the team may see it (`vi_risk.evidence.disclosed`), for the plots go where the card
    goes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "reliability.png").write_bytes(reliability_figure(evaluation))
    decision = decision_curve_figure(evaluation)
    if decision is not None:
        (folder / "decision_curve.png").write_bytes(decision)
    titles = {feature.name: feature_title(feature, snapshots) for feature in snapshots.catalogue.features}
    values = rows.loc[contributions.index, contributions.columns]
    (folder / "contributions.png").write_bytes(contributions_figure(contributions, values, titles))
    (folder / "dependence.png").write_bytes(dependence_figure(contributions, values, titles))


# --- from the snapshots -----------------------------------------------------------------------------------------------


def _index_dates(snapshots: Snapshots) -> dict[str, list[Any]]:
    """Return role -> its index dates in order; after discharges there are many of them."""
    days = snapshots.cohort.groupby("role", sort=False)["index_date"].unique()
    return {role: sorted(days[role]) for role in ("train", "test", "list") if role in days}


def _flow(snapshots: Snapshots, spec: ModelSpec) -> dict[str, dict[str, int]]:
    """Return step -> role -> people; training dates together, so that a person counts once for each date."""
    flow: dict[str, dict[str, int]] = {}
    for at in snapshots.flow:
        role = str(at["role"])
        for step, people in at.items():
            if isinstance(people, int):
                counts = flow.setdefault(step, {})
                counts[role] = counts.get(role, 0) + people
    *_, last = flow.values() if flow else [{}]
    asked = _asked(snapshots)
    if asked != last:  # of the discharges of one person, one is tested
        flow[ASKED_ABOUT] = asked
    events = (snapshots.cohort["outcome"] > 0).groupby(snapshots.cohort["role"]).sum()
    name = "with a count above 0" if spec.counts else "with the outcome"
    flow[name] = {role: int(events[role]) for role in _WINDOW_OVER if role in events}
    return flow


def _told(by_role: Mapping[str, int], rule: Disclosure) -> dict[str, int | None]:
    return {role: rule.count(number) for role, number in by_role.items()}


def _mean_age(snapshots: Snapshots, rule: Disclosure) -> dict[str, float]:
    by_role = snapshots.cohort.groupby("role", sort=False)["age"]
    return {str(role): round(float(ages.mean()), 1) for role, ages in by_role if not rule.is_small(int(ages.count()))}


def _asked(snapshots: Snapshots) -> dict[str, int]:
    return {str(role): int(rows) for role, rows in snapshots.cohort["role"].value_counts(sort=False).items()}


def _follow_up(snapshots: Snapshots, rule: Disclosure) -> dict[str, FollowUp]:
    """Return how the windows of those asked about ended, by role; nothing where the cohort does not tell."""
    if "ended" not in snapshots.cohort:
        return {}
    found: dict[str, FollowUp] = {}
    for role in _WINDOW_OVER:
        over = snapshots.cohort[(snapshots.cohort["role"] == role) & snapshots.cohort["ended"].notna()]
        known = over.loc[over["weight"] > 0, "weight"] if "weight" in over else pd.Series(dtype="float64")
        counts = over["ended"].value_counts()
        found[role] = FollowUp(
            people=rule.count(len(over)),
            ended=rule.table({way: int(counts.get(way, 0)) for way in ("event", "died", "left", "horizon")}),
            least_weight=float(known.min()) if len(known) else None,
            most_weight=float(known.max()) if len(known) else None,
        )
    return found


def _characteristics(snapshots: Snapshots, rule: Disclosure) -> dict[str, dict[str, dict[str, int | None]]]:
    """Return attribute -> label -> role -> people, of each role as parts of all who were asked about."""
    found: dict[str, dict[str, dict[str, int | None]]] = {}
    for attribute, labels in attributes_of(snapshots.cohort, snapshots.told(TOLD_BY)).items():
        if attribute in _NOT_DESCRIBED:
            continue
        told = labels.astype("object").where(labels.notna(), "not known")
        counts = pd.crosstab(told, snapshots.cohort["role"])
        by_role = {
            str(role): rule.table({str(label): int(number) for label, number in of.items()})
            for role, of in counts.items()
        }
        labels_in_order = sorted(map(str, counts.index), key=_age_or_name)
        found[attribute] = {label: {role: of[label] for role, of in by_role.items()} for label in labels_in_order}
    return found


def _age_or_name(label: str) -> tuple[float, str]:
    """Order labels that begin with a number by it (5-15 before 16-24), then the others by name."""
    digits = label[: len(label) - len(label.lstrip("0123456789"))]
    return (float(digits) if digits else float("inf"), label)


# --- from run.json ----------------------------------------------------------------------------------------------------


def _sources(records: Mapping[str, Any]) -> list[str]:
    said = [f"Records: {records['source']}, read by the mapping {records['mapping']}."]
    if records.get("governance"):
        said.append(f"Governance: {records['governance']}.")
    if records.get("permission"):
        said += permission_in_words(records["permission"])
    if records.get("absent"):
        said.append(f"Not in these records: {', '.join(records['absent'])}.")
    return said


def _companions(
    run: Mapping[str, Any], evaluation: Mapping[str, Any], snapshots: Snapshots, rule: Disclosure
) -> Iterator[Companion]:
    """Yield what stands beside the risk, as the spec names it; of one that could not be trained no figure is told."""
    trained = run["model"].get("companions")
    told = evaluation.get("companions") or {}
    named = {other["name"]: other for other in run["spec"].get("companions") or ()}
    for name in [*named, *(name for name in told if name not in named)]:
        found, spec = told.get(name, {}), named.get(name, {})
        yield Companion(
            words=found.get("words") or spec.get("outcome_words") or name.replace("_", " "),
            horizon_days=found.get("horizon_days") or spec.get("horizon_days"),
            **{figure: found.get(figure) for figure in _OF_COMPANIONS},
            training_events=rule.count(_training_events(snapshots, name)),
            trained=trained is None or name in trained,
            counts=spec.get("outcome") in OUTCOMES and OUTCOMES[spec["outcome"]].kind == "count",
        )


def _training_events(snapshots: Snapshots, companion: str) -> int | None:
    if f"{companion}_outcome" not in snapshots.cohort:
        return None
    answers = snapshots.answers("train", of=companion)
    return int((answers.loc[answers["weight"] > 0, "outcome"] > 0).sum())
