import math
from dataclasses import replace

import pytest

from tests.unit.caselists.example_lists import example_list, example_summary
from vi_risk.caselists.choosing.rules import load_rules
from vi_risk.caselists.packs.first_page import SHARE_OF_NEED, first_page, side_by_side
from vi_risk.caselists.practice.practice_summary import Compared, PracticeSummary, StandsOut


def empty_summary() -> PracticeSummary:
    return PracticeSummary(
        people=0, figures=(), pyramid={}, stands_out=(), share_of_people=0.0, share_of_need=0.0, reviewed={}
    )


def test_all_shares_are_drawn_on_one_scale_whose_end_is_the_largest_of_them() -> None:
    figures = (
        Compared("Three or more", 0.1, 0.2),
        Compared("Few", 0.009, 0.01),
        Compared("People", 7412, 9000, "people"),
    )
    page = first_page(replace(empty_summary(), figures=figures, share_of_people=0.05), load_rules())
    assert [figure.bars for figure in page.figures] == [(50.0, 100.0), (4.5, 5.0), None]
    assert page.shares == (25.0, 0.0)


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


def test_practices_stand_beside_one_another_in_their_order_and_the_trust_after_them() -> None:
    lists = [example_list(practice_name=name, summary=example_summary()) for name in ("Ash Tree", "Dovecote")]
    lists.append(example_list(practice_name="Without one", summary=None))
    told = side_by_side(lists)
    assert told is not None
    assert told.practices == ("Ash Tree", "Dovecote")
    rows = {title: (practices, trust) for title, practices, trust in told.rows}
    assert rows["Three or more long-term conditions"] == (("21.4 %", "21.4 %"), "18.8 %")
    assert rows[SHARE_OF_NEED] == (("13.6 %", "13.6 %"), "")


def test_figures_of_one_title_are_not_taken_for_one_another() -> None:
    figures = (Compared("The same, for every 1,000 people", 106, 106, "admissions"),
               Compared("The same, for every 1,000 people", 556, 585, "days"))  # fmt: skip
    lists = [example_list(summary=replace(empty_summary(), figures=figures)) for _ in range(2)]
    told = side_by_side(lists)
    assert told is not None
    assert [practices[0] for _, practices, _ in told.rows[:2]] == ["106", "556"]


def test_one_practice_stands_beside_none() -> None:
    assert side_by_side([example_list()]) is None
