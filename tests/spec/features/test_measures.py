"""What each measure is, as small tables: what it shows, the person's records, the value.

The index date is 1 March 2024, the day after a leap day; numbers of days run back from it, and the last that counts
is 1.
"""

from datetime import date
from typing import Any

import pytest

from tests.spec.features.asking import (
    NEVER,
    Entry,
    Line,
    appointment,
    assert_table,
    codelist,
    days_ago,
    diagnosis,
    ed,
    measured,
    registration,
    spell,
    values,
    values_of,
)
from vi_risk.features.codelists import CodeEntry, CodeList
from vi_risk.features.definition import Definition

SYSTOLIC: dict[str, Any] = {"table": "gp_events", "of": "value", "any_unit": True, "windows": [90]}


def test_the_latest_value_is_that_of_the_last_day_that_has_one() -> None:
    assert_table(
        [
            ("the last of two days", [measured(40, 150), measured(10, 132)], 132),
            ("several on the last day: their mean", [measured(10, 130), measured(10, 141), measured(40, 150)], 135.5),
            ("an entry without a value is passed over", [measured(40, 150), measured(10, None)], 150),
            ("on the index date: not yet known", [measured(0, 150)], None),
            ("on the window's first day", [measured(90, 150)], 150),
            ("before the window", [measured(91, 150)], None),
            ("nothing measured", [], None),
            ("four decimals count", [measured(10, 36.60004)], 36.6),
        ],
        measure="latest",
        **SYSTOLIC,
    )


def test_a_value_outside_the_range_or_in_another_unit_is_no_value() -> None:
    assert_table(
        [
            ("inside", [measured(10, 150)], 150),
            ("at both ends", [measured(10, 60), measured(10, 260)], 160),
            ("below", [measured(40, 150), measured(10, 59.9)], 150),
            ("above", [measured(40, 150), measured(10, 1500)], 150),
            ("a slip that no counter holds", [measured(40, 150), measured(10, 1e300)], 150),
            ("in another unit", [measured(10, 150, "kPa")], None),
            ("in no unit", [measured(40, 140), ("gp_events", measured(10, 150)[1] | {"unit": None})], 140),
        ],
        measure="latest",
        where={"unit": "mmHg", "value": {"min": 60, "max": 260}},
        **SYSTOLIC,
    )


@pytest.mark.parametrize(
    ("measure", "without_any", "of_two", "with_a_slip"),
    [("sum", 0, 40, 10), ("mean", None, 20, 10), ("maximum", None, 30, 10), ("latest", None, 30, 10)],
)
def test_numbers_are_added_averaged_or_compared(
    measure: str, without_any: float | None, of_two: float, with_a_slip: float
) -> None:
    assert_table(
        [
            ("none", [], without_any),
            ("none with a value", [measured(10, None)], without_any),
            ("two and a null", [measured(20, 10), measured(10, 30), measured(5, None)], of_two),
            ("one too far out to be a value", [measured(20, 10), measured(10, 2e10)], with_a_slip),
            ("one before the window", [measured(91, 500), measured(20, 10), measured(10, 30)], of_two),
        ],
        measure=measure,
        **SYSTOLIC,
    )


def test_the_slope_is_the_change_in_a_year_along_the_least_squares_line() -> None:
    assert_table(
        [
            ("a hundredth a day", [measured(190, 120), measured(10, 121.8)], 3.6525),
            ("level", [measured(300, 120), measured(20, 120), measured(10, 120)], 0),
            ("down", [measured(110, 130), measured(10, 120)], -36.525),
            # Days 0, 100, 200 and values 1, 1, 4: the slope is 300 / 20,000 a day.
            ("three that are not in line", [measured(210, 1), measured(110, 1), measured(10, 4)], 0.015 * 365.25),
            # Days 0, 0, 100 and values 1, 3, 4: the line goes through their means, 2 and 4.
            ("two on one day", [measured(110, 1), measured(110, 3), measured(10, 4)], 0.02 * 365.25),
            ("90 days from first to last", [measured(100, 120), measured(10, 129)], 36.525),
            ("a day less is too near", [measured(99, 120), measured(10, 129)], None),
            ("one value", [measured(20, 130)], None),
            ("two values, one day", [measured(20, 130), measured(20, 140)], None),
            ("the second before the window", [measured(20, 130), measured(366, 120)], None),
            ("the second without a value", [measured(120, 130), measured(10, None)], None),
        ],
        measure="slope",
        **{**SYSTOLIC, "windows": [365]},
    )


def test_a_share_is_of_the_rows_in_the_window() -> None:
    missed = {"status": "dna"}
    assert_table(
        [
            ("one of four", [appointment(10, **missed), *(appointment(day) for day in (20, 30, 40))], 0.25),
            ("a null is not the part", [appointment(10, status=None), appointment(20, **missed)], 0.5),
            ("none of it", [appointment(10)], 0),
            ("no row in the window", [appointment(91, **missed)], None),
        ],
        table="gp_appointments",
        measure="share",
        part=missed,
        windows=[90],
    )


def test_the_last_is_so_if_one_row_of_the_last_day_is() -> None:
    assert_table(
        [
            ("the last is", [ed(10, disposal="12"), ed(20, disposal="01")], 1),
            ("the one before is", [ed(10, disposal="01"), ed(20, disposal="12")], 0),
            ("one of two on the last day is", [ed(10, disposal="12"), ed(10, disposal="01")], 1),
            ("of the last nothing is said", [ed(10, disposal=None), ed(20, disposal="12")], 0),
            ("none in the window", [ed(91, disposal="12")], None),
        ],
        table="ed_attendances",
        measure="latest_is",
        part={"disposal": ["12", "13"]},
        windows=[90],
    )


def test_a_rise_compares_how_often_lately_with_the_whole_window() -> None:
    assert_table(
        [
            ("all lately: window / recent", [ed(1), ed(30)], 3),
            ("one a month: steady", [ed(10), ed(40), ed(70)], 1),
            ("none lately", [ed(31), ed(90)], 0),
            ("one of two lately", [ed(30), ed(31)], 1.5),
            ("none at all", [ed(91)], None),
        ],
        table="ed_attendances",
        measure="rise",
        recent=30,
        windows=[90],
    )


def test_the_days_since_the_first_are_those_since_the_first_in_the_window() -> None:
    assert_table(
        [
            ("one", [ed(10)], 10),
            ("the first of two", [ed(10), ed(70)], 70),
            ("on the window's first day", [ed(10), ed(90)], 90),
            ("an earlier one before the window", [ed(10), ed(91)], 10),
            ("none", [ed(0), ed(91)], None),
        ],
        table="ed_attendances",
        measure="days_since_first",
        windows=[90],
    )


def test_a_mild_form_counts_where_the_severe_one_is_not_asked_for() -> None:
    forms = codelist(("icd10", "I50", "mild", 1.0), ("icd10", "I51", "severe", 3.0), replaced_by={"mild": "severe"})
    both = [spell("a", 12, 10), diagnosis("a", 1, "I50"), diagnosis("a", 2, "I51")]
    asked: dict[str, Any] = {"table": "diagnoses", "measure": "points", "codes": forms, "windows": [90]}

    assert_table([("of all: the severe alone", both, 3)], **asked)
    assert_table([("of the mild alone", both, 1)], groups=["mild"], **asked)


def test_different_things_are_counted_once_each_by_the_last_day_of_each() -> None:
    def of(code: str, days: int) -> Entry:
        return measured(days, 1, code=code)

    lines: list[Line] = [
        ("one thing twice", [of("60", 10), of("60", 20)], 1),
        ("two things", [of("60", 10), of("61", 20)], 2),
        ("one of them on the window's first day", [of("60", 10), of("61", 90)], 2),
        ("one of them before the window", [of("60", 10), of("61", 91)], 1),
        ("before the window and again in it", [of("61", 91), of("61", 5)], 1),
        ("nothing", [], 0),
    ]
    assert_table(lines, table="gp_events", measure="distinct", of="code", windows=[90])


def test_codes_that_begin_alike_are_one_thing_where_the_beginning_tells_them_apart() -> None:
    lines: list[Line] = [
        ("heart failure twice", [spell("a", 12, 10), diagnosis("a", 1, "I500"), diagnosis("a", 2, "I501")], 1),
        ("and asthma", [spell("a", 12, 10), diagnosis("a", 1, "I500"), diagnosis("a", 2, "J459")], 2),
        ("no code is no thing", [spell("a", 12, 10), diagnosis("a", 1, None)], 0),
    ]
    assert_table(lines, table="diagnoses", measure="distinct", of="code", prefix=3, windows=[90])


def test_so_are_codes_of_a_list() -> None:
    heart = codelist(("icd10", "I50", "heart", 1.0), ("icd10", "I48", "heart", 1.0))
    lines: list[Line] = [
        ("heart failure twice", [spell("a", 12, 10), diagnosis("a", 1, "I500"), diagnosis("a", 2, "I501")], 1),
        ("and atrial fibrillation", [spell("a", 12, 10), diagnosis("a", 1, "I500"), diagnosis("a", 2, "I489")], 2),
        ("asthma is not of the list", [spell("a", 12, 10), diagnosis("a", 1, "J459")], 0),
    ]
    assert_table(lines, table="diagnoses", measure="distinct", of="code", prefix=3, codes=heart, windows=[90])


def test_different_days_are_counted_whatever_else_happened_on_them() -> None:
    lines: list[Line] = [
        ("two entries of one day", [measured(10, 1), measured(10, 2)], 1),
        ("two days", [measured(10, 1), measured(11, 1)], 2),
        ("the index date itself", [measured(0, 1), measured(1, 1)], 1),
    ]
    assert_table(lines, table="gp_events", measure="distinct", of="event_on", windows=[90])


def test_what_is_counted_by_a_code_list_and_what_is_counted_without_one_do_not_touch_each_other() -> None:
    heart = codelist(("icd10", "I50", "heart", 1.0))
    usual = {"domain": "acute use", "title": "", "reason": "", "table": "diagnoses", "measure": "count"}
    definitions = [
        Definition(name="every", windows=(90,), **usual),
        Definition(name="of_the_heart", windows=(90,), codes="codes", **usual),
    ]
    people = {
        "both": [spell("a", 12, 10), diagnosis("a", 1, "I500"), diagnosis("a", 2, "J459")],
        "none of the list": [spell("a", 12, 10), diagnosis("a", 1, "J459")],
    }

    found = values_of(definitions, people, codes=[heart])

    assert found["every_90d"] == {"both": 2, "none of the list": 1}
    assert found["of_the_heart_90d"] == {"both": 1, "none of the list": 0}


def test_a_list_of_which_no_code_is_in_use_counts_nothing() -> None:
    unused = codelist(("icd10", "Q90", "never", 1.0))
    lines: list[Line] = [("another code", [spell("a", 12, 10), diagnosis("a", 1, "I500")], 0)]
    assert_table(lines, table="diagnoses", measure="count", codes=unused, windows=[90])


def test_registered_days_are_those_inside_the_window() -> None:
    assert_table(
        [
            ("all the time", [registration(900, None)], 90),
            ("since ten days", [registration(10, None)], 10),
            ("the day it ended is no longer one", [registration(900, 10)], 80),
            ("an end that has not come is not known", [registration(900, -5)], 90),
            ("from one practice to the next", [registration(900, 40), registration(40, None, "B")], 90),
            ("with a gap", [registration(900, 50), registration(40, None, "B")], 80),
            ("with two at a time: no day twice", [registration(900, None), registration(900, None, "B")], 90),
            ("not any more", [registration(900, 90)], 0),
            ("never", [], 0),
        ],
        table="registrations",
        measure="registered_days",
        windows=[90],
    )


def test_seen_days_are_those_since_the_practice_joined() -> None:
    seen_from = {
        "long": 5000,
        "first day": 90,
        "second day": 89,
        "yesterday": 1,
        "today": 0,
        "later": -9,
        "never": NEVER,
    }
    found = values(
        {who: [] for who in seen_from}, seen_from=seen_from, table="gp_events", measure="seen_days", windows=[90]
    )
    assert found == {"long": 90, "first day": 90, "second day": 89, "yesterday": 1, "today": 0, "later": 0, "never": 0}


# A chain of severity: the severe form counts instead of the middling one, and that instead of the mild one.
SEVERITY = codelist(
    ("icd10", "E11", "mild", 1),
    ("icd10", "E12", "middling", 2),
    ("icd10", "E13", "severe", 4),
    ("icd10", "I50", "heart", 2.5),
    ("icd10", "B20", "hiv", 6),
    replaced_by={"mild": "middling", "middling": "severe"},
    sensitive={"hiv": "hiv"},
)
CODED: dict[str, Any] = {"table": "diagnoses", "windows": [90]}


def coded(*codes: str) -> list[Any]:
    return [spell("1", 20, 15), *(diagnosis("1", position, code) for position, code in enumerate(codes, start=1))]


def test_the_severe_form_counts_instead_of_the_mild_one() -> None:
    lines = [
        # what it shows, codes, groups, points
        ("the mild form", ["E11"], 1, 1),
        ("dots, case, what is below, twice: one group, once", ["E11.9", "e119", "E11"], 1, 1),
        ("the middling form instead of the mild one", ["E11", "E12"], 1, 2),
        ("the severe form instead of both", ["E11", "E12", "E13"], 1, 4),
        ("the severe form stands in for the middling one, not for the mild one", ["E11", "E13"], 2, 5),
        ("another group", ["E13", "I50"], 2, 6.5),
        ("none of the list", ["I10"], 0, 0),
        ("none at all", [], 0, 0),
    ]
    assert_table([(what, coded(*c), groups) for what, c, groups, _ in lines], measure="groups", codes=SEVERITY, **CODED)
    assert_table([(what, coded(*c), points) for what, c, _, points in lines], measure="points", codes=SEVERITY, **CODED)


def test_a_list_of_which_some_groups_are_read_is_a_shorter_list() -> None:
    assert_table(
        [
            ("a group that is read", coded("E11"), 1),
            ("one that is not", coded("I50"), 0),
            ("one that is not replaces nothing", coded("E11", "E12"), 1),
            ("one that is read does", coded("E11", "E13"), 5),
        ],
        measure="points",
        codes=SEVERITY,
        groups=["mild", "severe"],
        **CODED,
    )


@pytest.mark.parametrize(("allowed", "points"), [(["hiv"], 6), ([], 0), (["another"], 0)])
def test_a_sensitive_group_counts_only_where_governance_allows_it(allowed: list[str], points: float) -> None:
    codes = SEVERITY.allowing(allowed)
    assert values({"Ann": coded("B20")}, measure="points", codes=codes, **CODED) == {"Ann": points}


def test_a_diagnosis_can_be_asked_for_by_its_stay() -> None:
    assert_table(
        [
            ("main diagnosis of an emergency", [spell("1", 20, 15), diagnosis("1", 1, "I50")], 1),
            ("of a planned stay", [spell("1", 20, 15, admission_method="11"), diagnosis("1", 1, "I50")], 0),
            ("a secondary one", [spell("1", 20, 15), diagnosis("1", 2, "I50")], 0),
            ("discharged before the window", [spell("1", 95, 91), diagnosis("1", 1, "I50")], 0),
            (
                "admitted before it, discharged inside: by the discharge",
                [spell("1", 95, 90), diagnosis("1", 1, "I50")],
                1,
            ),
            ("not discharged yet", [spell("1", 20, None), diagnosis("1", 1, "I50")], 0),
        ],
        measure="count",
        where={"position": 1, "admission_method": "21"},
        **CODED,
    )


def test_what_was_seen_of_a_window_is_scaled_up_where_it_is_half_of_it_or_more() -> None:
    lines = [
        # what was seen, since when, without scaling, scaled
        ("the whole window", 90, 4, 4),
        ("two thirds, with three of the four", 60, None, 3 * 90 / 60),
        ("half", 45, None, 3 * 90 / 45),
        ("less than half", 44, None, None),
        ("nothing", NEVER, None, None),
    ]
    visits = [appointment(5), appointment(15), appointment(25), appointment(80)]
    asked: dict[str, Any] = {
        "people": {what: visits for what, _, _, _ in lines},
        "seen_from": {what: seen_from for what, seen_from, _, _ in lines},
        "table": "gp_appointments",
        "measure": "count",
        "windows": [90],
    }
    assert values(**asked) == {what: missing for what, _, missing, _ in lines}
    assert values(unseen="scale", **asked) == {what: scaled for what, _, _, scaled in lines}


@pytest.mark.parametrize(
    ("measure", "of_a_found_row", "of_none"),
    [
        ({"measure": "latest", "of": "value", "any_unit": True}, 150, None),  # certain
        ({"measure": "latest_is", "part": {"unit": "mmHg"}}, 1, None),
        ({"measure": "days_since_last"}, 10, None),
        ({"measure": "any"}, 1, None),  # none seen: unknown, not 0
        ({"measure": "days_since_first"}, None, None),  # there may be an earlier one
        ({"measure": "maximum", "of": "value", "any_unit": True}, None, None),  # a higher one
        ({"measure": "mean", "of": "value", "any_unit": True}, None, None),
        ({"measure": "share", "part": {"unit": "mmHg"}}, None, None),
        ({"measure": "rise", "recent": 30}, None, None),
        ({"measure": "distinct", "of": "code"}, None, None),
    ],
)
def test_of_a_window_seen_in_part_only_what_no_earlier_row_could_change_is_told(
    measure: dict[str, Any], of_a_found_row: float | None, of_none: float | None
) -> None:
    people = {"found": [measured(10, 150)], "none": []}
    found = values(people, table="gp_events", windows=[90], seen_from=89, **measure)
    assert found == {"found": of_a_found_row, "none": of_none}


def test_a_window_may_hold_a_leap_day() -> None:
    assert days_ago(1) == date(2024, 2, 29)
    assert days_ago(366) == date(2023, 3, 1)
    assert_table(
        [("on the leap day", [ed(1)], 1), ("a year less a day ago", [ed(365)], 365), ("a year ago", [ed(366)], None)],
        table="ed_attendances",
        measure="days_since_last",
        windows=[365],
    )


def test_lists_and_groups_of_like_names_are_told_apart() -> None:
    falls = CodeList("falls", (CodeEntry("icd10", "W18", "at_home"),), {"at_home": "at home"})
    at_home = CodeList("falls_at_home", (CodeEntry("icd10", "W19", "any"),), {"any": "any"})
    declared: dict[str, Any] = {"domain": "acute use", "title": "", "reason": "", "measure": "count", **CODED}
    together = [
        Definition(name="falls", codes="falls", groups=("at_home",), **declared),
        Definition(name="others", codes="falls_at_home", **declared),
    ]
    found = values_of(together, {"Ann": coded("W18", "W19", "W190")}, codes=[falls, at_home])
    assert found == {"falls_90d": {"Ann": 1}, "others_90d": {"Ann": 2}}
