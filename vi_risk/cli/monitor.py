"""`vi-risk monitor`: what changed since a run, and whether its model is to be mended."""

from pathlib import Path
from typing import Annotated

import typer

from vi_risk.cli.asked import DEFAULT_URI, check_store, governance_of, records_of, today
from vi_risk.cli.flags import GovernanceFlag, MappingFlag, RecordsFlag, TrackingFlag, day_of
from vi_risk.cli.told import example, told
from vi_risk.errors import LimitPassedError, UsageError

monitor_app = typer.Typer()


@monitor_app.command(
    epilog=example(
        "vi-risk monitor --records extracts --mapping mapping.toml --run out --index-date 2025-07-01 --out watched"
    )
)
def monitor(
    records: RecordsFlag,
    run: Annotated[
        Path, typer.Option("--run", metavar="DIR", help="Output folder of the run whose model and scores are watched.")
    ],
    index_date: Annotated[
        str, typer.Option("--index-date", metavar="DATE", help="The day to look from; later than the run's list.")
    ],
    mapping: MappingFlag = "canonical",
    governance: GovernanceFlag = None,
    against: Annotated[
        str,
        typer.Option(
            "--against", metavar="training|list", help="Compare with whom the model was trained on, or scored then."
        ),
    ] = "training",
    since: Annotated[
        list[Path] | None,
        typer.Option(
            "--since",
            metavar="DIR",
            help="Output folder of an earlier run of the model, to hold its scores against what happened; repeatable.",
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for monitor.html and monitor.json, written anew.")
    ] = Path("watched"),
    tracking_uri: TrackingFlag = DEFAULT_URI,
) -> None:
    """Say what changed since a run, and whether to look at the feed, recalibrate or fit anew; exit 7 past a limit."""
    with told(5) as report:
        from vi_risk.governance.told import refuse_ended
        from vi_risk.monitoring import keep_monitored, read_watched, write
        from vi_risk.monitoring import monitor as watch
        from vi_risk.monitoring.kept import MONITOR_PAGE, OWNED
        from vi_risk.monitoring.wording import heading_of
        from vi_risk.running.files import check_apart, check_out, replaced
        from vi_risk.running.run_file import read_run

        day = day_of(index_date)
        if against not in ("training", "list"):
            msg = f"--against {against}: expected training or list."
            raise UsageError(msg)
        check_out(out)
        check_apart(run, out=out)
        if out.resolve().is_relative_to(run.resolve()):
            msg = f"--out {out}: lies in the folder of --run, which stays as it is. Name a folder beside it."
            raise UsageError(msg)
        if "://" not in records:
            check_apart(Path(records), out=out)
        check_store(tracking_uri, out)
        watched = read_watched(run, today=day, against=against)  # type: ignore[arg-type]  # looked at above
        about = read_run(run, needs="scores", command="score").get("records", {})
        refuse_ended(about.get("permission"), today=today())
        found_records = records_of(records, mapping, report, governance=governance_of(governance))
        found = watch(found_records, watched, today=day, earlier=since or (), report=report)
        report.stage("Keep what was found")
        with replaced(out, keep=True, owned=OWNED) as folder:
            write(found, folder)
        run_id = keep_monitored(found, out, tracking_uri=tracking_uri)
        report.step(f"MLflow run {run_id}")
        report.stage("Hold it against the limits of the model spec")
        print(f"{heading_of(found)}: {out / MONITOR_PAGE}")
        for line in found.judged.passed:
            print(f"past a limit of {watched.spec.name}: {line}")
        _refuse_passed(len(found.judged.passed), watched.spec.name, out / MONITOR_PAGE)


def _refuse_passed(passed: int, model: str, page: Path) -> None:
    """Raise what ends the command with a code of its own, by which a schedule calls somebody."""
    if passed:
        msg = (
            f"{model}: {passed} past a limit of the model spec, named above. Read {page}: what stands first there is to"
            " be done first."
        )
        raise LimitPassedError(msg)
