r"""NHS numbers and postcodes however they are written: the patterns that find them, and the number a text holds.

The engine picks candidates out of millions of rows, so its patterns must need no normal form: `\pN` is any figure,
full-width ones too. What it picks is brought into normal form (NFKC) and looked at closely here.
"""

import re
import unicodedata

from vi_risk.identity.nhs_numbers import nhs_number_of

# For the engine (RE2). A sign is whatever is neither letter nor figure: spaces of any kind, dots, dashes, quotes.
_SIGN = r"[^\pL\pN]"
_NUMBER = rf"0*[^0\PN]\pN{{2}}{_SIGN}{{0,3}}\pN{{3}}{_SIGN}{{0,3}}\pN{{4}}"  # none given begins with 0
SHORTEST = 10
HELD = rf"(?:^|\PN){_NUMBER}(?:\PN|$)"
BARE = rf"(?i)^{_SIGN}*(?:nhs{_SIGN}*(?:no|number)?{_SIGN}*)?{_NUMBER}(?:\.0+)?{_SIGN}*$"
POSTCODE = rf"^{_SIGN}*\pL{{1,2}}\pN[\pL\pN]?{_SIGN}*\pN\pL{{2}}{_SIGN}*$"

_PARTED = r"([1-9][0-9]{2})[\W_]{0,3}([0-9]{3})[\W_]{0,3}([0-9]{4})(?![0-9])"
_IN_IDENTIFIER = re.compile(rf"(?<![0-9])0*{_PARTED}")
# In free text a number stands by itself. A nought before it makes it a telephone number.
_IN_PLAN = re.compile(r"(?<![^\W_])[1-9][0-9]{2}[\W_]?[0-9]{3}[\W_]?[0-9]{4}(?![^\W_])")


def ten_digits_of(text: str) -> str | None:
    """Return the first ten digits in a row that an identifier holds, without signs and noughts before; None if none.

    Letters, and figures parted by a sign, may stand before and after them.

    >>> [ten_digits_of(text) for text in ("P9434765919", "00943.476.5919", "9434765919_1", "94347659190")]
    ['9434765919', '9434765919', '9434765919', None]
    """
    found = _IN_IDENTIFIER.search(unicodedata.normalize("NFKC", text))
    return None if found is None else "".join(found.groups())


def holds_nhs_number(text: str) -> bool:
    """Whether a text that somebody wrote holds an NHS number somewhere.

    >>> [holds_nhs_number(text) for text in ("see 943/476/5919, ring", "ring 09434765919", "form A9434765919")]
    [True, False, False]
    """
    plain = unicodedata.normalize("NFKC", text)
    return any(nhs_number_of(re.sub(r"[\W_]", "", number)) is not None for number in _IN_PLAN.findall(plain))
