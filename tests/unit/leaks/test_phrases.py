"""Phrases found in texts as a plain reading of the rules finds them."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vi_risk.leaks.phrases import MOST_WORDS, Phrases

_WORD = re.compile(rb"[A-Za-z]+|[0-9]+|[\x80-\xff]+")


def _slowly(phrase: bytes, text: bytes) -> int:
    """Count a phrase in a text, word by word: as long as the words stand side by side or one sign parts them."""
    looked_for = [word.lower() for word in _WORD.findall(phrase)]
    words = [(match[0].lower(), match.start(), match.end()) for match in _WORD.finditer(text)]
    times = 0
    for first in range(len(words) - len(looked_for) + 1):
        chosen = words[first : first + len(looked_for)]
        gaps = [text[one[2] : two[1]] for one, two in pairwise(chosen)]
        times += [word for word, _, _ in chosen] == looked_for and all(gap in (b"", b" ", b"-", b" -") for gap in gaps)
    return times


@given(
    st.lists(st.text("ab1 ", min_size=1, max_size=6).filter(str.strip), min_size=1, max_size=5),
    st.text("abAB11 -\n;", max_size=60),
)
def test_phrases_are_found_as_often_as_a_slow_reading_finds_them(phrases: list[str], text: str) -> None:
    written = list({b" ".join(_WORD.findall(phrase.encode())): None for phrase in phrases})
    text = re.sub("  +|--+|- ", " ", text)
    expected = sorted(kind for kind, one in enumerate(written) for _ in range(_slowly(one, text.encode())))
    found = Phrases.of(written, range(len(written))).kinds_in(text.encode())
    assert sorted(found.tolist()) == expected


@pytest.mark.parametrize("text", [b"Annual", b"Anna", b"An n", b"Ann\nLee", b"Ann;Lee", b"Ann, a Lee", b"Lee Ann", b""])
def test_what_only_holds_the_letters_is_not_found(text: bytes) -> None:
    assert Phrases.of([b"Ann Lee", b"Ann1"], [0, 1]).kinds_in(text).tolist() == []


def test_of_a_long_address_the_first_words_are_enough() -> None:
    address = b"Flat 2, 12 High Street, Bilston, West Midlands, England"
    assert len(_WORD.findall(address)) > MOST_WORDS
    assert Phrases.of([address], [2]).kinds_in(b"lives at flat 2, 12 high street, bilston, west, and").tolist() == []
    assert Phrases.of([address], [2]).kinds_in(b"FLAT 2 12 HIGH STREET BILSTON WEST MIDLANDS, ENGL").tolist() == [2]


def test_of_words_of_more_than_sixteen_letters_the_middle_is_not_looked_at_and_the_length_is() -> None:
    phrases = Phrases.of([b"abcdefghMIDDLEijklmnop"], [0])
    assert phrases.kinds_in(b"abcdefghmuddleijklmnop").tolist() == [0]
    assert phrases.kinds_in(b"abcdefghmiddlesijklmnop abcdefghmiddleijklmno").tolist() == []
