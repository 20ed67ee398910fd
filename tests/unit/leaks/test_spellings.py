"""Spellings found in bytes of any kind, as a plain search finds them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vi_risk.leaks.spellings import SHORTEST, Spellings


@given(
    st.lists(st.text("ab", min_size=SHORTEST, max_size=10).map(str.encode), min_size=1, max_size=6, unique=True),
    st.text("abABc", max_size=80).map(str.encode),
)
def test_spellings_are_found_as_often_as_a_slow_search_finds_them(spellings: list[bytes], content: bytes) -> None:
    slowly = [
        kind
        for kind, spelling in enumerate(spellings)
        for _ in re.finditer(rb"(?=" + spelling + rb")", content.lower())
    ]
    found = Spellings.of(zip(spellings, range(len(spellings)), strict=True)).kinds_in(content)
    assert sorted(found.tolist()) == slowly


@pytest.mark.parametrize(
    ("content", "times"),
    [
        (b"\x009434765919\xff", 1),
        (b"M929434765919943476591900", 2),
        (b"0.9434765919", 0),
        (b"0.12349434765919", 0),
        (b"x.9434765919", 1),
        (b"943476591", 0),
    ],
)
def test_a_number_is_found_between_any_bytes_but_not_among_decimals(content: bytes, times: int) -> None:
    assert len(Spellings.of([(b"9434765919", 0)]).kinds_in(content)) == times


def test_short_spellings_are_left_out() -> None:
    assert Spellings.of([(b"LS14AB", 0)]).kinds_in(b"LS14AB").tolist() == []
