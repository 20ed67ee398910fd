"""The audit log of re-identification: who, when, whose list, how many, why, or why not; a chain that a change breaks.

The log is a file of JSON lines that only ever grows. Each entry holds the SHA-256 of the one before and its own, so an
entry that was changed, taken out, put in or moved no longer fits the next. A log that was cut off at its end fits; so
after each entry its number and hash are written to a second file, the *anchor*, kept in another folder.

What this finds, and what it does not:

- anything done to the log alone: found;
- the log and the anchor both written anew, with every hash worked out again: not found by them. Every copy of a list
  that was re-identified bears the number and hash of its entry, and an anchor that was copied to a place that the
  users cannot write is a witness too: either of them finds it (`verify` takes any anchor, old ones as well);
- an entry that was never written: the copy is made after its entry, never before it. A refusal that could not be
  written is told to who was refused, and to nobody else.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from vi_risk.errors import GovernanceError, InputError, ResourceError
from vi_risk.identity.private_files import write_private

_BEGINNING = "0" * 64  # the hash before the first entry
_LONGEST_WAIT = 30.0  # seconds for another re-identification to write its entry
_BROKEN = "Re-identify nobody until whoever answers for the log knows why; a copy of it from before shows what is lost."


@dataclass(frozen=True, slots=True)
class Access:
    """One re-identification.

    Attributes
    ----------
    who
        The user's account, as the operating system has it.
    when
        With a time zone.
    practice
        Code of the practice whose people were re-identified.
    people
        How many.
    purpose
        Why, in the user's words.
    pack
        Name of the file that was re-identified.
    key
        `Key.key_id` of the key that was used.
    governance
        The first 16 letters of the SHA-256 of the governance file that allowed it: whether it was the site's own.
    """

    who: str
    when: datetime
    practice: str
    people: int
    purpose: str
    pack: str
    key: str
    governance: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """One re-identification that was asked for and not made.

    Attributes
    ----------
    who, when, practice, purpose, pack
        As of an `Access`; the practice and the pack are what was asked for, and may not be there.
    refused
        Why, in one line.
    """

    who: str
    when: datetime
    practice: str
    purpose: str
    pack: str
    refused: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An access or a refusal as it stands in the log: its number, counted from 1, and its hash."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """How long a log was, and the hash of its last entry."""

    entries: int
    hash: str

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Return what an anchor file says; None where there is no file.

        Raises
        ------
        GovernanceError
            It is damaged.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            return cls(int(content["entries"]), str(content["hash"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            msg = f"{path}: the anchor of the audit log is damaged. {_BROKEN}"
            raise GovernanceError(msg) from None


def record(said: Access | Refusal, log: Path, anchor: Path) -> Entry:
    """Add an access or a refusal to the log, on the disk when this returns, and move the anchor to it.

    Raises
    ------
    GovernanceError
        The log was changed, does not reach to its anchor, or is a new one where the anchor of another log is: nothing
        is added.
    ResourceError
        It cannot be written, or another process has held it for long.
    """
    try:
        log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(log.with_name(f"{log.name}.lock"), timeout=_LONGEST_WAIT, mode=0o660):
            before = _sound(log, anchor)
            entry = _appended(said, log, before)
            at_the_end = json.dumps(asdict(Anchor(entry.number, entry.hash))) + "\n"
            write_private(anchor, at_the_end.encode(), shared=True)
            return entry
    except Timeout:
        msg = f"{log}: another process has held it for {_LONGEST_WAIT:.0f} seconds. Try again when it has ended."
        raise ResourceError(msg) from None
    except OSError as error:
        msg = f"{log}: cannot be written ({error.strerror}), and without an entry nobody is re-identified. Mend it."
        raise ResourceError(msg) from None


def verify(log: Path, anchor: Anchor | None = None) -> Entry:
    """Return the last entry of a log that is whole; number 0 where it has none.

    Parameters
    ----------
    anchor
        The live one, or an old copy: the log must hold that entry still, and may have grown since.

    Raises
    ------
    InputError
        There is no log and no anchor that speaks of one.
    GovernanceError
        An entry was changed, removed, put in or moved, or the log ends before its anchor: all faults, by line.
    """
    if not log.is_file() and anchor is None:
        msg = f"{log}: no such file. Name the audit log that `vi-risk reidentify` writes."
        raise InputError(msg)
    hashes, faults = [_BEGINNING], []
    *lines, rest = _content(log).split(b"\n")
    for number, line in enumerate(lines, start=1):
        entry = _entry(line)
        if entry is None:
            faults.append(f"{log}, line {number}: is no entry.")
            hashes.append("")
            continue
        if entry["hash"] != _hash(entry) or line != _line(entry):  # byte by byte: a line end may say the same
            faults.append(f"{log}, line {number}: was changed since it was written.")
        if entry["entry"] != number or entry["previous"] != hashes[-1]:
            faults.append(f"{log}, line {number}: does not follow the line before it; one was removed, added or moved.")
        hashes.append(str(entry["hash"]))
    if rest:
        faults.append(
            f"{log}, line {len(hashes)}: is part of an entry, as a machine leaves it that stops while it writes. Where"
            " the entries before it are whole, nobody was re-identified by it, and it may be taken out."
        )
    last = len(hashes) - 1
    if anchor is not None and anchor.entries > last:
        faults.append(f"{log}: ends at entry {last}, and its anchor knows {anchor.entries}: its end was cut off.")
    elif anchor is not None and hashes[anchor.entries] != anchor.hash:
        faults.append(f"{log}, line {anchor.entries}: is another entry than the one that the anchor knows.")
    if faults:
        raise GovernanceError("\n".join([*faults, _BROKEN]))
    return Entry(last, hashes[-1])


def refusals_in(log: Path) -> int:
    """Return how many entries of a log that is whole are refusals."""
    return sum("refused" in (_entry(line) or {}) for line in _content(log).split(b"\n"))


def _sound(log: Path, anchor: Path) -> Entry:
    """Return the last entry of a log that may be added to."""
    known = Anchor.read(anchor)
    if known is None and (not log.exists() or not log.stat().st_size):  # empty: made so, to be opened for adding alone
        others = sorted(other.name for other in anchor.parent.glob("*.anchor") if other != anchor)
        if others:
            msg = (
                f"{log}: is a new log, and beside the link table is the anchor of another ({', '.join(others)}). Name"
                " the log that the site keeps. Where a new one is begun on purpose, whoever answers for the log puts"
                " the old anchor away with the old log first."
            )
            raise GovernanceError(msg)
        return Entry(0, _BEGINNING)
    if known is None:
        msg = f"{log}: its anchor {anchor} is gone, which tells how far the log reached. {_BROKEN}"
        raise GovernanceError(msg)
    last = verify(log, known)
    if last.number > known.entries + 1:  # one may be ahead: a process that ended between the two files
        msg = (
            f"{log}: has {last.number} entries, and its anchor knows {known.entries}: some were added otherwise."
            f" {_BROKEN}"
        )
        raise GovernanceError(msg)
    return last


def _appended(said: Access | Refusal, log: Path, before: Entry) -> Entry:
    content = {**asdict(said), "when": said.when.isoformat(timespec="seconds")}
    entry = {"entry": before.number + 1, **content, "previous": before.hash}
    entry["hash"] = _hash(entry)
    number = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(number, "ab") as file:
        file.write(_line(entry) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return Entry(before.number + 1, str(entry["hash"]))


def _hash(entry: Mapping[str, Any]) -> str:
    content = {name: value for name, value in entry.items() if name != "hash"}
    return hashlib.sha256(_bytes(json.dumps(content, sort_keys=True, ensure_ascii=False))).hexdigest()


def _content(log: Path) -> bytes:
    try:
        return log.read_bytes() if log.exists() else b""
    except OSError as error:
        msg = f"{log}: cannot be read ({error.strerror}). Name it as a user who may read it."
        raise InputError(msg) from None


def _line(entry: Mapping[str, Any]) -> bytes:
    return _bytes(json.dumps(entry, ensure_ascii=False))


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")  # half a sign, as a hand may write into a log, is a change and no crash


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    named = isinstance(entry, dict) and {"entry", "previous", "hash"} <= entry.keys()
    return entry if named else None
