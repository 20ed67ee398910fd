"""Bands fall from the highest to 0, each with a name and a symbol of its own."""

import pytest

from vi_risk.caselists.choosing.bands import Band, read_bands
from vi_risk.caselists.choosing.rules import CaseListRules
from vi_risk.errors import SpecificationError


@pytest.mark.parametrize(
    ("cuts", "told"),
    [
        ((0.5, 0.1), "expected the last band from 0, found 0.5, 0.1"),
        ((0.3, 0.3, 0.0), "expected `from` to fall from each band to the next, found 0.3, 0.3, 0"),
        ((1.5, 0.0), "expected 0 to 1, found 1.5"),
        ((), "expected the last band from 0, found no band"),
    ],
)
def test_bands_fall_strictly_within_zero_and_one_and_end_at_zero(cuts: tuple[float, ...], told: str) -> None:
    bands = tuple(Band(f"band {number}", cut, "●" * (number + 1)) for number, cut in enumerate(cuts))
    with pytest.raises(SpecificationError, match=f"case list rules: .*{told}"):
        CaseListRules(bands)


def test_a_band_has_a_name_that_can_be_read() -> None:
    with pytest.raises(SpecificationError, match=r"band ' ': name: expected a word or two, found none"):
        CaseListRules((Band(" ", 0.0, "●"),))


def test_two_bands_never_share_a_name_or_a_symbol() -> None:
    with pytest.raises(SpecificationError) as caught:
        CaseListRules((Band("high", 0.3, "●"), Band("high", 0.0, "●")))
    assert "band: name: expected each once, found 'high' again" in str(caught.value)
    assert "band: symbol: expected each once, found '●' again" in str(caught.value)


@pytest.mark.parametrize("entries", [[0.5, 0.0], {"name": "high"}, "high", None])
def test_bands_that_are_no_tables_are_told(entries: object) -> None:
    _, (told,) = read_bands(entries)

    assert told.startswith("band: expected [[band]] tables, each with name, from and symbol;")


def test_every_fault_of_every_band_is_told() -> None:
    entries = [{"name": "high", "from": True, "symbol": "●"}, {"name": 1, "from": 0.0, "symbl": "○"}]

    bands, faults = read_bands(entries)

    assert bands == ()
    assert [fault.split(".")[0] for fault in faults] == [
        "band 1: from: expected a number from 0 to 1, found True",
        "band 2: symbl: is not a known key",
        "band 2: symbol: is missing",
        "band 2: name: expected text, found 1",
    ]
