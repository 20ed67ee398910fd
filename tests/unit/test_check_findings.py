"""The list of what `vi-risk check` can find holds whatever it does find."""

import ast
import re
from importlib import import_module

import pandas as pd
import pytest

from tools.check_findings import Found, findings, of_call
from tools.error_messages import GAP
from vi_risk.records.checks import check_records
from vi_risk.records.checks.findings import MEND
from vi_risk.records.linked import Records


@pytest.fixture(scope="module")
def listed() -> list[Found]:
    return findings()


def test_what_broken_records_are_told_is_on_the_list(listed: list[Found]) -> None:
    born = pd.Timestamp("1950-06-01")
    records = Records.from_frames(
        {
            "patients": pd.DataFrame(
                {"patient_id": ["P1", "P1", "P2"], "birth_month": [born, born, None], "sex": ["female", "?", "male"]}
            ),
            "registrations": pd.DataFrame(
                {
                    "patient_id": ["P1", "P1"],
                    "practice_code": ["A81001", "A81002"],
                    "registered_from": pd.to_datetime(["1940-01-01", "2020-01-01"]),
                    "registered_to": pd.to_datetime([None, "2019-01-01"]),
                }
            ),
            "diagnoses": pd.DataFrame({"spell_id": ["S1"], "position": [0], "code": ["-"]}),
        }
    )

    told = check_records(records).findings

    patterns = [(one.severity, one.unit, one.mend, re.escape(one.rule).replace(re.escape(GAP), ".+")) for one in listed]
    for finding in told:
        assert any(
            (severity, unit) == (finding.severity, finding.unit)
            and (mend == finding.mend or GAP in mend)
            and re.fullmatch(rule, finding.rule)
            for severity, unit, mend, rule in patterns
        ), finding
    assert len({finding.rule for finding in told}) >= 8


@pytest.mark.parametrize(
    "rule",
    [
        "before birth",
        "recorded before it happened",
        "dated after …, where the table ends",
        "below …",
        "duplicate key (…)",
        "not of the shape of … code",
        "no row, between others",
        "begin more than 3 months late",
        "registrations that overlap",
    ],
)
def test_rules_of_rows_and_of_tables_are_listed_once_for_each_mend(rule: str, listed: list[Found]) -> None:
    mends = [one.mend for one in listed if one.rule == rule]

    assert mends
    assert len(mends) == len({*mends})


def test_places_are_told_where_they_are_few(listed: list[Found]) -> None:
    places = {one.rule: one.places for one in listed if one.severity == "warning"}

    assert places["not in spells"] == ("diagnoses.spell_id", "procedures.spell_id")
    assert places["not in patients"] == ()


def _found_in(source: str) -> list[Found]:
    function = ast.parse(f"def f():\n{source}").body[0]
    assert isinstance(function, ast.FunctionDef)
    (call,) = [
        node for node in ast.walk(function) if isinstance(node, ast.Call) and ast.unparse(node.func) == "Finding"
    ]
    return list(of_call(call, function, import_module("vi_risk.records.checks.feeds")))


def test_a_finding_without_a_mend_of_its_own_has_the_usual_one() -> None:
    (found,) = _found_in('    yield Finding(name, "", f"seen on {day}", 1, 2, "error")')

    assert found == Found("error", "seen on …", "rows", (), MEND)


def test_a_rule_that_cannot_be_read_is_a_fault_and_not_left_out() -> None:
    with pytest.raises(ValueError, match=r"feeds: line 2: expected a text, a constant or a variable"):
        _found_in('    yield Finding(name, "", words_of(day), 1, 2, "error")')
