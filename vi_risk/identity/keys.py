"""The key of one purpose at one place: a secret of 32 bytes, from which a key for each use is derived.

Pseudonyms and the link table never share a key, and the same secret gives other pseudonyms for another purpose or
place: what was pseudonymised for planning cannot be joined to what was pseudonymised for direct care.
"""

import base64
import binascii
import json
import secrets
from dataclasses import dataclass, field
from typing import Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vi_risk.errors import InputError, UsageError

_FORMAT = "vi_risk key 1"
_BYTES = 32
_SAID = ("purpose", "place")


@dataclass(frozen=True, slots=True)
class Key:
    """A secret, and what it is for; neither printing nor comparing it shows the secret.

    Attributes
    ----------
    purpose
        What the pseudonyms are used for, such as ``"direct care"``.
    place
        Whose records they are, such as the code of a trust.
    secret
        32 random bytes.
    """

    purpose: str
    place: str
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        faults = [
            f"{name}: expected a line of text. Say it in a few words."
            for name in _SAID
            if not getattr(self, name).strip() or not getattr(self, name).isprintable()
        ]
        if len(self.secret) != _BYTES:
            faults.append(f"secret: expected {_BYTES} bytes. Make a key with `vi-risk key new`.")
        if faults:
            raise UsageError("\n".join(f"key: {fault}" for fault in faults))

    @property
    def key_id(self) -> str:
        """A name for the key, of which nothing of its secret can be worked out: it stands beside what it made."""
        return self.derived("name of the key").hex()[:12]

    @property
    def title(self) -> str:
        """The key in words, for messages."""
        return f"key {self.key_id} ({self.purpose}, {self.place})"

    def derived(self, use: str) -> bytes:
        """Return 32 bytes for one use: HKDF-SHA-256 (RFC 5869) of the secret, for this purpose, place and use."""
        info = json.dumps(["vi_risk", self.purpose, self.place, use]).encode()
        return HKDF(algorithm=SHA256(), length=_BYTES, salt=None, info=info).derive(self.secret)

    def to_text(self) -> str:
        """Return the key as it is kept: one line of JSON, the secret in it."""
        secret = base64.b64encode(self.secret).decode()
        return json.dumps({"format": _FORMAT, "purpose": self.purpose, "place": self.place, "secret": secret}) + "\n"

    @classmethod
    def from_text(cls, text: str, where: str) -> Self:
        """Return the key that `to_text` wrote.

        Parameters
        ----------
        where
            It stood, for the message.

        Raises
        ------
        InputError
            The text is no key; nothing of it is told.
        """
        try:
            content = json.loads(text)
            if content["format"] != _FORMAT:
                raise ValueError("another format")
            secret = base64.b64decode(content["secret"], validate=True)
            return cls(str(content["purpose"]), str(content["place"]), secret)
        except (ValueError, KeyError, TypeError, binascii.Error, UsageError):
            msg = f"{where}: holds no key, or a damaged one. Expected the line that `vi-risk key new` wrote, unchanged."
            raise InputError(msg) from None


def new_key(purpose: str, place: str) -> Key:
    """Return a new key, its secret from the operating system's generator.

    Raises
    ------
    UsageError
        Purpose or place are empty.
    """
    return Key(purpose, place, secrets.token_bytes(_BYTES))
