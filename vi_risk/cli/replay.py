"""`vi-risk replay`: what every past run would have listed, with what had arrived by then."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from vi_risk.cli.asked import (
    DEFAULT_MODEL,
    DEFAULT_URI,
    catalogue_of,
    check_places,
    check_store,
    governance_of,
    held_to,
    records_of,
    rules_of,
    source_of,
)
from vi_risk.cli.flags import (
    CacheFlag,
    CapacityFlag,
    CaseListFlag,
    FeaturesFlag,
    GovernanceFlag,
    MappingFlag,
    MemoryFlag,
    ModelFlag,
    RecordsFlag,
    ReviewsFlag,
    SeedFlag,
    SpillFlag,
    TrackingFlag,
    day_of,
)
from vi_risk.cli.told import example, told

replay_app = typer.Typer()

_STAGES = 7
_KEPT = (
    "interrupted; the output folder is as it was before. Dates that were finished are kept: the same call with --resume"
    " goes on from there."
)


@replay_app.command(
    epilog=example(
        "vi-risk replay --records extracts --mapping mapping.toml --from 2022-04-01 --to 2025-01-01 --every 3m"
    )
)
def replay(
    records: RecordsFlag,
    first: Annotated[
        date, typer.Option("--from", metavar="DATE", parser=day_of, help="Date of the first list, YYYY-MM-DD.")
    ],
    last: Annotated[
        date, typer.Option("--to", metavar="DATE", parser=day_of, help="No list is of a later date than this.")
    ],
    every: Annotated[
        str,
        typer.Option(
            "--every", metavar="STEP", help="From one list to the next: 3m, 1y (of the calendar), 13w or 91d."
        ),
    ] = "3m",
    mapping: MappingFlag = "canonical",
    model: ModelFlag = DEFAULT_MODEL,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder of the replay; replaced whole when all is done.")
    ] = Path("replay"),
    features: FeaturesFlag = None,
    capacity: CapacityFlag = None,
    caselist: CaseListFlag = None,
    governance: GovernanceFlag = None,
    reviews: ReviewsFlag = None,
    cache: CacheFlag = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on after the last finished date of a replay of the same --out broken off."),
    ] = False,
    memory_limit: MemoryFlag = None,
    spill: SpillFlag = None,
    seed: SeedFlag = None,
    tracking_uri: TrackingFlag = DEFAULT_URI,
) -> None:
    """Say what each past run would have listed and found, had it run with what had arrived by then; writes replay.html.

    Each date trains, scores and lists with nothing later; what became of the people is told by everything known now.
    Beside the page: replay.json, and listed.parquet with who was listed. A date that cannot be run stands on the page
    with the reason. Page and figures are kept in MLflow.
    """
    with told(_STAGES, interrupted=_KEPT) as told_to, held_to(memory_limit, spill, told_to) as report:
        from vi_risk.features.cache import check_cache
        from vi_risk.models.spec import load_spec
        from vi_risk.replaying.asked import ReplayRequest
        from vi_risk.replaying.dates import ReplayDates, step_of
        from vi_risk.replaying.kept import keep_replay
        from vi_risk.replaying.replay import PAGE
        from vi_risk.replaying.replay import replay as replay_all

        dates = ReplayDates.between(first, last, step_of(every))
        check_places(records, out, reviews)
        check_cache(cache, out=out)
        check_store(tracking_uri, out)
        permitted = governance_of(governance)
        catalogue = catalogue_of(features, permitted)
        spec = load_spec(model).with_seed(seed)
        rules = rules_of(caselist)
        rules.refuse_unknown(catalogue, companions=[one.name for one in spec.companions if not one.counts])
        source = source_of(records, mapping, permitted, reviews)
        request = ReplayRequest(
            dates=dates,
            out=out,
            spec=spec,
            rules=rules,
            capacity=capacity,
            catalogue=catalogue,
            practices_outside=source.practices_outside,
            source=source.records,
            every=every.strip(),
            cache=cache,
            resume=resume,
        )
        found = records_of(records, mapping, report, governance=permitted, features=features, reviews=reviews)
        made = replay_all(found, request, report)
        report.stage("Track the replay")
        report.step(f"MLflow run {keep_replay(made, request, tracking_uri=tracking_uri)}")
        print(f"Replay   {out / PAGE}")
