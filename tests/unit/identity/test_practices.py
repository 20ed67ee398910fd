from datetime import date
from typing import Any

import pytest

from tests.conftest import MakeRecords
from tests.unit.identity.people import KEY, NUMBERS, registered
from vi_risk.identity.practices import Practices
from vi_risk.identity.pseudonymising import pseudonymised

ANN, BOB = NUMBERS[:2]
HERE, THERE = "M92001", "M92002"


TODAY = date(2025, 11, 11)


def how(practices: Practices, practice: str = HERE, number: str = ANN, on: date = TODAY) -> str:
    """Return in one word how somebody stands to a practice on a day."""
    found = practices.standing([number], practice, on=on)
    [word] = [name for name in ("here", "left", "elsewhere", "unknown") if getattr(found, name)]
    return word


@pytest.mark.parametrize(
    ("rows", "here", "there"),
    [
        ([], "unknown", "unknown"),
        ([(ANN, HERE, "2015-01-01", "")], "here", "elsewhere"),
        # moved
        ([(ANN, HERE, "2015-01-01", "2024-05-01"), (ANN, THERE, "2024-05-01", "")], "left", "here"),
        # moved, and the end of the first has not been heard of
        ([(ANN, HERE, "2015-01-01", ""), (ANN, THERE, "2024-05-01", "")], "left", "here"),
        # away for a while, and not yet back on the books of anybody else
        ([(ANN, HERE, "2015-01-01", ""), (ANN, THERE, "2020-05-01", "2020-08-01")], "here", "left"),
        # dead, or gone from the area
        ([(ANN, HERE, "2015-01-01", "2024-05-01")], "here", "elsewhere"),
        ([(ANN, HERE, "2015-01-01", "2024-05-01"), (ANN, THERE, "2010-01-01", "2015-01-01")], "here", "left"),
        # two of one day: a list goes by the first code, and neither is wrong
        ([(ANN, HERE, "2015-01-01", ""), (ANN, THERE, "2015-01-01", "")], "here", "here"),
    ],
)
def test_a_persons_practice_is_that_of_the_latest_registration_that_lasts_or_of_the_last_that_ended(
    rows: list[tuple[str, str, str, str]], here: str, there: str
) -> None:
    assert (how(registered(rows), HERE), how(registered(rows), THERE)) == (here, there)


@pytest.mark.parametrize(
    ("on", "here", "there"),
    [
        (date(2025, 11, 30), "here", "elsewhere"),
        (date(2025, 12, 1), "left", "here"),
        (date(2026, 3, 1), "left", "here"),
    ],
)
def test_a_move_that_is_still_to_come_has_not_been_made(on: date, here: str, there: str) -> None:
    moving = registered([(ANN, HERE, "2015-01-01", "2025-12-01"), (ANN, THERE, "2025-12-01", "")])
    assert (how(moving, HERE, on=on), how(moving, THERE, on=on)) == (here, there)


def test_of_who_is_only_to_come_no_practice_is_theirs_yet() -> None:
    assert how(registered([(ANN, HERE, "2025-12-01", "")])) == "elsewhere"


def test_the_extract_that_was_pseudonymised_last_replaces_what_its_practices_said_of_each_person_it_names() -> None:
    old = registered([(ANN, HERE, "2015-01-01", ""), (BOB, THERE, "2011-01-01", "")])
    new = registered([(ANN, HERE, "2015-01-01", "2024-05-01"), (ANN, THERE, "2024-05-01", "")])
    both = old.with_more(new)
    assert (how(both, HERE), how(both, THERE)) == ("left", "here")
    assert how(both, THERE, BOB) == "here"  # whom the new one does not name
    assert both.with_more(new).rows.equals(both.rows)


@pytest.mark.parametrize(
    "wrong",
    [
        [(ANN, HERE, "2024-05-01", "")],  # of somebody who was never there
        [(ANN, THERE, "2011-01-01", "2024-05-01"), (ANN, HERE, "2024-05-01", "")],  # with an end that was none
    ],
)
def test_the_right_extract_mends_what_a_wrong_one_said(wrong: list[tuple[str, str, str, str]]) -> None:
    right = registered([(ANN, THERE, "2011-01-01", ""), (BOB, HERE, "2015-01-01", "")])
    mended = right.with_more(registered(wrong)).with_more(right)
    assert (how(mended, HERE), how(mended, THERE)) == ("elsewhere", "here")
    assert mended.rows.equals(right.with_more(right).rows)


def test_an_extract_of_one_practice_leaves_what_is_known_of_others() -> None:
    known = registered([(ANN, HERE, "2015-01-01", "2024-05-01")])
    both = known.with_more(registered([(ANN, THERE, "2024-05-01", "")]))
    assert (how(both, HERE), how(both, THERE)) == ("left", "here")


def test_who_comes_back_to_a_practice_is_there_again() -> None:
    before = registered([(ANN, HERE, "2015-01-01", "2020-01-01"), (ANN, THERE, "2020-01-01", "2024-05-01")])
    assert how(before.with_more(registered([(ANN, HERE, "2024-05-01", "")])), HERE) == "here"


def test_nothing_of_anybody_is_printed() -> None:
    known = registered([(ANN, HERE)])
    assert ANN not in f"{known!r} {known.standing([ANN], HERE, on=TODAY)!r}"


def test_pseudonymising_learns_practices_from_registrations(make_records: MakeRecords) -> None:
    rows: list[dict[str, Any]] = [
        {"patient_id": number, "practice_code": code, "registered_from": date(2015, 1, 1), "registered_to": end}
        for number, code, end in ((ANN, HERE, date(2020, 1, 1)), (ANN, THERE, None), (BOB, HERE, None))
    ]
    rows[1]["registered_from"] = date(2020, 1, 1)
    made = pseudonymised(
        make_records(patients=[{"patient_id": number} for number in NUMBERS], registrations=rows), KEY
    ).links.practices
    assert (how(made, HERE), how(made, THERE)) == ("left", "here")
    assert how(made, HERE, BOB) == "here"
    assert how(made, HERE, NUMBERS[2]) == "unknown"


def test_of_records_without_registrations_everyone_is_of_the_one_list(make_records: MakeRecords) -> None:
    made = pseudonymised(make_records(patients=[{"patient_id": number} for number in NUMBERS]), KEY).links.practices
    assert (how(made, "all"), how(made, HERE)) == ("here", "elsewhere")
    later = made.with_more(registered([(ANN, HERE)]))
    assert (how(later, "all"), how(later, HERE)) == ("here", "here")
