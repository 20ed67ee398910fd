"""`vi-risk leaks`: whether anything that was written says who somebody is."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vi_risk.cli.told import example, told
from vi_risk.errors import InputError, UsageError

if TYPE_CHECKING:
    from vi_risk.leaks.identifiers import Identifiers
    from vi_risk.leaks.scanning import Scan

leaks_app = typer.Typer()

_LINK_TABLE = b"vi_risk link table"


@leaks_app.command(epilog=example("vi-risk leaks out mlruns --identifiers extracts/PMI.csv --but '*.identified.*'"))
def leaks(
    places: Annotated[list[Path], typer.Argument(metavar="DIR", help="Folders and files.", show_default=False)],
    identifiers: Annotated[
        Path | None,
        typer.Option(
            "--identifiers",
            metavar="FILE",
            help="What to look for: an extract (.csv, .parquet), the link table, or a text file, one a line.",
            show_default="whatever is formed like an NHS number or a postcode",
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="PLACE", envvar="VI_RISK_KEY", help="The key of the link table, if it is that."),
    ] = None,
    but: Annotated[
        list[str] | None,
        typer.Option("--but", metavar="PATTERN", help="Names of files to leave out, such as '*.md'; repeatable."),
    ] = None,
) -> None:
    """Search all that was written for NHS numbers, postcodes, names and addresses; ends with 8 if any are found.

    Archives, workbooks, tables and databases are opened. Where and how many is told, and never which.
    """
    with told(interrupted="interrupted; not everything was searched.") as report:
        from vi_risk.leaks.scanning import scan
        from vi_risk.leaks.searching import LikelySearch, ListedSearch

        if identifiers is None:
            report.stage("Search for what is formed like an NHS number or a postcode")
            found = scan(places, LikelySearch(), but=but or (), report=report.step)
        else:
            listed = _identifiers_of(identifiers, key)
            report.stage("Search for the identifiers")
            report.step(listed.in_words())
            found = scan(places, ListedSearch.of(listed), but=but or (), report=report.step)
        _tell(found)
        found.raise_found()


def _identifiers_of(file: Path, key: str | None) -> "Identifiers":
    from vi_risk.identity.key_places import read_key
    from vi_risk.identity.link_table import read_links
    from vi_risk.leaks.identifiers import Identifiers, read_identifiers

    try:
        with file.open("rb") as opened:
            is_links = opened.read(len(_LINK_TABLE)) == _LINK_TABLE
    except OSError as error:
        msg = f"--identifiers {file}: cannot be read ({error.strerror}). Name a file, as a user who may read it."
        raise InputError(msg) from None
    if not is_links:
        return read_identifiers(file)
    if key is None:
        msg = f"--identifiers {file}: is a link table, and encrypted. Say with --key where its key is."
        raise UsageError(msg)
    return Identifiers.of(read_links(file, read_key(key)).rows["nhs_number"].to_pylist())


def _tell(found: "Scan") -> None:
    for finding in found.findings:
        print(finding.in_words())
    left_out = f", {found.left_out:,} left out by --but" if found.left_out else ""
    print(f"{found.files:,} files, {found.size / 1e6:,.1f} MB searched{left_out}; ", end="")
    print(f"{len(found.findings):,} findings." if found.findings else "nothing was found.")
    for why, number in sorted(Counter(found.unopened.values()).items()):
        places = [place for place, reason in found.unopened.items() if reason == why]
        named = ", ".join(places[:3]) + (", ..." if number > 3 else "")
        print(f"Searched as bytes alone, {number:,}: {why}: {named}")
