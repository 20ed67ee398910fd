"""What stands beside the table: reasons in order, without the names that a site hides, cut by practice."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from tests.spec.caselists.listing import catalogue, rules_of
from vi_risk.caselists.beside.said import NOT_NAMED, cut, reason_columns, said_of
from vi_risk.caselists.lists import PROMPT_COLUMNS, SAID_COLUMNS
from vi_risk.errors import SpecificationError, UsageError

LISTED = pd.DataFrame({"patient_id": ["b", "a", "c"], "practice_code": ["B", "A", "B"]})


def reason(patient: str, kind: str, place: int, text: str, feature: str = "age") -> dict[str, Any]:
    return {
        "patient_id": patient,
        "kind": kind,
        "place": place,
        "theme": text,
        "domain": "d",
        "text": text,
        "comparison": "usual",
        "contribution": 0.5,
        "feature": feature,
    }


def said(*reasons: dict[str, Any], rules: str = "") -> pd.DataFrame:
    return said_of(LISTED, pd.DataFrame(reasons), catalogue(), rules_of(rules))


def test_reasons_stand_in_the_order_of_the_list_then_by_kind_and_place() -> None:
    found = said(
        reason("a", "unseen", 1, "a unseen"),
        reason("a", "lowers", 1, "a lowers"),
        reason("a", "raises", 2, "a second"),
        reason("a", "raises", 1, "a first"),
        reason("b", "raises", 1, "b first"),
        reason("not listed", "raises", 1, "x"),
    )

    assert tuple(found.columns) == SAID_COLUMNS
    assert found["text"].tolist() == ["b first", "a first", "a second", "a lowers", "a unseen"]


def test_only_as_many_reasons_are_said_as_the_rules_show() -> None:
    found = said(
        *(reason("a", kind, place, f"{kind} {place}") for kind in ("raises", "lowers") for place in (1, 2)),
        rules="reasons = 1",
    )

    assert found["text"].tolist() == ["raises 1", "lowers 1", "lowers 2"]


def test_reasons_of_ones_own_need_a_patient_and_a_text_alone() -> None:
    found = said_of(LISTED, pd.DataFrame({"patient_id": ["a", "a"], "text": ["x", "y"]}), catalogue(), rules_of())

    assert found[["kind", "place", "text", "comparison"]].to_numpy().tolist() == [
        ["raises", 1, "x", ""],
        ["raises", 2, "y", ""],
    ]
    with pytest.raises(UsageError, match="found no text"):
        said_of(LISTED, pd.DataFrame({"patient_id": ["a"]}), catalogue(), rules_of())


@pytest.mark.parametrize(
    ("column", "values", "told"),
    [
        ("kind", ["raises", "secret"], "kind: 1 of 2 rows are none of raises, lowers, unseen"),
        ("place", ["1", "2"], "place: expected numbers, found a column of str"),
        ("place", [1, None], "place: 1 of 2 rows are missing"),
        ("place", [1, 1], "place: 1 of 2 rows stand where another of the same person and kind does"),
        ("contribution", ["much", "little"], "contribution: expected numbers"),
        ("contribution", [float("-inf"), float("nan")], "contribution: 1 of 2 rows are infinite"),
        ("text", ["a secret", None], "text: 1 of 2 rows are missing"),
    ],
)
def test_reasons_that_cannot_be_told_are_refused_without_telling_one(
    column: str, values: list[object], told: str
) -> None:
    reasons = pd.DataFrame([reason("a", "raises", 1, "a secret"), reason("a", "raises", 2, "a secret")])

    with pytest.raises(UsageError, match=f"reasons: {told}") as caught:
        said_of(LISTED, reasons.assign(**{column: values}), catalogue(), rules_of())

    assert "secret" not in str(caught.value)


def test_what_a_site_hides_is_said_once_without_its_name() -> None:
    found = said(
        reason("a", "raises", 1, "alcohol dependence recorded", "condition_alcohol_dependence_1095d"),
        reason("a", "raises", 2, "11 medicines", "medicines_90d"),
        reason("a", "raises", 3, "self-harm recorded", "self_harm_365d"),
        reason("b", "raises", 1, "COPD recorded", "condition_copd_1095d"),
        rules='hide = ["alcohol_dependence", "self_harm"]',
    )

    assert found[["patient_id", "place", "text"]].to_numpy().tolist() == [
        ["b", 1, "COPD recorded"],
        ["a", 1, NOT_NAMED],
        ["a", 2, "11 medicines"],
    ]
    assert found["theme"].tolist() == ["COPD recorded", NOT_NAMED, "11 medicines"]
    assert found["comparison"].tolist() == ["usual", "", "usual"]


def test_the_columns_of_reasons_tell_what_raises_a_risk() -> None:
    found = reason_columns(
        LISTED,
        said(
            reason("a", "raises", 1, "first"),
            reason("a", "raises", 2, "second"),
            reason("a", "lowers", 1, "lowers"),
        ),
    )

    assert found["reason_1"].tolist() == ["", "first", ""]
    assert found["reason_2"].tolist() == ["", "second", ""]
    assert (found[["reason_3", "reason_4", "reason_5"]] == "").all(axis=None)


def test_frames_are_cut_by_practice_and_people_who_are_not_listed_left_out() -> None:
    prompts = pd.DataFrame(
        [[patient, "GP", f"ask {patient}", "rule"] for patient in ("a", "b", "c", "z")], columns=list(PROMPT_COLUMNS)
    )

    found = cut({"prompts": prompts, "changes": None}, LISTED)

    assert set(found) == {"A", "B"}
    assert found["A"]["prompts"]["patient_id"].tolist() == ["a"]
    assert found["B"]["prompts"]["patient_id"].tolist() == ["b", "c"]
    assert "changes" not in found["A"]


def test_rows_that_name_their_practice_go_by_it() -> None:
    excluded = pd.DataFrame(
        {"practice_code": ["A"], "patient_id": ["z"], "age_band": ["80-84"], "risk": [0.5], "reason": ["reviewed"]}
    )

    (of_a,) = cut({"excluded": excluded}, LISTED)["A"].values()

    assert of_a.to_dict("records") == [{"patient_id": "z", "age_band": "80-84", "risk": 0.5, "reason": "reviewed"}]


def test_a_name_to_hide_that_there_is_not_is_told() -> None:
    rules = replace(rules_of(), hide=("alcohol_dependance",))

    with pytest.raises(SpecificationError, match="hide: alcohol_dependance: is no group"):
        rules.refuse_unknown(catalogue())
