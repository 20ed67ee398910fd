"""`vi-risk`: the command line, and the only place that prints.

Heavy parts load when a command runs, so that `--help` answers at once.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vi_risk.cli.asked import (
    DEFAULT_MODEL,
    DEFAULT_URI,
    catalogue_in,
    catalogue_of,
    check_built,
    check_places,
    check_store,
    governance_of,
    held_to,
    previous_of,
    prompts_of,
    records_of,
    rules_of,
    source_of,
    unread_records_of,
)
from vi_risk.cli.audit import audit_app
from vi_risk.cli.features import features_app
from vi_risk.cli.flags import (
    CacheFlag,
    CapacityFlag,
    CaseListFlag,
    FeaturesFlag,
    GovernanceFlag,
    IndexDateFlag,
    MappingFlag,
    MemoryFlag,
    ModelFlag,
    OutFlag,
    PatientsFlag,
    PdfFlag,
    PreviousFlag,
    PromptsFlag,
    RecordsFlag,
    ResumeFlag,
    ReviewsFlag,
    SeedFlag,
    SpillFlag,
    StageOutFlag,
    TrackingFlag,
    TruthFlag,
)
from vi_risk.cli.impact import impact_app
from vi_risk.cli.keys import key_app
from vi_risk.cli.leaks import leaks_app
from vi_risk.cli.mapping import mapping_app
from vi_risk.cli.monitor import monitor_app
from vi_risk.cli.recalibrate import recalibrate_app
from vi_risk.cli.registry import models_app, registry_app
from vi_risk.cli.reidentify import identity_app
from vi_risk.cli.replay import replay_app
from vi_risk.cli.reviews import reviews_app
from vi_risk.cli.synth import synth_app
from vi_risk.cli.told import JsonLogFlag, example, log_to, told
from vi_risk.cli.tune import tune_app

if TYPE_CHECKING:
    from vi_risk.running.progress import Report

_STAGES = 9  # of demo and run, for the progress bar

app = typer.Typer(
    name="vi-risk",
    help="From linked hospital, community and GP records to ranked case lists for a multidisciplinary team.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(synth_app)
app.add_typer(features_app, name="features")
app.add_typer(models_app, name="models")
app.add_typer(registry_app)  # promote, rollback
app.add_typer(recalibrate_app)
app.add_typer(monitor_app)
app.add_typer(replay_app)
app.add_typer(impact_app)
app.add_typer(tune_app)
app.add_typer(reviews_app, name="reviews")
app.add_typer(key_app, name="key")
app.add_typer(identity_app)  # pseudonymise, reidentify
app.add_typer(audit_app, name="audit")
app.add_typer(leaks_app)
app.add_typer(mapping_app, name="mapping")


@app.callback()
def asked_of_every_command(context: typer.Context, log: JsonLogFlag = None) -> None:
    """Keep what is asked before the name of a command, which each of them does."""
    log_to(log, context)


# --- the whole path -------------------------------------------------------------------------------------------------


@app.command(epilog=example("vi-risk demo --patients 20000 --seed 1 --out out"))
def demo(
    patients: PatientsFlag = 20_000,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", min=0, max=2**31 - 1, help="Of the synthetic trust and the model.")
    ] = 1,
    out: OutFlag = Path("out"),
    capacity: CapacityFlag = None,
    tracking_uri: TrackingFlag = DEFAULT_URI,
) -> None:
    """Build a synthetic trust and run the whole path on it, records to ranked lists."""
    with told(_STAGES) as report:
        from vi_risk.demo import run_demo
        from vi_risk.running.files import check_out

        check_out(out)
        run_demo(patients=patients, seed=seed, out=out, capacity=capacity, tracking_uri=tracking_uri, report=report)
        _say_where(out, tracking_uri)


@app.command(epilog=example("vi-risk run --records extracts --mapping mapping.toml --index-date 2025-04-01 --out out"))
def run(
    records: RecordsFlag,
    index_date: IndexDateFlag,
    mapping: MappingFlag = "canonical",
    model: ModelFlag = DEFAULT_MODEL,
    out: OutFlag = Path("out"),
    features: FeaturesFlag = None,
    capacity: CapacityFlag = None,
    caselist: CaseListFlag = None,
    governance: GovernanceFlag = None,
    cache: CacheFlag = None,
    previous: PreviousFlag = None,
    reviews: ReviewsFlag = None,
    prompts: PromptsFlag = None,
    pdf: PdfFlag = False,
    resume: ResumeFlag = False,
    memory_limit: MemoryFlag = None,
    spill: SpillFlag = None,
    tracking_uri: TrackingFlag = DEFAULT_URI,
    seed: SeedFlag = None,
) -> None:
    """Run the whole path on a site's own extracts: check, features, train, evaluate, score, case lists."""
    with told(_STAGES) as told_to, held_to(memory_limit, spill, told_to) as report:
        from vi_risk.features.cache import check_cache
        from vi_risk.models.spec import load_spec
        from vi_risk.pipeline import Request
        from vi_risk.pipeline import run as run_pipeline

        check_places(records, out, reviews)
        check_cache(cache, out=out)
        check_store(tracking_uri, out)
        permitted = governance_of(governance)
        catalogue = catalogue_of(features, permitted)
        spec = load_spec(model).with_seed(seed)
        rules = rules_of(caselist)
        rules.refuse_unknown(catalogue, companions=[one.name for one in spec.companions if not one.counts])
        request = Request(
            index_date=index_date,
            out=out,
            spec=spec,
            rules=rules,
            capacity=capacity,
            tracking_uri=tracking_uri,
            source=source_of(records, mapping, permitted, reviews),
            catalogue=catalogue,
            cache=cache,
            previous=previous_of(previous, index_date, model=spec.name),
            prompts=prompts_of(prompts, catalogue),
            pdf=pdf,
            resume=resume,
        )
        found = unread_records_of(
            records,
            mapping,
            report,
            governance=permitted,
            features=features,
            reviews=reviews,
            resume=resume,
        )
        run_pipeline(found, request, report)
        _say_where(out, tracking_uri)


# --- one stage at a time --------------------------------------------------------------------------------------------


@app.command(epilog=example("vi-risk check --records extracts --mapping mapping.toml --out out"))
def check(
    records: RecordsFlag,
    mapping: MappingFlag = "canonical",
    out: StageOutFlag = Path("out"),
    governance: GovernanceFlag = None,
) -> None:
    """Say on one page what is in the records and what is wrong; writes check.html and check.json, errors or not."""
    with told(2) as report:
        from vi_risk import stages
        from vi_risk.evidence.check_page import terminal_lines
        from vi_risk.running.files import replaced
        from vi_risk.running.run_file import CHECK_PAGE, OWNED

        check_places(records, out)
        found = records_of(records, mapping, report, governance=governance_of(governance))
        with replaced(out, keep=True, owned=OWNED) as folder:
            result = stages.examine(folder, found, report)
        print("\n".join(terminal_lines(result, page=out / CHECK_PAGE)))
        result.raise_errors()
        report.step(f"{len(result.warnings)} warnings, no errors; {out / CHECK_PAGE}")


@app.command(epilog=example("vi-risk train --out out"))
def train(out: StageOutFlag = Path("out"), memory_limit: MemoryFlag = None, spill: SpillFlag = None) -> None:
    """Train the model on the features in the output folder; writes model/."""
    _stage(out, lambda stages, folder, report: stages.train(folder, report), memory_limit, spill)


@app.command(epilog=example("vi-risk evaluate --capacity 20 --out out"))
def evaluate(
    out: StageOutFlag = Path("out"),
    capacity: CapacityFlag = None,
    truth: TruthFlag = None,
    memory_limit: MemoryFlag = None,
    spill: SpillFlag = None,
    tracking_uri: TrackingFlag = DEFAULT_URI,
) -> None:
    """Evaluate the model on the test snapshot and track it; writes evaluation.json, model_card.html and plots/."""

    def work(stages: Any, folder: Path, report: "Report") -> None:
        from vi_risk.caselists.choosing.rules import load_rules

        check_store(tracking_uri, out)
        stages.evaluate(folder, capacity or load_rules().capacity, report, truth=truth)
        stages.track_model(folder, tracking_uri, report)

    _stage(out, work, memory_limit, spill)


@app.command(epilog=example("vi-risk score --out out"))
def score(
    out: StageOutFlag = Path("out"),
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="own|champion|VERSION",
            help="The model trained in --out, the registry's champion, or a version of it.",
            show_default="the champion if there is one, else own",
        ),
    ] = None,
    memory_limit: MemoryFlag = None,
    spill: SpillFlag = None,
    tracking_uri: TrackingFlag = DEFAULT_URI,
) -> None:
    """Score everyone eligible at the date of the list; writes scores.parquet.

    With a model from the registry, its bundle and evidence are fetched to registered/, and `caselist` shows them.
    """

    def work(stages: Any, folder: Path, report: "Report") -> None:
        check_store(tracking_uri, out)
        stages.score(folder, report, asked=model, tracking_uri=tracking_uri)

    _stage(out, work, memory_limit, spill)


@app.command(epilog=example("vi-risk caselist --capacity 20 --caselist caselist.toml --out out"))
def caselist(
    out: StageOutFlag = Path("out"),
    capacity: CapacityFlag = None,
    caselist: CaseListFlag = None,
    prompts: PromptsFlag = None,
    pdf: PdfFlag = False,
    memory_limit: MemoryFlag = None,
    spill: SpillFlag = None,
    tracking_uri: TrackingFlag = DEFAULT_URI,
) -> None:
    """Choose and explain who is listed, write case_lists/ and track the run."""

    def work(stages: Any, folder: Path, report: "Report") -> None:
        check_store(tracking_uri, out)
        rules = rules_of(caselist)
        asked = None if prompts is None else prompts_of(prompts, catalogue_in(folder))
        stages.case_lists(folder, rules, capacity or rules.capacity, report, prompts=asked, pdf=pdf)
        stages.track_lists(folder, tracking_uri, report)

    _stage(out, work, memory_limit, spill)


def _stage(
    out: Path, work: Callable[[Any, Path, "Report"], None], memory_limit: int | None, spill: Path | None
) -> None:
    with told() as told_to, held_to(memory_limit, spill, told_to) as report:
        from vi_risk import stages
        from vi_risk.running.files import replaced
        from vi_risk.running.run_file import OWNED

        check_built(out, report)
        with replaced(out, keep=True, owned=OWNED) as folder:
            work(stages, folder, report)


def _say_where(out: Path, tracking_uri: str) -> None:
    from vi_risk.tracking.looking import how_to_look

    pages = sorted((out / "case_lists").glob("*.html"))
    lists = [page for page in pages if not page.stem.startswith("network-") and page.stem != "pathways"]
    print(
        f"\nCase lists   {out / 'case_lists'}  ({len(lists)} list{'' if len(lists) == 1 else 's'}; open {lists[0]})"
        if lists
        else "\nNo list was made."
    )
    print(f"Model card   {out / 'model_card.html'}")
    mlflow = Path(sys.executable).with_name("mlflow")
    command = mlflow.relative_to(Path.cwd()) if mlflow.is_relative_to(Path.cwd()) else mlflow
    print(f"Tracked      {how_to_look(tracking_uri, mlflow=command)}")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line; an interrupted run leaves the old output and ends with 130."""
    signal.signal(signal.SIGTERM, _interrupt)
    os.umask(
        0o077
    )  # what is written is its owner's alone, unless the output folder lets others in (docs/operations.md)
    # LightGBM's threads otherwise spin while they wait, which on a busy machine makes training ten times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    app()
