"""Many spellings looked for in bytes of any kind, whatever stands before and behind them.

In a database's free pages, or in what a program kept of its memory, texts stand side by side without a sign between
them; no word begins or ends there. Each spelling is found by its first seven bytes, and then compared whole. Only the
decimals of a figure are passed over: among so many digits any number stands by chance.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vi_risk.leaks.phrases import Sieve, small_letters

SHORTEST = 7  # bytes: shorter spellings stand in packed bytes by chance

_BYTES = 8
_DECIMALS = re.compile(rb"[0-9]\.[0-9]*\Z")
_LOOK_BACK = 24  # bytes: no figure is written with more decimals
_TWO, _SEVEN = np.uint64(0xFFFF), np.uint64((1 << 8 * SHORTEST) - 1)


@dataclass(frozen=True, slots=True, eq=False)
class Spellings:
    """Spellings to look for, each with a number that says of what kind it is.

    Attributes
    ----------
    begins
        Whether any begins with two bytes; the two as one number choose the place. Most bytes of a file end here.
    sieve
        The first seven bytes of each, as one number.
    spelt
        First seven bytes -> the spellings that begin so, and their kinds.
    """

    begins: NDArray[np.bool_]
    sieve: Sieve
    spelt: dict[int, list[tuple[bytes, int]]]

    @classmethod
    def of(cls, spellings: Iterable[tuple[bytes, int]]) -> "Spellings":
        """Return the spellings ready to be looked for; those of under seven bytes are left out.

        >>> Spellings.of([(b"9434765919", 0), (b"Ann Lee", 1)]).kinds_in(b"M929434765919ANN LEEB").tolist()
        [0, 1]
        """
        spelt: dict[int, list[tuple[bytes, int]]] = {}
        for spelling, kind in {(spelling.lower(), kind) for spelling, kind in spellings if len(spelling) >= SHORTEST}:
            spelt.setdefault(int.from_bytes(spelling[:SHORTEST], "little"), []).append((spelling, kind))
        firsts = np.array(list(spelt), np.uint64)
        begins = np.zeros(1 << 16, bool)
        begins[firsts & _TWO] = True
        return cls(begins, Sieve.of(firsts), spelt)

    def kinds_in(self, content: bytes) -> NDArray[np.int64]:
        """Return the kind of each spelling found, one for each time that it stands there."""
        small = np.zeros(len(content) + _BYTES, np.uint8)
        small[: len(content)] = small_letters(content)
        whole = small.tobytes()
        two = np.ndarray((len(content),), "<u2", buffer=whole, strides=(1,))
        likely = np.flatnonzero(self.begins[two])
        seven = np.ndarray((len(content),), "<u8", buffer=whole, strides=(1,))[likely] & _SEVEN
        there = self.sieve.passed(seven)
        kinds = [
            kind
            for start, first in zip(likely[there].tolist(), seven[there].tolist(), strict=True)
            for spelling, kind in self.spelt[first]
            if whole.startswith(spelling, start)
            and not (spelling.isdigit() and _DECIMALS.search(whole, max(0, start - _LOOK_BACK), start))
        ]
        return np.array(kinds, np.int64)
