"""The stages of a run, each from the files of the one before to files of its own in one output folder."""

import hashlib
import json
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from vi_risk.caselists.packs import write_packs
from vi_risk.caselists.ranking import case_lists, choose
from vi_risk.caselists.rules import CaseListRules
from vi_risk.errors import InputError
from vi_risk.evidence import card_of, in_words, metrics_of, parameters_of, write_plots
from vi_risk.explain.reasons import explain
from vi_risk.features.declarations import read_catalogue
from vi_risk.models import bundle
from vi_risk.models.card import write_card
from vi_risk.models.on_snapshots import evaluate, importance, score, train
from vi_risk.models.snapshot_files import load_snapshots, save_snapshots
from vi_risk.models.snapshots import Snapshots, build_features
from vi_risk.models.spec import ModelSpec
from vi_risk.progress import Report
from vi_risk.records.checks import CheckReport, check_records
from vi_risk.records.linked import Records
from vi_risk.run_file import read_run, update_run, write_json
from vi_risk.tracking import TrackedRun, track_run

if TYPE_CHECKING:
    from vi_risk.models.classifier import RiskClassifier

CHECK_FILE, EVALUATION_FILE, SCORES_FILE = "check.json", "evaluation.json", "scores.parquet"
CARD_FILE, MODEL_FOLDER, LISTS_FOLDER, PLOTS_FOLDER = "model_card.html", "model", "case_lists", "plots"

# Everything that vi_risk writes into an output folder; nothing else there is ever touched.
OWNED = (
    "run.json", CHECK_FILE, "features.parquet", "cohort.parquet", MODEL_FOLDER, EVALUATION_FILE, CARD_FILE,
    SCORES_FILE, LISTS_FOLDER, PLOTS_FOLDER,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """Where records came from, for run.json: folder name, mapping, governance in one line."""

    records: str
    mapping: str
    governance: str | None = None


# --- records and features ------------------------------------------------------------------------------------------


def check(folder: Path, records: Records, source: Source, report: Report) -> CheckReport:
    """Check the records, write check.json, warn of what was found; errors stop here."""
    report.stage("Check the records")
    found = check_records(records)
    for table in found.tables:
        span = f", {table.first} to {table.last}" if table.first else ""
        report.step(f"{table.table}: {table.rows:,} rows{span}")
    for finding in found.warnings:
        report.warn(str(finding))
    found.raise_errors()
    write_json(folder / CHECK_FILE, found.to_dict())
    part = {
        "source": source.records,
        "mapping": source.mapping,
        "governance": source.governance,
        "fingerprints": records.fingerprints(),
        "rows": {table.table: table.rows for table in found.tables},
        "absent": list(found.absent),
        "warnings": [str(finding) for finding in found.warnings],
    }
    update_run(folder, {"records": part}, drop=("features", "model", "evaluation", "scores", "case_lists", "tracking"))
    return found


def features(folder: Path, records: Records, spec: ModelSpec, index_date: date, report: Report) -> None:
    """Build cohort, features and outcomes at every index date."""
    report.stage("Fix index dates, build features")
    snapshots = build_features(records, spec, index_date=index_date)
    for step in snapshots.flow:
        *_, eligible = step.values()
        report.step(f"{step['index_date']} ({step['role']}): {eligible:,} people")
    for note in snapshots.notes:
        report.warn(note)
    part = save_snapshots(snapshots, folder)
    update_run(
        folder,
        {"spec": spec.model_dump(mode="json"), "features": part},
        drop=("model", "evaluation", "scores", "case_lists", "tracking"),
    )


# --- model -----------------------------------------------------------------------------------------------------------


def fit(folder: Path, report: Report) -> None:
    """Train the model of the spec that the features were built for."""
    report.stage("Train the model")
    spec, snapshots = _prepared(folder)
    model = train(snapshots, spec)
    shutil.rmtree(folder / MODEL_FOLDER, ignore_errors=True)
    bundle.save(
        model,
        folder / MODEL_FOLDER,
        about={"spec": spec.model_dump(mode="json"), "catalogue": snapshots.catalogue.fingerprint},
    )
    training, _ = snapshots.rows("train")
    events = int(training["outcome"].sum())
    report.step(f"{len(training):,} rows, {events:,} events, {len(model.feature_name_)} features")
    part = {
        "version": _version(folder),
        "checksum": _checksum(folder),
        "rows": len(training),
        "patients": int(training["patient_id"].nunique()),
        "events": events,
        "features": list(model.feature_name_),
    }
    update_run(folder, {"model": part}, drop=("evaluation", "scores", "case_lists", "tracking"))


def test(folder: Path, capacity: int, report: Report) -> None:
    """Evaluate the model on the test snapshot; write evaluation.json, the plots and the model card."""
    report.stage("Evaluate it on later patients")
    spec, snapshots = _prepared(folder)
    model = _model(folder)
    evaluation = evaluate(model, snapshots, capacity=capacity).to_dict()
    write_json(folder / EVALUATION_FILE, evaluation)
    for name, result in (("model", evaluation["model"]), *evaluation["comparators"].items()):
        report.step(f"{name.replace('_', ' ')}: {in_words(result)}")
    _, rows = snapshots.rows("test")
    contributions = importance(model, rows, seed=spec.seed)
    run = read_run(folder, needs="model", command="train")
    write_card(card_of(spec, snapshots, run, evaluation, contributions), folder / CARD_FILE)
    shutil.rmtree(folder / PLOTS_FOLDER, ignore_errors=True)
    write_plots(folder / PLOTS_FOLDER, snapshots, evaluation, contributions, rows)
    update_run(
        folder,
        {"evaluation": {"capacity": capacity, "auroc": evaluation["model"]["auroc"]}},
        drop=("scores", "case_lists", "tracking"),
    )


# --- scores and lists -----------------------------------------------------------------------------------------------


def rank(folder: Path, report: Report) -> None:
    """Score everyone eligible at the date of the list."""
    report.stage("Score everyone eligible")
    _, snapshots = _prepared(folder)
    scores = score(_model(folder), snapshots)
    (folder / SCORES_FILE).unlink(missing_ok=True)
    scores.to_parquet(folder / SCORES_FILE, index=False, compression="zstd")
    report.step(f"{len(scores):,} people scored at {snapshots.index_dates.list_date}")
    update_run(folder, {"scores": {"people": len(scores)}}, drop=("case_lists", "tracking"))


def lists(folder: Path, rules: CaseListRules, capacity: int, report: Report) -> None:
    """Explain the best ranked of each practice and write the packs."""
    report.stage("Explain and write the case lists")
    spec, snapshots = _prepared(folder)
    model = _model(folder)
    scores = _scores(folder)
    listed = choose(scores, snapshots, capacity=capacity)
    made = case_lists(
        scores,
        snapshots,
        explain(model, snapshots, listed["patient_id"].tolist()),
        rules=rules,
        capacity=capacity,
        model_title=spec.title,
        model_version=_version(folder),
        outcome_words=spec.outcome_words,
    )
    shutil.rmtree(folder / LISTS_FOLDER, ignore_errors=True)
    packs = write_packs(made, folder / LISTS_FOLDER, rules=rules)
    report.step(f"{len(listed):,} people on {len(made):,} lists")
    part = {
        "capacity": capacity,
        "lists": {case_list.practice_code: len(case_list.table) for case_list in made},
        "files": [path.name for path in packs],
    }
    update_run(folder, {"case_lists": part}, drop=("tracking",))


def track(folder: Path, tracking_uri: str, report: Report) -> str:
    """Keep the run in MLflow: parameters, metrics, model, plots, card, and the lists where they were made."""
    report.stage("Track the run")
    run = read_run(folder, needs="evaluation", command="evaluate")
    evaluation = _json(folder / EVALUATION_FILE)
    model = _model(folder)
    made_up = pd.DataFrame([dict.fromkeys(model.feature_name_, float(n)) for n in range(2)])
    kept = {
        "card": [folder / CARD_FILE, folder / EVALUATION_FILE, folder / "run.json"],
        "plots": sorted((folder / PLOTS_FOLDER).glob("*.png")),
        "case_lists": sorted((folder / LISTS_FOLDER).glob("*")) if "case_lists" in run else [],
    }
    run_id = track_run(
        TrackedRun(
            experiment=run["spec"]["outcome"],
            run_name=f"{run['spec']['name']} {run['features']['index_dates']['list']}",
            parameters=parameters_of(run),
            metrics=metrics_of(evaluation),
            tags={
                "model_version": run["model"]["version"],
                "catalogue": run["features"]["catalogue"],
                **{f"records.{table}": mark for table, mark in run["records"]["fingerprints"].items()},
            },
            files={name: tuple(files) for name, files in kept.items() if files},
            model_folder=folder / MODEL_FOLDER,
            input_example=made_up,
            output_example=pd.DataFrame({"risk": model.predict_proba(made_up)[:, 1]}),
        ),
        tracking_uri=tracking_uri,
    )
    update_run(folder, {"tracking": {"run_id": run_id}})
    report.step(f"MLflow run {run_id}")
    return run_id


# --- reading what the stages before wrote -----------------------------------------------------------------------------


def _prepared(folder: Path) -> tuple[ModelSpec, Snapshots]:
    run = read_run(folder, needs="features", command="features build")
    snapshots = load_snapshots(folder, run["features"], read_catalogue())
    return ModelSpec.model_validate_json(json.dumps(run["spec"])), snapshots


def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _model(folder: Path) -> "RiskClassifier":
    read_run(folder, needs="model", command="train")
    model, _ = bundle.load(folder / MODEL_FOLDER)
    return model


def _scores(folder: Path) -> pd.DataFrame:
    read_run(folder, needs="scores", command="score")
    try:
        return pd.read_parquet(folder / SCORES_FILE)
    except (OSError, ValueError):
        msg = f"{SCORES_FILE}: is missing or damaged. Run `vi-risk score` with the same --out again."
        raise InputError(msg) from None


def _version(folder: Path) -> str:
    """Name a model by its content."""
    return _checksum(folder)[:12]


def _checksum(folder: Path) -> str:
    """Return the SHA-256 of the model's description, which seals its trees."""
    return hashlib.sha256((folder / MODEL_FOLDER / bundle.MODEL_FILE).read_bytes()).hexdigest()
