"""`vi-risk`: the command line, and the only place that prints.

Heavy parts load when a command runs, so that `--help` answers at once.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vi_risk.errors import InputError, ResourceError, UsageError, ViRiskError
from vi_risk.flags import (
    CapacityFlag,
    CaseListFlag,
    GovernanceFlag,
    IndexDateFlag,
    MappingFlag,
    ModelFlag,
    OutFlag,
    PatientsFlag,
    RecordsFlag,
    SeedFlag,
    StageOutFlag,
    TrackingFlag,
    TruthFlag,
    day_of,
)
from vi_risk.terminal import TerminalReport

# ruff: noqa: PLC0415 - imports inside commands keep --help fast

if TYPE_CHECKING:
    from vi_risk.caselists.rules import CaseListRules
    from vi_risk.progress import Report
    from vi_risk.stages import Source

INTERRUPTED = 130
_AS_BEFORE = "interrupted; the output folder is as it was before."
_STAGES = 8  # of demo and run, for the progress bar

app = typer.Typer(
    name="vi-risk",
    help="From linked hospital, community and GP records to ranked case lists for a multidisciplinary team.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
features_app = typer.Typer(help="Build features, or list those declared.", no_args_is_help=True)
app.add_typer(features_app, name="features")
mapping_app = typer.Typer(help="Look at how a site's files become the canonical tables.", no_args_is_help=True)
app.add_typer(mapping_app, name="mapping")


DEFAULT_URI = "sqlite:///mlruns/mlflow.db"
DEFAULT_MODEL = "emergency_admission_12m"


def _example(text: str) -> str:
    return f"[bold]Example[/bold]\n\n    {text}"


# --- the whole path -------------------------------------------------------------------------------------------------


@app.command(epilog=_example("vi-risk demo --patients 20000 --seed 1 --out out"))
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
    from vi_risk.demo import run_demo

    with _told(_STAGES) as report:
        run_demo(patients=patients, seed=seed, out=out, capacity=capacity, tracking_uri=tracking_uri, report=report)
        _say_where(out, tracking_uri)


@app.command(epilog=_example("vi-risk run --records extracts --mapping mapping.toml --index-date 2025-04-01 --out out"))
def run(
    records: RecordsFlag,
    index_date: IndexDateFlag,
    mapping: MappingFlag = "canonical",
    model: ModelFlag = DEFAULT_MODEL,
    out: OutFlag = Path("out"),
    capacity: CapacityFlag = None,
    caselist: CaseListFlag = None,
    governance: GovernanceFlag = None,
    tracking_uri: TrackingFlag = DEFAULT_URI,
    seed: SeedFlag = None,
) -> None:
    """Run the whole path on a site's own extracts: check, features, train, evaluate, score, case lists."""
    with _told(_STAGES) as report:
        from vi_risk.files import check_out
        from vi_risk.models.spec import load_spec
        from vi_risk.pipeline import Request
        from vi_risk.pipeline import run as run_pipeline

        check_out(out)
        _check_store(tracking_uri, out)
        request = Request(
            index_date=index_date,
            out=out,
            spec=load_spec(model).with_seed(seed),
            rules=_rules(caselist),
            capacity=capacity,
            tracking_uri=tracking_uri,
            source=_source(records, mapping, governance, report),
        )
        run_pipeline(_read(records, mapping, report), request, report)
        _say_where(out, tracking_uri)


@app.command(epilog=_example("vi-risk synth --patients 20000 --seed 1 --out trust --index-date 2024-01-01 --report"))
def synth(
    patients: PatientsFlag = 20_000,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, max=2**31 - 1, help="Of every random draw.")] = 1,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for one file per canonical table.")] = Path(
        "trust"
    ),
    file_format: Annotated[
        str, typer.Option("--format", metavar="parquet|csv", help="Format of the tables.")
    ] = "parquet",
    span: Annotated[
        tuple[str, str], typer.Option("--span", metavar="FROM TO", help="First and last day of the records.")
    ] = ("2021-01-01", "2024-12-31"),
    index_date: Annotated[
        list[str] | None,
        typer.Option(
            "--index-date", metavar="DATE", help="Write the true risk at this date to truth.parquet; repeatable."
        ),
    ] = None,
    show_facts: Annotated[
        bool, typer.Option("--report", help="Print what was made beside the facts of the place that it must resemble.")
    ] = False,
) -> None:
    """Write the records of a synthetic trust, and the true risks that only it can know."""
    with _told(2) as report:
        from vi_risk.records.synthetic import make_trust, make_truth, write_trust

        first_day, last_day = (day_of(day) for day in span)
        dates = [day_of(day) for day in index_date or ()]
        life = {"patients": patients, "seed": seed, "first_day": first_day, "last_day": last_day}
        report.stage(f"Build a synthetic trust of {patients:,} people (seed {seed})")
        write_trust(out, **life, file_format=file_format, index_dates=dates)  # type: ignore[arg-type]
        if show_facts:
            from vi_risk.records.synthetic.facts import facts

            report.stage("Hold it against the place")
            truth = make_truth(index_dates=dates, **life) if dates else None  # type: ignore[arg-type]
            for fact in facts(make_trust(**life), truth):  # type: ignore[arg-type]
                mark = "" if fact.inside else "   outside"
                expected = f"{fact.lowest:.3g} to {fact.highest:.3g}" if fact.target is None else f"{fact.target:.4g}"
                print(f"{fact.name:<60} {fact.value:>9.4g}   expected {expected}{mark}")
        report.step(f"one file per table in {out}")


# --- one stage at a time --------------------------------------------------------------------------------------------


@app.command(epilog=_example("vi-risk check --records extracts --mapping mapping.toml --out out"))
def check(
    records: RecordsFlag,
    mapping: MappingFlag = "canonical",
    out: StageOutFlag = Path("out"),
    governance: GovernanceFlag = None,
) -> None:
    """Say on one page what is in the records and what is wrong; writes check.html and check.json, errors or not."""
    with _told(2) as report:
        from vi_risk import stages
        from vi_risk.check_page import terminal_lines
        from vi_risk.files import check_out, replaced
        from vi_risk.run_file import CHECK_PAGE, OWNED

        check_out(out)
        _source(records, mapping, governance, report)
        found = _read(records, mapping, report)
        with replaced(out, keep=True, owned=OWNED) as folder:
            result = stages.examine(folder, found, report)
        print("\n".join(terminal_lines(result, page=out / CHECK_PAGE)))
        result.raise_errors()
        report.step(f"{len(result.warnings)} warnings, no errors; {out / CHECK_PAGE}")


@features_app.command(
    "build", epilog=_example("vi-risk features build --records extracts --index-date 2025-04-01 --out out")
)
def features_build(
    records: RecordsFlag,
    index_date: IndexDateFlag,
    mapping: MappingFlag = "canonical",
    model: ModelFlag = DEFAULT_MODEL,
    out: StageOutFlag = Path("out"),
    governance: GovernanceFlag = None,
    seed: SeedFlag = None,
) -> None:
    """Check the records, fix index dates, build cohort and features; writes features.parquet and cohort.parquet."""
    with _told(3) as report:
        from vi_risk import stages
        from vi_risk.files import check_out, replaced
        from vi_risk.models.spec import load_spec
        from vi_risk.run_file import OWNED

        check_out(out)
        spec = load_spec(model).with_seed(seed)
        request = stages.FeatureRequest(spec, index_date, _source(records, mapping, governance, report))
        found = _read(records, mapping, report)
        with replaced(out, keep=True, owned=OWNED) as folder:
            checked = stages.check(folder, found, report)
            stages.build_features(folder, found, request, checked, report)


@features_app.command("list", epilog=_example("vi-risk features list"))
def features_list() -> None:
    """Print the declared features, one a line: name, domain, title."""
    with _told():
        from vi_risk.features.catalogue import read_catalogue
        from vi_risk.reasons.sentences import span

        for feature in read_catalogue().features:
            words = [
                feature.definition.title,
                feature.group_title,
                f"last {span(feature.window)}" if feature.window else "",
            ]
            stays_out = feature.definition.as_at_extract or not feature.definition.model_input
            words.append("not a model input unless the spec names it" if stays_out else "")
            print(f"{feature.name}\t{feature.definition.domain}\t{', '.join(word for word in words if word)}")


@mapping_app.command("check", epilog=_example("vi-risk mapping check mapping.toml --records extracts"))
def mapping_check(
    mapping: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A shipped mapping or a TOML file.")],
    records: RecordsFlag,
) -> None:
    """Say what of the records maps and what does not, and how many rows each rule drops; nothing of any record."""
    with _told() as report:
        from vi_risk.records.mapping_check import check_mapping

        report.stage(f"Check the mapping against {_shown(records)}")
        found = check_mapping(records, mapping, report=report.step)
        print("\n".join(found.lines()))
        if not found.fits:
            msg = "the mapping does not fit these records yet; what to mend stands above."
            raise InputError(msg)


@app.command(epilog=_example("vi-risk train --out out"))
def train(out: StageOutFlag = Path("out")) -> None:
    """Train the model on the features in the output folder; writes model/."""
    _stage(out, lambda stages, folder, report: stages.train(folder, report))


@app.command(epilog=_example("vi-risk evaluate --capacity 20 --out out"))
def evaluate(
    out: StageOutFlag = Path("out"),
    capacity: CapacityFlag = None,
    truth: TruthFlag = None,
    tracking_uri: TrackingFlag = DEFAULT_URI,
) -> None:
    """Evaluate the model on the test snapshot and track it; writes evaluation.json, model_card.html and plots/."""

    def work(stages: Any, folder: Path, report: "Report") -> None:
        from vi_risk.caselists.rules import load_rules

        _check_store(tracking_uri, out)
        stages.evaluate(folder, capacity or load_rules().capacity, report, truth=truth)
        stages.track(folder, tracking_uri, report)

    _stage(out, work)


@app.command(epilog=_example("vi-risk score --out out"))
def score(out: StageOutFlag = Path("out")) -> None:
    """Score everyone eligible at the date of the list; writes scores.parquet."""
    _stage(out, lambda stages, folder, report: stages.score(folder, report))


@app.command(epilog=_example("vi-risk caselist --capacity 20 --caselist caselist.toml --out out"))
def caselist(
    out: StageOutFlag = Path("out"),
    capacity: CapacityFlag = None,
    caselist: CaseListFlag = None,
    tracking_uri: TrackingFlag = DEFAULT_URI,
) -> None:
    """Explain the best ranked of each practice, write case_lists/ and track the run."""

    def work(stages: Any, folder: Path, report: "Report") -> None:
        _check_store(tracking_uri, out)
        rules = _rules(caselist)
        stages.case_lists(folder, rules, capacity or rules.capacity, report)
        stages.track(folder, tracking_uri, report)

    _stage(out, work)


def _stage(out: Path, work: Callable[[Any, Path, "Report"], None]) -> None:
    with _told() as report:
        if not out.is_dir():
            msg = f"--out {out}: no such folder. Name the folder that `vi-risk features build` wrote."
            raise InputError(msg)
        from vi_risk import stages
        from vi_risk.files import replaced
        from vi_risk.run_file import OWNED

        with replaced(out, keep=True, owned=OWNED) as folder:
            work(stages, folder, report)


# --- what the commands share ------------------------------------------------------------------------------------------


def _read(place: str, mapping: str, report: "Report") -> Any:
    from vi_risk.records.reading import read_records

    report.stage(f"Read the records in {_shown(place)}")
    return read_records(place, mapping=mapping, report=report.step)


def _shown(place: str) -> str:
    """Return a folder or a database URL as it may be written down: without a password."""
    from vi_risk.records.database import shown, url_of

    url = url_of(place)
    return place if url is None else shown(url)


def _source(records: str, mapping: str, governance: Path | None, report: "Report") -> "Source":
    from vi_risk.records.database import url_of
    from vi_risk.stages import Source

    name = _shown(records) if url_of(records) else Path(records).resolve().name
    if governance is None:
        report.warn(
            "no --governance file: nothing here says on what legal basis these records are used. Write one before"
            " anything but a trial."
        )
        return Source(name, mapping)
    from vi_risk import declared

    if not governance.is_file():
        msg = f"--governance {governance}: no such file. Name a TOML file with at least the key purpose."
        raise UsageError(msg)
    purpose = declared.read_toml(governance).get("purpose")
    if not isinstance(purpose, str) or not purpose.strip():
        from vi_risk.errors import GovernanceError

        msg = (
            f"{governance}: purpose is missing. Say in one line what the records are used for and on what legal basis."
        )
        raise GovernanceError(msg)
    return Source(name, mapping, purpose)


def _rules(caselist: Path | None) -> "CaseListRules":
    from vi_risk.caselists.rules import load_rules

    if caselist is not None and not caselist.is_file():
        msg = f"--caselist {caselist}: no such file. Name a TOML file; without the flag the shipped rules hold."
        raise UsageError(msg)
    return load_rules(caselist)


def _check_store(tracking_uri: str, out: Path) -> None:
    from vi_risk.tracking import check_store

    check_store(tracking_uri, out=out)


def _say_where(out: Path, tracking_uri: str) -> None:
    lists = sorted((out / "case_lists").glob("*.html"))
    print(
        f"\nCase lists   {out / 'case_lists'}  ({len(lists)} list{'' if len(lists) == 1 else 's'}; open {lists[0]})"
        if lists
        else "\nNo list was made."
    )
    print(f"Model card   {out / 'model_card.html'}")
    mlflow = Path(sys.executable).with_name("mlflow")
    command = mlflow.relative_to(Path.cwd()) if mlflow.is_relative_to(Path.cwd()) else mlflow
    print(f"Tracked      {command} ui --backend-store-uri {tracking_uri}")


@contextmanager
def _told(stages: int = 1) -> Iterator["Report"]:
    """Show progress while the work goes on; turn every way it can end into a message and an exit code."""
    report = TerminalReport(stages)
    try:
        with report:
            yield report
    except ViRiskError as error:
        print(f"\nvi-risk: {error}", file=sys.stderr)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        print(f"\nvi-risk: {_AS_BEFORE}", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    except MemoryError:
        print("\nvi-risk: not enough memory. Close other programs, or use a machine with more.", file=sys.stderr)
        raise typer.Exit(ResourceError.exit_code) from None
    except Exception as error:
        if type(error).__module__.split(".")[0] not in ("duckdb", "_duckdb"):
            if str(error) != "Query interrupted":
                raise
            print(f"\nvi-risk: {_AS_BEFORE}", file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from None
        # The engine's own words may quote a record, so only the kind of fault is told.
        print(
            f"\nvi-risk: the engine stopped ({type(error).__name__}). Most often its working folder is full: free space"
            " in the folder for temporary files, or name another one in the environment variable TMPDIR.",
            file=sys.stderr,
        )
        raise typer.Exit(ResourceError.exit_code) from None


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line; an interrupted run leaves the old output and ends with 130."""
    signal.signal(signal.SIGTERM, _interrupt)
    # LightGBM's threads otherwise spin while they wait, which on a busy machine makes training ten times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    app()
