"""Many phrases looked for in a text at once: its words are hashed and looked up, however many phrases there are.

A word is a run of letters or a run of digits, so ``LS14AB`` is four words and ``943 476 5919`` three. Capitals and
small letters are one; between two words of a phrase may stand nothing, or a space, dash, dot and the like, so that
``ls1-4ab`` is found where ``LS1 4AB`` is looked for. A word of the text is whole: ``Ann`` is not found in ``Annual``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_WORDS = 8  # of a phrase are looked for; an address is long enough by then

_NO_WORD, _LETTER, _DIGIT, _BEYOND_ASCII = range(4)
_KIND = np.zeros(256, np.uint8)
_KIND[[*range(0x41, 0x5B), *range(0x61, 0x7B)]] = _LETTER
_KIND[0x30:0x3A] = _DIGIT
_KIND[0x80:] = _BEYOND_ASCII
_SMALL = np.arange(256, dtype=np.uint8)
_SMALL[0x41:0x5B] += 32
_JOINS = np.zeros(256, bool)
_JOINS[list(b" -_./+'`\\\\")] = True

_BYTES = 8  # a word is told by its first eight bytes, its last eight and its length
_KEEP = np.array([(1 << 8 * number) - 1 for number in range(_BYTES + 1)], np.uint64)
_ODD = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)
_SHIFT = np.uint64(29)
_BITS = 22  # of a hash choose a place in the sieve: 4 MB, which stay in the processor's cache
_TO_PLACE = np.uint64(64 - _BITS)

Hashes = NDArray[np.uint64]
Positions = NDArray[np.int64]


def small_letters(text: bytes) -> NDArray[np.uint8]:
    """Return the bytes of a text with the capitals A to Z as small letters."""
    return _SMALL[np.frombuffer(text, np.uint8)]


@dataclass(frozen=True, slots=True, eq=False)
class Sieve:
    """A set of hashes in which many are looked up fast: most are sent away by one bit.

    Attributes
    ----------
    hashes
        Sorted, each once.
    bits
        True where one of them falls; 2 to the power of 22 places.
    """

    hashes: Hashes
    bits: NDArray[np.bool_]

    @classmethod
    def of(cls, hashes: Hashes) -> "Sieve":
        """Return the sieve of these hashes."""
        bits = np.zeros(1 << _BITS, bool)
        bits[_place(hashes)] = True
        return cls(np.unique(hashes), bits)

    def passed(self, hashes: Hashes) -> Positions:
        """Return the positions of those hashes that are in the set."""
        likely = np.flatnonzero(self.bits[_place(hashes)])
        at = np.minimum(np.searchsorted(self.hashes, hashes[likely]), len(self.hashes) - 1)
        return likely[self.hashes[at] == hashes[likely]] if len(self.hashes) else likely


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """The words of a text, in order.

    Attributes
    ----------
    hashes
        Of each word.
    starts
        Byte at which each begins.
    joined
        Whether each may belong to one phrase with the next; one shorter than `hashes`.
    """

    hashes: Hashes
    starts: Positions
    joined: NDArray[np.bool_]

    @classmethod
    def of(cls, text: bytes) -> "Words":
        """Return the words of a text.

        The decimals of a figure are no word that anybody wrote: ten of them are passed over.
        """
        small = np.zeros(len(text) + 2 * _BYTES, np.uint8)  # zeros around, so that eight bytes can always be read
        small[_BYTES : _BYTES + len(text)] = small_letters(text)
        kind = _KIND[small]
        changes = np.flatnonzero(kind[1:] != kind[:-1]) + 1
        begin, end = changes[:-1], changes[1:]
        words = kind[begin] != _NO_WORD
        begin, end = begin[words], end[words]
        hashes = _of_words(small, begin, end)
        decimals = (end - begin == 10) & (small[begin - 1] == ord(".")) & (kind[begin - 2] == _DIGIT)
        hashes[decimals & (kind[begin] == _DIGIT)] = 0
        return cls(hashes, begin - _BYTES, _joined(small, kind, begin, end))

    def runs(self, length: int) -> tuple[Hashes, Positions]:
        """Return the hash of each run of that many words that may be one phrase, and the word at which it begins."""
        if len(self.hashes) < length:
            return np.empty(0, np.uint64), np.empty(0, np.int64)
        many = len(self.hashes) - length + 1
        hashes, together = self.hashes[:many].copy(), np.ones(many, bool)
        for place in range(1, length):
            hashes = _mixed(hashes * _ODD[0] + self.hashes[place : place + many])
            together &= self.joined[place - 1 : place - 1 + many]
        at = np.flatnonzero(together)
        return hashes[at], at


@dataclass(frozen=True, slots=True, eq=False)
class Phrases:
    """Phrases to look for, each with a number that says of what kind it is.

    Attributes
    ----------
    sieves
        Number of words -> the phrases of so many words.
    kinds
        Number of words -> the kind of each, in the order of the sieve's hashes.
    """

    sieves: dict[int, Sieve]
    kinds: dict[int, NDArray[np.int64]]

    @classmethod
    def of(cls, phrases: Sequence[bytes], kinds: Sequence[int]) -> "Phrases":
        r"""Return the phrases ready to be looked for.

        >>> Phrases.of([b"LS1 4AB", b"Ann Lee"], [0, 1]).kinds_in(b"ls1-4ab: ANN  LEE, Annual Leeway").tolist()
        [1, 0]
        """
        lines = [b" ".join(phrase.split()) for phrase in phrases]
        ends = np.cumsum([len(line) + 1 for line in lines], dtype=np.int64)
        words = Words.of(b"\n".join(lines))
        line = np.searchsorted(ends, words.starts, side="right")
        first, length = np.flatnonzero(np.diff(line, prepend=-1)), np.bincount(line, minlength=len(lines))
        of_phrase, length = np.asarray(kinds, np.int64)[length > 0], length[length > 0]
        sieves, known = {}, {}
        for number in np.unique(np.minimum(length, MOST_WORDS)).tolist():
            chosen = np.minimum(length, MOST_WORDS) == number
            hashes = words.hashes[first[chosen]].copy()
            for place in range(1, number):
                hashes = _mixed(hashes * _ODD[0] + words.hashes[first[chosen] + place])
            sieves[number] = Sieve.of(hashes)
            known[number] = of_phrase[chosen][np.unique(hashes, return_index=True)[1]]
        return cls(sieves, known)

    def kinds_in(self, text: bytes) -> NDArray[np.int64]:
        """Return the kind of each phrase found, one for each time that it stands there; those of few words first."""
        words = Words.of(text)
        found: list[Any] = [np.empty(0, np.int64)]
        for number, sieve in self.sieves.items():
            hashes, _ = words.runs(number)
            there = hashes[sieve.passed(hashes)]
            found.append(self.kinds[number][np.searchsorted(sieve.hashes, there)])
        return np.concatenate(found)


def _place(hashes: Hashes) -> Positions:
    places: Positions = ((hashes * _ODD[1]) >> _TO_PLACE).astype(np.int64)
    return places


def _mixed(hashes: Hashes) -> Hashes:
    shifted: Hashes = hashes ^ (hashes >> _SHIFT)
    mixed: Hashes = shifted * _ODD[2]
    return mixed ^ (shifted >> _SHIFT)


def _of_words(small: NDArray[np.uint8], begin: Positions, end: Positions) -> Hashes:
    eight: Hashes = np.ndarray((len(small) - _BYTES + 1,), "<u8", buffer=small.data, strides=(1,))
    length = end - begin
    first = eight[begin] & _KEEP[np.minimum(length, _BYTES)]
    last = np.where(length > _BYTES, eight[end - _BYTES], np.uint64(0))
    return _mixed(_mixed(first * _ODD[0] + length.astype(np.uint64)) ^ (last * _ODD[1]))


def _joined(small: NDArray[np.uint8], kind: NDArray[np.uint8], begin: Positions, end: Positions) -> NDArray[np.bool_]:
    gap = begin[1:] - end[:-1]
    first, second = small[end[:-1]], small[begin[1:] - 1]
    one = (gap == 1) & _JOINS[first]
    two = (gap == 2) & _JOINS[first] & _JOINS[second]
    # "12, High Street" is one address; 12, 345 are two figures of a row.
    comma = (gap == 2) & (first == ord(",")) & (second == ord(" "))
    figures = (kind[end[:-1] - 1] == _DIGIT) & (kind[begin[1:]] == _DIGIT)
    joined: NDArray[np.bool_] = (gap == 0) | one | two | (comma & ~figures)
    return joined
