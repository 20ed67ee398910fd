from datetime import date

import pytest

from vi_risk.caselists.lists import DECISION_COLUMNS
from vi_risk.records import codes
from vi_risk.reviews.form import ANSWERS, DECISIONS, ListedPatient, ListIdentity

HEADINGS = {"patient_id": "Patient", **{column: column.title() for column in ANSWERS}}
PEOPLE = (ListedPatient("P-1", "M1", ("frailty", "medicines")), ListedPatient("P-2", "M2"))


def identity(**changed: object) -> ListIdentity:
    given = {"practice_code": "M1", "index_date": date(2025, 11, 1), "model_version": "v", "patients": PEOPLE}
    return ListIdentity(**{**given, "headings": HEADINGS, **changed})


def test_the_words_of_decisions_are_those_of_the_canonical_codes() -> None:
    assert set(DECISIONS) == set(codes.MDT_DECISION)


def test_a_team_is_asked_for_what_every_list_leaves_empty() -> None:
    assert ANSWERS == DECISION_COLUMNS


def test_an_identity_comes_back_from_its_rows() -> None:
    assert ListIdentity.from_rows(identity().to_rows(("GP",))) == identity()


@pytest.mark.parametrize(
    "changed",
    [
        {"practice_code": "M2"},
        {"index_date": date(2025, 11, 2)},
        {"model_version": "w"},
        {"patients": PEOPLE[::-1]},
        {"patients": PEOPLE[:1]},
    ],
)
def test_another_list_has_another_name(changed: dict[str, object]) -> None:
    assert identity(**changed).list_id != identity().list_id


def test_the_name_of_a_list_does_not_depend_on_how_its_reasons_are_worded() -> None:
    reworded = (ListedPatient("P-1", "M1", ("other",)), PEOPLE[1])
    assert identity(patients=reworded).list_id == identity().list_id


def test_rows_that_were_changed_are_refused() -> None:
    rows = identity().to_rows()
    swapped = [("patient", "P-3", "M1") if row[:2] == ("patient", "P-2") else row for row in rows]
    for damaged in (swapped, rows[:-1], rows[1:], [], [("vi_risk case list", "2"), *rows[1:]]):
        with pytest.raises(ValueError, match=r"list|changed|isoformat"):
            ListIdentity.from_rows(damaged)
