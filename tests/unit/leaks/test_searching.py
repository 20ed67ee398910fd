"""Without a list: what is formed like an NHS number or a postcode, and what only looks like it."""

import pytest

from vi_risk.leaks.contents import Block
from vi_risk.leaks.searching import LikelySearch


def found(text: str) -> dict[str, int]:
    """Return how often each kind is found in a text."""
    counts = LikelySearch().found(Block((), text.encode(), text=True))
    return {kind: times for (kind, _), times in counts.items() if times}


@pytest.mark.parametrize(
    "text",
    [
        *("9434765919", "943 476 5919", "943-476-5919", '{"id": "9434765919"}', "seen on 2025-04-01, 943 476 5919"),
        *("9434765919.0", "<td>943&nbsp;476&nbsp;5919</td>", "943 476 5919 Ann", "9434765919\n"),
    ],
)
def test_an_nhs_number_that_stands_alone_is_likely(text: str) -> None:
    assert found(text) == {"NHS number": 1}


@pytest.mark.parametrize(
    "text",
    [
        *("9434765918", "4444444444"),  # the check digit is wrong; a placeholder
        *("0.9434765919", "19434765919", "94347659191", "a9434765919f"),
        *("334 120 943 476 5919", "943 476 5919 208", "tree_sizes=652 943 476 5919", "leaf_count=943 476 5919"),
        "1732286400",  # a time in seconds; those that are issued in Scotland look like it
        "943,476,5919",
    ],
)
def test_other_figures_are_not(text: str) -> None:
    assert found(text) == {}


@pytest.mark.parametrize("text", ["LS1 4AB", "LS14AB", "at SW1A 1AA,", '"EC1A1BB"', "M1 1AE", "B33 8TH", "CR2 6XH"])
def test_a_full_postcode_is_likely(text: str) -> None:
    assert found(text) == {"postcode": 1}


@pytest.mark.parametrize(
    "text", ["E01010568", "M92001", "LS1", "ZZ12 3QX", "J44 1XY1", "xLS14AB", "OTQz+LS14AB/", "LS1 4CC"]
)
def test_codes_of_areas_practices_and_diseases_are_not(text: str) -> None:
    assert found(text) == {}


def test_bytes_that_are_no_text_are_passed_over() -> None:
    assert not LikelySearch().found(Block((), b"9434765919", text=False))
