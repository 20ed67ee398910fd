"""The stages of a run, each from the files of the one before to files of its own in one output folder."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from vi_risk.caselists.choosing.rules import CaseListRules
from vi_risk.caselists.packs.pathway_page import pathway_page
from vi_risk.caselists.packs.pdf_pack import pdf_packs
from vi_risk.caselists.packs.writing import PATHWAYS_PAGE, write_packs
from vi_risk.caselists.ranking import doubts_of_rules
from vi_risk.check_page import write_check_page
from vi_risk.cohort.censoring import about_censoring
from vi_risk.errors import InputError, ResourceError, UsageError
from vi_risk.evidence import (
    card_of,
    doubts,
    in_words,
    sensitive_in_words,
    truth_in_words,
    write_plots,
)
from vi_risk.features.cache import FeatureCache
from vi_risk.features.catalogue import Catalogue, read_catalogue
from vi_risk.files import remove
from vi_risk.keeping import keep_lists, keep_model
from vi_risk.listing import Listing
from vi_risk.model_choice import OWN, choose_model, place_of_model
from vi_risk.models import evaluating, on_snapshots, snapshot_files
from vi_risk.models.card import write_card
from vi_risk.models.companions import companion_evidence
from vi_risk.models.evidence.truth import read_truth
from vi_risk.models.learning import bundle
from vi_risk.models.snapshot_files import PARTICULARS_FILES, load_snapshots, save_plan
from vi_risk.models.snapshots import Plan, Snapshots
from vi_risk.models.spec import ModelSpec, spec_of
from vi_risk.progress import Report
from vi_risk.reasons.prompts import Prompt, read_prompts
from vi_risk.records.checks import CheckReport, check_records
from vi_risk.records.linked import Records
from vi_risk.run_file import (
    CARD_FILE,
    CARD_TEXT,
    CHECK_FILE,
    CHECK_PAGE,
    EVALUATION_FILE,
    LISTED_BEFORE,
    LISTS_FOLDER,
    MODEL_FOLDER,
    PLOTS_FOLDER,
    SCORES_FILE,
    read_run,
    update_run,
    write_json,
)
from vi_risk.spark import snapshots as spark_snapshots
from vi_risk.spark.workspace import SparkWorkspace
from vi_risk.tracking import DEFAULT_TRACKING_URI

# The figure by which a run is told from another at a glance: of risks, and of counts.
_HEADLINES = ("auroc", "deviance_explained")


@dataclass(frozen=True, slots=True)
class Source:
    """Where records came from, for run.json: folder name, mapping, governance in one line, what reviews came to."""

    records: str
    mapping: str
    governance: str | None = None
    reviews: tuple[str, ...] = ()
    practices_outside: tuple[str, ...] = ()  # that governance allows a list


@dataclass(frozen=True, slots=True)
class ListBefore:
    """The list before: its date, and the file of who was on it; without one, whom today's model would have listed."""

    index_date: date
    listed: Path | None = None


@dataclass(frozen=True, slots=True)
class FeatureRequest:
    """Which features to build: for which model, for a list at which date, from which records.

    Attributes
    ----------
    catalogue
        The declared features.
    cache
        Folder with features of earlier runs (`vi_risk.features.cache`); None keeps none.
    previous
        The list before, to tell what changed since; None tells nothing.
    """

    spec: ModelSpec
    index_date: date
    source: Source
    catalogue: Catalogue = field(default_factory=read_catalogue)
    cache: Path | None = None
    previous: ListBefore | None = None


# --- records and features ------------------------------------------------------------------------------------------


def examine(folder: Path, records: Records, report: Report) -> CheckReport:
    """Check the records and write check.json and check.html, whatever was found."""
    report.stage("Check the records")
    found = check_records(records)
    write_json(folder / CHECK_FILE, found.to_dict())
    remove(folder / CHECK_PAGE)
    write_check_page(found, folder / CHECK_PAGE, source=records.source)
    return found


def check(folder: Path, records: Records, report: Report) -> CheckReport:
    """Check the records for a run: say what was found; errors stop here."""
    found = examine(folder, records, report)
    for table in found.tables:
        span = f", {table.first} to {table.last}" if table.first else ""
        report.step(f"{table.table}: {table.rows:,} rows{span}")
    for finding in found.warnings:
        report.warn(str(finding))
    found.raise_errors()
    return found


def build_features(
    folder: Path, records: Records, request: FeatureRequest, checked: CheckReport, report: Report
) -> None:
    """Build cohort, features and outcomes at every index date from records that were checked, where those are."""
    report.stage("Fix index dates, build features")
    for line in sensitive_in_words(request.catalogue):
        report.step(line)
    about_records = {
        "source": request.source.records,
        "mapping": request.source.mapping,
        "governance": request.source.governance,
        "reviews": list(request.source.reviews),
        "practices_outside": list(request.source.practices_outside),
        "fingerprints": records.fingerprints(),
        "rows": {table.table: table.rows for table in checked.tables},
        "absent": list(checked.absent),
        "warnings": [str(finding) for finding in checked.warnings],
    }
    update_run(folder, "records", about_records)
    on_spark = isinstance(records.workspace, SparkWorkspace)
    plan = (_built_on_spark if on_spark else _built_here)(folder, records, request, report)
    for step in plan.flow:
        *_, eligible = step.values()
        report.step(f"{step['index_date']} ({step['role']}): {eligible:,} people")
    for note in plan.notes:
        report.warn(note)
    spec = request.spec.model_dump(mode="json")
    update_run(folder, "features", save_plan(plan, folder), spec=spec)


def _built_here(folder: Path, records: Records, request: FeatureRequest, report: Report) -> Plan:
    cache = None if request.cache is None else FeatureCache(request.cache)
    plan = snapshot_files.write_snapshots(
        records,
        request.spec,
        folder,
        index_date=request.index_date,
        previous=None if request.previous is None else request.previous.index_date,
        catalogue=request.catalogue,
        cache=cache,
    )
    remove(folder / LISTED_BEFORE)
    if request.previous is not None and request.previous.listed is not None:
        keep_listed_before(request.previous.listed, folder)
    if cache is not None:
        report.step(f"cache: {cache.found:,} results taken from it, {cache.computed:,} computed and kept")
    return plan


def keep_listed_before(listed: Path, folder: Path) -> None:
    """Keep who was on the list before in an output folder, without those who object by now.

    Raises
    ------
    InputError
        A file is damaged.
    """
    try:
        rows = pd.read_parquet(listed)
        objectors = pd.read_parquet(folder / PARTICULARS_FILES["objectors"])
    except (OSError, ValueError):
        msg = f"--previous: {listed.name}: is no whole Parquet file. Name the output folder of a run that ended well."
        raise InputError(msg) from None
    if "patient_id" in rows:  # else told where the lists are made, with every column that is wanted
        rows = rows[~rows["patient_id"].isin(objectors["patient_id"])]
    rows.to_parquet(folder / LISTED_BEFORE, index=False, compression="zstd")


def _built_on_spark(folder: Path, records: Records, request: FeatureRequest, report: Report) -> Plan:
    if request.previous is not None:
        msg = "--previous: belongs to the embedded engine. Leave it out with --engine spark."
        raise UsageError(msg)
    plan = spark_snapshots.write_snapshots(
        records, request.spec, folder, index_date=request.index_date, catalogue=request.catalogue
    )
    report.step("built on Spark")
    return plan


# --- model ------------------------------------------------------------------------------------------------------------


def train(folder: Path, report: Report) -> None:
    """Train the model of the spec that the features were built for, with its refits and companions."""
    report.stage("Train the model")
    spec, snapshots = _prepared(folder)
    model = on_snapshots.train(snapshots, spec)
    remove(folder / MODEL_FOLDER)
    about = {"spec": spec.model_dump(mode="json"), "catalogue": snapshots.catalogue.fingerprint}
    refits = on_snapshots.refits_of(model, snapshots, spec)
    bundle.save(model, folder / MODEL_FOLDER, about=about, refits=refits)
    rows, _ = snapshots.rows("train")
    answers = snapshots.answers("train")
    known = answers[answers["weight"] > 0]
    events = int((known["outcome"] > 0).sum())
    report.step(f"{len(known):,} rows, {events:,} events, {len(model.feature_name_)} features")
    if left := len(rows) - len(known):
        stayed = "; those who stayed count for them" if spec.censoring.left_area == "weight" else ""
        report.step(f"{left:,} rows of people who left the area are left out{stayed}")
    for note in about_censoring(rows, answers["weight"]).notes:
        report.warn(note)
    checksum = hashlib.sha256((folder / MODEL_FOLDER / bundle.MODEL_FILE).read_bytes()).hexdigest()
    part: dict[str, Any] = {
        "version": checksum[:12],  # a model is named by its content
        "checksum": checksum,
        "rows": len(known),
        "patients": int(rows["patient_id"].nunique()),
        "events": events,
        "features": list(model.feature_name_),
        "companions": _train_companions(folder, spec, snapshots, report),
        "score_decay": on_snapshots.decay_of(model, snapshots),
    }
    update_run(folder, "model", part)


def _train_companions(folder: Path, spec: ModelSpec, snapshots: Snapshots, report: Report) -> list[str]:
    """Train what stands beside the model, and return what there is: too few events of one are no fault of the other."""
    trained = []
    for companion in spec.companions:
        if f"{companion.name}_outcome" not in snapshots.cohort:
            continue
        try:
            model = on_snapshots.train(snapshots, spec, companion=companion)
        except InputError as error:
            report.warn(f"{companion.name}: not told beside the risk. {error}")
            continue
        about = {"spec": companion.model_dump(mode="json"), "catalogue": snapshots.catalogue.fingerprint}
        bundle.save(model, companion_folder(folder, companion.name), about=about)
        trained.append(companion.name)
        report.step(f"beside it {companion.title.lower()}: {len(model.feature_name_)} features")
    return trained


def evaluate(folder: Path, capacity: int, report: Report, *, truth: Path | None = None) -> None:
    """Evaluate the model on the test snapshot; write evaluation.json, the plots and the model card.

    `truth` names the truth.parquet of a synthetic trust: the evidence then says how near the model comes to it.
    """
    report.stage("Evaluate it at a later date")
    spec, snapshots = _prepared(folder)
    model, run = _model(folder)
    true_risk = None if truth is None else read_truth(truth, spec, snapshots.index_dates.test)
    found = evaluating.evaluate(model, snapshots, capacity=capacity, spec=spec, true_risk=true_risk)
    evaluation = found.to_dict() | _beside_it(folder, spec, snapshots, model, run)
    for name, result in (("model", evaluation["model"]), *evaluation["comparators"].items()):
        report.step(f"{name.replace('_', ' ')}: {in_words(result)}")
    if "truth" in evaluation:
        report.step(f"truth: {truth_in_words(evaluation['truth'])}")
    for doubt in doubts(evaluation, outcome=spec.outcome):
        report.warn(doubt)
    _, rows = snapshots.rows("test")
    contributions = on_snapshots.importance(model, rows, seed=spec.seed)
    headline = {name: evaluation["model"][name] for name in _HEADLINES if name in evaluation["model"]}
    update_run(folder, "evaluation", {"capacity": capacity, **headline})
    write_json(folder / EVALUATION_FILE, evaluation)
    card = card_of(spec, snapshots, run, evaluation, contributions, capacity=capacity)
    for name in (CARD_FILE, CARD_TEXT):
        remove(folder / name)
        write_card(card, folder / name)
    remove(folder / PLOTS_FOLDER)
    write_plots(folder / PLOTS_FOLDER, snapshots, evaluation, contributions, rows)


def _beside_it(
    folder: Path, spec: ModelSpec, snapshots: Snapshots, model: on_snapshots.Model, run: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what stands in evaluation.json beside the figures of the model: companions, and how the score ages."""
    companions = _companions(folder, run)
    risk = evaluating.predicted(model, snapshots)
    evidence = {
        companion.name: companion_evidence(
            spec, companion, snapshots, risk, evaluating.predicted(companions[companion.name], snapshots)
        )
        for companion in spec.companions
        if companion.name in companions
    }
    decay = run["model"].get("score_decay")
    return {
        **({"companions": {name: asdict(found) for name, found in evidence.items()}} if evidence else {}),
        **({"score_decay": decay} if decay else {}),
    }


# --- scores and lists -------------------------------------------------------------------------------------------------


def score(folder: Path, report: Report, *, asked: str | None = OWN, tracking_uri: str = DEFAULT_TRACKING_URI) -> None:
    """Score everyone eligible at the date of the list, with the folder's own model or one from the registry.

    `asked` is as in `vi_risk.model_choice.choose_model`: None takes the champion where there is one.
    """
    report.stage("Score everyone eligible")
    spec, snapshots = _prepared(folder)
    chosen = choose_model(folder, asked, tracking_uri=tracking_uri, report=report)
    report.step(f"with {chosen.words}")
    model, run = _model(chosen.folder)
    refits = bundle.load_refits(chosen.folder / MODEL_FOLDER) if not spec.counts else None
    companions = _companions(chosen.folder, run)
    scores = on_snapshots.score(model, snapshots, spec=spec, refits=refits, companions=companions)
    remove(folder / SCORES_FILE)
    scores.to_parquet(folder / SCORES_FILE, index=False, compression="zstd")
    report.step(f"{len(scores):,} people scored at {snapshots.index_dates.list_date}")
    update_run(folder, "scores", {"people": len(scores), "model": chosen.to_dict()})


def case_lists(
    folder: Path,
    rules: CaseListRules,
    capacity: int,
    report: Report,
    *,
    prompts: Sequence[Prompt] | None = None,
    pdf: bool = False,
) -> None:
    """Choose who is listed, explain them and write the packs; beside them the page of pathways.

    `prompts` are the rules of who might help, None those shipped; with `pdf` each page is printed to a file as well.
    """
    report.stage("Explain and write the case lists")
    spec, snapshots = _prepared(folder)
    place = place_of_model(folder)
    read_run(place, needs="evaluation", command="evaluate")  # nobody works from a list whose model was not evaluated
    if spec.counts:  # places on a list go by chances, whose bands a team knows
        report.step(f"none: {spec.name} tells expected numbers, which stand in {SCORES_FILE}")
        update_run(folder, "case_lists", {"capacity": capacity, "lists": {}, "files": []})
        return
    model, run = _model(place)
    records = read_run(folder, needs="scores", command="score")["records"]
    rules = rules.with_outside(records.get("practices_outside", ()))
    listing = Listing(
        spec=spec,
        model=model,
        companions=_companions(place, run),
        refits=bundle.load_refits(place / MODEL_FOLDER),
        rules=rules,
        capacity=capacity,
        prompts=read_prompts(catalogue=snapshots.catalogue) if prompts is None else prompts,
        model_version=run["model"]["version"],
        governance=records["governance"],
    )
    made = listing.lists(_scores(folder), snapshots, listed_before=_listed_before(folder))
    for doubt in doubts_of_rules(made, snapshots, rules, capacity=capacity):
        report.warn(doubt)
    remove(folder / LISTS_FOLDER)
    packs = write_packs(made, folder / LISTS_FOLDER, rules=rules)
    if pdf:
        pages = [path for path in packs if path.suffix == ".html"]
        try:
            packs += pdf_packs(pages, index_date=snapshots.index_dates.list_date)
        except ResourceError as error:
            report.warn(str(error))
    packs += _pathways(folder, snapshots)
    listed = sum(len(case_list.table) for case_list in made)
    report.step(f"{listed:,} people on {len(made):,} list{'' if len(made) == 1 else 's'}")
    kept_off = Counter[str]()
    for case_list in made:
        kept_off.update(case_list.excluded_counts)
    for words, number in kept_off.items():
        report.step(f"not on the lists, {words}: {number:,}")
    without = listing.practices_without(snapshots)
    if without:
        practices = f"{len(without):,} practice{'' if len(without) == 1 else 's'}"
        report.step(f"no list for {practices} outside the trust, {sum(without.values()):,} people")
    part = {
        "capacity": capacity,
        "lists": {case_list.practice_code: len(case_list.table) for case_list in made},
        "kept_off": dict(kept_off),
        "practices_without_list": without,
        "files": [path.name for path in packs],
    }
    update_run(folder, "case_lists", part)


def _listed_before(folder: Path) -> pd.DataFrame | None:
    path = folder / LISTED_BEFORE
    if not path.exists():
        return None
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError):
        msg = f"{LISTED_BEFORE}: is damaged. Run `vi-risk features build` with the same --out and --previous again."
        raise InputError(msg) from None


def _pathways(folder: Path, snapshots: Snapshots) -> list[Path]:
    """Write the page of what happens around an emergency admission, where the records tell of it."""
    if snapshots.particulars is None or snapshots.particulars.pathways.empty:
        return []
    page = folder / LISTS_FOLDER / PATHWAYS_PAGE
    day = snapshots.index_dates.list_date
    page.write_bytes(pathway_page(snapshots.particulars.pathways, index_date=day, practices=snapshots.practices))
    return [page]


def track_model(folder: Path, tracking_uri: str, report: Report) -> None:
    """Keep the model with its evidence in MLflow, and register it; the same model again is the same version."""
    report.stage("Track and register the model")
    kept = keep_model(folder, tracking_uri=tracking_uri)
    version = kept.version
    report.step(f"MLflow run {kept.run_id}; {version.name} version {version.number} in the registry")
    _tracked(folder, {"run_id": kept.run_id, "name": version.name, "version": version.number})


def track_lists(folder: Path, tracking_uri: str, report: Report) -> None:
    """Keep the lists in MLflow, in a run of their own below that of the model."""
    report.stage("Track the lists")
    if not read_run(folder, needs="case_lists", command="caselist")["case_lists"]["files"]:
        report.step("none were made")
        return
    run_id = keep_lists(folder, tracking_uri=tracking_uri)
    report.step(f"MLflow run {run_id}")
    _tracked(folder, {"lists_run_id": run_id})


def _tracked(folder: Path, part: Mapping[str, Any]) -> None:
    run = read_run(folder, needs="features", command="features build")
    update_run(folder, "tracking", {**run.get("tracking", {}), **part})


# --- reading what the stages before wrote -----------------------------------------------------------------------------


def _prepared(folder: Path) -> tuple[ModelSpec, Snapshots]:
    run = read_run(folder, needs="features", command="features build")
    return spec_of(run), load_snapshots(folder, run["features"])


def _model(folder: Path) -> tuple[on_snapshots.Model, dict[str, Any]]:
    run = read_run(folder, needs="model", command="train")
    model, _ = bundle.load_any(folder / MODEL_FOLDER)
    return model, run


def _companions(folder: Path, run: Mapping[str, Any]) -> dict[str, on_snapshots.Model]:
    """Return the models that stand beside the main one, by name."""
    return {name: bundle.load_any(companion_folder(folder, name))[0] for name in run["model"].get("companions", ())}


def companion_folder(folder: Path, name: str) -> Path:
    """Return where in an output folder a companion's model is kept."""
    return folder / MODEL_FOLDER / "companions" / name


def _scores(folder: Path) -> pd.DataFrame:
    read_run(folder, needs="scores", command="score")
    try:
        return pd.read_parquet(folder / SCORES_FILE)
    except (OSError, ValueError):
        msg = f"{SCORES_FILE}: is missing or damaged. Run `vi-risk score` with the same --out again."
        raise InputError(msg) from None
