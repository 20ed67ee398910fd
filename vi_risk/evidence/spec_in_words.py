"""A model spec in sentences: what it asks, how its model is made, what that cannot tell, and when it may be used."""

from collections.abc import Collection, Mapping
from typing import Any, get_args

from vi_risk.cohort.outcomes import OUTCOMES, Outcome
from vi_risk.features.catalogue import Catalogue
from vi_risk.features.definition import Domain
from vi_risk.governance.small_numbers import Disclosure
from vi_risk.models.card.content import RECALIBRATED
from vi_risk.models.reviewed.at_the_top import on_the_card
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.spec import ModelSpec
from vi_risk.records.codes import EMERGENCY_ADMISSION_METHODS

_MANY_ROWS = 100_000  # from which on two folds are enough for calibration (`vi_risk.models.learning.boosting`)
_REGISTRY = "The card is written before that: the registry tells which version is champion."
_LEFT = {
    "weight": (
        "left out where outcomes count, for theirs is not known; those who stay stand for them by inverse-probability"
        " weights"
    ),
    "drop": "left out of training and test, for their outcome is not known",
    "ignore": "kept as they are, as if they had stayed",
}
_SPLIT = {
    "time": "the test comes after every training window is over",
    "practice": "the test comes later, and each practice is tested by a model that has not seen it",
    "network": "the test comes later, and each network of practices is tested by a model that has not seen it",
    "patient": "the test comes later, and each patient is tested by a model that has not seen them",
}


def definition_of(spec: ModelSpec) -> tuple[str, ...]:
    """Return what counts as the outcome, in sentences."""
    outcome = OUTCOMES[spec.outcome]
    begins = "the day after discharge from an emergency stay" if spec.cohort.index == "discharge" else "the index date"
    kind = "Counted" if spec.counts else "The outcome"
    said = [f"{kind}: {outcome.words}, from {begins} on and within {spec.horizon_days:,} days."]
    if outcome.stays:
        said.append(
            f"An emergency admission has one of the admission methods {', '.join(EMERGENCY_ADMISSION_METHODS)} of the"
            " NHS Data Dictionary; transfers and births are none."
        )
    if outcome.counts == "nights":
        said.append("A day in hospital is a night there: a stay that ends on the day on which it began counts none.")
    said += _death(outcome)
    said.append(f"People who leave the area before their window is over are {_LEFT[spec.censoring.left_area]}.")
    said.append("It is read from routine records; nobody judged it for this purpose.")
    return tuple(said)


def _death(outcome: Outcome) -> list[str]:
    if outcome.death:
        return []
    if outcome.kind == "count":
        return ["The count stops at death."]
    return ["Death before the outcome counts as no event: the risk is that of the outcome before death."]


def making_of(spec: ModelSpec, run: Mapping[str, Any], snapshots: Snapshots, rule: Disclosure) -> dict[str, str]:
    """Return how the model was made: what -> how; numbers of people by the rule of small numbers."""
    learner, model = spec.learner, run["model"]
    if model.get("recalibrated_from"):
        return _recalibrated(spec, run, rule)
    allowed, used = len(spec.inputs(snapshots.catalogue)), len(model["features"])
    folds = learner.calibration_folds or (2 if model["rows"] >= _MANY_ROWS else 3)
    calibration = "scale and slope of the logarithm of the expected count" if spec.counts else learner.calibration
    made = {
        "Learner": (
            f"gradient boosted trees (LightGBM, objective {learner.objective}): {learner.n_estimators:,} trees of at"
            f" most {learner.num_leaves:,} leaves with {learner.min_child_samples:,} rows or more in each, learning"
            f" rate {learner.learning_rate:g}, {100 * learner.colsample:g} % of features for each tree,"
            f" {100 * learner.subsample:g} % of rows, ridge {learner.reg_lambda:g}, {learner.max_bin:,} bins"
        ),
        "Settings": f"as the spec {spec.name} has them, seed {spec.seed}; the run does not know how they were chosen",
        "Directions": (
            "held to those that the features declare" if learner.monotone else "learnt freely; none was imposed"
        ),
        "Calibration": (
            f"{calibration}, fitted on scores that trees gave to people they had not seen ({folds} folds of patients)"
        ),
        "Training": _training(model, rule),
        "Split": _SPLIT[spec.split.by],
        "Left the area": _LEFT[spec.censoring.left_area],
        **on_the_card(spec),
        "Missing values": "stay missing, and the trees learn which way they point; so does a table that is absent",
        "Features": (
            f"{used:,} of the {allowed:,} that the spec allows; the others are missing for everyone in training"
            if used < allowed
            else f"all {allowed:,} that the spec allows"
        ),
        "Definitions of features": f"catalogue.json beside this card, fingerprint {run['features']['catalogue']}",
    }
    if spec.uncertainty.refits and not spec.counts:
        made["Uncertainty"] = (
            f"{spec.uncertainty.refits:,} models learnt again from patients drawn anew: how sure a risk and a place on"
            " the list are, as far as the choice of patients goes"
        )
    return made


def _recalibrated(spec: ModelSpec, run: Mapping[str, Any], rule: Disclosure) -> dict[str, str]:
    """Return how a model was made of which only the calibration is this run's."""
    model = run["model"]
    version, how = model["recalibrated_from"], RECALIBRATED.get(model.get("recalibrated_how", ""), "moved")
    return {
        "Learner": f"the trees of version {version}, unchanged; how they were made stands on its card",
        "Calibration": f"that of version {version}, {how} in the rows below",
        "Rows of the recalibration": _training(model, rule),
        "Split": _SPLIT[spec.split.by],
        "Left the area": _LEFT[spec.censoring.left_area],
        "Missing values": "stay missing, and the trees learnt which way they point; so does a table that is absent",
        "Features": f"the {len(model['features']):,} of version {version}",
        "Definitions of features": f"catalogue.json beside this card, fingerprint {run['features']['catalogue']}",
    }


def choice_of(spec: ModelSpec, catalogue: Catalogue, used: Collection[str]) -> tuple[str, ...]:
    """Return which of the declared features the model may use and does, in sentences."""
    allowed = {feature.name for feature in spec.inputs(catalogue)}
    declared = {feature.name for feature in catalogue.features}
    titles = {definition.name: definition.title for definition in catalogue.definitions}
    lacking = f", of which {len(gone):,} are missing for everyone in training" if (gone := allowed - {*used}) else ""
    said = [f"The spec lets in {len(allowed):,} of the {len(declared):,} that are declared{lacking}."]
    left = [feature.definition for feature in catalogue.features if feature.name not in allowed]
    if no_input := sum(not definition.model_input for definition in left):
        said.append(f"Of those left out, {no_input:,} are declared as no input of a model.")
    if at_extract := sum(definition.as_at_extract for definition in left):
        said.append(f"Of those left out, {at_extract:,} are known only as at the extract.")
    domains = [domain for domain in get_args(Domain) if domain not in spec.features.domains]
    if domains:
        said.append(f"Domains that it leaves out: {', '.join(domains)}.")
    for words, names in (
        ("Left out by name", spec.features.exclude),
        ("Let in by name, though not declared as inputs of every model", spec.features.include),
        ("Let in by name, though known only as at the extract", spec.features.as_at_extract),
    ):
        if names:
            said.append(f"{words}: {'; '.join(titles[name] for name in names)}.")
    said.append("This run chose none by what it does to the outcome; trees may leave any of them unused.")
    return tuple(said)


def _training(model: Mapping[str, Any], rule: Disclosure) -> str:
    events = f", {rule.words(model['events'])} events" if "events" in model else ""
    return f"{rule.words(model['rows'])} rows of {rule.words(model['patients'])} people{events}"


def limits_of(spec: ModelSpec) -> tuple[str, ...]:
    """Return what the model and its evidence cannot tell, a sentence each."""
    outcome = OUTCOMES[spec.outcome]
    seen = {
        "weight": (
            "People who leave the area are stood for by those who stay: right only as far as those who leave are like"
            " those who stay."
        ),
        "drop": (
            "People who left the area before their window was over are left out: right only if they are like all"
            " others, and the risk of a whole window is overstated where an early event keeps people in."
        ),
        "ignore": "People who left the area after the index date are kept as they are: what came later is not seen.",
    }
    elsewhere = (
        ["The outcome is seen in the records of this trust only: an emergency admission elsewhere is counted as none."]
        if outcome.stays
        else ["Deaths are those that the records know of."]
    )
    tested = "on discharges of one later year" if spec.cohort.index == "discharge" else "at one later date"
    return (
        *elsewhere,
        seen[spec.censoring.left_area],
        *_death(outcome),
        f"Tested {tested} in the same place, on people aged {spec.cohort.min_age} or over; nowhere else.",
        "Once lists are acted on, later outcomes no longer show what would have happened without them.",
    )


def promotion_of(spec: ModelSpec) -> tuple[str, ...]:
    """Return by which rule a version comes into use; it is tried, if at all, after the card is written."""
    if spec.counts:
        return (
            (
                "`vi-risk promote` weighs risks and refuses a model of counts. Who wants a champion of it names one in"
                " the registry by hand."
            ),
            _REGISTRY,
        )
    rule = spec.promotion
    (low, high), (under, over) = rule.slope, rule.in_the_large
    return (
        (
            "`vi-risk score` takes the champion of the registry, where there is one, unless told otherwise; `vi-risk"
            " run` and `vi-risk demo` score with the model that they have just trained, whether or not it is champion."
        ),
        (
            "`vi-risk promote` makes a version the champion only if on the same test patients the lower 95 % bounds lie"
            " above the margins: true cases found at equal capacity, more than the champion's by over"
            f" {rule.margin_true_cases:g}, and net benefit at a risk of {100 * rule.threshold:g} %, by over"
            f" {rule.margin_net_benefit:g} for each person. The first champion has no other to be held against."
        ),
        (
            f"Its calibration slope must lie from {low:g} to {high:g}, its calibration in the large from {under:g} to"
            f" {over:g}."
        ),
        _REGISTRY,
    )
