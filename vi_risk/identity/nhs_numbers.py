"""NHS numbers: which texts are one, and how it is written for people."""

from nhs_number.standardise import standardise_format
from nhs_number.validate import is_valid

# Written into a field that must hold something; some of them pass the check digit.
_PLACEHOLDERS = frozenset(digit * 10 for digit in "0123456789")


def nhs_number_of(text: object) -> str | None:
    """Return the ten digits of an NHS number, written with or without spaces or dashes; None of anything else.

    The check digit must be right (NHS Data Dictionary, NHS NUMBER), and ten times the same digit is a placeholder,
    whatever its check digit.

    >>> nhs_number_of("943 476 5919")
    '9434765919'
    >>> nhs_number_of("9434765918") is None
    True
    >>> nhs_number_of("4444444444") is None
    True
    """
    digits = str(standardise_format(text))
    if not digits.isascii() or not digits or digits in _PLACEHOLDERS or not is_valid(digits):
        return None
    return digits


def spaced(number: str) -> str:
    r"""Return an NHS number as it is read aloud, in groups of three, three and four that no line end parts.

    >>> spaced("9434765919")
    '943\xa0476\xa05919'
    """
    return f"{number[:3]}\N{NO-BREAK SPACE}{number[3:6]}\N{NO-BREAK SPACE}{number[6:]}"
