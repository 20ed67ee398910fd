import math
import re
from typing import Any

import pytest

from vi_risk.features.catalogue import read_catalogue
from vi_risk.features.definition import Definition, Feature
from vi_risk.reasons.sentences import ago, fewer_or_more, number, sentence, span


def feature(window: int | None = 365, group_title: str = "", **words: str) -> Feature:
    declared: dict[str, Any] = {
        "name": "emergency_admissions",
        "domain": "acute use",
        "title": "Emergency admissions",
        "table": "spells",
        "measure": "count",
        "windows": [365],
        "reason": "{n} emergency admission{s} in the last {window}",
        **words,
    }
    return Feature("emergency_admissions_365d", Definition.model_validate(declared), window, None, group_title)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.0, "1 emergency admission in the last 12 months"),
        (3.0, "3 emergency admissions in the last 12 months"),
        (1200.0, "1,200 emergency admissions in the last 12 months"),
        (2.5, "2.5 emergency admissions in the last 12 months"),
    ],
)
def test_a_sentence_has_the_patients_value_in_it_and_agrees_with_it(value: float, words: str) -> None:
    assert sentence(feature(), value, 365) == words


def test_a_sentence_names_the_look_back_that_was_used_not_the_declared_one() -> None:
    assert sentence(feature(window=730), 2.0, 500) == "2 emergency admissions in the last 16 months"


def test_zero_and_missing_have_words_of_their_own_or_none() -> None:
    worded = feature(reason_zero="no admission in the last {window}", reason_missing="admissions not seen")

    assert sentence(worded, 0.0, 365) == "no admission in the last 12 months"
    assert sentence(worded, math.nan, 365) == "admissions not seen"
    assert sentence(feature(), 0.0, 365) == ""
    assert sentence(feature(), math.nan, 365) == ""


def test_days_since_are_told_as_how_long_ago() -> None:
    since = feature(measure="days_since_last", reason="last emergency admission {ago}")

    assert sentence(since, 9.0, 730) == "last emergency admission 9 days ago"


def test_a_group_is_told_by_its_title() -> None:
    flagged = feature(
        group_title="heart failure",
        table="coded_entries",
        measure="group_flags",
        codes="any",
        reason="{group} recorded",
    )

    assert sentence(flagged, 1.0, 1095) == "heart failure recorded"


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (1, "1 days"),
        (30, "30 days"),
        (179, "179 days"),
        (180, "6 months"),
        (364, "12 months"),
        (365, "12 months"),
        (366, "12 months"),
        (730, "2 years"),
        (1095, "3 years"),
        (None, ""),
    ],
)
def test_look_backs_are_told_in_the_unit_that_fits(days: int | None, words: str) -> None:
    assert span(days) == words


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (1, "yesterday"),
        (2, "2 days ago"),
        (20, "20 days ago"),
        (21, "3 weeks ago"),
        (69, "10 weeks ago"),
        (94, "13 weeks ago"),
        (95, "3 months ago"),
        (365, "12 months ago"),
        (699, "23 months ago"),
        (700, "2 years ago"),
        (1095, "3 years ago"),
    ],
)
def test_how_long_ago_is_told_in_the_unit_that_fits(days: int, words: str) -> None:
    assert ago(days) == words


@pytest.mark.parametrize(("value", "words"), [(0.0, "0"), (2.0, "2"), (14.25, "14.2"), (math.nan, "not known")])
def test_numbers_are_written_as_people_write_them(value: float, words: str) -> None:
    assert number(value) == words


@pytest.mark.parametrize("value", [1.0, 2.0, 17.0, 0.0, math.nan])
def test_no_sentence_of_a_declared_feature_has_a_raw_name_or_an_unfilled_place_in_it(value: float) -> None:
    catalogue = read_catalogue()
    names = {feature.name for feature in catalogue.features} | {d.name for d in catalogue.definitions if "_" in d.name}

    for declared in catalogue.features:
        words = sentence(declared, value, declared.window)
        assert not names & set(words.split())
        assert "_" not in words
        assert "{" not in words
        assert "nan" not in words.split()


def test_every_input_of_a_model_has_words_for_what_it_counts() -> None:
    assert [
        f.name for f in read_catalogue().features if f.definition.model_input and not sentence(f, 2.0, f.window)
    ] == []


def _values(declared: Feature) -> tuple[float, ...]:
    """Return values that a feature can have: one and many, none, fewer than none, missing."""
    measure = declared.definition.measure
    if measure in ("any", "group_flags", "is", "latest_is") or declared.definition.at_least is not None:
        return (1.0, 0.0, math.nan)
    if measure == "share":
        return (1.0, 0.25, 0.004, 0.0, math.nan)
    below = (-1.0, -2.5) if measure in ("slope", "points") else ()
    return (1.0, 2.0, 3.0, 0.5, 14.0, 1200.0, 0.0, *below, math.nan)


@pytest.mark.parametrize("declared", read_catalogue().features, ids=lambda declared: declared.name)
def test_every_sentence_that_a_shipped_feature_can_make_is_english(declared: Feature) -> None:
    for window in (declared.window, None if declared.window is None else 30):
        for value in _values(declared):
            said = sentence(declared, value, window)
            assert not re.search(r"[{}_]|\bnan\b|\bNone\b|  | ,|^\s|\s$|\(\)", said)
            assert not re.search(r"\b1 (?!is )\w+s\b|\b1 \w+ times\b", said), "one is singular"
            assert not re.search(r"\b(?:[2-9]|14) (?:day(?! case)|night|time|admission|attendance|contact)\b", said)
            assert not re.search(r"\b(?:last|the) (?:$|,)", said), "a window without its length"


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        (1.0, "1 more emergency admission in the last 12 months"),
        (3.0, "3 more emergency admissions in the last 12 months"),
        (-1.0, "1 fewer emergency admission in the last 12 months"),
        (-1.5, "1.5 fewer emergency admissions in the last 12 months"),
    ],
)
def test_a_difference_is_told_in_the_words_of_the_feature(difference: float, words: str) -> None:
    assert fewer_or_more(feature(), difference, 365) == words


def test_a_sentence_that_names_no_number_tells_no_difference() -> None:
    assert fewer_or_more(feature(reason="admitted {times}"), 2.0, 365) == ""


@pytest.mark.parametrize("declared", read_catalogue().features, ids=lambda declared: declared.name)
def test_every_difference_that_a_shipped_feature_can_have_is_english(declared: Feature) -> None:
    for difference in (1.0, 2.0, -1.0, -14.0):
        said = fewer_or_more(declared, difference, declared.window)
        assert not re.search(r"[{}_]|\bnan\b|\bNone\b|  | ,|^\s|\s$|\(\)", said)
        assert not re.search(r"\b1 (?:more|fewer) (?!is )\w+s\b(?! status)", said), "one is singular"
