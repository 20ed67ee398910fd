"""What people write in their own words, looked at for an NHS number or a full postcode, however either is spaced.

Names and addresses are not found: no rule finds them all.
"""

import re
import unicodedata

from vi_risk.identity.nhs_numbers import nhs_number_of

NHS_NUMBER, POSTCODE = "an NHS number", "a postcode"

# The areas of the Royal Mail and the last letters it uses: B12 2mg and T2 4hr are none.
POSTCODE_AREAS = (
    "AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY G"
    " GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR"
    " NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA"
    " WC WD WF WN WR WS WV YO ZE"
)
_POSTCODE = re.compile(
    rf"(?<![0-9A-Z])(?:{'|'.join(POSTCODE_AREAS.split())})[0-9][0-9A-Z]?[\s.\-]{{0,3}}[0-9][ABD-HJLNP-UW-Z]{{2}}(?![0-9A-Z])",
    re.IGNORECASE | re.ASCII,
)
_IN_GROUPS = r"[0-9]{3}[\s./_\-]{0,3}[0-9]{3}[\s./_\-]{0,3}[0-9]{4}"
# Spaced in any other way, it begins as those do that are issued or made for tests: a day and an hour seldom do.
_OTHERWISE = r"[34679](?:[\s.\-]{0,3}[0-9]){9}"
_NUMBERS = [re.compile(rf"(?<![0-9])0*(?=({form})(?![0-9]))", re.ASCII) for form in (_IN_GROUPS, _OTHERWISE)]


def identifier_in(text: str) -> str | None:
    """Return which identifier a text holds, in words that follow "holds"; None where it holds neither.

    One in eleven of other numbers of ten digits, such as some telephones', passes the check digit and is told as one.

    >>> identifier_in("see 94 347 659-19"), identifier_in("at sw1a1aa"), identifier_in("B12 1mg, ring 020 7946 0958")
    ('an NHS number', 'a postcode', None)
    """
    plain = "".join(
        "-" if unicodedata.category(sign) == "Pd" else sign
        for sign in unicodedata.normalize("NFKC", text)
        if unicodedata.category(sign) != "Cf"  # seen by nobody
    )
    for form in _NUMBERS:
        for found in form.finditer(plain):
            if nhs_number_of(re.sub(r"[^0-9]", "", found[1])) is not None:
                return NHS_NUMBER
    return POSTCODE if _POSTCODE.search(plain) else None
