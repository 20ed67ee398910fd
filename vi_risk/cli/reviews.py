"""`vi-risk reviews`: decisions of teams brought back from workbooks, and what they come to."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from vi_risk.cli.asked import today
from vi_risk.cli.flags import day_of
from vi_risk.cli.told import example, told
from vi_risk.errors import InputError

reviews_app = typer.Typer(help="Bring decisions back from workbooks, and see what they come to.", no_args_is_help=True)

_INTERRUPTED = "interrupted; the reviews are as they were before."
ReviewsFlag = Annotated[
    Path, typer.Option("--reviews", metavar="FILE", help="Where reviews are kept: a .parquet or .csv file.")
]


@reviews_app.command(
    "import",
    epilog=example(
        "vi-risk reviews import M92001.xlsx --reviews reviews.parquet --reviewed-on 2025-04-08 --by 'Dr Rao'"
    ),
)
def import_reviews(
    packs: Annotated[
        list[Path],
        typer.Argument(metavar="PACK.xlsx...", help="Workbooks of case lists, filled in.", show_default=False),
    ],
    reviews: ReviewsFlag,
    reviewed_on: Annotated[
        date,
        typer.Option("--reviewed-on", metavar="DATE", parser=day_of, help="Day of the meeting, YYYY-MM-DD."),
    ],
    by: Annotated[str, typer.Option("--by", metavar="TEXT", help="Who brings the decisions: a name or a role.")],
) -> None:
    """Read the decisions of filled-in workbooks, and keep them for the next run.

    All are checked first: with a fault in any, nothing is written. The same workbook twice changes nothing, and a
    corrected one replaces what it said of that day.
    """
    with told(interrupted=_INTERRUPTED) as report:
        from vi_risk.reviews.importing import import_packs
        from vi_risk.running.files import check_not_owned
        from vi_risk.running.run_file import OWNED, RUN_FILE

        for folder in {*reviews.parents, *reviews.resolve().parents}:
            if (folder / RUN_FILE).is_file():
                check_not_owned(reviews, flag="--reviews", out=folder, owned=OWNED)
        for line in import_packs(packs, reviews, reviewed_on=reviewed_on, by=by, today=today(), report=report):
            print(line)


@reviews_app.command("list", epilog=example("vi-risk reviews list --reviews reviews.parquet"))
def list_reviews(reviews: ReviewsFlag) -> None:
    """Show how many of the people discussed were taken on, by practice and by the reason beside the name."""
    with told():
        from vi_risk.reviews import acceptance, read_reviews
        from vi_risk.reviews.acceptance import as_lines

        if not reviews.is_file():
            msg = f"--reviews {reviews}: no such file. Name the file that `vi-risk reviews import` wrote."
            raise InputError(msg)
        found = read_reviews(reviews)
        for line in (*as_lines(acceptance(found, by="practice_code")), "", *as_lines(acceptance(found, by="theme"))):
            print(line)
