"""`vi-risk recalibrate`: a registered model set right for a new year or another place."""

from pathlib import Path
from typing import Annotated

import typer

from vi_risk.cli.asked import DEFAULT_URI, check_built, check_store
from vi_risk.cli.flags import StageOutFlag, TrackingFlag
from vi_risk.cli.told import example, told

recalibrate_app = typer.Typer()


@recalibrate_app.command(epilog=example("vi-risk recalibrate --how slope --out out"))
def recalibrate(
    out: StageOutFlag = Path("out"),
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="champion|VERSION", help="Of the registry.", show_default="the champion"),
    ] = None,
    how: Annotated[
        str,
        typer.Option(
            "--how",
            metavar="in_the_large|slope",
            help="Move all risks alike, or also draw them together or apart.",
        ),
    ] = "in_the_large",
    elsewhere: Annotated[
        bool,
        typer.Option("--elsewhere", help="The people of --out are not those that the model was trained on."),
    ] = False,
    tracking_uri: TrackingFlag = DEFAULT_URI,
) -> None:
    """Set a registered model right for a new year or another place: the same trees, calibrated anew; writes model/.

    It is calibrated on the training rows of --out that it has not seen; `vi-risk evaluate` then looks at the later
    test rows and registers it as a new version.
    """
    with told() as report:
        check_built(out)
        from vi_risk.registry.recalibrate import recalibrate as recalibrate_model
        from vi_risk.running.files import replaced
        from vi_risk.running.run_file import OWNED

        check_store(tracking_uri, out)
        with replaced(out, keep=True, owned=OWNED) as folder:
            recalibrate_model(
                folder,
                asked=model,
                how=how,  # type: ignore[arg-type]  # refused there if it is neither
                elsewhere=elsewhere,
                tracking_uri=tracking_uri,
                report=report,
            )
