"""The flags that commands of `vi-risk` share: one meaning and one help text each."""

import math
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from vi_risk.errors import UsageError


def day_of(text: str) -> date:
    """Return the day that a text means, or refuse it."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        msg = f"{text} is not a date. Write it as YYYY-MM-DD, for example 2025-01-01."
        raise typer.BadParameter(msg) from None


def numbers_of(flag: str, given: Sequence[str] | None, names: Sequence[str]) -> dict[str, float]:
    """Return the numbers of a repeatable flag NAME=X, or refuse it."""
    numbers: dict[str, float] = {}
    for text in given or ():
        name, _, number = text.partition("=")
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if name not in names or math.isnan(value) or name in numbers:
            known = ", ".join(names)
            msg = f"{flag} {text}: expected NAME=X with a number, each name once, of {known}. Write {names[0]}=0.9."
            raise UsageError(msg)
        numbers[name] = value
    return numbers


RecordsFlag = Annotated[
    str, typer.Option("--records", metavar="DIR", help="Folder of CSV or Parquet files, or a database URL.")
]
MappingFlag = Annotated[
    str,
    typer.Option(
        "--mapping",
        metavar="NAME|FILE",
        help="How the files become the canonical tables; a shipped name or a TOML file.",
    ),
]
ModelFlag = Annotated[
    str, typer.Option("--model", metavar="NAME|FILE", help="Model spec; a shipped name or a TOML file.")
]
IndexDateFlag = Annotated[
    date,
    typer.Option(
        "--index-date",
        metavar="DATE",
        parser=day_of,
        help="Date of the list, YYYY-MM-DD; nothing dated or recorded on or after it is used.",
    ),
]
PatientsFlag = Annotated[
    int, typer.Option("--patients", metavar="N", min=1000, max=2_000_000, help="People alive at the start.")
]
OutFlag = Annotated[Path, typer.Option("--out", metavar="DIR", help="Output folder; replaced whole when all is done.")]
StageOutFlag = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Output folder; this stage's files in it are written anew.")
]
CapacityFlag = Annotated[
    int | None,
    typer.Option("--capacity", metavar="N", min=1, help="Places on the list of each practice.", show_default="20"),
]
TruthFlag = Annotated[
    Path | None,
    typer.Option(
        "--truth",
        metavar="FILE",
        help="truth.parquet of a synthetic trust: say how near the model comes to the true risk.",
    ),
]
TrackingFlag = Annotated[str, typer.Option("--tracking-uri", metavar="URI", help="MLflow store.")]
GovernanceFlag = Annotated[
    Path | None,
    typer.Option(
        "--governance",
        metavar="FILE",
        help="What the records may be used for, on what basis and until when; all but the synthetic trust need it.",
        show_default="governance.toml in the working folder",
    ),
]
FeaturesFlag = Annotated[
    list[Path] | None,
    typer.Option(
        "--features", metavar="DIR", help="Folder of your own declared features, beside those shipped; repeatable."
    ),
]
CacheFlag = Annotated[
    Path | None,
    typer.Option(
        "--cache",
        metavar="DIR",
        help="Keep features there and use those that still hold; private to you, made if it is not there.",
    ),
]
EngineFlag = Annotated[
    str,
    typer.Option(
        "--engine", metavar="embedded|spark", help="Where to compute: here, or on Spark from canonical Parquet tables."
    ),
]
CaseListFlag = Annotated[
    Path | None, typer.Option("--caselist", metavar="FILE", help="Rules of the case list: bands, places, reasons.")
]
PreviousFlag = Annotated[
    str | None,
    typer.Option(
        "--previous",
        metavar="DIR|DATE",
        help="The list before, to say what changed: the output folder of its run, or a date.",
    ),
]
ReviewsFlag = Annotated[
    Path | None,
    typer.Option(
        "--reviews", metavar="FILE", help="Decisions of earlier meetings, as `vi-risk reviews import` wrote them."
    ),
]
PromptsFlag = Annotated[
    Path | None,
    typer.Option("--prompts", metavar="FILE", help="Rules of who might help, in place of those shipped."),
]
PdfFlag = Annotated[bool, typer.Option("--pdf", help="Print each page to a PDF as well, by Chromium, Chrome or Edge.")]
MemoryFlag = Annotated[
    int | None,
    typer.Option(
        "--memory-limit",
        metavar="MB",
        min=1,
        help="The most memory that the command is to take; what does not fit is written to the folder of --spill.",
        show_default="no limit",
    ),
]
SpillFlag = Annotated[
    Path | None,
    typer.Option(
        "--spill",
        metavar="DIR",
        help="Where the records lie while they are worked on, and what does not fit into memory.",
        show_default="the folder for temporary files",
    ),
]
ResumeFlag = Annotated[
    bool,
    typer.Option(
        "--resume", help="Go on after the last finished stage of a run of the same --out that was broken off."
    ),
]
SeedFlag = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", min=0, max=2**31 - 1, help="Of every random draw.", show_default="the spec's"),
]
