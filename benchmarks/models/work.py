"""``python -m benchmarks.models.work WORK --folder F``: one piece of work in a process of its own, and what it took.

Plain LightGBM reads the same matrix with the same parameters, as one would use it by hand. The clock stands while
libraries, rows and models are loaded; the features are on disk until they are read, and are read once before.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd

from benchmarks.measured import measured
from benchmarks.models.matrix import Floats, Matrix
from vi_risk.models.evidence.evaluation import evaluate
from vi_risk.models.learning import bundle
from vi_risk.models.learning.classifier import RiskClassifier
from vi_risk.models.learning.inputs import Inputs
from vi_risk.models.learning.training_rows import TrainingRows
from vi_risk.models.learning.uncertainty import fit_refits, interval_of
from vi_risk.models.spec import load_spec

CAPACITY = 20
COMPARATORS = 8
# Resamples that scikit-learn is timed on; one costs as much as another.
FEW_RESAMPLES = 10
# Predictions are asked for so many times: once is soon over.
PREDICTIONS = 3
_PLAIN, _OURS = "plain.txt", "model"


@dataclass(frozen=True, slots=True)
class Place:
    """The folder with both matrices, into which models are written."""

    folder: Path

    @property
    def train(self) -> Matrix:
        """Everyone at all training dates."""
        return Matrix(self.folder, "train")

    @property
    def test(self) -> Matrix:
        """Everyone at one date."""
        return Matrix(self.folder, "test")


def ours() -> RiskClassifier:
    """Return the estimator of the main model as it is shipped, not fitted."""
    spec = load_spec()
    return RiskClassifier(seed=spec.seed, **spec.learner.model_dump(exclude={"objective", "monotone"}))


def plain_settings() -> dict[str, object]:
    """Return the same parameters as LightGBM calls them, everything else as it comes."""
    model = ours()
    return {
        "objective": "binary",
        "num_leaves": model.num_leaves,
        "learning_rate": model.learning_rate,
        "min_child_samples": model.min_child_samples,
        "colsample_bytree": model.colsample,
        "subsample": model.subsample,
        "subsample_freq": 1,
        "reg_lambda": model.reg_lambda,
        "max_bin": model.max_bin,
        "seed": model.seed,
        "num_threads": model.num_threads,
        "verbosity": -1,
    }


def fit_plain(place: Place) -> None:
    """LightGBM by hand: a booster on all rows."""
    features, outcome, weight = _learnt(place)
    with measured() as told:
        training = lgb.Dataset(features, outcome, weight=weight)
        booster = lgb.train(plain_settings(), training, num_boost_round=ours().n_estimators)
        told |= _size(features)
    booster.save_model(place.folder / _PLAIN)


def fit_booster(place: Place) -> None:
    """Our booster alone: rows checked, made a matrix and learnt from, as `RiskClassifier.fit` begins."""
    features, outcome, weight = _learnt(place)
    patients, model = place.train.column("patient_id"), ours()
    with measured() as told:
        rows = TrainingRows.of(features, outcome, patients, weight)
        inputs = Inputs.of(rows.table)
        training = model.binned(inputs, inputs.blocks(rows.table), outcome, rows.weight)
        lgb.train(model.settings(inputs), training, num_boost_round=model.n_estimators)
        told |= _size(features)


def fit_whole(place: Place) -> None:
    """Everything: booster, calibration by patients held out, and refits."""
    features, outcome, weight = _learnt(place)
    patients, spec = place.train.column("patient_id"), load_spec()
    with measured() as told:
        model = ours().fit(features, outcome, groups=patients, sample_weight=weight)
        refits = fit_refits(
            model,
            features,
            outcome,
            groups=patients,
            sample_weight=weight,
            refits=spec.uncertainty.refits,
            seed=spec.seed,
        )
        told |= _size(features)
    bundle.save(model, place.folder / _OURS, about={}, refits=refits)


def predict_plain(place: Place) -> None:
    """LightGBM by hand: probabilities of everyone."""
    booster, features = lgb.Booster(model_file=place.folder / _PLAIN), _asked(place)
    with measured() as told:
        for _ in range(PREDICTIONS):
            booster.predict(features, num_threads=ours().num_threads)
        told |= _size(features)


def predict_risk(place: Place) -> None:
    """Calibrated risks of everyone."""
    (model, _), features = bundle.load(place.folder / _OURS), _asked(place)
    with measured() as told:
        for _ in range(PREDICTIONS):
            model.predict_proba(features)
        told |= _size(features)


def predict_whole(place: Place) -> None:
    """Calibrated risks of everyone, with their intervals from the refits."""
    refits, features = bundle.load_refits(place.folder / _OURS), _asked(place)
    assert refits is not None  # noqa: S101  (they were saved)
    with measured() as told:
        for _ in range(PREDICTIONS):
            refits.model.predict_proba(features)
            interval_of(refits.risks(features))
        told |= _size(features)


def evaluate_model(place: Place) -> None:
    """Every figure of the model, with intervals from 500 resamples."""
    _evaluate(place, comparators=0)


def evaluate_whole(place: Place) -> None:
    """The same beside eight comparators, with the differences to each."""
    _evaluate(place, comparators=COMPARATORS)


def resample_plain(place: Place) -> None:
    """scikit-learn by hand: AUROC, AUPRC and Brier score of a few resamples, one after the other."""
    from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score  # noqa: PLC0415 - used here

    risk, outcome, weight = _answered(place)
    generator = np.random.default_rng(1)
    with measured() as told:
        for _ in range(FEW_RESAMPLES):
            drawn = generator.integers(outcome.size, size=outcome.size)
            for figure in (roc_auc_score, average_precision_score, brier_score_loss):
                figure(outcome[drawn], risk[drawn], sample_weight=weight[drawn])
        told |= {"rows": FEW_RESAMPLES}


WORKS: dict[str, Callable[[Place], None]] = {
    work.__name__: work
    for work in (
        fit_plain,
        fit_booster,
        fit_whole,
        predict_plain,
        predict_risk,
        predict_whole,
        evaluate_model,
        evaluate_whole,
        resample_plain,
    )
}


def _evaluate(place: Place, *, comparators: int) -> None:
    risk, outcome, weight = _answered(place)
    generator = np.random.default_rng(2)
    worse = {
        f"comparator {number}": np.clip(risk * np.exp(generator.normal(0, 0.1 * (number + 1), risk.size)), 0, 1)
        for number in range(comparators)
    }
    patients, practices = place.test.column("patient_id"), place.test.column("practice_code")
    with measured() as told:
        evaluate(
            risk,
            outcome,
            patient_id=patients,
            practice_code=practices,
            capacity=CAPACITY,
            comparators=worse,
            weight=weight,
        )
        told |= {"rows": outcome.size}


def _learnt(place: Place) -> tuple[pd.DataFrame, Floats, Floats]:
    return _read(place.train), place.train.column("outcome"), place.train.column("weight")


def _asked(place: Place) -> pd.DataFrame:
    return _read(place.test)


def _answered(place: Place) -> tuple[Floats, Floats, Floats]:
    model, _ = bundle.load(place.folder / _OURS)
    return model.predict_proba(_asked(place))[:, 1], place.test.column("outcome"), place.test.column("weight")


def _read(matrix: Matrix) -> pd.DataFrame:
    """Return the features, read once, so that nobody waits for the disk while the clock runs."""
    features = matrix.features
    features.to_numpy(copy=False).sum()
    return features


def _size(features: pd.DataFrame) -> dict[str, object]:
    return {"rows": len(features), "features": features.shape[1]}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.models.work")
    parser.add_argument("work", choices=WORKS)
    parser.add_argument("--folder", type=Path, required=True)
    asked = parser.parse_args()
    WORKS[asked.work](Place(asked.folder))
