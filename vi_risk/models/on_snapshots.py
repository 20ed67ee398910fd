"""Train models on snapshots: a verb of the library, and what learns, and looks at, the same rows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from vi_risk.errors import InputError
from vi_risk.features.catalogue import Catalogue
from vi_risk.models.answers import LATER
from vi_risk.models.evidence.score_decay import score_decay
from vi_risk.models.learning.calibration import Floats, Rows, log_odds_of
from vi_risk.models.learning.classifier import RiskClassifier
from vi_risk.models.learning.counts import CountRegressor
from vi_risk.models.learning.inputs import tells_nothing
from vi_risk.models.learning.uncertainty import Refits, fit_refits
from vi_risk.models.spec import ModelSpec
from vi_risk.models.splits import refuse_leaks

if TYPE_CHECKING:
    from vi_risk.models.snapshots import Snapshots

Model = RiskClassifier | CountRegressor


@dataclass(frozen=True, slots=True, eq=False)
class LearningRows:
    """What a model learns from: features, outcome, weight (0: not known) and patient of each row."""

    features: pd.DataFrame
    outcome: Floats
    weight: Floats
    patient_id: "np.ndarray[Any, Any]"

    def take(self, rows: Rows) -> Self:
        """Return some of the rows."""
        return type(self)(self.features.iloc[rows], self.outcome[rows], self.weight[rows], self.patient_id[rows])

    @property
    def known(self) -> Self:
        """Those whose outcome is known; the rows themselves where it is known of all."""
        known = self.weight > 0
        return self if known.all() else self.take(np.flatnonzero(known))

    @property
    def sample_weight(self) -> Floats | None:
        """The weights; None where every row counts once."""
        return None if (self.weight == 1).all() else self.weight


def training_rows(
    snapshots: "Snapshots", inputs: ArrayLike, *, of: str | None = None, known: bool = False
) -> LearningRows:
    """Return the training rows with some features of them, and the main outcome or that of a companion by name.

    With `known`, only those whose outcome is known: one copy of the features, which are most of a run's memory.
    """
    cohort, features = snapshots.rows("train")
    answers = snapshots.answers("train", of=of)
    chosen = (answers["weight"] > 0).to_numpy() if known else np.ones(len(cohort), dtype=bool)
    return LearningRows(
        features.loc[chosen, list(np.asarray(inputs, dtype=object))],
        answers["outcome"].to_numpy(dtype=np.float64)[chosen],
        answers["weight"].to_numpy(dtype=np.float64)[chosen],
        cohort["patient_id"].to_numpy()[chosen],
    )


def train(snapshots: "Snapshots", spec: ModelSpec, *, companion: ModelSpec | None = None) -> Model:
    """Return a calibrated model fitted on the training snapshots.

    All rows of a patient stay in one calibration fold. Rows whose outcome is not known, because the person left the
    area, are left out, and those who stayed count for them by their weight. Features that are missing, or the same,
    for everyone in training are left out: nothing can be learnt from them.

    Parameters
    ----------
    companion
        One of the spec's companions: the same people at the same dates, asked about its outcome.

    Raises
    ------
    InputError
        The outcome has one class or too few events, a window was not over, or a patient's training window reaches into
        the same patient's test window.
    """
    refuse_leaks(snapshots, horizon_days=spec.horizon_days)
    asked = companion or spec
    inputs = [feature.name for feature in asked.inputs(snapshots.catalogue)]
    of = None if companion is None else companion.name
    return fit(asked, snapshots.catalogue, training_rows(snapshots, inputs, of=of, known=True))


def fit(spec: ModelSpec, catalogue: Catalogue, rows: LearningRows) -> Model:
    """Return the model of a spec fitted to rows of one's own choice.

    Raises
    ------
    InputError
        No row tells any feature, or the outcome has one class or too few events.
    """
    known = rows.known
    nothing = tells_nothing(known.features)
    seen = known.features.loc[:, ~nothing] if nothing.any() else known.features
    if seen.shape[1] == 0:
        msg = (
            f"{spec.name}: no feature of the spec tells people apart in these records: each is missing, or the same for"
            " everyone. Look at `vi-risk check` for what they lack."
        )
        raise InputError(msg)
    return estimator_of(spec, catalogue, list(seen.columns)).fit(
        seen, known.outcome, groups=known.patient_id, sample_weight=known.sample_weight
    )


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
    known = training_rows(snapshots, model.feature_name_, known=True)
    return fit_refits(
        model,
        known.features,
        known.outcome,
        groups=known.patient_id,
        sample_weight=known.sample_weight,
        refits=spec.uncertainty.refits,
        seed=spec.seed,
    )


def decay_of(model: Model, snapshots: "Snapshots") -> dict[str, Any] | None:
    """Return how the score does in later windows, as evaluation.json holds it; None where nothing tells.

    The people of the earliest training date, whose later windows are over; each scored by trees that did not see them.
    Ask before the model is saved: those scores are not kept.
    """
    cohort, _ = snapshots.rows("train")
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


def importance(model: Model, features: pd.DataFrame, *, seed: int, most: int = 2000) -> pd.DataFrame:
    """Return contributions of a random sample of rows: one row each, a column per feature; for the global pictures."""
    generator = np.random.default_rng(seed)
    chosen = np.sort(generator.choice(len(features), size=min(most, len(features)), replace=False))
    return model.contributions(features.iloc[chosen])[model.feature_name_]


def raw_scores(model: Model, features: pd.DataFrame) -> Floats:
    """Return the raw scores of rows."""
    return model.predict_raw(features)


def risks_of(model: Model, raw: Floats) -> Floats:
    """Return the calibrated risks, or expected numbers, of raw scores."""
    return np.asarray(model.calibrator_.predict(raw), dtype=np.float64)
