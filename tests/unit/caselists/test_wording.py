from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from tests.unit.caselists.conftest import MakeList
from vi_risk.caselists.choosing.rules import Band, CaseListRules, load_rules
from vi_risk.caselists.wording import (
    about_rows,
    band_ranges,
    change_in_words,
    compared_with,
    data_reach,
    fact_text,
    heading,
    how_sure,
    missing_from,
    natural_frequency,
    percent,
    places,
    share,
    shown_chance,
    shown_share,
    summary,
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


def test_who_is_missing_is_told_by_what_kept_them_and_few_objectors_as_few(make_list: MakeList) -> None:
    counts = {
        "objects to risk stratification": 3,
        "reviewed within 8 weeks": 2,
        "has no risk": 1,
        "died since 1 October 2025": 4,
        "left the practice in the last 12 months": 5,
    }
    case_list = make_list({}, excluded_counts=counts)
    left_out = {"objection to being risk stratified": "fewer than 8"}
    assert missing_from(replace(case_list, about=replace(case_list.about, left_out=left_out))) == [
        (
            "Left out of the records of all practices",
            {"objection to being risk stratified": "fewer than 8 people"},
        ),
        ("Kept off the list, never named", {"objects to risk stratification": "fewer than 8"}),
        ("Kept off the list by its rules, whatever the risk", {"reviewed within 8 weeks": 2}),
        (
            "Could not be listed",
            {"has no risk": 1, "died since 1 October 2025": 4, "left the practice in the last 12 months": 5},
        ),
    ]
    assert missing_from(make_list({})) == []


def test_a_reader_is_told_which_list_is_meant_by_last_time(make_list: MakeList) -> None:
    about = make_list({}).about
    assert compared_with(about) == ""
    before = replace(about, previous_date=date(2025, 8, 1))
    assert compared_with(before) == "the list of 1 August 2025"
    assert "no list was made then" in compared_with(replace(before, previous_made=False))


def test_places_are_told_as_the_rules_give_them_out(make_list: MakeList) -> None:
    about = make_list({}).about
    assert places(about) == "20 on each list"
    assert places(replace(about, places="50 in the whole trust, 3 at least for each practice")).startswith("50 in")


def test_the_summary_says_how_many_were_listed_and_how_many_could_have_been(make_list: MakeList) -> None:
    assert summary(make_list({}, eligible=1)) == (
        "1 of 1 person who could have been listed,"
        " in order of their chance of an emergency admission in the next 12 months."
    )
    assert summary(make_list(eligible=0)) == (
        "Nobody is on this list: 0 people of this practice could have been listed."
    )


def test_bands_are_told_with_their_cut_points() -> None:
    assert band_ranges(load_rules()) == (
        "●●●● very high: 50 % and over; ●●●○ high: 30 % to under 50 %;"
        " ●●○○ moderate: 15 % to under 30 %; ●○○○ lower: under 15 %"
    )
    assert band_ranges(CaseListRules((Band("all", 0.0, "●"),))) == "● all: any chance"


def test_sources_without_data_are_simply_not_told() -> None:
    assert data_reach({}) == ""


def test_a_reader_is_told_the_model_the_dates_the_notes_and_that_a_clinician_reviews(make_list: MakeList) -> None:
    told = about_rows(make_list({}), load_rules())
    assert ("Model", "Emergency admission, version 0.1.0") in told
    assert ("Records seen to", "31 October 2025 (hospital stays); 30 September 2025 (GP record)") in told
    assert ("Note", "GP record not seen before 1 March") in told
    assert ("Places", "20 on each list") in told
    assert told[-1] == ("Use", "Decision support: to be reviewed by a clinician.")
    assert "Network" not in dict(told)
