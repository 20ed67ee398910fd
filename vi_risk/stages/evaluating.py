"""The model held against a later year: evidence, plots and the model card."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vi_risk.evidence import card_of, doubts, in_words, truth_in_words, write_plots
from vi_risk.models import evaluating, on_snapshots
from vi_risk.models.card import write_card
from vi_risk.models.companions import companion_evidence
from vi_risk.models.evidence.truth import read_truth
from vi_risk.models.snapshots import Snapshots
from vi_risk.models.spec import ModelSpec
from vi_risk.running.checksums import checksums_of
from vi_risk.running.files import remove
from vi_risk.running.progress import Report
from vi_risk.running.run_file import CARD_FILE, CARD_TEXT, EVALUATION_FILE, PLOTS_FOLDER, update_run, write_json
from vi_risk.stages.finished import companions_in, model_in, spec_and_snapshots

# The figure by which a run is told from another at a glance: of risks, and of counts.
_HEADLINES = ("auroc", "deviance_explained")


def evaluate(folder: Path, capacity: int, report: Report, *, truth: Path | None = None) -> None:
    """Evaluate the model on the test snapshot; write evaluation.json, the plots and the model card.

    `truth` names the truth.parquet of a synthetic trust: the evidence then says how near the model comes to it.
    """
    report.stage("Evaluate it at a later date")
    spec, snapshots = spec_and_snapshots(folder)
    model, run = model_in(folder)
    true_risk = None if truth is None else read_truth(truth, spec, snapshots.index_dates.test)
    found = evaluating.evaluate(model, snapshots, capacity=capacity, spec=spec, true_risk=true_risk)
    evaluation = found.to_dict() | _beside_it(folder, spec, snapshots, model, run)
    for name, result in (("model", evaluation["model"]), *evaluation["comparators"].items()):
        report.step(f"{name.replace('_', ' ')}: {in_words(result)}")
    if "truth" in evaluation:
        report.step(f"truth: {truth_in_words(evaluation['truth'])}")
    for doubt in doubts(evaluation, outcome=spec.outcome):
        report.warn(doubt)
    report.rows(len(snapshots.people("test")))
    sample = on_snapshots.sample_of_test(snapshots, seed=spec.seed)
    contributions = on_snapshots.importance(model, sample, seed=spec.seed)
    headline = {name: evaluation["model"][name] for name in _HEADLINES if name in evaluation["model"]}
    write_json(folder / EVALUATION_FILE, evaluation)
    checksums = checksums_of(folder, (EVALUATION_FILE,))
    update_run(folder, "evaluation", {"capacity": capacity, **headline, "checksums": checksums})
    card = card_of(spec, snapshots, run, evaluation, contributions, capacity=capacity)
    for name in (CARD_FILE, CARD_TEXT):
        remove(folder / name)
        write_card(card, folder / name)
    remove(folder / PLOTS_FOLDER)
    write_plots(folder / PLOTS_FOLDER, snapshots, card.evaluation, contributions, sample)


def _beside_it(
    folder: Path, spec: ModelSpec, snapshots: Snapshots, model: on_snapshots.Model, run: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what stands in evaluation.json beside the figures of the model: companions, and how the score ages."""
    companions = companions_in(folder, run)
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
