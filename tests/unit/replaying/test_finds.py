"""What one replayed date says, of a list of four people made by hand."""

import json
from datetime import date

import pandas as pd
import pytest

from vi_risk.replaying.finds import LISTED_COLUMNS, DateEvidence, date_evidence, listed_rows, outcomes_wanted
from vi_risk.replaying.past_list import PastList

DAY = date(2024, 4, 1)
PEOPLE = [f"p{n}" for n in range(8)]


def past(**features: list[float]) -> PastList:
    """Return a list of p0 and p1 at practice A, p4 at practice B; p5 is kept off."""
    risk = [0.9, 0.8, 0.3, 0.2, 0.7, 0.6, 0.2, 0.1]
    people = pd.DataFrame(
        {
            "patient_id": PEOPLE,
            "practice_code": ["A"] * 4 + ["B"] * 4,
            "age": [70, 60, 80, 50, 40, 90, 65, 75],
            "risk": risk,
            "rank": [1, 2, 3, 4, 1, 0, 2, 3],
            "kept_off": ["", "", "", "", "", "reviewed", "", ""],
            "listed": [True, True, False, False, True, False, False, False],
        }
    )
    columns = {"emergency_admissions_365d": [0, 1, 3, 0, 0, 5, 1, 1], **features}
    reasons = pd.DataFrame(
        [
            ("p0", "raises", "Frailty"),
            ("p0", "raises", "Frailty"),
            ("p1", "raises", "Frailty"),
            ("p4", "lowers", "Age"),
            ("p4", "raises", "Medicines"),
        ],
        columns=["patient_id", "kind", "theme"],
    )
    late = people[people["patient_id"].isin(["p0", "p2", "p4"])]
    return PastList(
        day=DAY,
        scores=people.sort_values("risk", ascending=False)[["patient_id", "risk"]].reset_index(drop=True),
        ranked=people,
        features=pd.DataFrame(columns, index=PEOPLE, dtype=float),
        reasons=reasons,
        rows=100,
        events=20,
        delayed={1: late.assign(rank=1)},
    )


def after(
    outcome: dict[str, float], *, not_known: tuple[str, ...] = (), reviewed: tuple[str, ...] = ()
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "outcome": [outcome.get(who, 0.0) for who in PEOPLE],
            "weight": [0.0 if who in (*not_known, *reviewed) else 1.0 for who in PEOPLE],
            "reviewed": [who in reviewed for who in PEOPLE],
        },
        index=PEOPLE,
    )


def test_true_cases_are_those_of_the_lists_and_beyond_the_rule_those_whom_it_does_not_have() -> None:
    found = date_evidence(past(), after({"p0": 1, "p1": 1, "p2": 1, "p5": 1}))

    assert (found.people, found.listed, found.events) == (8, 3, 4)
    assert found.true_cases == 2  # p0 and p1
    assert found.ppv == pytest.approx(2 / 3)
    # By last year's admissions, then age, within as many places: p2 and p1 of A, of B p7 (p5 may not be listed).
    assert found.rule_true_cases == 2  # p1 and p2
    assert found.beyond_rule == 1  # p0
    assert found.new == 1  # p0: nobody knew of them; p1 had an admission
    assert found.reviewed == 0


def test_of_people_whose_review_is_exposure_only_the_number_among_the_listed_is_told() -> None:
    found = date_evidence(past(), after({"p0": 1, "p1": 1, "p2": 1, "p5": 1}, reviewed=("p1", "p2")))

    assert found.reviewed == 1  # p1; p2 is not listed
    assert (found.events, found.true_cases, found.rule_true_cases) == (2, 1, 0)


def test_the_outcome_of_who_left_the_area_is_not_known_and_is_no_case() -> None:
    found = date_evidence(past(), after({"p0": 1, "p1": 1, "p2": 1}, not_known=("p0",)))

    assert (found.events, found.true_cases) == (2, 1)
    assert found.ppv == pytest.approx(1 / 2)


def test_a_reason_is_counted_once_a_person_and_only_where_it_raises_the_risk() -> None:
    assert date_evidence(past(), None).themes == {"Frailty": 2, "Medicines": 1}


def test_of_an_open_window_only_who_is_listed_is_told() -> None:
    found = date_evidence(past(), None)

    assert (found.closed, found.people, found.listed, found.rows) == (False, 8, 3, 100)
    assert found.events is found.auroc is found.true_cases is found.new is found.beyond_rule is None
    assert listed_rows(past(), None)["outcome"].isna().all()


def test_without_last_years_admissions_there_is_no_rule_to_compare_with() -> None:
    found = date_evidence(past(emergency_admissions_365d=[float("nan")] * 8), after({"p0": 1}))

    assert found.rule_true_cases is found.beyond_rule is found.new is None
    assert found.true_cases == 1


def test_the_table_of_the_listed_has_a_row_for_each_list_person_and_delay() -> None:
    rows = listed_rows(past(), after({"p0": 1, "p2": 1}))

    assert tuple(rows) == LISTED_COLUMNS
    assert rows.set_index(["months_late", "patient_id"])["outcome"].to_dict() == {
        (0, "p0"): 1,
        (0, "p1"): 0,
        (0, "p4"): 0,
        (1, "p0"): 1,
        (1, "p2"): 1,
        (1, "p4"): 0,
    }


def test_it_is_asked_of_everyone_scored_or_listed_late_what_happened() -> None:
    someone_gone = pd.DataFrame({"patient_id": ["gone"], "practice_code": ["A"], "rank": [1]})
    with_gone = past()
    with_gone.delayed[2] = someone_gone  # type: ignore[index]

    assert set(outcomes_wanted(with_gone)) == {*PEOPLE, "gone"}


def test_what_a_date_says_comes_back_from_its_file_as_it_was() -> None:
    found = date_evidence(past(), after({"p0": 1, "p1": 1, "p2": 1, "p5": 1}))

    assert DateEvidence.from_dict(json.loads(json.dumps(found.to_dict()))) == found
