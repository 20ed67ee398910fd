import pytest

from vi_risk.identity.identifiers_as_written import NHS_NUMBER, POSTCODE, identifier_in


@pytest.mark.parametrize(
    "text",
    [
        "9434765919",
        "see 943 476 5919, and ring back",
        "943-476-5919",
        "943.476.5919",
        "943/476/5919",
        "943  476 \N{NO-BREAK SPACE}5919",
        "943\n476\n5919",
        "943\N{EN DASH}476\N{EN DASH}5919",
        "9 4 3 4 7 6 5 9 1 9",
        "94347 65919",
        "P9434765919",
        "009434765919",
        "9434765919.0",
        "on 11 943 476 5919",
        "943\N{ZERO WIDTH SPACE}476\N{SOFT HYPHEN}5919",
        "".join(chr(ord(digit) + 0xFEE0) for digit in "9434765919"),
    ],
)
def test_an_nhs_number_is_found_however_it_is_spaced(text: str) -> None:
    assert identifier_in(text) == NHS_NUMBER


@pytest.mark.parametrize("text", ["SW1A 9AA", "flat 2, sw1a9aa", "M1  1AE.", "ec1a-1bb", "B33\N{NO-BREAK SPACE}8TH"])
def test_a_full_postcode_is_found(text: str) -> None:
    assert identifier_in(text) == POSTCODE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "home visit with the pharmacist",
        "943 476 5918",  # a wrong check digit
        "ring 020 7946 0958 or 07700 900123",
        "ring 09434765919, or 0943 476 5919",  # a nought before: telephone numbers, though the check digit is right
        "19434765919",  # eleven digits
        "seen on 31/12/2025 at 14:30",
        "B12 1mg, folic acid 5mg; T2 4hr",
        "practice M92001 in SW1A",
        "HbA1c 48, eGFR 60, BP 140 85",
    ],
)
def test_plans_as_teams_write_them_hold_neither(text: str) -> None:
    assert identifier_in(text) is None
