"""`vi-risk pseudonymise` and `vi-risk reidentify`: the two ways through between NHS numbers and pseudonyms."""

import getpass
import hashlib
import os
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vi_risk.cli.asked import check_places, governance_of, shown, today
from vi_risk.cli.audit import LogFlag, anchor_of
from vi_risk.cli.flags import GovernanceFlag, MappingFlag, RecordsFlag
from vi_risk.cli.keys import KeyFlag, LinksFlag
from vi_risk.cli.told import example, told
from vi_risk.errors import GovernanceError, ResourceError

if TYPE_CHECKING:
    from vi_risk.identity.reidentifying import Print

identity_app = typer.Typer()

_AS_BEFORE = "interrupted; the output folder is as it was before."
_NO_COPY = "interrupted; the audit log may hold an entry without a copy."


@identity_app.command(
    epilog=example(
        "vi-risk pseudonymise --records extracts --mapping mapping.toml --key ~/.config/vi_risk/2026.key"
        " --links ~/.config/vi_risk/links --out pseudonymised"
    )
)
def pseudonymise(
    records: RecordsFlag,
    key: KeyFlag,
    links: LinksFlag,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for one Parquet file per table.")],
    mapping: MappingFlag = "canonical",
    governance: GovernanceFlag = None,
) -> None:
    """Turn extracts with NHS numbers into canonical tables by pseudonym, which `vi-risk run` reads.

    Whose pseudonym is whose goes, encrypted, into the link table; people of earlier extracts stay in it.
    """
    with told(interrupted=_AS_BEFORE) as report:
        from vi_risk.governance.reading import doorway
        from vi_risk.identity.folders import check_links_place, write_pseudonymised
        from vi_risk.identity.key_places import read_key
        from vi_risk.identity.link_table import read_links
        from vi_risk.identity.private_files import check_private_place
        from vi_risk.identity.pseudonymising import pseudonymised
        from vi_risk.records.reading import read_records
        from vi_risk.running.lock import held

        check_places(records, out)
        check_links_place(links, beside=out)
        named, links = links, links.resolve()  # one lock for one table, and a link to it stays one
        check_private_place(links)
        used = read_key(key)
        _, door = doorway(records, governance_of(governance), today=today())
        with held(links.with_name(f".{links.name}.lock"), what=f"--links {named}"):  # a second would lose our people
            known = read_links(links, used) if links.exists() else None
            report.stage(f"Pseudonymise the records in {shown(records)}")
            found = read_records(records, mapping=mapping, report=report.step, door=door)
            made = pseudonymised(found, used, known)
            write_pseudonymised(made, out, links, used)
        for line in made.in_words():
            print(line)
        print(f"{len(made.records.tables)} tables in {out}; link table of {made.links.people:,} people in {named}")


@identity_app.command(
    epilog=example("vi-risk reidentify out/case_lists/M92001.html --practice M92001 --purpose 'MDT of 11 November'")
)
def reidentify(
    pack: Annotated[
        Path, typer.Argument(metavar="PACK", help="A list: .html, .pdf, .xlsx, .csv or .jsonl.", show_default=False)
    ],
    practice: Annotated[str, typer.Option("--practice", metavar="CODE", help="Whose people, theirs alone.")],
    purpose: Annotated[str, typer.Option("--purpose", metavar="TEXT", help="Why, in one line; kept in the audit log.")],
    key: KeyFlag,
    links: LinksFlag,
    log: LogFlag,
    governance: GovernanceFlag = None,
) -> None:
    """Write a copy of a list with the NHS numbers of one practice's people beside it, for its owner alone to read.

    Governance must allow you the practice, and the link table know its people as such. The audit log keeps who, when,
    which practice, how many and why, and what was refused. A PDF is printed anew from the page beside it.
    """
    with told(interrupted=_NO_COPY):
        from vi_risk.governance.declaration import DEFAULT_FILE
        from vi_risk.identity.key_places import read_key
        from vi_risk.identity.link_table import read_links
        from vi_risk.identity.listed_people import left_in_words
        from vi_risk.identity.reidentifying import Asked, check_permission, refusals_entered
        from vi_risk.identity.reidentifying import reidentify as copy_with_numbers

        asked = Asked(pack, practice, purpose, user_account(), datetime.now().astimezone())  # noqa: TID251
        anchor = anchor_of(links, log)
        with refusals_entered(asked, log=log, anchor=anchor):
            permits = governance_of(governance)
            if permits is None:
                msg = (
                    "governance.toml: no such file in the working folder, and it says who may re-identify. Name it with"
                    " --governance; docs/governance.md tells what stands in it."
                )
                raise GovernanceError(msg)
            check_permission(asked, permits)  # before the key is opened
            allowed_by = hashlib.sha256((governance or DEFAULT_FILE).read_bytes()).hexdigest()[:16]
            to_pdf = None if asked.source == asked.pack else printer(asked.when.date())
            used = read_key(key)
            made = copy_with_numbers(
                asked,
                permits,
                read_links(links, used),
                used,
                governance=allowed_by,
                log=log,
                anchor=anchor,
                to_pdf=to_pdf,
            )
        people = f"{made.people:,} {'person' if made.people == 1 else 'people'}"
        print(f"{made.path}: NHS numbers of {people} of practice {practice}. Destroy it after use.")
        if made.left:
            print(left_in_words(made.left))
        print(f"Entry {made.entry.number} of {log}, {made.entry.hash[:16]}")


def printer(day: date) -> "Print":
    """Return what prints a page of people to a PDF that says it was made on that day, and leaves nothing beside.

    Raises
    ------
    ResourceError
        The machine has no browser that prints.
    """
    from vi_risk.caselists.packs.pdf_pack import find_browser, pdf_packs
    from vi_risk.running.scratch import PREFIX, ScratchFolder

    browser = find_browser()
    if browser is None:
        msg = (
            "PDF: expected a browser that prints, found none. Any of these will do: Chromium, Chrome, Edge. Or name the"
            " page (.html) in the place of the PDF."
        )
        raise ResourceError(msg)

    def to_pdf(page: bytes) -> bytes:
        folder = ScratchFolder(PREFIX)
        try:
            file = folder.path / "list.html"
            file.write_bytes(page)
            [pdf] = pdf_packs([file], index_date=day, browser=browser)
            return pdf.read_bytes()
        except ResourceError:
            msg = f"PDF: {Path(browser).name} did not print the page. Name the page (.html) in the place of the PDF."
            raise ResourceError(msg) from None
        finally:
            folder.remove()

    return to_pdf


def user_account() -> str:
    """Return the account that runs this, from the operating system: an environment variable could say anyone."""
    if os.name != "posix":
        return getpass.getuser()
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # an account without a name, as containers have
        return f"uid {os.getuid()}"
