"""How far a risk, and a place on a list, hangs on who happened to be in the training records.

The model is learnt again from patients drawn anew (a bootstrap by patient). Each refit is cheap: fewer trees that
learn faster, and a few rows of each patient drawn. Cheap refits scatter more than the model does and are drawn
towards the mean, so only their differences from one another are used: they are laid around the model's own risk, and
made as wide as the model's own sampling variation, which the boosters of the calibration folds have shown
(`vi_risk.models.learning.boosting.Boosted.raw_sd_`).

An interval says where the model's risk for such a patient would have come to lie had other patients been sampled from
the same population: on simulated samples of 1,000 to 12,500 patients, 95 % intervals held the mean of the models of
other samples for 96 to 97 % of patients, also among the highest twentieth of risks. It does not say how the patient
will fare (that is what the risk itself says), nor does it cover what no training sample would mend: what the features
do not hold, shrinkage of the trees, another place or year.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from vi_risk.errors import InputError, UsageError
from vi_risk.models.evidence.students_t import t_quantile
from vi_risk.models.learning.blocks import Blocks
from vi_risk.models.learning.boosting import Boosted
from vi_risk.models.learning.calibration import Floats, Rows, log_odds_of, risk_of
from vi_risk.models.learning.classifier import RiskClassifier
from vi_risk.models.learning.inputs import Inputs
from vi_risk.models.learning.training_rows import TrainingRows

# A fifth of the trees, learning three times as fast but not faster than 0.3, on two fifths of the features: measured,
# 20 of them cost two thirds of the booster's own time, and fewer or faster trees scatter more by their own chance.
_TREES, _RATE, _FASTEST, _COLUMNS = 1 / 5, 3.0, 0.3, 0.4
# Rows that a refit learns from at least, where there are as many: one of each patient drawn, or several.
_LEAST_ROWS = 20_000
# Training rows on which the refits' own scatter is measured.
_COMPARED = 5_000


@dataclass(frozen=True, eq=False)
class Refits:
    """A model and its cheap refits.

    Attributes
    ----------
    model
        The model whose risks these are about; calibrated, or recalibrated, as it is.
    boosters
        One for each refit.
    scale
        What the refits' differences are multiplied by.
    """

    model: RiskClassifier
    boosters: tuple[lgb.Booster, ...]
    scale: float

    def risks(self, X: pd.DataFrame | Blocks) -> Floats:  # noqa: N803
        """Return the risk of each row by each refit, shape (rows, refits).

        The mean of a row's log-odds is that of the model's risk.
        """
        main = self.model.predict_raw(X)[:, None]
        apart = self.model.raw_by(self.boosters, X)
        apart -= apart.mean(axis=1, keepdims=True)
        calibrator = self.model.calibrator_
        log_odds = calibrator.log_odds(main + self.scale * apart)
        log_odds += calibrator.log_odds(main) - log_odds.mean(axis=1, keepdims=True)
        return risk_of(log_odds)


def fit_refits(
    model: Boosted,
    X: pd.DataFrame | Blocks,  # noqa: N803
    y: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    refits: int = 20,
    seed: int = 1,
) -> Refits:
    """Return the model with refits on its own training rows, the same for the same seed.

    Parameters
    ----------
    model
        A fitted RiskClassifier.
    X, y, groups, sample_weight
        The rows that the model was fitted to.

    Raises
    ------
    UsageError
        Fewer than two refits are asked for, or those of a model of counts.
    InputError
        The rows are not those of a training, or too few for refits to learn anything from.
    """
    if not isinstance(model, RiskClassifier):
        msg = f"refits: expected a model of a risk, got {type(model).__name__}."
        raise UsageError(msg)
    if refits < 2:
        msg = f"refits: expected 2 or more, got {refits}."
        raise UsageError(msg)
    check_is_fitted(model, "booster_")
    rows = TrainingRows.of(X, y, groups, sample_weight)
    outcome = (rows.outcome == model.classes_[1]).astype(np.float64)
    inputs = Inputs(model.feature_name_, model.categories_)
    training = model.binned(inputs, inputs.blocks(rows.table), outcome, None)
    weight = np.ones(outcome.size) if rows.weight is None else rows.weight
    generator = np.random.default_rng(seed)
    settings = {
        **model.settings(inputs),
        "learning_rate": max(model.learning_rate, min(_FASTEST, _RATE * model.learning_rate)),
        "colsample_bytree": _COLUMNS * model.colsample,
        "subsample_freq": 0,  # the patients are drawn already
    }
    trees = math.ceil(_TREES * model.n_estimators)
    boosters = []
    for times in _draws(rows.groups, outcome.size, refits, generator):
        drawn = np.flatnonzero(times)
        if not 0 < outcome[drawn].sum() < drawn.size:
            msg = "refits: patients drawn anew have one outcome only. Train on more patients, or ask for no refits."
            raise InputError(msg)
        sample = training.subset(drawn.tolist()).construct()
        sample.set_weight(weight[drawn] * times[drawn])
        settings["seed"] = int(generator.integers(2**31))
        boosters.append(lgb.train(settings, sample, num_boost_round=trees))
    every = max(1, outcome.size // _COMPARED)
    some = (
        rows.table.take(np.arange(0, outcome.size, every)).table()
        if isinstance(rows.table, Blocks)
        else rows.table.iloc[::every]
    )
    scatter = math.sqrt(model.raw_by(tuple(boosters), some).var(axis=1, ddof=1).mean())
    if scatter == 0:
        msg = "refits: they find nothing to tell patients apart by. Train on more patients, or ask for no refits."
        raise InputError(msg)
    return Refits(model, tuple(boosters), model.raw_sd_ / scatter)


def interval_of(risks: Floats, level: float = 0.95) -> Floats:
    """Return lower and upper limit of each patient's risk, shape (rows, 2), from `Refits.risks`.

    mean +- t * standard deviation of the log-odds, with Student's t: 20 refits are too few for their own quantiles.

    Examples
    --------
    >>> interval_of(np.array([[0.1, 0.2, 0.3, 0.2]]), level=0.8).round(2).tolist()
    [[0.09, 0.37]]
    """
    log_odds = log_odds_of(risks)
    reach = t_quantile((1 + level) / 2, log_odds.shape[1] - 1) * log_odds.std(axis=1, ddof=1)
    centre = log_odds.mean(axis=1)
    return risk_of(np.column_stack([centre - reach, centre + reach]))


def _draws(groups: NDArray[Any] | None, rows: int, refits: int, generator: np.random.Generator) -> Iterator[Rows]:
    """Yield, for each refit, how many times each row was drawn.

    As many patients as there are are drawn, with replacement. Each brings one of their rows at random, or several
    where patients are few, so that a refit learns from 20,000 rows; or all of them, where that is no more.
    """
    patients = np.arange(rows) if groups is None else pd.factorize(groups)[0]
    order, sizes = np.argsort(patients, kind="stable"), np.bincount(patients)
    first = np.cumsum(sizes) - sizes
    each = math.ceil(_LEAST_ROWS / sizes.size)
    for _ in range(refits):
        drawn = generator.integers(sizes.size, size=sizes.size)
        if each >= sizes.max():
            yield np.bincount(drawn, minlength=sizes.size)[patients]
        else:
            drawn = np.repeat(drawn, each)
            places = first[drawn] + generator.integers(sizes[drawn])
            yield np.bincount(order[places], minlength=rows)
