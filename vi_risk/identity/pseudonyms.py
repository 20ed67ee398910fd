"""Keyed pseudonyms: the same number and key give the same pseudonym, and without the key nobody can work back.

A pseudonym is a letter and the first 80 bits of HMAC-SHA-256 (FIPS 198-1), in lower-case base32 (RFC 4648)::

    pseudonym = letter + base32(HMAC-SHA-256(key of pseudonyms, kind + NUL + value))[:16]

A plain hash would not do: there are a thousand million NHS numbers, and all of them can be hashed in minutes. Among 60
million people the chance that any two share 80 bits is 1.5 in a thousand million; it is looked for all the same.
"""

import hmac
from collections.abc import Iterator, Sequence

import numpy as np

from vi_risk.errors import InputError
from vi_risk.identity.keys import Key

# What is pseudonymised -> the letter that a pseudonym begins with: no spreadsheet takes it for a number then.
KINDS = {"patient_id": "p", "spell_id": "s", "attendance_id": "a", "appointment_id": "o"}

# What the pseudonym of a person looks like.
OF_PERSON = r"\bp[a-z2-7]{16}\b"

_BYTES = 10  # 80 bits, which are 16 letters of 5 bits
_LETTERS = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", dtype=np.uint8)
_AT_ONCE = 100_000  # bits are held as bytes on the way, 80 of them a pseudonym


def pseudonyms_of(values: Sequence[str], kind: str, key: Key) -> list[str]:
    """Return the pseudonym of each value, in their order.

    Parameters
    ----------
    values
        Distinct texts; NHS numbers as ten digits.
    kind
        One of `KINDS`. The same text as another kind of identifier has another pseudonym.

    Raises
    ------
    InputError
        Two values have one pseudonym.
    """
    found = [pseudonym for part in _parts(values) for pseudonym in _of_part(part, kind, key.derived("pseudonyms"))]
    if len(set(found)) < len(set(values)):
        msg = f"{kind}: two of {len(values):,} values have one pseudonym under {key.title}. Use a new key."
        raise InputError(msg)
    return found


def _parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]


def _of_part(values: Sequence[str], kind: str, secret: bytes) -> list[str]:
    label = f"{kind}\0".encode()
    digests = b"".join(hmac.digest(secret, label + value.encode(), "sha256")[:_BYTES] for value in values)
    bits = np.unpackbits(np.frombuffer(digests, dtype=np.uint8)).reshape(-1, 5)
    letters = _LETTERS[np.packbits(bits, axis=1)[:, 0] >> 3].reshape(len(values), -1)
    letter = KINDS[kind]
    return [f"{letter}{row.tobytes().decode()}" for row in letters]
