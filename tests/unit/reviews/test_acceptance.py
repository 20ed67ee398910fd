import pytest

from tests.unit.reviews.test_store import reviews
from vi_risk.reviews.acceptance import acceptance, acceptance_in_words, as_lines

MADE = reviews(
    {"patient_id": "1", "practice_code": "A", "themes": "frailty; medicines"},
    {"patient_id": "2", "practice_code": "A", "themes": "frailty", "decision": "deferred"},
    {"patient_id": "3", "practice_code": "B", "themes": "", "decision": "already_cared_for"},
)


def test_every_practice_has_its_numbers_and_share() -> None:
    assert acceptance(MADE, by="practice_code").to_dict("records") == [
        {
            "practice_code": "A",
            "reviews": 2,
            "accepted": 1,
            "already_cared_for": 0,
            "not_suitable": 0,
            "declined": 0,
            "deferred": 1,
            "share": 0.5,
        },
        {
            "practice_code": "B",
            "reviews": 1,
            "accepted": 0,
            "already_cared_for": 1,
            "not_suitable": 0,
            "declined": 0,
            "deferred": 0,
            "share": 0.0,
        },
    ]


def test_a_person_counts_for_each_of_their_themes() -> None:
    found = acceptance(MADE, by="theme").set_index("theme")[["reviews", "accepted"]]
    assert found.to_dict("index") == {
        "frailty": {"reviews": 2, "accepted": 1},
        "medicines": {"reviews": 1, "accepted": 1},
    }


@pytest.mark.parametrize("by", ["practice_code", "theme"])
def test_without_reviews_there_are_no_rows(by: str) -> None:
    found = acceptance(MADE.iloc[:0], by=by)
    assert (next(iter(found.columns)), len(found)) == (by, 0)
    assert as_lines(found)[0].endswith("no reviews yet")


def test_the_report_says_numbers_and_a_share_of_ten_and_more_alone() -> None:
    assert acceptance_in_words(MADE) == [
        "reviews: 1 of 3 accepted",
        "practice A: 1 of 2 accepted",
        "practice B: 0 of 1 accepted",
        "with the reason frailty: 1 of 2 accepted",
        "with the reason medicines: 1 of 1 accepted",
    ]
    many = reviews(*({"patient_id": str(number)} for number in range(10)))
    assert acceptance_in_words(many)[0] == "reviews: 10 of 10 accepted (100 %)"
    assert acceptance_in_words(MADE.iloc[:0]) == ["reviews: none yet"]


def test_the_table_of_the_terminal_is_in_line() -> None:
    lines = as_lines(acceptance(MADE, by="practice_code"))
    assert len({len(line) for line in lines}) == 1
    assert lines[0].startswith("Practice  Reviews  accept")
    assert lines[1].endswith("too few")
