"""`vi-risk models`, `promote` and `rollback`: what is registered, which version is champion, and how that changes."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vi_risk.cli.asked import DEFAULT_URI
from vi_risk.cli.flags import TrackingFlag
from vi_risk.cli.told import example, told
from vi_risk.errors import InputError

if TYPE_CHECKING:
    from vi_risk.tracking import Version

models_app = typer.Typer(help="Look at the registered models.", no_args_is_help=True)
registry_app = typer.Typer()

_HEAD = ("model", "version", "", "registered", "test date", "AUROC", "slope", "true cases", "of listed", "places", "id")
_TO_THE_RIGHT = {"version", "AUROC", "slope", "true cases", "of listed", "places"}


@models_app.command("list", epilog=example("vi-risk models list emergency_admission_12m"))
def models_list(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Of a model spec.", show_default="every model")
    ] = None,
    tracking_uri: TrackingFlag = DEFAULT_URI,
) -> None:
    """Print the registered versions, newest first: which is champion, and how it did in its latest evaluation."""
    with told():
        from vi_risk.tracking import versions_of

        versions = versions_of(name, tracking_uri=tracking_uri)
        if not versions:
            print(f"No version of {name or 'any model'} is registered there; `vi-risk evaluate` registers one.")
            return
        print("\n".join(lines_of(versions)))


@registry_app.command(epilog=example('vi-risk promote --out out --why "retrained on the new practices"'))
def promote(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Output folder of the model, evaluated.")] = Path(
        "out"
    ),
    why: Annotated[
        str, typer.Option("--why", metavar="TEXT", help="Kept with the move, for all who use the store to read.")
    ] = "",
    unpaired: Annotated[
        bool,
        typer.Option(
            "--unpaired",
            help="Take the place on calibration alone of a champion that cannot be held against the model, such as one"
            " whose features are defined otherwise today.",
        ),
    ] = False,
    tracking_uri: TrackingFlag = DEFAULT_URI,
) -> None:
    """Make the model champion if it is better than the champion on the same patients and calibrated; else say why not.

    It must find more true cases at equal capacity and have the greater net benefit, by the lower bounds of their 95 %
    intervals, with its calibration inside the limits of its spec; the first champion needs the calibration alone. A
    model that is as good as the champion stays out. Ends with 0 if it is champion, with 7 if it is not.
    """
    with told() as report:
        from vi_risk.registry.champion import promote as promote_model

        if not out.is_dir():
            msg = f"--out {out}: no such folder. Name the folder that `vi-risk evaluate` wrote."
            raise InputError(msg)
        done = promote_model(out, tracking_uri=tracking_uri, why=why, unpaired=unpaired, report=report)
        name, number = done.version.name, done.version.number
        if done.decision is None:
            print(f"{name}: version {number} is champion already.")
        else:
            was = "there was none before" if done.before is None else f"was version {done.before.number}"
            print(f"{name}: version {number} is champion now; {was}.")


@registry_app.command(epilog=example("vi-risk rollback emergency_admission_12m"))
def rollback(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of a model, as `models list` has it.")],
    to: Annotated[
        int | None,
        typer.Option("--to", metavar="VERSION", min=1, help="A version that was champion.", show_default="the last"),
    ] = None,
    tracking_uri: TrackingFlag = DEFAULT_URI,
) -> None:
    """Put the version that was champion before back in its place."""
    with told():
        from vi_risk.registry.champion import rollback as roll_back

        move = roll_back(name, to=to, tracking_uri=tracking_uri)
        print(f"{name}: version {move.version} is champion again; was version {move.before}.")


def lines_of(versions: Sequence["Version"]) -> list[str]:
    """Return versions as a table, a line each; a figure that a version does not have is a dash."""
    rows = [_HEAD, *(_cells(version) for version in versions)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEAD))]
    return [
        "  ".join(
            cell.rjust(width) if title in _TO_THE_RIGHT else cell.ljust(width)
            for cell, width, title in zip(row, widths, _HEAD, strict=True)
        ).rstrip()
        for row in rows
    ]


def _cells(version: "Version") -> tuple[str, ...]:
    tags = version.tags

    def number(tag: str, form: str) -> str:
        return format(float(tags[tag]), form) if tag in tags else "-"

    return (
        version.name,
        str(version.number),
        "champion" if version.champion else "",
        version.registered_on.isoformat(),
        tags.get("test_date", "-"),
        number("auroc", ".3f"),
        number("calibration_slope", ".2f"),
        number("capacity.true_cases", ",.0f"),
        number("capacity.n", ",.0f"),
        tags.get("capacity", "-"),
        tags.get("model_version", "-"),
    )
