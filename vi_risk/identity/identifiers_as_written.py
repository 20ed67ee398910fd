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


def born_form(sign: str, figure: str = "[0-9]") -> str:
    """Return the pattern of a number of Scotland of somebody born on one of the first nine days of a month.

    It begins with that day and month, 0504 of 5 April; other numbers that a nought was put before seldom do.
    """
    return f"0[1-9](?:0{sign}[1-9]|1{sign}[0-2]){figure}{{2}}{sign}{figure}{{4}}"


def postcode_form(sign: str) -> str:
    """Return the pattern of a full postcode, in capital letters, with what may stand between its two halves."""
    return f"{_AREA}{_DISTRICT}{sign}[0-9]{_LAST}"


# The areas of the Royal Mail and, in the form, the last letters it uses: B12 2mg and T2 4hr are none.
_AREAS = (
    "AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY G"
    " GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR"
    " NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA"
    " WC WD WF WN WR WS WV YO ZE"
)
_AREA, _DISTRICT, _LAST = f"(?:{'|'.join(_AREAS.split())})", "[0-9][0-9A-Z]?", "[ABD-HJLNP-UW-Z]{2}"
# What numbers begin with that are issued in England, Wales, the Isle of Man and Northern Ireland, or made for tests;
# those of Scotland look like dates and times.
ISSUED = "[34679]"

# For the engine (RE2, Java). A sign is whatever is neither letter nor figure: spaces of any kind, dots, dashes, quotes.
_SIGN = r"[^\pL\pN]"
# None of England begins with 0. Those of Scotland begin with a day of birth: 0 is taken where a day and a month follow.
_SIGNS = _SIGN + "{0,3}"
_OF_ENGLAND, _OF_SCOTLAND = number_form(r"[^0\PN]", _SIGNS, r"\pN"), born_form(_SIGNS, r"\pN")
_NUMBER = f"(?:0*{_OF_ENGLAND}|{_OF_SCOTLAND})"
SHORTEST = 10
HELD = rf"(?:^|\PN){_NUMBER}(?:\PN|$)"
BARE = rf"(?i)^{_SIGN}*(?:nhs{_SIGN}*(?:no|number)?{_SIGN}*)?{_NUMBER}(?:\.0+)?{_SIGN}*$"
ALL_POSTCODE = rf"^{_SIGN}*\pL{{1,2}}\pN[\pL\pN]?{_SIGN}*\pN\pL{{2}}{_SIGN}*$"
# Of the Office for National Statistics, whatever the country, and those of Northern Ireland until 2021.
# Those with five nines or more say that there is none, as the postcode directory has it for the islands and abroad.
AREA_CODE = r"^(?:(?:[EWS]0[01]|N00|N2[01])[0-9]{6}|[EWSNLM]9{8}|95[A-Z]{2}[0-9]{2}[SW][0-9])\z"
WITH_FIGURES = r"\pN"

_PARTED = number_form("[1-9]", r"[\W_]{0,3}")
_BORN = born_form(r"[\W_]{0,3}")
_IN_IDENTIFIER = re.compile(rf"(?<![0-9])(?:0*({_PARTED})|({_BORN}))(?![0-9])")
# In a text one nought before ten figures makes a telephone number of them; two are there to fill a field.
_BEFORE = r"(?<![0-9])(?:00+)?"
# Spaced in any other way, it begins as those do that are issued: a day and an hour seldom do.
_IN_TEXT = [
    *(
        re.compile(rf"{_BEFORE}(?=({form})(?![0-9]))", re.ASCII)
        for form in (
            number_form("[1-9]", r"[\s./_\-]{0,3}"),
            number_form(ISSUED, r"[\s./_\-,;:|()*+\"'\u00b7\u2018\u2019\u201c\u201d]{0,3}"),
            rf"{ISSUED}(?:[\s.\-]{{0,3}}[0-9]){{9}}",
        )
    ),
    # One of Scotland, with a nought before, is told from a telephone number by the word before it.
    re.compile(rf"\b(?:CHI|NHS)(?:\W*(?:no|number))?\W{{0,3}}({_BORN})(?![0-9])", re.IGNORECASE),
]
_SMALL = "1st|2nd|3rd|[04-9]th|[0-9](?:hr|[wbtq]d|[un]g|pa|ds)"
# "Ward B3 2nd floor", "B12 5ug": what follows in small letters after a sign is no half of a postcode.
_APART = rf"[\s.,/\-]{{1,3}}(?!(?-i:{_SMALL}))"
_POSTCODE_IN_TEXT = [
    re.compile(rf"(?<![0-9A-Z]){form}(?![0-9A-Z])", re.IGNORECASE | re.ASCII)
    for form in (
        postcode_form(rf"(?:{_APART})?"),
        f"(?-i:{_AREA} {_DISTRICT} [0-9]{_LAST})",  # SW 1A 1AA; in small letters "iv 4 1st" is too near
        f"(?-i:{_AREA}{_DISTRICT}O{_LAST})",  # the letter for a nought; parted, OUT and OPD would be taken
    )
]


def ten_digits_of(text: str) -> str | None:
    """Return the first ten digits in a row that an identifier holds, without signs and noughts before; None if none.

    Letters, and figures parted by a sign, may stand before and after them.

    >>> [ten_digits_of(text) for text in ("P9434765919", "00943.476.5919", "9434765919_1", "94347659190")]
    ['9434765919', '9434765919', '9434765919', None]
    """
    found = _IN_IDENTIFIER.search(unicodedata.normalize("NFKC", text))
    return None if found is None else re.sub(r"[\W_]", "", found[1] or found[2])


def identifier_in(text: str) -> str | None:
    """Return which identifier a text that people wrote holds, in words that follow "holds"; None where it holds none.

    One in eleven of other numbers of ten digits passes the check digit and is told as one. A telephone number is not,
    for a nought stands before it.

    >>> identifier_in("see 94 347 659-19"), identifier_in("at sw1a1aa"), identifier_in("B12 1mg, ring 09434 765919")
    ('an NHS number', 'a postcode', None)
    """
    plain = "".join(
        "-" if unicodedata.category(sign) == "Pd" or sign == "\N{MINUS SIGN}" else sign
        for sign in unicodedata.normalize("NFKC", text)
        if unicodedata.category(sign) != "Cf"  # seen by nobody
    )
    for form in _IN_TEXT:
        for found in form.finditer(plain):
            if nhs_number_of(re.sub(r"[^0-9]", "", found[1])) is not None:
                return NHS_NUMBER
    return POSTCODE if any(form.search(plain) for form in _POSTCODE_IN_TEXT) else None
