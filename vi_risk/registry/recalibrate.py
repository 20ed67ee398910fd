"""A registered model set right for a new year or another place: the same trees, new calibration, a new version."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from vi_risk.errors import InputError, UsageError
from vi_risk.models import beside
from vi_risk.models.learning import bundle
from vi_risk.models.learning.classifier import RiskClassifier
from vi_risk.models.learning.uncertainty import Refits
from vi_risk.models.on_snapshots import refuse_untold_reviews, training_rows
from vi_risk.models.reviewed.at_the_top import at_the_top, doubt_of
from vi_risk.models.reviewed.windows import REVIEW_DAY
from vi_risk.models.snapshot_files import load_snapshots
from vi_risk.models.spec import ModelSpec, spec_of
from vi_risk.registry.model_choice import choose_model
from vi_risk.running.files import remove
from vi_risk.running.progress import Report
from vi_risk.running.run_file import MODEL_FOLDER, read_run, update_run

How = Literal["in_the_large", "slope"]
HOWS: tuple[How, ...] = ("in_the_large", "slope")


def recalibrate(
    folder: Path, *, asked: str | None, how: How, elsewhere: bool, tracking_uri: str, report: Report
) -> None:
    """Put a registered model, calibrated on the training rows of the folder, into the folder as if trained there.

    Where the folder's spec treats reviewed windows, the model is held against the others alone, under "weight" with
    those alike standing for them: what became of the reviewed says nothing of the risk without a review.
    `evaluate` comes next, on test rows that come after these, and registers it as a new version.

    Parameters
    ----------
    asked
        ``"champion"`` or the number of a version; None takes the champion.
    how
        ``"in_the_large"`` moves all risks until as many are expected as were seen; ``"slope"`` also draws them
        together or apart.
    elsewhere
        Whether the folder's people are not those that the model was trained on. If they may be, only index dates
        after its last training date are used.

    Raises
    ------
    UsageError
        `how` is neither, or there is no such version.
    InputError
        The model does not fit the folder, tells the risk without reviews where the folder's spec ignores them, or
        nothing there is new to it.
    """
    if how not in HOWS:
        msg = f"--how {how}: expected {' or '.join(HOWS)}."
        raise UsageError(msg)
    report.stage("Recalibrate the model")
    chosen = choose_model(folder, asked or "champion", tracking_uri=tracking_uri, report=report)
    if chosen.folder == folder:
        msg = (
            "recalibrate: the model in --out was trained on these very rows, so they tell nothing new. Build features"
            " for a later --index-date, or of another place, and name a registered version."
        )
        raise InputError(msg)
    then = read_run(chosen.folder, needs="model", command="train")
    run = read_run(folder, needs="features", command="features build")
    spec = spec_of(run)
    _refuse_reviews_as_they_were(spec_of(then), spec)
    model, about = bundle.load(chosen.folder / MODEL_FOLDER)
    snapshots = load_snapshots(folder, run["features"])
    refuse_untold_reviews(snapshots, spec)
    cohort, _ = snapshots.rows("train")
    rows = training_rows(snapshots).select(model.feature_name_)
    new = np.ones(len(cohort), dtype=bool)
    if not elsewhere:
        last = _last_trained_on(then)
        new = (pd.to_datetime(cohort["index_date"]) > pd.Timestamp(last)).to_numpy()
        if not new.any():
            msg = (
                f"recalibrate: no training date of --out comes after {last}, the last that the model was trained on."
                " Build features for a later --index-date; for people whom it has never seen, add --elsewhere."
            )
            raise InputError(msg)
    if REVIEW_DAY in cohort:  # as a covariate, reviewed windows count in training, and are not of the risk told here
        new = new & cohort[REVIEW_DAY].isna().to_numpy()
    known = rows.take(np.flatnonzero(new)).known
    if doubt := doubt_of(at_the_top(snapshots, spec, model.predict_raw(rows.known.features)), spec):
        report.warn(doubt)
    moved = model.recalibrated(known.features, known.outcome, how=how, sample_weight=known.sample_weight)
    version = then["model"]["version"]
    about = {**about, "spec": run["spec"], "recalibrated_from": version, beside.SEALED: {}}
    part = _save(folder, chosen.folder, moved, about)
    report.step(f"{len(known.outcome):,} rows, {int(known.outcome.sum()):,} events; {spec.name} of {version} moved")
    update_run(
        folder,
        "model",
        {
            **part,
            "recalibrated_from": version,
            "recalibrated_how": how,
            "rows": len(known.outcome),
            "patients": len(np.unique(known.patient_id)),
            "events": int(known.outcome.sum()),
            "features": list(moved.feature_name_),
            "companions": [],
        },
    )


def _refuse_reviews_as_they_were(then: ModelSpec, today: ModelSpec) -> None:
    if then.reviews.treated_as != "ignore" and today.reviews.treated_as == "ignore":
        way = f'reviews.treated_as = "{then.reviews.treated_as}"'
        msg = (
            f"recalibrate: the model tells the risk without reviews (its spec says {way}), and the features of --out"
            " were built for a spec that ignores them: it would be moved to what became of the people whom a team"
            " reviewed. Build features for a spec with the same [reviews]."
        )
        raise InputError(msg)


def _save(folder: Path, fetched: Path, moved: RiskClassifier, about: Mapping[str, Any]) -> dict[str, Any]:
    """Write the model, with the refits that it had, into the folder, and return what names it."""
    refits = bundle.load_refits(fetched / MODEL_FOLDER)
    remove(folder / MODEL_FOLDER)
    carried = None if refits is None else Refits(moved, refits.boosters, refits.scale)
    checksum = bundle.save(moved, folder / MODEL_FOLDER, about=about, refits=carried)
    return {"version": checksum[:12], "checksum": checksum}


def _last_trained_on(then: Mapping[str, Any]) -> date:
    return max(date.fromisoformat(day) for day in then["features"]["index_dates"]["train"])
