"""Each outcome: what it shows, what happened to the person, the outcome, how and on which day the window ended.

Days count from the index date, which is day 0; the window is the hundred days from 0 to 99.
"""

import pandas as pd
import pytest

from tests.spec.cohort.following import HORIZON, INDEX_DATE, admitted, assert_table, day, died, records_of, registered
from vi_risk.cohort.outcomes import OUTCOMES, outcomes_of
from vi_risk.errors import InputError, UsageError

NOTHING = ()
# Moved on day 15 to another hospital, which calls it an emergency.
MOVED = [admitted(10, 15, discharge_destination="51"), admitted(15, 25)]


def test_emergency_admission_or_death() -> None:
    assert_table(
        [
            ("nothing", NOTHING, 0, "horizon", 100),
            ("an emergency", [admitted(10)], 1, "event", 10),
            ("death", [died(30)], 1, "event", 30),
            ("death in hospital", [admitted(-5, 20, discharge_method="4")], 1, "event", 20),
            ("an emergency, then death", [admitted(10), died(30)], 1, "event", 10),
            ("leaves first", [registered(-900, 20), died(30)], 0, "left", 20),
        ],
        outcome="emergency_admission_or_death",
    )


def test_death() -> None:
    assert_table(
        [
            ("nothing", NOTHING, 0, "horizon", 100),
            ("an emergency", [admitted(10, 12)], 0, "horizon", 100),
            ("dies", [died(30)], 1, "event", 30),
            ("on the last day", [died(99)], 1, "event", 99),
            ("later", [died(100)], 0, "horizon", 100),
            ("in hospital, and the register does not know", [admitted(-5, 20, discharge_method="4")], 1, "event", 20),
            ("the register's day counts", [admitted(-5, 20, discharge_method="4"), died(21)], 1, "event", 21),
            ("the registration ends with it", [registered(-900, 30), died(30)], 1, "event", 30),
            ("after leaving", [registered(-900, 29), died(30)], 0, "left", 29),
            ("before the index date, which was not known then", [died(-2)], 0, "died", 0),
        ],
        outcome="death",
    )


def test_avoidable_admission() -> None:
    assert_table(
        [
            ("the main diagnosis", [admitted(10, 12, main="J440")], 1, "event", 10),
            ("with dot, in small letters", [admitted(10, 12, main="j44.0")], 1, "event", 10),
            ("another code of three characters", [admitted(10, 12, main="J45")], 0, "horizon", 100),
            ("a code of four characters", [admitted(10, 12, main="L08.0")], 1, "event", 10),
            ("its neighbour", [admitted(10, 12, main="L08.1")], 0, "horizon", 100),
            ("a secondary diagnosis", [admitted(10, 12, main="I21 J440")], 0, "horizon", 100),
            ("a planned admission", [admitted(10, 12, main="J440", admission_method="11")], 0, "horizon", 100),
            ("the second emergency", [admitted(10, 12, main="I21"), admitted(30, 31, main="J440")], 1, "event", 30),
            (
                "of the second spell of a stay",
                [admitted(10, 15, main="I21", discharge_destination="51"), admitted(15, 25, main="J440")],
                0,
                "horizon",
                100,
            ),
            ("still in hospital, not coded yet", [admitted(10, None, main="J440")], 0, "horizon", 100),
        ],
        outcome="avoidable_admission",
        codes=("J44", "L080"),
    )


def test_three_or_more_emergency_admissions() -> None:
    three = [admitted(10, 11), admitted(20, 21), admitted(30, 31)]
    assert_table(
        [
            ("two", three[:2], 0, "horizon", 100),
            ("three", three, 1, "event", 30),
            ("four", [*three, admitted(40, 41)], 1, "event", 30),
            ("two on one day", [admitted(10, 10), admitted(10, 10), admitted(30, 31)], 1, "event", 30),
            ("the third too late", [*three[:2], admitted(100, 101)], 0, "horizon", 100),
            ("the first too early", [admitted(-9, -8), *three[:2]], 0, "horizon", 100),
            ("a transfer is none of them", [*MOVED, admitted(40, 41)], 0, "horizon", 100),
            ("dies after the second", [*three[:2], died(25)], 0, "died", 25),
            ("leaves before the third", [*three, registered(-900, 25)], 0, "left", 25),
        ],
        outcome="high_intensity",
    )


def test_how_many_emergency_admissions() -> None:
    assert_table(
        [
            ("none", NOTHING, 0, "horizon", 100),
            ("two", [admitted(10, 11), admitted(20, 21)], 2, "horizon", 100),
            ("at the edges", [admitted(n) for n in (-1, 0, 99, 100)], 2, "horizon", 100),
            ("a transfer is none", MOVED, 1, "horizon", 100),
            ("and death", [admitted(10, 11), died(50)], 1, "died", 50),
            ("slips after death", [admitted(10, 11), admitted(60), died(50)], 1, "died", 50),
            ("leaves", [admitted(10, 11), registered(-900, 50)], 0, "left", 50),
        ],
        outcome="emergency_admissions_count",
    )


def test_nights_in_hospital() -> None:
    assert_table(
        [
            ("none", NOTHING, 0, "horizon", 100),
            ("two stays", [admitted(10, 11), admitted(20, 24)], 5, "horizon", 100),
            ("home on the same day", [admitted(10, 10)], 0, "horizon", 100),
            ("of both hospitals", MOVED, 15, "horizon", 100),
            ("into the window", [admitted(-3, 5)], 0, "horizon", 100),
            ("out of the window", [admitted(95, 120)], 5, "horizon", 100),
            ("still there", [admitted(95, None)], 5, "horizon", 100),
            ("dies there", [admitted(90, 96, discharge_method="4")], 6, "died", 96),
            ("dead before the discharge was written", [admitted(90, 99), died(96)], 6, "died", 96),
            ("a planned stay", [admitted(10, 15, admission_method="11")], 0, "horizon", 100),
        ],
        outcome="emergency_bed_days",
    )


def test_a_count_of_someone_who_left_is_as_it_stands_where_leaving_is_ignored() -> None:
    assert_table(
        [("leaves", [admitted(10, 11), admitted(60, 62), registered(-900, 50)], 2, "horizon", 100)],
        outcome="emergency_admissions_count",
        leaving=False,
    )


@pytest.mark.parametrize(
    ("outcome", "without", "said"),
    [
        ("avoidable_admission", "diagnoses", "needs diagnoses"),
        ("death", "died_on", "needs patients.died_on"),
        ("emergency_admission_or_death", "died_on", "needs patients.died_on"),
    ],
)
def test_an_outcome_that_the_records_cannot_tell_is_refused(outcome: str, without: str, said: str) -> None:
    records = records_of([("p", NOTHING, 0, None, None)], without=[without])
    cohort = pd.DataFrame({"patient_id": ["p"], "index_date": [INDEX_DATE]}, dtype=object)

    with pytest.raises(InputError, match=f"outcome {outcome}: {said}, which the records lack"):
        outcomes_of(records, cohort, outcome=outcome, horizon_days=HORIZON, known_by=day(400), codes=("J44",))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"outcome": "readmission"}, "must be one of emergency_admission, .*, got 'readmission'"),
        ({"outcome": "avoidable_admission"}, "codes must hold the ICD-10 codes"),
        ({"outcome": "death", "horizon_days": 0}, "horizon_days must be at least 1"),
        ({"outcome": "death", "starts_after_days": -1}, "starts_after_days at least 0"),
    ],
)
def test_a_question_without_an_answer_is_refused(asked: dict[str, object], said: str) -> None:
    cohort = pd.DataFrame({"patient_id": ["p"], "index_date": [INDEX_DATE]}, dtype=object)
    question = {"horizon_days": HORIZON, "known_by": day(400), **asked}

    with pytest.raises(UsageError, match=said):
        outcomes_of(records_of([("p", NOTHING, 0, None, None)]), cohort, **question)  # type: ignore[arg-type]


def test_without_registrations_and_dates_of_death_admissions_are_told_all_the_same() -> None:
    lines = [("p", [registered(-900, 40), admitted(50)], 1, "event", 50), ("q", [died(40)], 0, "horizon", 100)]
    cohort = pd.DataFrame({"patient_id": ["p", "q"], "index_date": [INDEX_DATE] * 2}, dtype=object)

    found = outcomes_of(
        records_of(lines, without=["registrations", "died_on", "discharge_method"]),
        cohort,
        outcome="emergency_admission",
        horizon_days=HORIZON,
        known_by=day(400),
    )

    assert found["ended"].tolist() == ["event", "horizon"]


def test_every_outcome_has_its_own_name_and_words() -> None:
    assert all(name == outcome.name for name, outcome in OUTCOMES.items())
    assert len({outcome.words for outcome in OUTCOMES.values()}) == len(OUTCOMES)
    assert {name for name, outcome in OUTCOMES.items() if outcome.kind == "count"} == {
        "emergency_admissions_count",
        "emergency_bed_days",
    }
