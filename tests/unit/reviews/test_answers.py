from datetime import date, datetime
from typing import Any

import pytest

from vi_risk.reviews.answers import AnswerError, day_of, decision_of, outcome_of, text_of

MEETING = date(2025, 11, 11)


@pytest.mark.parametrize(
    "written",
    [
        date(2025, 12, 31),
        datetime(2025, 12, 31),  # noqa: DTZ001 -- cells have no zones
        46022,
        46022.0,
        "31/12/2025",
        " 31/12/25 ",
        "31.12.2025",
        "31-12-2025",
        "31 12 2025",
        "2025-12-31",
        "2025-12-31 00:00:00",
        "31 December 2025",
        "31st Dec 2025",
        "31-Dec-25",
        "31\N{NO-BREAK SPACE}dec 2025",
    ],
)
def test_a_day_is_read_however_people_and_programs_write_it(written: Any) -> None:
    assert day_of(written, reviewed_on=MEETING) == date(2025, 12, 31)


def test_the_day_comes_before_the_month() -> None:
    assert day_of("01/12/2025", reviewed_on=MEETING) == date(2025, 12, 1)


@pytest.mark.parametrize("written", [None, "", "  ", "\N{NO-BREAK SPACE}"])
def test_no_day_is_none(written: object) -> None:
    assert day_of(written, reviewed_on=MEETING) is None


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("in six weeks", "expected a date, found something else. Write it as 31/12/2025."),
        ("31/11/2025", "expected a date"),
        ("12/31/2025", "expected a date"),
        ("11/2027", "expected a date"),
        (6, "expected a date"),
        (True, "expected a date"),
        ("10/11/2025", "expected a day on or after the meeting of 2025-11-11, found one before it. Correct the day."),
        ("31/12/2035", "expected a day within 5 years of the meeting, found a later one. Correct the year."),
    ],
)
def test_what_is_no_day_to_look_again_is_told_without_its_words(written: object, says: str) -> None:
    with pytest.raises(AnswerError, match=says) as told:
        day_of(written, reviewed_on=MEETING)
    assert str(written) not in str(told.value)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("accept", "accepted"),
        ("ACCEPT", "accepted"),
        (" Accepted. ", "accepted"),
        ("already  in hand", "already_cared_for"),
        ("already_cared_for", "already_cared_for"),
        ("Person declined", "declined"),
        ("defer", "deferred"),
        (None, None),
    ],
)
def test_a_decision_is_read_in_words_or_by_its_code(written: object, code: str | None) -> None:
    assert decision_of(written) == code


@pytest.mark.parametrize("written", ["accept?", "yes", 1, "accept defer"])
def test_other_words_are_no_decision(written: object) -> None:
    with pytest.raises(
        AnswerError, match="expected one of accept, already in hand, not suitable, person declined, defer"
    ):
        decision_of(written)


def test_an_outcome_is_read_in_words() -> None:
    assert outcome_of("Not reached") == "not_reached"


def test_text_keeps_its_lines_and_letters_and_loses_what_cannot_be_seen() -> None:
    assert text_of("home visit,\r\nمرحبا 🏥\x07 ") == "home visit,\nمرحبا 🏥"  # noqa: RUF001 -- Arabic
