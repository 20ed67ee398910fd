"""What is looked for in a block of a file: identifiers of a list, or, without one, what is formed like them."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from vi_risk.identity.identifiers_as_written import ISSUED, number_form, postcode_form
from vi_risk.identity.nhs_numbers import nhs_number_of
from vi_risk.leaks.contents import Block
from vi_risk.leaks.forms import of_base64, of_url, of_wide_signs, plain
from vi_risk.leaks.identifiers import KINDS, NHS_NUMBER, POSTCODE, Identifiers
from vi_risk.leaks.phrases import Phrases
from vi_risk.leaks.spellings import Spellings

AS_IT_IS, FOR_A_URL, IN_BASE64, WIDE = "", "encoded for a URL", "in base64", "with wide signs"

# Kind and form -> how often it was found.
Found = Counter[tuple[str, str]]


class Search(Protocol):
    """Looks for identifiers in one block at a time."""

    def found(self, block: Block) -> Found:
        """Return what of each kind stands in a block, in which form, and how often."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class ListedSearch:
    """Looks for the identifiers of a list, however they are written.

    Attributes
    ----------
    phrases
        For texts, in which words begin and end.
    spellings
        For bytes of any kind.
    """

    phrases: Phrases
    spellings: Spellings

    @classmethod
    def of(cls, identifiers: Identifiers) -> "ListedSearch":
        """Return the search for these identifiers."""
        spelt = list(identifiers.spelt())
        phrases = Phrases.of([written for written, _ in spelt], [kind for _, kind in spelt])
        return cls(phrases, Spellings.of(spelt))

    def found(self, block: Block) -> Found:
        """Return what of each kind stands in a block, in which form, and how often."""
        content = plain(block.content)
        counts = {AS_IT_IS: self._count(content, text=block.text)}
        parts, decoded = of_url(content)
        if parts:
            counts[FOR_A_URL] = self._count(plain(decoded), text=block.text) - self._count(parts, text=block.text)
        for decoded in of_base64(content):
            counts[IN_BASE64] = counts.get(IN_BASE64, Counter()) + self._count(decoded, text=False)
        if not block.text and (narrow := of_wide_signs(block.content)):
            counts[WIDE] = self._count(narrow, text=False) - counts[AS_IT_IS]
        return Counter({(kind, form): times for form, found in counts.items() for kind, times in found.items()})

    def _count(self, content: bytes, *, text: bool) -> Counter[str]:
        kinds = (self.phrases if text else self.spellings).kinds_in(content)
        times = np.bincount(kinds, minlength=len(KINDS)).tolist()
        return Counter({kind: number for kind, number in zip(KINDS, times, strict=True) if number})


# Neither decimals nor part of a longer name.
_NUMBER = re.compile(rf"(?<![0-9A-Za-z.]){number_form(ISSUED, '[- ]?')}(?![0-9A-Za-z])".encode())
# Before three figures that belong to more: rows of figures, and the lists of counts in models of LightGBM.
_FIGURES_BEFORE = re.compile(rb"(?:(?:=|[0-9] )[0-9]+ |(?:count|sizes|weight)=)\Z")
_FIGURE_AFTER = re.compile(rb" -?[0-9]")
_BEFORE = 24  # bytes that are looked back
_ALONE, _ENDS = "(?<![0-9A-Za-z+/=])", "(?![0-9A-Za-z+/=])"  # no part of a longer name, nor of base64
_POSTCODE = re.compile(f"{_ALONE}{postcode_form(' ?')}{_ENDS}".encode())


@dataclass(frozen=True, slots=True)
class LikelySearch:
    """Looks in texts for what is formed like an NHS number or a full postcode.

    One in eleven of any numbers of ten digits passes the check digit, so what is found is to be looked at by a person.
    """

    def found(self, block: Block) -> Found:
        """Return how often each kind stands in a block, if that is text."""
        if not block.text:
            return Counter()
        content = plain(block.content)
        numbers = sum(_is_likely(content, match) for match in _NUMBER.finditer(content))
        postcodes = sum(1 for _ in _POSTCODE.finditer(content))
        return Counter({(NHS_NUMBER, AS_IT_IS): numbers, (POSTCODE, AS_IT_IS): postcodes})


def _is_likely(content: bytes, match: re.Match[bytes]) -> bool:
    if nhs_number_of(match[0].decode()) is None:
        return False
    before = _FIGURES_BEFORE.search(content, max(0, match.start() - _BEFORE), match.start())
    return b" " not in match[0] or not (before or _FIGURE_AFTER.match(content, match.end()))
