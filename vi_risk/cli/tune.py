"""`vi-risk tune`: parameters of the learner searched for."""

from pathlib import Path
from typing import Annotated

import typer

from vi_risk.cli.asked import DEFAULT_URI, check_built, check_store
from vi_risk.cli.flags import TrackingFlag
from vi_risk.cli.told import example, told

tune_app = typer.Typer()

_KEPT = "interrupted; the trials that came to an end are kept, and the same call goes on from there."


@tune_app.command(epilog=example("vi-risk tune --trials 30 --out out"))
def tune(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Output folder with features.")] = Path("out"),
    trials: Annotated[
        int, typer.Option("--trials", metavar="N", min=1, max=1000, help="In all, those of earlier calls too.")
    ] = 30,
    tracking_uri: TrackingFlag = DEFAULT_URI,
) -> None:
    r"""Search for better parameters of the learner, on training patients held out; writes tuned.toml.

    Every trial is kept as it ends: the same call continues a search that was interrupted. Train with what was found:
    vi-risk run --model out/tuned.toml. Needs optuna: pip install 'vi-risk\[tune]'.
    """
    with told(trials, interrupted=_KEPT) as report:
        from vi_risk.registry.tune import TUNED_FILE
        from vi_risk.registry.tune import tune as tune_folder

        check_built(out)
        check_store(tracking_uri, out)
        tuned = tune_folder(out, trials=trials, tracking_uri=tracking_uri, report=report)
        print(", ".join(f"{name} {value}" for name, value in tuned.best.parameters.items()))
        print(f"The spec with these parameters: {out / TUNED_FILE}; name it with --model.")
