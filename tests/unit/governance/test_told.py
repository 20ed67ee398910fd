import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from vi_risk.errors import GovernanceError
from vi_risk.features.catalogue import read_catalogue
from vi_risk.governance.told import (
    about_permission,
    changed_since,
    not_shown,
    objectors_in_words,
    permission_in_words,
    refuse_ended,
    refuse_use,
)
from vi_risk.records.permission import NOBODYS, LeftOut, Permission

LIST_DATE = date(2025, 8, 31)
FULL = Permission(
    words="planning of services; basis; approval CAG 7 until 31 March 2026",
    purpose="planning",
    objections={"type_1": None, "national_data_opt_out": "CAG 7", "risk_stratification": None},
    sensitive=frozenset({"hiv"}),
    refused={"custody": frozenset({("icd10", "Z651")}), "addiction": frozenset({("icd10", "F10")})},
    scores=False,
    lists=False,
    fewer_than=10,
    round_to=10,
    ends=date(2026, 3, 31),
    retention_months=6,
    left_out=(
        LeftOut("sensitive codes: prison and custody", "rows", 1204),
        LeftOut("type 1 opt-out", "people", 9),
        LeftOut("objection to being risk stratified", "people", 10),
    ),
)


def about(permission: Permission = FULL, *, objections: bool = True) -> dict[str, Any]:
    return about_permission(permission, LIST_DATE, objections=objections)


def test_small_numbers_are_written_nowhere() -> None:
    assert [one["number"] for one in about()["left_out"]] == ["1,200", "fewer than 10", "10"]
    assert "9" not in str(about()["left_out"][1])


def test_everything_is_told_in_sentences() -> None:
    assert permission_in_words(about()) == (
        "Left out at the door: sensitive codes: prison and custody, 1,200 rows.",
        "Left out at the door: type 1 opt-out, fewer than 10 people.",
        "Left out at the door: objection to being risk stratified, 10 people.",
        "Included though they object (national data opt-out), by approval CAG 7.",
        "Sensitive codes used, as the governance file permits: HIV and AIDS.",
        "Sensitive codes refused at the door: addiction, prison and custody.",
        "What was made of them is to be deleted by 28 February 2026.",
    )


def test_records_that_hold_no_objections_say_who_must_have_honoured_them() -> None:
    [said] = permission_in_words(about(NOBODYS, objections=False))
    assert said == "The records hold no objections: whoever objects must have been left out before they were extracted."


@pytest.mark.parametrize(("shown", "hidden"), [((), ("hiv",)), (("hiv",), ())])
def test_a_group_that_may_be_used_is_named_on_a_list_only_where_the_file_says_so(
    shown: tuple[str, ...], hidden: tuple[str, ...]
) -> None:
    with_hiv = read_catalogue(sensitive={"hiv"}).codelists.values()
    permission = replace(NOBODYS, sensitive=frozenset({"hiv"}), shown_on_lists=frozenset(shown))
    assert not_shown(about(permission), with_hiv) == hidden
    assert not_shown(about(permission), read_catalogue().codelists.values()) == ()  # it is in no feature at all


@pytest.mark.parametrize(("of", "what"), [("scores", "a risk for each person"), ("lists", "people named on a list")])
def test_planning_permits_neither_scores_nor_lists(of: str, what: str) -> None:
    with pytest.raises(GovernanceError, match=f"governance: the purpose planning does not permit {what}"):
        refuse_use(about(), of=of)
    refuse_use(about(NOBODYS), of=of)
    refuse_use(None, of=of)  # a folder of before there was a door


def test_a_stage_after_the_end_of_the_approval_is_refused() -> None:
    kept = replace(FULL, retention_months=60)
    refuse_ended(about(kept), today=date(2026, 3, 31))
    refuse_ended(about(NOBODYS), today=date(2099, 1, 1))
    with pytest.raises(GovernanceError, match="the approval ended on 2026-03-31, and today is 2026-04-01"):
        refuse_ended(about(kept), today=date(2026, 4, 1))


def test_a_folder_that_was_to_be_deleted_is_not_worked_on() -> None:
    refuse_ended(about(), today=date(2026, 2, 28))
    with pytest.raises(GovernanceError, match="this folder was to be deleted by 2026-02-28, and today is 2026-03-01"):
        refuse_ended(about(), today=date(2026, 3, 1))


def test_a_permission_that_was_taken_back_since_is_told() -> None:
    written = json.loads(json.dumps(about()))  # as run.json gives it back
    assert changed_since(written, FULL) is None
    assert changed_since(written, replace(FULL, left_out=(), read_on=date(2026, 1, 1))) is None
    fewer = replace(FULL, sensitive=frozenset(), objections={**FULL.objections, "national_data_opt_out": None})
    assert changed_since(written, fewer) == (
        "governance: the features of this folder were built under another permission: the objections that are honoured,"
        " the sensitive codes that may be used, as the governance file now tells. What it says now holds from the next"
        " `vi-risk features build` or `run` on."
    )
    assert changed_since(None, FULL) is None  # a folder of before there was a door
    assert changed_since(about(NOBODYS), FULL) is None  # the synthetic trust, whatever file lies about


def test_an_ended_approval_and_a_folder_that_is_due_are_told_at_once() -> None:
    with pytest.raises(GovernanceError) as caught:
        refuse_ended(about(), today=date(2026, 4, 1))
    assert [line.split(" ")[2] for line in str(caught.value).splitlines()] == ["approval", "folder"]


@pytest.mark.parametrize(
    ("read_on", "delete_by"),
    [
        (None, "2026-02-28"),
        (date(2025, 9, 3), "2026-03-03"),
        (date(2025, 8, 1), "2026-02-28"),  # read before the date of the list
        (date(2031, 5, 1), "2031-11-01"),  # a list of a day long past, made today
    ],
)
def test_what_was_made_is_kept_from_the_day_of_the_list_or_of_reading(read_on: date | None, delete_by: str) -> None:
    assert about(replace(FULL, read_on=read_on))["delete_by"] == delete_by


PRACTICES = {"M92001": 12, "M92002": 3, "M92003": 0, "M92004": 5}


def test_few_objectors_of_a_practice_are_told_nowhere() -> None:
    told = about(replace(NOBODYS, objectors=PRACTICES))
    assert told["objectors_by_practice"] == {"M92001": "10", "M92002": "few", "M92003": "0", "M92004": "few"}
    assert permission_in_words(told) == (
        "Left out for an objection, by practice: M92001 10; few or not told: M92002, M92004; nobody: M92003.",
    )


def test_of_many_practices_the_range_is_told_and_who_has_nobody() -> None:
    many = {f"M92{number:03}": 10 + 5 * (number % 4) for number in range(1, 31)} | {"M92031": 0}
    assert permission_in_words(about(replace(NOBODYS, objectors=many))) == (
        "Left out for an objection, by practice: 10 to 25 people in 30 practices; nobody: M92031.",
    )


def test_one_practice_with_few_hides_another_where_its_number_could_be_worked_out() -> None:
    told = about(replace(NOBODYS, objectors={"M92001": 63, "M92002": 63, "M92003": 73, "M92004": 1}))
    assert [*told["objectors_by_practice"].values()].count("few") > 1


def test_a_list_tells_how_many_of_its_practice_were_left_out() -> None:
    assert objectors_in_words(about(replace(NOBODYS, objectors=PRACTICES))) == {
        "M92001": "10 people",
        "M92002": "few, or not told",
        "M92003": "nobody",
        "M92004": "few, or not told",
    }
    assert objectors_in_words(None) == {}  # a folder of before there was a door
