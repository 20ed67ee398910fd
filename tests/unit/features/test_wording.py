"""Definitions in words: nothing unsaid of any measure, and what is said of unseen time is what the engine does."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from vi_risk.features import seen
from vi_risk.features.catalogue import read_catalogue
from vi_risk.features.definition import Definition, Measure, Range
from vi_risk.features.wording import (
    _SAID,
    CERTAIN_COUNTS,
    CERTAIN_FLAGS,
    CERTAIN_VALUES,
    declaration_of,
    in_words,
    missing_in_words,
    source_notes,
    unseen_in_words,
    values_in_words,
)

SHIPPED = read_catalogue()


def definition(**keys: Any) -> Definition:
    usual = {"name": "it", "domain": "acute use", "title": "It", "table": "gp_events", "windows": [365], "reason": "r"}
    return Definition.model_validate({**usual, "measure": "count", **keys})


def test_every_measure_has_words() -> None:
    assert set(_SAID) == set(get_args(Measure))


@pytest.mark.parametrize("one", SHIPPED.definitions, ids=lambda one: one.name)
def test_every_shipped_definition_reads_as_a_phrase(one: Definition) -> None:
    for said in (in_words(one), missing_in_words(one), unseen_in_words(one)):
        assert said == said.strip()
        assert not re.search(r"\{[a-z]+\}", said)
        assert "  " not in said
        assert "None" not in said.replace("None of", "")
        assert "with and" not in said


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({}, "number of gp_events"),
        ({"codes": "falls"}, "number of gp_events with a code of falls"),
        ({"codes": "x", "groups": ["a", "b"]}, "number of gp_events with a code of x (a or b)"),
        (
            {"table": "spells", "where": {"admission_method": ["21", "22"]}},
            "number of spells with admission_method 21 or 22",
        ),
        (
            {"measure": "mean", "of": "value", "any_unit": True, "where": {"value": {"min": 1}}},
            "mean value of the gp_events with value at least 1",
        ),
        (
            {"measure": "distinct", "of": "code", "prefix": 3},
            "number of different code (told apart by the first 3 characters) in the gp_events",
        ),
        ({"at_least": 3}, "1 if the number of gp_events is 3 or more, else 0"),
        ({"measure": "groups", "codes": "x"}, "number of groups of x that have a code in the gp_events"),
        (
            {"measure": "rise", "recent": 90},
            "how many times as frequent the gp_events are in the last 90 days as in the whole window",
        ),
        (
            {"table": "patients", "measure": "is", "windows": [], "where": {"care_home": True}},
            "1 if care_home true, else 0",
        ),
    ],
)
def test_a_definition_says_what_it_counts_of_which_rows(keys: dict[str, Any], words: str) -> None:
    assert in_words(definition(**keys)) == words


def test_the_ends_of_a_range_are_told() -> None:
    ranges = (Range(min=1), Range(max=2.5), Range(min=1, max=9))
    assert [values_in_words(one) for one in ranges] == ["at least 1", "at most 2.5", "1 to 9"]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({}, "missing"),
        ({"unseen": "scale"}, "scaled up to the whole window where at least half of it was seen, otherwise missing"),
        ({"measure": "any"}, "1 where what was seen has such a row, otherwise missing"),
        ({"measure": "latest_is", "part": {"unit": "x"}}, "the value of what was seen; missing where nothing was"),
        ({"at_least": 2}, "1 where what was seen is enough, otherwise missing"),
        ({"measure": "seen_days"}, "it counts the days that were seen"),
        ({"table": "coded_entries"}, "where the GP record is not seen, the hospital's diagnoses alone count"),
        ({"table": "spells"}, "does not arise: the trust holds these rows itself"),
        ({"table": "patients", "measure": "age", "windows": []}, "does not arise: it is an attribute of the person"),
    ],
)
def test_what_unseen_time_does_is_told(keys: dict[str, Any], words: str) -> None:
    assert unseen_in_words(definition(**keys)) == words


def test_what_is_certain_though_not_all_was_seen_is_what_the_engine_takes_as_certain() -> None:
    assert set(CERTAIN_VALUES) == set(seen.CERTAIN_VALUES)
    assert set(CERTAIN_FLAGS) == set(seen.FLAGS)
    assert set(CERTAIN_COUNTS) == set(seen.ONLY_GROW)


# --- where it was declared --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", SHIPPED.definitions, ids=lambda one: one.name)
def test_every_shipped_definition_is_found_where_it_is_declared(one: Definition) -> None:
    found = declaration_of(one.name)
    assert found is not None
    path, line, entry = found
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[line - 1] == f"[{one.name}]" == entry.splitlines()[0]
    assert "\n[" not in entry
    assert not entry.splitlines()[-1].startswith("#")


def test_an_own_definition_is_found_in_its_folder_however_its_heading_is_written(tmp_path: Path) -> None:
    text = 'domain = "person"\n\n [ "mine" ]  # ours\ntitle = "t"\n# of the next\n[other]\n'
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    assert declaration_of("mine", [tmp_path]) == (tmp_path / "own.toml", 3, ' [ "mine" ]  # ours\ntitle = "t"')
    assert declaration_of("nobody", [tmp_path]) is None


def test_the_sources_of_every_code_list_are_told() -> None:
    notes = source_notes()
    assert set(notes) == set(SHIPPED.codelists)
    assert "Gilbert" in notes["hospital_frailty"]
    assert not any(note.startswith("#") or "system,code" in note for note in notes.values())
