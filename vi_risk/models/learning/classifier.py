"""The risk model: gradient boosted trees with calibrated risks, behind the scikit-learn estimator contract."""

from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from vi_risk.errors import InputError
from vi_risk.models.learning.blocks import Blocks
from vi_risk.models.learning.boosting import Boosted
from vi_risk.models.learning.calibration import Floats
from vi_risk.models.learning.calibrators import CALIBRATORS, Calibrator
from vi_risk.models.learning.inputs import Inputs
from vi_risk.models.learning.recalibration import How, Recalibrated, refuse_unknown
from vi_risk.models.learning.training_rows import TrainingRows


class RiskClassifier(ClassifierMixin, Boosted):  # type: ignore[misc]
    """Risk of a yes-or-no outcome from a table of features: numbers, booleans and pandas categories.

    A missing value stays missing and is learnt from; it is never filled. A category that training did not hold counts
    as missing. A feature that is constant or missing throughout may stand there, is named in a warning and not used; a
    patient may stand there in several rows. The same parameters and rows give the same model text on the same machine.

    Parameters
    ----------
    n_estimators, num_leaves, learning_rate, min_child_samples, reg_lambda, max_bin
        As in LightGBM.
    colsample, subsample
        Share of the features, and of the rows, that each tree may use.
    calibration
        `sigmoid`, `isotonic` or `beta` (`vi_risk.models.learning.calibrators`).
    calibration_folds
        Number of parts of the training patients, each scored by trees grown on the others, on which the calibration
        is fitted. None takes 3, or 2 from 100,000 rows on.
    min_events
        Fewer events, or fewer non-events, than this are refused.
    monotone
        Feature -> 1 where the risk may only rise with it, -1 where it may only fall. A name that is no feature, or
        that of a category, is refused.
    seed
        Of the random draws of features, rows and folds.
    num_threads
        Fixed, because the order of additions depends on it.

    Attributes
    ----------
    classes_
        The two outcomes in sorted order; the second one is the event.
    calibrator_
        Turns raw scores, which are log-odds, into risks.
    feature_name_, categories_, booster_, unseen_raw_, raw_sd_
        As in `vi_risk.models.learning.boosting.Boosted`.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import vi_risk
    >>> draw = np.random.default_rng(1)
    >>> table = pd.DataFrame({"age": draw.integers(18, 95, 1000).astype(float)})
    >>> outcome = draw.random(1000) < table["age"] / 200
    >>> model = vi_risk.RiskClassifier(n_estimators=20, num_threads=1).fit(table, outcome)
    >>> risk = model.predict_proba(table)[:, 1]
    >>> risk.shape, bool(risk[table["age"] > 80].mean() > risk[table["age"] < 40].mean())
    ((1000,), True)
    >>> why = model.contributions(table)  # log-odds; the last column is what all rows have in common
    >>> bool(np.allclose(why.sum(axis=1), model.predict_raw(table)))
    True
    """

    calibrator_: Calibrator

    def __init__(
        self,
        *,
        n_estimators: int = 300,
        num_leaves: int = 31,
        learning_rate: float = 0.05,
        min_child_samples: int = 50,
        colsample: float = 0.5,
        subsample: float = 1.0,
        reg_lambda: float = 1.0,
        max_bin: int = 255,
        calibration: Literal["sigmoid", "isotonic", "beta"] = "sigmoid",
        calibration_folds: int | None = None,
        min_events: int = 50,
        monotone: Mapping[str, int] | None = None,
        seed: int = 1,
        num_threads: int = 2,
    ) -> None:
        super().__init__(
            n_estimators=n_estimators,
            num_leaves=num_leaves,
            learning_rate=learning_rate,
            min_child_samples=min_child_samples,
            colsample=colsample,
            subsample=subsample,
            reg_lambda=reg_lambda,
            max_bin=max_bin,
            calibration_folds=calibration_folds,
            min_events=min_events,
            monotone=monotone,
            seed=seed,
            num_threads=num_threads,
        )
        self.calibration = calibration

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that there are two classes, and that values may be missing."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def fit(
        self,
        X: pd.DataFrame | Blocks,  # noqa: N803
        y: ArrayLike,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Return the model fitted to one row of features and one outcome each.

        A fit that fails or is interrupted leaves the model as it was.

        Parameters
        ----------
        X
            One column per feature; `vi_risk.models.learning.blocks.Blocks` of floats are never held whole.
        y
            Two values, the greater one for an event: 0 and 1, False and True; of text the one that comes later in the
            alphabet, such as "yes" after "no" (`classes_` tells).
        groups
            The patient of each row: all rows of a patient then stay in one calibration fold.
        sample_weight
            How much each row counts beside the others, in the trees and in the calibration. They are scaled to 1 on
            average, so that weights ten times as large give the same model: `reg_lambda` is measured in rows. A row of
            weight 0 takes no part, whatever it holds.

        Raises
        ------
        InputError
            The outcome holds one class, too few events or values of several kinds, a column cannot be a feature,
            values are infinite, or a weight is no number, missing, infinite or below 0.
        SpecificationError
            A parameter is out of its range; all such parameters are told.

        Warns
        -----
        UserWarning
            A feature is the same in every row, or missing throughout; the model is trained all the same.
        """
        rows = TrainingRows.of(X, y, groups, sample_weight)
        inputs = Inputs.of(rows.table)
        self._check_parameters(inputs)
        classes, events = self._two_classes(rows.outcome)
        outcome = events.astype(np.float64)
        grown = self._grow(inputs, rows, outcome, strata=events)
        calibrator = CALIBRATORS[self.calibration].fit(grown.unseen_raw, outcome, rows.weight)
        self._take(inputs, grown, rows.counted)
        self.classes_, self.calibrator_ = classes, calibrator
        return self

    def predict_proba(self, X: pd.DataFrame) -> Floats:  # noqa: N803
        """Return calibrated probabilities, shape (rows, 2): of no event, and of the event (the risk).

        Columns may stand in any order and others may stand among them.

        Raises
        ------
        InputError
            A feature of the model is missing, or cannot be read as it was in training.
        """
        raw = self.predict_raw(X)
        risk = self.calibrator_.predict(raw)
        return np.column_stack([1 - risk, risk])

    def predict(self, X: pd.DataFrame) -> NDArray[Any]:  # noqa: N803
        """Return the likelier class; for a rare outcome that is hardly ever the event, so rank by risk instead."""
        likelier = (self.predict_proba(X)[:, 1] > 0.5).astype(int)
        return np.asarray(self.classes_[likelier])

    def recalibrated(
        self,
        X: pd.DataFrame | Blocks,  # noqa: N803
        y: ArrayLike,
        how: How = "in_the_large",
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Return a new model of the same trees whose risks fit the rows of a new place or a new year.

        Parameters
        ----------
        how
            `in_the_large` moves all log-odds by as much; `slope` spreads or draws them together too. The order of
            patients stays.

        Raises
        ------
        InputError
            The outcome is not that of the model, holds too few events, or does not rise with the risk.
        """
        check_is_fitted(self, "booster_")
        refuse_unknown(how)
        rows = TrainingRows.of(X, y, None, sample_weight)
        classes, events = self._two_classes(rows.outcome)
        if not np.array_equal(classes, self.classes_):
            msg = "outcome: its two values are not those that the model was trained on. Give events as they were then."
            raise InputError(msg)
        raw, outcome = self.predict_raw(rows.table), events.astype(np.float64)
        return self._with_calibrator(Recalibrated.of(self.calibrator_, raw, outcome, how, rows.weight))

    def _objective(self) -> dict[str, Any]:
        return {"objective": "binary"}

    def _parameter_faults(self) -> list[str]:
        faults = super()._parameter_faults()
        if self.calibration not in tuple(CALIBRATORS):  # whose members need no hash
            faults.append(f"calibration: must be one of {', '.join(CALIBRATORS)}, got {self.calibration!r}.")
        return faults

    def _two_classes(self, outcome: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Return the two classes, and which rows are events."""
        rows = outcome.size
        classes, numbers = np.unique(outcome, return_inverse=True)
        if len(classes) != 2:
            msg = (
                f"outcome: expected two classes, found {len(classes)} in {rows} rows. "
                "Check the outcome's definition and that its window lies inside the records."
            )
            raise InputError(msg)
        events = int(numbers.sum())
        if min(events, rows - events) < self.min_events:
            msg = (
                f"outcome: expected at least {self.min_events} events and as many non-events, found {events} events "
                f"in {rows} rows. Add patients or index dates, or choose a longer horizon."
            )
            raise InputError(msg)
        return classes, numbers.astype(bool)
