"""`vi-risk synth`: the records of a synthetic trust."""

from pathlib import Path
from typing import Annotated, Any

import typer

from vi_risk.cli.flags import PatientsFlag, day_of, numbers_of
from vi_risk.cli.told import example, told
from vi_risk.errors import UsageError

synth_app = typer.Typer()


@synth_app.command(
    epilog=example("vi-risk synth --patients 20000 --seed 1 --out trust --index-date 2024-01-01 --report")
)
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
    flaws: Annotated[
        list[str] | None,
        typer.Option(
            "--flaw",
            metavar="NAME=X",
            help="Share missing, duplicates or slips; coding_lag, times usual; coding_change, the day from which only"
            " the main diagnosis of a stay is coded; repeatable.",
        ),
    ] = None,
    effects: Annotated[
        list[str] | None,
        typer.Option(
            "--effect", metavar="NAME=X", help="Rate ratio of emergency admission: integration or review; repeatable."
        ),
    ] = None,
    show_facts: Annotated[
        bool, typer.Option("--report", help="Print what was made beside the facts of the place that it must resemble.")
    ] = False,
) -> None:
    """Write the records of a synthetic trust, and the true risks that only it can know."""
    with told(2) as report:
        from vi_risk.records.synthetic import Effects, Flaws, make_trust, make_truth, write_trust
        from vi_risk.running.run_file import RUN_FILE

        if (out / RUN_FILE).exists():
            msg = f"--out {out}: is the output folder of a run. Name a folder for the records alone."
            raise UsageError(msg)
        first_day, last_day = (day_of(day) for day in span)
        dates = [day_of(day) for day in index_date or ()]
        life: dict[str, Any] = {"patients": patients, "seed": seed, "first_day": first_day, "last_day": last_day}
        ratios = numbers_of("--effect", effects, ("integration", "review"))
        life["effects"] = Effects(ratios.get("integration", 1.0), ratios.get("review", 1.0))
        changes = [text for text in flaws or () if text.startswith("coding_change=")]
        rates = [text for text in flaws or () if text not in changes]
        chosen = Flaws(
            **numbers_of("--flaw", rates, ("missing", "duplicates", "slips", "coding_lag")),
            coding_change=day_of(changes[-1].partition("=")[2]) if changes else None,
        )
        report.stage(f"Build a synthetic trust of {patients:,} people (seed {seed})")
        write_trust(out, **life, flaws=chosen, file_format=file_format, index_dates=dates)  # type: ignore[arg-type]
        if show_facts:
            from vi_risk.records.synthetic.facts import facts

            report.stage("Hold it against the place")
            truth = make_truth(index_dates=dates, **life) if dates else None
            for fact in facts(make_trust(**life), truth):
                mark = "" if fact.inside else "   outside"
                expected = f"{fact.lowest:.3g} to {fact.highest:.3g}" if fact.target is None else f"{fact.target:.4g}"
                print(f"{fact.name:<60} {fact.value:>9.4g}   expected {expected}{mark}")
        report.step(f"one file per table in {out}")
