"""The learner of an output folder tuned: trials on its training rows, kept as they end; writes tuned.toml."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vi_risk.errors import ResourceError
from vi_risk.models.on_snapshots import refuse_untold_reviews, training_rows
from vi_risk.models.snapshot_files import load_snapshots
from vi_risk.models.spec import spec_of
from vi_risk.models.spec_file import write_spec
from vi_risk.models.splits import refuse_leaks
from vi_risk.models.trials import LOSSES, Gain
from vi_risk.models.tuning import Trial, Tuned
from vi_risk.models.tuning import tune as tune_learner
from vi_risk.running.progress import Report, Silence
from vi_risk.running.run_file import read_run
from vi_risk.tracking import TrackedRun
from vi_risk.tracking.trials import TrackedSearch, tracked_search

STUDY_FILE, TUNED_FILE = "tuning.journal", "tuned.toml"


def tune(folder: Path, *, trials: int, tracking_uri: str, report: Report | None = None) -> Tuned:
    """Return what so many trials in all came to, and write it to tuned.toml in an output folder with features.

    The search is kept in tuning.journal there as it goes on: the same call continues one that was interrupted, and
    one with more trials goes further. The test rows are not looked at.

    Raises
    ------
    InputError
        The folder has no features, too few events among them, or does not tell of reviews that the spec treats.
    ResourceError
        The folder or the store cannot be written, or optuna is not installed.
    """
    told = report or Silence()
    run = read_run(folder, needs="features", command="features build")
    spec, snapshots = spec_of(run), load_snapshots(folder, run["features"])
    refuse_leaks(snapshots, horizon_days=spec.horizon_days)
    refuse_untold_reviews(snapshots, spec)
    rows = training_rows(snapshots).select([feature.name for feature in spec.inputs(snapshots.catalogue)])
    key, loss = _key(run), LOSSES[spec.learner.objective]
    best = float("inf")

    def tell(trial: Trial, earlier: bool) -> None:
        nonlocal best
        search.keep(f"trial {trial.number}", **_kept(trial, loss))
        best = min(best, best if trial.loss is None else trial.loss)
        came_to = "given up, worse than most" if trial.loss is None else f"{loss} {trial.loss:.5f}"
        which = "" if trial.number else " (the spec's own parameters)"
        before = "; done before" if earlier else ""
        told.stage(f"Trial {trial.number + 1} of {trials}{which}: {came_to}; best {best:.5f}{before}")

    about = TrackedRun(
        experiment=spec.outcome,
        run_name=f"{spec.name} {run['features']['index_dates']['list']} tuning",
        parameters={"learner": spec.learner.model_dump_json(), "seed": spec.seed, "search": key},
        metrics={},
        tags={"catalogue": run["features"]["catalogue"]},
    )
    with tracked_search(about, name=f"{spec.name} {key}", tracking_uri=tracking_uri) as search:
        tuned = tune_learner(
            rows, spec, snapshots.catalogue, study_file=folder / STUDY_FILE, trials=trials, key=key, told=tell
        )
        _conclude(search, tuned, loss)
    try:
        write_spec(tuned.spec, folder / TUNED_FILE, comment=_comment(tuned, run, loss))
    except OSError as error:
        msg = f"{TUNED_FILE}: cannot be written ({error.strerror}). Free space, or give yourself the right to write it."
        raise ResourceError(msg) from None
    told.step(gain_in_words(tuned.gain, loss))
    return tuned


def gain_in_words(gain: Gain | None, loss: str) -> str:
    """Return in a sentence what tuning gained, and whether that is more than chance."""
    if gain is None:
        return "no trial did better than the spec's own parameters"
    low, high = gain.interval
    verdict = "" if gain.clear else "; no clear gain: the spec's own parameters may do as well"
    return (
        f"{loss} of {gain.patients:,} patients who took no part: {gain.loss_before:.5f} with the spec's own parameters,"
        f" {gain.loss_after:.5f} with the best, {gain.less:.5f} less (95 % interval {low:.5f} to {high:.5f}){verdict}"
    )


def _kept(trial: Trial, loss: str) -> dict[str, Any]:
    return {
        "parameters": trial.parameters,
        "metrics": {} if trial.loss is None else {loss: trial.loss},
        "tags": {"given_up": str(trial.loss is None).lower()},
    }


def _conclude(search: TrackedSearch, tuned: Tuned, loss: str) -> None:
    metrics = {"trials": float(len(tuned.trials)), f"best {loss}": float(tuned.best.loss or 0.0)}
    if tuned.gain is not None:
        low, high = tuned.gain.interval
        metrics |= {"gain": tuned.gain.less, "gain low": low, "gain high": high}
    search.conclude(metrics, {"best_trial": str(tuned.best.number)})


def _comment(tuned: Tuned, run: Mapping[str, Any], loss: str) -> str:
    dates = run["features"]["index_dates"]["train"]
    return (
        f"Written by vi-risk tune: the best of {len(tuned.trials)} trials on training dates {min(dates)} to"
        f" {max(dates)},\nfeatures {run['features']['catalogue'][:12]}.\n{gain_in_words(tuned.gain, loss)}."
    )


def _key(run: Mapping[str, Any]) -> str:
    """Return what tells one search from another: the question, the records, the features and the dates."""
    features = run["features"]
    decides = [run["spec"], run["records"]["fingerprints"], features["catalogue"], features["index_dates"]]
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:12]
