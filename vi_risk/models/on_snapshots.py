"""Train models on snapshots: a verb of the library, and what learns, and looks at, the same rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from vi_risk.arguments import refuse_another
from vi_risk.errors import InputError
from vi_risk.features.catalogue import Catalogue
from vi_risk.models.answers import LATER
from vi_risk.models.evidence.score_decay import score_decay
from vi_risk.models.learning.blocks import Blocks
from vi_risk.models.learning.calibration import Floats, Rows, log_odds_of
from vi_risk.models.learning.classifier import RiskClassifier
from vi_risk.models.learning.counts import CountRegressor
from vi_risk.models.learning.inputs import tells_nothing
from vi_risk.models.learning.uncertainty import Refits, fit_refits
from vi_risk.models.reviewed.learning import fit_at_no_review, refits_at_no_review, told_apart
from vi_risk.models.reviewed.windows import REVIEW_DAY, REVIEW_SHARE
from vi_risk.models.spec import ModelSpec
from vi_risk.models.splits import refuse_leaks

if TYPE_CHECKING:
    from vi_risk.models.snapshots import Snapshots

Model = RiskClassifier | CountRegressor

_SAMPLED = 2_000  # rows of which the contributions of features are told


@dataclass(frozen=True, slots=True, eq=False)
class LearningRows:
    """What a model learns from: features, read a block at a time; outcome, weight (0: not known) and patient.

    Attributes
    ----------
    review_share
        Of the window, how much of it a review was at work; None where the spec does not treat reviews as a covariate.
    """

    features: Blocks
    outcome: Floats
    weight: Floats
    patient_id: "np.ndarray[Any, Any]"
    review_share: Floats | None = None

    def take(self, rows: Rows) -> Self:
        """Return some of the rows."""
        features, share = self.features.take(rows), self.review_share
        of_reviews = None if share is None else share[rows]
        return type(self)(features, self.outcome[rows], self.weight[rows], self.patient_id[rows], of_reviews)

    def select(self, inputs: Sequence[str]) -> Self:
        """Return the rows with some of the features."""
        return replace(self, features=self.features.select(inputs))

    @property
    def telling(self) -> list[str]:
        """The features that tell these rows apart: neither missing in every one nor the same."""
        return [name for name, no in zip(self.features.columns, tells_nothing(self.features), strict=True) if not no]

    @property
    def known(self) -> Self:
        """Those whose outcome is known; the rows themselves where it is known of all."""
        known = self.weight > 0
        return self if known.all() else self.take(np.flatnonzero(known))

    @property
    def sample_weight(self) -> Floats | None:
        """The weights; None where every row counts once."""
        return None if (self.weight == 1).all() else self.weight


def training_rows(snapshots: "Snapshots", *, of: str | None = None) -> LearningRows:
    """Return the training rows with all features of them, and the main outcome or that of a companion by name."""
    answers, people = snapshots.answers("train", of=of), snapshots.people("train")
    share = people.get(REVIEW_SHARE if of is None else f"{of}_{REVIEW_SHARE}")
    return LearningRows(
        snapshots.blocks("train"),
        answers["outcome"].to_numpy(dtype=np.float64),
        answers["weight"].to_numpy(dtype=np.float64),
        people["patient_id"].to_numpy(),
        None if share is None else share.to_numpy(dtype=np.float64),
    )


def train(snapshots: "Snapshots", spec: ModelSpec, *, companion: ModelSpec | None = None) -> Model:
    """Return a calibrated model fitted on the training snapshots.

    All rows of a patient stay in one calibration fold. Rows whose outcome is not known, because the person left the
    area, are left out, and those who stayed count for them by their weight. Features that are missing, or the same,
    for everyone in training are left out: nothing can be learnt from them.

    Parameters
    ----------
    snapshots
        From `vi_risk.build_features`; the rows of training are learnt from, those of the test are not looked at.
    spec
        The one that they were built for: which features, which learner, which seed.
    companion
        One of the spec's companions: the same people at the same dates, asked about its outcome.

    Returns
    -------
    RiskClassifier or CountRegressor
        As the outcome is a matter of yes or no, or a count. The same snapshots and spec give the same model.

    Raises
    ------
    InputError
        The outcome has one class or too few events, a window was not over, or a patient's training window reaches into
        the same patient's test window; or no feature tells people apart.
    SpecificationError
        The spec names a definition that the catalogue of the snapshots does not have.
    UsageError
        The spec is something else, such as its name.

    Examples
    --------
    >>> model = vi_risk.train(snapshots, spec)
    >>> type(model).__name__, "age" in model.feature_name_
    ('RiskClassifier', True)
    """
    refuse_another(spec, ModelSpec, name="spec", made_by="vi_risk.load_spec")
    refuse_leaks(snapshots, horizon_days=spec.horizon_days)
    refuse_untold_reviews(snapshots, spec)
    asked = companion or spec
    inputs = [feature.name for feature in asked.inputs(snapshots.catalogue)]
    of = None if companion is None else companion.name
    return fit(asked, snapshots.catalogue, training_rows(snapshots, of=of).select(inputs))


def refuse_untold_reviews(snapshots: "Snapshots", spec: ModelSpec) -> None:
    """Refuse snapshots that do not tell in which windows a review was at work, where the spec treats these."""
    if spec.reviews.treated_as != "ignore" and REVIEW_DAY not in snapshots.cohort:
        msg = (
            f'{spec.name}: reviews.treated_as = "{spec.reviews.treated_as}" needs to know in which windows a review was'
            " at work, which these features do not tell: they were built for another spec. Build them for this one with"
            ' `vi-risk features build`, or write treated_as = "ignore".'
        )
        raise InputError(msg)


def fit(spec: ModelSpec, catalogue: Catalogue, rows: LearningRows) -> Model:
    """Return the model of a spec fitted to rows of one's own choice.

    Raises
    ------
    InputError
        No row tells any feature, or the outcome has one class or too few events.
    """
    known = rows.known
    told = known.telling
    if not told:
        msg = (
            f"{spec.name}: no feature of the spec tells people apart in these records: each is missing, or the same for"
            " everyone. Look at `vi-risk check` for what they lack."
        )
        raise InputError(msg)
    features, estimator = known.select(told).features, estimator_of(spec, catalogue, told)
    given: dict[str, Any] = {"groups": known.patient_id, "sample_weight": known.sample_weight}
    if told_apart(known.review_share):
        learnt: Model = fit_at_no_review(estimator, features, known.outcome, known.review_share, **given)
        return learnt
    return estimator.fit(features, known.outcome, **given)


def estimator_of(spec: ModelSpec, catalogue: Catalogue, inputs: list[str]) -> Model:
    """Return the estimator that the spec asks for, not yet fitted to these features."""
    parameters = spec.learner.model_dump(exclude={"objective", "monotone", "calibration"})
    directions = {
        feature.name: 1 if feature.definition.direction == "up" else -1
        for feature in catalogue.features
        if feature.definition.direction != "none" and feature.name in inputs
    }
    monotone = directions if spec.learner.monotone else None
    if spec.learner.objective != "binary":
        return CountRegressor(objective=spec.learner.objective, monotone=monotone, seed=spec.seed, **parameters)
    return RiskClassifier(calibration=spec.learner.calibration, monotone=monotone, seed=spec.seed, **parameters)


def refits_of(model: Model, snapshots: "Snapshots", spec: ModelSpec) -> Refits | None:
    """Return the model learnt again from patients drawn anew, as often as the spec asks; None where it asks for none.

    How much a risk moves between them says how sure the model is of it, not how the year will go.
    """
    if not spec.uncertainty.refits or isinstance(model, CountRegressor):
        return None
    known = training_rows(snapshots).known.select(model.feature_name_)
    given: dict[str, Any] = {
        "groups": known.patient_id,
        "sample_weight": known.sample_weight,
        "refits": spec.uncertainty.refits,
        "seed": spec.seed,
    }
    if told_apart(known.review_share):
        return refits_at_no_review(model, known.features, known.outcome, known.review_share, **given)
    return fit_refits(model, known.features, known.outcome, **given)


def decay_of(model: Model, snapshots: "Snapshots") -> dict[str, Any] | None:
    """Return how the score does in later windows, as evaluation.json holds it; None where nothing tells.

    The people of the earliest training date, whose later windows are over; each scored by trees that did not see them.
    Ask before the model is saved: those scores are not kept.
    """
    cohort = snapshots.people("train")
    if not isinstance(model, RiskClassifier) or f"outcome_{LATER[0]}" not in cohort:
        return None
    known = (snapshots.answers("train")["weight"] > 0).to_numpy()
    first = (cohort["index_date"] == cohort["index_date"].min()).to_numpy()
    windows = {days: snapshots.answers("train", later=days)[known & first] for days in (0, *LATER)}
    return score_decay(
        log_odds_of(model.calibrator_.predict(model.unseen_raw_[first[known]])),
        {days: answers["outcome"].to_numpy(dtype=np.float64) for days, answers in windows.items()},
        cohort.loc[known & first, "patient_id"].to_numpy(),
        {days: answers["weight"].to_numpy(dtype=np.float64) for days, answers in windows.items()},
        seed=model.seed,
    )


def importance(model: Model, features: pd.DataFrame, *, seed: int, most: int = _SAMPLED) -> pd.DataFrame:
    """Return contributions of a random sample of rows: one row each, a column per feature; for the global pictures."""
    chosen = _drawn(len(features), seed=seed, most=most)
    return model.contributions(features.iloc[chosen])[model.feature_name_]


def sample_of_test(snapshots: "Snapshots", *, seed: int, most: int = _SAMPLED) -> pd.DataFrame:
    """Return the features of those test rows that `importance` would draw, in their order and with their index."""
    features, people = snapshots.blocks("test"), snapshots.people("test")
    chosen = _drawn(len(features), seed=seed, most=most)
    return features.take(chosen).table().set_axis(people.index[chosen])


def _drawn(rows: int, *, seed: int, most: int) -> Rows:
    return np.sort(np.random.default_rng(seed).choice(rows, size=min(most, rows), replace=False))


def raw_scores(model: Model, features: pd.DataFrame | Blocks) -> Floats:
    """Return the raw scores of rows."""
    return model.predict_raw(features)


def risks_of(model: Model, raw: Floats) -> Floats:
    """Return the calibrated risks, or expected numbers, of raw scores."""
    return np.asarray(model.calibrator_.predict(raw), dtype=np.float64)
