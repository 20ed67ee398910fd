"""`vi-risk audit`: whether the log of re-identifications is whole."""

from pathlib import Path
from typing import Annotated

import typer

from vi_risk.cli.told import example, told
from vi_risk.errors import InputError, UsageError

audit_app = typer.Typer(help="Check the log of re-identifications and refusals.", no_args_is_help=True)

LogFlag = Annotated[
    Path,
    typer.Option(
        "--log",
        metavar="FILE",
        envvar="VI_RISK_AUDIT_LOG",
        help="The audit log, in another folder than the link table, beside which its anchor stands.",
    ),
]


def anchor_of(links: Path, log: Path) -> Path:
    """Return where the anchor of an audit log stands: beside the link table, without which nobody is re-identified.

    It bears the name of the log, so that it stays where the link table is replaced by that of a new key.

    Raises
    ------
    UsageError
        The log stands in the same folder.
    """
    if links.resolve().parent == log.resolve().parent:
        msg = (
            f"--log {log}: lies beside the link table, where its anchor stands: who loses one loses both. Keep the log"
            " in another folder, best on another machine."
        )
        raise UsageError(msg)
    # Beside the table itself: a link to it of one's own has no anchor beside it.
    return links.resolve().with_name(f"{log.name}.anchor")


@audit_app.command("verify", epilog=example("vi-risk audit verify reidentified.log --links ~/.config/vi_risk/links"))
def audit_verify(
    log: Annotated[
        Path, typer.Argument(metavar="LOG", envvar="VI_RISK_AUDIT_LOG", help="The audit log.", show_default=False)
    ],
    links: Annotated[
        Path | None,
        typer.Option(
            "--links", metavar="FILE", envvar="VI_RISK_LINKS", help="The link table; the anchor is beside it."
        ),
    ] = None,
    anchor: Annotated[
        Path | None, typer.Option("--anchor", metavar="FILE", help="A copy of the anchor, kept from before, instead.")
    ] = None,
) -> None:
    """Check that no entry was changed, removed, added or moved, and that the end was not cut off."""
    with told():
        from vi_risk.identity.audit import Anchor, refusals_in, verify

        if anchor is None and links is None:
            msg = "--links: is missing. Name the link table, for the anchor beside it, or a copy of that with --anchor."
            raise UsageError(msg)
        place = anchor or anchor_of(links or Path(), log)
        known = Anchor.read(place)
        if known is None:
            msg = f"{place}: no such file, and without the anchor nobody can say that the end of the log is there."
            raise InputError(f"{msg} Name the link table, or a copy of the anchor with --anchor.")
        last = verify(log, known)
        print(f"{log}: whole; {last.number:,} {'entry' if last.number == 1 else 'entries'}, the last {last.hash[:16]}")
        if refused := refusals_in(log):
            print(f"{refused:,} of them {'is a refusal' if refused == 1 else 'are refusals'}.")
        if last.number > known.entries:
            print(f"The anchor knows the first {known.entries:,} of them.")
