import math
from dataclasses import replace

import pytest

from tests.unit.caselists.example_lists import example_summary
from vi_risk.caselists.choosing.rules import load_rules
from vi_risk.caselists.packs.first_page import first_page, share
from vi_risk.caselists.practice.practice_summary import Compared, PracticeSummary, StandsOut


def empty_summary() -> PracticeSummary:
    return PracticeSummary(
        people=0, figures=(), pyramid={}, stands_out=(), share_of_people=0.0, share_of_need=0.0, reviewed={}
    )


def test_shares_are_drawn_beside_one_another_and_the_larger_fills_its_place() -> None:
    page = first_page(replace(empty_summary(), figures=(Compared("Three or more", 0.1, 0.2),)), load_rules())
    assert page.figures[0].bars == (50.0, 100.0)


@pytest.mark.parametrize(
    ("figure", "practice", "trust"),
    [
        (Compared("People", 7412, 62_000, "people"), "7,412", "62,000"),
        (Compared("Admissions", 611.4, 4980.2, "admissions"), "611", "4,980"),
        (Compared("Age", 43.5, 41.0, "years"), "43.5 years", "41 years"),
        (Compared("Share", math.nan, 0.2), "not seen", "20.0 %"),
        (Compared("People", math.nan, 9, "people"), "not seen", "9"),
    ],
)
def test_a_figure_is_told_in_its_unit_and_never_drawn_where_it_was_not_seen(
    figure: Compared, practice: str, trust: str
) -> None:
    (told,) = first_page(replace(empty_summary(), figures=(figure,)), load_rules()).figures
    assert (told.practice, told.trust, told.bars) == (practice, trust, None)


def test_a_ratio_of_one_lies_in_the_middle_and_what_is_off_the_scale_at_its_end() -> None:
    found = StandsOut("condition", "COPD", 30, 10.0, ratio=1.0, low=0.1, high=9.0)
    (told,) = first_page(replace(empty_summary(), stands_out=(found,)), load_rules()).outliers
    assert (told.low, told.at, told.high) == (0.0, 50.0, 100.0)


def test_small_expected_numbers_keep_a_decimal() -> None:
    found = StandsOut("care gap", "Review", 7, 2.31, ratio=3.03, low=1.2, high=6.2)
    (told,) = first_page(replace(empty_summary(), stands_out=(found,)), load_rules()).outliers
    assert (told.observed, told.expected, told.ratio) == ("7", "2.3", "3.03")


def test_the_bands_of_an_age_lie_end_to_end_and_the_longest_row_fills_its_place() -> None:
    page = first_page(example_summary(), load_rules())
    longest = max(page.ages, key=lambda age: sum(age.counts))
    ends = [round(start + width, 1) for start, width, _ in longest.parts]
    assert ends[:-1] == pytest.approx([start for start, *_ in longest.parts[1:]], abs=0.1)
    assert ends[-1] == pytest.approx(100, abs=0.2)
    assert page.bands == ("very high", "high", "moderate", "lower")


def test_nothing_is_divided_by_nothing() -> None:
    page = first_page(replace(empty_summary(), pyramid={("18 to 39", "high"): 0}), load_rules())
    assert page.shares == (0.0, 0.0)
    assert page.ages[0].parts == ()


def test_a_share_that_is_not_none_is_never_told_as_none() -> None:
    assert (share(0.0), share(0.0004), share(0.0005)) == ("0.0 %", "under 0.1 %", "0.1 %")
