import pytest

from vi_risk.identity.nhs_numbers import nhs_number_of, spaced


@pytest.mark.parametrize("text", ["9434765919", "943 476 5919", "943-476-5919", "  9434765919\t"])
def test_a_number_is_known_however_it_is_parted(text: str) -> None:
    assert nhs_number_of(text) == "9434765919"


@pytest.mark.parametrize(
    "text",
    ["9434765918", "943476591", "94347659190", "943 4765 919", "", "P00017402", None, 9434765919.0, "٩٤٣٤٧٦٥٩١٩"],
    ids=["check digit", "nine", "eleven", "parted otherwise", "empty", "pseudonym", "none", "a float", "Arabic digits"],
)
def test_anything_else_is_no_number(text: object) -> None:
    assert nhs_number_of(text) is None


@pytest.mark.parametrize("digit", "0123456789")
def test_ten_times_the_same_digit_is_a_placeholder(digit: str) -> None:
    assert nhs_number_of(digit * 10) is None


def test_a_number_is_written_in_groups_that_stay_together() -> None:
    assert spaced("9434765919").split() == ["943", "476", "5919"]
    assert " " not in spaced("9434765919")
