import pytest

from vi_risk.identity.identifiers_as_written import NHS_NUMBER, POSTCODE, identifier_in, ten_digits_of


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
        "943,476,5919",
        "943, 476, 5919",
        "943\N{MIDDLE DOT}476\N{MIDDLE DOT}5919",
        "943\N{MINUS SIGN}476\N{MINUS SIGN}5919",
        "(943) 476 5919",
        "943|476|5919",
        "943:476:5919",
        "943;476;5919",
        "943*476*5919",
        "943+476+5919",
        "943'476'5919",
        "943\N{RIGHT SINGLE QUOTATION MARK}476\N{RIGHT SINGLE QUOTATION MARK}5919",
        "CHI 0504701231",
        "CHI no. 050470 1231",
        "NHS: 050 470 1231",
    ],
)
def test_an_nhs_number_is_found_however_it_is_spaced(text: str) -> None:
    assert identifier_in(text) == NHS_NUMBER


@pytest.mark.parametrize(
    "text",
    [
        "SW1A 9AA",
        "flat 2, sw1a9aa",
        "M1  1AE.",
        "ec1a-1bb",
        "B33\N{NO-BREAK SPACE}8TH",
        "E1 1ST",
        "wv11st",
        "SW 1A 1AA",
        "LS 1 4AB",
        "M1/1AE",
        "M1,1AE",
        "M1, 1AE",
        "LS1OAA",
    ],
)
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
        "B12 2nd dose, 3rd in May; B12 1st",
        "Ward B3 2nd floor; ward E4 5th bed; ward N3, 2nd floor",
        "W6 1st review by GP, W12 4th",
        "B12 5ug daily",
        "IV2 4hr, PO1 2wd, B12 1bd, CO2 5pa, HR4 5ds, IV1 2td",
        "IV 4 1st dose, PO 2 4hr, PR 80 2nd",
        "ON B12 OUR PLAN: L4 OUT, W6 OPD",
        "OT 1/2, T2/3, ward B3/4, M1/2nd",
        "ring 0504701231 or NHS 111; born 05/04/1970 at 12:31",
        "peak flow 150, 180, 2024",
    ],
)
def test_plans_as_teams_write_them_hold_neither(text: str) -> None:
    assert identifier_in(text) is None


@pytest.mark.parametrize(
    ("written", "digits"),
    [("0504701231", "0504701231"), ("050470 1231", "0504701231"), ("0044701231", None), ("0513701231", None)],
)
def test_of_an_identifier_ten_figures_that_begin_with_a_day_and_a_month_may_begin_with_a_nought(
    written: str, digits: str | None
) -> None:
    assert ten_digits_of(written) == digits
