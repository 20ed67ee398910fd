"""The model trained, with its refits and what stands beside it."""

from pathlib import Path
from typing import Any

from vi_risk.cohort.censoring import about_censoring
from vi_risk.errors import InputError
from vi_risk.models import beside, on_snapshots
from vi_risk.models.learning import bundle
from vi_risk.models.reviewed.at_the_top import at_the_top, doubt_of, nobody_left, treated_in_words
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.spec import ModelSpec
from vi_risk.running.files import remove
from vi_risk.running.progress import Report
from vi_risk.running.run_file import MODEL_FOLDER, update_run
from vi_risk.stages.finished import spec_and_snapshots


def train(folder: Path, report: Report) -> None:
    """Train the model of the spec that the features were built for, with its refits and companions."""
    report.stage("Train the model")
    spec, snapshots = spec_and_snapshots(folder)
    model = on_snapshots.train(snapshots, spec)
    remove(folder / MODEL_FOLDER)
    refits = on_snapshots.refits_of(model, snapshots, spec)
    rows = snapshots.people("train")
    answers = snapshots.answers("train")
    known = answers[answers["weight"] > 0]
    events = int((known["outcome"] > 0).sum())
    report.rows(len(known))
    report.step(f"{len(known):,} rows, {events:,} events, {len(model.feature_name_)} features")
    if left := int((answers["weight"].eq(0) & rows["ended"].eq("left").fillna(value=False)).sum()):
        stayed = "; those who stayed count for them" if spec.censoring.left_area == "weight" else ""
        report.step(f"{left:,} rows of people who left the area are left out{stayed}")
    for note in about_censoring(rows, answers["weight"]).notes:
        report.warn(note)
    done, doubts = treated_in_words(snapshots, spec)
    for line in done:
        report.step(line)
    taught_by = doubt_of(at_the_top(snapshots, spec, model.unseen_raw_), spec)
    for doubt in (*doubts, taught_by, _nobody_left(snapshots, spec, model)):
        if doubt:
            report.warn(doubt)
    companions = _train_companions(folder / MODEL_FOLDER, spec, snapshots, report)
    about = {
        "spec": spec.model_dump(mode="json"),
        "catalogue": snapshots.catalogue.fingerprint,
        beside.SEALED: companions,
    }
    checksum = bundle.save(model, folder / MODEL_FOLDER, about=about, refits=refits)
    part: dict[str, Any] = {
        "version": checksum[:12],  # a model is named by its content
        "checksum": checksum,
        "rows": len(known),
        "patients": int(rows["patient_id"].nunique()),
        "events": events,
        "features": list(model.feature_name_),
        "companions": list(companions),
        "score_decay": on_snapshots.decay_of(model, snapshots),
    }
    update_run(folder, "model", part)


def _nobody_left(snapshots: Snapshots, spec: ModelSpec, model: on_snapshots.Model) -> str | None:
    if spec.reviews.treated_as in ("ignore", "weight"):  # so that nobody is scored for nothing
        return None
    features = snapshots.blocks("train").select(model.feature_name_)
    return nobody_left(snapshots, spec, on_snapshots.raw_scores(model, features))


def _train_companions(model_folder: Path, spec: ModelSpec, snapshots: Snapshots, report: Report) -> dict[str, str]:
    """Train what stands beside the model, and return name -> checksum: too few events are no fault of the others."""
    trained = {}
    for companion in spec.companions:
        if f"{companion.name}_outcome" not in snapshots.cohort:
            continue
        try:
            model = on_snapshots.train(snapshots, spec, companion=companion)
        except InputError as error:
            report.warn(f"{companion.name}: not told beside the risk. {error}")
            continue
        about = {"spec": companion.model_dump(mode="json"), "catalogue": snapshots.catalogue.fingerprint}
        where = beside.companion_folder(model_folder, companion.name)
        trained[companion.name] = bundle.save(model, where, about=about)
        report.step(f"beside it {companion.title.lower()}: {len(model.feature_name_)} features")
    return trained
