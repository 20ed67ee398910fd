"""What parameters of a learner come to on patients that the trees did not see: the same patients for every trial.

One patient in five takes no part in any trial. On those alone is told, at the end, what was gained: the best of many
trials did well partly by luck, on the very patients that it was chosen by.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vi_risk.errors import InputError
from vi_risk.features.catalogue import Catalogue
from vi_risk.models.learning.calibration import Floats, Rows, folds_apart
from vi_risk.models.learning.inputs import Inputs, name_in_booster
from vi_risk.models.on_snapshots import LearningRows, estimator_of
from vi_risk.models.reviewed.learning import told_apart, with_share
from vi_risk.models.spec import ModelSpec
from vi_risk.models.spec_tables import LearnerSpec

FOLDS = 3
# One part of so many is kept from all trials.
_KEPT_BACK = 5
# Trees are added until so many in a row have helped nobody who was held out.
_MOST_TREES, _PATIENCE = 1500, 50
# What LightGBM calls the loss of each objective; for binary it is the log loss.
_METRICS = {"binary": "binary_logloss", "poisson": "poisson", "tweedie": "tweedie"}
LOSSES = {"binary": "log loss", "poisson": "Poisson loss", "tweedie": "Tweedie loss"}
_TWEEDIE_POWER = 1.5  # LightGBM's own
_TWO_SIDED_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Tried:
    """How a learner did on the patients held out.

    Attributes
    ----------
    learner
        With the number of trees that did best, or with the number given.
    loss
        Mean over the rows held out, by their weight; None where the trial was given up.
    """

    learner: LearnerSpec
    loss: float | None


@dataclass(frozen=True, slots=True)
class Gain:
    """What one learner gains over another on patients who took no part in choosing between them.

    Attributes
    ----------
    less
        By how much its loss is less, with a 95 % interval by patients (linearised, of a ratio of two totals).
    """

    loss_before: float
    loss_after: float
    less: float
    interval: tuple[float, float]
    patients: int

    @property
    def clear(self) -> bool:
        """Whether it is more than chance would give."""
        return self.interval[0] > 0


@dataclass(frozen=True, eq=False, slots=True)
class _Part:
    """Rows to learn from, and rows of other patients to be held against."""

    learning: lgb.Dataset
    held_out: lgb.Dataset
    rows: Rows  # those held out
    weight: float  # their total


@dataclass(frozen=True, eq=False, slots=True)
class TrialRows:
    """Training rows in folds, brought into the learner's form once for all trials."""

    spec: ModelSpec
    catalogue: Catalogue
    inputs: Inputs
    matrix: pd.DataFrame
    known: LearningRows
    folds: tuple[_Part, ...]
    kept_back: _Part

    @classmethod
    def of(cls, rows: LearningRows, spec: ModelSpec, catalogue: Catalogue) -> Self:
        """Return the training rows of a spec, ready for trials.

        Where reviews are a covariate, trials learn with it as training does, and are held against the windows as they
        were, reviewed or not.

        Raises
        ------
        InputError
            No feature tells anything, or there are too few events or patients.
        """
        known = rows.known
        happened = known.outcome > 0
        if min(events := int(happened.sum()), happened.size - events) < spec.learner.min_events:
            msg = (
                f"tuning: expected at least {spec.learner.min_events} events and as many non-events, found {events}"
                f" events in {happened.size} rows. Add patients or index dates, or choose a longer horizon."
            )
            raise InputError(msg)
        features = known.features.select(known.telling)
        if told_apart(known.review_share):
            features = with_share(features, known.review_share)
        table = features.table()
        inputs = Inputs.of(table)
        matrix = inputs.matrix(table)
        whole = lgb.Dataset(
            matrix,
            known.outcome,
            weight=known.sample_weight,
            feature_name=list(matrix.columns),
            categorical_feature=[name_in_booster(name) for name in inputs.categories],
            params=_settings(spec, spec.learner, catalogue, inputs),
        ).construct()

        def part(learning: Rows, held_out: Rows) -> _Part:
            return _Part(
                whole.subset(learning.tolist()).construct(),
                whole.subset(held_out.tolist()).construct(),
                held_out,
                float(known.weight[held_out].sum()),
            )

        searched, kept_back = next(folds_apart(happened, known.patient_id, folds=_KEPT_BACK, seed=spec.seed))
        inside = folds_apart(happened[searched], known.patient_id[searched], folds=FOLDS, seed=spec.seed)
        folds = tuple(part(searched[learning], searched[held_out]) for learning, held_out in inside)
        return cls(spec, catalogue, inputs, matrix, known, folds, part(searched, kept_back))

    def tried(
        self,
        learner: LearnerSpec,
        *,
        trees_as_given: bool = False,
        hopeless: Callable[[int, float], bool] = lambda _step, _loss: False,
    ) -> Tried:
        """Return how a learner does, fold after fold.

        Parameters
        ----------
        trees_as_given
            With so many trees as the learner has, not with as many as do best.
        hopeless
            Asked after each fold, with its place and the loss so far, whether to give the trial up.
        """
        curves: list[Floats] = []
        for step, fold in enumerate(self.folds):
            curves.append(self._curve(fold, learner, stopping=not trees_as_given))
            length = min(curve.size for curve in curves)
            losses = np.average(
                [curve[:length] for curve in curves], axis=0, weights=[part.weight for part in self.folds[: step + 1]]
            )
            best = length - 1 if trees_as_given else int(losses.argmin())
            loss, found = float(losses[best]), learner.model_copy(update={"n_estimators": best + 1})
            if hopeless(step, loss) and step + 1 < len(self.folds):
                return Tried(found, None)
        return Tried(found, loss)

    def gain(self, before: LearnerSpec, after: LearnerSpec) -> Gain:
        """Return what the one learner gains over the other on the patients kept from all trials."""
        rows = self.kept_back.rows
        weight, (patients, names) = self.known.weight[rows], pd.factorize(self.known.patient_id[rows])
        losses = [weight * self._row_losses(learner) for learner in (before, after)]
        total = weight.sum()
        loss_before, loss_after = (float(loss.sum() / total) for loss in losses)
        less = loss_before - loss_after
        astray = np.bincount(patients, losses[0] - losses[1] - less * weight)
        spread = np.sqrt(np.square(astray).sum() * len(names) / (len(names) - 1)) / total
        interval = (float(less - _TWO_SIDED_95 * spread), float(less + _TWO_SIDED_95 * spread))
        return Gain(loss_before, loss_after, less, interval, len(names))

    def _curve(self, part: _Part, learner: LearnerSpec, *, stopping: bool) -> Floats:
        """Return the loss on the rows held out after each tree."""
        told: dict[str, dict[str, list[float]]] = {}
        callbacks: list[Callable[..., Any]] = [lgb.record_evaluation(told)]
        if stopping:
            callbacks.append(lgb.early_stopping(_PATIENCE, verbose=False))
        lgb.train(
            self._settings(learner),
            part.learning,
            num_boost_round=_MOST_TREES if stopping else learner.n_estimators,
            valid_sets=[part.held_out],
            valid_names=["held out"],
            callbacks=callbacks,
        )
        return np.asarray(told["held out"][_METRICS[learner.objective]])

    def _row_losses(self, learner: LearnerSpec) -> Floats:
        """Return the loss of each row kept back, of trees grown on all others."""
        booster = lgb.train(self._settings(learner), self.kept_back.learning, num_boost_round=learner.n_estimators)
        rows = self.kept_back.rows
        raw = booster.predict(self.matrix.iloc[rows], raw_score=True, num_threads=learner.num_threads)
        return loss_of(np.asarray(raw), self.known.outcome[rows], learner.objective)

    def _settings(self, learner: LearnerSpec) -> dict[str, Any]:
        return _settings(self.spec, learner, self.catalogue, self.inputs)


def loss_of(raw: NDArray[np.float64], outcome: Floats, objective: str) -> Floats:
    """Return the loss of each row, of raw scores: log-odds, or logs of expected counts.

    -log(p) of what happened; of counts -log of the likelihood, but for what no score can change.

    Examples
    --------
    >>> loss_of(np.array([0.0, 0.0]), np.array([1.0, 0.0]), "binary").round(4).tolist()
    [0.6931, 0.6931]
    """
    if objective == "binary":
        return np.asarray(np.logaddexp(0.0, raw) - outcome * raw)
    if objective == "poisson":
        return np.asarray(np.exp(raw) - outcome * raw)
    p = _TWEEDIE_POWER
    return np.asarray(np.exp((2 - p) * raw) / (2 - p) - outcome * np.exp((1 - p) * raw) / (1 - p))


def _settings(spec: ModelSpec, learner: LearnerSpec, catalogue: Catalogue, inputs: Inputs) -> dict[str, Any]:
    estimator = estimator_of(spec.model_copy(update={"learner": learner}), catalogue, list(inputs.names))
    return {
        **estimator.settings(inputs),
        "metric": _METRICS[learner.objective],
        "feature_pre_filter": False,  # trials differ in min_child_samples on the same rows
    }
