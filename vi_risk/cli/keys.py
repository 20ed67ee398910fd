"""`vi-risk key`: the secret that pseudonyms are made with, made and rotated. No command shows it."""

from pathlib import Path
from typing import Annotated

import typer

from vi_risk.cli.told import example, told
from vi_risk.errors import InputError

key_app = typer.Typer(help="Make and rotate the key that pseudonyms are made with.", no_args_is_help=True)

KeyFlag = Annotated[
    str,
    typer.Option(
        "--key",
        metavar="PLACE",
        envvar="VI_RISK_KEY",
        help="A private file outside git trees, env:NAME or keyring:NAME.",
    ),
]
LinksFlag = Annotated[
    Path,
    typer.Option(
        "--links",
        metavar="FILE",
        envvar="VI_RISK_LINKS",
        help="The encrypted link table, outside the folder of the records and every git tree.",
    ),
]
_NOTHING_WRITTEN = "interrupted; nothing was changed."


@key_app.command(
    "new", epilog=example("vi-risk key new --key ~/.config/vi_risk/2026.key --purpose 'direct care' --place RL4")
)
def key_new(
    key: Annotated[
        str, typer.Option("--key", metavar="PLACE", envvar="VI_RISK_KEY", help="A new private file, or keyring:NAME.")
    ],
    purpose: Annotated[str, typer.Option("--purpose", metavar="TEXT", help="What the pseudonyms are for.")],
    place: Annotated[str, typer.Option("--place", metavar="TEXT", help="Whose records, such as the code of a trust.")],
) -> None:
    """Make a key for one purpose at one place, where there is none yet; only its name is shown."""
    with told(interrupted=_NOTHING_WRITTEN):
        from vi_risk.identity.key_places import keep_key
        from vi_risk.identity.keys import new_key

        made = new_key(purpose, place)
        keep_key(made, key)
        print(f"{made.title} is kept in {key}. Without it nobody can be re-identified: keep a copy in a safe place.")


@key_app.command(
    "rotate",
    epilog=example(
        "vi-risk key rotate --key old.key --new new.key --links links --records pseudonymised"
        " --reviews reviews.parquet --out rotated"
    ),
)
def key_rotate(
    key: KeyFlag,
    new: Annotated[str, typer.Option("--new", metavar="PLACE", help="Where the new key goes; there must be none.")],
    links: LinksFlag,
    out: Annotated[
        Path,
        typer.Option("--out", metavar="DIR", help="New folder, outside every git tree, for all that the new key made."),
    ],
    records: Annotated[
        Path | None, typer.Option("--records", metavar="DIR", help="Pseudonymised records to carry over.")
    ] = None,
    reviews: Annotated[
        Path | None, typer.Option("--reviews", metavar="FILE", help="Decisions of meetings to carry over.")
    ] = None,
) -> None:
    """Make a new key, and write link table, records and reviews anew under it; the old ones stay as they are.

    Import the workbooks that are still out first: what comes back later bears old pseudonyms.
    """
    with told(interrupted=_NOTHING_WRITTEN) as report:
        from vi_risk.identity.rotation_files import ReviewsFile, rotate
        from vi_risk.reviews import read_reviews, write_reviews

        report.stage("Rotate the key")
        if reviews is not None and not reviews.is_file():
            msg = f"--reviews {reviews}: no such file. Name the file that `vi-risk reviews import` wrote."
            raise InputError(msg)
        kept = None if reviews is None else ReviewsFile(reviews.name, read_reviews(reviews), write_reviews)
        for line in rotate(key, new, links=links, out=out, records=records, reviews=kept):
            print(line)
