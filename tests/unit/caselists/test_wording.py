from datetime import date

import numpy as np
import pandas as pd
import pytest

from vi_risk.caselists.wording import (
    change_in_words,
    fact_text,
    heading,
    how_sure,
    natural_frequency,
    percent,
    share,
    shown_chance,
    shown_share,
    without_turning,
)


@pytest.mark.parametrize(
    ("risk", "words", "frequency"),
    [
        (0.0, "under 0.1 %", "fewer than 1 in 1,000"),
        (0.001, "0.1 %", "about 1 in 1,000"),
        (0.0094, "0.9 %", "about 9 in 1,000"),
        (0.0096, "1 %", "about 1 in 100"),
        (0.145, "15 %", "about 15 in 100"),
        (0.2, "20 %", "about 2 in 10"),
        (0.38, "38 %", "about 4 in 10"),
        (0.646, "65 %", "about 7 in 10"),
        (0.746, "75 %", "about 8 in 10"),
        (0.949, "95 %", "about 95 in 100"),
        (0.96, "96 %", "about 96 in 100"),
        (0.995, "over 99 %", "more than 99 in 100"),
        (1.0, "over 99 %", "more than 99 in 100"),
    ],
)
def test_a_chance_is_told_in_per_cent_and_as_people(risk: float, words: str, frequency: str) -> None:
    assert percent(risk) == words
    assert natural_frequency(risk) == f"{frequency} people like this"


def test_a_share_that_is_not_none_is_never_told_as_none() -> None:
    assert (share(0.0), share(0.0004), share(0.0005)) == ("0.0 %", "under 0.1 %", "0.1 %")


def test_a_cell_of_the_workbook_rounds_halves_as_the_page_does() -> None:
    for number in range(5, 10_000, 10):
        value = number / 10_000  # 9.85 % and its like, where binary fractions go either way
        assert share(value) == f"{100 * shown_share(value):.1f} %" == f"{(number + 5) // 10 / 10:.1f} %"


def test_a_chance_in_a_cell_is_the_one_of_the_page() -> None:
    for number in range(1, 9900):
        risk = number / 10_000
        shown = 100 * shown_chance(risk)
        assert percent(risk) in (f"{shown:.1f} %" if risk < 0.0095 else f"{shown:.0f} %", "under 0.1 %")


@pytest.mark.parametrize("missing", [None, pd.NA, pd.NaT, float("nan"), np.float64("nan")])
def test_a_missing_fact_is_not_seen_and_never_zero(missing: object) -> None:
    assert fact_text(missing) == "not seen"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (np.int64(1234), "1,234"),
        (3.0, "3"),
        (14.25, "14.2"),
        (True, "yes"),
        (np.False_, "no"),
        (date(2025, 10, 3), "3 October 2025"),
        ("9 days ago", "9 days ago"),
    ],
)
def test_a_fact_reads_as_people_write_it(value: object, text: str) -> None:
    assert fact_text(value) == text


def test_a_column_without_declared_words_is_named_by_its_own() -> None:
    assert heading("ed_attendances_12m") == "A&E attendances, 12 months"
    assert heading("in_hospital_now") == "In hospital now"


def test_the_chance_of_another_outcome_is_named_with_its_time() -> None:
    assert heading("risk_readmission_30d") == "Chance of readmission within 30 days"
    assert heading("risk_something") == "Chance of something"


def test_a_move_too_small_for_an_arrow_has_both_places() -> None:
    assert change_in_words(16, 14.0, is_same=True) == "14 to 16"
    assert change_in_words(4, 4, is_same=True) == change_in_words(4, None, is_same=True) == "= same"


@pytest.mark.parametrize(("times", "word"), [(20, "sure"), (18, "sure"), (17, "fairly sure"), (9, "not sure")])
def test_how_sure_a_place_is_has_a_word(times: int, word: str) -> None:
    assert how_sure(f"in the list in {times} of 20 refits") == f"{word}: in the list in {times} of 20 refits"


def test_signs_that_turn_a_line_are_dropped_and_joiners_are_kept() -> None:
    joined = "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{STAFF OF AESCULAPIUS}"
    turning = "".join(chr(sign) for sign in (*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
    assert without_turning(f"ring{turning} {joined}") == f"ring {joined}"
