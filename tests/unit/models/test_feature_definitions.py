"""What makes a feature mean something else, and what does not."""

from dataclasses import replace
from typing import Any

import pytest

from vi_risk.features.catalogue import Catalogue, read_catalogue
from vi_risk.features.codelists import CodeEntry, CodeList
from vi_risk.features.definition import Definition
from vi_risk.models.feature_definitions import differing

COUNT: dict[str, Any] = {
    "name": "admissions", "domain": "acute use", "title": "Admissions", "table": "admissions", "measure": "count",
    "windows": (90, 365), "reason": "{n} admission{s}", "where": {"admission_method": "21"},
}  # fmt: skip
FLAGS: dict[str, Any] = {
    "name": "condition", "domain": "comorbidity", "title": "Condition", "table": "hospital_diagnoses",
    "measure": "group_flags", "windows": (365,), "codes": "conditions", "reason": "{group}",
}  # fmt: skip
GROUPS: dict[str, Any] = {**FLAGS, "name": "conditions", "measure": "groups", "reason": "{n} conditions"}

ENTRIES = (
    CodeEntry("icd10", "I50", "heart_failure"),
    CodeEntry("icd10", "E11", "diabetes"),
    CodeEntry("icd10", "E112", "diabetes_severe"),
)
CODES = CodeList(
    "conditions",
    ENTRIES,
    {entry.group: entry.group for entry in ENTRIES},
    {"diabetes": "diabetes_severe"},
)


def table_of_diagnoses() -> str:
    """The source that the shipped flags of conditions read."""
    return next(one.table for one in read_catalogue().definitions if one.measure == "group_flags")


@pytest.fixture(scope="module")
def then() -> Catalogue:
    table = {"table": table_of_diagnoses()}
    definitions = (COUNT, {**FLAGS, **table}, {**GROUPS, **table})
    return Catalogue(tuple(Definition(**one) for one in definitions), {"conditions": CODES})


@pytest.fixture(scope="module")
def names(then: Catalogue) -> list[str]:
    return [feature.name for feature in then.features]


def changed(then: Catalogue, place: int, **keys: Any) -> Catalogue:
    definitions = list(then.definitions)
    definitions[place] = definitions[place].model_copy(update=keys)
    return replace(then, definitions=tuple(definitions))


def with_code(then: Catalogue, group: str) -> Catalogue:
    codes = replace(CODES, entries=(*ENTRIES, CodeEntry("icd10", "Z99", group)))
    return replace(then, codelists={"conditions": codes})


def test_the_same_catalogue_differs_in_nothing(then: Catalogue, names: list[str]) -> None:
    read_back = Catalogue.from_json(then.to_json())
    assert differing(names, then=then, today=read_back) == {}


@pytest.mark.parametrize(
    "keys", [{"title": "Stays"}, {"reason": "{n}"}, {"windows": (90, 365, 730)}, {"model_input": False}]
)
def test_wording_and_windows_beside_it_make_no_difference(
    then: Catalogue, names: list[str], keys: dict[str, Any]
) -> None:
    assert differing(names, then=then, today=changed(then, 0, **keys)) == {}


@pytest.mark.parametrize("keys", [{"where": {"admission_method": ("22",)}}, {"at_least": 2.0}, {"unseen": "scale"}])
def test_what_is_counted_makes_a_difference_to_every_feature_of_the_definition(
    then: Catalogue, names: list[str], keys: dict[str, Any]
) -> None:
    found = differing(names, then=then, today=changed(then, 0, **keys))
    assert found == dict.fromkeys(["admissions_90d", "admissions_365d"], "is defined otherwise")


def test_a_window_or_a_definition_that_is_gone_is_named(then: Catalogue, names: list[str]) -> None:
    assert differing(names, then=then, today=changed(then, 0, windows=(90,))) == {"admissions_365d": "is not declared"}
    gone = replace(then, definitions=then.definitions[1:])
    assert set(differing(names, then=then, today=gone)) == {"admissions_90d", "admissions_365d"}


def test_features_that_the_model_does_not_read_make_no_difference(then: Catalogue) -> None:
    assert differing(["admissions_90d"], then=then, today=changed(then, 0, windows=(90,))) == {}
    assert differing(["admissions_90d"], then=then, today=with_code(then, "heart_failure")) == {}


@pytest.mark.parametrize(
    ("group", "flags"),
    [
        ("heart_failure", {"condition_heart_failure_365d"}),
        ("diabetes", {"condition_diabetes_365d", "condition_diabetes_severe_365d"}),
        ("diabetes_severe", {"condition_diabetes_365d", "condition_diabetes_severe_365d"}),
    ],
)
def test_a_new_code_makes_a_difference_to_its_group_its_other_form_and_what_reads_all_groups(
    then: Catalogue, names: list[str], group: str, flags: set[str]
) -> None:
    assert set(differing(names, then=then, today=with_code(then, group))) == {*flags, "conditions_365d"}
