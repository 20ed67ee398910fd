"""What a list says about itself."""

from dataclasses import replace
from datetime import date

from tests.unit.caselists.conftest import MakeList
from vi_risk.caselists.about import about_rows, band_ranges, compared_with, data_reach, missing_from, places, summary
from vi_risk.caselists.choosing.rules import Band, CaseListRules, load_rules


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


def test_the_summary_tells_an_order_of_the_sites_own_without_how_ties_are_broken(make_list: MakeList) -> None:
    case_list = make_list({})
    ordered = "20 on each list, in order of risk times age; of equal ones the older first"
    about = replace(case_list.about, places=ordered)
    assert summary(replace(case_list, about=about)).endswith("in order of risk times age.")
