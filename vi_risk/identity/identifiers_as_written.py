r"""NHS numbers and postcodes however they are written: the one place that knows their forms.

Whoever looks for them builds on these: the door, in columns of identifiers and in what people wrote; re-identification,
in what a user says; workbooks that come back; the search for leaks. Names and addresses are not found: no rule finds
them all.

The engine picks candidates out of millions of rows, so its patterns must need no normal form: `\pN` is any figure,
full-width ones too. What it picks is brought into normal form (NFKC) and looked at closely here.
"""

import re
import unicodedata

from vi_risk.identity.nhs_numbers import nhs_number_of

NHS_NUMBER, POSTCODE = "an NHS number", "a postcode"


def number_form(first: str, sign: str, figure: str = "[0-9]") -> str:
    """Return the pattern of ten figures in groups of three, three and four, with what may stand between them."""
    return f"{first}{figure}{{2}}{sign}{figure}{{3}}{sign}{figure}{{4}}"


def postcode_form(sign: str) -> str:
    """Return the pattern of a full postcode, in capital letters, with what may stand between its two halves."""
    return f"(?:{'|'.join(_AREAS.split())})[0-9][0-9A-Z]?{sign}[0-9][ABD-HJLNP-UW-Z]{{2}}"


# The areas of the Royal Mail and, in the form, the last letters it uses: B12 2mg and T2 4hr are none.
_AREAS = (
    "AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY G"
    " GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR"
    " NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA"
    " WC WD WF WN WR WS WV YO ZE"
)
# What numbers begin with that are issued in England, Wales, the Isle of Man and Northern Ireland, or made for tests;
# those of Scotland look like dates and times.
ISSUED = "[34679]"

# For the engine (RE2, Java). A sign is whatever is neither letter nor figure: spaces of any kind, dots, dashes, quotes.
_SIGN = r"[^\pL\pN]"
_NUMBER = "0*" + number_form(r"[^0\PN]", f"{_SIGN}{{0,3}}", r"\pN")  # none given begins with 0
SHORTEST = 10
HELD = rf"(?:^|\PN){_NUMBER}(?:\PN|$)"
BARE = rf"(?i)^{_SIGN}*(?:nhs{_SIGN}*(?:no|number)?{_SIGN}*)?{_NUMBER}(?:\.0+)?{_SIGN}*$"
ALL_POSTCODE = rf"^{_SIGN}*\pL{{1,2}}\pN[\pL\pN]?{_SIGN}*\pN\pL{{2}}{_SIGN}*$"
# Of the Office for National Statistics, whatever the country, and those of Northern Ireland until 2021.
AREA_CODE = r"^(?:[EWSN][0-9]{8}|95[A-Z]{2}[0-9]{2}S[0-9])\z"
WITH_FIGURES = r"\pN"

_PARTED = number_form("[1-9]", r"[\W_]{0,3}")
_IN_IDENTIFIER = re.compile(rf"(?<![0-9])0*({_PARTED})(?![0-9])")
# In a text one nought before ten figures makes a telephone number of them; two are there to fill a field.
_BEFORE = r"(?<![0-9])(?:00+)?"
# Spaced in any other way, it begins as those do that are issued: a day and an hour seldom do.
_IN_TEXT = [
    re.compile(rf"{_BEFORE}(?=({form})(?![0-9]))", re.ASCII)
    for form in (number_form("[1-9]", r"[\s./_\-]{0,3}"), rf"{ISSUED}(?:[\s.\-]{{0,3}}[0-9]){{9}}")
]
_POSTCODE_SPACED = postcode_form(r"[\s.\-]{0,3}")
_POSTCODE_IN_TEXT = re.compile(rf"(?<![0-9A-Z]){_POSTCODE_SPACED}(?![0-9A-Z])", re.IGNORECASE | re.ASCII)


def ten_digits_of(text: str) -> str | None:
    """Return the first ten digits in a row that an identifier holds, without signs and noughts before; None if none.

    Letters, and figures parted by a sign, may stand before and after them.

    >>> [ten_digits_of(text) for text in ("P9434765919", "00943.476.5919", "9434765919_1", "94347659190")]
    ['9434765919', '9434765919', '9434765919', None]
    """
    found = _IN_IDENTIFIER.search(unicodedata.normalize("NFKC", text))
    return None if found is None else re.sub(r"[\W_]", "", found[1])


def identifier_in(text: str) -> str | None:
    """Return which identifier a text that people wrote holds, in words that follow "holds"; None where it holds none.

    One in eleven of other numbers of ten digits passes the check digit and is told as one. A telephone number is not,
    for a nought stands before it.

    >>> identifier_in("see 94 347 659-19"), identifier_in("at sw1a1aa"), identifier_in("B12 1mg, ring 09434 765919")
    ('an NHS number', 'a postcode', None)
    """
    plain = "".join(
        "-" if unicodedata.category(sign) == "Pd" else sign
        for sign in unicodedata.normalize("NFKC", text)
        if unicodedata.category(sign) != "Cf"  # seen by nobody
    )
    for form in _IN_TEXT:
        for found in form.finditer(plain):
            if nhs_number_of(re.sub(r"[^0-9]", "", found[1])) is not None:
                return NHS_NUMBER
    return POSTCODE if _POSTCODE_IN_TEXT.search(plain) else None
