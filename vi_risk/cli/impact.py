"""`vi-risk impact`: whether joining the trust, and reviews by a team, helped."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from vi_risk.cli.asked import DEFAULT_URI, check_store, governance_of, records_of, today
from vi_risk.cli.flags import GovernanceFlag, MappingFlag, RecordsFlag, ReviewsFlag, TrackingFlag, day_of
from vi_risk.cli.told import example, told

impact_app = typer.Typer()


@impact_app.command(epilog=example("vi-risk impact --records extracts --mapping mapping.toml --run out --out helped"))
def impact(
    records: RecordsFlag,
    mapping: MappingFlag = "canonical",
    governance: GovernanceFlag = None,
    since: Annotated[
        date | None,
        typer.Option(
            "--from", metavar="DATE", parser=day_of, help="Compare practices from this day on.", show_default="all"
        ),
    ] = None,
    until: Annotated[
        date | None,
        typer.Option("--to", metavar="DATE", parser=day_of, help="And up to the day before this.", show_default="all"),
    ] = None,
    run: Annotated[
        list[Path] | None,
        typer.Option(
            "--run",
            metavar="DIR",
            help="Output folder of a run whose lists were acted on, at least 180 days ago; repeatable.",
        ),
    ] = None,
    reviews: ReviewsFlag = None,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for impact.html and impact.json, written anew.")
    ] = Path("helped"),
    tracking_uri: TrackingFlag = DEFAULT_URI,
) -> None:
    """Say what joining the trust, and reviews of earlier lists, did to how often people come to hospital.

    Needs the extra causal. No effect is told that its assumptions forbid.
    """
    with told(4) as report:
        from vi_risk.governance.told import refuse_ended
        from vi_risk.impact import impact as find
        from vi_risk.impact import keep_impact, read_list, write
        from vi_risk.impact.kept import IMPACT_FILE, IMPACT_PAGE, OWNED
        from vi_risk.impact.libraries import refuse_absent
        from vi_risk.impact.wording import sentences
        from vi_risk.running.files import check_apart, check_out, replaced
        from vi_risk.running.run_file import read_run

        refuse_absent()
        check_out(out)
        for folder in run or ():
            check_apart(folder, out=out)
        if reviews is not None:
            check_apart(reviews, out=out)
        if "://" not in records:
            check_apart(Path(records), out=out)
        check_store(tracking_uri, out)
        for folder in run or ():
            about = read_run(folder, needs="case_lists", command="caselist").get("records", {})
            refuse_ended(about.get("permission"), today=today())
        lists = [read_list(folder) for folder in run or ()]
        found_records = records_of(records, mapping, report, governance=governance_of(governance), reviews=reviews)
        found = find(found_records, lists, since=since, until=until, report=report)
        report.stage("Keep what was found")
        with replaced(out, keep=True, owned=OWNED) as folder:
            write(found, folder)
        run_id = keep_impact(found, out, tracking_uri=tracking_uri)
        report.step(f"MLflow run {run_id}")
        import json

        content = json.loads((out / IMPACT_FILE).read_text(encoding="utf-8"))
        print("\n".join(sentences(content)))
        print(f"\n{out / IMPACT_PAGE}")
