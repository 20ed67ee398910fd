from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.unit.caselists.example_lists import example_list
from tests.unit.reviews.filling import Answers, filled
from vi_risk.caselists.lists import CaseList
from vi_risk.errors import InputError, UsageError
from vi_risk.reviews.recording import Recorded, record
from vi_risk.reviews.returned import Returned, read_returned
from vi_risk.reviews.store import REVIEW_COLUMNS

MEETING, NEXT_MEETING, THIRD_MEETING = date(2025, 11, 11), date(2025, 11, 18), date(2025, 11, 25)
NONE = pd.DataFrame(columns=list(REVIEW_COLUMNS), dtype=object)
ACCEPT, DEFER = {"Decision": "accept"}, {"Decision": "defer"}


def back(folder: Path, answers: dict[str, Answers], case_list: CaseList | None = None) -> Returned:
    return read_returned(filled(folder / "back.xlsx", answers, case_list), reviewed_on=MEETING)


def changes(recorded: Recorded) -> tuple[int, int, int, int]:
    return recorded.new, recorded.replaced, recorded.unchanged, recorded.withdrawn


def by_patient(recorded: Recorded, column: str) -> dict[str, Any]:
    return dict(zip(recorded.reviews["patient_id"], recorded.reviews[column], strict=True))


def first(folder: Path) -> Recorded:
    """Return the reviews after a first meeting: P-0001 accepted, P-0002 deferred."""
    return record(NONE, [back(folder, {"P-0001": ACCEPT, "P-0002": DEFER})], reviewed_on=MEETING, by="Dr Rao")


def test_a_review_says_what_was_decided_when_by_whom_and_of_which_list(tmp_path: Path) -> None:
    answers = {"P-0002": {**ACCEPT, "Owner": "GP", "Plan": "home visit", "Review on": date(2026, 1, 6)}}
    returned = back(tmp_path, answers)
    [review] = record(NONE, [returned], reviewed_on=MEETING, by=" Dr Rao ").reviews.to_dict("records")
    assert review == {
        "patient_id": "P-0002",
        "reviewed_on": MEETING,
        "decision": "accepted",
        "owner": "GP",
        "plan": "home visit",
        "review_on": date(2026, 1, 6),
        "recorded_on": MEETING,
        "outcome_code": None,
        "decided_by": "Dr Rao",
        "practice_code": "M92001",
        "index_date": date(2025, 11, 1),
        "model_version": "91ec8b37a806",
        "list_id": returned.identity.list_id,
        "themes": "medicines; missed appointments; COPD; emergency admissions; frailty",
    }


def test_the_same_workbook_again_changes_nothing(tmp_path: Path) -> None:
    before = first(tmp_path)
    for by, day in (("Dr Rao", MEETING), ("someone else", NEXT_MEETING)):
        again = record(before.reviews, [back(tmp_path, {"P-0001": ACCEPT, "P-0002": DEFER})], reviewed_on=day, by=by)
        assert changes(again) == (0, 0, 2, 0)
        assert again.reviews.equals(before.reviews)


def test_a_workbook_filled_in_over_two_meetings_adds_what_is_new(tmp_path: Path) -> None:
    answers = {"P-0001": ACCEPT, "P-0002": DEFER, "P-0003": ACCEPT}
    after = record(first(tmp_path).reviews, [back(tmp_path, answers)], reviewed_on=NEXT_MEETING, by="Dr Rao")
    assert changes(after) == (1, 0, 2, 0)
    assert by_patient(after, "reviewed_on") == {"P-0001": MEETING, "P-0002": MEETING, "P-0003": NEXT_MEETING}


def test_a_corrected_workbook_replaces_and_withdraws_what_it_said_of_that_day(tmp_path: Path) -> None:
    answers = {"P-0001": {"Decision": "not suitable"}, "P-0003": DEFER}
    after = record(first(tmp_path).reviews, [back(tmp_path, answers)], reviewed_on=MEETING, by="Dr Rao")
    assert changes(after) == (1, 1, 0, 1)
    assert by_patient(after, "decision") == {"P-0001": "not_suitable", "P-0003": "deferred"}


def test_a_workbook_without_any_decision_withdraws_nothing(tmp_path: Path) -> None:
    before = first(tmp_path)
    after = record(before.reviews, [back(tmp_path, {})], reviewed_on=MEETING, by="Dr Rao")
    assert changes(after) == (0, 0, 0, 0)
    assert after.reviews.equals(before.reviews)


def test_a_decision_that_changed_at_the_next_meeting_is_a_review_of_its_own(tmp_path: Path) -> None:
    answers = {"P-0001": ACCEPT, "P-0002": ACCEPT}
    after = record(first(tmp_path).reviews, [back(tmp_path, answers)], reviewed_on=NEXT_MEETING, by="Dr Rao")
    assert changes(after) == (1, 0, 1, 0)
    assert after.reviews["patient_id"].tolist().count("P-0002") == 2


def test_a_decision_changed_back_at_a_later_meeting_is_a_review_of_its_own(tmp_path: Path) -> None:
    second = record(first(tmp_path).reviews, [back(tmp_path, {"P-0001": DEFER})], reviewed_on=NEXT_MEETING, by="x")
    third = record(second.reviews, [back(tmp_path, {"P-0001": ACCEPT})], reviewed_on=THIRD_MEETING, by="x")
    assert changes(third) == (1, 0, 0, 0)
    of_one = third.reviews[third.reviews["patient_id"] == "P-0001"]
    assert dict(zip(of_one["reviewed_on"], of_one["decision"], strict=True)) == {
        MEETING: "accepted",
        NEXT_MEETING: "deferred",
        THIRD_MEETING: "accepted",
    }


def test_a_correction_to_what_an_earlier_meeting_decided_holds_for_its_day(tmp_path: Path) -> None:
    wrong = record(first(tmp_path).reviews, [back(tmp_path, {"P-0001": DEFER})], reviewed_on=NEXT_MEETING, by="x")
    right = record(wrong.reviews, [back(tmp_path, {"P-0001": ACCEPT})], reviewed_on=NEXT_MEETING, by="x")
    assert changes(right) == (0, 1, 0, 0)
    of_one = right.reviews[right.reviews["patient_id"] == "P-0001"]
    assert dict(zip(of_one["reviewed_on"], of_one["decision"], strict=True)) == {
        MEETING: "accepted",
        NEXT_MEETING: "accepted",
    }


def test_what_a_later_meeting_decided_is_unmoved_by_the_workbook_of_an_earlier_one(tmp_path: Path) -> None:
    second = record(first(tmp_path).reviews, [back(tmp_path, {"P-0001": DEFER})], reviewed_on=NEXT_MEETING, by="x")
    again = record(
        second.reviews, [back(tmp_path, {"P-0001": ACCEPT, "P-0002": DEFER})], reviewed_on=MEETING, by="Dr Rao"
    )
    assert changes(again) == (0, 0, 2, 0)
    assert again.reviews.equals(second.reviews)


def test_an_outcome_written_down_later_belongs_to_the_decision_and_moves_no_date(tmp_path: Path) -> None:
    answers = {"P-0001": {**ACCEPT, "Outcome": "done"}, "P-0002": DEFER}
    after = record(first(tmp_path).reviews, [back(tmp_path, answers)], reviewed_on=NEXT_MEETING, by="Dr Rao")
    assert changes(after) == (0, 1, 1, 0)
    assert by_patient(after, "outcome_code")["P-0001"] == "done"
    assert set(by_patient(after, "reviewed_on").values()) == {MEETING}


def test_two_copies_of_a_workbook_in_one_call_are_joined(tmp_path: Path) -> None:
    copies = [back(tmp_path, {"P-0001": ACCEPT}), back(tmp_path, {"P-0001": ACCEPT, "P-0002": DEFER})]
    for order in (copies, copies[::-1]):
        after = record(NONE, order, reviewed_on=MEETING, by="Dr Rao")
        assert changes(after) == (2, 0, 0, 0)
        assert changes(record(after.reviews, order, reviewed_on=MEETING, by="Dr Rao")) == (0, 0, 2, 0)


def test_copies_that_say_different_things_of_a_person_are_refused(tmp_path: Path) -> None:
    copies = [back(tmp_path, {"P-0001": ACCEPT}), back(tmp_path, {"P-0001": DEFER})]
    with pytest.raises(
        InputError, match=r'row 2: is about the person of back.xlsx: sheet "Case list", row 2, and says'
    ):
        record(NONE, copies, reviewed_on=MEETING, by="Dr Rao")


def test_a_person_on_two_lists_is_reviewed_once_a_day(tmp_path: Path) -> None:
    network = example_list(practice_code="North")
    lists = [back(tmp_path, {"P-0001": ACCEPT}), back(tmp_path, {"P-0001": ACCEPT}, network)]
    assert changes(record(NONE, lists, reviewed_on=MEETING, by="Dr Rao")) == (1, 0, 0, 0)
    later = record(first(tmp_path).reviews, [back(tmp_path, {"P-0001": DEFER}, network)], reviewed_on=MEETING, by="x")
    assert changes(later) == (0, 1, 0, 0)


def test_reviews_of_other_lists_stay_as_they_are(tmp_path: Path) -> None:
    other = example_list(practice_code="Y1")
    other.table["patient_id"] = "Y-" + other.table["patient_id"]
    after = record(first(tmp_path).reviews, [back(tmp_path, {"Y-P-0001": DEFER}, other)], reviewed_on=MEETING, by="x")
    assert changes(after) == (1, 0, 0, 0)
    assert len(after.reviews) == 3


@pytest.mark.parametrize("by", ["", "  ", "two\nlines", "x" * 201])
def test_who_brings_decisions_has_a_name(tmp_path: Path, by: str) -> None:
    with pytest.raises(UsageError, match="--by: expected a name or a role"):
        record(NONE, [back(tmp_path, {"P-0001": ACCEPT})], reviewed_on=MEETING, by=by)


def test_the_reviews_given_are_not_changed(tmp_path: Path) -> None:
    before = first(tmp_path).reviews
    kept = before.copy()
    record(before, [back(tmp_path, {"P-0001": {**ACCEPT, "Outcome": "done"}})], reviewed_on=MEETING, by="x")
    assert before.equals(kept)


def of_network(folder: Path, answers: dict[str, Answers]) -> Returned:
    """Return the workbook of another list of the same date and model, on which the same people stand."""
    return back(folder, answers, example_list(practice_code="network-north"))


def test_a_decision_on_the_lists_of_a_practice_and_its_network_is_one_whichever_comes_again(tmp_path: Path) -> None:
    practice, network = back(tmp_path, {"P-0001": ACCEPT}), of_network(tmp_path, {"P-0001": ACCEPT})
    both = record(NONE, [practice, network], reviewed_on=MEETING, by="x")
    assert changes(both) == (1, 0, 0, 0)
    for again in (practice, network):
        later = record(both.reviews, [again], reviewed_on=NEXT_MEETING, by="x")
        assert changes(later) == (0, 0, 1, 0)
        assert by_patient(later, "reviewed_on") == {"P-0001": MEETING}


def test_a_decision_is_withdrawn_when_no_list_holds_it_any_more(tmp_path: Path) -> None:
    practice, network = back(tmp_path, {"P-0001": ACCEPT}), of_network(tmp_path, {"P-0001": ACCEPT})
    both = record(NONE, [practice, network], reviewed_on=MEETING, by="x")
    emptied = record(both.reviews, [back(tmp_path, {"P-0002": ACCEPT})], reviewed_on=MEETING, by="x")
    assert changes(emptied) == (1, 0, 0, 0)
    assert by_patient(emptied, "decision")["P-0001"] == "accepted"  # as the network's list says still
    gone = record(emptied.reviews, [of_network(tmp_path, {"P-0002": ACCEPT})], reviewed_on=MEETING, by="x")
    assert changes(gone) == (0, 0, 1, 1)
    assert "P-0001" not in by_patient(gone, "decision")


def test_an_older_copy_without_the_outcome_takes_none_away(tmp_path: Path) -> None:
    done = record(NONE, [back(tmp_path, {"P-0001": {**ACCEPT, "Outcome": "done"}})], reviewed_on=MEETING, by="x")
    older = record(done.reviews, [back(tmp_path, {"P-0001": ACCEPT})], reviewed_on=MEETING, by="x")
    assert changes(older) == (0, 0, 1, 0)
    assert by_patient(older, "outcome_code") == {"P-0001": "done"}
