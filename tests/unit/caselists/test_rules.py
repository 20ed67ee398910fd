from dataclasses import replace
from pathlib import Path

import pytest

from vi_risk.caselists.rules import Band, CaseListRules, load_rules
from vi_risk.errors import SpecificationError, UsageError


def written(folder: Path, text: str) -> Path:
    path = folder / "site.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(SpecificationError) as caught:
        load_rules(written(folder, text))
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("risk", "band"),
    [
        (1.0, "very high"),
        (0.5, "very high"),
        (0.4999, "high"),
        (0.3, "high"),
        (0.15, "moderate"),
        (0.1499, "lower"),
        (0.0, "lower"),
    ],
)
def test_a_cut_point_belongs_to_the_band_that_it_begins(risk: float, band: str) -> None:
    assert load_rules().band(risk) == band


@pytest.mark.parametrize("risk", [-0.01, 1.01, float("nan")])
def test_what_is_not_a_probability_has_no_band(risk: float) -> None:
    with pytest.raises(UsageError, match="outside 0 to 1 or missing"):
        load_rules().band(risk)


def test_the_shipped_rules_have_twenty_places_five_reasons_and_a_symbol_for_every_band() -> None:
    rules = load_rules()
    assert (rules.capacity, rules.reasons) == (20, 5)
    assert len({band.symbol for band in rules.bands}) == len(rules.bands) == 4


def test_a_key_that_a_site_leaves_out_keeps_its_shipped_value(tmp_path: Path) -> None:
    assert load_rules(written(tmp_path, "capacity = 12")) == replace(load_rules(), capacity=12)


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    told = faults(
        tmp_path,
        """
        capacity = 0
        reasons = 6
        colour = "red"
        [[band]]
        name = "high"
        from = 0.3
        symbol = "●●"
        [[band]]
        name = "higher"
        from = 0.4
        symbol = "**"
        [[band]]
        name = "low"
        from = "none"
        symbl = "○○"
        """,
    )
    for part in (
        "site.toml: capacity: expected a whole number from 1, found 0.",
        "site.toml: reasons: expected a whole number from 1 to 5, found 6.",
        "site.toml: colour: is not a known key.",
        "site.toml: band 'higher': symbol: expected 1 to 10 of ● and ○, found '**'.",
        "site.toml: band 3: from: expected a number from 0 to 1, found 'none'.",
        "site.toml: band 3: symbl: is not a known key.",
        "site.toml: band 3: symbol: is missing.",
        "site.toml: band: expected `from` to fall from each band to the next, found 0.3, 0.4.",
    ):
        assert [line for line in told if line.startswith(part)], part
    assert len(told) == 8


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


def test_two_bands_never_share_a_name_or_a_symbol() -> None:
    with pytest.raises(SpecificationError) as caught:
        CaseListRules((Band("high", 0.3, "●"), Band("high", 0.0, "●")))
    assert "band: name: expected each once, found 'high' again" in str(caught.value)
    assert "band: symbol: expected each once, found '●' again" in str(caught.value)


def test_a_band_that_is_not_a_table_is_told(tmp_path: Path) -> None:
    (told,) = faults(tmp_path, "band = [0.5, 0.0]")
    assert told.startswith("site.toml: band: expected [[band]] tables, each with name, from and symbol;")


def test_true_is_no_number_of_places(tmp_path: Path) -> None:
    assert "found True" in faults(tmp_path, "capacity = true")[0]


def test_broken_toml_is_told_with_its_line(tmp_path: Path) -> None:
    assert "line 2, column 1" in faults(tmp_path, "capacity = 3\n= 4")[0]


def test_a_list_made_under_other_rules_is_refused() -> None:
    with pytest.raises(UsageError, match="'extreme' is not among those of the rules"):
        load_rules().grade("extreme")
