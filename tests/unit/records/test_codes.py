"""The codes that decide who counts, against the NHS Data Dictionary as typed here."""

import re
from collections.abc import Mapping

import pytest

from vi_risk.records import codes

LISTS = {name: value for name, value in vars(codes).items() if isinstance(value, Mapping) and name.isupper()}
CHOICES = {name: value for name, value in vars(codes).items() if name.isupper() and isinstance(value, tuple)}


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ("ADMISSION_METHOD", "11 12 13 21 22 23 24 25 2A 2B 2C 2D 28 31 32 81 82 83 98 99"),
        (
            "DISCHARGE_DESTINATION",
            "19 29 30 37 38 48 49 50 51 52 53 54 65 66 79 84 85 87 88 98 99",
        ),
        ("DISCHARGE_METHOD", "1 2 3 4 5 6 7 8 9"),  # 2 is retired, and still in HES
        ("PATIENT_CLASSIFICATION", "1 2 3 4 5 8 9"),  # 9 in HES
        ("ATTENDED", "0 2 3 4 5 6 7 9"),  # 9 in HES
        ("SEX", "1 2 9 X"),
        ("ETHNIC_CATEGORY", "A B C D E F G H J K L M N P R S Z 99"),
        ("ED_DEPARTMENT_TYPE", "01 02 03 04 05 99"),
        ("ED_DISPOSAL", "01 02 03 04 05 06 07 10 11 12 13 14 99"),
    ],
)
def test_a_list_holds_the_codes_of_the_data_dictionary(listed: str, expected: str) -> None:
    assert set(LISTS[listed]) == set(expected.split())


@pytest.mark.parametrize("name", LISTS)
def test_every_code_has_a_meaning_and_no_two_share_one(name: str) -> None:
    meanings = list(LISTS[name].values())
    assert all(meanings)
    assert len(set(meanings)) == len(meanings)


@pytest.mark.parametrize("name", LISTS)
def test_codes_are_written_as_extracts_write_them(name: str) -> None:
    assert all(re.fullmatch(r"[0-9A-Z]{1,2}|[a-z][a-z0-9_]+", code) for code in LISTS[name])


@pytest.mark.parametrize(
    ("choice", "listed"),
    [
        ("EMERGENCY_ADMISSION_METHODS", "ADMISSION_METHOD"),
        ("ELECTIVE_ADMISSION_METHODS", "ADMISSION_METHOD"),
        ("TRANSFER_ADMISSION_METHODS", "ADMISSION_METHOD"),
        ("TRANSFER_DESTINATIONS", "DISCHARGE_DESTINATION"),
        ("REGULAR_ATTENDERS", "PATIENT_CLASSIFICATION"),
        ("SEEN", "ATTENDED"),
        ("DID_NOT_ATTEND", "ATTENDED"),
    ],
)
def test_a_choice_of_codes_is_taken_from_its_list(choice: str, listed: str) -> None:
    assert set(CHOICES[choice]) < set(LISTS[listed])


def test_every_choice_of_codes_is_tested() -> None:
    assert len(CHOICES) == 7


def test_an_emergency_is_every_emergency_code_but_transfers_and_births_at_home() -> None:
    emergencies = {code for code, meaning in codes.ADMISSION_METHOD.items() if meaning.startswith("emergency")}
    assert set(codes.EMERGENCY_ADMISSION_METHODS) == emergencies - {"2B", "2C"}


def test_a_transfer_is_neither_an_emergency_nor_planned() -> None:
    new = {*codes.EMERGENCY_ADMISSION_METHODS, *codes.ELECTIVE_ADMISSION_METHODS}
    assert not new & set(codes.TRANSFER_ADMISSION_METHODS)


def test_care_homes_and_hospices_are_no_transfer() -> None:
    elsewhere = {
        code for code, meaning in codes.DISCHARGE_DESTINATION.items() if "care" in meaning or "hospice" in meaning
    }
    assert elsewhere >= {"54", "65", "66", "85", "88"}
    assert not elsewhere & set(codes.TRANSFER_DESTINATIONS)


def test_a_list_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        codes.SEX["3"] = "other"  # type: ignore[index]
