"""From a list by pseudonym to a copy with NHS numbers: of one practice, for whom governance allows, entered first.

The order is the safeguard: permission, then the entry in the audit log, then the copy. A copy that could not be written
has an entry all the same; a copy without an entry does not come about. What is refused has an entry too, that says so.
"""

import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol
from zipfile import BadZipFile

from vi_risk.errors import GovernanceError, InputError, ResourceError, UsageError, ViRiskError
from vi_risk.identity.audit import Access, Entry, Refusal, record
from vi_risk.identity.identified_copies import COPIES
from vi_risk.identity.identifiers_as_written import identifier_in
from vi_risk.identity.keys import Key
from vi_risk.identity.link_table import LinkTable
from vi_risk.identity.listed_people import in_words, left_in_words, people_of_practice
from vi_risk.identity.private_files import write_private

IDENTIFIED = ".identified"  # before the ending of a copy's name
PAGE, PDF = ".html", ".pdf"

Print = Callable[[bytes], bytes]  # a page in, a PDF of it out

# What reading a damaged list raises; broken XML is a SyntaxError, brackets without end a RecursionError.
_DAMAGED = (ValueError, LookupError, TypeError, AttributeError, SyntaxError, RecursionError, EOFError)
_DAMAGED_ARCHIVE = (BadZipFile, zlib.error)


class Permits(Protocol):
    """What re-identification asks of governance (`vi_risk.governance.Governance`)."""

    def may_reidentify(self, user: str, practice_code: str) -> bool:
        """Whether a user may turn the pseudonyms of a practice's list back."""

    def faults(self, *, today: date, tables: Collection[str] = ()) -> list[str]:
        """Say why the records may not be used on a day."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for which list, when and why.

    Attributes
    ----------
    pack
        One file of a list: .html, .pdf, .xlsx, .csv or .jsonl. The .csv stands beside it: it says whose practice is
        which. A .pdf is printed anew, from the page beside it.
    practice
        Code of the practice whose people are to be re-identified; of a network's list, theirs alone.
    purpose
        In the user's words, one line.
    who
        The user's account.
    when
        With a time zone.
    """

    pack: Path
    practice: str
    purpose: str
    who: str
    when: datetime

    def __post_init__(self) -> None:
        faults = []
        if not self.purpose.strip() or not self.purpose.isprintable():
            faults.append("--purpose: expected one line that says what the numbers are for.")
        elif found := identifier_in(self.purpose):
            faults.append(f"--purpose: holds {found}, and the audit log is to hold none. Say it without.")
        if not self.practice.strip() or not self.practice.isprintable():
            faults.append("--practice: expected the code of a practice.")
        elif found := identifier_in(self.practice):
            faults.append(f"--practice: holds {found}, and the audit log is to hold none. Name a practice.")
        if not self.pack.name.isprintable():
            faults.append("PACK: its name holds what is no text. Name a list as the run wrote it.")
        elif found := identifier_in(self.pack.name):
            faults.append(f"PACK: its name holds {found}. Name a list as the run wrote it.")
        elif self.pack.suffix.lower() not in (*COPIES, PDF):
            endings = ", ".join((*COPIES, PDF))
            faults.append(f"{self.pack}: expected a file of a list ({endings}). Name one.")
        elif self.pack.stem.endswith(IDENTIFIED):
            faults.append(f"{self.pack}: holds NHS numbers already. Name the list that it was made of.")
        if faults:
            raise UsageError("\n".join(faults))

    @property
    def source(self) -> Path:
        """The file that the copy is made of: the list itself, of a PDF the page that it was printed from."""
        return self.pack.with_suffix(PAGE) if self.pack.suffix.lower() == PDF else self.pack

    @property
    def copy(self) -> Path:
        """Where the copy is written: beside the list."""
        return self.pack.with_name(f"{self.pack.stem}{IDENTIFIED}{self.pack.suffix}")


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy with NHS numbers, of how many people, and its entry in the audit log.

    Attributes
    ----------
    left
        People on the list who have another practice by now, and keep their pseudonyms.
    """

    path: Path
    people: int
    left: int
    entry: Entry


@contextmanager
def refusals_entered(asked: Asked, *, log: Path, anchor: Path) -> Iterator[None]:
    """Enter it in the audit log where the block refuses what was asked or fails, and let that go on.

    What the machine cannot do, such as a full disk, is no refusal.

    Raises
    ------
    ViRiskError
        The refusal, with why it could not be entered where it could not.
    """
    try:
        yield
    except ResourceError:
        raise
    except ViRiskError as refused:
        why = " ".join(str(refused).split())
        if found := identifier_in(why):  # as the name of a folder might
            why = f"{type(refused).__name__}: its words are left out, for they hold {found}."
        try:
            record(_refusal(asked, why), log, anchor)
        except ViRiskError as unwritten:
            if str(unwritten) == str(refused):  # the log itself is why
                raise refused from None
            msg = f"{refused}\nThis refusal could not be entered in the audit log. {unwritten}"
            raise type(refused)(msg) from None
        raise
    except Exception as failed:
        # By its kind alone: the words of what nobody thought of may hold what a file held.
        why = f"{type(failed).__name__}: the command failed, for no reason that it knows."
        with suppress(ViRiskError):  # the failure is what its user must see
            record(_refusal(asked, why), log, anchor)
        raise


def _refusal(asked: Asked, why: str) -> Refusal:
    return Refusal(asked.who, asked.when, asked.practice, asked.purpose, asked.pack.name, why)


def check_permission(asked: Asked, permits: Permits) -> None:
    """Refuse a user whom governance does not allow the practice, or a use after the approval's end.

    Raises
    ------
    GovernanceError
        One of the two.
    """
    faults = permits.faults(today=asked.when.date())
    if not permits.may_reidentify(asked.who, asked.practice):
        faults.append(
            f"reidentify: {asked.who} may not re-identify practice {asked.practice}. Where that is wrong, whoever"
            " answers for the governance file adds the practice to this user."
        )
    if faults:
        raise GovernanceError("\n".join(f"--governance: {fault}" for fault in faults))


def reidentify(
    asked: Asked,
    permits: Permits,
    links: LinkTable,
    key: Key,
    *,
    governance: str,
    log: Path,
    anchor: Path,
    to_pdf: Print | None = None,
) -> Copied:
    """Write a copy of a list with the NHS numbers of one practice's people, its owner's to read alone.

    Whose practice it is stands in the CSV of the list, which its users may be able to change; so the link table is
    asked as well, and of a list with anybody who was never registered there nobody is re-identified. People who have
    another practice by now, who left the list or were left out of it keep their pseudonyms.

    Parameters
    ----------
    governance
        By what the file of `permits` is known in the audit log (`Access.governance`).
    to_pdf
        Prints a page, for a list that is a PDF.

    Raises
    ------
    GovernanceError
        The user may not, the list names people of other practices or of none that is known, or the audit log is not
        whole.
    InputError
        The list cannot be read, has nobody of the practice, or somebody whom the link table does not know.
    ResourceError
        Log or copy cannot be written, or the copy not be printed.
    """
    printed = asked.source != asked.pack
    if printed and to_pdf is None:
        msg = "to_pdf: is missing, and the list is a PDF. Pass what prints its page."
        raise UsageError(msg)
    check_permission(asked, permits)
    numbers, left = people_of_practice(asked.pack, asked.practice, links, key, on=asked.when.date())
    _content(asked, numbers, "")  # what cannot be copied is told before the entry
    access = Access(
        asked.who, asked.when, asked.practice, len(numbers), asked.purpose, asked.pack.name, key.key_id, governance
    )
    entry = record(access, log, anchor)
    content = _content(asked, numbers, said_of(access, entry, left=left))
    write_private(asked.copy, to_pdf(content) if printed and to_pdf else content)
    return Copied(asked.copy, len(numbers), left, entry)


def said_of(access: Access, entry: Entry, *, left: int = 0) -> str:
    """Return what a copy says of itself: whose numbers, who asked, when, why, and where that is written down."""
    return (
        f"Contains NHS numbers: {in_words(access.people)} of practice {access.practice}, re-identified by {access.who}"
        f" on {access.when.day} {access.when:%B %Y at %H:%M %Z}."
        f"{f' {left_in_words(left)}' if left else ''} Purpose: {access.purpose}. Audit entry {entry.number},"
        f" {entry.hash[:16]}. For the team that cares for these people alone; destroy this copy after use."
    )


def _content(asked: Asked, numbers: dict[str, str], said: str) -> bytes:
    try:
        content = asked.source.read_bytes()
        made = COPIES[asked.source.suffix.lower()](content, numbers, said)
    except OSError as error:
        msg = f"{asked.source}: cannot be read ({error.strerror}). Name a file of a list."
        raise InputError(msg) from None
    except (*_DAMAGED, *_DAMAGED_ARCHIVE):
        msg = (
            f"{asked.source}: is damaged, or not of the list that {asked.pack.stem}.csv tells of. Expected both as the"
            " run wrote them."
        )
        raise InputError(msg) from None
    return made
