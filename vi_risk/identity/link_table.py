"""Which pseudonym is whose, encrypted: the one file that leads back from a pseudonym to a person.

The file is a line that says what it is, a line of JSON that names the key, and two tables as Parquet, one after the
other in an archive that is encrypted and sealed with AES-256-GCM (NIST SP 800-38D) under a key derived from the secret.
A changed byte, in these lines too, is found when it is read. It holds NHS numbers, pseudonyms and with which practices
people are registered, nothing else of anybody. A file of the form before, one Parquet table without practices, is read
as one that knows none.
"""

import json
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile, ZipFile

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vi_risk.errors import InputError
from vi_risk.identity.keys import Key
from vi_risk.identity.practices import PRACTICES, Practices
from vi_risk.identity.private_files import read_private, write_private
from vi_risk.identity.pseudonyms import pseudonyms_of

_FORMAT, _WITHOUT_PRACTICES = b"vi_risk link table 2\n", b"vi_risk link table 1\n"  # of one length
_PEOPLE_FILE, _PRACTICES_FILE = "people.parquet", "practices.parquet"
_NONCE_BYTES = 12
_SCHEMA = pa.schema([("pseudonym", pa.string()), ("nhs_number", pa.string()), ("current", pa.bool_())])


@dataclass(frozen=True, slots=True, eq=False)
class LinkTable:
    """Pseudonyms and the NHS numbers that they stand for; printing it shows none of them.

    Attributes
    ----------
    rows
        One row per pseudonym: ``pseudonym``, ``nhs_number`` (ten digits), ``current`` (False for one of a key that was
        rotated away: lists that bear it can still be read).
    practices
        With which practices they are registered.
    """

    rows: pa.Table = field(default_factory=_SCHEMA.empty_table, repr=False)
    practices: Practices = field(default_factory=Practices)

    @property
    def people(self) -> int:
        """How many people it holds."""
        return int(pc.sum(self.rows["current"]).as_py() or 0)

    def with_people(
        self, numbers: Sequence[str], pseudonyms: Sequence[str], practices: Practices | None = None
    ) -> Self:
        """Return the table with these people and their practices too; who is there already stays, once."""
        there = set(self.rows["pseudonym"].to_pylist())
        new = [pair for pair in zip(pseudonyms, numbers, strict=True) if pair[0] not in there]
        more = {
            "pseudonym": [pseudonym for pseudonym, _ in new],
            "nhs_number": [number for _, number in new],
            "current": [True] * len(new),
        }
        known = self.practices if practices is None else self.practices.with_more(practices)
        return type(self)(pa.concat_tables([self.rows, pa.table(more, schema=_SCHEMA)]), known)

    def numbers_of(self, pseudonyms: Collection[str]) -> dict[str, str]:
        """Return pseudonym -> NHS number of those that the table knows, rotated ones included."""
        wanted = self.rows.filter(pc.is_in(self.rows["pseudonym"], pa.array(sorted(pseudonyms), pa.string())))
        return dict(zip(wanted["pseudonym"].to_pylist(), wanted["nhs_number"].to_pylist(), strict=True))

    def rotated(self, key: Key) -> Self:
        """Return the table with everybody's pseudonym under a new key; the old ones stay, no longer current."""
        numbers = self.rows.filter(self.rows["current"])["nhs_number"].to_pylist()
        pseudonyms = pseudonyms_of(numbers, "patient_id", key)
        old = self.rows.filter(pc.invert(pc.is_in(self.rows["pseudonym"], pa.array(pseudonyms, pa.string()))))
        retired = old.set_column(2, "current", pa.array([False] * len(old), pa.bool_()))
        return type(self)(retired, self.practices).with_people(numbers, pseudonyms)

    def renamed(self) -> dict[str, str]:
        """Return every pseudonym, of this key or of one rotated away -> the current one of the same person."""
        now = self.rows.filter(self.rows["current"])
        current = dict(zip(now["nhs_number"].to_pylist(), now["pseudonym"].to_pylist(), strict=True))
        pairs = zip(self.rows["pseudonym"].to_pylist(), self.rows["nhs_number"].to_pylist(), strict=True)
        return {pseudonym: current[number] for pseudonym, number in pairs}


def write_links(links: LinkTable, path: Path, key: Key) -> None:
    """Write a link table, encrypted, in the place of an old one.

    Its owner alone may read it, and the group where the site opened the old one to it. The same table gives other bytes
    each time: encryption begins with a number that is used once.

    Raises
    ------
    ResourceError
        The file cannot be written.
    """
    content = BytesIO()
    with ZipFile(content, "w") as archive:
        for name, rows in ((_PEOPLE_FILE, links.rows), (_PRACTICES_FILE, links.practices.rows)):
            table = BytesIO()
            pq.write_table(rows, table, compression="zstd")
            archive.writestr(name, table.getvalue())
    said = {"key": key.key_id, "purpose": key.purpose, "place": key.place}
    head = _FORMAT + json.dumps(said).encode() + b"\n"
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(key.derived("link table")).encrypt(nonce, content.getvalue(), head)
    write_private(path, head + nonce + sealed, shared=True)


def read_links(path: Path, key: Key) -> LinkTable:
    """Return the link table that was written with this key.

    Raises
    ------
    InputError
        There is none, more than its owner's group may read it, it was made with another key, or it was changed since.
    """
    content = read_private(path, what="the link table", shared=True)
    head_end = content.find(b"\n", len(_FORMAT)) + 1
    if not content.startswith((_FORMAT, _WITHOUT_PRACTICES)) or not head_end:
        msg = f"{path}: is no link table. Name the file that `vi-risk pseudonymise` wrote with --links."
        raise InputError(msg)
    damaged = f"{path}: was changed or damaged since it was written. Take a copy of it from before."
    said = _said(content[len(_FORMAT) : head_end])
    if said is None:
        raise InputError(damaged)
    if said["key"] != key.key_id:
        made_with = f"key {said['key']} ({said['purpose']}, {said['place']})"
        msg = f"{path}: was made with {made_with}, and this is {key.title}. Name the key that it was made with."
        raise InputError(msg)
    nonce, sealed = content[head_end : head_end + _NONCE_BYTES], content[head_end + _NONCE_BYTES :]
    try:
        opened = BytesIO(AESGCM(key.derived("link table")).decrypt(nonce, sealed, content[:head_end]))
        if content.startswith(_WITHOUT_PRACTICES):
            return LinkTable(pq.read_table(opened).cast(_SCHEMA))
        with ZipFile(opened) as archive:
            people, practices = (pq.read_table(BytesIO(archive.read(name))) for name in (_PEOPLE_FILE, _PRACTICES_FILE))
    except (InvalidTag, ValueError, KeyError, BadZipFile):
        raise InputError(damaged) from None
    return LinkTable(people.cast(_SCHEMA), Practices(practices.cast(PRACTICES)))


def _said(line: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None
    named = isinstance(said, dict) and all(
        isinstance(said.get(name), str) and said[name].isprintable() for name in ("key", "purpose", "place")
    )
    return said if named else None
