"""Standings are read from a site's file over those shipped; tests/spec/caselists shows what they do."""

from typing import Any

import pandas as pd
import pytest

from vi_risk.caselists.choosing.standing import Standing, flags_of, kept_off, read_standing, standing_faults
from vi_risk.reasons.when import Bounds, When

CARE_HOME = {"words": "care home", "when": {"care_home": {"min": 1}}, "do": "flag"}
SHIPPED = {"care_home": CARE_HOME}


def standing(name: str, column: str, do: Any = "exclude", words: str = "") -> Standing:
    return Standing(name, words or name, When(({column: Bounds(min=1)},)), do)


def test_a_site_gives_one_key_of_a_shipped_standing_and_keeps_the_others() -> None:
    (found,), faults = read_standing(SHIPPED, {"care_home": {"do": "exclude"}})

    assert faults == []
    assert (found.words, found.do, found.when.columns) == ("care home", "exclude", ("care_home",))


def test_a_standing_of_the_site_comes_after_those_shipped() -> None:
    found, _ = read_standing(SHIPPED, {"ward": {"words": "virtual ward", "when": {"risk": {"min": 0}}, "do": "flag"}})

    assert [one.name for one in found] == ["care_home", "ward"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], "standing: expected [standing.name] tables, found []"),
        ({"care_home": True}, "standing: expected [standing.name] tables"),
        ({"care_home": {"do": "hide"}}, "standing.care_home: do: expected one of exclude, flag, nothing, found 'hide'"),
        ({"care_home": {"do": []}}, "standing.care_home: do: expected one of exclude, flag, nothing, found []"),
        ({"care_home": {"words": " "}}, "standing.care_home: words: expected text in quotes, found ' '"),
        ({"care_home": {"when": {}}}, "standing.care_home: when: expected { feature = { min = 1 } }"),
        ({"care_home": {"why": "so"}}, "standing.care_home: why: is not a known key. Expected one of: words, when, do"),
        ({"ward": {"words": "ward", "when": {"risk": {"min": 0}}}}, "standing.ward: do: is missing"),
        ({"ward": CARE_HOME}, "standing: words: expected each once, found 'care home' again"),
        (
            {"care_home": {"when": {"objection_type_1_36525d": {"min": 1}}}},
            "standing.care_home: do: an objection is never said beside a name, found 'flag'",
        ),
    ],
)
def test_a_fault_is_told_with_what_was_expected(given: Any, told: str) -> None:
    _, (fault,) = read_standing(SHIPPED, given)

    assert fault.startswith(told)


def test_all_faults_are_told_at_once() -> None:
    _, faults = read_standing(SHIPPED, {"care_home": {"do": "x", "why": 1}, "ward": {"do": "flag"}})

    assert len(faults) == 4


def test_the_first_standing_that_holds_is_the_reason_and_an_objection_comes_before_all() -> None:
    people = pd.DataFrame({"one": [1, 1, 0, None], "two": [1, 0, 1, None], "objects": [1, 0, 0, 0]})

    off = kept_off(people, [standing("first", "one"), standing("flagged", "two", "flag"), standing("second", "two")])

    assert off.tolist() == ["objects to risk stratification", "first", "second", ""]


def test_a_standing_that_does_nothing_neither_keeps_off_nor_flags() -> None:
    people = pd.DataFrame({"one": [1]})

    assert kept_off(people, [standing("first", "one", "nothing")]).tolist() == [""]
    assert flags_of(people, [standing("first", "one", "nothing")]) == [""]


def test_what_excludes_is_no_flag_and_what_flags_excludes_nobody() -> None:
    people = pd.DataFrame({"one": [1, 0]})
    declared = [standing("flagged", "one", "flag"), standing("kept off", "one")]

    assert flags_of(people, declared) == ["flagged", ""]
    assert kept_off(people, declared).tolist() == ["kept off", ""]


def test_standings_made_in_python_are_checked_together() -> None:
    assert standing_faults([standing("one", "x"), standing("two", "x", words="one")]) == [
        "standing: words: expected each once, found 'one' again. People are counted by them: change one."
    ]
